"""The studio: what decides a run, what a run keeps of it, and how it goes on and ends."""

from __future__ import annotations

import importlib
import sys

import pytest

from easel.errors import ConfigurationError
from easel.plugins import source_key
from easel.runs import RunStore
from easel.studios import fingerprint
from shapecraft import attempts
from shapecraft import studio as studio_module
from shapecraft.events import ExploreFinished
from shapecraft.settings import CraftSettings
from shapecraft.studio import PROMPTS, configuration, open_studio, start_run
from tests.fakes import Scripted
from tests.shapecraft.crafting import STOOL, BoxWall, checks, fitting, opinion, part_of

SMALL = {"paths": 1, "steps": 1, "rounds": 1}


def answer(request):
    role = request.site.role
    if role.startswith("parser"):
        return STOOL
    return opinion(8, checks=checks(5)) if role.startswith("evaluator") else fitting(part_of(request))


def configured(prompt="a stool", settings=None, **more):
    return configuration(prompt, settings or CraftSettings.paper(), **{"model": "m", "evidence": "stand-in", **more})


def started(root, settings=None, **more) -> RunStore:
    return start_run("a stool", settings or CraftSettings.ours(**SMALL), root=root, name="stool", date="2000-01-01",
                     **{"model": "scripted", "evidence": "stand-in", **more})


def test_what_decides_a_run_is_in_the_fingerprint(tmp_path):
    base = fingerprint(configured())
    assert fingerprint(configured()) == base
    others = [
        configured("a stool "), configured(settings=CraftSettings.paper(paths=2)), configured(model="n"),
        configured(evidence="live"), configured(vision_model="eyes"), configured(sees_images=True),
        configured(settings=CraftSettings.paper(policy="shapecraft.paths:breadth_first")),
        configured(settings=CraftSettings.paper(helpers=False)),
    ]
    assert len({base, *map(fingerprint, others)}) == len(others) + 1
    (tmp_path / "code.md").write_text("--- user ---\nWrite {name} of {specification}. {shapes}")
    overlaid = configured(settings=CraftSettings.paper(prompt_overlay=tmp_path))
    assert [name for name in PROMPTS if overlaid["prompts"][name] != configured()["prompts"][name]] == ["code"]
    assert fingerprint(overlaid) != base


def test_words_that_stand_in_python_count(monkeypatch):
    base = fingerprint(configured())
    monkeypatch.setattr("shapecraft.evaluator.FIXES", "Name what must change.")
    assert fingerprint(configured()) != base


def test_the_place_of_an_overlay_does_not_count(tmp_path):
    for place in ("here", "there"):
        (tmp_path / place).mkdir()
        (tmp_path / place / "code.md").write_text("--- user ---\n{name}")
    here, there = (configured(settings=CraftSettings.paper(prompt_overlay=tmp_path / place))
                   for place in ("here", "there"))
    assert fingerprint(here) == fingerprint(there) != fingerprint(configured())


def test_the_code_of_the_policy_counts(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(tmp_path)
    settings, prints = CraftSettings.paper(policy="my_policy:mine"), []
    for body in ("...", "paths[0].draft()", "..."):
        (tmp_path / "my_policy.py").write_text(f"def mine(paths, settings, submit): {body}\n")
        sys.modules.pop("my_policy", None)
        importlib.invalidate_caches()
        told = configured(settings=settings)
        assert told["policies"]["policy"].startswith("my_policy:mine#")
        prints.append(fingerprint(told))
    assert prints[0] == prints[2] != prints[1]
    (tmp_path / "bad_policy.py").write_text("def mine(): ...\n")
    with pytest.raises(ConfigurationError, match="a callable that takes"):
        configured(settings=CraftSettings.paper(policy="bad_policy:mine"))


def test_the_code_of_the_gate_counts_which_the_policy_ranks_with(monkeypatch):
    told = configured()
    assert told["policies"]["gate"] == source_key(attempts.gate)
    monkeypatch.setattr(studio_module, "gate", lambda attempt: attempt.m)
    assert fingerprint(configured()) != fingerprint(told)


def test_a_run_keeps_prompts_versions_and_seeds(tmp_path):
    with started(tmp_path) as run:
        kept = sorted(path.name.rpartition("-")[0] for path in (run.folder / "prompts").glob("*.md"))
        assert kept == sorted(PROMPTS)
        assert run.info["seeds"] == {"base": 0}
        assert {"numpy", "numba", "easel3d", "python"} <= run.info["versions"].keys()
        assert "bpy" not in run.info["versions"], "the wall of tests has no Blender"
        assert run.folder.name.startswith("2000-01-01_stool_")
        assert run.info["configuration"]["prompt"] == "a stool"


def test_an_empty_prompt_makes_no_run(tmp_path):
    with pytest.raises(ConfigurationError, match="expected an object in words, got an empty prompt"):
        start_run("  ", CraftSettings.paper(), model="m", evidence="live", root=tmp_path, name="x", date="2000-01-01")
    assert list(tmp_path.iterdir()) == []


def test_a_studio_explores_and_says_how_it_ended(tmp_path):
    model, wall, settings = Scripted(answer), BoxWall(), CraftSettings.ours(**SMALL)
    run = started(tmp_path, settings)
    with open_studio("a stool", settings, chat=model, run=run, wall=wall, name="stool", notes=lambda: ["spent: a lot"],
                     facts=lambda: {"drifted": 2}) as studio:
        seen = list(studio.explore())
        assert studio.finished is seen[-1] and isinstance(seen[-1], ExploreFinished)
        assert studio.gallery.graph.names == ("legs", "seat")
        assert studio.run.info["wall"] == "no wall, boxes only"
        told = studio.remarks()
    assert told[0] == "spent: a lot" and told[1].startswith("DRIFTED: 2 replies were taken by call site")
    assert RunStore.read(run.folder).info["drifted"] == 2
    assert {call.site.query.partition("/")[0] for call in model.calls} == {"stool"}


def test_a_fault_closes_the_run_and_its_own_wall(tmp_path):
    class Closing(BoxWall):
        closed = 0

        def close(self):
            self.closed += 1

    mine, lent = Closing(), Closing()
    settings = CraftSettings.ours(**SMALL)
    with pytest.raises(RuntimeError), open_studio("a stool", settings, chat=Scripted(answer), run=started(tmp_path),
                                                  wall=mine, own_wall=True) as studio:
        raise RuntimeError("by the user")
    assert (mine.closed, studio.run.info["status"], studio.run.writable) == (1, "failed", False)
    studio = open_studio("a stool", settings, chat=Scripted(answer), run=started(tmp_path), wall=lent)
    studio.close()
    assert (lent.closed, studio.run.writable) == (0, False)
