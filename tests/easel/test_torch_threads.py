"""Torch threads are set for a piece of work alone, also when it fails."""

from __future__ import annotations

import pytest
import torch

from easel.torch_threads import torch_threads


def test_the_number_holds_inside_and_is_given_back():
    before = torch.get_num_threads()
    with torch_threads(1):
        assert torch.get_num_threads() == 1
    assert torch.get_num_threads() == before
    with torch_threads(None):
        assert torch.get_num_threads() == before
    with pytest.raises(ZeroDivisionError), torch_threads(1):
        1 / 0  # noqa: B018
    assert torch.get_num_threads() == before
