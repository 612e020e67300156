"""The judge: the same frozen model says why S+ beats S- (3DrawAgent, section 3.3: A_text from T, S+, S-, E)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from drawagent.experience import Library
from drawagent.language import write
from drawagent.queries import Query
from drawagent.rollout import Pair, Scored
from drawagent.settings import DrawSettings
from drawagent.sheets import contact_sheet_image
from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel, Image, Message, Sampling
from easel.errors import EaselError


class JudgementInvalid(EaselError, ValueError):
    """A judge's reply without usable words."""


@dataclass(frozen=True)
class Judgement:
    """The judge's words on one pair.

    advantage : why S+ beats S- ("" when the call failed: see failure, reason)
    order : which sketch was shown first, "S+ S-" or "S- S+"; reply_keys : requests behind it
    """

    pair: Pair
    advantage: str
    order: str
    failure: str = ""
    reason: str = ""
    reply_keys: tuple[str, ...] = ()

    def row(self) -> dict[str, Any]:
        return {
            "pair": self.pair.id, "query": self.pair.query, "epoch": self.pair.epoch,
            "better": self.pair.better.candidate.index, "worse": self.pair.worse.candidate.index,
            "gap": self.pair.gap, "noise": self.pair.noise, "order": self.order, "advantage": self.advantage,
            "failure": self.failure, "reason": self.reason, "reply_keys": list(self.reply_keys),
        }


class PairJudge(Protocol):
    """Made as `judge(model, settings)`, then called once a pair, from many threads."""

    def __call__(self, pair: Pair, group: Sequence[Scored], query: Query, library: Library) -> Judgement: ...


@dataclass(frozen=True)
class Judge:
    """Contrasts the two drawings; is told which one is preferred, and may be shown them in either order."""

    model: ChatModel
    settings: DrawSettings

    def __call__(self, pair: Pair, group: Sequence[Scored], query: Query, library: Library) -> Judgement:
        messages, order = self.messages(pair, group, query, library)
        answer = ask(
            self.model, messages, _words, site=CallSite("judge", query.id, pair.epoch, pair.rank),
            sampling=Sampling(
                temperature=self.settings.temperature, seed=self.settings.seed,
                max_tokens=self.settings.max_tokens, reasoning_effort=self.settings.reasoning_effort,
            ),
            repairs=1,
        )
        return Judgement(pair, answer.value or "", order, answer.failure, answer.reason, answer.reply_keys)

    def messages(
        self, pair: Pair, group: Sequence[Scored], query: Query, library: Library
    ) -> tuple[tuple[Message, ...], str]:
        """The exact messages and the order in which the two drawings stand in them."""
        plus_first = True
        if self.settings.shuffle_order:
            plus_first = random.Random(f"{self.settings.chance}/{pair.id}").random() < 0.5
        shown = (pair.better, pair.worse) if plus_first else (pair.worse, pair.better)
        prompt = load_prompt("drawagent", "judge", overlay=self.settings.prompt_overlay)
        messages = prompt.render(
            query=query.text, preferred="A" if plus_first else "B", other="B" if plus_first else "A",
            sketch_a=self._shown(shown[0]), sketch_b=self._shown(shown[1]),
            experience=library.text() or "(empty)",
        )
        return messages, "S+ S-" if plus_first else "S- S+"

    def _shown(self, scored: Scored) -> tuple[str | Image, ...]:
        sketch = scored.candidate.drawn
        parts: tuple[str | Image, ...] = (write(sketch),)
        if self.settings.judge_facts:
            from drawagent.geometry import facts

            parts += ("\nMeasured:\n" + facts(sketch).words(tuple(s.name for s in sketch.strokes)),)
        if self.settings.judge_pictures == "auto" and self.model.sees_images:
            parts += (contact_sheet_image(sketch, self.settings),)
        return parts


@dataclass(frozen=True)
class ScalarJudge(Judge):
    """Sees all drawings of the group with their rewards instead of one contrast (manner of training-free GRPO)."""

    def messages(
        self, pair: Pair, group: Sequence[Scored], query: Query, library: Library
    ) -> tuple[tuple[Message, ...], str]:
        rows = []
        for scored in group:
            sketch = scored.candidate.sketch
            body = write(sketch) if sketch else f"(failed: {scored.candidate.failure})"
            rows.append(f"### Drawing {scored.candidate.index}, score {scored.reward:.4f}\n{body}")
        prompt = load_prompt("drawagent", "judge_scalar", overlay=self.settings.prompt_overlay)
        messages = prompt.render(query=query.text, group="\n\n".join(rows), experience=library.text() or "(empty)")
        return messages, "by index"


def _words(text: str) -> str:
    words = text.strip()
    if len(words.split()) < 5:
        raise JudgementInvalid("at least one sentence on why one drawing is better", came=repr(words))
    return words[:6000]
