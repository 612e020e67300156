"""Checked arrays: read-only copies of what a mesh is made of, of the right shape, finite, within their range."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from easel.errors import ConfigurationError


def numbers(values: Any, shape: Sequence[int | None], what: str, where: str) -> np.ndarray:
    """A read-only float64 copy. Raises ConfigurationError for another shape, and for nan or infinite numbers."""
    try:
        array = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ConfigurationError(f"{what} as numbers", came=str(error), where=where) from error
    if array.ndim != len(shape) or any(wanted not in (None, came)
                                       for wanted, came in zip(shape, array.shape, strict=True)):
        words = ", ".join("N" if one is None else str(one) for one in shape)
        raise ConfigurationError(f"{what} of shape ({words})", came=f"shape {array.shape}", where=where)
    bad = ~np.isfinite(array).reshape(len(array), -1).all(axis=1) if array.size else np.zeros(0, dtype=bool)
    if bad.any():
        raise ConfigurationError(f"finite {what}", where=where,
                                 came=f"{int(bad.sum())} of {len(array)} with nan or infinity, first number "
                                      f"{int(np.argmax(bad))}")
    array.flags.writeable = False
    return array


def places(values: Any, faces: int, materials: int, where: str) -> np.ndarray:
    """A read-only int32 copy. Raises ConfigurationError for another shape, and for a material that is not there."""
    array = np.asarray(values)
    if array.shape != (faces,) or array.dtype.kind not in "iu":
        raise ConfigurationError(f"material numbers of shape ({faces},), whole numbers", where=where,
                                 came=f"shape {array.shape}, {array.dtype}")
    if array.size and not 0 <= array.min() <= array.max() < materials:
        raise ConfigurationError(f"materials from 0 to {materials - 1}", where=where,
                                 came=f"{array.min()} to {array.max()}")
    array = array.astype(np.int32)
    array.flags.writeable = False
    return array
