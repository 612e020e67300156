"""Model page: an object as one offline HTML page, its graph on the left, the model to turn on the right.

The tree is the Parser's hierarchy (ShapeCraft, section 3.1: components joined to a virtual root, a path as metadata).
The viewer is `shapecraft/viewer/`, three.js bundled with it. Nothing is loaded: the page's own policy forbids it. Words
that a model or a user wrote pass through one escape for text and one for embedded data.
"""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import resources
from typing import Any

import numpy as np

from shapecraft.boxes import Box
from shapecraft.graph import Component, Joint, ShapeGraph
from shapecraft.mesh import PartMesh
from shapecraft.mesh_files import read_glb
from shapecraft.posing import JointTree, PoseError, joint_tree, limits
from shapecraft.relations import AnyRelation, FlushWith, InsetIn, OnTopOf, Repeated, SymmetricTo
from shapecraft.shading import part_colour, screen

_SWATCHES = 8
"""Colours of one part that its row shows (ours)."""
POLICY = ("default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; "
          "connect-src blob:; base-uri 'none'; form-action 'none'")
"""blob: is the page's own memory, in which the viewer finds a model's pictures."""


def model_page(
    graph: ShapeGraph, glb: bytes, *, scores: Mapping[str, float | None] | None = None, title: str = "", note: str = "",
    watermark: str = "",
) -> str:
    """The page. glb : y-up, one node a component under its name; components without a node are shown as not made

    scores : component -> 0 to 10 or None, the Evaluator's of what was chosen; title : "" is the object in words
    note : a line below the title; watermark : what must stand over figures of such a run
    Raises ConfigurationError for bytes that are no GLB.
    """
    parts = {part.name: part for part in read_glb(glb, where="the page's model").parts}
    tree = _Step("")
    for number, (component, path) in enumerate(zip(graph.components, _paths(graph), strict=True)):
        name = component.name
        tree.put(path, _item(number, component, parts.get(name), (scores or {}).get(name)))
    rig, shown = _rig(graph), text(title or graph.object)
    assumed = f"<p class=note dir=auto>Assumed: {text('; '.join(graph.assumptions))}</p>" if graph.assumptions else ""
    return (
        "<!doctype html>\n<html lang=en><head><meta charset=utf-8>"
        '<meta name=viewport content="width=device-width, initial-scale=1">'
        f'<meta http-equiv=Content-Security-Policy content="{POLICY}">'
        f"<title>{shown}</title><style>{_file('model.css')}</style></head><body>"
        f"<header><h1 dir=auto>{shown}</h1>"
        + (f"<p class=note dir=auto>{text(note)}</p>" if note else "") + assumed
        + (f"<p class=watermark>{text(watermark)}</p>" if watermark else "")
        + "</header><main><section id=tree aria-label=\"Parts\">"
        f"<h2>{len(graph)} parts</h2>{tree.html(graph.object)}</section>"
        "<section id=view aria-label=\"Model\"><div id=stage><canvas tabindex=0 role=img "
        f'aria-label="{text(graph.object)}, drag or use the arrow keys to turn"></canvas><p></p>'
        + (f"<span class=\"over watermark\">{text(watermark)}</span>" if watermark else "")
        + f"</div><div id=tools>{_TOOLS}{_LOOKS if _textured(glb) else ''}{_sliders(rig)}</div></section></main>"
        f'<script type="application/json" id=object>{data(_embedded(graph, rig))}</script>'
        f'<script type="text/plain" id=glb>{base64.b64encode(glb).decode()}</script>'
        f"<script>{_file('three.min.js')}</script><script>{_file('model.js')}</script></body></html>\n"
    )


def text(words: str) -> str:
    """Escaped for HTML text and attributes; control characters other than newlines become visible."""
    shown = "".join(c if c in "\n\t" or ord(c) >= 32 else "\N{REPLACEMENT CHARACTER}" for c in str(words))
    return html.escape(shown.encode("utf-8", "replace").decode("utf-8"), quote=True)


def data(value: Any) -> str:
    """JSON that cannot end the script element it stands in."""
    dumped = json.dumps(value, separators=(",", ":"))
    return dumped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _paths(graph: ShapeGraph) -> list[tuple[str, ...]]:
    """Paths without what the tree says anyway: a first step that all share is the root, a last one may be the part."""
    shared = len({one.path[:1] for one in graph.components}) == 1
    return [tuple(step for number, step in enumerate(one.path) if not (
        (shared and number == 0) or (number == len(one.path) - 1 and _plain(step) == _plain(one.name))))
        for one in graph.components]


def _plain(words: str) -> str:
    return "_".join(words.lower().replace("_", " ").split())


@dataclass
class _Step:
    """A step of the hierarchy: steps and parts below it, in order of appearance."""

    label: str
    below: list[_Step | str] = field(default_factory=list)

    def put(self, path: Sequence[str], item: str) -> None:
        if not path:
            self.below.append(item)
            return
        step = next((one for one in self.below if isinstance(one, _Step) and one.label == path[0]), None)
        if step is None:
            step = _Step(path[0])
            self.below.append(step)
        step.put(path[1:], item)

    def html(self, root: str = "") -> str:
        items = "".join(one if isinstance(one, str) else f"<li>{one.html()}</li>" for one in self.below)
        label = f'<span class=step dir=auto>{text(root or self.label)}</span>'
        return f"<ul><li>{label}<ul>{items}</ul></li></ul>" if root else f"{label}<ul>{items}</ul>"


_TOOLS = (
    "<label><input type=checkbox id=boxes> boxes</label>"
    "<label>explode <input type=range id=explode min=0 max=1 step=0.01 value=0></label>"
    "<button type=button id=all>show all parts</button><button type=button id=home>reset view</button>"
    "<button type=button id=play hidden>Play</button><span id=status class=note></span>"
)


_LOOKS = (
    "<label>show <select id=look><option>shaded<option>albedo<option>roughness<option>metalness</select></label>"
)


def _textured(glb: bytes) -> bool:
    """Whether a material of a GLB, which was read already, has a picture."""
    return b'"baseColorTexture"' in glb[20: 20 + int.from_bytes(glb[12:16], "little")]


def _file(name: str) -> str:
    return resources.files("shapecraft").joinpath("viewer").joinpath(name).read_text("utf-8")


def _embedded(graph: ShapeGraph, rig: JointTree | None) -> dict[str, Any]:
    """What the viewer is told; world frame, z up."""
    components = [{"name": one.name, "colour": _hex(part_colour(number)), "box": asdict(one.box),
                   "moved_by": _moved_by(rig, one.name)} for number, one in enumerate(graph.components)]
    joints = {one.name: {"name": one.name, "type": one.joint.type, "axis": one.joint.direction,
                         "origin": one.joint.origin} for one in graph.components if one.joint is not None}
    return {"components": components, "joints": joints}


def _item(number: int, component: Component, part: PartMesh | None, score: float | None) -> str:
    name = text(component.name)
    box = _swatch(_hex(part_colour(number)))
    told = f"<span class=score>{score:g} of 10</span>" if score is not None else ""
    off = "" if part is not None else " disabled"
    rows = [("position", text(component.position)),
            ("box", f"{box} {_sizes(component.box)}"), ("made", _made(part)), ("material", _material(component, part))]
    rows += [("relation", text(_relation(one))) for one in component.relations]
    rows += [("joint", text(_joint(component.joint)))] if component.joint is not None else []
    facts = "".join(f"<dt>{what}</dt><dd dir=auto>{words}</dd>" for what, words in rows if words)
    program = (f"<details><summary>program</summary><pre>{text(component.program)}</pre></details>"
               if component.program else "")
    return (
        f'<li data-part="{name}"><div class=line>'
        f'<input type=checkbox data-show="{name}" aria-label="show {name}"{off or " checked"}>'
        f'<button type=button data-choose="{name}" aria-pressed=false>{box}{name}</button>{told}</div>'
        f"<details><summary dir=auto>{text(component.geometry) or 'no words'}</summary><dl>{facts}</dl>{program}"
        "</details></li>"
    )


def _made(part: PartMesh | None) -> str:
    if part is None:
        return "not made"
    low, high = part.bounds
    size, middle = high - low, (low + high) / 2
    return f"{_triple(size, ' x ')} m at ({_triple(middle, ', ')}), {len(part.faces):,} triangles"


def _material(component: Component, part: PartMesh | None) -> str:
    words = text(component.material)
    if part is None:
        return words
    swatches = "".join(_swatch(_hex(tuple(screen(np.array(colour))))) for colour in _shown(part))
    more = f", the largest of {len(part.materials)}" if part.further else ""
    return f"{swatches} {words} (metallic {part.metallic:g}, roughness {part.roughness:g}{more})"


def _shown(part: PartMesh) -> list[tuple[float, float, float]]:
    """Colours of its materials, the largest area's first; what glows and is black otherwise has the glow's."""
    return [one.base_colour if any(one.base_colour) else one.emission for one in part.materials[:_SWATCHES]]


def _relation(one: AnyRelation) -> str:
    match one:
        case OnTopOf(base):
            return f"on top of {base}"
        case FlushWith(other, face):
            return f"flush with {other}, face {face}"
        case InsetIn(other):
            return f"inset in {other}"
        case SymmetricTo(other, axis, about):
            return f"symmetric to {other} about the {'plane across' if about == 'plane' else 'axis'} {axis}"
        case Repeated(n, axis, pattern, copies):
            named = f": {', '.join(copies)}" if copies else ""
            return f"repeated {n} times, {'around' if pattern == 'radial' else 'along'} {axis}{named}"


def _joint(joint: Joint) -> str:
    unit = "m" if joint.type == "slider" else "degrees"
    carried = f", carries {', '.join(joint.carries)}" if joint.carries else ""
    return (f"{joint.type} about ({_triple(joint.axis, ', ')}) at ({_triple(joint.origin, ', ')}), "
            f"{joint.limits[0]:g} to {joint.limits[1]:g} {unit}{carried}")


def _sliders(rig: JointTree | None) -> str:
    """A slider for every joint that can move; of a ball one for each of the world's axes."""
    if rig is None:
        return ""
    sliders = []
    for name in rig.moving:
        joint = rig.joint(name)
        low, high = limits(joint)
        for axis in ("x", "y", "z") if joint.type == "ball" else ("",):
            sliders.append(
                f'<label>{text(f"{name} {axis}".strip())} <input type=range data-joint="{text(name)}" '
                f'data-axis="{axis}" data-unit="{"m" if joint.type == "slider" else "degrees"}" min={low:g} '
                f"max={high:g} step=any value=0><output></output></label>")
    return "".join(sliders)


def _rig(graph: ShapeGraph) -> JointTree | None:
    """The joints as a tree; None where they make none, and nothing on the page moves."""
    try:
        return joint_tree(graph)
    except PoseError:
        return None


def _moved_by(rig: JointTree | None, name: str) -> list[str]:
    """Components whose joints move this one, the outermost first."""
    if rig is None:
        return []
    chain = [name]
    while chain[-1] in rig.parent:
        chain.append(rig.parent[chain[-1]])
    return [one for one in reversed(chain) if one in rig.moving]


def _sizes(box: Box) -> str:
    return f"{_triple(box.size, ' x ')} m at ({_triple(box.center, ', ')})"


def _triple(values: Sequence[float] | np.ndarray, between: str) -> str:
    return between.join(f"{round(float(value), 4) + 0.0:g}" for value in values)


def _swatch(colour: str) -> str:
    return f'<span class=swatch style="--colour:{colour}"></span>'


def _hex(colour: Sequence[float]) -> str:
    return "#" + "".join(f"{round(float(one) * 255):02x}" for one in colour)
