"""The public API of each package is its `__init__`: at most 25 names, every one importable, listed here by intent."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path

import pytest


@pytest.mark.parametrize("package", ["drawagent", "easel", "shapecraft"])
def test_public_names_are_few_and_real(package):
    module = importlib.import_module(package)
    assert len(module.__all__) <= 25
    assert sorted(module.__all__) == sorted(module._HOMES)
    for name in module.__all__:
        assert getattr(module, name).__name__ == name
        assert name in dir(module)
    with pytest.raises(AttributeError, match=f"module '{package}' has no attribute 'nothing'"):
        module.nothing  # noqa: B018


@pytest.mark.parametrize("package", ["drawagent", "easel", "shapecraft"])
def test_type_checkers_see_the_same_names(package):
    tree = ast.parse(Path(importlib.import_module(package).__file__).read_text())
    seen = {
        (alias.name, node.module.partition(".")[2])
        for branch in tree.body if isinstance(branch, ast.If)
        for node in branch.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert seen == set(importlib.import_module(package)._HOMES.items())
