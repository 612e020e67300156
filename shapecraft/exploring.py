"""Exploring: a text becomes an object of named parts, as a generator of typed events (ShapeCraft, section 3).

Parse -> N rounds of bootstrapping -> M paths of T steps for every component, side by side -> assembly -> a global look.
No checkpoints: a resumed run walks the same loop again, over the replies and outcomes that it has.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from easel.chat import ChatModel
from easel.crew import Crew
from easel.errors import ConfigurationError
from easel.plugins import load
from shapecraft import events
from shapecraft.assembly import Assembly, assemble
from shapecraft.attempts import Attempt, best
from shapecraft.bootstrapping import bootstrap
from shapecraft.coder import Coder
from shapecraft.evaluator import Evaluator, checklist_of
from shapecraft.keeping import Keeper
from shapecraft.opinions import Fix, Judgement
from shapecraft.parser import Parser
from shapecraft.paths import Bench, Path, Policy, Submit, independent
from shapecraft.settings import CraftSettings
from shapecraft.single_shot import single_shot
from shapecraft.wall import Wall, watching

MOST_THREADS = 512
"""They mostly wait. More than components, so that the thread of one never waits for those of its own paths."""


@dataclass(frozen=True)
class Craft:
    """Everything that `explore` needs, put together once.

    model : of Parser and Coder; vision : of the Evaluator, None is the same; wall : where programs run
    prompt : the object in words; name : its id, in call sites and rows
    keeper : writes what happens to a run; stop : set it and nothing new begins
    Calls at once are limited by the chain around the models, programs at once by the wall.
    """

    model: ChatModel
    wall: Wall
    prompt: str
    settings: CraftSettings = field(default_factory=CraftSettings.paper)
    vision: ChatModel | None = None
    name: str = "object"
    keeper: Keeper = field(default_factory=Keeper)
    stop: threading.Event | None = None

    def __post_init__(self) -> None:
        if not self.prompt.strip():
            raise ConfigurationError("an object in words", came="an empty prompt", where="Craft")
        load(self.settings.policy, like=independent)


def explore(craft: Craft) -> Generator[events.Event, None, None]:
    """Make the object. Every event is written to the run before it is seen; closing the generator stops cleanly.

    Replies that cannot be read and programs that do not run are values in the events; faults of provider, budget and
    machine are raised, and everything earned is kept.
    """
    for event in single_shot(craft) if craft.settings.single_shot else _explore(craft):
        craft.keeper.event(event)
        yield event


def _explore(craft: Craft) -> Generator[events.Event, None, None]:
    settings, seen = craft.settings, _Seen()
    with Crew(MOST_THREADS, stop=craft.stop) as crew:
        parser = Parser(craft.model, settings, craft.name)
        evaluator = Evaluator(craft.vision or craft.model, settings, craft.name)
        parsing = parser.parse(craft.prompt)
        seen.count("parser", parsing.reply_keys)
        if parsing.graph is None:
            yield events.ParseFailed(craft.prompt, parsing)
            yield events.ExploreFinished(None, None, (), seen.tally(0, 0), parsing.failure, parsing.reason)
            return
        graph, checklist = parsing.graph, checklist_of(parsing.graph, craft.prompt)
        yield events.Parsed(craft.prompt, parsing, checklist)
        for round in bootstrap(graph, craft.prompt, parser=parser, evaluator=evaluator, rounds=settings.rounds,
                               checklist=checklist):
            seen.count("evaluator, volumes", round.judgement.reply_keys)
            seen.count("parser, update", round.update.reply_keys)
            graph, checklist = round.after, round.checklist or checklist
            yield round
        coder = Coder(craft.model, settings, craft.name)
        wall = watching(craft.keeper.remembering(craft.wall), crew.check_stop)
        bench = Bench(coder, evaluator, settings, wall, graph, checklist, crew.stop)
        chosen: dict[str, Attempt] = {}
        for event in _parts(bench, crew):
            if isinstance(event, events.AttemptFinished):
                seen.attempt(event.attempt)
            elif event.chosen is not None:
                chosen[event.component] = event.chosen
            yield event
        assembly = assemble(graph, chosen, bench.wall)
        yield events.Assembled(0, assembly)
        if assembly is not None and settings.global_look:
            for look in _looks(bench, crew, craft.prompt, assembly, chosen):
                if isinstance(look, events.AttemptFinished):
                    seen.attempt(look.attempt)
                elif isinstance(look, events.GlobalLooked):
                    seen.count("evaluator, whole", look.judgement.reply_keys)
                elif isinstance(look, _Kept):
                    assembly, chosen = look.assembly, look.chosen
                    continue
                yield look
        made = assembly.graph if assembly is not None else graph
        tally = seen.tally(len(graph), len(chosen), None if assembly is None else assembly.outcome.ran)
        failure, reason = ("", "") if chosen else ("nothing made", "no program of any component ran")
        yield events.ExploreFinished(made, assembly, tuple(chosen[name] for name in graph.names if name in chosen),
                                     tally, failure, reason)


def _parts(bench: Bench, crew: Crew) -> Generator[events.AttemptFinished | events.ComponentFinished, None, None]:
    """All paths of all components side by side, told by component, path and step. The first that fails stops all."""
    settings = bench.settings
    policy: Policy = load(settings.policy, like=independent)
    begun: list[tuple[str, list[Path], Future[None]]] = []
    for name in bench.graph.names:
        paths = [Path(bench, name, m) for m in range(settings.paths)]
        begun.append((name, paths, crew.essential(_carry_out, policy, paths, settings, crew.essential)))
    for name, paths, done in begun:
        for path in paths:
            for attempt in path.told():
                yield events.AttemptFinished(attempt)
        done.result()
        attempts = tuple(attempt for path in paths for attempt in path.attempts)
        yield events.ComponentFinished(name, attempts, best(attempts))


def _carry_out(policy: Policy, paths: Sequence[Path], settings: CraftSettings, submit: Submit) -> None:
    try:
        policy(paths, settings, submit)
    finally:
        for path in paths:
            path.close()  # whoever waits for a path that a fault ended is told


@dataclass(frozen=True)
class _Kept:
    """Not an event: what the looks end with."""

    assembly: Assembly
    chosen: dict[str, Attempt]


def _looks(
    bench: Bench, crew: Crew, prompt: str, assembly: Assembly, chosen: dict[str, Attempt]
) -> Generator[events.AttemptFinished | events.Assembled | events.GlobalLooked | _Kept, None, None]:
    """The global look, at most one round of fixes, and a second look that decides whether they stay."""
    first = _look(bench, prompt, assembly, chosen, 0)
    yield events.GlobalLooked(0, first, True)
    fixes = first.opinion.fixes if first.opinion is not None and bench.settings.global_fixes else ()
    fixed: dict[str, Attempt] = {}
    for attempt in _fixed(bench, crew, [fix for fix in fixes if fix.component in chosen], chosen):
        yield events.AttemptFinished(attempt)
        if attempt.ran:
            fixed[attempt.component] = attempt
    if not fixed:
        yield _Kept(assembly, chosen)
        return
    other = {**chosen, **fixed}
    changed = assemble(bench.graph, other, bench.wall)
    yield events.Assembled(1, changed)
    assert changed is not None
    second = _look(bench, prompt, changed, other, 1)
    better = first.score is not None and second.score is not None and second.score > first.score
    yield events.GlobalLooked(1, second, better)
    yield _Kept(changed, other) if better else _Kept(assembly, chosen)


def _look(bench: Bench, prompt: str, assembly: Assembly, chosen: dict[str, Attempt], look: int) -> Judgement:
    bench.check_stop()
    facts = {name: attempt.facts for name, attempt in chosen.items() if attempt.facts is not None}
    return bench.evaluator.whole(bench.graph, prompt, assembly.mesh, facts, key=assembly.key, look=look,
                                 checklist=bench.checklist.whole)


def _fixed(
    bench: Bench, crew: Crew, fixes: Sequence[Fix], chosen: dict[str, Attempt]
) -> Generator[Attempt, None, None]:
    """Every fix is a path of its own, side by side."""
    begun = []
    for fix in fixes:
        path = Path(bench, fix.component, chosen[fix.component].m)
        begun.append((path, crew.essential(_fix, path, chosen[fix.component], fix.feedback)))
    for path, done in begun:
        yield from path.told()
        done.result()


def _fix(path: Path, chosen: Attempt, feedback: str) -> None:
    try:
        path.fix(chosen, feedback)
    finally:
        path.close()


class _Seen:
    """What an object took, as it happens."""

    def __init__(self) -> None:
        self._calls: Counter[str] = Counter()
        self._attempts: list[Attempt] = []

    def count(self, role: str, reply_keys: Sequence[str]) -> None:
        self._calls[role] += len(reply_keys)

    def attempt(self, attempt: Attempt) -> None:
        self._attempts.append(attempt)
        self.count(f"coder, {attempt.kind}", attempt.reply_keys)
        if attempt.judgement is not None:
            self.count("evaluator, part", attempt.judgement.reply_keys)

    def tally(self, components: int, made: int, whole: bool | None = None) -> events.Tally:
        # A reply without a program stays in every denominator.
        first = [one for one in self._attempts if not one.repair]
        ended = {(one.component, one.m, one.t): one.ran for one in self._attempts}  # the last one of a step stands
        unscored = sum(one.judgement is not None and one.score is None for one in self._attempts)
        return events.Tally(
            tuple(sorted((role, count) for role, count in self._calls.items() if count)), components, made,
            _share(one.ran for one in first), _share(ended.values()), len(self._attempts), unscored, whole,
        )


def _share(values: Iterable[bool]) -> float | None:
    found = list(values)
    return round(sum(found) / len(found), 6) if found else None
