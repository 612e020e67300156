"""Imports follow the arrows: widgets -> drawagent | shapecraft -> easel; `import drawagent` is instant."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MAY_IMPORT = {
    "easel": {"easel"},
    "drawagent": {"drawagent", "easel"},
    "shapecraft": {"shapecraft", "easel"},
    "widgets": {"widgets", "drawagent", "shapecraft", "easel"},
}
ROOMS = {*MAY_IMPORT, "notebooks", "data", "tests", "benchmarks", "scripts"}
HEAVY = {
    "torch", "torchvision", "open_clip", "transformers", "diffusers", "litellm", "openai", "pandas", "plotly",
    "pyarrow", "scipy", "numba", "PIL", "IPython", "ipywidgets", "jupyterlab", "papermill", "matplotlib", "trimesh",
    "huggingface_hub",
}
LIMIT_S = 0.15


def modules_named_in(path: Path) -> set[str]:
    """Full names of what a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            names.add(node.module or "")
    return names


def files(room: str) -> list[Path]:
    found = sorted((ROOT / room).rglob("*.py"))
    assert found, f"no module in {room}"
    return found


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_follow_the_arrows(room):
    against = [f"{path.relative_to(ROOT)} imports {name}" for path in files(room) for name in modules_named_in(path)
               if name.partition(".")[0] in ROOMS - MAY_IMPORT[room]]
    assert against == []


def test_one_module_imports_litellm():
    importers = {path.relative_to(ROOT).as_posix() for room in MAY_IMPORT for path in files(room)
                 if any(name.partition(".")[0] == "litellm" for name in modules_named_in(path))}
    assert importers == {"easel/litellm_chat.py"}


@pytest.mark.parametrize("room", ["easel", "drawagent", "shapecraft", "widgets"])
def test_modules_keep_to_a_size(room):
    long = {path.name: lines for path in files(room) if (lines := len(path.read_text().splitlines())) > 400}
    assert long == {}


@pytest.mark.parametrize("package", ["drawagent", "easel", "widgets", "shapecraft"])
def test_importing_a_package_brings_nothing_heavy(package):
    probe = f"import sys, {package}; print(' '.join(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    assert HEAVY & set(done.stdout.split()) == set()


def test_import_drawagent_is_instant():
    probe = "import time; start = time.perf_counter(); import drawagent; print(time.perf_counter() - start)"
    seconds = [float(subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True,
                                    check=True).stdout) for _ in range(5)]
    assert min(seconds) < LIMIT_S
