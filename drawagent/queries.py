"""Queries: frozen learn / gate / report lists, hashed, disjoint by category (paper silent on its splits; ours)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from easel.errors import ConfigurationError, shorten

Split = Literal["learn", "gate", "report"]
SPENT_CATEGORIES = frozenset({
    "drum",  # the worked example in prompts/draw.md
    "chair", "teapot", "airplane", "mug", "umbrella", "house", "fish", "car", "bed", "table", "floor lamp",
})
"""Categories of the worked example and of the drawings with which prompts were tuned: never a report category."""


class Query(BaseModel):
    """One text to draw.

    id : short slug, unique in its list; category : the noun it is about; length : "short" or "descriptive"
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    id: str = Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")
    text: str = Field(min_length=1, max_length=500)
    category: str = Field(min_length=1, max_length=60)
    length: Literal["short", "descriptive"] = "short"


class _QueryFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    source: str = Field(min_length=1, description="where the words come from")
    learn: tuple[Query, ...] = ()
    gate: tuple[Query, ...] = ()
    report: tuple[Query, ...] = ()


@dataclass(frozen=True)
class QueryLists:
    """The three lists of a run; `key` is the hash that a run's fingerprint carries."""

    learn: tuple[Query, ...] = ()
    gate: tuple[Query, ...] = ()
    report: tuple[Query, ...] = ()
    source: str = ""

    @property
    def key(self) -> str:
        splits = ("learn", "gate", "report")
        rows = [[split, q.id, q.text, q.category] for split in splits for q in getattr(self, split)]
        return hashlib.sha256(json.dumps(rows).encode()).hexdigest()

    def only(self, *, learn: int | None = None, gate: int | None = None, report: int | None = None) -> QueryLists:
        """The first so many of each list; None keeps all."""
        return QueryLists(self.learn[:learn], self.gate[:gate], self.report[:report], self.source)

_EXAMPLE = "For example: source: mine / learn: / - {id: stool, category: stool, text: a stool}"


def read_queries(path: Path) -> QueryLists:
    """Read and check a YAML file of queries. Raises ConfigurationError (place and mending) for anything wrong."""
    import yaml

    path = Path(path)
    try:
        data = yaml.safe_load(path.read_text("utf-8"))
        if not isinstance(data, dict):
            raise ConfigurationError("a YAML file with 'source' and lists 'learn', 'gate', 'report'",
                                     came="an empty file" if data is None else f"a {type(data).__name__}",
                                     where=path.name, mend=_EXAMPLE)
        file = _QueryFile.model_validate(data)
    except FileNotFoundError as error:
        raise ConfigurationError("a file of queries", came="no such file", where=str(path)) from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError("a readable file in UTF-8", came=shorten(str(error)), where=str(path)) from error
    except yaml.YAMLError as error:
        raise ConfigurationError("a YAML file", came=shorten(str(error)), where=str(path)) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            "lists 'learn', 'gate', 'report' of {id, text, category, length} and a 'source'",
            came=f"{first['msg']}" + ("" if first["type"] == "missing" else f": {shorten(str(first['input']), 60)}"),
            where=f"{path.name}, {'.'.join(map(str, first['loc'])) or 'top'}", mend=_EXAMPLE,
        ) from error
    lists = QueryLists(file.learn, file.gate, file.report, file.source)
    if not (lists.learn or lists.gate or lists.report):
        raise ConfigurationError("at least one query", came="none", where=path.name, mend=_EXAMPLE)
    check_splits(lists)
    return lists


def check_splits(lists: QueryLists, *, spent: Iterable[str] = SPENT_CATEGORIES) -> None:
    """Refuse lists that overlap by id, text or category, or that report on a spent category (see `category_key`).

    Raises ConfigurationError naming the two queries.
    """
    splits: dict[str, Sequence[Query]] = {"learn": lists.learn, "gate": lists.gate, "report": lists.report}
    seen: dict[str, tuple[str, str]] = {}
    ids: set[str] = set()
    for split, queries in splits.items():
        for query in queries:
            if query.id in ids:
                raise ConfigurationError("every id once", came=f"'{query.id}' twice", where=split)
            ids.add(query.id)
            shown = {category_key(query.text): query.text, category_key(query.category): query.category}
            for key, word in shown.items():
                other, owner = seen.setdefault(key, (split, query.id))
                if other != split:
                    raise ConfigurationError(
                        "learn, gate and report disjoint by category",
                        came=f"'{word}' in {other} ('{owner}') and in {split} ('{query.id}')", where=split,
                        mend="Move one of them, so that what is learned is not what is reported.",
                    )
    used = {category_key(word) for word in spent}
    for query in lists.report:
        if used & {category_key(query.category), category_key(query.text)}:
            raise ConfigurationError(
                "report categories that no prompt was tuned with", came=f"'{query.category}'",
                where=f"report, '{query.id}'",
                mend="It stands in the worked example or in drawings used for tuning: report on another category.",
            )


_ARTICLES = frozenset({"a", "an", "the"})
_SPELLINGS = {"aeroplane": "airplane", "plane": "airplane", "automobile": "car", "sailingboat": "sailboat"}


def category_key(category: str) -> str:
    """What two names of one category have in common: "Chairs", " a chair" and "chair" are one, "floor-lamp" and
    "floor lamps" too. Case, articles, spaces, hyphens, a plural of the last word and a few spellings are left aside.
    It is only compared, never shown; two names that agree by chance are refused rather than let through.
    """
    words = [word for word in re.split(r"[\W_]+", category.casefold()) if word]
    words = [word for word in words if word not in _ARTICLES] or words
    key = "".join([*words[:-1], _stem(words[-1])]) if words else ""
    return _SPELLINGS.get(key, key)


def _stem(word: str) -> str:
    """Singular and plural meet here: shelf, shelves; box, boxes; cherry, cherries; bus, buses; knife, knives."""
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending, short in (("ie", "y"), ("ve", "f"), ("fe", "f")):
        if len(word) > 4 and word.endswith(ending):
            return word[: -len(ending)] + short
    if word.endswith(("se", "xe", "ze", "che", "she")):
        return word[:-1]
    return word


_IRREGULAR = {"people": "person", "men": "man", "women": "woman", "mice": "mous", "feet": "foot", "leaves": "leaf"}
