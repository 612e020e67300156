"""A painting that is killed twenty times is the one that nobody touched, to the bit."""

from __future__ import annotations

import random
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from easel.torch_threads import torch_threads
from shapecraft.paint_events import PaintStarted
from shapecraft.painting import paint
from tests.shapecraft.paint_process import SETTINGS
from tests.shapecraft.toy_painting import SUBJECT, ToyGuidance

PROCESS = Path(__file__).with_name("paint_process.py")


@pytest.mark.acceptance
@pytest.mark.timeout(1800)
def test_twenty_kills_change_no_bit(tmp_path):
    chance = random.Random(0)
    for _ in range(20):
        with subprocess.Popen([sys.executable, str(PROCESS), str(tmp_path)], stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            for _ in range(chance.randint(1, 3)):
                assert run.stdout.readline(), "it ended before it was killed"
            # Anywhere in a step, or while a checkpoint is written.
            time.sleep(chance.uniform(0, 0.05))
            run.kill()
    again = list(paint(SUBJECT, ToyGuidance(), SETTINGS, folder=tmp_path))
    assert isinstance(again[0], PaintStarted)
    assert again[0].done >= 20
    whole = list(paint(SUBJECT, ToyGuidance(), SETTINGS))
    one, other = (events[-1].painted for events in (whole, again))
    assert all(torch.equal(one.field.state()[name], value) for name, value in other.field.state().items())
    points = np.random.default_rng(0).uniform(-0.5, 1.0, (500, 3))
    with torch_threads(1):
        for a, b in zip(*(field.material_at(np.arange(500) % 3, points, points[:, :2]) for field in (one, other)),
                        strict=True):
            np.testing.assert_array_equal(a, b)
