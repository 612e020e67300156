"""A wheel installed outside the clone carries everything that the tour needs: prompts, weights, viewer, recording."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str, cwd: Path, **environment: str) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=280, check=False,
                          env={**os.environ, **environment})
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_an_installed_wheel_replays_the_tour(tmp_path):
    for name in ("easel", "drawagent", "shapecraft", "widgets", "pyproject.toml", "README.md", "LICENSE"):
        (tmp_path / "source").mkdir(exist_ok=True)
        run("cp", "-r", str(ROOT / name), str(tmp_path / "source" / name), cwd=tmp_path)
    run(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(tmp_path / "source"),
        cwd=tmp_path)
    (wheel,) = tmp_path.glob("*.whl")
    site = tmp_path / "site"
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", str(site), str(wheel), cwd=tmp_path)
    empty = tmp_path / "empty"
    empty.mkdir()
    environment = {"PYTHONPATH": str(site), "PYTHONSAFEPATH": "1"}
    where = run(sys.executable, "-c", "import drawagent; print(drawagent.__file__)", cwd=empty, **environment)
    assert where.startswith(str(site))
    beside = {"stool": ("edits.json", "edit_replies.jsonl.gz"), "laptop": ("animations.json", "animation_replies.jsonl.gz")}
    for recording, names in beside.items():
        for name in ("recording.json", "replies.jsonl.gz", *names):
            assert (site / "shapecraft/recordings" / recording / name).is_file()
    told = run(sys.executable, "-m", "drawagent", "demo", cwd=empty, **environment)
    for name in ("contact sheet: ", "pairs: ", "learning curve: ", "run folder: "):
        (line,) = [line for line in told.splitlines() if line.startswith(name)]
        assert (empty / line.removeprefix(name)).exists()
