"""Writes constraints.txt from what this environment holds: python scripts/constraints.py > constraints.txt.

Run it in an environment into which `.[dev]` was installed and tested. Only what pyproject.toml asks for, and what that
asks for in turn, is pinned; a build tag such as "+cpu" is dropped, so that the pin fits every build of the version.
"""

from __future__ import annotations

import sys
from importlib.metadata import PackageNotFoundError, distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = "easel3d"
ALSO = ("setuptools",)  # builds the wheel, inside an environment of its own


def closure(root: str, extras: frozenset[str]) -> dict[str, str]:
    """Canonical name -> installed public version of everything that `root[extras]` needs here."""
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    waiting = [(canonicalize_name(root), extra) for extra in ("", *extras)]
    while waiting:
        name, extra = waiting.pop()
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        try:
            found = distribution(name)
        except PackageNotFoundError:
            print(f"not installed, not pinned: {name}", file=sys.stderr)
            continue
        if name != canonicalize_name(ROOT):
            pins[name] = found.version.partition("+")[0]
        for line in found.requires or ():
            wanted = Requirement(line)
            if wanted.marker is None or wanted.marker.evaluate({"extra": extra}):
                waiting += [(canonicalize_name(wanted.name), inner) for inner in ("", *wanted.extras)]
    return pins


if __name__ == "__main__":
    pins = closure(ROOT, frozenset({"dev"}))
    pins.update({name: distribution(name).version for name in ALSO})
    print("# Versions that were installed and tested together (Linux, Python 3.11). Written by scripts/constraints.py.")
    for name in sorted(pins):
        print(f"{name}=={pins[name]}")
