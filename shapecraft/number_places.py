"""Number places: which numeric literals of a program are dimensions of its part, and what each is called (ours).

A name comes from what the program itself says: the keyword or helper argument, else the variable, attribute or loop
variable; "x", "y", "z" or an index inside a tuple. Not dimensions are: indices and slices, exponents, what is compared,
operands of % and //, whole numbers in sums and products (`2 * math.pi`, `i + 1`), digits of round(), signs that a loop
runs over. Which literals are taken depends on how they are written and never on their values, but for the one rule that
a divisor equal to the only range() it can belong to goes along with it.
"""

from __future__ import annotations

import ast
import re
from collections import Counter
from dataclasses import dataclass, field, replace

from shapecraft.shapes_guide import helpers

COLOUR = re.compile(r"colou?r|diffuse|rgb")
_TAKING = ("new", "add", "append", "extend", "insert", "Vector", "Euler", "tuple", "list", "float", "abs")
"""Calls whose arguments are called like what they are given to."""
_LAST_DIGITS = {"round": 1, "pow": 1, "enumerate": 1, "sum": 1, "ldexp": 1}
"""Call -> the first of its positional arguments that are no dimension."""
TRIGONOMETRY = ("sin", "cos", "tan")
_MATH = (*TRIGONOMETRY, "radians", "sqrt", "min", "max", "round")
_OPERATOR = re.compile(r"^primitive_|_add$")
_LOGIC = (ast.Mod, ast.FloorDiv, ast.LShift, ast.RShift, ast.BitAnd, ast.BitOr, ast.BitXor)


@dataclass(frozen=True)
class Place:
    """One literal, its sign included.

    path : its name in steps, the axis last; owner : what it belongs to, where the name alone would be taken twice
    call : the function whose argument it is; factor : it multiplies or divides; whole : written as a whole number
    spans : (first, last + 1) bytes in the program; more than one where divisors go along
    inside : it is an operand or has an attribute, so that a negative number needs brackets
    """

    path: tuple[str, ...]
    owner: str
    call: str
    value: int | float
    factor: bool
    whole: bool
    line: int
    column: int
    spans: tuple[tuple[int, int], ...]
    inside: bool


@dataclass(frozen=True)
class Found:
    """places : in the order of the text, names differ; skipped : (why, how many)"""

    names: tuple[str, ...]
    places: tuple[Place, ...]
    skipped: tuple[tuple[str, int], ...]


@dataclass(frozen=True)
class _Where:
    """What is known of the node being walked."""

    path: tuple[str, ...] = ("number",)
    owner: str = ""
    call: str = ""
    factor: bool = False
    inside: bool = False
    skip: str = ""
    listed: bool = False


def line_starts(program: bytes) -> list[int]:
    """Where each line begins, in bytes, as Python counts lines."""
    return [0, *(match.end() for match in re.finditer(rb"\r\n|\r|\n", program))]


def find_places(program: str, tree: ast.Module) -> Found:
    """The literals of a program that are dimensions. tree : of exactly this text"""
    walker = _Walker(program, tree)
    for statement in tree.body:
        walker.walk(statement, _Where())
    places = tuple(sorted(walker.places, key=lambda one: one.spans[0]))
    return Found(_names(places), walker.linked(places), tuple(sorted(walker.skipped.items())))


@dataclass
class _Walker:
    program: str
    tree: ast.Module
    places: list[Place] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._bytes = self.program.encode("utf-8", "surrogatepass")
        self._starts = line_starts(self._bytes)
        self._defined = {node.name: [arg.arg for arg in (*node.args.posonlyargs, *node.args.args)]
                         for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef)}
        self._divisors: list[Place] = []

    def walk(self, node: ast.AST | None, at: _Where) -> None:
        if node is not None:
            getattr(self, f"_{type(node).__name__}", self._any)(node, at)

    def _any(self, node: ast.AST, at: _Where) -> None:
        for child in ast.iter_child_nodes(node):
            self.walk(child, at)

    def _Constant(self, node: ast.Constant, at: _Where) -> None:
        self._literal(node, node.value, at)

    def _UnaryOp(self, node: ast.UnaryOp, at: _Where) -> None:
        inner = node.operand
        value = inner.value if isinstance(inner, ast.Constant) else None
        if isinstance(node.op, ast.USub) and isinstance(value, int | float) and _is_number(value):
            self._literal(node, -value, at)
        else:
            self.walk(inner, replace(at, inside=True))

    def _literal(self, node: ast.expr, value: object, at: _Where) -> None:
        if not _is_number(value):
            return
        assert isinstance(value, int | float)
        whole = isinstance(value, int)
        why = at.skip or ("sum or product" if at.factor and whole else "") or ("bare" if at.path == ("number",) else "")
        span = self._span(node)
        spelt = self._bytes[slice(*span)].decode("utf-8", "replace")
        try:
            if ast.literal_eval(spelt) != value:
                why = "place not found"
        except (ValueError, SyntaxError):
            why = "place not found"
        column = node.col_offset
        place = Place(at.path, at.owner, at.call, value, at.factor, whole, node.lineno, column, (span,), at.inside)
        if why:
            self.skipped[why] += 1
            if why == "sum or product" and at.call != "range":
                self._divisors.append(place)
        else:
            self.places.append(place)

    def _span(self, node: ast.expr) -> tuple[int, int]:
        last, end = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self._starts[node.lineno - 1] + node.col_offset, self._starts[last - 1] + end

    def _JoinedStr(self, node: ast.JoinedStr, at: _Where) -> None:
        self._any(node, replace(at, skip="text"))

    def _Expr(self, node: ast.Expr, at: _Where) -> None:
        if not isinstance(node.value, ast.Constant):
            self.walk(node.value, at)

    def _Subscript(self, node: ast.Subscript, at: _Where) -> None:
        self.walk(node.value, at)
        self.walk(node.slice, replace(at, skip="index"))

    def _Attribute(self, node: ast.Attribute, at: _Where) -> None:
        self.walk(node.value, replace(at, inside=True))

    def _Compare(self, node: ast.Compare, at: _Where) -> None:
        self._any(node, replace(at, skip=at.skip or "comparison"))

    def _match_case(self, node: ast.match_case, at: _Where) -> None:
        self.walk(node.guard, at)
        for statement in node.body:
            self.walk(statement, at)

    def _BinOp(self, node: ast.BinOp, at: _Where) -> None:
        inner = replace(at, inside=True)
        if isinstance(node.op, ast.Pow):
            self.walk(node.left, inner)
            self.walk(node.right, replace(inner, skip=at.skip or "exponent"))
        elif isinstance(node.op, _LOGIC):
            self._any(node, replace(inner, skip=at.skip or "whole-number arithmetic"))
        elif isinstance(node.op, ast.Mult) and isinstance(node.left, ast.List | ast.Tuple):
            self.walk(node.left, inner)  # [0.0] * 4
            self.walk(node.right, replace(inner, skip=at.skip or "repetition"))
        elif isinstance(node.op, ast.Mult | ast.Div):
            self._any(node, replace(inner, factor=True))
        else:
            for side in (node.left, node.right):
                why = "whole number in a sum" if _is_whole(side) else ""
                self.walk(side, replace(inner, skip=at.skip or why))

    def _Tuple(self, node: ast.Tuple | ast.List | ast.Set, at: _Where) -> None:
        flat = not any(isinstance(one, ast.Tuple | ast.List) for one in node.elts)
        letters = "rgba" if COLOUR.search(at.path[-1]) else "xyzw" if len(node.elts) > 2 else ""
        for number, one in enumerate(node.elts):
            step = letters[number] if flat and letters and len(node.elts) <= 4 else str(number)
            # What a call makes owns its numbers; math alone stays a coordinate.
            calls = isinstance(one, ast.Call) and _callee(one.func)[0] not in (*_MATH, *_TAKING)
            self.walk(one, replace(at, path=(*at.path, str(number) if calls else step), factor=False, inside=False))

    _List = _Tuple
    _Set = _Tuple

    def _Dict(self, node: ast.Dict, at: _Where) -> None:
        for key, value in zip(node.keys, node.values, strict=True):
            named = isinstance(key, ast.Constant) and isinstance(key.value, str) and key.value
            self.walk(key, replace(at, skip="index"))
            self.walk(value, replace(at, path=(*at.path, word(named)) if named else at.path))

    def _Assign(self, node: ast.Assign, at: _Where) -> None:
        self._bound(node.targets[-1], node.value, at)
        for target in node.targets:
            self.walk(target, replace(at, skip="index"))

    def _AnnAssign(self, node: ast.AnnAssign, at: _Where) -> None:
        self._bound(node.target, node.value, at)

    def _NamedExpr(self, node: ast.NamedExpr, at: _Where) -> None:
        self._bound(node.target, node.value, at)

    def _AugAssign(self, node: ast.AugAssign, at: _Where) -> None:
        why = "whole number in a sum" if _is_whole(node.value) else ""
        self._bound(node.target, node.value, replace(at, skip=at.skip or why))

    def _bound(self, target: ast.expr, value: ast.expr | None, at: _Where) -> None:
        """A value under its target's name; pairwise where both sides are tuples."""
        if isinstance(target, ast.Tuple | ast.List) and isinstance(value, ast.Tuple | ast.List) and (
                len(target.elts) == len(value.elts)):
            for one, given in zip(target.elts, value.elts, strict=True):
                self._bound(one, given, at)
            return
        path, owner = _target(target)
        self.walk(value, replace(at, path=(path,) if path else at.path, owner=owner, call=""))

    def _FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, at: _Where) -> None:
        name = getattr(node, "name", "")
        given = node.args
        last = [*given.posonlyargs, *given.args][-len(given.defaults):] if given.defaults else []
        pairs = [*zip(last, given.defaults, strict=True), *zip(given.kwonlyargs, given.kw_defaults, strict=True)]
        for arg, default in pairs:
            self.walk(default, replace(at, path=(word(arg.arg),), owner=name or at.owner))
        body = node.body if isinstance(node.body, list) else [node.body]
        for statement in body:
            self.walk(statement, replace(at, path=(word(name),), owner=name) if name else at)

    _AsyncFunctionDef = _FunctionDef
    _Lambda = _FunctionDef

    def _For(self, node: ast.For | ast.comprehension, at: _Where) -> None:
        self._loop(node.target, node.iter, at)
        for rest in (*getattr(node, "body", []), *getattr(node, "orelse", []), *getattr(node, "ifs", [])):
            self.walk(rest, at)

    _comprehension = _For

    def _loop(self, target: ast.expr, over: ast.expr, at: _Where) -> None:
        """What a loop runs over, under the names of its variables; whole numbers in it are signs or indices."""
        name, _ = _target(target)
        at = replace(at, path=(name,) if name else at.path, owner="", call="")
        if not isinstance(over, ast.Tuple | ast.List):
            self.walk(over, at)
            return
        for number, one in enumerate(over.elts):
            if isinstance(one, ast.Tuple | ast.List) and isinstance(target, ast.Tuple) and (
                    len(one.elts) == len(target.elts)):
                for variable, value in zip(target.elts, one.elts, strict=True):
                    self._loop_value(value, replace(at, path=(_target(variable)[0] or "item", str(number))))
            else:
                self._loop_value(one, replace(at, path=(*at.path, str(number))))

    def _loop_value(self, value: ast.expr, at: _Where) -> None:
        self.walk(value, replace(at, skip=at.skip or ("loop" if _is_whole(value) else "")))

    def _Call(self, node: ast.Call, at: _Where) -> None:
        called, holder = _callee(node.func)
        self.walk(node.func, replace(at, inside=True))
        known = called == "range" and isinstance(node.func, ast.Name)
        if known or called in _TAKING or called in ("radians", *TRIGONOMETRY):
            names: list[str] = []
        else:
            names = self._defined.get(called, []) or list(_arguments(called, holder))
        owner = ".".join(at.path) if at.path != ("number",) else _OPERATOR.sub("", called)
        for number, one in enumerate(node.args):
            path, skip = at.path, at.skip
            if known:
                path, skip = ("count",), at.skip or ("index" if len(node.args) > 1 else "")
            elif number < len(names):
                path = (word(names[number]),)
            elif called in ("append", "extend", "new", "add", "insert") and holder:
                path = (word(holder),)
            elif path == ("number",):
                path = (word(called),)
            if called in _LAST_DIGITS and number >= _LAST_DIGITS[called]:
                skip = skip or "digits"
            self.walk(one, replace(at, path=path, skip=skip, owner=owner, factor=False, inside=False,
                                   call=_way(called, at)))
        for keyword in node.keywords:
            path = (word(keyword.arg),) if keyword.arg else at.path
            self.walk(keyword.value, replace(at, path=path, owner=owner, call=f"{holder}.{called}", factor=False,
                                             inside=False))

    def linked(self, places: tuple[Place, ...]) -> tuple[Place, ...]:
        """`i / 8` goes along with the only `range(8)` of the program."""
        counts = [one for one in places if one.path == ("count",) and one.call == "range" and one.value > 1]
        alone = {one.value: one for one in counts if sum(other.value == one.value for other in counts) == 1}
        spans: dict[int | float, list[tuple[int, int]]] = {}
        for divisor in self._divisors:
            start = divisor.spans[0][0]
            if divisor.value in alone and self._bytes[:start].rstrip().endswith(b"/"):
                spans.setdefault(divisor.value, []).append(divisor.spans[0])
        return tuple(replace(one, spans=(*one.spans, *spans.get(one.value, []))) if alone.get(one.value) is one else one
                     for one in places)


def _names(places: tuple[Place, ...]) -> tuple[str, ...]:
    """The short name where it is the only one; with its owner else; numbered where that is taken too."""
    short = Counter(".".join(one.path) for one in places)
    names: list[str] = []
    taken: set[str] = set()
    for one in places:
        name = found = ".".join(one.path)
        first, rest = one.path[0], "".join(f".{step}" for step in one.path[1:])
        if short[name] > 1 and one.owner and one.owner != first:
            first, rest = one.owner, f".{name}"
            found = first + rest
        number = 1
        while found in taken or (short[found] and found != name):
            number += 1
            found = f"{first}_{number}{rest}"
        taken.add(found)
        names.append(found)
    return tuple(names)


def _target(node: ast.expr) -> tuple[str, str]:
    """(name, owner) of what is assigned to; "" for what has none."""
    match node:
        case ast.Name(name):
            return word(name), ""
        case ast.Attribute(value, "default_value"):
            return _target(value)
        case ast.Attribute(value, name):
            return word(name), _target(value)[0]
        case ast.Subscript(value, ast.Constant(str() as key)):
            return word(key), _target(value)[0]
        case ast.Subscript(value, _):
            return _target(value)
        case _:
            return "", ""


def _callee(node: ast.expr) -> tuple[str, str]:
    """(function, what it is taken from)."""
    match node:
        case ast.Name(name):
            return name, ""
        case ast.Attribute(value, name):
            return name, _callee(value)[0]
        case ast.Call(func) | ast.Subscript(func):
            return _callee(func)
        case _:
            return "", ""


def _arguments(called: str, holder: str) -> tuple[str, ...]:
    """Positional names of a helper of `shapes`, which takes objects by position alone."""
    known = helpers().get(called) if holder in ("", "shapes") else None
    return () if known is None else known.arguments


def _way(called: str, at: _Where) -> str:
    return called if called in ("range", "radians", *TRIGONOMETRY) or not at.call else at.call


def word(name: str) -> str:
    """A step of a name: lower case, no dots, spaces or brackets."""
    return re.sub(r"\W+", "_", name.lower()).strip("_") or "number"


def _is_whole(node: ast.expr) -> bool:
    """Whether it is a whole number as written, with a sign or without."""
    bare = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(bare, ast.Constant) and isinstance(bare.value, int)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == value and abs(value) < 1e12
