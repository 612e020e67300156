"""Doctor: per capability, whether it is ready here, the one command that mends it, and what works without."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from easel.bubblewrap import try_bubblewrap

PROVIDERS = (
    "OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GEMINI_API_KEY", "DEEPSEEK_API_KEY", "OPENROUTER_API_KEY",
    "MISTRAL_API_KEY", "XAI_API_KEY",
)
"""Environment variables in which litellm looks for keys, of the providers asked for most."""

EXTRAS = (
    ("chat", ("litellm",), "Recorded practices replay and the stand-in draws; no model can be asked."),
    ("clip", ("open_clip", "torchvision", "transformers"), "Sketches parse, render and export; none is scored."),
    ("shapes", ("numba", "scipy", "xatlas"),
     "Sketches are drawn, scored and exported; no object is drawn, measured or painted."),
    ("lab", ("jupyterlab", "pandas", "plotly", "papermill"), "The command line works; notebooks and tables do not."),
)

CLIPS = (
    ("reward CLIP (ViT-B-32, laion2b_s34b_b79k)", "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K", "0.6 GB"),
    ("report CLIP (ViT-L-14-quickgelu, openai)", "models--timm--vit_large_patch14_clip_224.openai", "1.7 GB"),
)
"""Name, folder in the hub's cache, and size."""

PREDICTOR = "sac+logos+ava1-l14-linearMSE.pth"
BLENDER_SETTING = "EASEL_BLENDER_PYTHON"
BLENDER_HOME = Path(".venv-blender/bin/python")
NO_BLENDER = "All of drawagent; objects that were made before, their pages, measures and tables. No program runs."
NO_WALL = ("Programs that ship with the project run, known by hash. `disposable-machine`, chosen by name, runs any, "
           "with all that this user may do.")


@dataclass(frozen=True)
class Capability:
    """One thing that this machine may be able to do.

    found : what was seen, in words; never a key's value
    mend : one command, or one sentence where no command can help
    without : what works all the same
    """

    name: str
    ready: bool
    found: str
    mend: str = ""
    without: str = ""


def examine(
    *,
    environment: Mapping[str, str] | None = None,
    which: Callable[[str], str | None] = shutil.which,
    has: Callable[[str], bool] = lambda module: find_spec(module) is not None,
    run: Callable[[list[str]], tuple[int, str]] | None = None,
    package: Path | None = None,
) -> tuple[Capability, ...]:
    """Every capability, in the order in which a newcomer needs them. Nothing is installed, fetched or asked for.

    environment, which, has, run, package : the machine that is looked at; a test passes its own.
    """
    environment = os.environ if environment is None else environment
    run = run or _run
    package = package or Path(__file__).resolve().parent
    return (
        *(_extra(name, modules, without, has) for name, modules, without in EXTRAS),
        _keys(environment),
        _embedded(package),
        *(_clip(*clip, hub=_hub(environment)) for clip in CLIPS),
        _aesthetic(_hub(environment)),
        _gpu(which, run),
        _chromium(which),
        _blender(environment, run),
        _wall(which, run),
    )


def _run(command: list[str]) -> tuple[int, str]:
    """Exit status and output; a program that is absent or hangs is a failure, not an exception."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    return done.returncode, (done.stdout + done.stderr).strip()


def _extra(name: str, modules: tuple[str, ...], without: str, has: Callable[[str], bool]) -> Capability:
    absent = [module for module in modules if not has(module)]
    found = f"not installed: {', '.join(absent)}" if absent else ", ".join(modules)
    return Capability(f"extra '{name}'", not absent, found, f'pip install -c constraints.txt -e ".[{name}]"', without)


def _keys(environment: Mapping[str, str]) -> Capability:
    given = [name for name in PROVIDERS if environment.get(name)]
    return Capability(
        "provider key", bool(given), f"{', '.join(given)} set" if given else "none set",
        "export OPENAI_API_KEY=… (or the variable of your provider; a local server needs none)",
        "The demo and the tour replay a recorded practice; a local model answers through --model.",
    )


def _embedded(package: Path) -> Capability:
    names = [name for name in ("reward", "report") if any((package / "weights" / name).glob("*.safetensors"))]
    return Capability(
        "embedded CLIP", len(names) == 2, f"shipped: {', '.join(names) or 'none'} (toy models, fixed vocabulary)",
        "Install the package again; its weights are package data.", "Scoring with downloaded CLIP weights.",
    )


def _hub(environment: Mapping[str, str]) -> Path:
    """The hub's cache folder, by the rules of huggingface_hub."""
    if given := environment.get("HF_HUB_CACHE") or environment.get("HUGGINGFACE_HUB_CACHE"):
        return Path(given)
    if home := environment.get("HF_HOME"):
        return Path(home) / "hub"
    cache = environment.get("XDG_CACHE_HOME") or Path(environment.get("HOME", "~")).expanduser() / ".cache"
    return Path(cache) / "huggingface" / "hub"


def _clip(name: str, folder: str, size: str, *, hub: Path) -> Capability:
    snapshots = hub / folder / "snapshots"
    ready = any(one.suffix in {".safetensors", ".bin"} for one in snapshots.glob("*/*"))
    return Capability(
        name, ready, "in the hub's cache" if ready else f"not in the hub's cache ({size})",
        f"hf download {folder.removeprefix('models--').replace('--', '/', 1)} open_clip_model.safetensors",
        "Scores of the embedded toy CLIP, in a column of their own; never comparable with a paper's.",
    )


def _aesthetic(hub: Path) -> Capability:
    ready = any(hub.glob(f"models--*/snapshots/*/{PREDICTOR}"))
    return Capability(
        "aesthetic predictor", ready, "in the hub's cache" if ready else "no weights in the hub's cache (3.7 MB)",
        f"Give the path of {PREDICTOR}, of LAION's predictor, to --aesthetic or AestheticScorer(weights=…).",
        "Every metric but AES.",
    )


def _gpu(which: Callable[[str], str | None], run: Callable[[list[str]], tuple[int, str]]) -> Capability:
    probe = "import torch; print(torch.__version__, torch.cuda.get_device_name(0) if torch.cuda.is_available() else '')"
    status, said = run([sys.executable, "-c", probe])
    version, _, device = said.partition(" ") if status == 0 else ("", "", "")
    if device.strip():
        return Capability("GPU", True, f"{device.strip()}, torch {version}")
    driver = which("nvidia-smi") is not None
    return Capability(
        "GPU", False, f"torch {version or 'not importable'}, {'a driver' if driver else 'no driver'}",
        'pip install --force-reinstall "torch==2.13.0"  (a build for CUDA)' if driver else
        "A machine with an NVIDIA GPU and its driver.",
        "Everything, on the CPU; large CLIPs score slowly (about 0.05 s a picture for ViT-B-32).",
    )


def _chromium(which: Callable[[str], str | None]) -> Capability:
    path = next(filter(None, map(which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return Capability(
        "chromium", path is not None, path or "not found", "sudo apt-get install -y chromium",
        "Pages are written all the same and open in any browser; the tests that look at them are skipped.",
    )


def _blender(environment: Mapping[str, str], run: Callable[[list[str]], tuple[int, str]]) -> Capability:
    python = environment.get(BLENDER_SETTING) or str(BLENDER_HOME)
    status, said = run([python, "-c", "import importlib.metadata as m; print(m.version('bpy'))"])
    ready = status == 0
    return Capability(
        "Blender", ready, f"bpy {said} in {python}" if ready else f"no bpy in {python} (setting: {BLENDER_SETTING})",
        "make blender", NO_BLENDER,
    )


def _wall(which: Callable[[str], str | None], run: Callable[[list[str]], tuple[int, str]]) -> Capability:
    trial = try_bubblewrap(which=which, run=run)
    found = "bwrap starts a jail here" if trial.ready else trial.cause
    return Capability("wall (bubblewrap)", trial.ready, found, trial.mend, NO_WALL)
