"""The stand-in: it plays all three parts over the catalogue, misses at first, gets nearer, and is the same twice."""

from __future__ import annotations

import re

import pytest

from easel.chat import CallSite, ChatRequest, Message
from easel.errors import ConfigurationError
from easel.stand_ins import is_stand_in
from shapecraft import events
from shapecraft.catalogue import CATALOGUE, find_entry
from shapecraft.coder import Coder
from shapecraft.evaluator import Evaluator
from shapecraft.exploring import Craft, explore
from shapecraft.outcome import Outcome
from shapecraft.parser import Parser
from shapecraft.settings import CraftSettings
from shapecraft.standin import BROKEN, StandIn
from tests.shapecraft.crafting import BoxWall

SURE = StandIn(bad=0.0, broken=0.0)


def miss(graph, true) -> float:
    return max(abs(a - b) for one in graph.components for a, b in
               zip((*one.box.center, *one.box.size), (*true[one.name].box.center, *true[one.name].box.size), strict=True))


@pytest.mark.parametrize("entry", CATALOGUE, ids=lambda entry: entry.name)
def test_every_object_is_planned_with_boxes_that_bootstrapping_corrects(entry):
    settings, true = CraftSettings.paper(), entry.graph()
    parser, evaluator = Parser(SURE, settings), Evaluator(SURE, settings)
    graph = parser.parse(entry.long).graph
    assert graph.names == true.names
    assert [one.joint for one in graph.components] == [one.joint for one in true.components]
    first = miss(graph, true)
    for round in range(2):
        judgement = evaluator.volumes(graph, entry.long, round=round)
        graph = parser.update(graph, entry.long, judgement.feedback, round=round).graph
    assert miss(graph, true) <= max(0.25 * first, 0.01 * max(true.bounds.size))


def test_some_boxes_are_wrong_at_first_and_a_vague_text_has_assumptions():
    parser = Parser(SURE, CraftSettings.paper())
    missed = [miss(parser.parse(entry.short).graph, entry.graph()) for entry in CATALOGUE]
    assert sum(value > 0.01 for value in missed) > len(CATALOGUE) / 2
    assert parser.parse("a stool").graph.assumptions == ("An ordinary size.",)
    assert parser.parse(find_entry("stool").long).graph.assumptions == ()


def test_a_revision_says_that_it_is_nearer_and_a_repair_runs():
    graph = find_entry("table").graph()
    coder = Coder(StandIn(bad=0.0, broken=1.0, off=0.3), CraftSettings.paper())
    draft = coder.draft(graph, "top", path=0).program
    assert BROKEN in draft
    repaired = coder.repair(graph, "top", draft, Outcome("raised"), path=0, step=0).program
    assert BROKEN not in repaired

    def off(program: str) -> float:
        return float(re.search(r"# off by (\S+)", program)[1])

    assert off(repaired) == off(draft) > 0
    revised = [off(coder.revise(graph, "top", repaired, "Nearer.", path=m, step=1).program) for m in range(40)]
    assert sum(value < off(repaired) for value in revised) > 28
    assert any(value > off(repaired) for value in revised), "sometimes the last is not the best"


def walk(prompt: str, preset: str, model=None) -> list[events.Event]:
    return list(explore(Craft(model or StandIn(), BoxWall(), prompt, CraftSettings.of(preset))))


@pytest.mark.parametrize("preset", ["paper", "ours"])
def test_the_whole_loop_runs_and_is_the_same_twice(preset):
    first, second = walk("a garden bench", preset), walk("a garden bench", preset)
    assert [type(event) for event in first] == [type(event) for event in second]
    assert first[-1].tally == second[-1].tally
    assert [one.row() for one in first[-1].chosen] == [one.row() for one in second[-1].chosen]
    assert (first[-1].failure, first[-1].tally.made) == ("", 2)


def test_unreadable_replies_are_asked_for_again_and_counted():
    shy = walk("a garden bench", "paper", StandIn(bad=0.5))
    assert shy[-1].tally.made == 2
    assert dict(shy[-1].tally.calls)["coder, draft"] > 6


def test_names_describe_it():
    assert StandIn.named("stand-in") == StandIn()
    assert StandIn.named("stand-in:bad=0.1,broken=0,off=0.3,seconds=2", label="x") == StandIn("x", 0.1, 0.0, 0.3, 2.0)
    assert is_stand_in("stand-in:bad=0")
    assert not is_stand_in("some/model")
    for bad in ("stand-in:bad=2", "stand-in:good=1", "stand-in:bad=0.1,bad=0.2", "stand-in:seconds=inf", "stand-in:"):
        with pytest.raises(ConfigurationError, match="stand-in:bad=SHARE"):
            StandIn.named(bad)
    with pytest.raises(ConfigurationError, match="expected a stand-in, got gpt"):
        StandIn.named("gpt")


def test_what_it_does_not_know_is_refused():
    with pytest.raises(ConfigurationError, match="an object of the catalogue, got a dragon"):
        walk("a dragon", "paper")
    request = ChatRequest("stand-in", (Message("user", ("Hello.",)),), site=CallSite("artist"))
    with pytest.raises(ConfigurationError, match="expected a call of parser, .*got artist"):
        StandIn().reply(request)
