"""Epochs: contrastive experience extraction as a generator of typed events (3DrawAgent, section 3.3, algorithm 1).

One epoch: K candidates per learn query with the library in the context -> reward -> pairs -> the judge's words
-> edits -> (ours) the gate. All queries draw with the epoch's library; judges run side by side.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field, replace

from drawagent import events
from drawagent.artist import Artist, Reference
from drawagent.curator import caps_of
from drawagent.experience import Edit, Library, Reviewed, apply_edits, diff
from drawagent.gate import GateDecision
from drawagent.inference import finish, start
from drawagent.judge import Judgement
from drawagent.keeping import Keeper, Review
from drawagent.pairing import inside_noise
from drawagent.policies import check_gate, check_policies
from drawagent.queries import Query, QueryLists, check_splits
from drawagent.reward import Reward
from drawagent.rollout import Candidate, Pair, Scored
from drawagent.settings import MOST_CANDIDATES, DrawSettings
from easel.chat import ChatModel
from easel.crew import Crew
from easel.errors import ConfigurationError
from easel.plugins import load


@dataclass(frozen=True)
class Practice:
    """Everything that `practise` needs, put together once.

    model : the frozen language model; reward : what ranks candidates; lists : learn and gate queries
    references : query id -> Reference, used when `settings.reference`
    review : a say on every edit before it enters; keeper : writes what happens to a run; workers : calls at once
    interventions : epoch -> a person's edits of the library that comes into force then (see `drawagent.forking`)
    """

    model: ChatModel
    reward: Reward
    settings: DrawSettings
    lists: QueryLists
    library: Library = Library()
    references: Mapping[str, Reference] = field(default_factory=dict)
    review: Review | None = None
    keeper: Keeper = Keeper()
    workers: int = 8
    stop: threading.Event | None = None
    interventions: Mapping[int, tuple[Edit, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_splits(self.lists)
        check_policies(self.settings)
        check_gate(self.lists, self.settings)
        missing = [query.id for query in self.lists.learn if query.id not in self.references]
        if self.settings.reference and missing:
            raise ConfigurationError("a reference for every learn query, since the settings ask for them",
                                     came=f"none for {', '.join(missing)}", where="references")


def practise(practice: Practice) -> Generator[events.Event, None, None]:
    """Run the epochs. Every event is written to the run before it is seen; closing the generator stops cleanly.

    Replayed or resumed calls cost nothing: the chat chain answers them from its record.
    """
    settings, keeper = practice.settings, practice.keeper
    library, edited = _intervene(practice, 0, practice.library)
    best, libraries = library, [library]
    best_gate: float | None = None
    fruitless, stopped = 0, ""
    keeper.library(0, library)
    yield from edited
    with Crew(practice.workers, stop=practice.stop) as crew:
        for epoch in range(settings.epochs):
            yield events.EpochStarted(epoch, library, practice.lists.learn)
            proposed = library
            all_scored: list[Scored] = []
            steps = _epoch(practice, crew, epoch, library)
            for event in steps:
                if isinstance(event, events.CandidatesScored):
                    all_scored.extend(event.scored)
                if isinstance(event, events.EditsApplied):
                    proposed = event.after
                yield event
            changed = proposed.key != library.key
            if changed and settings.gate:
                decision, earlier, score = _gate(practice, crew, settings.gate, epoch, library, proposed)
                best_gate = earlier if best_gate is None else best_gate
                kept = proposed if decision.accepted else proposed.rolled_back(library)
                keeper.gate(epoch, decision, proposed, kept)
                yield events.GateDecided(epoch, decision, proposed, kept)
                changed = decision.accepted
                if decision.accepted and score >= best_gate:
                    best, best_gate = kept, score
                proposed = kept
            elif not settings.gate:
                best = proposed
            library, edited = _intervene(practice, epoch + 1, proposed)
            best = library if edited else best
            libraries.append(library)
            keeper.library(epoch + 1, library)
            yield from edited
            finished = _finished(epoch, library, all_scored)
            keeper.epoch(finished)
            yield finished
            fruitless = 0 if changed or edited else fruitless + 1
            if settings.patience and fruitless >= settings.patience and epoch + 1 < settings.epochs:
                stopped = f"no accepted edit in {fruitless} epoch(s)"
                break
        done = events.PractiseFinished(tuple(libraries), best, stopped)
        keeper.finished(done)
        yield done


def _intervene(
    practice: Practice, epoch: int, library: Library
) -> tuple[Library, tuple[events.LibraryEdited, ...]]:
    """The library that comes into force in this epoch, after a person's edits of it, if there are any."""
    edits = practice.interventions.get(epoch, ())
    if not edits:
        return library, ()
    reviewed = [Reviewed(edit, edit, "human") for edit in edits]
    after, outcomes = apply_edits(library, reviewed, epoch=epoch)
    edited = events.LibraryEdited(epoch, library, after, outcomes, diff(library, after))
    practice.keeper.intervention(edited)
    return after, (edited,)


def _epoch(
    practice: Practice, crew: Crew, epoch: int, library: Library
) -> Generator[events.Event, None, None]:
    if practice.settings.update_order == "query":
        current = library
        for query in practice.lists.learn:
            drawing = _start_candidates(practice, crew, epoch, query, current)
            judged = []
            for event in _contrast(practice, crew, epoch, [(query, drawing)], current):
                if isinstance(event, events.Judged):
                    judged.append(event.judgement)
                yield event
            for event in _update(practice, epoch, judged, current, library_query=query.id):
                if isinstance(event, events.EditsApplied):
                    current = event.after
                yield event
        return
    begun = [(q, _start_candidates(practice, crew, epoch, q, library)) for q in practice.lists.learn]
    judged = []
    for event in _contrast(practice, crew, epoch, begun, library):
        if isinstance(event, events.Judged):
            judged.append(event.judgement)
        yield event
    yield from _update(practice, epoch, judged, library, library_query="")


def _start_candidates(
    practice: Practice, crew: Crew, epoch: int, query: Query, library: Library
) -> list[Future[Candidate]]:
    artist = Artist(practice.model, practice.settings)
    reference = practice.references.get(query.id) if practice.settings.reference else None
    first = practice.settings.first_replica + epoch * MOST_CANDIDATES
    return [
        crew.submit(
            artist.draw, query, library, epoch=epoch, index=k, replica=first + k,
            temperature=practice.settings.temperature, reference=reference,
        )
        for k in range(practice.settings.candidates)
    ]


def _contrast(
    practice: Practice,
    crew: Crew,
    epoch: int,
    begun: Sequence[tuple[Query, list[Future[Candidate]]]],
    library: Library,
) -> Generator[events.Event, None, None]:
    """Tell the queries in their order, whichever came first; then the judgements."""
    settings = practice.settings
    waiting: list[Future[Judgement]] = []
    for query, scored, judged in _groups(practice, crew, epoch, begun, library):
        shown = settings.reference and query.id in practice.references
        practice.keeper.rollouts(query, scored, practice.reward, reference=shown)
        yield events.CandidatesScored(epoch, query, scored)
        if not judged:
            drawn = sum(s.candidate.sketch is not None for s in scored)
            yield from _skip(practice, epoch, query, f"no two drawings of different reward among {drawn} drawn")
        for pair, future in judged:
            if future is None:
                reason = f"gap {pair.gap:.4f} inside the noise over views ({settings.noise_skip:g} x {pair.noise:.4f})"
                yield from _skip(practice, epoch, query, reason, pair)
                continue
            practice.keeper.pair(pair)
            yield events.PairChosen(pair)
            waiting.append(future)
    for future in waiting:
        judgement = future.result()
        practice.keeper.judgement(judgement)
        yield events.Judged(judgement)


_Group = tuple[Query, tuple[Scored, ...], list[tuple[Pair, Future[Judgement] | None]]]


def _groups(
    practice: Practice,
    crew: Crew,
    epoch: int,
    begun: Sequence[tuple[Query, list[Future[Candidate]]]],
    library: Library,
) -> Generator[_Group, None, None]:
    """Every query's scored candidates and pairs, by index; no future for a pair inside the noise.

    A group is scored and its judges start as soon as its candidates are there, unless a drawing failed: it then waits
    for its turn. A scorer embeds the blank page once for all groups; in whose company must not hang on time, since
    the last digits do on company.
    """
    settings = practice.settings
    choose = load(settings.pairing)
    judge = load(settings.judge)(practice.model, settings)

    def contrast(query: Query, futures: list[Future[Candidate]]) -> _Group:
        scored = practice.reward(query.text, [future.result() for future in futures])
        pairs = _numbered(choose(scored, seed=f"{settings.chance}/{query.id}/{epoch}"), settings.pairing)
        skipped = [inside_noise(pair, settings.noise_skip) for pair in pairs]
        return query, scored, [
            (pair, None if skip else crew.submit(judge, pair, scored, query, library))
            for pair, skip in zip(pairs, skipped, strict=True)
        ]

    turn, ready = 0, dict[int, _Group]()
    while turn < len(begun):
        complete = [
            index for index in range(turn, len(begun))
            if index not in ready and all(future.done() for future in begun[index][1])
        ]
        for index in complete:
            if index == turn or all(future.result().sketch for future in begun[index][1]):
                ready[index] = contrast(*begun[index])
        if turn in ready:
            yield ready.pop(turn)
            turn += 1
            continue
        wait([f for _, futures in begun[turn:] for f in futures if not f.done()], return_when=FIRST_COMPLETED)


def _numbered(pairs: Sequence[Pair], policy: str) -> tuple[Pair, ...]:
    """The pairs of one query, each with a rank of its own (a policy may leave them all at 0)."""
    for pair in pairs:
        if pair.better.candidate.sketch is None or pair.worse.candidate.sketch is None:
            raise ConfigurationError("pairs of drawings", came=f"a failed candidate in pair {pair.id}", where=policy,
                                     mend="Leave candidates without a sketch out.")
    return tuple(replace(pair, rank=rank) for rank, pair in enumerate(pairs))


def _skip(
    practice: Practice, epoch: int, query: Query, reason: str, pair: Pair | None = None
) -> Generator[events.Event, None, None]:
    skipped = events.PairSkipped(epoch, query, reason, pair)
    practice.keeper.skipped(skipped)
    yield skipped


def _update(
    practice: Practice, epoch: int, judgements: Sequence[Judgement], library: Library, *, library_query: str
) -> Generator[events.Event, None, None]:
    usable = [judgement for judgement in judgements if not judgement.failure]
    if not usable:
        return
    queries = {query.id: query for query in practice.lists.learn}
    update = load(practice.settings.update)(practice.model, practice.settings)
    proposal = update(usable, queries, library, epoch=epoch, query=library_query)
    if proposal.edits is None:
        failed = events.UpdateFailed(epoch, proposal.failure, proposal.reason)
        practice.keeper.update_failed(failed, library_query)
        yield failed
        return
    edits = practice.keeper.reviewed(proposal.edits, practice.review, epoch=epoch, query=library_query)
    gaps = {judgement.pair.id: judgement.pair.gap for judgement in usable}
    after, outcomes = apply_edits(library, edits, epoch=epoch, caps=caps_of(practice.settings), gaps=gaps)
    applied = events.EditsApplied(epoch, library, after, outcomes, diff(library, after))
    practice.keeper.edits(applied, proposal.reply_keys, library_query)
    yield applied


def _gate(
    practice: Practice, crew: Crew, gate: str, epoch: int, before: Library, after: Library
) -> tuple[GateDecision, float, float]:
    """Draw the gate queries with both libraries, same replicas and cameras; the decision and both mean rewards."""
    settings = practice.settings
    artist = Artist(practice.model, settings)
    begun = [
        [start(artist, crew, query, library, epoch=epoch + side, draws=settings.gate_draws, role=role,
               replica=settings.first_replica)
         for side, (role, library) in enumerate((("gate-before", before), ("gate-after", after)))]
        for query in practice.lists.gate
    ]
    means: tuple[list[float], list[float]] = ([], [])
    for query, sides in zip(practice.lists.gate, begun, strict=True):
        for side, futures in enumerate(sides):
            drawing = finish(query, futures, practice.reward, epoch=epoch + side)
            practice.keeper.gate_draws(epoch, ("before", "after")[side], query, drawing.draws, practice.reward)
            means[side].append(math.fsum(s.reward for s in drawing.draws) / len(drawing.draws))
    decision = load(gate)(*means, margin=settings.gate_margin)
    before_mean, after_mean = (round(math.fsum(side) / len(side), 6) for side in means)
    return decision, before_mean, after_mean


def _finished(epoch: int, library: Library, scored: Sequence[Scored]) -> events.EpochFinished:
    mean = round(math.fsum(s.reward for s in scored) / len(scored), 6) if scored else 0.0
    failures = sum(s.candidate.sketch is None for s in scored)
    return events.EpochFinished(epoch, library, mean, failures, len(scored))
