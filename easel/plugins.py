"""Plugins: "package.module:Name" becomes a checked callable, with a hash of its source for the fingerprint."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import os
import sys
from collections.abc import Callable
from typing import Any

from easel.errors import ConfigurationError


def load(path: str | Callable[..., Any], *, like: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """The callable that `path` names; a callable is returned as it is.

    like : a callable whose required positional parameters the plugin must be able to take
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
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    needed = [p.name for p in inspect.signature(like).parameters.values() if p.kind in kinds and p.default is p.empty]
    try:
        inspect.signature(found).bind(*needed)
    except TypeError as error:
        raise ConfigurationError(
            f"a callable that takes ({', '.join(needed)})", came=f"{inspect.signature(found)}: {error}", where=path
        ) from error


def source_key(found: Callable[..., Any]) -> str:
    """Name and a hash of the source of the module that defines it, so that an edited plugin is another plugin."""
    module = inspect.getmodule(found)
    try:
        text = inspect.getsource(module) if module is not None else inspect.getsource(found)
    except (OSError, TypeError):
        text = repr(found)
    name = f"{getattr(found, '__module__', '?')}:{getattr(found, '__qualname__', type(found).__qualname__)}"
    return f"{name}#{hashlib.sha256(text.encode()).hexdigest()[:16]}"
