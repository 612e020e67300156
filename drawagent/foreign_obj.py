"""Wavefront OBJ of another method: faces with the colours of its materials, and `l` polylines (ours)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from drawagent.foreign_shapes import Shape, Up, z_up
from easel.errors import ConfigurationError
from easel.mesh_views import GREY, Triangles

_LEFT_OUT = frozenset({"p", "curv", "curv2", "surf"})


def read_obj(path: Path, *, materials: Sequence[Path] = (), up: Up = "z") -> Shape:
    """Read `v`, `f` and `l` elements.

    materials : files that may hold its materials; up : the file's upward axis (OBJ does not say; ours: z)
    Faces of more than three corners become fans. A corner has its vertex's colour (`v x y z r g b`), else the diffuse
    colour Kd of its material, else grey; textures are left out, and said. Raises ConfigurationError naming the line.
    """
    colours, said = _materials(materials)
    vertices: list[list[float]] = []
    faces: list[tuple[int, int, int]] = []
    painted: list[str | None] = []
    lines: list[list[int]] = []
    left_out: Counter[str] = Counter()
    material: str | None = None
    for number, kind, words in _elements(path):
        place = f"{path.name} line {number}"
        if kind == "v":
            vertices.append(_numbers(words, place, (3, 4, 6, 7)))
        elif kind == "usemtl":
            material = " ".join(words)
        elif kind == "f":
            corners = _corners(words, len(vertices), 3, place)
            faces += [(corners[0], corners[i], corners[i + 1]) for i in range(1, len(corners) - 1)]
            painted += [material] * (len(corners) - 2)
        elif kind == "l":
            lines.append(_corners(words, len(vertices), 2, place))
        elif kind in _LEFT_OUT:
            left_out[kind] += 1
    points = z_up(np.array([row[:3] for row in vertices], dtype=np.float64).reshape(-1, 3), up)
    said += [f"elements '{kind}' left out: {count}" for kind, count in sorted(left_out.items())]
    unknown = sorted({name for name in painted if name is not None and name not in colours})
    if unknown:
        said.append(f"materials without a colour here, drawn grey: {', '.join(unknown[:5])}")
    corners_of = np.array(faces, dtype=np.int64).reshape(-1, 3)
    base = np.array([colours.get(name or "", GREY) for name in painted], dtype=np.float64).reshape(-1, 1, 3)
    own = np.array([row[-3:] if len(row) > 5 else [np.nan] * 3 for row in vertices], dtype=np.float64).reshape(-1, 3)
    paint = np.where(np.isfinite(own[corners_of]), np.clip(own[corners_of], 0.0, 1.0), base)
    return Shape(Triangles(points[corners_of], paint), tuple(points[line] for line in lines), tuple(said))


def _materials(paths: Sequence[Path]) -> tuple[dict[str, tuple[float, ...]], list[str]]:
    """Diffuse colours by name, and what is to be said."""
    colours: dict[str, tuple[float, ...]] = {}
    textures, name = 0, ""
    for path in paths:
        for number, kind, words in _elements(path):
            if kind == "newmtl":
                name = " ".join(words)
            elif kind == "Kd" and words and words[0] not in ("spectral", "xyz"):
                shade = np.clip(_numbers(words, f"{path.name} line {number}", (1, 3)), 0.0, 1.0)
                if np.isfinite(shade).all():
                    colours[name] = tuple(np.broadcast_to(shade, 3).tolist())
            elif kind == "map_Kd":
                textures += 1
    return colours, [f"textures left out: {textures}"] if textures else []


def _elements(path: Path) -> Iterator[tuple[int, str, list[str]]]:
    """(line number, keyword, words after it); a backslash at the end joins lines, # begins a comment."""
    try:
        text = path.read_text("utf-8", "replace")
    except OSError as error:
        raise ConfigurationError("a file that can be read", came=str(error), where=path.name) from error
    held = ""
    for number, line in enumerate(text.split("\n"), 1):
        held += line.partition("#")[0].rstrip()
        if held.endswith("\\"):
            held = held[:-1] + " "
            continue
        words, held = held.split(), ""
        if words:
            yield number, words[0], words[1:]


def _numbers(words: list[str], place: str, counts: tuple[int, ...]) -> list[float]:
    try:
        numbers = [float(word) for word in words]
    except ValueError as error:
        raise ConfigurationError("numbers", came=" ".join(words), where=place) from error
    if len(numbers) not in counts:
        raise ConfigurationError(f"{' or '.join(map(str, counts))} numbers", came=str(len(numbers)), where=place)
    return numbers


def _corners(words: list[str], known: int, least: int, place: str) -> list[int]:
    """Indices from 0; the file counts from 1, or from the end with a minus."""
    if len(words) < least:
        raise ConfigurationError(f"at least {least} corners", came=str(len(words)), where=place)
    corners = []
    for word in words:
        try:
            index = int(word.partition("/")[0])
        except ValueError as error:
            raise ConfigurationError("whole numbers of vertices", came=word, where=place) from error
        if not 1 <= abs(index) <= known:
            raise ConfigurationError(f"a vertex from 1 to {known}", came=word, where=place)
        corners.append(index - 1 if index > 0 else known + index)
    return corners
