"""Views: what is told of a run in lines is what the object is made of."""

from __future__ import annotations

import pytest

from easel.runs import RunStore
from shapecraft.events import GlobalLooked
from shapecraft.gallery import Gallery
from shapecraft.outcome import Outcome
from shapecraft.settings import CraftSettings
from shapecraft.studio import open_studio, start_run
from shapecraft.usd_file import ExportError
from shapecraft.views import summary, write_blend, write_views
from tests.fakes import Scripted
from tests.shapecraft.crafting import BROKEN, STOOL, BoxWall, checks, fitting, opinion, part_of

SETTINGS = CraftSettings.ours(paths=1, steps=1, rounds=1, sheet_size=32, box_sheet_size=32, error_repairs=0)


def answer(request, *, second=9.0, seat=None) -> str:
    """The look wants the seat changed; it is scored `second` after that. seat : its program, fitting else"""
    site, role = request.site, request.site.role
    if role.startswith("parser"):
        return STOOL
    if role == "evaluator-whole":
        fixes = {"fixes": [{"component": "seat", "feedback": "Thinner."}]} if site.epoch == 0 else {}
        return opinion(second if site.epoch else 6, checks=checks(5), **fixes)
    if role.startswith("evaluator"):
        return opinion(9.5, checks=checks(5))
    return seat if seat and part_of(request) == "seat" else fitting(part_of(request), 1 + 0.001 * site.epoch)


def made(root, reply=answer, *, wall=None, until=None, settings=SETTINGS) -> Gallery:
    """A run, left when an event of kind `until` was seen."""
    run = start_run("a stool", settings, model="scripted", evidence="stand-in", root=root, name="stool",
                    date="2000-01-01")
    with run:
        studio = open_studio("a stool", settings, chat=Scripted(reply), run=run, wall=wall or BoxWall())
        for event in studio.explore():
            if until is not None and isinstance(event, until):
                return Gallery(RunStore.read(run.folder))
        run.status("finished")
    return Gallery(RunStore.read(run.folder))


def line(gallery, component) -> str:
    return next(one for one in summary(gallery) if one.startswith(f"  {component}: "))


def test_a_kept_fix_is_what_the_summary_names(tmp_path):
    gallery = made(tmp_path)
    assert gallery.run.rows("explored")[0]["chosen"] == ["legs/m0/t0/r0", "seat/m0/t1/r0"]
    assert line(gallery, "seat") == (
        "  seat: seat/m0/t1/r0, a fix, not scored (before: 9.5), of 2 attempts (0.4 x 0.4 x 0.05 m)")
    assert line(gallery, "legs") == "  legs: legs/m0/t0/r0, score 9.5, of 1 attempts (0.4 x 0.4 x 0.4 m)"


def test_a_fix_that_was_not_kept_is_not_named(tmp_path):
    gallery = made(tmp_path, lambda request: answer(request, second=5))
    assert line(gallery, "seat").startswith("  seat: seat/m0/t0/r0, score 9.5, of 2 attempts (")


@pytest.mark.parametrize(("seat", "words"), [
    (None, "seat/m0/t0/r0, score 9.5, of 1 attempts"), (BROKEN, "not made, 1 attempts"),
])
def test_before_the_end_the_summary_names_what_the_paths_came_to(tmp_path, seat, words):
    gallery = made(tmp_path, lambda request: answer(request, seat=seat), until=GlobalLooked)
    assert not gallery.finished and line(gallery, "seat").startswith(f"  seat: {words} (")


def test_a_single_shot_that_has_ended_has_no_attempts_so_far(tmp_path):
    gallery = made(tmp_path, lambda request: fitting("seat"), settings=CraftSettings.paper(single_shot=True))
    assert line(gallery, "whole").startswith("  whole: whole/m0/t0/r0, no score, of 1 attempts (")


class WholeFails(BoxWall):
    """Runs parts; the program of the whole raises."""

    blender = "4.5"

    def run(self, job):
        return Outcome("raised", message="NameError: no such name") if "def build(" in job.program else super().run(job)


def test_a_global_program_that_does_not_run_is_told_and_keeps_nothing_else_from_being_written(tmp_path):
    gallery = made(tmp_path, wall=WholeFails())
    assert [one for one in summary(gallery) if "global program" in one] == [
        "  the global program did not run (raised: NameError: no such name); the object is put together from its parts, "
        "each of which ran alone"]
    written = write_views(gallery)
    assert {*written} == {"object", "page", "program", "graph", "contact sheet"}
    assert all(path.stat().st_size for path in written.values())
    with pytest.raises(ExportError, match="expected a .blend file from the global program, got raised: NameError"):
        write_blend(gallery, wall=WholeFails())
    assert not any("global program" in one for one in summary(made(tmp_path / "other")))
