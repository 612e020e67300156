"""Events: what `explore` tells, in order, as it happens. Notebooks step them, widgets draw them, runs keep them."""

from __future__ import annotations

from dataclasses import dataclass

from shapecraft.assembly import Assembly
from shapecraft.attempts import Attempt
from shapecraft.evaluator import Checklist
from shapecraft.graph import ShapeGraph
from shapecraft.graph_diff import GraphDiff
from shapecraft.opinions import Judgement
from shapecraft.parser import Parsing


@dataclass(frozen=True)
class Parsed:
    """parsing : with a graph; checklist : frozen from now on"""

    prompt: str
    parsing: Parsing
    checklist: Checklist


@dataclass(frozen=True)
class ParseFailed:
    """No graph could be read; nothing follows but the end."""

    prompt: str
    parsing: Parsing


@dataclass(frozen=True)
class Bootstrapped:
    """One round: the judgement of `before`, the Parser's update, and what is in force `after`; diff : what changed

    checklist : the frozen one with items for parts that the round added; None where it added none
    """

    round: int
    before: ShapeGraph
    judgement: Judgement
    update: Parsing
    after: ShapeGraph
    diff: GraphDiff
    checklist: Checklist | None = None


@dataclass(frozen=True)
class AttemptFinished:
    """In the order component, m, t, repair, whichever came first."""

    attempt: Attempt


@dataclass(frozen=True)
class ComponentFinished:
    """attempts : all of them in order; chosen : the best over all steps of all paths, None where none ran"""

    component: str
    attempts: tuple[Attempt, ...]
    chosen: Attempt | None


@dataclass(frozen=True)
class Assembled:
    """look : 0, and 1 after fixes; assembly : None where no component was made"""

    look: int
    assembly: Assembly | None


@dataclass(frozen=True)
class GlobalLooked:
    """kept : whether this object is the one to keep; the earlier one is, where fixes made it worse"""

    look: int
    judgement: Judgement
    kept: bool


@dataclass(frozen=True)
class Tally:
    """What an object took. calls : (who and what for, replies), re-asked ones among them

    components, made : asked for, and made; attempts : programs, and replies without one
    first_pass : share of steps whose program ran as first written; repaired : share whose program ran in the end; None
    without steps; unscored : attempts that were judged without a readable judgement
    whole : whether the program of the whole object ran, which parts that ran do not say; over objects, the compile rate
        of objects. None where there is no such program
    """

    calls: tuple[tuple[str, int], ...]
    components: int
    made: int
    first_pass: float | None
    repaired: float | None
    attempts: int
    unscored: int
    whole: bool | None = None


@dataclass(frozen=True)
class ExploreFinished:
    """graph : with the programs of what was made, None where the text could not be parsed; tally : what it took"""

    graph: ShapeGraph | None
    assembly: Assembly | None
    chosen: tuple[Attempt, ...]
    tally: Tally
    failure: str = ""
    reason: str = ""


Event = (
    Parsed | ParseFailed | Bootstrapped | AttemptFinished | ComponentFinished | Assembled | GlobalLooked
    | ExploreFinished
)
