"""Our pictures against those that pydiffvg drew once (data/golden/pydiffvg/README.md)."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from drawagent.raster import render
from drawagent.raster_reference import difference, picture
from easel.cameras import Camera

GOLDEN = Path(__file__).parents[2] / "data" / "golden" / "pydiffvg"
SCENES = {scene["name"]: scene for scene in json.loads((GOLDEN / "scenes.json").read_text())}


def _camera(scene) -> Camera:
    fields = scene["camera"].items()
    return Camera(**{name: tuple(value) if isinstance(value, list) else value for name, value in fields})


@pytest.mark.parametrize("name", SCENES)
def test_ours_is_near_pydiffvg(name):
    scene = SCENES[name]
    drawn = render([torch.tensor(scene["strokes"])], [_camera(scene)], size=scene["size"], width=scene["width"],
                   opacity=scene["opacity"])[0, 0]
    mean, largest = difference(drawn, np.load(GOLDEN / "pictures.npz")[name] / 255.0)
    assert mean < 0.02 + scene["noise_mean"]
    assert largest < 0.25 + scene["noise_max"]
    assert mean < 0.01, "looser than it was when the pictures were drawn"


@pytest.mark.parametrize("name", ["loop", "box", "faint"])
def test_the_reference_is_near_pydiffvg(name):
    scene = SCENES[name]
    truth = picture(scene["strokes"], _camera(scene), size=scene["size"], width=scene["width"],
                    opacity=scene["opacity"])
    mean, largest = difference(np.load(GOLDEN / "pictures.npz")[name] / 255.0, truth)
    assert mean < 0.004 + scene["noise_mean"]
    assert largest < 0.02 + scene["noise_max"]
