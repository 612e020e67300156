"""shapecraft: text to structured, editable, animatable 3D shapes, named parts that are Blender programs (ShapeCraft).

Names are imported when they are first used, so that `import shapecraft` is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shapecraft.boxes import Box
    from shapecraft.checks import advise
    from shapecraft.exploring import Craft, explore
    from shapecraft.gallery import Gallery
    from shapecraft.graph import Component, Joint, ShapeGraph
    from shapecraft.graph_diff import diff
    from shapecraft.layout import solve
    from shapecraft.live import open_live
    from shapecraft.part_list import read_part_list
    from shapecraft.placement import layout_facts
    from shapecraft.programs import read_program
    from shapecraft.recordings import Recording
    from shapecraft.replaying import open_recording
    from shapecraft.settings import CraftSettings
    from shapecraft.standin import StandIn
    from shapecraft.studio import Studio
    from shapecraft.wall import open_wall

_HOMES = {
    "Box": "boxes", "Component": "graph", "Craft": "exploring", "CraftSettings": "settings", "Gallery": "gallery",
    "Joint": "graph", "Recording": "recordings", "ShapeGraph": "graph", "StandIn": "standin", "Studio": "studio",
    "advise": "checks", "diff": "graph_diff", "explore": "exploring", "layout_facts": "placement",
    "open_live": "live", "open_recording": "replaying", "open_wall": "wall", "read_part_list": "part_list",
    "read_program": "programs", "solve": "layout",
}

__all__ = [
    "Box", "Component", "Craft", "CraftSettings", "Gallery", "Joint", "Recording", "ShapeGraph", "StandIn",
    "Studio", "advise", "diff", "explore", "layout_facts", "open_live", "open_recording", "open_wall",
    "read_part_list", "read_program", "solve",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"shapecraft.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'shapecraft' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
