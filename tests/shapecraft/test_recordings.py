"""Recordings: packing a finished run, replaying it, likeness of cameras, drift, misses, trust, and where no wall stands."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from pathlib import Path

import pytest

from easel.errors import ConfigurationError, EaselError, MissingCapability
from easel.jsonl import DamagedFile
from easel.recording import RecordMissing
from easel.runs import RunStore
from shapecraft import recordings, replaying
from shapecraft.animation_recordings import AnimationRecording
from shapecraft.edit_recordings import EditRecording
from shapecraft.mesh_files import read_glb
from shapecraft.outcome import Job
from shapecraft.recordings import (
    Decisions,
    Recording,
    decisions_of,
    keep,
    known_programs,
    packaged_names,
    without_cameras,
    write_known_programs,
)
from shapecraft.replaying import ground_for, open_recording
from shapecraft.settings import CraftSettings
from shapecraft.studio import open_studio, start_run
from shapecraft.wall import program_hash, shipped_hashes
from tests.fakes import Scripted
from tests.shapecraft.crafting import BROKEN, STOOL, BoxWall, checks, fitting, opinion, part_of

SETTINGS = CraftSettings.ours(paths=2, steps=2, rounds=1, sheet_size=32, box_sheet_size=32, threshold=10,
                              policy="shapecraft.paths:independent")


def answer(request) -> str:
    """The draft of path 1 does not run; later steps are liked better; the look wants the seat changed."""
    site, role = request.site, request.site.role
    if role.startswith("parser"):
        return STOOL
    if role == "evaluator-whole":
        fixes = [{"component": "seat", "feedback": "Thinner."}] if site.epoch == 0 else []
        return opinion(6 + site.epoch, checks=checks(5), **({"fixes": fixes} if fixes else {}))
    if role.startswith("evaluator"):
        return opinion(5 + site.epoch + 2 * max(0, site.candidate), checks=checks(5))
    if role == "coder" and site.candidate == 1:
        return BROKEN
    return fitting(part_of(request), 1 + 0.01 * site.candidate + 0.001 * site.epoch)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> RunStore:
    """A finished run with repairs, revisions, pictures and a fix that was kept."""
    from easel.connection import chain

    root = tmp_path_factory.mktemp("runs")
    run = start_run("a stool", SETTINGS, model="scripted", evidence="live", root=root, name="stool", date="2000-01-01",
                    sees_images=True)
    with run:
        model = chain(Scripted(answer, evidence="live", sees_images=True), store=run.replies, ledger=run.home)
        studio = open_studio("a stool", SETTINGS, chat=model.chat, run=run, wall=BoxWall(), name="stool")
        list(studio.explore())
        run.status("finished")
    return RunStore.read(run.folder)


def kept(run, folder, **more):
    return keep(run, folder, **{"label": "made up", "date": "2000-01-02", "notes": ["a note"], **more})


@pytest.fixture(scope="module")
def packed(recorded, tmp_path_factory):
    return kept(recorded, tmp_path_factory.mktemp("recordings") / "stool")


def replayed(folder, root, **more):
    studio = open_recording(str(folder), root=root, date="2000-01-03", **{"wall": BoxWall(), **more})
    with studio:
        list(studio.explore())
        studio.run.status("finished")
        return studio, studio.remarks()


def test_a_recording_says_what_it_is(recorded, packed):
    one = Recording.read(str(packed))
    assert (one.name, one.prompt, one.settings, one.prompts) == ("stool", "a stool", SETTINGS, None)
    assert (one.info["label"], one.info["date"], one.info["notes"]) == ("made up", "2000-01-02", ["a note"])
    assert (one.info["model"], one.info["sees_images"], one.info["wall"]) == ("scripted", True, "no wall, boxes only")
    assert one.decisions == decisions_of(recorded)
    assert one.decisions.chosen == {"legs": "legs/m1/t1/r0", "seat": "seat/m1/t2/r0"}
    assert one.decisions.scores == {"legs": 8, "seat": None}, "a fix is measured, not judged"
    assert one.decisions.look == 7
    assert sorted(path.name for path in packed.iterdir()) == ["recording.json", "replies.jsonl.gz"]


def test_every_program_is_known_the_global_ones_too(recorded, packed):
    known = known_programs(Recording.read(str(packed)))
    ran = {path.stem.partition("-")[0] for path in (recorded.folder / "outcomes").glob("*.json")}
    assert set(known) == ran
    for look in (0, 1):
        assert program_hash((recorded.folder / f"assembly/look{look}.py").read_text()) in known


def test_packing_twice_gives_the_same_bytes(recorded, packed, tmp_path):
    again = kept(recorded, tmp_path / "again")
    for name in ("recording.json", "replies.jsonl.gz"):
        assert (again / name).read_bytes() == (packed / name).read_bytes()


def test_only_replies_that_the_run_asks_for_are_packed(recorded, packed, tmp_path):
    shutil.copytree(recorded.folder, tmp_path / "run")
    stray = next(iter(recorded.replies))
    (tmp_path / "run/replies" / f"{'0' * 64}.json").write_text(json.dumps({**stray.to_json(), "key": "0" * 64}))
    again = kept(RunStore.read(tmp_path / "run"), tmp_path / "again")
    assert (again / "replies.jsonl.gz").read_bytes() == (packed / "replies.jsonl.gz").read_bytes()


def test_a_replay_makes_the_same_object_and_the_same_rows(recorded, packed, tmp_path):
    wall = BoxWall()
    studio, told = replayed(packed, tmp_path, wall=wall)
    assert told == ["the same decisions as recorded: 2 attempts chosen, their scores, the global program"]
    assert studio.run.info["evidence"] == "recorded" and studio.gallery.watermark == ""
    assert studio.run.info["recording"] == "made up"
    for table in ("parses", "bootstraps", "attempts", "components", "assemblies", "looks", "explored"):
        assert studio.run.rows(table) == recorded.rows(table), table
    assert (studio.run.folder / "object.glb").read_bytes() == (recorded.folder / "object.glb").read_bytes()
    assert len(wall.jobs) == len(list((recorded.folder / "outcomes").glob("*.json"))), "programs run again, each once"
    assert not (studio.run.folder / "calls.jsonl").exists(), "nothing was asked"


class ShiftedWall(BoxWall):
    """Another machine: all vertices differ in the last digit of a float."""

    def run(self, job: Job):
        from dataclasses import replace

        import numpy as np

        from shapecraft.intake import Solid
        from shapecraft.part_glb import write_glb
        from shapecraft.part_report import report_on
        from tests.shapecraft.crafting import GREY

        outcome = super().run(job)
        if not outcome.ran:
            return outcome
        solids = []
        for part in read_glb(outcome.glb).parts:
            vertices = np.nextafter(np.asarray(part.vertices, np.float32), np.float32(9)) * np.float32(1.0000003)
            faces = np.asarray(part.faces, np.int32)
            normals = np.repeat(np.array([[[0, 0, 1]]], np.float32), 3, axis=1).repeat(len(faces), axis=0)
            solids.append(Solid(part.name, vertices, faces, normals, None, np.zeros(len(faces), np.uint16), (GREY,)))
        return replace(outcome, parts=tuple(report_on(one) for one in solids), glb=write_glb(solids))


def test_last_digits_of_another_machine_change_no_decision(packed, tmp_path):
    studio, told = replayed(packed, tmp_path, wall=ShiftedWall())
    assert told[0] == "the same decisions as recorded: 2 attempts chosen, their scores, the global program"
    assert studio.run.info["likened"] > 0
    assert told[1].startswith(f"{studio.run.info['likened']} pictures have other cameras in the last digits")
    assert "drifted" not in studio.run.info


def test_cameras_of_a_program_do_not_count_and_those_of_boxes_do():
    def identity(source, text="x"):
        return {"model": "m", "messages": [{"role": "user", "parts": [{"text": text}, {"image": source}]}],
                "sampling": {}, "replica": 0}

    program, boxes = f"shape-sheet|{'a' * 64}|style|labels=none|", f"box-sheet|{'a' * 64}|boxes 1|"
    near, far = (f"perspective eye={one},0,0;perspective eye=0,{one},0" for one in (1, 2))
    assert without_cameras(identity(program + near)) == without_cameras(identity(program + far))
    assert without_cameras(identity(program + near)) != without_cameras(identity(program + near.split(";")[0]))
    assert without_cameras(identity(program + near)) != without_cameras(identity(program.replace("a", "b") + near))
    assert without_cameras(identity(program + near)) != without_cameras(identity(program + near, "y"))
    assert without_cameras(identity(boxes + near)) != without_cameras(identity(boxes + far))


def test_an_edited_prompt_misses_and_replays_by_call_site(packed, tmp_path):
    overlay = tmp_path / "mine"
    overlay.mkdir()
    (overlay / "code.md").write_text("--- user ---\nWrite {name}. {specification} {shapes}")
    with pytest.raises(RecordMissing) as error:
        replayed(packed, tmp_path / "runs", prompt_overlay=overlay)
    for words in ("got a request that was not recorded (at coder/stool/", "lines of the prompt differ, the first:",
                  "Replay by call site (by_site=True)"):
        assert words in str(error.value)
    studio, told = replayed(packed, tmp_path / "runs", prompt_overlay=overlay, by_site=True)
    assert studio.run.info["drifted"] == 4, "the four drafts; what follows from them was asked as recorded"
    assert told[0].startswith("the same decisions") and told[-1].startswith("DRIFTED: 4 replies were taken by call site")
    assert "prompts have drifted" in studio.gallery.caption()


def test_other_decisions_are_told_one_by_one():
    ours = Decisions("a" * 64, {"seat": "seat/m0/t0/r0"}, {"seat": 8.0}, 7.0)
    other = Decisions("b" * 64, {"seat": "seat/m1/t0/r0", "leg": "leg/m0/t0/r0"}, {"seat": 8.0, "leg": None}, 6.0)
    assert ours.differences(ours) == []
    assert ours.differences(other) == [
        "leg: attempt None was recorded, leg/m0/t0/r0 came out",
        "seat: attempt seat/m0/t0/r0 was recorded, seat/m1/t0/r0 came out",
        "the whole: score 7.0 was recorded, 6.0 came out",
        "the global program is another one",
    ]


def test_a_replay_that_differs_says_so(packed, tmp_path):
    folder = shutil.copytree(packed, tmp_path / "stool")
    info = json.loads((folder / "recording.json").read_text())
    info["decisions"]["scores"]["legs"] = 3
    (folder / "recording.json").write_text(json.dumps(info))
    _, told = replayed(folder, tmp_path / "runs")
    assert told == ["DIFFERS from the record: legs: score 3 was recorded, 8.0 came out"]


def test_two_models_replay_apart(tmp_path):
    from shapecraft.live import open_live

    settings = SETTINGS.model_copy(update={"pictures": "never"})
    studio = open_live("a stool", settings, model="stand-in:bad=0", vision_model="stand-in:bad=0,broken=0", name="s",
                       root=tmp_path, date="2000-01-01", wall=BoxWall())
    with studio:
        list(studio.explore())
        studio.run.status("finished")
    folder = kept(RunStore.read(studio.run.folder), tmp_path / "kept")
    again, told = replayed(folder, tmp_path / "again")
    assert told[0].startswith("the same decisions")
    assert again.run.info["configuration"]["vision_model"] == "stand-in:bad=0,broken=0"
    assert (again.run.info["evidence"], bool(again.gallery.watermark)) == ("stand-in", True), "for good"


def test_prompts_of_an_overlay_travel_along(tmp_path):
    from easel.connection import chain

    overlay = tmp_path / "mine"
    overlay.mkdir()
    (overlay / "code.md").write_text("--- user ---\nWrite {name}. {specification} {shapes}")
    settings = SETTINGS.model_copy(update={"prompt_overlay": overlay})
    run = start_run("a stool", settings, model="scripted", evidence="live", root=tmp_path, name="s", date="2000-01-01")
    with run:
        model = chain(Scripted(answer, evidence="live"), store=run.replies, ledger=run.home)
        list(open_studio("a stool", settings, chat=model.chat, run=run, wall=BoxWall(), name="s").explore())
        run.status("finished")
    folder = kept(RunStore.read(run.folder), tmp_path / "kept")
    shutil.rmtree(overlay)
    assert [path.name for path in (folder / "prompts").iterdir()] == ["code.md"]
    assert replayed(folder, tmp_path / "again")[1][0].startswith("the same decisions")


def test_what_cannot_be_packed_is_refused_and_nothing_is_written(recorded, tmp_path):
    def copy(name):
        return shutil.copytree(recorded.folder, tmp_path / name)

    def refused(folder, match, **more):
        with pytest.raises(ConfigurationError, match=match):
            kept(RunStore.read(folder), tmp_path / "out", **more)
        assert not (tmp_path / "out").exists()

    unfinished = copy("unfinished")
    info = json.loads((unfinished / "run.json").read_text())
    (unfinished / "run.json").write_text(json.dumps({**info, "status": "interrupted"}))
    refused(unfinished, "expected a finished run, got interrupted")
    refused(copy("undated"), "a date as 2026-01-31", date="yesterday")
    holed = copy("holed")
    next(iter((holed / "replies").glob("*.json"))).unlink()
    refused(holed, "every reply that the run asked for, in its own record")
    emptied = copy("emptied")
    for path in (emptied / "outcomes").glob("*.json"):
        path.unlink()
    refused(emptied, "the outcome of every program that the run ran")
    foreign = copy("foreign")
    info["configuration"]["settings"]["policy"] = "os:system"
    (foreign / "run.json").write_text(json.dumps(info))
    refused(foreign, "a callable of shapecraft or easel")


def test_a_recording_of_foreign_code_is_not_called(packed, tmp_path):
    folder = shutil.copytree(packed, tmp_path / "stool")
    info = json.loads((folder / "recording.json").read_text())
    for policy in ("os:system", "shapecraft.wall:os.system", "shapecraft.exploring:field"):
        info["settings"]["policy"] = policy
        (folder / "recording.json").write_text(json.dumps(info))
        with pytest.raises(ConfigurationError, match="a callable of shapecraft or easel"):
            open_recording(str(folder), root=tmp_path / "runs", date="2000-01-01", wall=BoxWall())
    assert not (tmp_path / "runs").exists()


def test_what_is_no_recording_is_named(tmp_path):
    with pytest.raises(ConfigurationError, match="expected a recording: one of .*, or a folder, got nothing-here"):
        Recording.read("nothing-here")
    (tmp_path / "recording.json").write_text('{"format": "drawagent-recording/1"}')
    with pytest.raises(ConfigurationError, match="expected format shapecraft-recording/1, got drawagent-recording/1"):
        Recording.read(str(tmp_path))
    (tmp_path / "recording.json").write_text(json.dumps({
        "format": "shapecraft-recording/1", "date": "2000-01-01", "model": "m", "sees_images": False}))
    (tmp_path / "replies.jsonl.gz").write_bytes(b"no")
    with pytest.raises(DamagedFile, match="a file of packed replies"):
        Recording.read(str(tmp_path)).chats()


# --- where no wall stands ----------------------------------------------------------------------------------------------
def no_wall(**_):
    raise MissingCapability("a wall for programs that a model wrote", came="no program bwrap", mend="Type: easel doctor")


class Opened(BoxWall):
    blender = "4.5"


def test_without_a_wall_known_programs_run_and_it_is_said(packed, monkeypatch):
    one = Recording.read(str(packed))
    monkeypatch.setattr(replaying, "find_blender", lambda: None)
    monkeypatch.setattr(replaying, "open_wall", no_wall)
    with pytest.raises(MissingCapability, match="no program bwrap"):
        ground_for(one)
    with pytest.raises(ConfigurationError, match=r"expected programs that ship with the project, got \d+ others"):
        ground_for(one, known_programs_only=True)
    monkeypatch.setattr(replaying, "shipped_hashes", lambda: frozenset(known_programs(one)))
    monkeypatch.setattr(replaying, "open_known_programs", lambda size: Opened(level="known programs"))
    asked_for = ground_for(one, known_programs_only=True)
    assert asked_for.wall.level == "known programs" and asked_for.words.startswith("No wall, as asked for: the ")
    with pytest.raises(ConfigurationError, match="one of --disposable-machine and --known-programs, got both"):
        ground_for(one, known_programs_only=True, disposable_machine=True)
    ground = ground_for(one)
    assert ground.wall.level == "known programs"
    assert ground.words == (
        f"No wall can stand here: no program bwrap. The {len(known_programs(one))} programs of this recording ship with "
        "the project, are known by their hashes, and run as ordinary processes without a wall; no other program would. "
        "To have a wall: Type: easel doctor")


def test_without_blender_nothing_is_opened(packed, monkeypatch):
    def none():
        raise MissingCapability("Blender as a Python module", came="none", mend="Type: make blender")

    monkeypatch.setattr(replaying, "find_blender", none)
    monkeypatch.setattr(replaying, "open_wall", lambda **_: pytest.fail("it was opened"))
    with pytest.raises(MissingCapability, match="Type: make blender"):
        ground_for(Recording.read(str(packed)))


def test_with_a_wall_nothing_needs_saying(packed, monkeypatch):
    asked = []
    monkeypatch.setattr(replaying, "find_blender", lambda: None)
    monkeypatch.setattr(replaying, "open_wall", lambda **more: asked.append(more) or Opened())
    assert ground_for(Recording.read(str(packed))).words == ""
    assert "without a wall" in ground_for(Recording.read(str(packed)), disposable_machine=True).words
    assert asked == [{}, {"disposable_machine": True}]


# --- what ships ----------------------------------------------------------------------------------------------------------
def test_the_list_of_known_programs_is_that_of_the_packaged_recordings(tmp_path, monkeypatch):
    shipped = {one for name in packaged_names() for one in known_programs(Recording.read(name))}
    assert shipped == shipped_hashes(), "write it with data/make/record_shapes.py"
    file = tmp_path / "known.txt"
    file.write_text("# head\n" + "f" * 64 + "\n")
    assert write_known_programs(file) == len(shipped)
    assert file.read_text().splitlines() == ["# head", *sorted(shipped)]
    monkeypatch.setattr(recordings, "packaged_names", list)
    assert write_known_programs(file) == 0 and file.read_text() == "# head\n"


@pytest.mark.parametrize("name", packaged_names())
def test_programs_of_packaged_recordings_are_in_their_replies(name):
    """Every hash but those of global programs is that of a program which a packed reply holds."""
    from shapecraft.programs import read_program

    one = Recording.read(name)
    beside = [kind.at(one.folder) for kind in (EditRecording, AnimationRecording) if kind.there(one.folder)]
    held = set()
    for stored in (reply for kept in (one.chats().model, *(kind.chat() for kind in beside))
                   for reply in kept._replies.values()):
        if stored.site.role.startswith("coder") and stored.reply is not None:
            with contextlib.suppress(EaselError):  # a reply without a program is a recorded failure
                held.add(hashlib.sha256(read_program(stored.reply.text).program.encode()).hexdigest())
    others = set(known_programs(one)) - held
    steps = sum(len(kind.info["steps"]) for kind in beside)
    assert 1 <= len(others) - steps <= 2 and one.decisions.object in others


@pytest.mark.parametrize(("file", "verb"), [("stool/edits.json", "edit"), ("laptop/animations.json", "animate")])
def test_the_readme_has_the_command_of_every_recorded_edit_and_animation(file, verb):
    folder = Path(recordings.__file__).parent / "recordings"
    kept = json.loads((folder / file).read_text())
    commands = [line.strip() for line in (folder / "README.md").read_text().splitlines() if line.startswith("    ")]
    for step in kept["steps"]:
        command = (f'shapecraft {verb} RUN "{step.get("words") or step["wanted"]}" --model openai/bridge --label '
                   f'{kept["model"]} --api-base http://127.0.0.1:8765/v1')
        assert command in commands
