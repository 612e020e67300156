"""The paper's numbers: read as they are, unknown where they are unknown, and apart from ours."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from drawagent import tabling
from drawagent.paper_block import APART, NAMES, PAPER_FILE, paper_block
from easel.errors import ConfigurationError

ROOT = Path(__file__).resolve().parents[2]


def test_the_figures_stand_as_the_paper_reports_them() -> None:
    frame = paper_block()
    assert tuple(frame.columns) == NAMES
    assert list(dict.fromkeys(frame["paper table"])) == [
        "main table", "ablation by epoch", "cost per object", "user study",
    ]
    main = frame[frame["paper table"] == "main table"]
    found = main.pivot(index="paper method", columns=["paper score", "prompts of the paper"], values="paper value")
    assert found.loc["3DrawAgent"].to_dict() == {
        ("CLIP-ST", "category"): 0.649, ("AES", "category"): 4.161,
        ("CLIP-ST", "fine-grained"): 0.669, ("AES", "fine-grained"): 4.175,
    }
    assert found.loc["Dream3DVG", ("CLIP-ST", "fine-grained")] == 0.670
    ablation = frame[frame["paper table"] == "ablation by epoch"]
    default = ablation[ablation["paper method"].str.contains("default")]
    assert list(default["paper value"]) == [0.5735, 0.6461, 0.6643, 0.6428]
    assert list(frame[frame["paper table"] == "user study"]["paper value"]) == [46.66, 36.67, 16.67]


def test_what_is_not_known_says_so() -> None:
    frame = paper_block()
    missing = frame[frame["paper value"].isna()]
    assert len(missing) == 8
    assert (missing.note != "").all()
    assert set(frame["paper n"]) == {"unknown"}
    assert set(frame[frame["paper table"] != "user study"]["paper scorer"]) == {"unknown", "none"}
    assert (frame[["backbone", "data set", "prompts of the paper"]] != "").all().all()
    assert frame.attrs["notes"][-1] == APART


@pytest.mark.parametrize(("text", "words"), [
    ("tables: []", "paper"),
    ("paper: p\ntables: [{name: a, data_set: d, scorer: s, n: 1, rows: [{method: m, value: null}]}]", "says why"),
    ("paper: p\ntables: [{name: a, data_set: d, scorer: s, n: 1, rows: [{method: m, value: 1, difference: 2}]}]",
     r"difference.*not permitted|not permitted.*difference"),
    ("paper: [", "a file in YAML"),
])
def test_a_file_that_does_not_fit_is_refused(tmp_path, text, words) -> None:
    (tmp_path / "paper.yaml").write_text(text, "utf-8")
    with pytest.raises(ConfigurationError, match=words) as caught:
        paper_block(tmp_path / "paper.yaml")
    assert "paper.yaml" in str(caught.value)


def test_no_file_is_an_error_in_words(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match=r"no such file.*paper_tables"):
        paper_block(tmp_path / "none.yaml")


def test_the_paper_is_never_joined_to_ours_or_subtracted() -> None:
    """No key in common, no module of ours that reads the file, and none that takes both into one expression."""
    ours = {name for frame in (tabling.COMPARISON, tabling.SECOND) for name in frame}
    assert not ours & set(NAMES) - {"note"}
    readers = []
    for path in sorted((ROOT / "drawagent").glob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        named = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        if "paper_block" in named and path.name != "paper_block.py":
            readers.append(path.name)
            called = {node.func.attr for node in ast.walk(tree)
                      if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)}
            assert not called & {"merge", "concat", "sub", "subtract", "diff"}, path.name
            assert not any(isinstance(node, ast.Sub) for node in ast.walk(tree)), path.name
    assert readers == ["table_folder.py"]
    assert PAPER_FILE.is_file()
