"""Planning: the calls that a practice will make, before any is made; for estimates of tokens and dollars."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from drawagent.artist import Artist
from drawagent.curator import Curator
from drawagent.experience import Library
from drawagent.judge import Judge, Judgement
from drawagent.queries import Query, QueryLists
from drawagent.rollout import Candidate, Pair, Scored
from drawagent.settings import MOST_CANDIDATES, DrawSettings
from drawagent.sketch import Sketch
from easel.chat import CallSite, ChatModel, ChatRequest, Sampling
from easel.plugins import load

_LESSON = "Draw the parts that carry the object's name first, in believable proportion, and let their strokes meet."
_WORDS = "Because every essential part stands where it belongs, and strokes of one part share their end points. " * 8


def planned_calls(
    lists: QueryLists, settings: DrawSettings, model: ChatModel, *, library: Library = Library()
) -> Iterator[ChatRequest]:
    """One request for every call of a whole practice with its report, none of it sent.

    library : what practice begins with. Draws with it (artist, gate-before and report of epoch 0) are the very
    requests that will be made, unless a control or references change them.
    Repairs, retries, and skipped pairs are not foreseen. Drawings and lessons that do not exist yet are taken to be of
    usual length: 24 strokes; 8 lessons of 18 words from the second epoch on. The gate's "before" is the last "after".
    """
    artist = Artist(model, settings)
    drawn = Sketch.from_array(np.random.default_rng(0).uniform(-1, 1, (24, 4, 3)).round(2))
    some = Library.of_tips([_LESSON] * 8)
    pairs = min(2, settings.candidates // 2) if settings.pairing.endswith(":top2_bottom2") else 1
    judge = load(settings.judge)(model, settings)
    update = load(settings.update)(model, settings)
    # A judge or update of somebody else's need not tell its messages: they are taken to be as long as ours.
    judge = judge if hasattr(judge, "messages") else Judge(model, settings)
    update = update if hasattr(update, "messages") else Curator(model, settings)

    def draws(queries: tuple[Query, ...], role: str, epoch: int, count: int) -> Iterator[ChatRequest]:
        practised = settings.first_replica + (epoch * MOST_CANDIDATES if role == "artist" else 0)
        for query in queries:
            messages = artist.messages(query, some if epoch else library)
            for k in range(count):
                replica = k if role == "report" else practised + k
                yield _request(model, settings, messages, CallSite(role, query.id, epoch, k), replica)

    def group(query: Query, epoch: int) -> tuple[Scored, ...]:
        return tuple(
            Scored(Candidate(query.id, epoch, k, drawn, ""), (0.3 - k / 1000,) * settings.views)
            for k in range(max(2, settings.candidates))
        )

    for epoch in range(settings.epochs):
        known_lessons = some if epoch else library
        yield from draws(lists.learn, "artist", epoch, settings.candidates)
        judged = []
        for query in lists.learn:
            for rank in range(pairs):
                scored = group(query, epoch)
                chosen = Pair(query.id, epoch, scored[0], scored[-1], rank)
                messages, _ = judge.messages(chosen, scored, query, known_lessons)
                judged.append(Judgement(chosen, _WORDS, "S+ S-"))
                yield _request(model, settings, messages, CallSite("judge", query.id, epoch, rank))
        known = {query.id: query for query in lists.learn}
        together = [judged] if judged else []
        if settings.update_order == "query":
            together = [found for q in lists.learn if (found := [j for j in judged if j.pair.query == q.id])]
        for judgements in together:
            messages = update.messages(judgements, known, known_lessons)
            yield _request(model, settings, messages, CallSite("update", "", epoch))
        if settings.gate:
            if epoch == 0:
                yield from draws(lists.gate, "gate-before", 0, settings.gate_draws)
            yield from draws(lists.gate, "gate-after", epoch + 1, settings.gate_draws)
    for epoch in range(settings.epochs + 1):
        yield from draws(lists.report, "report", epoch, settings.inference_draws * settings.report_draws)


def planned_drawing(
    queries: Sequence[Query], library: Library, settings: DrawSettings, model: ChatModel
) -> Iterator[ChatRequest]:
    """One request for every call of an inference with the library, none of it sent; repairs are not foreseen."""
    artist = Artist(model, settings)
    for query in queries:
        messages = artist.messages(query, library)
        for k in range(settings.inference_draws):
            yield _request(model, settings, messages, CallSite("infer", query.id, 0, k), k)


def count_by_role(calls: list[ChatRequest]) -> dict[str, int]:
    """How many calls each role makes, in the order of their first call."""
    return dict(Counter(call.site.role for call in calls))


def _request(
    model: ChatModel, settings: DrawSettings, messages: tuple, site: CallSite, replica: int | None = None
) -> ChatRequest:
    """The request that a practice makes; replica : None for calls of which there is one (judge, curator)."""
    drawn = settings.temperature if site.role in ("artist", "judge", "update") else settings.inference_temperature
    sampling = Sampling(
        temperature=drawn, seed=None if settings.seed is None else settings.seed + (replica or 0),
        max_tokens=settings.max_tokens, reasoning_effort=settings.reasoning_effort,
    )
    return ChatRequest(model.name, messages, sampling, replica or 0, site)
