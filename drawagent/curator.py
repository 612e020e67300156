"""The curator: turns the judge's words into edits of the library (3DrawAgent, section 3.3: E <- Update(E, A_text))."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from drawagent.experience import Caps, Edit, Library, read_edits
from drawagent.judge import Judgement
from drawagent.queries import Query
from drawagent.settings import DrawSettings
from easel.asking import Answer, ask, load_prompt
from easel.chat import CallSite, ChatModel, Message, Sampling


def caps_of(settings: DrawSettings) -> Caps:
    return Caps(settings.max_lessons, settings.max_lesson_words, settings.refuse_format_lessons)


@dataclass(frozen=True)
class Curator:
    """Proposes edits from all judgements at hand: those of an epoch, or those of one query."""

    model: ChatModel
    settings: DrawSettings

    def __call__(
        self, judgements: Sequence[Judgement], queries: dict[str, Query], library: Library, *, epoch: int,
        query: str = "",
    ) -> Answer[tuple[Edit, ...]]:
        """The proposed edits, or a failure. One repair tells the model what could not be read."""
        pairs = tuple(judgement.pair.id for judgement in judgements)
        caps = caps_of(self.settings)
        return ask(
            self.model, self.messages(judgements, queries, library),
            lambda text: read_edits(text, library, pairs=pairs, caps=caps),
            site=CallSite("update", query, epoch),
            sampling=Sampling(
                temperature=self.settings.temperature, seed=self.settings.seed,
                max_tokens=self.settings.max_tokens, reasoning_effort=self.settings.reasoning_effort,
            ),
            repairs=1,
        )

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
