"""Plugins: "package.module:Name" becomes a checked callable, with a hash of its source for the fingerprint."""

from __future__ import annotations

import functools
import hashlib
import importlib
import inspect
import os
import re
import sys
import types
from collections.abc import Callable
from typing import Any

from easel.errors import ConfigurationError

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")


def load(path: str | Callable[..., Any], *, like: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """The callable that `path` names; a callable is returned as it is.

    like : a callable whose parameters without a default the plugin must be able to take, positional ones by place and
        keyword-only ones by name, without needing anything else
    Raises ConfigurationError naming the part that was not found or does not fit.
    """
    found = path if callable(path) else _find(path)
    if like is not None:
        _check(found, like, str(path))
    return found


def _find(path: str) -> Callable[..., Any]:
    module_name, colon, name = str(path).partition(":")
    if not (module_name and colon and name):
        raise ConfigurationError("a plugin as 'package.module:Name'", came=repr(path))
    here = os.getcwd()
    if here not in sys.path:
        sys.path.append(here)
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise ConfigurationError(
            f"a module '{module_name}' that can be imported", came=str(error), where=path,
            mend="Install it, or start from the folder it lies in.",
        ) from error
    target: Any = module
    for step in name.split("."):
        if not hasattr(target, step):
            public = sorted(key for key in vars(module) if not key.startswith("_"))
            raise ConfigurationError(
                f"'{name}' in module '{module_name}'", came=f"only {', '.join(public[:20])}", where=path
            )
        target = getattr(target, step)
    if not callable(target):
        raise ConfigurationError("something callable", came=type(target).__name__, where=path)
    return target


def _check(found: Callable[..., Any], like: Callable[..., Any], path: str) -> None:
    places = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [one for one in inspect.signature(like).parameters.values() if one.default is one.empty]
    by_place = [one.name for one in needed if one.kind in places]
    by_name = [one.name for one in needed if one.kind is one.KEYWORD_ONLY]
    try:
        taken = inspect.signature(found)
    except ValueError:  # some functions written in C do not say what they take
        return
    try:
        taken.bind(*by_place, **dict.fromkeys(by_name))
    except TypeError as error:
        raise ConfigurationError(
            f"a callable that takes ({', '.join([*by_place, *(f'{name}=' for name in by_name)])})",
            came=f"{taken}: {error}", where=path,
        ) from error


def source_key(found: Callable[..., Any]) -> str:
    """Name and a hash of the source that defines it, so that an edited plugin is another plugin.

    The source of its module; where that has none (a notebook, a console) its own source; where none is kept its
    bytecode. Never an address: in the next process the same plugin has the same key. Values that a closure or an
    instance holds do not count, those that a partial binds do.
    """
    bound = ""
    while isinstance(found, functools.partial):
        bound += _ADDRESS.sub("", repr((found.args, sorted(found.keywords.items()))))
        found = found.func
    defined = found if hasattr(found, "__qualname__") else type(found)
    text = _source(inspect.getmodule(found)) or _source(defined) or _bytecode(defined) or _ADDRESS.sub("", repr(found))
    name = f"{getattr(found, '__module__', '?')}:{defined.__qualname__}"
    return f"{name}#{hashlib.sha256((text + bound).encode()).hexdigest()[:16]}"


def _source(defined: Any) -> str:
    try:
        return inspect.getsource(defined) if defined is not None else ""
    except (OSError, TypeError):
        return ""


def _bytecode(defined: Any) -> str:
    """What a function or the methods of a class do, as text; "" for what was not written in Python."""
    if inspect.isclass(defined):
        return "".join(f"{name}: {_bytecode(value)}" for name, value in sorted(vars(defined).items()))
    defined = getattr(defined, "__func__", defined)
    code = getattr(defined, "__code__", None)
    return "" if code is None else _code(code) + _ADDRESS.sub("", f"{defined.__defaults__} {defined.__kwdefaults__}")


def _code(code: types.CodeType) -> str:
    # A set of constants prints in another order in every process.
    constants = [
        _code(one) if isinstance(one, types.CodeType) else sorted(map(repr, one)) if isinstance(one, frozenset) else one
        for one in code.co_consts
    ]
    return f"{code.co_code.hex()} {constants!r} {code.co_names} {code.co_varnames}"
