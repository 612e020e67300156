"""Paths: steps, thresholds, the budget of repairs, feedback that is bounded, policies, and which attempt is the best."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from easel.chat import Cancelled, Truncated
from shapecraft.attempts import Attempt, best
from shapecraft.coder import UNHEARD, Coder
from shapecraft.evaluator import Evaluator, checklist_of
from shapecraft.opinions import Judgement, Opinion
from shapecraft.outcome import Job
from shapecraft.part_facts import part_facts, steady
from shapecraft.paths import Bench, Path, breadth_first, independent
from shapecraft.settings import CraftSettings
from tests.fakes import Scripted
from tests.shapecraft.crafting import BROKEN, BoxWall, block, checks, fitting, opinion, program, stool


def bench(answer, settings: CraftSettings | None = None) -> Bench:
    model, settings = Scripted(answer), settings or CraftSettings.paper()
    return Bench(Coder(model, settings, "s1"), Evaluator(model, settings, "s1"), settings, BoxWall(), stool(),
                 checklist_of(stool(), "a stool"), threading.Event())


def walked(answer, settings: CraftSettings | None = None, *, steps: int | None = None, m: int = 0):
    """(trace of the path, its attempts, its bench)"""
    table = bench(answer, settings)
    path = Path(table, "legs", m)
    path.draft()
    path.walk(table.settings.steps if steps is None else steps)
    told = list(path.told())
    assert told == path.attempts
    trace = [(one.t, one.repair, one.kind, one.outcome.kind if one.outcome else "", one.score) for one in told]
    return trace, told, table


def sites(table: Bench) -> list[str]:
    return [f"{call.site.role}/{call.site.epoch}" for call in table.coder.model.calls]


def scored(*scores: float):
    """The Evaluator gives these, step by step."""
    def answer(request):
        if request.site.role == "evaluator-part":
            return opinion(scores[request.site.epoch], f"Said at {request.site.epoch}.")
        return fitting("legs", 1 + 0.01 * request.site.epoch)
    return answer


def test_the_golden_trace_of_one_path():
    trace, told, table = walked(scored(5, 6, 4))
    assert trace == [(0, 0, "draft", "ran", 5), (1, 0, "revision", "ran", 6), (2, 0, "revision", "ran", 4)]
    assert sites(table) == ["coder/0", "evaluator-part/0", "coder-revise/1", "evaluator-part/1", "coder-revise/2",
                            "evaluator-part/2"], "T = 3 steps take 2 T calls"
    assert best(told).id == "legs/m0/t1/r0", "the best, never the last"
    revise = table.coder.model.calls[4].messages[1].text
    assert "Score 6 of 10. Said at 1." in revise
    assert "Said at 0." not in revise


def test_the_threshold_stops_this_path():
    trace, _, table = walked(scored(5, 9, 9))
    assert [row[0] for row in trace] == [0, 1]
    assert sites(table)[-1] == "evaluator-part/1"
    assert len(walked(scored(8.9, 5, 5))[0]) == 3
    assert "an equal score is enough" in CraftSettings.model_fields["threshold"].description
    assert len(walked(scored(8, 5, 5), CraftSettings.paper(threshold=8))[0]) == 1


def test_repairs_have_a_budget_of_their_own_that_does_not_count_in_t():
    def answer(request):
        role = request.site.role
        if role == "evaluator-part":
            return opinion(5)
        return fitting("legs") if role == "coder-repair" and "# twice" in request.messages[1].text else \
            BROKEN.replace("raise", "# twice\nraise") if role == "coder-repair" else \
            BROKEN if request.site.epoch == 0 else fitting("legs")

    trace, _, table = walked(answer)
    assert trace == [(0, 0, "draft", "raised", None), (0, 1, "repair", "raised", None), (0, 2, "repair", "ran", 5),
                     (1, 0, "revision", "ran", 5), (2, 0, "revision", "ran", 5)]
    assert "raised: ValueError: no such thing\nline 2: raise ValueError" in table.coder.model.calls[1].messages[1].text


def test_a_path_whose_repairs_are_spent_goes_on_with_the_error_as_feedback():
    trace, told, table = walked(lambda request: BROKEN, CraftSettings.paper(error_repairs=1))
    assert [(t, repair, kind) for t, repair, kind, *_ in trace] == [
        (0, 0, "draft"), (0, 1, "repair"), (1, 0, "revision"), (2, 0, "revision")]
    assert sites(table) == ["coder/0", "coder-repair/0", "coder-revise/1", "coder-revise/2"], "nobody judges an error"
    assert "raised: ValueError: no such thing" in table.coder.model.calls[2].messages[1].text
    assert best(told) is None


def test_an_empty_scene_is_repaired_too():
    trace, *_ = walked(lambda request: "```python\nimport shapes\nx = shapes.nothing()\n```",
                       CraftSettings.paper(error_repairs=1, steps=1))
    assert [row[3] for row in trace] == ["empty", "empty"]


@pytest.mark.parametrize(("side", "words"), [
    (5000.0, "what it made is 5e+03 m long, and its box 0.4 m"), (1e-9, "what it made is 1e-09 m long"),
    (1.8e6, "what it made is 1.8e+06 m long"),
])
def test_what_is_outsize_is_an_outcome_that_is_repaired_and_never_looked_at(side, words):
    def answer(request):
        if request.site.role == "evaluator-part":
            return opinion(5)
        return fitting("legs") if request.site.role == "coder-repair" else block((side, side, side), (0, 0, 0))

    trace, told, table = walked(answer, CraftSettings.paper(steps=1))
    assert trace == [(0, 0, "draft", "output", None), (0, 1, "repair", "ran", 5)]
    assert told[0].outcome.message.startswith(words)
    assert words in table.coder.model.calls[1].messages[1].text


def test_a_reply_without_a_program_ends_its_path_and_is_counted():
    def answer(request):
        return "I give up." if request.site.role.startswith("coder-revise") else scored(5, 5, 5)(request)

    trace, told, table = walked(answer)
    assert trace == [(0, 0, "draft", "ran", 5), (1, 0, "revision", "", None)]
    assert (told[1].program, told[1].failure) == ("", "invalid")
    assert told[1].reason.startswith("expected one program")
    assert best(told).t == 0
    assert len(table.wall.jobs) == 1


@pytest.mark.parametrize("policy", [independent, breadth_first])
def test_a_repair_without_a_program_leaves_the_last_one_to_the_revision(policy):
    def answer(request):
        role = request.site.role
        if role.startswith("evaluator-part"):
            return opinion(5)
        if role.startswith("coder-repair"):
            return "It should work as it is."
        return fitting("legs") if role == "coder-revise" else BROKEN

    settings = CraftSettings.paper(paths=1, steps=2)
    trace, told, table = walked(answer, settings)
    assert trace == [(0, 0, "draft", "raised", None), (0, 1, "repair", "", None), (1, 0, "revision", "ran", 5)]
    assert (told[1].failure, best(told).id) == ("invalid", "legs/m0/t1/r0")
    assert sites(table) == ["coder/0", "coder-repair/0", "coder-repair+repair/0", "coder-revise/1", "evaluator-part/1"]
    revise = table.coder.model.calls[3].messages[1].text
    assert program(BROKEN).strip() in revise
    assert "raised: ValueError: no such thing" in revise
    assert run(policy, answer, settings)[0] == [[(0, None), (0, None), (1, 5)]]


def test_a_judgement_that_fails_is_no_score_and_measured_facts_go_to_the_coder():
    def answer(request):
        return "Nice." if request.site.role.startswith("evaluator") else fitting("legs", 1.1)

    trace, told, table = walked(answer, CraftSettings.paper(steps=2))
    assert [row[4] for row in trace] == [None, None]
    assert told[0].judgement.failure == "invalid"
    revise = next(c for c in table.coder.model.calls if c.site.role == "coder-revise").messages[1].text
    assert "Measured:\n- size asked 0.4 x 0.4 x 0.4 m, made 0.44" in revise
    assert best(told).id == "legs/m0/t0/r0"


def seen_and_unheard(settings: CraftSettings) -> str:
    """What the Coder is told after a reply that cannot be read, of an Evaluator that sees."""
    def answer(request):
        return "Nice." if request.site.role.startswith("evaluator") else fitting("legs", 1.1)

    model = Scripted(answer, sees_images=True)
    table = Bench(Coder(model, settings, "s1"), Evaluator(model, settings, "s1"), settings, BoxWall(), stool(),
                  checklist_of(stool(), "a stool"), threading.Event())
    path = Path(table, "legs", 0)
    path.draft()
    path.walk(2)
    return next(call for call in model.calls if call.site.role == "coder-revise").messages[1].text


def test_paper_tells_no_measures_where_an_evaluator_that_sees_was_not_heard():
    paper = seen_and_unheard(CraftSettings.paper(sheet_size=32))
    assert UNHEARD in paper
    assert "Measured:" not in paper
    ours = seen_and_unheard(CraftSettings.paper(sheet_size=32, part_facts=True))
    assert "Measured:\n- size asked" in ours
    assert UNHEARD not in ours


def test_ours_tells_unmet_items_facts_and_advice():
    def answer(request):
        if request.site.role == "evaluator-part":
            return opinion(5, checks=checks(5, unmet=(4,)))
        return fitting("legs").replace("shapes.box", "import os\nshapes.box", 1)

    _, told, table = walked(answer, CraftSettings.ours(steps=2))
    assert [one.kind for one in told[0].advice] == ["import"]
    revise = table.coder.model.calls[2].messages[1].text
    assert "Not met: The mesh is clean" in revise
    assert "Not met: The form" not in revise
    assert "Measured:\n- size asked" in revise
    assert "line 2: " in revise
    assert "A part needs no files" in revise


def test_advice_spares_a_program_that_does_not_parse_a_run_and_paper_runs_it():
    def answer(request):
        return opinion(5) if request.site.role == "evaluator-part" else "```python\nimport shapes\nshapes.box(\n```"

    _, told, table = walked(answer, CraftSettings.ours(error_repairs=0, steps=1))
    assert (told[0].outcome.kind, told[0].outcome.line, table.wall.jobs) == ("refused", 2, [])
    assert told[0].outcome.message.startswith("not run: '(' was never closed")
    _, told, table = walked(answer, CraftSettings.paper(error_repairs=0, steps=1))
    assert (len(table.wall.jobs), told[0].advice) == (1, ())


def test_a_fix_is_one_more_program_at_step_t():
    table = bench(lambda request: fitting("legs", 0.9))
    path = Path(table, "legs", 1)
    chosen = Attempt("legs", 1, 2, 0, "revision", program(fitting("legs")))
    path.fix(chosen, "Thinner.")
    (fixed,) = path.told()
    assert (fixed.id, fixed.kind, fixed.ran, fixed.judgement) == ("legs/m1/t3/r0", "fix", True, None)
    assert "Thinner." in table.coder.model.calls[0].messages[1].text


def run(policy, answer, settings):
    table = bench(answer, settings)
    paths = [Path(table, "legs", m) for m in range(settings.paths)]
    with ThreadPoolExecutor(8) as pool:
        policy(paths, settings, pool.submit)
    return [[(one.t, one.score) for one in path.told()] for path in paths], table


def test_independent_paths_all_take_their_steps():
    traces, table = run(independent, scored(5, 6, 7), CraftSettings.paper(paths=2))
    assert traces == [[(0, 5), (1, 6), (2, 7)]] * 2
    assert len(table.coder.model.calls) == 12


def test_breadth_first_ranks_drafts_by_measures_and_walks_the_best():
    def answer(request):
        if request.site.role == "evaluator-part":
            return opinion(5, checks=checks(5))
        grow = {0: 1.3, 1: 1.0, 2: 1.1}[request.site.candidate]
        return BROKEN if request.site.candidate == 3 else fitting("legs", grow)

    settings = CraftSettings.ours(paths=3, steps=2)
    traces, table = run(breadth_first, answer, settings)
    assert traces == [[(0, None)], [(0, 5), (1, 5)], [(0, None)]]
    assert len(table.coder.model.calls) == 3 + (2 * 2 - 1), "M + 2 T - 1 calls"
    traces, _ = run(breadth_first, answer, settings.model_copy(update={"finalists": 2}))
    assert [len(trace) for trace in traces] == [1, 2, 2]


def test_breadth_first_goes_on_from_a_program_that_did_not_run_rather_than_from_none():
    def answer(request):
        site = request.site
        if site.role.startswith("evaluator-part"):
            return opinion(5, checks=checks(5))
        if site.role == "coder-revise":
            return fitting("legs")
        return "I would rather talk." if site.candidate == 0 else BROKEN

    traces, table = run(breadth_first, answer, CraftSettings.ours(paths=2, steps=2, error_repairs=0))
    assert traces == [[(0, None)], [(0, None), (1, 5)]]
    assert [job.name for job in table.wall.jobs] == ["legs", "legs"]


def test_a_stop_ends_a_path_before_its_next_program():
    table = bench(scored(5, 5, 5))
    path = Path(table, "legs", 0)
    path.draft()
    table.stop.set()
    with pytest.raises(Cancelled):
        path.walk(3)


def test_a_failed_call_of_the_coder_is_a_value():
    def answer(request):
        raise Truncated("a whole reply")

    trace, told, _ = walked(answer)
    assert trace == [(0, 0, "draft", "", None)]
    assert told[0].failure == "truncated"


def attempt(m: int, t: int, score: float | None, *, grow: float = 1.0, ran: bool = True) -> Attempt:
    text = program(fitting("legs", grow))
    outcome = BoxWall().run(Job(text))
    judged = None if score is None else Judgement(Opinion(score=score, feedback="x"))
    return Attempt("legs", m, t, 0, "draft", text, outcome=outcome,
                   facts=part_facts(outcome, stool(), "legs") if ran else None, judgement=judged)


def test_the_best_is_the_highest_score_and_ties_go_by_index():
    assert best([attempt(0, 0, 5), attempt(1, 1, 7), attempt(1, 2, 6)]).id == "legs/m1/t1/r0"
    assert best([attempt(1, 0, 7), attempt(0, 1, 7), attempt(0, 2, 7)]).id == "legs/m0/t1/r0"
    assert best([attempt(0, 0, None), attempt(1, 0, 0)]).m == 1, "any score stands before none"
    assert best([attempt(0, 0, None, grow=1.3), attempt(1, 0, None), attempt(2, 0, None)]).m == 1
    assert best([attempt(0, 0, 9, ran=False), attempt(1, 0, 1)]).m == 1, "what made nothing is never the best"
    assert best([]) is None


def test_facts_are_measured_against_the_box():
    wall = BoxWall()
    made = wall.run(Job(program(block((0.4, 0.2, 0.45), (0, 0.1, 0.225)))))
    facts = part_facts(made, stool(), "legs")
    assert (facts.low, facts.high) == ((-0.2, 0.0, 0.0), (0.2, 0.2, 0.45))
    assert facts.off == (0, 0, 0.2, 0, 0, 0.05)
    assert (facts.worst, facts.inside, facts.fill, facts.solid) == (0.5, 0.8889, 0.5, 0.5625)
    assert facts.gaps == (("seat", 0.0),)
    short = part_facts(wall.run(Job(program(block((0.4, 0.4, 0.3), (0, 0, 0.15))))), stool(), "legs")
    assert short.gaps == (("seat", 0.1),)
    assert "- ends 0.1 m short of the box of seat" in short.words(stool()["legs"].box)
    assert part_facts(wall.run(Job("raise")), stool(), "legs") is None


def test_steady_numbers_do_not_hang_on_the_last_digit():
    for value in (0.00625, 0.1, 0.33335, -0.00005):
        assert steady(value + 2e-7) == steady(value - 2e-7)
    assert str(steady(-1e-9)) == "0.0"
