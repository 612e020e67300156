"""Policies: the named callables of a run, checked before a folder is made or anything is paid for."""

from __future__ import annotations

import inspect

from drawagent.queries import QueryLists
from drawagent.settings import DrawSettings
from easel.errors import ConfigurationError
from easel.plugins import load


def check_policies(settings: DrawSettings) -> None:
    """Refuse a policy that cannot be found, or cannot be called as it will be. Raises ConfigurationError naming it."""
    _check(settings.pairing, "scored", seed="")
    _check(settings.judge, "model", "settings")
    _check(settings.update, "model", "settings")
    if settings.gate:
        _check(settings.gate, "before", "after", margin=0.0)
    if settings.control:
        _check(settings.control, "library", seed="")


def check_gate(lists: QueryLists, settings: DrawSettings) -> None:
    """Refuse lists of a practice with nothing to learn from or to report, and a gate without a query to hold it on."""
    if not (lists.learn or lists.report):
        raise ConfigurationError("at least one learn or report query", came="none", where="queries")
    if settings.gate and not lists.gate:
        raise ConfigurationError(
            "gate queries, since the settings name a gate", came="an empty list", where="queries, gate",
            mend="Add gate queries, or set gate to none (--set gate=none).",
        )


def _check(path: str, *arguments: str, **named: object) -> None:
    taken = inspect.signature(load(path))
    try:
        taken.bind(*arguments, **named)
    except TypeError as error:
        raise ConfigurationError(
            f"a callable that takes ({', '.join([*arguments, *(f'{name}=' for name in named)])})",
            came=f"{taken}: {error}", where=path,
        ) from error
