"""The curator: turns the judge's words into edits of the library (3DrawAgent, section 3.3: E <- Update(E, A_text))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from drawagent.experience import Caps, Edit, Library, read_edits
from drawagent.judge import Judgement
from drawagent.queries import Query
from drawagent.settings import DrawSettings
from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel, Message, Sampling


def caps_of(settings: DrawSettings) -> Caps:
    return Caps(settings.max_lessons, settings.max_lesson_words, settings.refuse_format_lessons)


@dataclass(frozen=True)
class Proposal:
    """What an update wants to change.

    edits : in order; None when it failed, for which failure (a word) and reason (a sentence) then speak
    reply_keys : requests behind it, () for an update that asks no model
    """

    edits: tuple[Edit, ...] | None
    failure: str = ""
    reason: str = ""
    reply_keys: tuple[str, ...] = ()


class LibraryUpdate(Protocol):
    """Made as `update(model, settings)`; called once an epoch, or once a query under `update_order="query"`.

    Which edits enter is not its say: caps, a person's review and the gate come after.
    """

    def __call__(
        self, judgements: Sequence[Judgement], queries: dict[str, Query], library: Library, *, epoch: int,
        query: str = "",
    ) -> Proposal: ...


@dataclass(frozen=True)
class Curator:
    """Proposes edits from all judgements at hand: those of an epoch, or those of one query."""

    model: ChatModel
    settings: DrawSettings

    def __call__(
        self, judgements: Sequence[Judgement], queries: dict[str, Query], library: Library, *, epoch: int,
        query: str = "",
    ) -> Proposal:
        """The proposed edits, or a failure. One repair tells the model what could not be read."""
        pairs = tuple(judgement.pair.id for judgement in judgements)
        caps = caps_of(self.settings)
        answer = ask(
            self.model, self.messages(judgements, queries, library),
            lambda text: read_edits(text, library, pairs=pairs, caps=caps),
            site=CallSite("update", query, epoch),
            sampling=Sampling(
                temperature=self.settings.temperature, seed=self.settings.seed,
                max_tokens=self.settings.max_tokens, reasoning_effort=self.settings.reasoning_effort,
            ),
            repairs=1,
        )
        return Proposal(answer.value, answer.failure, answer.reason, answer.reply_keys)

    def messages(
        self, judgements: Sequence[Judgement], queries: dict[str, Query], library: Library
    ) -> tuple[Message, ...]:
        analyses = "\n\n".join(
            f"### Pair {j.pair.id}, query \"{queries[j.pair.query].text}\"\n{j.advantage}" for j in judgements
        )
        rules = []
        if self.settings.max_lessons:
            rules.append(f"- At most {self.settings.max_lessons} lessons in all.")
        if self.settings.max_lesson_words:
            rules.append(f"- A lesson has at most {self.settings.max_lesson_words} words.")
        if self.settings.refuse_format_lessons:
            rules.append("- No advice on the format of the reply: another program takes care of it.")
        return load_prompt("drawagent", "update", overlay=self.settings.prompt_overlay).render(
            library=library.text(with_ids=True) or "(empty)", analyses=analyses, rules="\n".join(rules),
        )
