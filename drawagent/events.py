"""Events: what `practise` tells, in order, as it happens. Notebooks step them, widgets draw them, runs keep them."""

from __future__ import annotations

from dataclasses import dataclass

from drawagent.experience import EditOutcome, Library, LibraryDiff
from drawagent.gate import GateDecision
from drawagent.judge import Judgement
from drawagent.queries import Query
from drawagent.rollout import Pair, Scored


@dataclass(frozen=True)
class EpochStarted:
    """epoch : 0-based number of the library in force; queries : this epoch's learn queries"""

    epoch: int
    library: Library
    queries: tuple[Query, ...]


@dataclass(frozen=True)
class CandidatesScored:
    """scored : K candidates of one query, by index, failures among them"""

    epoch: int
    query: Query
    scored: tuple[Scored, ...]


@dataclass(frozen=True)
class PairChosen:
    pair: Pair


@dataclass(frozen=True)
class PairSkipped:
    """A query without a usable pair. pair : None when fewer than two drawings differ; reason : a sentence"""

    epoch: int
    query: Query
    reason: str
    pair: Pair | None = None


@dataclass(frozen=True)
class Judged:
    judgement: Judgement


@dataclass(frozen=True)
class UpdateFailed:
    """The curator gave no readable edits; the library stays."""

    epoch: int
    failure: str
    reason: str


@dataclass(frozen=True)
class EditsApplied:
    """outcomes : every proposed edit in order and what became of it; diff : old library against new"""

    epoch: int
    before: Library
    after: Library
    outcomes: tuple[EditOutcome, ...]
    diff: LibraryDiff


@dataclass(frozen=True)
class LibraryEdited:
    """A person changed the library that comes into force in `epoch`, outside of any judgement (a fork)."""

    epoch: int
    before: Library
    after: Library
    outcomes: tuple[EditOutcome, ...]
    diff: LibraryDiff


@dataclass(frozen=True)
class GateDecided:
    """decision on `proposed`; the library in force afterwards is `kept`"""

    epoch: int
    decision: GateDecision
    proposed: Library
    kept: Library


@dataclass(frozen=True)
class EpochFinished:
    """library : in force after the epoch; mean_reward : over all K candidates of all queries, failures included"""

    epoch: int
    library: Library
    mean_reward: float
    failures: int
    candidates: int


@dataclass(frozen=True)
class PractiseFinished:
    """libraries : by epoch, libraries[0] is the one that practice began with; best : the one to use

    stopped_early : why practice ended before the last epoch, "" if it did not
    """

    libraries: tuple[Library, ...]
    best: Library
    stopped_early: str = ""


Event = (
    EpochStarted | CandidatesScored | PairChosen | PairSkipped | Judged | UpdateFailed | EditsApplied
    | LibraryEdited | GateDecided | EpochFinished | PractiseFinished
)
