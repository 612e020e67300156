"""Foreign SVG: read before it is drawn, so that it can take nothing from this machine (ours)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any
from xml.parsers import expat

from easel.errors import ConfigurationError

_INSIDE = re.compile(r"\s*(#|data:image/(png|jpeg|jpg|gif|webp)\s*[;,])", re.I)
"""What a link may be: an element of the same file, or a picture that it carries. No SVG inside: it has links again."""
_URL = re.compile(r"url\(\s*[\"']?\s*(?![\"'\s]*(#|data:))", re.I)
_CSS = re.compile(rf"@import|\\|{_URL.pattern}", re.I)
"""What a style sheet must not hold; a backslash can spell anything."""


@dataclass
class _Found:
    """elements : local names; sheet : words of the style sheet that is open; styles : how many are"""

    where: str
    elements: set[str] = field(default_factory=set)
    sheet: list[str] = field(default_factory=list)
    styles: int = 0

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        self.elements.add(_local(name))
        self.styles += _local(name) == "style"
        for attribute, value in attributes.items():
            # Any prefix may stand for XLink, and a renderer may take the attribute without one.
            if _local(attribute) in ("href", "src", "base") and not _INSIDE.match(value):
                raise self.abroad(value)
            if (_CSS if _local(attribute) == "style" else _URL).search(value):
                raise self.abroad(value)

    def text(self, words: str) -> None:
        if self.styles:
            self.sheet.append(words)

    def end(self, name: str) -> None:
        if _local(name) != "style":
            return
        self.styles -= 1
        if _CSS.search("".join(self.sheet)):
            raise self.abroad("in a style sheet")

    def abroad(self, came: str) -> ConfigurationError:
        return ConfigurationError("an SVG that carries its pictures", came=f"one that names other files: {came[:60]!r}",
                                  where=self.where)

    def declared(self, *said: Any) -> None:
        raise ConfigurationError("an SVG without declarations of its own", came="a DTD with entities or attributes",
                                 where=self.where)

    def instructed(self, target: str, data: str) -> None:
        raise ConfigurationError("an SVG without processing instructions", came=target[:60], where=self.where)

    def doctype(self, name: str, system: str | None, public: str | None, internal: bool) -> None:
        """A document type that is only named is passed over, here and by the renderer; many programs write one."""
        if internal:
            self.declared()


def read_elements(text: str, *, where: str) -> frozenset[str]:
    """Local names of the elements of an SVG.

    Raises ConfigurationError for one that does not parse, that declares entities, or that names anything but its own
    elements and the pictures that it carries (`data:`).
    """
    found = _Found(where)
    parser = expat.ParserCreate("utf-8")
    parser.StartElementHandler, parser.EndElementHandler = found.begin, found.end
    parser.CharacterDataHandler = found.text
    parser.StartDoctypeDeclHandler = found.doctype
    parser.EntityDeclHandler = parser.AttlistDeclHandler = found.declared
    parser.ProcessingInstructionHandler = found.instructed
    try:
        parser.Parse(text.encode("utf-8"), True)
    except (expat.ExpatError, UnicodeEncodeError) as error:
        raise ConfigurationError("an SVG that can be drawn", came=str(error), where=where) from error
    return frozenset(found.elements)


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()
