"""Arguments of the helpers: what is expected, told in words that a language model can act on.

Every public helper is wrapped by `helper`, which puts its name before each fault: "shapes.cylinder: radius must be a
positive number, got -0.02".
"""

import difflib
import functools
import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from mathutils import Vector

FARTHEST = 1e6
"""Metres: no coordinate or length is larger (ours, as in boxes of the graph)."""
BLENDER_NAMES = {
    "location": "center", "position": "center", "origin": "center", "depth": "height", "dimensions": "size",
    "radius1": "radius", "radius2": "top_radius", "major_radius": "radius", "minor_radius": "tube_radius",
    "vertices": "segments", "vector": "by", "offset": "by", "points": "path", "color": "base_color",
    "thickness": "width",
}
"""What a model writes that knows Blender's operators, and what it means here."""
SIDES = ("-x", "+x", "-y", "+y", "-z", "+z")

Call = TypeVar("Call", bound=Callable[..., Any])


class ShapeError(ValueError):
    """A helper was called with what it cannot use: which helper, which argument, what was expected, what came."""

    __module__ = "shapes"  # so that the last line of a traceback is short


class Fault(Exception):
    """The same inside this package, before the helper's name is known."""


def helper(function: Call) -> Call:
    """Checks the call against the signature, and names the helper in every fault."""
    signature = inspect.signature(function)
    name = f"shapes.{function.__name__}"

    @functools.wraps(function)
    def called(*objects: Any, **settings: Any) -> Any:
        try:
            signature.bind(*objects, **settings)
        except TypeError as error:
            raise ShapeError(f"{name}: {_misuse(signature, settings, error)}") from None
        try:
            return function(*objects, **settings)
        except Fault as fault:
            raise ShapeError(f"{name}: {fault}") from None

    return called  # type: ignore[return-value]


def _misuse(signature: inspect.Signature, settings: dict[str, Any], error: TypeError) -> str:
    plain = signature.replace(
        parameters=[one.replace(annotation=one.empty) for one in signature.parameters.values()],
        return_annotation=signature.empty)
    told = str(error)
    for name in settings:
        if name not in signature.parameters:
            near = [BLENDER_NAMES.get(name, ""), *(one for one in signature.parameters if one.startswith(name)),
                    *difflib.get_close_matches(name, signature.parameters, n=1, cutoff=0.5)]
            meant = next((one for one in near if one in signature.parameters and one not in settings), "")
            told = f"there is no argument {name!r}" + (f", did you mean {meant!r}?" if meant else "")
            break
    if "too many positional" in told:
        told = "write the arguments with their names"
    return f"{told.rstrip('.')}; the signature is {plain}"


def shown(value: object) -> str:
    """A value as it stands in an error, cut."""
    text = " ".join(repr(value).split())
    return text if len(text) <= 80 else f"{text[:79]}…"


def number(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= FARTHEST:
        raise Fault(f"{what} must be a number, got {shown(value)}")
    return float(value)


def positive(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value <= FARTHEST:
        raise Fault(f"{what} must be a positive number, got {shown(value)}")
    return float(value)


def not_negative(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= FARTHEST:
        raise Fault(f"{what} must be a number from 0 on, got {shown(value)}")
    return float(value)


def fraction(value: object, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value <= 1:
        raise Fault(f"{what} must be a number from 0 to 1, got {shown(value)}")
    return float(value)


def count(value: object, what: str, least: int, most: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise Fault(f"{what} must be a whole number from {least} to {most}, got {shown(value)}")
    return value


def text(value: object, what: str) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > 60:
        raise Fault(f"{what} must be a text of 1 to 60 characters, got {shown(value)}")
    return value.strip()


def choice(value: object, what: str, options: Sequence[str]) -> str:
    if value not in options:
        listed = ", ".join(f'"{one}"' for one in options)
        raise Fault(f"{what} must be one of {listed}, got {shown(value)}")
    return str(value)


def axis(value: object, what: str = "axis") -> int:
    """Index 0, 1, 2 of "x", "y", "z"."""
    return "xyz".index(choice(value, what, ("x", "y", "z")))


def side(value: object, what: str) -> tuple[int, int]:
    """(index of the axis, sign) of a side such as "+z"."""
    found = choice(value, what, SIDES)
    return "xyz".index(found[1]), 1 if found[0] == "+" else -1


def vector(value: object, what: str, size: int = 3) -> Vector:
    """Numbers of a point or direction."""
    letters = "(x, y, z)" if size == 3 else "(a, b)"
    try:
        numbers: tuple[object, ...] = tuple(value)  # type: ignore[arg-type]
    except TypeError:
        raise Fault(f"{what} must be {letters}, {size} numbers, got {shown(value)}") from None
    if len(numbers) != size:
        raise Fault(f"{what} must be {letters}, {size} numbers, got {shown(value)}")
    return Vector([number(one, f"{what}[{index}]") for index, one in enumerate(numbers)])


def size(value: object, what: str, length: int = 3) -> Vector:
    """Positive lengths along the axes."""
    found = vector(value, what, length)
    if min(found) <= 0:
        raise Fault(f"{what} must be {length} positive numbers, got {shown(value)}")
    return found


def rows(value: object, what: str) -> list[Any]:
    """A list that was passed as a list."""
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise Fault(f"{what} must be a list, got {shown(value)}")
    return list(value)


def points(value: object, what: str, length: int, least: int) -> tuple[list[Vector], bool]:
    """Points without repetitions, and whether the last one repeated the first (which is then left out).

    length : coordinates of each; least : points that must be left
    """
    kind = "(x, y, z)" if length == 3 else "(a, b)"
    given = rows(value, what)
    found: list[Vector] = []
    for index, one in enumerate(given):
        point = vector(one, f"{what}[{index}]", length)
        if not found or (point - found[-1]).length > 1e-9:
            found.append(point)
    closed = len(found) > 2 and (found[0] - found[-1]).length <= 1e-9
    if closed:
        found.pop()
    if len(found) < least:
        raise Fault(f"{what} must be a list of at least {least} different {kind} points, got {shown(value)}")
    return found, closed
