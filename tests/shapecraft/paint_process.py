"""The painting of the stool in a process of its own, a line a step, for tests that kill it: `paint_process.py FOLDER`."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from shapecraft.paint_events import PaintStepped
from shapecraft.painting import paint
from tests.shapecraft.toy_painting import GUIDED, SUBJECT, TINY, ToyGuidance

NEAR = replace(GUIDED, first_range=(0.6, 0.6), last_range=(0.05, 0.05))
SETTINGS = replace(TINY, steps=500, policy="one", last_rate=0.1, checkpoint_every=1, near=NEAR, near_from=0.02,
                   views=replace(TINY.views, details=3))
"""More steps than twenty kills let pass, nearly all of them with details, whose noise is carried from one to the next."""

if __name__ == "__main__":
    for event in paint(SUBJECT, ToyGuidance(), SETTINGS, folder=Path(sys.argv[1])):
        if isinstance(event, PaintStepped):
            sys.stdout.write(f"{event.step}\n")
            sys.stdout.flush()
