"""For tests of the loop: a wall that knows boxes only, and replies about a stool of two parts."""

from __future__ import annotations

import json
import re
import threading
import time
from dataclasses import dataclass, field

import numpy as np

from easel.chat import ChatRequest
from shapecraft.graph import ShapeGraph
from shapecraft.intake import MaterialEntry, Solid
from shapecraft.outcome import Job, Outcome
from shapecraft.part_glb import write_glb
from shapecraft.part_list import read_part_list
from shapecraft.part_report import report_on

STOOL = json.dumps({"object": "stool", "components": [
    {"name": "legs", "geometry": "four round legs", "position": "under the seat",
     "box": {"center": [0, 0, 0.2], "size": [0.4, 0.4, 0.4]}, "material": "oak"},
    {"name": "seat", "geometry": "a round disc", "position": "on top of the legs",
     "box": {"center": [0, 0, 0.425], "size": [0.4, 0.4, 0.05]}, "material": "red paint",
     "relations": [{"kind": "on_top_of", "base": "legs"}]},
]})
_BOX = re.compile(r"shapes\.box\(size=\(([^)]*)\), center=\(([^)]*)\)\)")
_GLOBAL = re.compile(r"^def (\w+)\(\):\n(.*?)(?=^def |\Z)", re.M | re.S)
GREY = MaterialEntry(name="", base=(0.448, 0.448, 0.448, 1.0), metallic=0.0, roughness=0.5, emission=(0.0, 0.0, 0.0))


def stool() -> ShapeGraph:
    return read_part_list(STOOL).graph


def block(size, center) -> str:
    """A reply with a program of one box."""
    return f"Here it is.\n```python\nimport shapes\nshapes.box(size={tuple(size)}, center={tuple(center)})\n```"


def program(text: str) -> str:
    return text.split("```python\n")[1].split("```")[0]


def fitting(component: str, grow: float = 1.0) -> str:
    """A box that is `grow` times as large as the component's."""
    box = stool()[component].box
    return block([round(side * grow, 6) for side in box.size], box.center)


BROKEN = "```python\nimport shapes\nraise ValueError('no such thing')\n```"


def solid(name: str, size, center) -> Solid:
    corner = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    vertices = (corner * np.array(size) + np.array(center)).astype(np.float32)
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    corners = np.array([t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))], dtype=np.int32)
    a, b, c = np.moveaxis(vertices[corners], 1, 0)
    flat = np.cross(b - a, c - a)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    return Solid(name, vertices, corners, np.repeat(flat[:, None], 3, axis=1).astype(np.float32), None,
                 np.zeros(len(corners), np.uint16), (GREY,))


@dataclass
class BoxWall:
    """Runs nothing: every `shapes.box(size=..., center=...)` of a program becomes a box, `raise` an error.

    jobs : every job, in order of arrival
    """

    level: str = "no wall, boxes only"
    seconds: float = 0.0
    jobs: list[Job] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, job: Job) -> Outcome:
        with self._lock:
            self.jobs.append(job)
        time.sleep(self.seconds)
        if "raise" in job.program:
            line = 1 + job.program[: job.program.index("raise")].count("\n")
            return Outcome("raised", message="ValueError: no such thing", line=line)
        named = [(name, body) for name, body in _GLOBAL.findall(job.program) if name != "build"]
        solids = []
        for name, body in named or [("made", job.program)]:
            for number, (size, center) in enumerate(_BOX.findall(body)):
                label = name if not number else f"{name}.{number:03d}"
                solids.append(solid(label, *([float(one) for one in text.split(",")] for text in (size, center))))
        if not solids:
            return Outcome("empty")
        return Outcome("ran", tuple(report_on(one) for one in solids), write_glb(solids), seconds=0.01)

    def close(self) -> None: ...


def opinion(score: float, feedback: str = "Make it a little wider.", **more) -> str:
    return json.dumps({"score": score, "feedback": feedback, **more})


def checks(count: int, unmet: tuple[int, ...] = ()) -> list[dict]:
    return [{"item": item, "met": item not in unmet} for item in range(1, count + 1)]


def part_of(request: ChatRequest) -> str:
    return request.site.query.partition("/")[2]
