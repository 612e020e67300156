"""Number units: whether a program takes what a name holds for degrees or for radians, read from where the name goes.

Its way leads to `radians(name)` or an angle of a helper (degrees), or to sines, rotations and angles of Blender (rad),
through sums, products with what is no angle, other names, loops, and arguments of the program's own functions. Names of
one spelling are one name, whatever function they are in: one that is taken for both has no unit.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from typing import Literal

from shapecraft.number_places import TRIGONOMETRY, word
from shapecraft.shapes_guide import helper_names

Unit = Literal["°", "rad"]
IN_DEGREES = {"arc": ("angle", "start", "end")}
"""Helper -> its arguments that are degrees; of the others it is the angle."""
_ROTATIONS = ("angle", "angle_limit", "rotation", "rotation_euler", "delta_rotation_euler")
"""Attributes and arguments of Blender in radians."""
_SAME = ("float", "abs", "min", "max", "round", "Euler", "tuple", "list")
"""Calls whose value is in the unit of what they are given."""
_FACTOR = 2
"""A number above it in a product is taken for the angle, and a name beside it for its factor."""


def units(tree: ast.Module) -> dict[str, Unit]:
    """Name in small letters -> the unit that the program takes it for; without those that it takes for none or both."""
    reading = _Reading(tree)
    for node in ast.walk(tree):
        reading.node(node)
    told = reading.told
    changed = True
    while changed:
        changed = False
        for source, target in reading.flows:
            if not told[target] <= told[source]:
                told[source] |= told[target]
                changed = True
    return {name: next(iter(found)) for name, found in told.items() if len(found) == 1}


class _Reading:
    def __init__(self, tree: ast.Module) -> None:
        self.told: defaultdict[str, set[Unit]] = defaultdict(set)
        self.flows: set[tuple[str, str]] = set()
        self._defined = {node.name: node.args for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self._counted = {name for node in ast.walk(tree) if isinstance(node, ast.For | ast.comprehension)
                         and _called(node.iter) in ("range", "enumerate") for name in _targets(node.target)}

    def node(self, node: ast.AST) -> None:
        match node:
            case ast.Call():
                self._call(node)
            case ast.Assign(targets, value):
                for target in targets:
                    self._assigned(target, value)
            case ast.AnnAssign(target=target, value=ast.expr() as value) | ast.NamedExpr(target, value):
                self._assigned(target, value)
            case ast.For(target, over) | ast.comprehension(target, over):
                for name in self._held(over):
                    self.flows |= {(name, one) for one in _targets(target)}

    def _call(self, node: ast.Call) -> None:
        called = _called(node)
        if called in self._defined:
            given = self._defined[called]
            named = [arg.arg for arg in (*given.posonlyargs, *given.args)]
            pairs = [*zip(named, node.args, strict=False), *((one.arg, one.value) for one in node.keywords if one.arg)]
            self.flows |= {(name, word(argument)) for argument, value in pairs for name in self._held(value)}
        elif called == "radians":
            self._go(node.args, "°")
        elif called in (*TRIGONOMETRY, "degrees", "Euler") or (called == "Rotation" and node.args):
            self._go(node.args[:1], "rad")
        elif called in helper_names():
            self._go([one.value for one in node.keywords if one.arg in IN_DEGREES.get(called, ("angle",))], "°")
        elif isinstance(node.func, ast.Attribute):
            self._go([one.value for one in node.keywords if one.arg in _ROTATIONS], "rad")

    def _assigned(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
            for one, given in zip(target.elts, value.elts, strict=True):
                self._assigned(one, given)
            return
        into = target
        while isinstance(into, ast.Subscript) or (isinstance(into, ast.Attribute) and into.attr in "xyz"):
            into = into.value
        if isinstance(into, ast.Attribute) and into.attr in _ROTATIONS:
            self._go([value], "rad")
            if isinstance(value, ast.Constant | ast.UnaryOp):
                self.told[word(into.attr)].add("rad")
        elif isinstance(target, ast.Name):
            self.flows |= {(name, word(target.id)) for name in self._held(value)}

    def _go(self, values: list[ast.expr], unit: Unit) -> None:
        for value in values:
            for name in self._held(value):
                self.told[name].add(unit)

    def _held(self, node: ast.expr) -> Iterator[str]:
        """The names whose numbers an expression has in their own unit."""
        match node:
            case ast.Name(name):
                yield word(name)
            case ast.Subscript(_, ast.Constant(str() as key)) if key:
                yield word(key)
            case ast.Subscript(value) | ast.Starred(value) | ast.NamedExpr(value=value):
                yield from self._held(value)
            case ast.UnaryOp(operand=operand):
                yield from self._held(operand)
            case ast.BinOp(left, ast.Add() | ast.Sub(), right) | ast.IfExp(_, left, right):
                yield from self._held(left)
                yield from self._held(right)
            case ast.BinOp(_, ast.Mult() | ast.Div()):
                yield from self._of_product(node)
            case ast.Tuple(values) | ast.List(values):
                for one in values:
                    yield from self._held(one)
            case ast.Call(args=values) if _called(node) in _SAME:
                for one in values:
                    yield from self._held(one)

    def _of_product(self, node: ast.expr) -> Iterator[str]:
        """The one name that can be the angle; nothing where two can, or a number is it."""
        found = [{*self._held(one)} - self._counted for one in _factors(node)]
        if any(isinstance(one, ast.Constant) and isinstance(one.value, int | float) and abs(one.value) > _FACTOR
               for one in _factors(node)):
            return
        named = [one for one in found if one]
        if len(named) == 1:
            yield from sorted(named[0])


def _factors(node: ast.expr) -> Iterator[ast.expr]:
    """Of a product, without divisors: what is divided by an angle is none."""
    match node:
        case ast.BinOp(left, ast.Mult(), right):
            yield from _factors(left)
            yield from _factors(right)
        case ast.BinOp(left, ast.Div()):
            yield from _factors(left)
        case ast.UnaryOp(operand=operand):
            yield from _factors(operand)
        case _:
            yield node


def _called(node: ast.AST) -> str:
    """Name of the function that is called; "" for anything else."""
    match node:
        case ast.Call(ast.Name(name)) | ast.Call(ast.Attribute(attr=name)):
            return name
        case _:
            return ""


def _targets(node: ast.AST) -> set[str]:
    return {word(one.id) for one in ast.walk(node) if isinstance(one, ast.Name)}
