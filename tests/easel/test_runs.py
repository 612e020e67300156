"""Run folders: resumed by fingerprint, idempotent rows, one writer, nothing outside, nothing half."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easel.errors import ConfigurationError
from easel.jsonl import DamagedFile
from easel.runs import RunBusy, RunDrift, RunStore, provenance
from easel.snapshots import Snapshot
from tests.senders import answer, request

PRINT = "abcdef0123456789" * 4


def opened(root: Path, name: str = "A chair!", **changes) -> RunStore:
    settings = {
        "fingerprint": PRINT, "configuration": {"k": 5}, "evidence": "live", "facts": {"seed": 3}, "date": "2026-11-21",
    }
    return RunStore.open(root, name, **{**settings, **changes})


def test_a_new_folder_says_what_it_is(tmp_path) -> None:
    with opened(tmp_path / "data" / "runs") as run:
        assert run.folder.name == "2026-11-21_a-chair_abcdef0123"
        assert json.loads((run.folder / "run.json").read_text()) == run.info == {
            "name": "A chair!", "date": "2026-11-21", "status": "running", "evidence": "live", "fingerprint": PRINT,
            "configuration": {"k": 5}, "seed": 3,
        }


def test_the_same_fingerprint_is_resumed_on_another_day(tmp_path) -> None:
    with opened(tmp_path) as run:
        run.append("rows", "a", {"x": 1})
        run.status("interrupted")
    with opened(tmp_path, date="2027-01-01", facts={"seed": 3, "resumed": True}) as again:
        assert again.folder == run.folder
        assert again.rows("rows") == [{"x": 1}]
        assert (again.info["status"], again.info["resumed"], again.info["date"]) == ("running", True, "2026-11-21")
    with opened(tmp_path, fingerprint="f" * 64) as other:
        assert other.folder != run.folder


def test_a_row_is_added_once_and_never_changed(tmp_path) -> None:
    with opened(tmp_path) as run:
        assert run.append("rows", "a", {"x": 1.5, "y": (1, 2)})
        assert not run.append("rows", "a", {"y": [1, 2], "x": 1.5})
        with pytest.raises(RunDrift, match=r"row 'a' of rows.*x: 1\.5 became 2\.5"):
            run.append("rows", "a", {"x": 2.5, "y": [1, 2]})
        assert run.append("rows", "b", {"x": None})
    with opened(tmp_path) as again:
        assert not again.append("rows", "a", {"x": 1.5, "y": [1, 2]})
        assert again.rows("rows") == [{"x": 1.5, "y": [1, 2]}, {"x": None}]
        assert list(again.keyed("rows")) == ["a", "b"]
        assert again.rows("nothing") == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_table_cut_anywhere_is_resumed(tmp_path_factory, data) -> None:
    root = tmp_path_factory.mktemp("runs")
    rows = {f"k{n}": {"text": data.draw(st.text(max_size=8)), "n": n} for n in range(4)}
    with opened(root) as run:
        for key, row in rows.items():
            run.append("rows", key, row)
    path = run.folder / "rows.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole[:data.draw(st.integers(0, len(whole)))])
    with opened(root) as again:
        for key, row in rows.items():
            again.append("rows", key, row)
        assert again.rows("rows") == list(rows.values())
    assert path.read_bytes() == whole


@pytest.mark.parametrize("row", [{"x": float("nan")}, {"x": object()}])
def test_a_row_that_json_cannot_hold_is_refused(tmp_path, row) -> None:
    with opened(tmp_path) as run:
        with pytest.raises(DamagedFile, match="a value that JSON can hold"):
            run.append("rows", "a", row)
        assert run.rows("rows") == []


@pytest.mark.parametrize("table", ["../x", "calls", "Rows", "", "a/b"])
def test_a_table_has_a_plain_name(tmp_path, table) -> None:
    with opened(tmp_path) as run, pytest.raises(ConfigurationError, match="a table name"):
        run.append(table, "a", {})


@pytest.mark.parametrize("relative", ["../x", "/tmp/x", "a/../../x", "", "a\\..\\x", "a\0b"])
def test_no_path_leads_out_of_the_folder(tmp_path, relative) -> None:
    with opened(tmp_path) as run, pytest.raises(ConfigurationError, match="a path inside the run folder"):
        run.write(relative, "x")


def test_files_are_written_whole(tmp_path) -> None:
    with opened(tmp_path) as run:
        assert run.write("library/epoch0.json", "{}").read_text() == "{}"
        assert run.write("views/a.png", b"\x89PNG").read_bytes() == b"\x89PNG"
        assert run.write("library/epoch0.json", "new").read_text() == "new"
        assert [path.name for path in (run.folder / "library").iterdir()] == ["epoch0.json"]


def test_two_writers_of_one_run_are_refused(tmp_path) -> None:
    with opened(tmp_path) as run:
        with pytest.raises(RunBusy, match=r"one that is being written.*this same process.*`run\.close\(\)`, or `with run:`"):
            opened(tmp_path)
        reader = RunStore.read(run.folder)
        run.append("rows", "a", {"x": 1})
        assert reader.rows("rows") == [{"x": 1}]
        run.append("rows", "b", {"x": 2})
        assert len(reader.rows("rows")) == 2
        with pytest.raises(RunBusy, match="opened for reading"):
            reader.append("rows", "c", {})
        with pytest.raises(RunBusy):
            reader.write("x", "y")
    opened(tmp_path).close()


def _write_for_ever(root: Path, ready) -> None:
    run = opened(root)
    for number in range(10**9):
        run.append("rows", f"k{number}", {"n": number, "text": "x" * 300})
        run.status("running", rows=number)
        ready.set()


def test_a_killed_writer_blocks_nobody_and_leaves_whole_rows(tmp_path) -> None:
    context = multiprocessing.get_context("spawn")
    for _ in range(3):
        ready = context.Event()
        other = context.Process(target=_write_for_ever, args=(tmp_path, ready))
        other.start()
        assert ready.wait(30)
        time.sleep(0.03)
        os.kill(other.pid, signal.SIGKILL)
        other.join(10)
        with opened(tmp_path) as run:
            rows = run.rows("rows")
            assert rows
            assert [row["n"] for row in rows] == list(range(len(rows)))
            run.append("rows", f"k{len(rows)}", {"n": len(rows), "text": "x" * 300})


def test_many_threads_append(tmp_path) -> None:
    with opened(tmp_path) as run:
        added = []

        def work() -> None:
            added.extend(run.append("rows", f"k{n}", {"n": n}) for n in range(25))

        threads = [threading.Thread(target=work) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sum(added) == 25
        assert len(run.rows("rows")) == 25


def test_an_exception_is_written_into_the_status(tmp_path) -> None:
    with pytest.raises(ZeroDivisionError), opened(tmp_path) as run:
        _ = 1 / 0
    assert RunStore.read(run.folder).info["status"] == "failed"
    assert "ZeroDivisionError" in RunStore.read(run.folder).info["reason"]
    with pytest.raises(KeyboardInterrupt), opened(tmp_path) as run:
        raise KeyboardInterrupt
    assert RunStore.read(run.folder).info["status"] == "interrupted"
    with opened(tmp_path) as run:
        run.status("finished", best="e2")
    assert RunStore.read(run.folder).info["best"] == "e2"
    assert "reason" not in RunStore.read(run.folder).info
    with opened(tmp_path) as run, pytest.raises(ConfigurationError, match="one of running, finished"):
        run.status("done")


def test_another_grade_of_evidence_is_refused(tmp_path) -> None:
    opened(tmp_path).close()
    with pytest.raises(ConfigurationError, match=r"evidence 'live'.*'stand-in'"):
        opened(tmp_path, evidence="stand-in")
    opened(tmp_path).close()


def test_its_reply_store_lies_inside(tmp_path) -> None:
    with opened(tmp_path) as run:
        run.replies.put(request(), answer())
        assert [path.parent for path in run.folder.rglob(f"{request().key}.json")] == [run.folder / "replies"]


@pytest.mark.parametrize(("text", "words"), [
    (None, "a run folder with a run.json"), ("{", "can be read"), ("{}", "without"),
])
def test_what_is_no_run_is_refused(tmp_path, text, words) -> None:
    if text is not None:
        (tmp_path / "run.json").write_text(text)
    with pytest.raises((ConfigurationError, DamagedFile), match=words):
        RunStore.read(tmp_path)


def test_provenance_names_commit_and_versions(tmp_path) -> None:
    facts = provenance(["pydantic", "no-such-distribution"], source=tmp_path)
    assert facts["versions"]["no-such-distribution"] == "not installed"
    assert facts["versions"]["pydantic"][0].isdigit()
    assert facts["git_commit"] == ""

    def git(*arguments: str) -> None:
        subprocess.run(["git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a@b", *arguments], check=True,
                       capture_output=True)

    git("init")
    (tmp_path / "f").write_text("1")
    git("add", "f")
    git("commit", "-m", "first")
    facts = provenance([], source=tmp_path)
    assert len(facts["git_commit"]) == 40
    assert not facts["git_changed"]
    (tmp_path / "f").write_text("2")
    assert provenance([], source=tmp_path)["git_changed"]


@pytest.mark.parametrize("date", ["../../../tmp/x", "2026-02-30", "20260101", "2026-01-01\n", "2026-1-1", "", "٢٠٢٦-٠١-٠١"])
def test_a_date_that_is_none_is_no_part_of_a_folder(tmp_path, date) -> None:
    with pytest.raises(ConfigurationError, match="expected a date as 2026-01-31, got"):
        RunStore.open(tmp_path / "runs", "one", fingerprint="f" * 64, configuration={}, evidence="live", date=date)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("home", ["/tmp", "../../..", "../elsewhere", "inside", "../../runs/../..", "", 3])
def test_a_home_that_does_not_hold_the_run_is_refused_however_it_is_opened(tmp_path, home) -> None:
    with opened(tmp_path / "runs") as run:
        folder = run.folder
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps({**info, "home": home}))
    for begin in (RunStore.read, RunStore.amend, lambda _: opened(tmp_path / "runs"), Snapshot.of):
        with pytest.raises(ConfigurationError, match=r"a home that holds the run folder: one of \., \.\., \.\./\.\., got"):
            begin(folder)
    (folder / "run.json").write_text(json.dumps({**info, "home": "../.."}))
    RunStore.amend(folder).close()
    assert RunStore.read(folder).home.resolve() == tmp_path.resolve()


def test_a_home_elsewhere_is_refused_before_a_folder_is_made(tmp_path) -> None:
    more = {"fingerprint": "f" * 64, "configuration": {}, "evidence": "live", "date": "2026-01-01"}
    with pytest.raises(ConfigurationError, match="copy the sweep's calls.jsonl and replies into the run folder"):
        RunStore.open(tmp_path / "runs", "one", **more, home=tmp_path / "elsewhere")
    assert list(tmp_path.iterdir()) == []
    with RunStore.open(tmp_path / "runs", "one", **more, home=tmp_path) as run:
        assert (run.info["home"], run.replies.folder.resolve()) == ("../..", (tmp_path / "replies").resolve())


def test_a_root_that_cannot_be_made_is_refused_in_words(tmp_path):
    (tmp_path / "file").write_text("")
    for root, cause in ((tmp_path / "file" / "runs", "Not a directory"), (Path("/proc/x"), "No such file or directory")):
        with pytest.raises(ConfigurationError) as error:
            RunStore.open(root, "x", fingerprint="f" * 64, configuration={}, evidence="live", date="2000-01-01")
        assert str(error.value) == (f"expected a folder that runs can be kept in, got {root}: {cause} (at root). Name "
                                    "one that can be written to (--root).")
