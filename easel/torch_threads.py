"""Torch threads: how many threads a piece of CPU work may use, set for that work alone.

Small work is quickest on one thread: on a machine that others use too, threads that wait for each other cost many
times what they give (measured: an epoch's scoring 4 times slower with two threads on two busy cores).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def torch_threads(count: int | None) -> Iterator[None]:
    """Let torch use `count` threads inside; None changes nothing."""
    import torch

    before = torch.get_num_threads()
    if count is not None and count != before:
        torch.set_num_threads(count)
    try:
        yield
    finally:
        if torch.get_num_threads() != before:
            torch.set_num_threads(before)
