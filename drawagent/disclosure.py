"""Disclosure: what a file would give away: strings shaped like keys, and folders of a person's home (ours)."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from easel.errors import ConfigurationError
from easel.redaction import redact

_JSON_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_HOMES = re.compile(r"/(?:home|Users)/[^/\s\"'\\<>]+|(?<![\w.~])/root(?=/)|[A-Za-z]:\\{1,4}Users\\{1,4}[^\\\s\"'<>]+")


def disclosed(name: str, data: bytes) -> bytes:
    """What is written of one file. Raises ConfigurationError for a key, and for a home folder inside a record."""
    text = data.decode("utf-8", "surrogateescape")
    if (line := key_line(text)) is not None:
        raise ConfigurationError("nothing shaped like a key", came="one (not shown)", where=f"{name} line {line}",
                                 mend="Nothing was written. Take it out of the run, and revoke the key if it is one.")
    if name.endswith(".png") or home_line(text) is None:
        return data
    if name.startswith("runs/") and not name.endswith((".html", ".svg", ".ipynb")):
        raise ConfigurationError("no path into somebody's home", came="one", where=f"{name} line {home_line(text)}",
                                 mend="Nothing was written: a record cannot be changed and still replay.")
    clean = without_homes(text)
    if (line := home_line(clean)) is not None:
        raise ConfigurationError("no path into somebody's home", came="one in an escaped text",
                                 where=f"{name} line {line}", mend="Nothing was written. Take it out of the file.")
    return clean.encode("utf-8", "surrogateescape")


def key_line(text: str) -> int | None:
    """Number of the first line with something shaped like a key, None without any.

    A line is read as it stands, with the strings of JSON in it decoded (an escaped quote would hide a key), and with
    entities of HTML decoded.
    """
    return _first(text, lambda line: redact(line) != line)


def home_line(text: str) -> int | None:
    """Number of the first line with an absolute path into somebody's home."""
    return _first(text, lambda line: without_homes(line) != line)


def without_homes(text: str) -> str:
    """The text with `~` in place of home folders: this process's, and whatever looks like one on any system."""
    own = str(Path.home())
    if len(own) > 1:
        text = re.sub(re.escape(own) + r"(?![\w.-])", "~", text)
    return _HOMES.sub("~", text)


def _first(text: str, tells: Callable[[str], bool]) -> int | None:
    # Whole first: one pass over a clean text is all that most files need.
    if not tells(text) and "\\" not in text and "&" not in text:
        return None
    for number, line in enumerate(text.split("\n"), 1):
        if any(tells(reading) for reading in _readings(line)):
            return number
    return None


def _readings(line: str) -> Iterator[str]:
    yield line
    if "&" in line:
        yield html.unescape(line)
    if "\\" not in line:
        return
    for quoted in _JSON_STRING.findall(line):
        if "\\" not in quoted:
            continue
        try:
            yield from _readings(json.loads(quoted))
        except ValueError:
            continue
