"""Times one painting step beside its guidance: field, shading, picture, backward, optimiser; ratios of one run.

    python benchmarks/bench_painting.py [--size 512] [--repeats 5] [--levels 8] [--wall] [--device cpu] [--unet]

Scene: eight overlapping balls and tori as eight parts, one view that they fill as an object fills a picture. What is
made once a camera (buffers, places, light) is printed apart and not counted; it is kept while painting goes on. One
thread; processor time is counted, so that what else the machine does hardly matters, or with `--wall`, and on a GPU
always, the clock. With `--unet` a UNet of Stable Diffusion 1.5's shape (weights constant, bf16, batch 2, latents of
64², text of 77 tokens) runs once after a first time, and the step is given as a share of it (<= 15 %).
"""

from __future__ import annotations

import argparse
import itertools
import statistics
import time
from collections.abc import Callable

import torch
from bench_mesh_raster import scene

from easel.cameras import ring
from easel.torchvision_door import import_through_torchvision
from shapecraft.brdf import display, light_of, shade
from shapecraft.environments import environment
from shapecraft.lobes import lobes
from shapecraft.paint_views import PaintView, buffers_of
from shapecraft.texture_field import FieldSettings, TextureField

PARTS = ("field", "shading", "picture", "backward: picture, shading", "backward: field", "optimiser")


def unet_milliseconds(clock: Callable[[], float], device: str, height: int) -> float:
    """One pass of a UNet of Stable Diffusion 1.5's shape, two pictures (with and without the prompt)."""
    UNet2DConditionModel = import_through_torchvision("diffusers").UNet2DConditionModel
    with torch.device("meta"):
        model = UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
    model = model.to(torch.bfloat16).to_empty(device=device).eval()
    with torch.no_grad():
        for one in model.parameters():
            one.fill_(0.01)
        latents = torch.randn((2, 4, height // 8, height // 8), dtype=torch.bfloat16, device=device)
        words = torch.randn((2, 77, 768), dtype=torch.bfloat16, device=device)
        model(latents[:, :, :8, :8], 500, words)
        start = clock()
        model(latents, 500, words)
        return 1e3 * (clock() - start)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--levels", type=int, default=8)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--wall", action="store_true")
    parser.add_argument("--unet", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cuda = options.device != "cpu"

    def clock() -> float:
        if cuda:
            torch.cuda.synchronize()
        return time.perf_counter() if options.wall or cuda else time.process_time()

    mesh, camera = scene(20_000), ring(3)[1]
    made, light_from = lobes(), environment("studio")
    assert made.taps.size
    assert light_from.blurred.size + light_from.matt.size
    view = PaintView(camera, None, "front")
    buffers_of(mesh, view, size=16)
    field = TextureField(mesh.bounds, FieldSettings(levels=options.levels), seed=0, device=options.device)
    marks = [clock()]
    buffers = buffers_of(mesh, view, size=options.size, device=options.device)
    marks.append(clock())
    places = field.places(buffers.position)
    assert places.matrix.shape[1] == places.transposed.shape[0]
    marks.append(clock())
    light = light_of(light_from, buffers.normal, buffers.view, half=True)
    marks.append(clock())
    raster, placed, lit = (1e3 * (after - before) for before, after in itertools.pairwise(marks))
    pixels = len(buffers)
    print(f"{pixels} of {options.size}² pixels covered, {100 * pixels / options.size**2:.0f} %; "
          f"{options.levels} levels")
    print(f"once a camera: buffers {raster:.0f} ms, places {placed:.0f} ms ({places.megabytes:.0f} MB), "
          f"light {lit:.0f} ms ({light.megabytes:.0f} MB)")
    optimiser = torch.optim.Adam(field.parameters, lr=0.01)
    rows = []
    for _ in range(options.repeats + 1):
        optimiser.zero_grad()
        marks = [clock()]
        material = field.material(places)
        marks.append(clock())
        seen = display(shade(light, material))
        marks.append(clock())
        picture = buffers.picture(seen, (1.0, 1.0, 1.0))
        marks.append(clock())
        asked = torch.full_like(picture, 1e-3)
        upon = torch.autograd.grad(picture, list(material), asked, retain_graph=True)
        marks.append(clock())
        torch.autograd.backward(list(material), upon)
        marks.append(clock())
        optimiser.step()
        marks.append(clock())
        rows.append([1e3 * (after - before) for before, after in itertools.pairwise(marks)])
    medians = [statistics.median(column) for column in zip(*rows[1:], strict=True)]
    whole = statistics.median(sum(row) for row in rows[1:])
    for name, spent in zip(PARTS, medians, strict=True):
        print(f"{name:28} {spent:7.1f} ms  {100 * spent / sum(medians):3.0f} %")
    print(f"{'a step beside the guidance':28} {whole:7.1f} ms")
    if options.unet:
        passed = unet_milliseconds(clock, options.device, options.size)
        print(f"a UNet pass {passed:.0f} ms: a step is {100 * whole / passed:.1f} % of it (<= 15 %)")


if __name__ == "__main__":
    main()
