"""Trust: a recording or a run folder names code to call; from somebody else, only code that ships here is called."""

from __future__ import annotations

import re
from collections.abc import Collection

from easel.errors import ConfigurationError
from easel.plugins import load


def check_named(value: str, *, rooms: Collection[str], where: str) -> None:
    """Refuse a "package.module:Name" that a file names from outside our rooms, before it is imported.

    rooms : packages of ours; where : of the name, in words
    Raises ConfigurationError for another package, for a path of attributes, which would reach what a module imports
    (os, subprocess), and for what one of our modules imported from elsewhere: the callable says where it is defined.
    """
    ours = re.compile(rf"({'|'.join(map(re.escape, rooms))})(\.[a-z][a-z_0-9]*)+:[A-Za-z][A-Za-z_0-9]*")
    if ours.fullmatch(value) and getattr(load(value), "__module__", "").split(".")[0] in rooms:
        return
    raise ConfigurationError(
        f"a callable of {' or '.join(rooms)}, since code that a file names would be run", came=value, where=where,
        mend="If you know its author and have read that code, say so: --trust-plugins, or trust_plugins=True.",
    )
