"""shapecraft: text to structured, editable, animatable 3D shapes, named parts that are Blender programs (ShapeCraft).

Names are imported when they are first used, so that `import shapecraft` is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecraft.boxes import Box
    from shapecraft.checks import advise
    from shapecraft.graph import Component, Joint, ShapeGraph
    from shapecraft.graph_diff import diff
    from shapecraft.layout import solve
    from shapecraft.part_list import read_part_list
    from shapecraft.placement import layout_facts
    from shapecraft.programs import read_program

_HOMES = {
    "Box": "boxes", "Component": "graph", "Joint": "graph", "ShapeGraph": "graph", "advise": "checks",
    "diff": "graph_diff", "layout_facts": "placement", "read_part_list": "part_list", "read_program": "programs",
    "solve": "layout",
}

__all__ = [
    "Box", "Component", "Joint", "ShapeGraph", "advise", "diff", "layout_facts", "read_part_list", "read_program",
    "solve",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"shapecraft.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'shapecraft' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
