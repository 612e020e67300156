"""Lifted numbers: numeric literals of a part's program as named parameters with ranges, set without a model (ours).

Which literals, and what they are called, is in `shapecraft.number_places`. Setting a parameter rewrites its literal and
leaves every other byte of the program as it is.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fnmatch import fnmatchcase
from typing import Literal

from easel.errors import ConfigurationError
from shapecraft.boxes import Box
from shapecraft.graph import ShapeGraph
from shapecraft.number_places import COLOUR, TRIGONOMETRY, Place, find_places, line_starts
from shapecraft.number_units import IN_DEGREES, Unit, units
from shapecraft.outcome import Job, Outcome
from shapecraft.part_facts import PartFacts, outsize, part_facts
from shapecraft.programs import parsed
from shapecraft.shapes_guide import helper_names
from shapecraft.wall import Wall

Kind = Literal["length", "angle", "count", "factor", "share"]
"""length : metres; angle : degrees or radians, see `unit`, "" where the program does not tell
count : a whole number from 1; factor : multiplies; share : 0 to 1, a colour, a roughness"""
SPREAD = 4.0
"""A parameter ranges from a quarter of its value to four times as much (ours)."""
MOST_OF_A_COUNT = 512
OUT_OF_BOX = 0.02
"""Deviation from its box, as a share of its longest side, that a re-run is told to have (ours)."""
_COUNTS = re.compile(r"^(?:n|num|count|copies|sides|seg|steps?|cuts|levels?|rings?|vertices|bars|slats|rows|columns|"
                     r"iterations|seed)$|segment|_count|count_|resolution|subdivi|^n_|_n$|num_|ring_")
_AROUND = re.compile(r"^(?:vertices|sides)$")  # of a circle: at least a triangle
_ANGLES = re.compile(r"angle|^rot|rotation|twist|tilt|degree|^deg|yaw|pitch|roll$|euler|theta|phi$")
_SHARES = re.compile(r"rough|metal|alpha|specular|transmission|sheen|clearcoat|opacity")
_FACTORS = re.compile(r"scale|factor|ratio|taper|strength")
_LENGTHS = re.compile(r"size|radius|width|height|depth|length|thick|offset|location|center|origin|dist|^[xyzrhwdl]\d?$")


class NumbersError(ConfigurationError):
    """A program without a syntax tree, a name that is no parameter, or a value that it cannot have."""


@dataclass(frozen=True)
class Parameter:
    """One number of a program.

    name : unique in the program, steps joined by dots, such as "radius", "top.size.x", "profile.3.0"
    value : as written; unit : "m", "°", "rad", "x" (a factor) or ""
    low, high : its range, the value always inside: counts 1 (sides of a circle 3) to 4 x, at least 8; angles half a
        turn either way, 180 where their unit is not known; shares 0 to 1; what is 0 the box's longest side either way
        (1 m without a box); all else a quarter of the value to four times as much
    line, column : of its literal, from 1 and 0; whole : it takes whole numbers only
    """

    name: str
    value: int | float
    kind: Kind
    unit: str
    low: float
    high: float
    line: int
    column: int
    whole: bool

    @property
    def step(self) -> float:
        """Of a slider: 1, or a two-hundredth of the range."""
        return 1.0 if self.whole else (self.high - self.low) / 200

    def words(self) -> str:
        """One line for people."""
        unit = f" {self.unit}" if self.unit else ""
        return f"{self.name} = {self.value:g}{unit} ({self.low:.4g} to {self.high:.4g}; {self.kind}, line {self.line})"


@dataclass(frozen=True)
class Lifted:
    """program : as given; parameters : in the order of the text; skipped : (why, how many literals)"""

    program: str
    parameters: tuple[Parameter, ...]
    skipped: tuple[tuple[str, int], ...]
    places: tuple[Place, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(one.name for one in self.parameters)

    @property
    def values(self) -> dict[str, int | float]:
        return {one.name: one.value for one in self.parameters}

    def __getitem__(self, name: str) -> Parameter:
        """Raises NumbersError, which offers names that come near."""
        for one in self.parameters:
            if one.name == name:
                return one
        near = get_close_matches(name, self.names, 3, 0.5)
        known = ", ".join(self.names[:12]) + (", ..." if len(self.names) > 12 else "")
        raise NumbersError(f"a number of this program ({known or 'it has none'})", came=repr(name), where="numbers",
                           mend=f"Did you mean {', '.join(near)}?" if near else "")

    def matching(self, pattern: str) -> tuple[str, ...]:
        """The names that a pattern stands for, "pieces.*.size.x" for example; a name stands for itself.

        Raises NumbersError where there is none.
        """
        found = tuple(name for name in self.names if fnmatchcase(name, pattern))
        return found or (self[pattern].name,)

    def alike(self, name: str) -> tuple[str, ...]:
        """The parameters that are the same dimension of other pieces: equal last steps, kind and value; `name` too."""
        own = self[name]
        end = _role(self.places[self.names.index(name)])
        return tuple(one.name for one, place in zip(self.parameters, self.places, strict=True)
                     if _role(place) == end and (one.kind, one.value) == (own.kind, own.value))

    def with_values(self, values: Mapping[str, int | float], *, bounded: bool = True) -> str:
        """The program with these numbers in the places of the old ones; a value that is the old one changes nothing.

        bounded : refuse what is outside a parameter's range
        A slider sets from the same program every time: which divisors go along is read from its numbers.
        Raises NumbersError for a name that is none and a value that the parameter cannot have.
        """
        edits: list[tuple[int, int, str]] = []
        due: dict[int, int | float] = {}
        data = self.program.encode("utf-8", "surrogatepass")
        for name, given in values.items():
            value = _checked(self[name], given, bounded)
            place = self.places[self.names.index(name)]
            if value == place.value:
                continue
            for number, (start, end) in enumerate(place.spans):
                spelt = _spelt(value)
                if value < 0 and (place.inside or number):
                    spelt = f"({spelt})"
                before, after = data[start - 1: start], data[end: end + 1]
                spelt = " " * _joins(before) + spelt + " " * _joins(after)
                edits.append((start, end, spelt))
                due[start] = value
        for start, end, spelt in sorted(edits, reverse=True):
            data = data[:start] + spelt.encode() + data[end:]
        program = data.decode("utf-8", "surrogatepass")
        if edits:
            _check_same(self.program, program, due)
        return program


@dataclass(frozen=True)
class Rerun:
    """A program run again with other numbers. facts : None where nothing was made; remarks : what a person should know
    """

    program: str
    outcome: Outcome
    facts: PartFacts | None
    remarks: tuple[str, ...]

    @property
    def ran(self) -> bool:
        return self.facts is not None


def lift(program: str, *, box: Box | None = None) -> Lifted:
    """The numbers of a program. box : of the part, in metres: how far what is 0 may go

    Raises NumbersError for a program that does not parse.
    """
    try:
        tree = parsed(program)
        found, known = find_places(program, tree), units(tree)
    except (SyntaxError, RecursionError) as error:
        raise NumbersError("a program that parses", came=str(error), where="numbers") from None
    reach = max(box.size) if box is not None else 1.0
    parameters = tuple(_parameter(name, place, reach, known)
                       for name, place in zip(found.names, found.places, strict=True))
    return Lifted(program, parameters, found.skipped, found.places)


def with_values(program: str, values: Mapping[str, int | float], *, box: Box | None = None) -> str:
    """The program with other numbers; every other byte stays. Errors as `lift` and `Lifted.with_values`."""
    return lift(program, box=box).with_values(values)


def rerun(graph: ShapeGraph, component: str, values: Mapping[str, int | float], wall: Wall) -> Rerun:
    """Set numbers of a part's program, run it behind the wall and measure it; no model is asked.

    Raises NumbersError for names and values; what does not run, or is no size of a part, is told in `remarks`.
    """
    part = graph[component]
    program = with_values(part.program, values, box=part.box)
    outcome = wall.run(Job(program, component))
    if wrong := outsize(outcome, part.box):
        outcome = Outcome("output", message=wrong, log=outcome.log, seconds=outcome.seconds)
    facts = part_facts(outcome, graph, component)
    remarks = []
    if facts is None:
        remarks.append(f"{outcome.kind}: {outcome.message or 'it made no mesh that would be rendered'}")
    elif facts.worst > OUT_OF_BOX:
        remarks.append(f"it misses its box by {facts.worst:.0%} of the longest side")
    return Rerun(program, outcome, facts, tuple(remarks))


def _parameter(name: str, place: Place, reach: float, known: Mapping[str, Unit]) -> Parameter:
    kind, unit = _kind(place, known)
    value = place.value
    low, high = _range(kind, unit, value, reach, 3 if _AROUND.search(place.path[-1]) else 1)
    return Parameter(name, value, kind, unit, min(low, value), max(high, value), place.line, place.column,
                     kind == "count")


def _kind(place: Place, known: Mapping[str, Unit]) -> tuple[Kind, str]:
    """By the words of its name, the call around it, what the name goes to, and how it is written.

    known : name -> the unit that the program takes it for. No unit is read from a value.
    """
    words = [step for step in place.path if not step.isdigit()]
    axis = len(words) > 1 and words[-1] in ("x", "y", "z", "w", "r", "g", "b", "a")
    base = words[-2] if axis else words[-1] if words else ""
    if place.call == "range" and place.whole:
        return "count", ""
    if COLOUR.search(base) or _SHARES.search(base):
        return "share", ""
    if place.call == "radians":
        return "angle", "°"
    if place.call in TRIGONOMETRY:
        return "angle", "rad"
    holder, _, called = place.call.rpartition(".")
    helper = called in helper_names()
    if helper and (_ANGLES.search(base) or base in IN_DEGREES.get(called, ())):
        return "angle", "°"
    # What math makes an angle of, atan2(0.09, height) say, and the 2 of 2 * math.pi are none themselves.
    whole = not helper and not hasattr(math, called) and (not place.factor or bool(_ANGLES.search(base)))
    if base in known and whole:
        return "angle", known[base]
    if _ANGLES.search(base):
        return "angle", "°" if "deg" in base else "rad" if holder or "rotation_euler" in base else ""
    if place.whole and not axis and not _LENGTHS.search(base) and not _FACTORS.search(base) and len(words) == len(
            place.path):
        return "count", ""
    if _COUNTS.search(base) and place.whole:
        return "count", ""
    if _FACTORS.search(base) or place.factor:
        return "factor", "" if place.factor and _LENGTHS.search(base) else "x"
    return "length", "m"


def _range(kind: Kind, unit: str, value: float, reach: float, least: int) -> tuple[float, float]:
    match kind:
        case "count":
            return (least, min(MOST_OF_A_COUNT, max(8, SPREAD * value)))
        case "share":
            return (0.0, 1.0)
        case "angle":
            half = math.pi if unit == "rad" else 180.0
            return (-half, half) if abs(value) <= half else (-2 * half, 2 * half)
    if value == 0:
        return (-reach, reach) if kind == "length" else (-1.0, 1.0)
    ends = sorted((value / SPREAD, value * SPREAD))
    return ends[0], ends[1]


def _checked(parameter: Parameter, given: int | float, bounded: bool) -> int | float:
    where = f"numbers, {parameter.name}"
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise NumbersError("a number", came=repr(given), where=where)
    if parameter.whole and given != int(given):
        raise NumbersError("a whole number", came=repr(given), where=where)
    if bounded and not parameter.low <= given <= parameter.high:
        raise NumbersError(f"a value from {parameter.low:.6g} to {parameter.high:.6g}", came=repr(given), where=where,
                           mend="For more, ask for an edit in words.")
    if isinstance(parameter.value, int):
        return int(given) if given == int(given) else float(given)
    return float(given)


def _spelt(value: int | float) -> str:
    return repr(value if value else abs(value))


def _joins(letter: bytes) -> bool:
    """Whether a number beside this byte would run into it."""
    return bool(re.match(rb"[\w.]", letter)) or letter >= b"\x80"


def _role(place: Place) -> tuple[tuple[str, ...], str]:
    """Its name without the numbers of pieces; the last step says which coordinate it is."""
    return (*(step for step in place.path[:-1] if not step.isdigit()), place.path[-1]), place.call


def _check_same(before: str, after: str, values: Mapping[int, int | float]) -> None:
    """Raises NumbersError unless `after` means what `before` means with these numbers. values : first byte -> number"""
    due = _Setting(line_starts(before.encode("utf-8", "surrogatepass")), values).visit(parsed(before))
    if ast.dump(due) != ast.dump(parsed(after)):
        raise NumbersError("a program that differs in these numbers alone", came="another one", where="numbers",
                           mend="Ask for an edit in words instead.")


class _Setting(ast.NodeTransformer):
    def __init__(self, starts: list[int], values: Mapping[int, int | float]) -> None:
        self.starts, self.values = starts, values

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.AST:
        found = self._set(node)
        return found if found is not node else self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        return self._set(node)

    def _set(self, node: ast.expr) -> ast.AST:
        value = self.values.get(self.starts[node.lineno - 1] + node.col_offset)
        if value is None:
            return node
        return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if value < 0 else ast.Constant(abs(value))
