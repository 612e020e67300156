"""Trust: a recording or a run folder names code to call; from somebody else, only code that ships here is called."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from drawagent.settings import DrawSettings
from easel.trust import check_named

ROOMS = ("drawagent", "easel")
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
            check_named(value, rooms=ROOMS, where=f"{where}, {name}")


def check_scorers(scorers: Mapping[str, str], *, where: str) -> None:
    """The same for scorers: embedded:*, MODEL/PRETRAINED by tag, or a class of ours; no folder and no weight file."""
    for role, value in scorers.items():
        if value.startswith("embedded:") or (_WEIGHTS.fullmatch(value) and not Path(value).exists()):
            continue
        check_named(value, rooms=ROOMS, where=f"{where}, scorer {role}")
