"""Amending: rows added to a run that has ended, under its lock, with its status and everything earlier as it was."""

from __future__ import annotations

import json

import pytest

from easel.errors import ConfigurationError
from easel.runs import RunBusy, RunDrift, RunStore

PRINT = "abcdef0123456789" * 4


def opened(root, **changes) -> RunStore:
    settings = {"fingerprint": PRINT, "configuration": {"k": 5}, "evidence": "live", "date": "2026-11-21"}
    return RunStore.open(root, "chair", **{**settings, **changes})


@pytest.fixture
def ended(tmp_path):
    with opened(tmp_path, facts={"cards": {"report": {"name": "one"}}}) as run:
        run.append("rows", "a", {"x": 1})
        run.status("interrupted", reason="Ctrl-C")
    return run.folder


def test_rows_and_notes_are_added_and_the_status_stays(ended):
    before = (ended / "rows.jsonl").read_bytes()
    with RunStore.amend(ended) as run:
        assert run.append("rows", "b", {"x": 2})
        assert not run.append("rows", "a", {"x": 1})
        with pytest.raises(RunDrift, match="x: 1 became 3"):
            run.append("rows", "a", {"x": 3})
        run.note(cards={**run.info["cards"], "rescored": {"two": {"name": "two"}}})
    again = RunStore.read(ended)
    assert (again.info["status"], again.info["reason"], "resumes" in again.info) == ("interrupted", "Ctrl-C", False)
    assert again.rows("rows") == [{"x": 1}, {"x": 2}]
    assert (ended / "rows.jsonl").read_bytes().startswith(before)


def test_cards_that_were_added_outlive_a_resumption(ended):
    with RunStore.amend(ended) as run:
        run.note(cards={**run.info["cards"], "rescored": {"two": {"name": "two"}}})
    with opened(ended.parent, facts={"cards": {"report": {"name": "new"}}}) as run:
        assert run.info["cards"] == {"report": {"name": "new"}, "rescored": {"two": {"name": "two"}}}


def test_who_writes_is_not_disturbed(ended, tmp_path):
    with opened(tmp_path), pytest.raises(RunBusy, match="one that is being written"):
        RunStore.amend(ended)
    with RunStore.amend(ended), pytest.raises(RunBusy):
        opened(tmp_path)
    with RunStore.amend(ended) as run:
        run.append("rows", "c", {})
    with pytest.raises(RunBusy, match="opened for reading, or closed"):
        run.note(x=1)


@pytest.mark.parametrize("status", ["finished", "running"])
def test_an_error_leaves_the_status_too(ended, status):
    info = json.loads((ended / "run.json").read_text()) | {"status": status}
    (ended / "run.json").write_text(json.dumps(info))
    with pytest.raises(ZeroDivisionError), RunStore.amend(ended):
        raise ZeroDivisionError
    assert RunStore.read(ended).info == info


def test_what_is_no_run_is_left_alone(tmp_path):
    with pytest.raises(ConfigurationError, match=r"a run folder with a run\.json, got none"):
        RunStore.amend(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_key_is_not_noted(ended):
    with RunStore.amend(ended) as run, pytest.raises(ConfigurationError, match="no key in what a run keeps"):
        run.note(words="sk-" + "a1" * 24)


def test_files_of_another_method_are_a_grade_of_their_own(tmp_path):
    with opened(tmp_path, evidence="external") as run:
        assert run.info["evidence"] == "external"
    with pytest.raises(ConfigurationError, match="evidence 'external', which this run began with, got 'live'"):
        opened(tmp_path)
