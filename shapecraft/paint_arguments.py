"""Paint arguments: settings of a painting as a person types them: a preset, and changes as name=value."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from easel.errors import ConfigurationError
from shapecraft.paint_settings import PaintSettings

PRESETS = ("ours", "paper", "small")
_LAST = {"near": 1, "near_from": 2, "own": 2}  # read after the others, on which they rest
_OWN = "own"  # "own.seat.clip" changes `clip` of the part seat alone
_ALL = "guidance."  # "guidance.clip" changes `whole.clip`, `part.clip` and, where there is one, `near.clip`


def read_paint_settings(preset: str, changes: Sequence[str] | None = None, **given: Any) -> PaintSettings:
    """A preset of PRESETS with changes.

    changes : as "steps=600", "views.close=6", "field.levels=10", values in YAML; guidance as "whole.clip=1",
        "part.clip=1", "near.clip=1" (of the details after `near_from`), "guidance.clip=1" (of all these),
        "own.seat.clip=1" (of the part seat alone, which in all else is as the other parts, wherever that is said)
    given : settings by name that are not None, which count before
    Raises ConfigurationError for another preset, an unknown name (with the nearest ones), a name that is given twice,
    and a value that the setting does not take.
    """
    if preset not in PRESETS:
        raise ConfigurationError(f"a preset: {', '.join(PRESETS)}", came=preset, where="--settings")
    settings: PaintSettings = getattr(PaintSettings, preset)()
    said = {name: value for name, value in given.items() if value is not None}
    for change in changes or ():
        name, equals, value = (one.strip() for one in change.partition("="))
        if not equals:
            raise ConfigurationError("a setting as name=value", came=change, where="--set")
        if name in said:
            raise ConfigurationError(f"the setting {name!r} once", came=f"{said[name]} and {change}",
                                     where=f"--set {name}")
        said[name] = _read(name, value)
    for name, value in sorted(said.items(), key=lambda one: _LAST.get(one[0].split(".")[0], 0)):
        if name.split(".")[0] == _OWN:
            settings = _changed_own(settings, name, value)
        elif name.startswith(_ALL):
            own = name.removeprefix(_ALL)
            for kind in ("whole", "part", *(("near",) if settings.near else ())):
                settings = _changed(settings, f"{kind}.{own}", value)
        elif name.startswith("near.") and settings.near is None:
            settings = _changed(dataclasses.replace(settings, near=settings.part), name, value)
        else:
            settings = _changed(settings, name, value)
    return settings


def read_prompts(changes: Sequence[str] | None) -> Mapping[str, str]:
    """Part -> words, of PART=WORDS. Raises ConfigurationError for anything else, and for a part that is given twice."""
    found: dict[str, str] = {}
    for change in changes or ():
        name, equals, words = (one.strip() for one in change.partition("="))
        words = words.strip("\"'").strip()
        if not equals or not name or not words:
            raise ConfigurationError('a part and its words as NAME="red leather seat"', came=change, where="--part")
        if name in found:
            raise ConfigurationError(f"the part {name!r} once", came=f"{found[name]} and {words}", where="--part")
        found[name] = words
    return found


def _changed_own(settings: PaintSettings, name: str, value: Any) -> PaintSettings:
    part, _, own = name.partition(".")[2].rpartition(".")
    if not part:
        raise ConfigurationError("a part and one of its settings, as own.seat.guidance_scale=20", came=repr(name),
                                 where="--set")
    held = dict(settings.own)
    held[part] = _changed(held.get(part, settings.part), own, value)
    return dataclasses.replace(settings, own=tuple(sorted(held.items(), key=lambda one: one[0])))


def _read(name: str, value: str) -> Any:
    import yaml

    try:
        found = None if value.lower() == "none" else yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigurationError(f"a value for the setting {name!r} that YAML can read", came=value,
                                 where=f"--set {name}", mend=f"It says: {error}.") from error
    return tuple(found) if isinstance(found, list) else found


def _changed(settings: Any, name: str, value: Any) -> Any:
    first, _, rest = name.partition(".")
    known = [one.name for one in dataclasses.fields(settings)]
    if first not in known or (rest and not dataclasses.is_dataclass(getattr(settings, first))):
        near = difflib.get_close_matches(first, known, 3, 0.5)
        raise ConfigurationError("a setting of a painting", came=repr(name), where="--set",
                                 mend=f"Did you mean {' or '.join(near)}?" if near else f"Known: {', '.join(known)}.")
    old = getattr(settings, first)
    if not rest and dataclasses.is_dataclass(old):
        inner = ", ".join(f"{first}.{one.name}" for one in dataclasses.fields(old))
        raise ConfigurationError(f"one of {inner}", came=repr(name), where="--set")
    new = _changed(old, rest, value) if rest else value
    if isinstance(old, float) and isinstance(new, int) and not isinstance(new, bool):
        new = float(new)
    if isinstance(old, tuple) and isinstance(new, str):
        new = (new,)
    fits = isinstance(new, type(old)) and not (isinstance(new, bool) and not isinstance(old, bool))
    if not fits and old is not None and new is not None:
        raise ConfigurationError(f"a value like {old!r}", came=repr(value), where=f"--set {name}")
    try:
        return dataclasses.replace(settings, **{first: new})
    except (TypeError, ValueError) as error:
        if isinstance(error, ConfigurationError):
            raise
        raise ConfigurationError(f"a value like {old!r}", came=repr(value), where=f"--set {name}",
                                 mend=f"It says: {error}.") from error
