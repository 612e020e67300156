"""Appearance: what the whole and every component look like, in words to paint by (ShapeCraft, step 5).

The paper distils component i against "its description n_i"; that one is full of dimensions. Here a component's prompt
is its material in words, without what is measured, and its name as a noun: "glossy red leather seat".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from easel.errors import ConfigurationError

if TYPE_CHECKING:
    from easel.embedded_clip import Words
    from shapecraft.graph import ShapeGraph

_NUMBER = r"\d[\d./]{0,9}(?:\s+\d+/\d+)?"
_SAID = r"(?:thick|wide|high|tall|long|deep|across|in diameter|diameter|radius|wall)\b"
_UNIT = (r"(?:(?:mm|cm|dm|m|inch(?:es)?|ft|millimet\w+|centimet\w+|met(?:re|er)s?|kg|g)\b"
         rf"|in\b\.?(?=[\s-]*(?:{_SAID}|(?:x|by|to)\s*\d|$|[,;)])))")
"""`in` is a unit where a measure goes on or ends; in "steel 304 in a brushed finish" and "2 in 1" it is none."""
_MEASURE = re.compile(
    rf"(?:(?:about|approx(?:imately)?\.?|ca\.?|roughly)\s+)?(?:diameter|radius|thickness|width|height|depth|length)?\s*"
    rf"{_NUMBER}(?:\s*-?{_UNIT})?(?:\s*(?:x|by|to|-)\s*{_NUMBER}(?:\s*-?{_UNIT})?){{0,3}}\s*-?{_UNIT}(?:[\s-]*{_SAID})?",
    re.I)
_CLAUSE = re.compile(r"\s*[,;:(]|\s+with\s", re.I)
_TOKEN = re.compile(r"[^\W_]+")
_TOLD = 3  # parts that tell of the whole where nothing else can
_IDLE = frozenset(["a", "an", "the", "of", "with", "and", "in", "on", "from", "made", "by", "at", "to"])
"""Words that mean nothing when they stand alone."""


@dataclass(frozen=True)
class Kept:
    """text : what is left of a prompt; dropped, replaced : words that are gone, and (word, known form) pairs"""

    text: str
    dropped: tuple[str, ...] = ()
    replaced: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class PartPrompt:
    """name : of the component; text : its prompt, "" where nothing of it can be said to the model
    source : "material" (its material and its name), "name" (it has no material in words) or "user"
    kept : what a closed vocabulary made of it, None where every word is known or none is closed
    """

    name: str
    text: str
    source: Literal["material", "name", "user"] = "user"
    kept: Kept | None = None


@dataclass(frozen=True)
class Appearance:
    """whole : the prompt of the object; parts : one a part of the mesh, in its order; whole_kept : as `PartPrompt.kept`

    Raises ConfigurationError for an empty whole and for a name that stands twice.
    """

    whole: str
    parts: tuple[PartPrompt, ...]
    whole_kept: Kept | None = None

    def __post_init__(self) -> None:
        if not self.whole.strip():
            raise ConfigurationError("a prompt for the whole object", came=repr(self.whole), where="Appearance")
        names = [one.name for one in self.parts]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ConfigurationError("every part once", came=f"{', '.join(twice)} more than once", where="Appearance")

    @property
    def texts(self) -> tuple[str, ...]:
        """Prompts of the parts, in order."""
        return tuple(one.text for one in self.parts)

    def within(self, words: Words | None, *, unknown: Literal["refuse", "drop"] = "refuse") -> Appearance:
        """The prompts as a model may hear them. words : its closed vocabulary, None where it has none

        unknown : "refuse" raises ConfigurationError that names the words, where they stand and the nearest known ones;
            "drop" leaves them out and notes it. A part of which no word is left gets no prompt of its own; a whole of
            which none is left is told by its first parts ("red paint seat and oak legs"), and that is noted.
        Raises ConfigurationError where nothing at all is left.
        """
        if unknown not in ("refuse", "drop"):
            raise ConfigurationError('"refuse" or "drop"', came=repr(unknown), where="unknown words")
        if words is None:
            return self
        if unknown == "refuse":
            _refuse(words, [("the whole", self.whole), *((one.name, one.text) for one in self.parts)])
            return self
        whole, parts = known_words(self.whole, words.known), tuple(_within(one, words) for one in self.parts)
        text = whole.text or " and ".join([one.text.split(",")[0] for one in parts if one.text][:_TOLD])
        if not text:
            raise ConfigurationError(f"words of the whole that the {words.name} model knows", came=self.whole,
                                     where="the prompt of the whole", mend="Say it in other words (--prompt).")
        return Appearance(text, parts, _told(whole))

    def replacing(self, prompts: Mapping[str, str], *, whole: str | None = None) -> Appearance:
        """With other prompts for these parts. Raises ConfigurationError for an unknown part and an empty prompt."""
        names = [one.name for one in self.parts]
        for name, text in prompts.items():
            if name not in names:
                raise ConfigurationError(f"a part: {', '.join(names)}", came=name, where="a part's prompt")
            if not text.strip():
                raise ConfigurationError("words", came=repr(text), where=f"the prompt of {name}")
        parts = tuple(PartPrompt(one.name, _spaced(prompts[one.name])) if one.name in prompts else one
                      for one in self.parts)
        return replace(self, whole=self.whole if whole is None else _spaced(whole), parts=parts)

    def words(self) -> list[str]:
        """Lines for people: every prompt, where it comes from, what was left out."""
        said = "" if self.whole_kept is None or self.whole_kept.text else ", after its parts"
        lines = [f'the whole: "{self.whole}"{said}{_said(self.whole_kept)}']
        for one in self.parts:
            source = ", no material in words: its name alone" if one.source == "name" else ""
            text = f'"{one.text}"' if one.text else "no prompt of its own, painted with the whole alone"
            lines.append(f"{one.name}: {text}{source}{_said(one.kept)}")
        return lines

    def row(self) -> dict[str, Any]:
        """For prompts.json."""
        def kept(one: Kept | None) -> dict[str, Any]:
            return {} if one is None else {"dropped": list(one.dropped), "replaced": dict(one.replaced)}

        return {"whole": {"prompt": self.whole, **kept(self.whole_kept)},
                "parts": {one.name: {"prompt": one.text, "source": one.source, **kept(one.kept)}
                          for one in self.parts}}


def appearance_of(
    graph: ShapeGraph, names: Sequence[str] | None = None, *, prompt: str | None = None,
    prompts: Mapping[str, str] | None = None,
) -> Appearance:
    """What an object is painted by.

    names : parts of the mesh, in its order; None: the graph's
    prompt : of the whole; None: the object's words. prompts : component -> words, instead of those from its material
    Raises ConfigurationError for a part that the graph does not have, and as `Appearance.replacing`.
    """
    if prompt is not None and not prompt.strip():
        raise ConfigurationError("a prompt for the whole object", came=repr(prompt), where="appearance_of")
    parts = []
    for name in graph.names if names is None else names:
        if name not in graph.names:
            raise ConfigurationError(f"a part of the graph ({', '.join(graph.names)})", came=name,
                                     where="appearance_of")
        text = part_prompt(name, graph[name].material)
        parts.append(PartPrompt(name, text, "material" if plain_material(graph[name].material) else "name"))
    made = Appearance(_spaced(prompt if prompt is not None else graph.object), tuple(parts))
    return made.replacing(prompts or {})


def part_prompt(name: str, material: str) -> str:
    """ "oak, satin varnish" and "front_legs" -> "oak front legs, satin varnish"; the name alone without a material."""
    noun, said = noun_of(name), plain_material(material)
    if not said:
        return noun
    cut = _CLAUSE.search(said)
    first, rest = (said[:cut.start()], said[cut.start():]) if cut else (said, "")
    if first.lower().split()[-1:] == noun.split()[-1:]:  # "clear glass" of the glass
        return said
    return f"{first} {noun}{rest}"


def noun_of(name: str) -> str:
    """A component's name as people say it: "drawer_2" -> "drawer"."""
    return re.sub(r"[\s\d]+$", "", name.replace("_", " ")).strip() or name


def plain_material(material: str) -> str:
    """A material in words without what is measured: "oak, 2 cm thick, oiled" -> "oak, oiled"."""
    return _tidy(_MEASURE.sub("", material))


def known_words(prompt: str, words: Iterable[str]) -> Kept:
    """The words of a prompt that a closed vocabulary has; a word counts too in its plural or singular, and with or
    without -ed, -en, -y. A later clause of which more goes than stays goes as a whole. Punctuation stays."""
    known = frozenset(words)
    dropped: list[str] = []
    replaced: dict[str, str] = {}
    clauses = []
    for number, clause in enumerate(re.split(r"(?<=[,;])", prompt)):
        tokens = _TOKEN.findall(clause)
        forms = {token: _form(token.lower(), known) for token in tokens}
        lost = [token for token in tokens if not forms[token]]
        if number and 2 * len(lost) > len(tokens):
            dropped += [token.lower() for token in tokens]
            continue
        dropped += [token.lower() for token in lost]
        replaced.update((token.lower(), form) for token, form in forms.items() if form and form != token.lower())
        clauses.append(_TOKEN.sub(lambda match, forms=forms: forms[match.group()], clause))
    text = _tidy("".join(clauses))
    if not set(_TOKEN.findall(text)) - _IDLE:
        text, dropped, replaced = "", [one.lower() for one in _TOKEN.findall(prompt)], {}
    return Kept(text, tuple(dict.fromkeys(dropped)), tuple(replaced.items()))


def _form(word: str, known: frozenset[str]) -> str:
    """The known word that this one is a form of; "" where there is none."""
    stem = re.sub(r"(?:ed|en|y)$", "", word)
    stems = [word, re.sub(r"s$", "", word), re.sub(r"es$", "", word), stem,
             re.sub(r"(.)\1$", r"\1", stem), f"{stem}e"]
    endings = ("", "s", "es", "ed", "d", "en", "y")
    tried = [word, *(one for one in stems[1:] if len(one) > 2), *(f"{word}{ending}" for ending in endings)]
    return next((one for one in tried if one in known), "")


def _tidy(text: str) -> str:
    """Spaces and commas as one writes them; nothing hangs on at the ends."""
    clauses = [_spaced(re.sub(r"(?<!\w)-+|-+(?!\w)", " ", clause)) for clause in re.split(r"[,;]", text)]
    clauses = [re.sub(r"\(\s*\)", "", clause).strip() for clause in clauses]
    hanging = "|".join(sorted(_IDLE - {"a", "an", "the", "made"}))
    for empty in (rf"\b(?:a|an|the)\s+(?=(?:{hanging})\b)", rf"^(?:(?:{hanging})\s+)+", rf"(?:\s+(?:{hanging}))+$"):
        clauses = [re.sub(empty, "", clause, flags=re.I) for clause in clauses]
    return ", ".join(clause for clause in clauses if set(_TOKEN.findall(clause.lower())) - _IDLE)


def _spaced(text: str) -> str:
    return " ".join(text.split())


def _refuse(words: Words, prompts: Sequence[tuple[str, str]]) -> None:
    """Raises ConfigurationError for all prompts with unknown words at once. prompts : (of what, text) pairs"""
    faults = []
    for where, text in prompts:
        try:
            words.check(text)
        except ConfigurationError as error:
            faults.append((f"{where}, {text!r}", error))
    if not faults:
        return
    first = faults[0][1]
    also = "".join(f" Nor does it know {error.came} (at the prompt of {where})." for where, error in faults[1:])
    nearest = first.mend.split("Rephrase")[0].rstrip()
    raise ConfigurationError(
        first.expected, came=first.came, where=f"the prompt of {faults[0][0]}",
        mend=f"{nearest}{also} Rephrase (--prompt, --part), use {words.instead}, or leave unknown words out "
             "(--unknown-words drop).".strip())


def _within(one: PartPrompt, words: Words) -> PartPrompt:
    kept = known_words(one.text, words.known)
    return replace(one, text=kept.text, kept=_told(kept))


def _told(kept: Kept) -> Kept | None:
    return kept if kept.dropped or kept.replaced else None


def _said(kept: Kept | None) -> str:
    if kept is None:
        return ""
    said = [f"left out, not known to the model: {', '.join(kept.dropped)}"] if kept.dropped else []
    said += [f"{', '.join(f'{new} for {old}' for old, new in kept.replaced)}"] if kept.replaced else []
    return f" ({'; '.join(said)})"
