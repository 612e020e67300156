"""drawagent: a frozen language model draws 3D Bezier sketches and learns from contrastive experience (3DrawAgent).

Names are imported when they are first used, so that `import drawagent` is instant.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from drawagent.artist import Artist
    from drawagent.drawing import write_drawing
    from drawagent.epochs import Practice, practise
    from drawagent.experience import Lesson, Library
    from drawagent.gallery import Gallery
    from drawagent.geometry import facts
    from drawagent.inference import infer
    from drawagent.judge import Judge
    from drawagent.language import parse, write
    from drawagent.live import open_live
    from drawagent.metrics import measure
    from drawagent.queries import Query, QueryLists, read_queries
    from drawagent.raster import render
    from drawagent.recordings import Recording
    from drawagent.replaying import open_replay
    from drawagent.reporting import report
    from drawagent.reward import ViewReward
    from drawagent.settings import DrawSettings
    from drawagent.sketch import Sketch, SketchError

_HOMES = {
    "Artist": "artist", "DrawSettings": "settings", "Gallery": "gallery", "Judge": "judge", "Lesson": "experience",
    "Library": "experience", "Practice": "epochs", "Query": "queries", "QueryLists": "queries",
    "Recording": "recordings", "Sketch": "sketch", "SketchError": "sketch", "ViewReward": "reward", "facts": "geometry",
    "infer": "inference", "measure": "metrics", "open_live": "live", "open_replay": "replaying", "parse": "language",
    "practise": "epochs", "read_queries": "queries", "render": "raster", "report": "reporting", "write": "language",
    "write_drawing": "drawing",
}

__all__ = [
    "Artist", "DrawSettings", "Gallery", "Judge", "Lesson", "Library", "Practice", "Query", "QueryLists", "Recording",
    "Sketch", "SketchError", "ViewReward", "facts", "infer", "measure", "open_live", "open_replay", "parse", "practise",
    "read_queries", "render", "report", "write", "write_drawing",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"drawagent.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'drawagent' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
