"""Plugins by name: found, checked, hashed, and refused with words that help."""

from __future__ import annotations

import sys

import pytest

from easel.errors import ConfigurationError
from easel.plugins import load, source_key


@pytest.fixture
def module(tmp_path, monkeypatch):
    (tmp_path / "my_policy.py").write_text("def choose(scored, *, seed=''):\n    return scored\n\nNUMBER = 3\n")
    monkeypatch.syspath_prepend(tmp_path)
    yield tmp_path / "my_policy.py"
    sys.modules.pop("my_policy", None)


def like(scored, *, seed):
    ...


def test_a_plugin_is_found_and_checked(module) -> None:
    assert load("my_policy:choose", like=like)([1]) == [1]


def test_a_callable_is_returned_as_it_is() -> None:
    assert load(len) is len


@pytest.mark.parametrize(("path", "words"), [
    ("my_policy", "'package.module:Name', got 'my_policy'"),
    ("no_such_module_here:x", "a module 'no_such_module_here'"),
    ("my_policy:choos", "'choos' in module 'my_policy', got only NUMBER, choose"),
    ("my_policy:NUMBER", "something callable, got int"),
])
def test_what_does_not_fit_is_named(module, path, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        load(path)


def test_a_signature_that_does_not_fit_is_refused(module) -> None:
    def two(first, second):
        ...

    with pytest.raises(ConfigurationError, match=r"a callable that takes \(first, second\)"):
        load("my_policy:choose", like=two)


def test_an_edited_plugin_is_another_plugin(module) -> None:
    before = source_key(load("my_policy:choose"))
    assert before.startswith("my_policy:choose#")
    sys.modules.pop("my_policy")
    module.write_text(module.read_text() + "# edited\n")
    assert source_key(load("my_policy:choose")) != before
