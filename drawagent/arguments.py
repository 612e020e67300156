"""Arguments: what a person types on the command line, read into the library's own types with errors in words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from easel import arguments
from easel.errors import ConfigurationError, EaselError

if TYPE_CHECKING:
    from drawagent.experience import Library
    from drawagent.queries import Query
    from drawagent.settings import DrawSettings


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
    from drawagent.settings import DrawSettings

    given = {"drop_refused_settings": True} if drop_refused else {}
    return arguments.read_settings(DrawSettings, DrawSettings.of, preset, changes, **given)
