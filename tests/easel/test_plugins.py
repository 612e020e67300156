"""Plugins by name: found, checked, hashed, and refused with words that help."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path

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


def test_what_a_protocol_passes_by_name_may_be_needed(module) -> None:
    def needs(scored, *, seed):
        return scored

    def needs_more(scored, *, seed, colour):
        ...

    def by_place_only(scored):
        ...

    assert load(needs, like=like) is needs
    for unfit, words in ((needs_more, "'colour'"), (by_place_only, "'seed'")):
        with pytest.raises(ConfigurationError, match=rf"a callable that takes \(scored, seed=\).*{words}"):
            load(unfit, like=like)


CONSOLE = """
from easel.plugins import source_key
def plain(x, *, deep={depth}):
    return [x for _ in range(3) if x in {{"a", "b", "c", "d"}}]
class Policy:
    def __call__(self, x):
        return (lambda y: y + {depth})(x)
print(*(source_key(one) for one in (plain, Policy, Policy(), lambda x: x + {depth}, Policy().__call__)))
"""


def keys_of(code: str, depth: int) -> list[str]:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "PYTHONHASHSEED": "random"}
    done = subprocess.run([sys.executable, "-c", code.format(depth=depth)], capture_output=True, text=True, check=True,
                          env=environment)
    return done.stdout.split()


def test_a_plugin_of_a_console_has_one_key_in_every_process() -> None:
    first, again, edited = keys_of(CONSOLE, 3), keys_of(CONSOLE, 3), keys_of(CONSOLE, 4)
    assert first == again
    assert len(first) == 5
    assert first[0].startswith("__main__:plain#")
    assert not set(first) & set(edited)


def test_a_partial_is_what_it_binds(module) -> None:
    choose = load("my_policy:choose")
    assert source_key(functools.partial(choose, seed="a")) != source_key(functools.partial(choose, seed="b"))
    assert source_key(functools.partial(choose, seed="a")) == source_key(functools.partial(choose, seed="a"))
    assert source_key([].append) == source_key([].append)
