"""The gallery: a finished run and one that broke off, read back from the folder alone."""

from __future__ import annotations

import pytest

from easel.errors import ConfigurationError
from easel.runs import RunStore
from shapecraft.events import AttemptFinished
from shapecraft.gallery import Gallery
from shapecraft.graph import to_json
from shapecraft.live import open_live
from shapecraft.settings import CraftSettings
from shapecraft.studio import open_studio, start_run
from shapecraft.wall import program_hash
from tests.fakes import Scripted
from tests.shapecraft.crafting import STOOL, BoxWall, checks, fitting, opinion, part_of

SETTINGS = CraftSettings.ours(paths=2, steps=1, rounds=1, sheet_size=32, box_sheet_size=32, global_fixes=0,
                             policy="shapecraft.paths:independent")


def answer(request):
    role = request.site.role
    if role.startswith("parser"):
        return STOOL
    if role.startswith("evaluator"):
        return opinion(5 + request.site.candidate, checks=checks(5))
    return fitting(part_of(request), 1 + 0.01 * request.site.candidate)


def made(root, *, eyes=True, stop_at=None) -> RunStore:
    """A run of the stool, left when `stop_at` says so of an event."""
    run = start_run("a stool", SETTINGS, model="scripted", evidence="stand-in", root=root, name="stool",
                    date="2000-01-01")
    with run:
        studio = open_studio("a stool", SETTINGS, chat=Scripted(answer, sees_images=eyes), run=run, wall=BoxWall())
        for event in studio.explore():
            if stop_at is not None and stop_at(event):
                break
        else:
            run.status("finished")
    return run


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    return made(tmp_path_factory.mktemp("runs"))


def test_a_finished_run_shows_everything(finished):
    gallery = Gallery(finished.folder)
    assert (gallery.prompt, gallery.model, gallery.evidence, gallery.finished) == ("a stool", "scripted", "stand-in", True)
    assert gallery.settings == SETTINGS
    assert [name for name, _ in gallery.graphs] == ["parsed", "round 0", "final"]
    assert gallery.graph.names == ("legs", "seat")
    assert [row["component"] for row in gallery.attempts] == ["legs", "legs", "seat", "seat"]
    assert [f"{row['component']}/m{row['m']}" for row in gallery.chosen] == ["legs/m1", "seat/m1"]
    assert gallery.graph["seat"].program == gallery.attempt("seat/m1/t0/r0")["program"]
    assert (gallery.components[1]["score"], len(gallery.looks), gallery.tally["made"]) == (6, 1, 2)
    assert gallery.mesh.names == ("legs", "seat")
    assert gallery.assembly_glb()[:4] == b"glTF"
    assert "def legs():" in gallery.program and "def seat():" in gallery.program
    assert gallery.caption() == "one object, STAND-IN, no result"
    assert "procedure" in gallery.watermark


def test_pictures_are_those_the_evaluator_saw(finished):
    gallery = Gallery(str(finished.folder))
    pictures = [gallery.sheet("legs/m0/t0/r0"), gallery.volumes_sheet(0), gallery.whole_sheet()]
    assert all(picture and picture.startswith(b"\x89PNG") for picture in pictures)
    assert len(set(pictures)) == 3
    assert gallery.whole_sheet(1) is None and gallery.volumes_sheet(7) is None


def test_outcomes_are_found_by_program(finished):
    gallery = Gallery(finished)
    row = gallery.chosen[0]
    outcome = gallery.outcome(row["program_key"])
    assert (outcome.kind, [part.name for part in outcome.parts]) == ("ran", ["made"])
    whole = gallery.outcome(program_hash(gallery.program))
    assert [part.name for part in whole.parts] == ["legs", "seat"], "it has limits of its own, and is found all the same"
    with pytest.raises(ConfigurationError, match="expected a program that the run ran, got ffffffffffff"):
        gallery.outcome("f" * 64)


def test_without_eyes_there_are_no_pictures(tmp_path):
    gallery = Gallery(made(tmp_path, eyes=False).folder)
    assert gallery.sheet("legs/m0/t0/r0") is None and gallery.whole_sheet() is None


def test_a_run_that_broke_off_shows_what_it_has(tmp_path):
    run = made(tmp_path, stop_at=lambda event: isinstance(event, AttemptFinished))
    gallery = Gallery(run.folder)
    assert not gallery.finished
    assert [name for name, _ in gallery.graphs] == ["parsed", "round 0"]
    assert to_json(gallery.graph) == (run.folder / "graph/round0.json").read_text()
    assert (len(gallery.attempts), gallery.components, gallery.chosen, gallery.tally) == (1, (), (), {})
    for missing in (gallery.assembly_glb, lambda: gallery.mesh, lambda: gallery.program):
        with pytest.raises(ConfigurationError) as error:
            missing()
        assert "expected a finished object, got the run is running" in str(error.value)
        assert "nothing is paid twice" in str(error.value)


def test_a_text_that_was_not_parsed_has_no_graph(tmp_path):
    run = start_run("a stool", SETTINGS, model="m", evidence="stand-in", root=tmp_path, name="x", date="2000-01-01")
    with run:
        studio = open_studio("a stool", SETTINGS, chat=Scripted(lambda _: "no"), run=run, wall=BoxWall())
        list(studio.explore())
    with pytest.raises(ConfigurationError, match="expected a parsed object, got expected"):
        _ = Gallery(run.folder).graph


def test_an_unknown_attempt_and_another_run_are_refused(finished, tmp_path):
    with pytest.raises(ConfigurationError, match="an attempt: legs/m0/t0/r0, legs/m1/t0/r0"):
        Gallery(finished).sheet("lid/m0/t0/r0")
    with RunStore.open(tmp_path, "sketch", fingerprint="a" * 64, configuration={"queries": {}}, evidence="live",
                       date="2000-01-01") as other:
        pass
    with pytest.raises(ConfigurationError, match="expected a run of shapecraft"):
        Gallery(other.folder)


def test_a_stand_in_and_a_model_have_other_captions(tmp_path):
    studio = open_live("a stool", SETTINGS, model="stand-in", root=tmp_path, name="s", date="2000-01-01", wall=BoxWall())
    with studio:
        assert studio.gallery.watermark
        studio.run.note(drifted=3)
        assert studio.gallery.caption() == "one object, STAND-IN, no result, prompts have drifted from the record"


@pytest.mark.parametrize(("evidence", "eyes", "words"), [
    ("live", False, "one object, live, the Evaluator saw no pictures"), ("live", True, "one object, live"),
    ("stand-in", False, "one object, STAND-IN, no result"),
])
def test_a_blind_evaluator_stands_in_the_record_and_in_the_caption(tmp_path, evidence, eyes, words):
    run = start_run("a stool", SETTINGS, model="m", evidence=evidence, root=tmp_path, name="x", date="2000-01-01")
    with run:
        open_studio("a stool", SETTINGS, chat=Scripted(answer, sees_images=eyes), run=run, wall=BoxWall())
    gallery = Gallery(run.folder)
    assert gallery.run.info["evaluator_sees"] is eyes
    assert gallery.caption() == words


def test_of_a_single_shot_nobody_judges(tmp_path):
    settings = CraftSettings.paper(single_shot=True)
    run = start_run("a stool", settings, model="m", evidence="live", root=tmp_path, name="x", date="2000-01-01")
    with run:
        open_studio("a stool", settings, chat=Scripted(answer), run=run, wall=BoxWall())
    assert "evaluator_sees" not in run.info and Gallery(run.folder).caption() == "one object, live"
