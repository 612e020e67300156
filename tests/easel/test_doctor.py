"""The doctor's answers on machines that a test describes, and on this one."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from easel.cli import app
from easel.doctor import BLENDER_SETTING, PREDICTOR, Capability, examine

NAMES = [
    "extra 'chat'", "extra 'clip'", "extra 'shapes'", "extra 'lab'", "provider key", "embedded CLIP",
    "reward CLIP (ViT-B-32, laion2b_s34b_b79k)", "report CLIP (ViT-L-14-quickgelu, openai)", "aesthetic predictor",
    "GPU", "chromium", "Blender", "wall (bubblewrap)",
]


def machine(tmp_path, *, environment=None, programs=(), modules=(), said=None) -> dict[str, Capability]:
    """What the doctor says of a machine with these variables, programs, modules and answers to commands."""
    said = said or {}

    def run(command):
        return next((answer for word, answer in said.items() if word in " ".join(command)), (127, "not found"))

    found = examine(
        environment={"HOME": str(tmp_path), **(environment or {})}, has=lambda name: name in modules, run=run,
        which=lambda name: f"/usr/bin/{name}" if name in programs else None, package=tmp_path / "easel",
    )
    assert [one.name for one in found] == NAMES
    return {one.name: one for one in found}


def test_a_bare_machine_misses_everything_and_every_line_says_what_to_do(tmp_path):
    for one in machine(tmp_path).values():
        assert not one.ready
        assert one.found
        assert one.mend
        assert one.without


def test_extras_name_the_modules_that_are_not_there(tmp_path):
    found = machine(tmp_path, modules={"open_clip", "transformers", "litellm"})
    assert found["extra 'chat'"].ready
    assert found["extra 'clip'"].found == "not installed: torchvision"
    assert found["extra 'clip'"].mend == 'pip install -c constraints.txt -e ".[clip]"'


def test_a_key_is_named_and_never_shown(tmp_path):
    found = machine(tmp_path, environment={"GEMINI_API_KEY": "planted-secret", "OPENAI_API_KEY": ""})
    assert found["provider key"] == Capability(
        "provider key", True, "GEMINI_API_KEY set", found["provider key"].mend, found["provider key"].without)
    assert "planted-secret" not in repr(found)


@pytest.mark.parametrize("variable", ["HF_HUB_CACHE", "HF_HOME", "XDG_CACHE_HOME", "HOME"])
def test_weights_are_looked_for_where_the_hub_keeps_them(tmp_path, variable):
    below = {"HF_HUB_CACHE": "", "HF_HOME": "hub", "XDG_CACHE_HOME": "huggingface/hub",
             "HOME": ".cache/huggingface/hub"}[variable]
    hub = tmp_path / "cache" / below
    snapshot = hub / "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K/snapshots/1"
    snapshot.mkdir(parents=True)
    given = {variable: str(tmp_path / "cache")}
    assert not machine(tmp_path, environment=given)[NAMES[6]].ready
    (snapshot / "open_clip_model.safetensors").touch()
    (hub / "models--some--aesthetics/snapshots/2").mkdir(parents=True)
    (hub / "models--some--aesthetics/snapshots/2" / PREDICTOR).touch()
    found = machine(tmp_path, environment=given)
    assert [found[name].ready for name in NAMES[6:9]] == [True, False, True]
    assert found[NAMES[7]].mend == "hf download timm/vit_large_patch14_clip_224.openai open_clip_model.safetensors"


def test_both_embedded_models_are_needed(tmp_path):
    for name, ready in (("reward", False), ("report", True)):
        (tmp_path / "easel/weights" / name).mkdir(parents=True)
        (tmp_path / "easel/weights" / name / "model.safetensors").touch()
        assert machine(tmp_path)["embedded CLIP"].ready is ready


@pytest.mark.parametrize(("said", "programs", "ready", "words"), [
    ("2.13.0 NVIDIA H200", (), True, "NVIDIA H200, torch 2.13.0"),
    ("2.13.0+cpu", (), False, "torch 2.13.0+cpu, no driver"),
    ("2.13.0+cpu", ("nvidia-smi",), False, "torch 2.13.0+cpu, a driver"),
])
def test_gpu(tmp_path, said, programs, ready, words):
    gpu = machine(tmp_path, programs=programs, said={"torch": (0, said)})["GPU"]
    assert (gpu.ready, gpu.found) == (ready, words)
    assert ("--force-reinstall" in gpu.mend) == bool(programs)


def test_blender_is_asked_in_an_interpreter_of_its_own(tmp_path):
    said = {"/opt/blender/python": (0, "4.5.15")}
    found = machine(tmp_path, environment={BLENDER_SETTING: "/opt/blender/python"}, said=said)["Blender"]
    assert (found.ready, found.found) == (True, "bpy 4.5.15 in /opt/blender/python")


def test_the_wall_names_the_cause(tmp_path):
    assert machine(tmp_path)["wall (bubblewrap)"].mend == "sudo apt-get install -y bubblewrap"
    refused = machine(tmp_path, programs=("bwrap",), said={"bwrap": (1, "setting up uid map: Permission denied")})
    assert "setting up uid map: Permission denied" in refused["wall (bubblewrap)"].found
    assert "disposable-machine" in refused["wall (bubblewrap)"].mend or "sysctl" in refused["wall (bubblewrap)"].mend
    assert machine(tmp_path, programs=("bwrap",), said={"bwrap": (0, "")})["wall (bubblewrap)"].ready


def test_the_command_on_this_machine(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "planted-secret")
    plain = CliRunner().invoke(app, ["doctor"])
    assert plain.exit_code == 0
    assert "planted-secret" not in plain.output
    rows = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).output)
    assert [row["name"] for row in rows] == NAMES
    for row in rows:
        assert (f"{'ready' if row['ready'] else 'missing':8} {row['name']} · ") in plain.output
