"""The project's files agree: lists of packages, versions, verbs, what the README says."""

from __future__ import annotations

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGES = PROJECT["tool"]["setuptools"]["packages"]
EXTRAS = PROJECT["project"]["optional-dependencies"]
IMPORT_NAMES = {"open_clip_torch": "open_clip", "pillow": "PIL", "pyyaml": "yaml", "pre-commit": "pre_commit"}
OPTIONAL = {"pydiffvg"}
"""Imported where present, on no registry."""
BLENDER = {"shapecraft.shapes", "shapecraft.worker"}
"""Folders of modules that run in Blender's interpreter only: package data to ours."""
IN_BLENDER = {"bpy", "bmesh", "mathutils", "shapes", *(path.stem for path in (ROOT / "shapecraft/worker").glob("*.py"))}
LISTS = ("pyproject.toml", "environment.yml", "Makefile", "scripts/setup.sh", "scripts/setup_blender.sh", "constraints-blender.txt")


def requirements(*extras: str) -> dict[str, Requirement]:
    """Canonical name -> requirement of the core and of these extras, whatever these contain in turn."""
    found: dict[str, Requirement] = {}
    lines = [*PROJECT["project"]["dependencies"], *(line for extra in extras for line in EXTRAS[extra])]
    for line in lines:
        one = Requirement(line)
        if one.name == PROJECT["project"]["name"]:
            found |= requirements(*one.extras)
        else:
            found[canonicalize_name(one.name)] = one
    return found


def pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def imported(folder: Path) -> dict[str, Path]:
    """Top-level name -> one file that imports it, anywhere in the file."""
    return {name: path for path in sorted(folder.rglob("*.py")) for name in imported_by(path)}


def imported_by(path: Path) -> set[str]:
    """Top-level names that one file imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.partition(".")[0])
    return names


def test_every_requirement_is_pinned_and_the_pin_fits():
    pinned = pins()
    for name, requirement in requirements(*EXTRAS).items():
        assert name in pinned, f"{name} has no pin in constraints.txt"
        assert requirement.specifier.contains(pinned[name]), f"{requirement} does not take {pinned[name]}"


def test_the_pins_that_installations_break_without():
    pinned = pins()
    assert pinned["torch"] == "2.13.0"
    assert pinned["torchvision"] == "0.28.0"
    assert pinned["litellm"].startswith("1.101.")


def test_constraints_are_canonical_sorted_and_free_of_addresses():
    names = list(pins())
    assert names == sorted(names) == [canonicalize_name(name) for name in names]
    assert not [version for version in pins().values() if "+" in version]


@pytest.mark.parametrize("name", ["constraints.txt", *LISTS])
def test_no_registry_address_stands_in(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    assert "index-url" not in text
    assert "find-links" not in text


@pytest.mark.parametrize("package", PACKAGES)
def test_what_a_package_imports_is_declared(package):
    ours = {*PACKAGES, *sys.stdlib_module_names, *OPTIONAL, *IN_BLENDER}
    declared = {IMPORT_NAMES.get(one.name, one.name.replace("-", "_")) for one in requirements("all").values()}
    undeclared = {name: str(path) for name, path in imported(ROOT / package).items() if name not in ours | declared}
    assert undeclared == {}


@pytest.mark.parametrize("folder", ["tests", "data", "benchmarks", "scripts"])
def test_what_the_rest_imports_is_in_dev(folder):
    ours = {*PACKAGES, *sys.stdlib_module_names, *OPTIONAL, *IN_BLENDER, "tests", "data", "scripts", "benchmarks"}
    ours |= {path.stem for path in (ROOT / folder).glob("*.py")}  # a script sees its neighbours
    declared = {IMPORT_NAMES.get(one.name, one.name.replace("-", "_")) for one in requirements("dev").values()}
    undeclared = {name: str(path) for name, path in imported(ROOT / folder).items() if name not in ours | declared}
    assert undeclared == {}


def test_packages_are_listed_one_by_one():
    modules = {path.parent.relative_to(ROOT).as_posix().replace("/", ".")
               for package in PACKAGES for path in (ROOT / package.partition(".")[0]).rglob("*.py")}
    assert modules - BLENDER == set(PACKAGES)


def test_only_blenders_interpreter_imports_blender():
    folders = [ROOT / package.replace(".", "/") for package in BLENDER]
    importers = {path for package in PACKAGES for path in (ROOT / package).rglob("*.py")
                 if path.parent not in folders and imported_by(path) & IN_BLENDER}
    assert importers == set()


@pytest.mark.parametrize("package", PACKAGES)
def test_every_asset_is_package_data(package):
    globs = PROJECT["tool"]["setuptools"]["package-data"][package]
    folder = ROOT / package
    assets = [path.relative_to(folder).as_posix() for path in folder.rglob("*")
              if path.is_file() and path.suffix not in {".py", ".pyc"}]
    assert "py.typed" in assets
    # A glob's star stops at a slash in setuptools, and does not in fnmatch: the depth must agree too.
    assert [asset for asset in assets if not any(
        fnmatch(asset, glob) and asset.count("/") == glob.count("/") for glob in globs)] == []


def test_conda_environment_says_the_same():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    assert environment["name"] == PROJECT["project"]["name"]
    python, pip, nested = environment["dependencies"]
    assert (python, pip) == (f"python{PROJECT['project']['requires-python']}", "pip")
    assert nested == {"pip": ["-c constraints.txt", "-e .[dev]"]}


def test_python_is_the_same_everywhere():
    assert PROJECT["project"]["requires-python"] == ">=3.11"
    assert PROJECT["tool"]["ruff"]["target-version"] == "py311"
    assert "(3, 11)" in (ROOT / "scripts/setup.sh").read_text()


def test_system_packages_are_read_as_the_set_up_reads_them():
    lines = [line for line in (ROOT / "apt-packages.txt").read_text().splitlines() if not line.startswith("#")]
    entries = [re.fullmatch(r"([a-z0-9.+-]+) +# (setup|test|blender): \w.+", line) for line in lines]
    assert all(entries), lines
    script = "".join((ROOT / "scripts" / name).read_text() for name in ("setup.sh", "setup_blender.sh"))
    assert {entry[2] for entry in entries} == set(re.findall(r"missing_packages (\w+)", script))
    setup = [entry[1] for entry in entries if entry[2] == "setup"]
    assert setup == ["python3-venv"]
    assert "apt-get install -y python3-venv" in script


def test_versions_agree():
    version = PROJECT["project"]["version"]
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["version"] == version
    assert re.search(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)[1] == version
    assert {one["identifiers"][0]["value"] for one in citation["references"]} == {"2604.08042", "2510.17603"}


def test_the_readme_names_the_commands_that_run():
    readme = (ROOT / "README.md").read_text()
    makefile = (ROOT / "Makefile").read_text()
    verbs = set(re.findall(r"^(\w+):(?! =)", makefile, re.MULTILINE)) - {"help"}
    assert verbs == {"demo", "setup", "test", "lab", "check", "bench", "accept", "blender"}
    assert set(re.findall(r"(?:`|^    )make (\w+)", readme, re.MULTILINE)) <= verbs
    assert {"make demo", "make test"} <= set(re.findall(r"^    (make \w+)", readme, re.MULTILINE))
    assert (ROOT / ".ci/run").read_text().splitlines()[-1] == "make test"
    assert os.access(ROOT / ".ci/run", os.X_OK)


def test_the_readme_links_to_what_exists():
    for name in ("README.md", "DESIGN.md", "CONTRIBUTING.md"):
        for target in re.findall(r"\]\(([^)#:]+)\)", (ROOT / name).read_text()):
            assert (ROOT / target).exists(), f"{name} links to {target}"


def test_an_old_python_is_refused_with_a_clear_line(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && { echo "Python 3.9.2"; exit 0; }\nexit 1\n')
    old.chmod(0o755)
    done = subprocess.run(["sh", "scripts/setup.sh", "demo", str(old), str(tmp_path / "venv")], cwd=ROOT,
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
    assert "is Python 3.9.2. Name another: make PYTHON=python3.11" in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.parametrize(("ci", "marker", "status"), [("true", "", 1), ("", "", 0), ("true", "@pytest.mark.gpu\n", 0)])
def test_in_ci_a_skipped_test_is_a_failure(tmp_path, ci, marker, status):
    shutil.copy(ROOT / "tests/conftest.py", tmp_path)
    (tmp_path / "test_one.py").write_text(
        f"import pytest\ndef test_good(): pass\n{marker}def test_tool(): pytest.skip('no such tool')\n")
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path)],
                          cwd=tmp_path, env=os.environ | {"CI": ci}, capture_output=True, text=True, check=False)
    assert done.returncode == status, done.stdout
    assert ("which CI does not allow" in done.stdout) == bool(status)


def test_tests_cannot_leave_this_machine():
    import socket

    with socket.socket() as one, pytest.raises(OSError, match="tests are offline"):
        one.connect(("192.0.2.1", 80))
    assert not [name for name in os.environ if name.endswith("_API_KEY")]


def tracked(*patterns: str) -> list[Path]:
    command = ["git", "ls-files", "-z", "--", *patterns]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [path for name in done.stdout.split("\0") if name and (path := ROOT / name).is_file()]


def test_no_large_file_is_kept():
    from scripts.size_guard import too_large

    assert too_large("pictures/all.png", 1_000_001) == "pictures/all.png: 1,000,001 bytes, at most 1,000,000"
    assert too_large("easel/weights/reward/model.safetensors", 4_000_000) == ""
    assert [why for path in tracked() if (why := too_large(str(path.relative_to(ROOT)), path.stat().st_size))] == []


def test_notebooks_are_kept_without_outputs():
    for path in tracked("*.ipynb"):
        cells = json.loads(path.read_text("utf-8"))["cells"]
        full = [n for n, cell in enumerate(cells) if cell.get("outputs") or cell.get("execution_count")]
        assert full == [], f"{path.name}: cells {full} have outputs; nbstripout removes them"


def test_the_wheel_holds_every_module_and_asset(tmp_path):
    for path in tracked(*PACKAGES, "pyproject.toml", "README.md", "LICENSE"):
        copy = tmp_path / "clone" / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)
    subprocess.run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path)],
                   cwd=tmp_path / "clone", check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    assert held == {path.relative_to(ROOT).as_posix() for path in tracked(*PACKAGES)}
