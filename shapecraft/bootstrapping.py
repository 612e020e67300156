"""Bootstrapping: N rounds; the Evaluator looks at the boxes, the Parser corrects them (ShapeCraft, section 3.2).

Paper: Parser and Coder update. Ours: the Parser alone, whose boxes they are; no program exists yet.
"""

from __future__ import annotations

from collections.abc import Generator

from shapecraft.evaluator import Checklist, Evaluator
from shapecraft.events import Bootstrapped
from shapecraft.graph import ShapeGraph
from shapecraft.graph_diff import diff
from shapecraft.parser import Parser, Parsing


def bootstrap(
    graph: ShapeGraph, prompt: str, *, parser: Parser, evaluator: Evaluator, rounds: int,
    checklist: Checklist | None = None,
) -> Generator[Bootstrapped, None, None]:
    """One event a round; the graph of the last one is the one to use. rounds : N; checklist : of the parse

    A judgement or an update that fails leaves the boxes as they were, and the event says so. Rounds follow one another.
    """
    for number in range(rounds):
        judgement = evaluator.volumes(graph, prompt, round=number)
        if judgement.opinion is None:
            update = Parsing(None, "not asked", "there was no feedback to act upon")
        else:
            update = parser.update(graph, prompt, judgement.feedback, round=number)
        after = update.graph or graph
        wider = None if checklist is None else checklist.adding(after, prompt)
        yield Bootstrapped(number, graph, judgement, update, after, diff(graph, after),
                           None if wider is checklist else wider)
        graph, checklist = after, wider
