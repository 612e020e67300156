"""Stand-in animating: what the stand-in says as animator. It moves the joints it is told of, whatever the words ask.

Named joints to their farthest limit, or all where the words name none. Without any joint it proposes a hinge for the
smallest part, at the back of its lower side; an object of one part it calls impossible.
"""

from __future__ import annotations

import json
import re

from easel.chat import ChatRequest
from shapecraft.part_list import read_part_list

SAID = "(by a stand-in, not by a model)"
SECONDS = 1.5
"""Of the one movement; then it rests for half a second."""
_PARTS = re.compile(r"^## Its parts\n(.*?)\n\n## Its joints\n(.*?)\n\n## What it should do\n(.*?)\n\nReply",
                    re.M | re.S)
_JOINT = re.compile(r"^- (\w+): (hinge|slider|ball)\b.*?, (\S+) to (\S+) (?:degrees|m)[;.]", re.M)


def answer(request: ChatRequest) -> str | None:
    """The reply to a call of the animator; None for any other call."""
    if request.site.role.partition("+")[0] != "animator":
        return None
    asked = next(message.text for message in request.messages if message.role == "user")
    found = _PARTS.search(asked)
    parts, told, wanted = found.groups() if found else ("", "", "")
    joints = {name: (kind, max(float(low), float(high), key=abs)) for name, kind, low, high in _JOINT.findall(told)}
    proposed = {}
    if not joints:
        graph = read_part_list(parts).graph
        if len(graph) == 1:
            return json.dumps({"impossible": f"It has one part, which can move against nothing {SAID}."})
        small = min(graph.components, key=lambda one: max(one.box.size))
        at = [round(one, 4) for one in (small.box.center[0], small.box.high[1], small.box.low[2])]
        proposed[small.name] = {"type": "hinge", "axis": [1, 0, 0], "origin": at, "limits": [0, 60]}
        joints[small.name] = ("hinge", 60.0)
    words = wanted.lower().replace("_", " ")
    named = [name for name in joints if name.replace("_", " ") in words] or list(joints)
    keyframes = {}
    for name in named:
        kind, end = joints[name]
        start, stop = ([0, 0, 0], [end, 0, 0]) if kind == "ball" else (0, end)
        keyframes[name] = [[0, start], [SECONDS, stop]]
    title = f"{' '.join(wanted.split())[:60]} {SAID}"
    return json.dumps({"title": title, "duration": SECONDS + 0.5, "interpolation": "smooth", "keyframes": keyframes,
                       "joints": proposed})
