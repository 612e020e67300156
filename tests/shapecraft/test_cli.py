"""The command line: exact choices where something is missing, one clear line for every error, resumption, the demo."""

from __future__ import annotations

import datetime
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from easel.errors import ConfigurationError, MissingCapability
from easel.retrying import Pause
from easel.runs import RunStore
from shapecraft import live, replaying
from shapecraft.cli import DEMO, _waiting, app, event_lines
from shapecraft.edit_desk import EditDesk
from shapecraft.edit_recordings import keep_edits
from shapecraft.recordings import Recording, keep, packaged_names
from shapecraft.replaying import open_recording
from shapecraft.settings import CraftSettings
from shapecraft.wall import open_wall
from tests.shapecraft.crafting import BoxWall
from tests.shapecraft.test_views import WholeFails

FAST = ("--set", "sheet_size=32", "--set", "box_sheet_size=32", "--paths", "1", "--steps", "1", "--rounds", "1")


class BlendWall(BoxWall):
    """Hands out a scene where one is asked for."""

    blender = "4.5"
    closed = 0

    def run(self, job):
        from dataclasses import replace

        outcome = super().run(job)
        return replace(outcome, blend=b"BLENDER-v405") if job.blend and outcome.ran else outcome

    def close(self):
        self.closed += 1

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


@pytest.fixture
def wall(monkeypatch):
    standing = BlendWall()
    monkeypatch.setattr(live, "open_wall", lambda **_: standing)
    return standing


def run(*arguments: str):
    return CliRunner().invoke(app, list(arguments), catch_exceptions=False)


def make(root, *more: str, text="a garden bench", model="stand-in:bad=0,broken=0"):
    return run("make", text, "--model", model, "--root", str(root), *FAST, *more)


def told_of(done) -> str:
    """What was told beside the results, without the line breaks of a narrow terminal."""
    return " ".join(done.stderr.split())


def test_no_model_offers_the_exact_choices(tmp_path):
    with pytest.raises(ConfigurationError) as error:
        run("make", "a desk lamp", "--root", str(tmp_path))
    for choice in ("--model gemini/gemini-2.5-pro", "--api-base", "--model stand-in", "shapecraft demo"):
        assert choice in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_errors_are_one_line_and_status_two():
    done = subprocess.run([sys.executable, "-m", "shapecraft", "make", "a desk lamp"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("shapecraft: expected a model, got none named (at --model).")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("arguments", "words"), [
    (("--set", "path=3"), "Did you mean paths"),
    (("--paths", "0"), "expected a value that the setting 'paths' takes, got 0"),
    (("--steps", "99"), "less than or equal to 16"),
    (("--preset", "best"), "expected a value that the setting 'preset' takes, got 'best'"),
    (("--budget", "cents=3"), "expected calls=N, tokens=N, dollars=X or seconds=X"),
    (("--set", "steps=2", "--steps", "3"), "expected the setting 'steps' once, got 3 and steps=2 (at --set steps). --steps "
                                           "gives it too."),
    (("--set", "steps=2", "--set", "steps=3"), "expected the setting 'steps' once, got 2 and steps=3"),
    (("--vision-label", "judge"), "expected none of these options with no --vision-model, got --vision-label"),
    (("--prices", "nowhere.csv"), "expected none of these options with a stand-in, got --prices (at --prices)"),
    (("--api-base", "http://x/v1", "--sees-images"), "with a stand-in, got --api-base, --sees-images"),
    (("--no-sees-images",), "with a stand-in, got --sees-images"),
])
def test_wrong_options_say_what_is_known(tmp_path, wall, arguments, words):
    with pytest.raises(ConfigurationError) as error:
        run("make", "a stool", "--model", "stand-in", "--root", str(tmp_path), *arguments)
    assert words in str(error.value)
    assert list(tmp_path.iterdir()) == []


def test_an_object_is_made_and_its_files_are_named(tmp_path, wall):
    done = make(tmp_path, "--name", "mine")
    assert done.exit_code == 0
    files = dict(re.findall(r"^(object|page|program|graph|Blender file|contact sheet|run folder): (.*)$", done.stdout,
                            re.MULTILINE))
    assert {*files} == {"object", "page", "program", "graph", "Blender file", "contact sheet", "run folder"}
    folder = Path(files["run folder"])
    assert folder.name.split("_")[1] == "mine"
    assert Path(files["object"]) == folder / "object.glb"
    assert Path(files["object"]).read_bytes()[:4] == b"glTF"
    assert Path(files["Blender file"]).read_bytes() == b"BLENDER-v405"
    assert Path(files["contact sheet"]).read_bytes()[:4] == b"\x89PNG"
    assert "def supports():" in Path(files["program"]).read_text()
    page = Path(files["page"]).read_text()
    assert "made by a procedure" in page and "made by a procedure" in done.stdout
    assert re.search(r"^  seat: seat/m0/t0/r0, score [\d.]+, of 1 attempts \(", done.stdout, re.MULTILINE)
    assert re.search(r"^spent: \d+ calls, \d+ tokens, ", done.stdout, re.MULTILINE)
    most = CraftSettings.ours(paths=1, steps=1, rounds=1).most_calls(2)
    assert f"2 parts: supports, seat; at most {most} calls, more where replies cannot be read" in told_of(done)
    info = RunStore.read(folder).info
    assert (info["status"], info["wall"]) == ("finished", "no wall, boxes only")
    assert wall.closed == 1, "make opened the wall, and closes it"


def test_where_no_reply_is_asked_for_again_the_most_calls_are_the_most(tmp_path, wall):
    done = make(tmp_path, "--set", "reply_repairs=0")
    most = CraftSettings.ours(paths=1, steps=1, rounds=1).most_calls(2)
    assert re.search(rf"at most {most} calls(?!,)", told_of(done))


def test_the_same_command_resumes_and_pays_nothing(tmp_path, wall):
    make(tmp_path)
    folder, = (path for path in tmp_path.iterdir() if path.is_dir())
    before = (folder / "calls.jsonl").read_bytes()
    done = make(tmp_path)
    assert done.exit_code == 0
    assert (folder / "calls.jsonl").read_bytes() == before
    assert RunStore.read(folder).info["resumes"] == 1
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == [folder.name]


def test_a_global_program_that_does_not_run_leaves_the_run_finished_without_a_blender_file(tmp_path, monkeypatch):
    monkeypatch.setattr(live, "open_wall", lambda **_: WholeFails())
    for _ in range(2):
        done = make(tmp_path)
        assert done.exit_code == 0
        assert "the global program did not run (raised: NameError: no such name)" in done.stdout
        assert "no Blender file: expected a .blend file from the global program, got raised: NameError" in done.stderr
        told = dict(re.findall(r"^(page|program|contact sheet|run folder): (.*)$", done.stdout, re.MULTILINE))
        assert len(told) == 4 and all(Path(one).exists() for one in told.values())
        assert RunStore.read(Path(told["run folder"])).info["status"] == "finished"


@pytest.mark.parametrize(("more", "told"), [
    ((), "--sees-images"), (("--sees-images",), ""), (("--set", "pictures=never"), "pictures=never"),
    (("--set", "single_shot=true"), ""),
])
def test_an_evaluator_that_sees_no_pictures_is_announced(tmp_path, wall, monkeypatch, more, told):
    import shapecraft.cli as cli

    monkeypatch.setattr(cli, "_drain", lambda studio: None)
    monkeypatch.setattr(cli, "_tell", lambda studio: None)
    done = make(tmp_path, "--api-base", "http://localhost:9/v1", *more, model="openai/my-vision-model")
    assert done.exit_code == 0
    assert ("the Evaluator sees no pictures" in done.stderr) is bool(told)
    assert not told or f"the Evaluator sees no pictures ({told}): it judges by measured facts" in done.stderr


@pytest.mark.parametrize(("more", "words"), [
    ((), "Programs run behind a wall: a no wall, boxes only each, Blender 4.5."),
    (("--disposable-machine",), "Programs run as ordinary processes without a wall: this machine may be lost."),
])
def test_where_programs_run_is_said_before_any_runs(tmp_path, wall, monkeypatch, more, words):
    import shapecraft.cli as cli

    monkeypatch.setattr(cli, "_drain", lambda studio: typer.echo(f"{len(wall.jobs)} programs ran before this"))
    monkeypatch.setattr(cli, "_tell", lambda studio: None)
    assert make(tmp_path, *more).stdout == f"{words}\n0 programs ran before this\n"


def test_options_reach_the_settings(tmp_path, wall):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "code.md").write_text("--- user ---\n{specification}\n\n{name} {shapes}")
    done = make(tmp_path / "runs", "--preset", "paper", "--components", "3", "--prompt-overlay", str(tmp_path / "mine"),
                "--vision-model", "stand-in:off=0.1", "--label", "writer", "--vision-label", "judge")
    assert done.exit_code == 0
    configured = next((tmp_path / "runs").glob("*/run.json")).read_text()
    told = json.loads(configured)["configuration"]
    kept = {name: told["settings"][name] for name in ("preset", "paths", "steps", "rounds", "components", "advice")}
    assert kept == {"preset": "paper", "paths": 1, "steps": 1, "rounds": 1, "components": 3, "advice": False}
    assert (told["model"], told["vision_model"]) == ("writer", "judge")


def test_an_interrupt_keeps_everything_and_says_how_to_go_on(tmp_path, wall, monkeypatch):
    import shapecraft.cli as cli

    def interrupted(studio):
        next(studio.explore())
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_drain", interrupted)
    done = make(tmp_path)
    assert done.exit_code == 130
    assert "Everything earned is kept in" in done.stderr and "the same command resumes" in done.stderr
    folder, = (path for path in tmp_path.iterdir() if path.is_dir())
    assert RunStore.read(folder).info["status"] == "interrupted"
    assert wall.closed == 1


def test_a_text_without_an_object_fails_with_the_reason(tmp_path, wall):
    with pytest.raises(ConfigurationError, match="expected an object, got invalid: .*another seed"):
        make(tmp_path, "--set", "reply_repairs=0", model="stand-in:bad=1")
    assert RunStore.read(next(path for path in tmp_path.iterdir() if path.is_dir())).info["status"] == "failed"


def test_show_tells_what_is_in_a_run_without_blender(tmp_path, wall):
    make(tmp_path)
    folder, = (path for path in tmp_path.iterdir() if path.is_dir())
    done = run("show", str(folder))
    assert done.stdout.startswith("a garden bench (finished; one object, STAND-IN, no result; stand-in:bad=0,broken=0, programs "
                                  "ran behind: no wall, boxes only)\n")
    assert "compile rate 100% at first, 100% after repair" in done.stdout
    assert "Blender file" not in done.stdout and "contact sheet: " in done.stdout


def test_show_of_a_run_that_broke_off(tmp_path, wall, monkeypatch):
    import shapecraft.cli as cli
    from shapecraft.events import AttemptFinished

    def left(studio):
        for event in studio.explore():
            if isinstance(event, AttemptFinished):
                raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_drain", left)
    make(tmp_path)
    folder, = (path for path in tmp_path.iterdir() if path.is_dir())
    lines = run("show", str(folder)).stdout.splitlines()
    assert lines[0].startswith("a garden bench (interrupted; ")
    assert re.fullmatch(r"  supports: 1 attempts so far \(.* m\)", lines[1])
    assert re.fullmatch(r"  seat: 0 attempts so far \(.* m\)", lines[2])
    assert lines[3].startswith("Stand-in: ") and len(lines) == 4


# --- the demo ------------------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A packed stand-in run."""
    root = tmp_path_factory.mktemp("demo")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(live, "open_wall", lambda **_: BlendWall())
        make(root)
    folder = next(path for path in root.iterdir() if path.is_dir())
    return keep(RunStore.read(folder), root / "kept" / "mine", label="a stand-in", date="2000-01-01", notes=["made up"])


def demo(recording, root, *more):
    return run("demo", "--recording", str(recording), "--root", str(root), "--no-paint", *more)


def test_demo_replays_behind_a_wall_and_names_the_files(recording, tmp_path, monkeypatch):
    standing = BlendWall(level="jail")
    monkeypatch.setattr(replaying, "find_blender", lambda: None)
    monkeypatch.setattr(replaying, "open_wall", lambda **_: standing)
    done = demo(recording, tmp_path)
    assert done.exit_code == 0
    told = done.stdout
    assert told.startswith("Replaying 'mine', a garden bench: a stand-in, 2000-01-01.\n  made up\n"
                           "Programs run behind a wall: a jail each, Blender 4.5.\n")
    assert "the same decisions as recorded: 2 attempts chosen" in told
    for what in ("object", "page", "Blender file", "contact sheet"):
        assert Path(re.search(rf"^{what}: (.*)$", told, re.MULTILINE)[1]).stat().st_size > 0
    assert standing.closed == 1


def test_demo_carries_out_recorded_edits_once_and_says_what_stayed(recording, tmp_path, monkeypatch):
    monkeypatch.setattr(replaying, "find_blender", lambda: None)
    monkeypatch.setattr(replaying, "open_wall", lambda **_: BlendWall(level="jail"))
    folder = tmp_path / "kept"
    shutil.copytree(recording, folder)
    with open_recording(str(folder), root=tmp_path / "a", date="2000-01-01", wall=BlendWall()) as studio:
        list(studio.explore())
        studio.run.status("finished")
        desk = EditDesk(studio.run)
        part = desk.graph.names[0]
        name = desk.numbers(part).parameters[0]
        list(desk.set_numbers({f"{part}.{name.name}": name.value}, wall=BlendWall()))
        keep_edits(studio.run, folder, label="a stand-in", date="2000-01-01")
    told = demo(folder, tmp_path / "b").stdout
    others = [one for one in desk.graph.names if one != part]
    assert f'edited, "{part}.{name.name} = ' in told
    assert f"changed {part}; run again and found as before: {', '.join(others)}" in told
    after = Path(re.findall(r"^object: (.*)$", told, re.MULTILINE)[-1])
    assert after.parts[-3:] == ("edits", "1", "object.glb") and after.is_file()
    page = Path(re.findall(r"^page: (.*)$", told, re.MULTILINE)[-1])
    assert page.parts[-4:-1] == ("edits", "1", "views") and page.is_file()
    again = demo(folder, tmp_path / "b").stdout
    assert "its recorded edits were carried out before; version 1 stands" in again and 'edited, "' not in again


def test_demo_without_a_wall_says_what_it_does_instead(recording, tmp_path, monkeypatch):
    def none(**_):
        raise MissingCapability("a wall", came="no program bwrap", mend="Type: sudo apt-get install -y bubblewrap")

    known = frozenset(Recording.read(str(recording)).info["programs"])
    monkeypatch.setattr(replaying, "find_blender", lambda: None)
    monkeypatch.setattr(replaying, "open_wall", none)
    monkeypatch.setattr(replaying, "shipped_hashes", lambda: known)
    monkeypatch.setattr(replaying, "open_known_programs", lambda size: BlendWall(level="known programs"))
    done = demo(recording, tmp_path)
    assert done.exit_code == 0
    assert f"No wall can stand here: no program bwrap. The {len(known)} programs of this recording" in done.stdout
    assert "sudo apt-get install -y bubblewrap" in done.stdout
    folder = Path(re.search(r"^run folder: (.*)$", done.stdout, re.MULTILINE)[1])
    assert RunStore.read(folder).info["wall"] == "known programs"


def test_demo_without_blender_is_one_line_and_status_one(recording, tmp_path, monkeypatch):
    def none():
        raise MissingCapability("Blender as a Python module", came="none", mend="Type: make blender")

    monkeypatch.setattr(replaying, "find_blender", none)
    done = demo(recording, tmp_path)
    assert done.exit_code == 1
    assert done.stderr == ("shapecraft: no object can be made here: expected Blender as a Python module, got none. "
                           "Type: make blender\n")
    assert list(tmp_path.iterdir()) == []


def test_the_packaged_demo_is_there():
    assert DEMO in packaged_names()


@pytest.mark.acceptance
@pytest.mark.parametrize("name", packaged_names())
def test_packaged_recordings_replay_in_blender_to_the_same_decisions(name, tmp_path):
    try:
        open_wall(0).close()
    except MissingCapability as error:
        pytest.skip(str(error))
    done = demo(name, tmp_path)
    assert done.exit_code == 0, done.output
    assert "the same decisions as recorded" in done.stdout
    assert "DIFFERS" not in done.stdout and "DRIFTED" not in done.stdout


# --- words ---------------------------------------------------------------------------------------------------------------
def test_a_pause_is_told_on_this_machines_clock():
    pause = Pause("the model", 60.0, until=0.0, reason="too many requests")
    until = datetime.datetime.fromtimestamp(0).strftime("%Y-%m-%d %H:%M")
    assert _waiting(pause) == (f"the model pauses until {until} (too many requests); stopping is safe, the same command "
                               "resumes.")


def test_events_in_words(tmp_path):
    from shapecraft.exploring import Craft, explore
    from shapecraft.settings import CraftSettings
    from tests.fakes import Scripted
    from tests.shapecraft.test_recordings import answer

    settings = CraftSettings.ours(paths=2, steps=1, rounds=1, policy="shapecraft.paths:independent")
    craft = Craft(Scripted(answer), BoxWall(), "a stool", settings)
    lines = [line for event in explore(craft) for line in event_lines(event)]
    assert lines == [
        "round 0: boxes score 5; changed: nothing",
        "  legs/m0/t0/r0 draft: ran, score 5",
        "  legs/m1/t0/r0 draft: raised: ValueError: no such thing",
        "  legs/m1/t0/r1 repair: ran, score 7",
        "legs: legs/m1/t0/r1",
        "  seat/m0/t0/r0 draft: ran, score 5",
        "  seat/m1/t0/r0 draft: raised: ValueError: no such thing",
        "  seat/m1/t0/r1 repair: ran, score 7",
        "seat: seat/m1/t0/r1",
        "put together: ran",
        "the whole: score 6",
        "  seat/m1/t1/r0 fix: ran",
        "put together: ran",
        "the whole: score 7",
    ]
