"""Recordings: what was packed replays to the same decisions, whatever the machine; drift is said."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drawagent.edits import Add
from drawagent.events import PractiseFinished
from drawagent.experience import Library
from drawagent.forking import fork
from drawagent.gallery import Gallery
from drawagent.language import parse
from drawagent.live import open_live
from drawagent.recordings import Recording, keep
from drawagent.replaying import open_replay
from drawagent.reward import ViewReward
from drawagent.rollout import Candidate
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import open_scorer, open_studio, start_run
from easel.connection import chain
from easel.errors import ConfigurationError
from easel.recording import PackedReplies, RecordMissing
from easel.runs import RunStore
from tests.drawagent.bundled import SCORERS, SETTINGS, practised
from tests.fakes import CARD, TinyScorer, lists

SCORER = "tests.fakes:TinyScorer"
TABLES = ("rollouts", "pairs", "judgements", "edits", "gates", "libraries", "epochs", "metrics", "measured")


def content(run: RunStore) -> dict[str, str]:
    """Decisions and words of a run, by table."""
    found = {}
    for table in TABLES:
        path = run.folder / f"{table}.jsonl"
        found[table] = path.read_text() if path.exists() else ""
    return found


@pytest.fixture(scope="module")
def recorded(tmp_path_factory) -> tuple[Recording, dict[str, str]]:
    root = tmp_path_factory.mktemp("recorded")
    queries = lists(2, gate=1, report=2)
    settings = DrawSettings.ours(candidates=3, epochs=2, inference_draws=1, noise_skip=0, picture_size=32)
    reward = ViewReward.of(settings, open_scorer(SCORER))
    reporter = ViewReward.of(settings, open_scorer(SCORER), views=settings.report_views)
    with start_run(queries, settings, model="stand-in", evidence="stand-in", reward=reward, measured_by=reporter,
                   root=root / "runs", name="made", date="2000-01-01") as run:
        chat = chain(StandIn(), store=run.replies, ledger=run.folder)
        studio = open_studio(queries, settings, chat=chat.chat, run=run, reward=reward, measured_by=reporter)
        list(studio.practise())
        list(studio.report())
        with pytest.raises(ConfigurationError, match="expected a finished run, got running"):
            keep(run, root / "early", label="x", date="d", notes=[], scorers={})
        run.status("finished")
        folder = keep(run, root / "kept", label="a stand-in, for tests", date="2000-01-01", notes=["a note"],
                      scorers={"reward": SCORER, "report": SCORER})
        first = {path.name: path.read_bytes() for path in folder.iterdir()}
        keep(run, folder, label="a stand-in, for tests", date="2000-01-01", notes=["a note"],
             scorers={"reward": SCORER, "report": SCORER})
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == first, "packing is deterministic"
        return Recording.read(str(folder)), content(run)


def replayed(recording: Recording, root: Path, **more) -> tuple[RunStore, list[str]]:
    studio = open_replay(recording, root=root, date="2000-01-02", trust_plugins=True, **more)
    with studio.run:
        events = list(studio.practise())
        assert isinstance(events[-1], PractiseFinished)
        list(studio.report())
        return studio.run, studio.remarks()


@pytest.mark.parametrize("workers", [1, 2, 8])
def test_a_record_replays_to_the_same_rows(recorded, tmp_path, workers):
    recording, rows = recorded
    run, remarks = replayed(recording, tmp_path, workers=workers)
    assert content(run) == rows
    assert any("largest difference 0.0e+00" in line for line in remarks)
    assert run.info["evidence"] == "stand-in"
    assert not list(run.replies), "nothing was asked anew"


class BackwardsScorer(TinyScorer):
    """The same card, other numbers: what another machine may do, only more so."""

    def embed_images(self, images):
        return super().embed_images(images)[:, ::-1].copy()


def test_decisions_follow_the_record_even_where_numbers_moved(recorded, tmp_path):
    recording, rows = recorded
    scorers = {"reward": f"{__name__}:BackwardsScorer", "report": SCORER}
    moved = Recording(recording.name, recording.folder, {**recording.info, "scorers": scorers})
    run, remarks = replayed(moved, tmp_path)
    assert content(run) == rows
    (line,) = [line for line in remarks if "recorded scores computed again" in line]
    assert float(line.split()[-1]) > 0.01, "the other numbers are told"


def test_the_report_follows_the_record_even_where_numbers_moved(recorded, tmp_path):
    recording, rows = recorded
    scorers = {"reward": SCORER, "report": f"{__name__}:BackwardsScorer"}
    moved = Recording(recording.name, recording.folder, {**recording.info, "scorers": scorers})
    run, remarks = replayed(moved, tmp_path / "a")
    assert content(run) == rows
    (line,) = [line for line in remarks if "recorded figures of the report computed again" in line]
    assert line.startswith(f"{len(rows['measured'].splitlines())} ")
    assert float(line.split()[-1]) > 0.01

    old = Recording(recording.name, tmp_path / "old", moved.info)
    shutil.copytree(recording.folder, old.folder, ignore=shutil.ignore_patterns("measured*"))
    run, remarks = replayed(old, tmp_path / "b")
    assert content(run)["measured"] != rows["measured"], "a recording without figures is measured here"
    assert not any("figures of the report" in line for line in remarks)


class Rater:
    card = CARD

    def scores(self, images):
        return np.full(len(images), 5.0)


def test_a_resumed_report_measures_nothing_again_and_aes_may_come_later(recorded, tmp_path):
    recording, _ = recorded

    def opened(**more):
        studio = open_replay(recording, root=tmp_path, date="2000-01-02", trust_plugins=True, recompute=False)
        for name, value in more.items():
            setattr(studio, name, value)
        with studio.run:
            list(studio.practise())
            list(studio.report())
        return studio

    first = opened()
    rows, curve = content(first.run), first.gallery.curve()
    moved = opened(measured_by=ViewReward.of(recording.settings, BackwardsScorer(), views=12))
    assert content(moved.run) == rows
    rated = opened(aesthetic=Rater())
    assert content(rated.run)["metrics"].startswith(rows["metrics"])
    assert {row["aesthetic"] for row in rated.run.rows("metrics")} == {None, 5.0}
    assert rated.gallery.curve() == curve
    assert content(opened().run) == content(opened(aesthetic=Rater()).run) == content(rated.run)


def test_the_moved_numbers_would_have_decided_otherwise(recorded):
    """Else the test above could not fail."""
    recording, rows = recorded
    settings, texts = recording.settings, {query.id: query.text for query in recording.lists.learn}
    groups: dict[tuple[str, int], list[Candidate]] = {}
    for row in recording.rollouts():
        if row["role"] == "artist" and not row["failure"]:
            sketch = parse(row["text"], mode=settings.parse_mode).sketch
            groups.setdefault((row["query"], row["epoch"]), []).append(
                Candidate(row["query"], row["epoch"], row["candidate"], sketch, "")
            )
    backwards = ViewReward.of(settings, BackwardsScorer())
    found = {
        place: [s.candidate.index for s in sorted(backwards(texts[place[0]], group), key=lambda s: -s.reward)]
        for place, group in groups.items()
    }
    pairs = [json.loads(line)["row"] for line in rows["pairs"].splitlines()]
    assert any(found[row["query"], row["epoch"]][0] != row["better"] for row in pairs if row["better"] >= 0)


def test_an_edited_prompt_misses_and_replays_by_site(recorded, tmp_path):
    recording, rows = recorded
    overlay = tmp_path / "prompts"
    overlay.mkdir()
    draw = Path(sys.modules["drawagent"].__file__).parent / "prompts" / "draw.md"
    (overlay / "draw.md").write_text(draw.read_text().replace("You are an expert artist", "You are a careful artist"))
    with pytest.raises(RecordMissing, match="2 lines of the prompt differ, the first: -You are an expert artist"):
        replayed(recording, tmp_path / "a", prompt_overlay=overlay)
    run, remarks = replayed(recording, tmp_path / "b", prompt_overlay=overlay, by_site=True)
    assert run.info["drifted"] > 0
    assert "prompts have drifted from the record" in Gallery(run).caption()
    assert any(line.startswith("DRIFTED:") for line in remarks)
    assert content(run)["pairs"] == rows["pairs"]


def test_drift_is_said_as_soon_as_practice_ends(recorded, tmp_path):
    recording, _ = recorded
    (tmp_path / "judge.md").write_text(
        (Path(sys.modules["drawagent"].__file__).parent / "prompts" / "judge.md").read_text().replace("expert", "judge")
    )
    studio = open_replay(
        recording, root=tmp_path, date="2000-01-02", by_site=True, prompt_overlay=tmp_path, trust_plugins=True
    )
    with studio.run:
        for event in studio.practise():
            if isinstance(event, PractiseFinished):
                assert studio.run.info["drifted"] > 0


def test_a_recording_begins_with_the_library_that_it_was_made_with(tmp_path):
    queries, tips = lists(1, report=1), Library.of_tips(["Mind the depth."])
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32)
    reward = ViewReward.of(settings, open_scorer(SCORER))
    reporter = ViewReward.of(settings, open_scorer(SCORER), views=settings.report_views)
    with start_run(queries, settings, model="stand-in", evidence="stand-in", reward=reward, measured_by=reporter,
                   root=tmp_path / "runs", name="made", date="2000-01-01", library=tips) as run:
        chat = chain(StandIn(), store=run.replies, ledger=run.folder)
        studio = open_studio(
            queries, settings, chat=chat.chat, run=run, reward=reward, measured_by=reporter, library=tips
        )
        list(studio.practise())
        list(studio.report())
        run.status("finished")
        folder = keep(run, tmp_path / "kept", label="for tests", date="2000-01-01", notes=[],
                      scorers={"reward": SCORER, "report": SCORER})
    again, _ = replayed(Recording.read(str(folder)), tmp_path / "again")
    assert content(again) == content(run)


def test_a_recording_carries_the_prompts_of_its_overlay(tmp_path):
    overlay = tmp_path / "overlay"
    overlay.mkdir()
    draw = Path(sys.modules["drawagent"].__file__).parent / "prompts" / "draw.md"
    (overlay / "draw.md").write_text(draw.read_text().replace("You are an expert artist", "You are a careful artist"))
    queries, settings = lists(1), DrawSettings.paper(candidates=2, epochs=1, picture_size=32, prompt_overlay=overlay)
    reward = ViewReward.of(settings, open_scorer(SCORER))
    with start_run(queries, settings, model="stand-in", evidence="stand-in", reward=reward, measured_by=reward,
                   root=tmp_path / "runs", name="made", date="2000-01-01") as run:
        chat = chain(StandIn(), store=run.replies, ledger=run.folder)
        list(open_studio(queries, settings, chat=chat.chat, run=run, reward=reward, measured_by=reward).practise())
        run.status("finished")
        folder = keep(run, tmp_path / "kept", label="for tests", date="2000-01-01", notes=[],
                      scorers={"reward": SCORER, "report": SCORER})
    shutil.rmtree(overlay)
    assert [path.name for path in (folder / "prompts").iterdir()] == ["draw.md"]
    again, _ = replayed(Recording.read(str(folder)), tmp_path / "again")
    assert content(again) == content(run)
    assert "drifted" not in again.info


def test_other_instruction_sets_and_threads_decide_the_same(recorded, tmp_path):
    """The whole replay in processes with one thread and with AVX2 kernels."""
    recording, rows = recorded
    program = (
        "import sys, torch\nfrom pathlib import Path\n"
        "from drawagent.recordings import Recording\nfrom drawagent.replaying import open_replay\n"
        "torch.set_num_threads(int(sys.argv[3]))\n"
        "studio = open_replay(Recording.read(sys.argv[1]), root=Path(sys.argv[2]), date='2000-01-02', "
        "trust_plugins=True)\n"
        "list(studio.practise()); list(studio.report()); studio.run.status('finished'); print(studio.run.folder)\n"
    )
    for number, (threads, capability) in enumerate((("1", ""), ("2", "avx2"))):
        environment = {**os.environ, "PYTHONPATH": os.getcwd(), **({"ATEN_CPU_CAPABILITY": capability} if capability else {})}
        done = subprocess.run(
            [sys.executable, "-c", program, str(recording.folder), str(tmp_path / str(number)), threads],
            capture_output=True, text=True, timeout=120, env=environment, check=False,
        )
        assert done.returncode == 0, done.stderr
        assert content(RunStore.read(Path(done.stdout.split()[-1]))) == rows


def test_unknown_recordings_name_the_known_ones():
    with pytest.raises(ConfigurationError, match="expected a recording"):
        Recording.read("no-such-recording")


def test_a_date_that_leads_elsewhere_is_refused(recorded, tmp_path):
    recording, _ = recorded
    shutil.copytree(recording.folder, tmp_path / "theirs")
    info = {**recording.info, "date": "../../elsewhere/2000-01-01"}
    (tmp_path / "theirs" / "recording.json").write_text(json.dumps(info))
    with pytest.raises(ConfigurationError, match=r"expected a date as 2026-01-31.*recording theirs"):
        Recording.read(str(tmp_path / "theirs"))


def kept(run: Path, folder: Path, **more) -> Path:
    return keep(RunStore.read(run), folder, label="x", date="2000-01-01", notes=[], scorers=SCORERS, **more)


def test_of_a_shared_record_exactly_what_the_run_asked_for_is_kept(tmp_path):
    """A review and a failed reply among them, which no judgement's row may name."""
    ours = practised(tmp_path, review=lambda edit: None)
    practised(tmp_path, learn=1, settings=SETTINGS.model_copy(update={"practice": 1}))
    run = RunStore.read(ours)
    recording = Recording.read(str(kept(ours, tmp_path / "kept")))
    packed = {one.key for one in PackedReplies(recording.folder / "replies.jsonl.gz")}
    shared = {one.key for one in run.replies}
    assert run.home != run.folder and packed < shared
    named = {key for table in ("rollouts", "judgements", "edits") for row in run.rows(table) for key in row["reply_keys"]}
    assert named and packed == named
    again, _ = replayed(recording, tmp_path / "again")
    for table in ("edits", "libraries", "reviews", "rollouts"):
        assert again.keyed(table) == run.keyed(table) and run.keyed(table)


def test_a_record_that_lacks_a_reply_is_not_kept(tmp_path):
    run = practised(tmp_path, learn=1, settings=DrawSettings.paper(candidates=2, epochs=1, picture_size=32))
    key = RunStore.read(run).rows("judgements")[0]["reply_keys"][0]
    (tmp_path / "replies" / f"{key}.json").unlink()
    with pytest.raises(ConfigurationError, match="every reply that the run asked for, in its own record.*at judge/"):
        kept(run, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_keeping_calls_no_code_that_a_run_names(tmp_path, monkeypatch):
    run = practised(tmp_path, learn=1, settings=DrawSettings.paper(candidates=2, epochs=1, picture_size=32))
    (tmp_path / "evil_keeper.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    info = json.loads((run / "run.json").read_text())
    info["configuration"]["settings"]["judge"] = "evil_keeper:Judge"
    (run / "run.json").write_text(json.dumps(info))
    with pytest.raises(ConfigurationError, match="got evil_keeper:Judge.*trust_plugins=True"):
        kept(run, tmp_path / "kept")
    with pytest.raises(SystemExit):
        kept(run, tmp_path / "kept", trust_plugins=True)


@pytest.mark.parametrize("epoch", [0, 1])
def test_a_fork_is_kept_with_what_a_person_did_in_it(tmp_path, epoch):
    begun = Library.of_tips(["Begin low."])
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32)
    parent = practised(tmp_path, learn=1, settings=settings, library=begun)
    studio = fork(RunStore.read(parent), epoch, [Add(op="add", text="Mind the depth of every leg.")],
                  root=tmp_path / "forks", date="2000-01-02", trust_plugins=True)
    with studio.run:
        list(studio.practise())
        list(studio.report())
        studio.run.status("finished")
    recording = Recording.read(str(kept(studio.run.folder, tmp_path / "kept")))
    assert recording.interventions.keys() == {epoch} and recording.library == begun
    again, _ = replayed(recording, tmp_path / "again")
    for table in ("edits", "libraries", "rollouts"):
        assert again.keyed(table) == studio.run.keyed(table)


def test_edits_before_practice_whose_first_library_was_not_kept_are_refused(tmp_path):
    settings = DrawSettings.paper(candidates=2, epochs=1, picture_size=32)
    studio = open_live(lists(1, report=1), settings, model="stand-in", scorer=SCORER, reporter=SCORER, root=tmp_path,
                       name="made", date="2000-01-01", library=Library.of_tips(["Begin low."]))
    studio.interventions = {0: (Add(op="add", text="Mind the depth of every leg."),)}
    with studio.run:
        list(studio.practise())
        studio.run.status("finished")
    with pytest.raises(ConfigurationError, match=r"the library that practice began with, got no library/first\.json"):
        kept(studio.run.folder, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def test_another_format_is_refused(recorded, tmp_path):
    recording, _ = recorded
    info = dict(recording.info) | {"format": "drawagent-recording/9"}
    (tmp_path / "recording.json").write_text(json.dumps(info))
    with pytest.raises(ConfigurationError, match="expected format drawagent-recording/1"):
        Recording.read(str(tmp_path))


@pytest.mark.parametrize(("place", "value"), [
    ("judge", "evil_module:Judge"), ("pairing", "evil_module:best"), ("renderer", "easel.runs:os.abort"),
    ("gate", "drawagent.__main__:main"), ("update", "evil_module:Update"), ("renderer", "drawagent.gallery:Path"), ("gate", "easel.plugins:Any"),
    ("scorer", "evil_module:Scorer"), ("scorer", "ViT-B-32//tmp/weights.pt"), ("scorer", "."),
])
def test_code_that_somebody_elses_recording_names_is_not_even_imported(recorded, tmp_path, place, value, monkeypatch):
    recording, _ = recorded
    (tmp_path / "evil_module.py").write_text("raise SystemExit('imported')")
    monkeypatch.syspath_prepend(tmp_path)
    ours = {"reward": "embedded:reward", "report": "embedded:report"}
    change = {"scorers": {**ours, "reward": value}} if place == "scorer" else {
        "scorers": ours, "settings": {**recording.info["settings"], place: value}
    }
    evil = Recording("evil", recording.folder, {**recording.info, **change})
    with pytest.raises(ConfigurationError, match=f"recording evil, .*{'reward' if place == 'scorer' else place}"):
        open_replay(evil, root=tmp_path / "runs", date="2000-01-02")
    assert not (tmp_path / "runs").exists()
