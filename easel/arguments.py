"""Arguments: what a person types on the command line, read into settings and budgets with errors in words."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError

from easel.errors import ConfigurationError

if TYPE_CHECKING:
    from easel.budget import Budget

S = TypeVar("S", bound=BaseModel)


def read_settings(
    kind: type[S], of: Callable[..., S], preset: str, changes: Sequence[str] | None, **given: Any
) -> S:
    """A preset with changes, each as name=value in YAML, and with what other options gave.

    kind : the class of the settings; of : called with the preset and the changes
    Raises ConfigurationError naming the setting, what it takes, and the nearest one for an unknown name; and for one
    that is given twice.
    """
    import yaml

    values = dict(given)
    for change in changes or ():
        key, equals, value = change.partition("=")
        if not equals:
            raise ConfigurationError("a setting as name=value", came=change, where="--set")
        name, value = key.strip(), value.strip()
        if name in values:
            raise ConfigurationError(f"the setting '{name}' once", came=f"{values[name]} and {change}",
                                     where=f"--set {name}", mend=_own_option(name) if name in given else "")
        if name == "preset":
            raise ConfigurationError("the preset as an option of its own", came=change, where="--set",
                                     mend=f"Type --preset {value}.")
        try:
            values[name] = None if value.lower() == "none" else yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ConfigurationError(f"a value for the setting '{name}' that YAML can read", came=value,
                                     where=f"--set {name}", mend=f"It says: {error}.") from error
    try:
        return of(preset, **values)
    except ValidationError as error:
        first, fields = error.errors()[0], kind.model_fields
        name = ".".join(map(str, first["loc"]))
        if name in fields:
            raise ConfigurationError(
                f"a value that the setting '{name}' takes", came=f"{first['input']!r}", where=f"--set {name}",
                mend=f"{first['msg']}. {fields[name].description or ''}",
            ) from error
        near = difflib.get_close_matches(name, fields, 3, 0.5)
        known = f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(fields)}."
        raise ConfigurationError(
            "a setting that the method knows", came=f"'{name}'", where="--set", mend=known
        ) from error


def _own_option(name: str) -> str:
    return f"--{name.replace('_', '-')} gives it too."


def refuse_unused(why: str, **options: object) -> None:
    """Refuse options that would be swallowed. why : "a stand-in" takes none of them; options : name -> value, None is
    not given

    Raises ConfigurationError with the options by their names.
    """
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value is not None]
    if given:
        raise ConfigurationError(f"none of these options with {why}", came=", ".join(given), where=given[0],
                                 mend="They would change nothing.")


def read_limits(text: str | None, *, where: str = "--budget") -> dict[str, Any]:
    """Limits by name, of calls=N,tokens=N,dollars=X,seconds=X; "" or None sets none.

    Raises ConfigurationError for anything else, a negative number among it.
    """
    values: dict[str, Any] = {}
    for part in filter(None, (piece.strip() for piece in (text or "").split(","))):
        name, equals, number = part.partition("=")
        try:
            if not equals or name not in ("calls", "tokens", "dollars", "seconds") or not float(number) >= 0:
                raise ValueError
            values[name] = int(float(number)) if name in ("calls", "tokens") else float(number)
        except (ValueError, OverflowError):
            raise ConfigurationError("calls=N, tokens=N, dollars=X or seconds=X", came=part, where=where) from None
    return values


def read_budget(text: str | None) -> Budget:
    """A budget of `read_limits`."""
    from easel.budget import Budget

    return Budget(**read_limits(text))
