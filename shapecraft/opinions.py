"""Opinions: an Evaluator's reply becomes a score, feedback and fixes; what cannot be read is never a low score.

Asked for is one JSON object {"checks": [{"item", "met"}], "score", "feedback", "fixes": [{"component", "feedback"}]}.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from easel.errors import EaselError, shorten
from shapecraft.reply_json import last_object

LONGEST = 4000
"""Characters of feedback that are kept (ours): the Coder's context is bounded."""
_SCORE = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*(?:/\s*10|out of 10)?\s*")
_NUMBER = re.compile(r"[0-9]{1,3}(?:\.0)?")


class OpinionInvalid(EaselError, ValueError):
    """An Evaluator's reply without a readable score or feedback."""


class Check(BaseModel):
    """One item of the checklist: its number from 1, and whether it is met."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    item: int = Field(ge=1)
    met: bool


class Fix(BaseModel):
    """A part that should change, and how."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    component: str = Field(min_length=1)
    feedback: str = Field(min_length=1, max_length=LONGEST)


class Opinion(BaseModel):
    """score : 0 to 10, to a tenth; met, unmet : items of the checklist by number"""

    model_config = ConfigDict(extra="forbid", frozen=True)

    score: float = Field(ge=0, le=10)
    feedback: str = Field(min_length=1, max_length=LONGEST)
    checks: tuple[Check, ...] = ()
    fixes: tuple[Fix, ...] = ()

    @property
    def unmet(self) -> tuple[int, ...]:
        return tuple(check.item for check in self.checks if not check.met)


@dataclass(frozen=True)
class Judgement:
    """An opinion, or a failure with its reason. sheet : identity of the picture that was shown, "" without one"""

    opinion: Opinion | None
    failure: str = ""
    reason: str = ""
    reply_keys: tuple[str, ...] = ()
    sheet: str = ""
    png: bytes = field(default=b"", repr=False, compare=False)

    @property
    def score(self) -> float | None:
        return None if self.opinion is None else self.opinion.score

    @property
    def feedback(self) -> str:
        return "" if self.opinion is None else self.opinion.feedback

    def row(self) -> dict[str, Any]:
        return {
            "score": self.score, "feedback": self.feedback,
            "checks": [] if self.opinion is None else [check.model_dump() for check in self.opinion.checks],
            "fixes": [] if self.opinion is None else [fix.model_dump() for fix in self.opinion.fixes],
            "failure": self.failure, "reason": self.reason, "reply_keys": list(self.reply_keys), "sheet": self.sheet,
        }


def read_opinion(text: str, *, checklist: int = 0, components: Sequence[str] = ()) -> Opinion:
    """The opinion in a reply: JSON in a fence or bare, words around it; of several objects with a score the last.

    checklist : items that must be answered, each once; components : names that fixes may name
    Raises OpinionInvalid, whose message is what the model is told.
    """
    found = last_object(text, ("score",), OpinionInvalid, 'one JSON object {"score": ..., "feedback": ...}')
    where = "the reply's JSON"
    score = found.get("score")
    if isinstance(score, str) and (match := _SCORE.fullmatch(score)):
        score = float(match[1])
    if isinstance(score, bool) or not isinstance(score, int | float) or not (math.isfinite(score) and 0 <= score <= 10):
        raise OpinionInvalid('"score": a number from 0 to 10', came=shorten(repr(found.get("score")), 60), where=where)
    feedback = found.get("feedback")
    if isinstance(feedback, list):
        feedback = "\n".join(f"- {one}" for one in feedback if isinstance(one, str))
    if not isinstance(feedback, str) or not feedback.strip():
        raise OpinionInvalid('"feedback": words', came=shorten(repr(feedback), 60), where=where)
    checks = _checks(found.get("checks"), checklist, where)
    fixes = _fixes(found.get("fixes"), components, where)
    try:
        return Opinion(score=round(float(score), 1), feedback=feedback.strip()[:LONGEST], checks=checks, fixes=fixes)
    except ValidationError as error:
        raise OpinionInvalid("an opinion", came=shorten(error.errors()[0]["msg"]), where=where) from None


def _checks(raw: Any, count: int, where: str) -> tuple[Check, ...]:
    if not count:
        return ()
    if isinstance(raw, dict):
        raw = [{"item": key, "met": met} for key, met in raw.items()]
    if not isinstance(raw, list):
        raise OpinionInvalid(f'"checks": one answer for each of the {count} items', came=shorten(repr(raw), 60),
                             where=where)
    answers: dict[int, bool] = {}
    for place, one in enumerate(raw, 1):
        item, met = (one.get("item", place), one.get("met")) if isinstance(one, dict) else (place, one)
        number = int(float(item)) if _NUMBER.fullmatch(str(item).strip()) else 0
        if isinstance(met, str):
            met = {"yes": True, "true": True, "no": False, "false": False}.get(met.strip().lower())
        if not 1 <= number <= count or not isinstance(met, bool) or number in answers:
            raise OpinionInvalid(f'checks such as {{"item": 1, "met": true}}, items 1 to {count}, each once',
                                 came=shorten(repr(one), 60), where=where)
        answers[number] = met
    if missing := [number for number in range(1, count + 1) if number not in answers]:
        raise OpinionInvalid(f"an answer for each of the {count} items", came=f"none for {missing}", where=where)
    return tuple(Check(item=number, met=answers[number]) for number in sorted(answers))


def _fixes(raw: Any, components: Sequence[str], where: str) -> tuple[Fix, ...]:
    """One a component, in the order of the components; several for one are joined."""
    if not components or not raw:
        return ()
    if not isinstance(raw, list):
        raise OpinionInvalid('"fixes": a list', came=shorten(repr(raw), 60), where=where)
    told: dict[str, list[str]] = {}
    for one in raw:
        name, words = (one.get("component"), one.get("feedback")) if isinstance(one, dict) else (None, None)
        if name not in components or not isinstance(words, str) or not words.strip():
            raise OpinionInvalid(f'fixes such as {{"component": "{components[0]}", "feedback": "..."}}, of '
                                 f'{", ".join(components)}', came=shorten(repr(one), 80), where=where)
        told.setdefault(str(name), []).append(words.strip())
    return tuple(Fix(component=name, feedback="\n".join(told[name])[:LONGEST]) for name in components if name in told)
