"""Files of other methods for tests: small ones that none of our exporters wrote, and how they get into a folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from drawagent.queries import Query
from drawagent.sketch import Sketch

CRATE = """mtllib wood work.mtl
v -1 -1 0
v 1 -1 0
v 1 1 0
v -1 1 0
v -1 -1 1.5
v 1 -1 1.5
v 1 1 1.5
v -1 1 1.5
usemtl wood
f 1/1 2/1 6/1 5/1
f 2//1 3//1 7//1 6//1
usemtl paint
f 3 4 8 7
f -5 -8 -4 \\
  -1  # the fourth side
l 5 6 7 8 5
"""
WOOD = "newmtl wood\nKd 0.8 0.5 0.2\nnewmtl paint\nKd 0.1\nmap_Kd -s 1 1 1 grain.png\n"
VASE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 100 140">
<path d="M30 10 C10 60 10 100 35 130 L65 130 C90 100 90 60 70 10 Z" fill="#4a90d9" stroke="#123"/>
</svg>"""


def queries(*names: str) -> tuple[Query, ...]:
    return tuple(Query(id=name, text=f"a {name}", category=name) for name in names)


def curve(seed: int = 0, strokes: int = 5) -> Sketch:
    return Sketch.from_array(np.random.default_rng(seed).uniform(-1, 1, (strokes, 4, 3)))


def put(folder: Path, **files: str | bytes) -> Path:
    """Write files; "__" in a keyword is a slash, the last "_" the dot before the ending."""
    for name, content in files.items():
        path = folder / ".".join(name.replace("__", "/").rsplit("_", 1))
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def png(folder: Path, name: str, picture: Image.Image) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    picture.save(folder / name)
