"""The artist: one prompt, one reply, one sketch (3DrawAgent, section 3.1)."""

from __future__ import annotations

from dataclasses import dataclass

from drawagent.experience import Library
from drawagent.language import ParsedSketch, parse, write
from drawagent.queries import Query
from drawagent.rollout import Candidate
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from easel.asking import ask, load_prompt
from easel.chat import CallSite, ChatModel, Image, Message, Sampling


@dataclass(frozen=True)
class Reference:
    """A known drawing of a learn query: as text and, for models that see, as a picture ("with GT reference")."""

    sketch: Sketch
    picture: Image | None = None


@dataclass(frozen=True)
class Artist:
    """Draws a query with the library in the context.

    model : the frozen language model; settings : temperature, seed, strokes asked, repairs
    """

    model: ChatModel
    settings: DrawSettings

    def messages(self, query: Query, library: Library, *, reference: Reference | None = None) -> tuple[Message, ...]:
        """The exact messages: base prompt, the experience segment when there is one, the query."""
        overlay = self.settings.prompt_overlay
        fewest, most = self.settings.strokes_asked
        experience = ""
        if len(library):
            prompt = load_prompt("drawagent", "experience", overlay=overlay)
            experience = prompt.segment(lessons=library.text()) + "\n\n"
        shown: tuple[str | Image, ...] = ("",)
        if reference is not None:
            words = load_prompt("drawagent", "reference", overlay=overlay).segment(sketch=write(reference.sketch))
            shown = (words + "\n\n",)
            if reference.picture is not None and self.model.sees_images:
                shown += (reference.picture,)
        prompt = load_prompt("drawagent", "draw", overlay=overlay)
        return prompt.render(
            experience=experience, reference=shown, query=query.text,
            fewest_strokes=str(fewest), most_strokes=str(most),
        )

    def draw(
        self,
        query: Query,
        library: Library,
        *,
        epoch: int,
        index: int = 0,
        replica: int | None = None,
        role: str = "artist",
        temperature: float | None,
        reference: Reference | None = None,
    ) -> Candidate:
        """One candidate; a reply that cannot be read, or no reply, is a candidate with a failure.

        index : k of K
        replica : which of several identical calls this is, and what is added to the base seed; `index` by default.
            Practice gives every epoch replicas of its own, so that an unchanged library is still drawn afresh.
        """
        settings = self.settings
        replica = index if replica is None else replica
        sampling = Sampling(
            temperature=temperature,
            seed=None if settings.seed is None else settings.seed + replica,
            max_tokens=settings.max_tokens,
            reasoning_effort=settings.reasoning_effort,
        )
        answer = ask(
            self.model, self.messages(query, library, reference=reference), self._read,
            site=CallSite(role, query.id, epoch, index), sampling=sampling, replica=replica, repairs=settings.repairs,
        )
        read = answer.value
        return Candidate(
            query.id, epoch, index, read.sketch if read else None, answer.text,
            failure=answer.failure, reason=answer.reason, forgiven=read.forgiven if read else (),
            repaired=answer.repaired, reply_keys=answer.reply_keys, thinking=read.thinking if read else "",
        )

    def _read(self, text: str) -> ParsedSketch:
        return parse(text, mode=self.settings.parse_mode)
