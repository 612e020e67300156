"""Animation pictures: an animation as a strip of its frames and as a film, seen by a camera that stands still."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from easel.cameras import MARGIN
from easel.errors import ConfigurationError
from shapecraft.animation import FPS, Animation
from shapecraft.graph import ShapeGraph
from shapecraft.mesh import ObjectMesh
from shapecraft.posing import JointTree, pose
from shapecraft.shading import shaded
from shapecraft.sheets import STYLE, View, fitted, gif_bytes, laid_out, png_bytes

VIEW = View("three-quarter", 35, 25)
"""The side from which a sheet shows an object best."""
STRIP, FILM, SIZE = 8, 36, 256
"""Pictures of a strip; most of a film; pixels of one (ours)."""


@dataclass(frozen=True)
class _Posed:
    """An object at frames of an animation, as pictures. pictures : (T, S, S, 3) in [0, 1]"""

    frames: tuple[int, ...]
    pictures: np.ndarray


def animation_strip(
    mesh: ObjectMesh, graph: ShapeGraph, animation: Animation, *, pictures: int = STRIP, size: int = SIZE,
    view: View = VIEW, title: str = "", watermark: str = "",
) -> bytes:
    """PNG: evenly spaced frames side by side, each above its time.

    pictures : at least 2, first and last frame among them; title : a line above, "" is the animation's own
    watermark : words below
    Raises ConfigurationError for fewer pictures, PoseError for joints that make no tree.
    """
    if pictures < 2:
        raise ConfigurationError("at least 2 pictures", came=str(pictures), where="animation_strip")
    frames = dict.fromkeys(round(animation.frames * step / (pictures - 1)) for step in range(pictures))
    shown = _posed(mesh, graph, animation, tuple(frames), size, view)
    names = [f"{frame / FPS:.2f} s" for frame in shown.frames]
    return png_bytes(laid_out(list(shown.pictures), names, columns=min(4, len(names)), title=title or animation.title,
                              below=watermark))


def animation_film(
    mesh: ObjectMesh, graph: ShapeGraph, animation: Animation, *, size: int = SIZE, view: View = VIEW,
    frames: int = FILM, watermark: str = "",
) -> bytes:
    """GIF that repeats, in the animation's own time; long ones show fewer frames a second. watermark : words below

    Raises PoseError for joints that make no tree.
    """
    count = min(animation.frames, max(2, frames))
    # The last frame is left to the end of the round: an animation that comes back would show it twice.
    chosen = tuple(dict.fromkeys(round(animation.frames * step / count) for step in range(count + 1)))
    shown = _posed(mesh, graph, animation, chosen, size, view)
    pictures = shown.pictures
    if watermark:
        pictures = np.stack([laid_out([one], [f"{frame / FPS:.2f} s"], columns=1, below=watermark)
                             for one, frame in zip(pictures, shown.frames, strict=True)])
    return gif_bytes(pictures, seconds=animation.seconds)


def _posed(mesh: ObjectMesh, graph: ShapeGraph, animation: Animation, frames: tuple[int, ...], size: int, view: View
           ) -> _Posed:
    tree: JointTree = animation.tree(graph)
    posed = [pose(mesh, tree, animation.values(frame)).mesh for frame in frames]
    camera, = fitted(np.concatenate([one.triangles for one in posed]), [view], margin=MARGIN)
    style = replace(STYLE, size=size)
    return _Posed(frames, np.stack([shaded(one, [camera], style).pictures[0] for one in posed]))
