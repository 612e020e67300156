"""Vector sheets: whole SVG files, words escaped, failures crossed out, stand-ins marked on every drawing."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import numpy as np

from drawagent.measurements import measurements
from drawagent.members import gather
from drawagent.pages import STAND_IN
from drawagent.settings import DrawSettings
from drawagent.sketch import Sketch
from drawagent.table_folder import forest
from drawagent.tabling import Tables
from drawagent.vector_sheets import report_sheet, row_curve, sheet_svg
from tests.drawagent.table_runs import QUERIES, a_run, base, files_of_a_method
from tests.replayed import EVIL, scripted_run

SETTINGS = DrawSettings.paper()
SKETCH = Sketch.from_array(np.random.default_rng(0).uniform(-1, 1, (5, 4, 3)), [EVIL] * 5)
NAMED = {"svg": "http://www.w3.org/2000/svg"}


def parsed(svg: str) -> ET.Element:
    root = ET.fromstring(svg)
    assert root.tag.endswith("svg")
    assert "<script" not in svg
    return root


def words(root: ET.Element) -> list[str]:
    return [one.text or "" for one in root.iterfind(".//svg:text", NAMED)]


def test_a_sheet_is_one_drawing_per_cell(tmp_path) -> None:
    svg = sheet_svg([("a bench", [SKETCH, None]), (EVIL, [None, SKETCH])], ["epoch 0", EVIL], SETTINGS, title="T")
    root = parsed(svg)
    inner = root.findall("svg:svg", NAMED)
    assert len(inner) == 2
    assert all(len(one.findall(".//svg:polyline", NAMED)) == 5 for one in inner)
    assert len({(one.get("x"), one.get("y")) for one in inner}) == 2
    assert words(root).count("no drawing") == 2
    assert len(root.findall("svg:path", NAMED)) == 2
    assert any(word.startswith("<script>") for word in words(root))
    assert "a bench" in words(root)
    assert "Stand-in" not in svg
    assert svg == sheet_svg([("a bench", [SKETCH, None]), (EVIL, [None, SKETCH])], ["epoch 0", EVIL], SETTINGS, title="T")


def test_points_lie_inside_their_cell() -> None:
    root = parsed(sheet_svg([("q", [SKETCH])], ["e"], SETTINGS, cell=100))
    for line in root.iterfind(".//svg:polyline", NAMED):
        points = np.array(re.findall(r"(-?[\d.]+),(-?[\d.]+)", line.get("points", "")), dtype=float)
        assert len(points) == 13
        assert (points > 0).all()
        assert (points < 100).all()


def test_every_drawing_of_a_stand_in_is_marked() -> None:
    svg = sheet_svg([(f"q{n}", [SKETCH, SKETCH]) for n in range(3)], ["a", "b"], SETTINGS, watermark=STAND_IN)
    said = words(parsed(svg))
    assert said.count("Stand-in") == 6
    assert any("not by a language model" in word for word in said)


def test_the_report_sheet_has_prompts_down_and_entries_across(tmp_path) -> None:
    run = a_run(tmp_path, failed={("fern", 2): "unreadable"})
    theirs = files_of_a_method(tmp_path)
    members = gather([run.folder, theirs.folder])
    root = parsed(report_sheet(members))
    said = words(root)
    assert [word for word in said if word.startswith("mine")] == ["mine, epoch 0", "mine, epoch 2"]
    assert len(root.findall("svg:svg", NAMED)) == 2 * len(QUERIES) - 1
    assert said.count("no drawing") == 1
    assert any("6 of 6 prompts; live replies" in word for word in said)
    fewer = words(parsed(report_sheet(members, most=2, entries=["mine, epoch 1"])))
    assert {"a bench", "a fern"} <= set(fewer)
    assert "a clock" not in fewer
    assert any("2 of 6 prompts" in word for word in fewer)
    assert report_sheet(gather([theirs.folder])) == ""


def test_hostile_names_of_strokes_and_replies_stay_words(tmp_path) -> None:
    svg = report_sheet(gather([scripted_run(tmp_path, evidence="stand-in")]))
    parsed(svg)
    assert "alert('" not in svg
    assert words(parsed(svg)).count("Stand-in") > 2


def test_a_curve_is_the_mean_over_practices(tmp_path) -> None:
    runs = [a_run(tmp_path, lambda query, epoch, draw, gain=gain: base(query) + gain * epoch, practice=number)
            for number, gain in enumerate((0.01, 0.03))]
    frame = measurements(gather([run.folder for run in runs]))
    svg = row_curve(frame, "mine", column="CLIP-ST", caption="two <libraries>")
    said = words(parsed(svg))
    start = np.mean([base(query) for query in QUERIES])
    assert {f"{start:.4f}", f"{start + 0.02:.4f}", f"{start + 0.04:.4f}"} <= set(said)
    assert "mine: two <libraries>" in said
    assert row_curve(frame[frame.epoch < 1], "mine", column="CLIP-ST", caption="") == ""


def test_a_forest_of_one_library_says_so(tmp_path) -> None:
    run = a_run(tmp_path, lambda query, epoch, draw: base(query) + 0.01 * epoch * (1 + QUERIES.index(query)))
    said = " ".join(words(parsed(forest(Tables.of(run.folder), "CLIP-ST"))))
    assert "mine, epoch 1" in said
    assert "one library: no claim about the method" in said
    assert "Difference to mine, epoch 0" in said
    assert forest(Tables.of(files_of_a_method(tmp_path).folder), "CLIP-ST") == ""
