"""The text form of a sketch: `<curves>` with one Python list of strokes (3DrawAgent, section 3.1), read and written.

Strict takes that form alone: thinking in a block of its own, then `<curves>[stroke, ...]</curves>`; a stroke is
[P0, P1, P2, P3] or ["part name", [P0, P1, P2, P3]], a point [x, y, z]; a line `# part name` names what follows it (`#`
alone: nothing), a remark behind a stroke that stroke. Lenient also takes what models really write, and says what it
forgave. Nothing is ever evaluated as code.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Literal

from drawagent.literal import SketchTextError
from drawagent.reply import find_drawing
from drawagent.sketch import Sketch
from drawagent.strokes import NORMAL_LIMITS, SketchLimits, read_strokes

__all__ = ["ParsedSketch", "SketchLimits", "SketchTextError", "parse", "write"]


@dataclass(frozen=True)
class ParsedSketch:
    """sketch : the drawing; forgiven : what lenient reading forgave, sorted; thinking : the model's thoughts, or "" """

    sketch: Sketch
    forgiven: tuple[str, ...]
    thinking: str


def parse(
    text: str, *, mode: Literal["strict", "lenient"] = "strict", limits: SketchLimits = NORMAL_LIMITS
) -> ParsedSketch:
    """Read a reply. Of several blocks the last wins (lenient).

    Strokes and points are counted from 0 in every message. Raises SketchTextError for whatever is not surely a
    drawing: a stroke without exactly 4 points, a point without exactly 3 numbers, a list that is cut off, expressions.
    """
    if len(text) > limits.characters:
        raise SketchTextError(f"a reply of at most {limits.characters} characters", came=f"{len(text)}")
    # Halves of surrogate pairs come out of careless JSON; no file, log or prompt could hold them.
    text = text.encode("utf-8", "replace").decode()
    forgiven: set[str] = set()
    found = find_drawing(text, forgiven)
    strokes = read_strokes(found.items, forgiven, limits=limits, cut=found.cut)
    if mode == "strict" and forgiven:
        raise SketchTextError(
            "exactly one <curves> block with one list of strokes", came="; ".join(sorted(forgiven)),
            mend="Lenient reading would forgive this.",
        )
    return ParsedSketch(Sketch(tuple(strokes)), tuple(sorted(forgiven)), found.thinking)


def write(sketch: Sketch) -> str:
    """The strict text of a sketch, one stroke a line.

    `parse(write(s)).sketch == s` exactly, names included, for every sketch within the limits that parse is given.
    """
    lines: list[str] = []
    current = None
    for stroke in sketch.strokes:
        points = "[" + ", ".join("[" + ", ".join(map(_digits, point)) + "]" for point in stroke.points) + "]"
        if stroke.name is not None and not _is_plain(stroke.name):
            # Tags and fences are looked for before strings are read, so no name may hold one.
            quoted = json.dumps(stroke.name).replace("<", "\\u003c").replace("`", "\\u0060")
            lines.append(f"[{quoted}, {points}],")
            continue
        if stroke.name != current:
            lines.append(f"# {stroke.name}" if stroke.name is not None else "#")
            current = stroke.name
        lines.append(points + ",")
    if lines:
        lines[-1] = lines[-1].removesuffix(",")
    return "<curves>[\n" + "\n".join(lines) + "\n]</curves>"


def _digits(value: float) -> str:
    value = float(value)
    return str(int(value)) if value.is_integer() and abs(value) < 1e15 and str(value) != "-0.0" else repr(value)


def _is_plain(name: str) -> bool:
    """Whether the name may stand in a comment line and come back as it is."""
    plain = re.fullmatch(r"[A-Za-z0-9](?:[\w ,.()'+-]*[\w).])?", name, re.A) is not None
    return plain and "  " not in name and len(name) <= SketchLimits.name
