"""Figures of a painter: `python -m data.make.evaluate_painter FOLDER --sheet sheet.png` (ours).

Colour: the mean CIELAB colour of a sample is nearest to the reference of its own colour word, of twelve. Pattern: a
classifier that learnt real grey-scale patches sorts grey-scale samples into families. Both beside the same figure for
the procedural pictures themselves, which is what a perfect painter could reach. Prompts with n and Wilson's interval.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.make.evaluate_clip import wilson
from data.make.material_captions import COLOURS, plain
from data.make.material_pictures import Coat, Scene, draw
from data.make.materials import MATERIALS, Material
from data.make.painter_card import reference, write_figures
from data.make.painter_model import Painter, load_painter, paint

SIX = ("wood", "brick", "leather", "weave", "smooth", "stone")
"""Families of the short figure: those of `shapecraft.painting_cases.MATERIALS`."""
SHOWN = ("red leather", "rusty iron", "blue fabric", "green glass", "oak", "white marble", "brick", "grey stone",
         "a red leather seat", "rusty iron legs", "a blue ceramic mug", "yellow plastic box",
         "a table with a walnut top and red paint legs", "black rubber wheels", "a gold ball", "grass")


def lab(pictures: np.ndarray) -> np.ndarray:
    """(..., 3) uint8 sRGB -> CIELAB under D65."""
    screen = np.asarray(pictures, np.float64) / 255
    linear = np.where(screen <= 0.04045, screen / 12.92, ((screen + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    white = to_xyz.sum(1)
    share = linear @ to_xyz.T / white
    root = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)


def nearest_colour(pictures: np.ndarray) -> np.ndarray:
    """(B,) number in COLOURS whose reference is nearest to the mean CIELAB colour of each picture."""
    references = lab(np.array([reference(colour) for colour in COLOURS]))
    means = lab(pictures).mean((1, 2))
    return np.linalg.norm(means[:, None] - references, axis=-1).argmin(1)


def grey(pictures: np.ndarray) -> np.ndarray:
    """(B, H, W) luma in [0, 1]."""
    return np.asarray(pictures, np.float64) @ (0.299, 0.587, 0.114) / 255


def features(pictures: np.ndarray) -> np.ndarray:
    """(B, F) of a grey-scale picture whatever its brightness: log spectrum by period and direction, spread, skewness,
    slopes, highlights."""
    shown = grey(pictures)
    size = shown.shape[1]
    level = shown.mean((1, 2), keepdims=True)
    flat = (shown - level) / (level + 0.1)
    window = np.hanning(size)[:, None] * np.hanning(size)
    power = np.abs(np.fft.rfft2(flat * window)) ** 2
    fy, fx = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None]
    radius, angle = np.hypot(fy, fx) * size, np.arctan2(fy, fx) % np.pi
    ring = np.digitize(radius, (0.5, 1.5, 2.5, 4, 6, 8, 10.5, 13, 16.5))
    sector = np.floor(angle / np.pi * 8 + 0.5).astype(int) % 8
    columns = [np.log(power[:, (ring == r) & (sector == s)].mean(1) + 1e-4)
               for r in range(1, 9) for s in range(8) if ((ring == r) & (sector == s)).any()]
    spread = flat.std((1, 2))
    scaled = flat / (spread[:, None, None] + 0.02)
    moments = [(scaled ** power_).mean((1, 2)) for power_ in (3, 4)]
    quantiles = np.quantile(scaled, (0.02, 0.1, 0.5, 0.9, 0.98), axis=(1, 2))
    slopes = [np.abs(np.diff(flat, n, axis=axis)).mean((1, 2)) for axis in (1, 2) for n in (1, 2)]
    return np.stack([*columns, np.log(spread + 0.01), *moments, *quantiles, *np.log(np.array(slopes) + 0.01)], 1)


@dataclass(frozen=True)
class Sorter:
    """A linear classifier over standardised features. families : names; mean, spread : (F,); weights : (F + 1, C)"""

    families: tuple[str, ...]
    mean: np.ndarray
    spread: np.ndarray
    weights: np.ndarray

    def sort(self, pictures: np.ndarray) -> np.ndarray:
        """(B,) numbers of families."""
        scaled = np.clip((features(pictures) - self.mean) / self.spread, -4, 4)
        return (np.concatenate([scaled, np.ones((len(scaled), 1))], 1) @ self.weights).argmax(1)


def real(families: tuple[str, ...], *, each: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Procedural patches: pictures, numbers of their families; half of them in one of the twelve colours."""
    rng = np.random.default_rng(seed)
    shown, told = [], []
    for number, family in enumerate(families):
        mine = [made for made in MATERIALS if made.family == family]
        for index in range(each):
            made = mine[index % len(mine)]
            colour = COLOURS[rng.integers(12)] if made.coloured and rng.random() < 0.5 else ""
            shown.append(draw(Scene("patch", (Coat(made, colour),)), rng))
            told.append(number)
    return np.stack(shown), np.array(told)


def learn(families: tuple[str, ...], *, each: int = 80, seed: int = 1) -> Sorter:
    """Multinomial logistic regression, L-BFGS."""
    import torch

    pictures, told = real(families, each=each, seed=seed)
    made = features(pictures)
    mean, spread = made.mean(0), made.std(0) + 1e-6
    scaled = np.clip((made - mean) / spread, -4, 4)
    inputs = torch.from_numpy(np.concatenate([scaled, np.ones((len(scaled), 1))], 1))
    weights = torch.zeros(inputs.shape[1], len(families), dtype=torch.float64, requires_grad=True)
    solver = torch.optim.LBFGS([weights], max_iter=150, line_search_fn="strong_wolfe")

    def close():
        solver.zero_grad()
        loss = torch.nn.functional.cross_entropy(inputs @ weights, torch.from_numpy(told))
        loss = loss + 2e-3 * weights.square().sum()
        loss.backward()
        return loss

    solver.step(close)
    return Sorter(families, mean, spread, weights.detach().numpy())


def _coloured() -> tuple[Material, ...]:
    return tuple(made for made in MATERIALS if made.coloured)


def colour_figure(painter: Painter, *, materials: int, steps: int, guidance: float) -> dict[str, float | str]:
    """Every colour on every n-th coloured material, one sample each."""
    chosen = _coloured()[::max(1, len(_coloured()) // materials)][:materials]
    asked = [(made, number) for made in chosen for number in range(12)]
    shown = _sampled(painter, [plain(made, COLOURS[number]) for made, number in asked], steps, guidance)
    right = nearest_colour(shown) == np.array([number for _, number in asked])
    rng = np.random.default_rng(9)
    model = np.stack([draw(Scene("patch", (Coat(made, COLOURS[number]),)), rng) for made, number in asked])
    best = nearest_colour(model) == np.array([number for _, number in asked])
    rows = {f"colour of {colour}": round(float(right[number::12].mean()), 3) for number, colour in enumerate(COLOURS)}
    return {"colour nearest": round(float(right.mean()), 3), "colour nearest, interval": _interval(right),
            "colour nearest, procedural": round(float(best.mean()), 3), **rows}


def pattern_figure(painter: Painter, families: tuple[str, ...], *, each: int, steps: int, guidance: float,
                   learnt: int = 80) -> dict[str, float | str]:
    """`each` samples a family, half of them in a colour; `learnt` : real patches a family that the sorter learns."""
    sorter = learn(families, each=learnt)
    held, told = real(families, each=40, seed=2)
    asked = []
    for number, family in enumerate(families):
        mine = [made for made in MATERIALS if made.family == family]
        for index in range(each):
            made = mine[index % len(mine)]
            asked.append((plain(made, COLOURS[5 * index % 12] if made.coloured and index % 2 else ""), number))
    shown = _sampled(painter, [text for text, _ in asked], steps, guidance)
    right = sorter.sort(shown) == np.array([number for _, number in asked])
    name = f"pattern of {len(families)}"
    return {name: round(float(right.mean()), 3), f"{name}, interval": _interval(right),
            f"{name}, procedural": round(float((sorter.sort(held) == told).mean()), 3),
            f"{name}, chance": round(1 / len(families), 3),
            **{f"{name}: {family}": round(float(right[number * each:(number + 1) * each].mean()), 3)
               for number, family in enumerate(families)}}


def _sampled(painter: Painter, prompts: list[str], steps: int, guidance: float) -> np.ndarray:
    return np.concatenate([paint(painter, prompts[at:at + 32], steps=steps, guidance=guidance, seed=1000 + at)
                           for at in range(0, len(prompts), 32)])


def _interval(right: np.ndarray) -> str:
    low, high = wilson(int(right.sum()), len(right))
    return f"{low:.3f} to {high:.3f}, n = {len(right)}"


def sheet(painter: Painter, path: Path, *, prompts=SHOWN, samples: int = 4, steps: int = 20,
          guidance: float = 4.0) -> None:
    """Rows of prompts, `samples` pictures each, with their grey-scale twins; three times as large."""
    from PIL import Image, ImageDraw

    shown = _sampled(painter, [text for text in prompts for _ in range(samples)], steps, guidance)
    wide = 96
    page = Image.new("RGB", (260 + 2 * samples * wide, len(prompts) * wide), "white")
    for index, picture in enumerate(shown):
        row, column = divmod(index, samples)
        one = Image.fromarray(picture).resize((wide, wide), Image.Resampling.NEAREST)
        page.paste(one, (260 + column * wide, row * wide))
        page.paste(one.convert("L").convert("RGB"), (260 + (samples + column) * wide, row * wide))
    pen = ImageDraw.Draw(page)
    for row, text in enumerate(prompts):
        pen.text((4, row * wide + 40), text[:44], fill="black")
    page.save(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sheet", type=Path)
    parser.add_argument("--materials", type=int, default=16)
    parser.add_argument("--each", type=int, default=12)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--guidance", type=float, default=4.0)
    parser.add_argument("--write", action="store_true", help="into the folder's card")
    given = parser.parse_args()
    painter = load_painter(given.folder)
    if given.sheet:
        sheet(painter, given.sheet, steps=given.steps, guidance=given.guidance)
    families = tuple(dict.fromkeys(made.family for made in MATERIALS))
    settings = {"steps": given.steps, "guidance": given.guidance}
    figures = {**colour_figure(painter, materials=given.materials, **settings),
               **pattern_figure(painter, SIX, each=given.each, **settings),
               **pattern_figure(painter, families, each=max(2, given.each // 3), **settings),
               "sampler": f"DDIM, {given.steps} steps, guidance {given.guidance}"}
    for name, value in figures.items():
        print(f"{name}: {value}")
    if given.write:
        write_figures(given.folder, figures)


if __name__ == "__main__":
    main()
