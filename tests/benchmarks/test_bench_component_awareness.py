"""The bench of component awareness: its arms, its figures, that it goes on where it was stopped, and the reader's sheet."""

from __future__ import annotations

import json

import pytest
import torch
import trimesh

from benchmarks import bench_component_awareness as bench
from shapecraft.mesh import ObjectMesh
from tests.shapecraft.toy_painting import GUIDED, ToyGuidance, part

QUICK = ["--cases", "stool", "--seeds", "0", "--guidance", "none", "--set", "steps=30", "--set", "rate=0.1", "--set",
         "views.whole=2", "--set", "views.close=2", "--set", "views.details=4", "--set", "environments=[overcast]", "--set", "over=apart",
         "--set", "field.levels=6", "--set", "field.finest=64", "--set", "field.entries_log2=12"]


@pytest.fixture
def toy(monkeypatch):
    """A seat on legs that are one block, and a guidance without a model."""
    mesh = ObjectMesh((part("legs", trimesh.creation.box((0.6, 0.6, 0.4)), (0, 0, 0.2)),
                       part("seat", trimesh.creation.box((1.0, 1.0, 0.4)), (0, 0, 0.6))))
    model = ToyGuidance()
    monkeypatch.setattr(bench, "make_objects", lambda out, cases: None)
    monkeypatch.setattr(bench, "PIXELS", 24)
    monkeypatch.setattr(bench, "object_of", lambda out, case: mesh)
    monkeypatch.setattr(bench, "guidance_of", lambda folder: model)
    return model


def test_arms_come_out_as_they_must_and_a_second_run_paints_nothing(tmp_path, toy, capsys):
    bench.main([str(tmp_path), *QUICK, "--arms", "components,swapped,zero,tier0"])
    rows = {row["arm"]: row for row in map(json.loads, (tmp_path / "cells.jsonl").read_text().splitlines())}
    assert {arm: [part["right"] for part in row["parts"]] for arm, row in rows.items()} == {
        "components": [True, True], "swapped": [True, True], "zero": [True, False], "tier0": [True, True]}
    assert [part["unswapped"] for part in rows["swapped"]["parts"]] == [False, False]
    grey = rows["zero"]["parts"]
    assert all(part["albedo"] == [0.214] * 3 and part["metalness"] == part["roughness"] == 0.5 for part in grey)
    assert rows["zero"]["light"] == {"studio": 0.0, "overcast": 0.0, "window": 0.0}
    assert rows["zero"]["crops"] == []
    assert [one["material"] for one in rows["components"]["crops"]] == ["wood", "leather"]
    told = capsys.readouterr().out
    assert "| components | 1 | 2 of 2 | 1.000 | 0.342 to 1.000 | - | 0.500 | 1 of 1 | 0 | 1.000 | " in told
    assert ("| zero | 1 | 1 of 2 | 0.500 | 0.095 to 0.905 | - | 0.500 | 0 of 1 | 0 | 0.500 | 0.50 | 0.00, 0.00, 1 of 1 | "
            "0.00, 0.00 |") in told
    assert f"{toy.source}; preset small said=0 steps=30 " in told
    assert f"; over apart; code {bench.code()}; 4 of 4 cells; 0 other rows left out" in told
    assert {row["code"] for row in rows.values()} == {bench.code()}
    calls = len(toy.calls)
    bench.main([str(tmp_path), *QUICK, "--arms", "components,swapped,zero,tier0"])
    assert "0 of 4 cells to paint" in capsys.readouterr().out
    assert len(toy.calls) == calls
    for arm in rows:
        assert (tmp_path / f"{arm}.png").is_file()

    bench.main([str(tmp_path), *QUICK, "--sheet", "components"])
    assert "2 crops: " in capsys.readouterr().out
    key = json.loads((tmp_path / "key-components.json").read_text())
    (tmp_path / "answers.json").write_text(json.dumps({number: "wood" for number in key}))
    bench.main([str(tmp_path), "--sheet", "components", "--answers", str(tmp_path / "answers.json")])
    assert "1 of 2 sorted right: 0.500 (0.095 to 0.905); chance 0.167" in capsys.readouterr().out


def test_rows_of_other_settings_and_models_are_in_no_figure(tmp_path, toy, capsys):
    few = [*QUICK, "--arms", "both", "--set"]
    bench.main([str(tmp_path), *few, "awake=0.1"])
    bench.main([str(tmp_path), *few, "awake=0.2"])
    assert "; 1 of 1 cells; 1 other rows left out" in capsys.readouterr().out
    assert len(list((tmp_path / "pictures" / "both").iterdir())) == 2, "neither wrote over the other's picture"
    bench.main([str(tmp_path), *few, "awake=0.2", "--table", "--source", "another model"])
    told = capsys.readouterr().out
    assert "another model; " in told
    assert "; 0 of 1 cells; 2 other rows left out" in told
    assert "| both |" not in told
    bench.main([str(tmp_path), *few, "awake=0.2", "--sheet", "both", "--source", toy.source])
    assert "2 crops: " in capsys.readouterr().out, "of one row, not of both"
    with pytest.raises(SystemExit):
        bench.main([str(tmp_path), *few, "awake=0.2", "--source", toy.source])
    assert "--source goes with --table or --sheet" in capsys.readouterr().err


def test_the_table_s_intervals_and_chance():
    """Six objects, of two or four parts; in three all parts are right, in the others none: objects, not parts, vary."""
    def row(number):
        count = 2 if number % 2 else 4
        return {"arm": "both", "case": str(number), "seed": 0, "unseen": 1, "light": {"studio": 0.1}, "seconds": 1.0,
                "parts": [{"right": number < 3, "unswapped": False, "metalness": 0.5, "distances": [1.0] * count}] * count}

    told = bench.table([row(number) for number in range(6)])
    *_, arm = told.splitlines()
    assert "| both | 6 | 10 of 18 | 0.556 | 0.337 to 0.754 |" in arm
    assert "| 0.333 | 3 of 6 | 6 | 0.000 |" in arm
    assert "| 0.10, 0.10, 6 of 6 | - | 1 |" in arm, "rows without slopes are readable"
    low, high = map(float, arm.split("|")[6].split(" to "))
    assert low < 0.2
    assert high > 0.85
    assert {line.count("|") - line.count("\\|") for line in told.splitlines()} == {15}


def test_a_muted_guidance_takes_noise_and_carries_it_and_pulls_at_nothing(toy):
    muted = bench.Muted(toy)
    assert (muted.size, muted.noise_shape, muted.source) == (toy.size, toy.noise_shape, f"0 x {toy.source}")
    picture, noise = torch.rand((1, 3, 16, 16), generator=torch.Generator().manual_seed(0)), torch.ones((1, 3, 16, 16))
    plain, still = (one.distil(picture.requires_grad_(True), "red seat", settings=GUIDED, progress=0.5, noise=noise,
                               chance=torch.Generator().manual_seed(1)) for one in (toy, muted))
    assert toy.noises == [noise, noise]
    assert torch.equal(still.carried.noisy, plain.carried.noisy)
    assert not bool(torch.autograd.grad(still.loss, picture)[0].any())
    assert bool(torch.autograd.grad(plain.loss, picture)[0].any())


def test_an_unknown_arm_is_refused(tmp_path, capsys):
    with pytest.raises(SystemExit):
        bench.main([str(tmp_path), "--arms", "none"])
    assert "arms are both, global, components, swapped, zero, tier0, not none" in capsys.readouterr().err


def test_the_words_pull_only_where_it_is_asked_for(tmp_path, toy, capsys):
    bench.main([str(tmp_path), *QUICK, "--arms", "zero", "--set", "said=300"])
    row = json.loads((tmp_path / "cells.jsonl").read_text())
    assert row["settings"]["said"] == 300
    assert all(part["roughness"] != 0.5 for part in row["parts"])
    assert "views.details=4" in (told := capsys.readouterr().out)
    assert "said=0" not in told


def test_rows_of_other_code_are_other_rows(tmp_path, toy, capsys, monkeypatch):
    bench.main([str(tmp_path), *QUICK, "--arms", "tier0"])
    monkeypatch.setattr(bench, "code", lambda: "another")
    bench.main([str(tmp_path), *QUICK, "--arms", "tier0", "--table"])
    assert "code another; 0 of 1 cells; 1 other rows left out" in capsys.readouterr().out
