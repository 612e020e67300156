"""The gate's decision on paired rewards."""

from __future__ import annotations

import pytest

from drawagent.gate import GateDecision, not_worse
from easel.errors import ConfigurationError


def test_not_worse_is_accepted():
    assert not_worse([0.2, 0.3], [0.2, 0.3]) == GateDecision(True, 0.0, 0.0, 2)
    assert not_worse([0.20, 0.30], [0.24, 0.28]) == GateDecision(True, 0.01, 0.03, 2)
    assert not_worse([0.20, 0.30], [0.20, 0.29]) == GateDecision(False, -0.005, 0.005, 2)


def test_margin_and_rounding():
    assert not_worse([0.20, 0.30], [0.20, 0.29], margin=0.005).accepted
    assert not not_worse([0.20, 0.30], [0.20, 0.29], margin=0.004).accepted
    assert not_worse([0.1 + 0.2], [0.3]).accepted, "the last bit is no loss"
    assert not_worse([0.3], [0.2], margin=1).row() == {"accepted": True, "mean": -0.1, "standard_error": 0.0, "n": 1}


@pytest.mark.parametrize(("before", "after"), [([], []), ([0.1], [0.1, 0.2])])
def test_nothing_to_compare(before, after):
    with pytest.raises(ConfigurationError, match=r"expected rewards of the same gate queries .* at least one, got \d and \d"):
        not_worse(before, after)
