"""Trust: a recording or a run folder names code to call; from somebody else, only code that ships here is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from drawagent.settings import DrawSettings
from easel.errors import ConfigurationError
from easel.plugins import load

# One public name of a public module: a path of attributes would reach what a module imports (os, subprocess).
_OURS = re.compile(r"(drawagent|easel)(\.[a-z][a-z_0-9]*)+:[A-Za-z][A-Za-z_0-9]*")
_WEIGHTS = re.compile(r"[\w.-]+/[\w.-]+")
POLICIES = ("renderer", "pairing", "judge", "update", "gate", "control")
"""The settings that name a callable."""


def check_plugins(settings: DrawSettings, *, where: str, names: tuple[str, ...] = POLICIES) -> None:
    """Refuse settings of a file that name a callable from outside drawagent and easel, before it is imported.

    names : the settings that will be called
    Raises ConfigurationError naming the setting.
    """
    for name in names:
        if value := getattr(settings, name):
            _check(value, f"{where}, {name}")


def check_scorers(scorers: Mapping[str, str], *, where: str) -> None:
    """The same for scorers: embedded:*, MODEL/PRETRAINED by tag, or a class of ours; no folder and no weight file."""
    for role, value in scorers.items():
        if value.startswith("embedded:") or (_WEIGHTS.fullmatch(value) and not Path(value).exists()):
            continue
        _check(value, f"{where}, scorer {role}")


def _check(value: str, where: str) -> None:
    # A name that one of our modules imported from elsewhere is not ours: the callable says where it is defined.
    if _OURS.fullmatch(value) and getattr(load(value), "__module__", "").split(".")[0] in ("drawagent", "easel"):
        return
    raise ConfigurationError(
        "a callable of drawagent or easel, since code that a file names would be run", came=value, where=where,
        mend="If you know its author and have read that code, say so: --trust-plugins, or trust_plugins=True.",
    )
