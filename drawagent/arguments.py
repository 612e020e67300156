"""Arguments: what a person types on the command line, read into the library's own types with errors in words."""

from __future__ import annotations

import difflib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError, EaselError

if TYPE_CHECKING:
    from drawagent.experience import Library
    from drawagent.queries import Query
    from drawagent.settings import DrawSettings
    from easel.budget import Budget


def read_query(text: str) -> Query:
    """A text of 1 to 500 characters as a query of its own."""
    from pydantic import ValidationError

    from drawagent.queries import Query

    try:
        return Query(id="query", text=text, category=text[:60])
    except ValidationError as error:
        raise ConfigurationError("a text to draw", came=error.errors()[0]["msg"], where="TEXT") from error


def read_library(path: Path | None) -> Library:
    """A library file as runs keep it; None is the empty library."""
    from drawagent.experience import Library

    if path is None:
        return Library()
    try:
        return Library.from_json(json.loads(path.read_text("utf-8")))
    except (OSError, ValueError) as error:
        if isinstance(error, EaselError):
            raise
        raise ConfigurationError(
            "a library (library/epochN.json of a run)", came=str(error), where="--library"
        ) from error


def read_settings(preset: str, changes: list[str] | None, drop_refused: bool = False) -> DrawSettings:
    """A preset with changes, each as name=value in YAML."""
    import yaml
    from pydantic import ValidationError

    from drawagent.settings import DrawSettings

    values: dict[str, Any] = {"drop_refused_settings": True} if drop_refused else {}
    for change in changes or []:
        key, equals, value = change.partition("=")
        if not equals:
            raise ConfigurationError("a setting as name=value", came=change, where="--set")
        values[key.strip()] = None if value.strip().lower() == "none" else yaml.safe_load(value)
    try:
        return DrawSettings.of(preset, **values)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(map(str, first["loc"]))
        if name in DrawSettings.model_fields:
            raise ConfigurationError(
                f"a value that the setting '{name}' takes", came=f"{first['input']!r}", where=f"--set {name}",
                mend=f"{first['msg']}. {DrawSettings.model_fields[name].description or ''}",
            ) from error
        near = difflib.get_close_matches(name, DrawSettings.model_fields, 3, 0.5)
        known = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(DrawSettings.model_fields)}."
        raise ConfigurationError(
            "a setting that the method knows", came=f"'{name}'", where="--set", mend=known
        ) from error


def read_budget(text: str | None) -> Budget:
    """Limits as calls=N,tokens=N,dollars=X,seconds=X; "" or None sets none."""
    from easel.budget import Budget

    values: dict[str, Any] = {}
    for part in (text or "").split(","):
        key, equals, number = part.strip().partition("=")
        if not part.strip():
            continue
        try:
            if not equals or key not in ("calls", "tokens", "dollars", "seconds"):
                raise ValueError
            values[key] = int(float(number)) if key in ("calls", "tokens") else float(number)
        except (ValueError, OverflowError):
            raise ConfigurationError("calls=N, tokens=N, dollars=X or seconds=X", came=part, where="--budget") from None
    return Budget(**values)
