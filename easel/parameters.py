"""Parameters: what a notebook's cell tagged `parameters` declares, checked before it runs (papermill only warns)."""

from __future__ import annotations

import ast
import difflib
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError
from pydantic.errors import PydanticUserError

from easel.errors import ConfigurationError

_KNOWN = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "dict": dict, "Any": Any,
          "Literal": Literal, "None": None}
"""Names that an annotation of a parameter may be made of; nothing of a notebook is ever run to read it."""


@dataclass(frozen=True)
class Parameter:
    """One line `name: type = default` of the parameters cell. annotation : as written, "" without one"""

    name: str
    annotation: str
    default: Any


@dataclass(frozen=True)
class Parameters:
    """What a notebook can be given.

    notebook : its file name; known : by name, in the notebook's order; code : hex SHA-256 of its code cells
    """

    notebook: str
    known: Mapping[str, Parameter]
    code: str = ""

    @classmethod
    def read(cls, path: Path) -> Parameters:
        """Raises ConfigurationError for a file that is no notebook, for no or two cells tagged `parameters`, and for
        a line in it that is not `name = literal` or `name: type = literal`.
        """
        path = Path(path)
        try:
            cells = json.loads(path.read_text("utf-8"))["cells"]
            tagged = [cell for cell in cells if "parameters" in cell.get("metadata", {}).get("tags", ())]
        except FileNotFoundError:
            raise ConfigurationError("a notebook", came="no such file", where=str(path)) from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigurationError("a notebook", came=repr(error), where=path.name) from error
        if len(tagged) != 1:
            raise ConfigurationError("one cell tagged 'parameters'", came=str(len(tagged)), where=path.name)
        source = "".join(tagged[0]["source"])
        try:
            lines = ast.parse(source).body
        except SyntaxError as error:
            raise ConfigurationError("Python in the parameters cell", came=str(error), where=path.name) from error
        found = [_parameter(line, path.name) for line in lines]
        code = json.dumps(["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"])
        return cls(path.name, {one.name: one for one in found}, hashlib.sha256(code.encode()).hexdigest())

    def check(self, values: Mapping[str, Any], *, where: str = "") -> None:
        """Refuse a name that the notebook does not declare, and a value that its type does not take.

        Types are strict: 5.0 is no int, 1 no bool; an int is a float. A parameter without a type takes the type of
        its default. where : the place that a person should look at
        Raises ConfigurationError naming the parameter, what it takes and what came.
        """
        place = where or self.notebook
        for name, value in values.items():
            if name not in self.known:
                near = difflib.get_close_matches(name, self.known, 3, 0.6)
                raise ConfigurationError(
                    f"a parameter of {self.notebook}", came=f"'{name}'", where=place,
                    mend=f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(self.known)}.",
                )
            annotation = _type(self.known[name], self.notebook)
            try:
                TypeAdapter(annotation, config=ConfigDict(strict=True)).validate_python(value)
            except ValidationError as error:
                shown = self.known[name].annotation or type(self.known[name].default).__name__
                raise ConfigurationError(
                    f"{name} as {shown}", came=f"{value!r} ({error.errors()[0]['msg']})", where=place
                ) from error


def _parameter(line: ast.stmt, notebook: str) -> Parameter:
    target: ast.expr | None = None
    annotation = ""
    if isinstance(line, ast.Assign) and len(line.targets) == 1:
        target = line.targets[0]
    elif isinstance(line, ast.AnnAssign) and line.value is not None:
        target, annotation = line.target, ast.unparse(line.annotation)
    try:
        if not isinstance(target, ast.Name):
            raise ValueError("no assignment of one name")
        return Parameter(target.id, annotation, ast.literal_eval(line.value))  # type: ignore[attr-defined]
    except (ValueError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            "lines `name: type = value` with a literal value", came=f"{ast.unparse(line)!r}: {error}",
            where=f"{notebook}, parameters cell line {line.lineno}",
        ) from error


def _type(parameter: Parameter, notebook: str) -> Any:
    if not parameter.annotation:
        return type(parameter.default) if parameter.default is not None else Any
    tree = ast.parse(parameter.annotation, mode="eval")
    strange = sorted({node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} - _KNOWN.keys())
    calls = any(isinstance(node, ast.Call | ast.Attribute | ast.Lambda) for node in ast.walk(tree))
    try:
        if strange or calls:
            raise TypeError(f"unknown: {', '.join(strange) or parameter.annotation}")
        found = eval(compile(tree, notebook, "eval"), {"__builtins__": {}}, dict(_KNOWN))
        TypeAdapter(found)
        return found
    except (TypeError, PydanticUserError) as error:
        raise ConfigurationError(
            f"a type made of {', '.join(sorted(_KNOWN))}", came=f"{parameter.annotation}: {error}",
            where=f"{notebook}, parameter {parameter.name}",
        ) from error
