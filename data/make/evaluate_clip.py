"""Zero-shot accuracy of an image-text scorer on sketches: `python -m data.make.evaluate_clip report --drawings FOLDER`.

Mean embedding over 8 views, against "a sketch of a ..." of all categories; every figure with n, its Wilson interval
(95 %) and by category. `--held-out N` draws N sketches a category in each generator style that training never saw.
"""

from __future__ import annotations

import argparse
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from data.make.clip_examples import read_reply
from data.make.clip_words import with_article
from data.make.sketches import CATEGORIES, HELD_OUT_STYLES, draw
from drawagent.raster import render
from drawagent.sketch import Sketch
from easel.cameras import ring
from easel.scoring import ClipScorer, ImageTextScorer, cosine

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ranked:
    """One drawing's result: its category, the rank of that category (0 is first), the five first, its name."""

    category: str
    rank: int
    first: tuple[str, ...]
    name: str


def rank(scorer: ImageTextScorer, drawings: Sequence[tuple[str, np.ndarray]], *, names: Sequence[str] = (),
         views: int = 8, size: int = 224, width: float = 2.0, chunk: int = 32) -> list[Ranked]:
    """Rank all categories for each (category, (N, 4, 3) strokes); the scoring path is the reward's own."""
    texts = scorer.embed_texts([with_article(category) for category in CATEGORIES])
    embedded = mean_embeddings(scorer, [strokes for _, strokes in drawings], views=views, size=size, width=width,
                               chunk=chunk)
    results = []
    for index, ((category, _), row) in enumerate(zip(drawings, cosine(embedded, texts), strict=True)):
        order = np.argsort(-row, kind="stable")
        place = int(np.flatnonzero(order == CATEGORIES.index(category))[0])
        results.append(Ranked(category, place, tuple(CATEGORIES[i] for i in order[:5]), names[index] if names else ""))
    return results


def mean_embeddings(scorer: ImageTextScorer, drawings: Sequence[np.ndarray], *, views: int = 8, size: int = 224,
                    width: float = 2.0, chunk: int = 32) -> np.ndarray:
    """(M, D) mean image embedding over a ring of views, rows of length 1."""
    cameras, rows = ring(views), []
    for start in range(0, len(drawings), chunk):
        sketches = [Sketch.from_array(strokes).normalised() for strokes in drawings[start:start + chunk]]
        pictures = render(sketches, cameras, size=size, width=width)
        embedded = scorer.embed_images(pictures.reshape(-1, size, size))
        rows.append(embedded.reshape(len(sketches), views, -1).mean(axis=1))
    means = np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)
    return means / np.linalg.norm(means, axis=1, keepdims=True)


def attribute_pairs(scorer: ImageTextScorer, each: int, *, style: str = HELD_OUT_STYLES[0]) -> dict:
    """Does "a round table" beat "a square table" on the round one? `each` pairs a category of two drawings that differ
    in one named attribute, each drawing against both phrases; n counts such comparisons."""
    drawings, phrases = [], []
    for category in CATEGORIES:
        rng = np.random.default_rng([910, zlib.crc32(category.encode())])
        for _ in range(each):
            one, two = (draw(category, rng, style=style) for _ in range(2))
            mine, theirs = (sorted(set(a.attributes) - set(b.attributes)) for a, b in ((one, two), (two, one)))
            if mine and theirs:
                drawings += [one.strokes, two.strokes]
                phrases += [_phrase(category, options[rng.integers(len(options))]) for options in (mine, theirs)]
    scores = cosine(mean_embeddings(scorer, drawings), scorer.embed_texts(phrases))
    n = len(drawings)
    hits = sum(int(scores[i, i] > scores[i, i ^ 1]) for i in range(n))
    low, high = wilson(hits, n)
    return {"n": n, "hits": hits, "share": round(hits / n, 4), "wilson": [round(low, 4), round(high, 4)]}


def _phrase(category: str, attribute: str) -> str:
    return with_article(f"{category} {attribute}" if attribute.startswith("with ") else f"{attribute} {category}")


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """95 % Wilson score interval of hits of n."""
    if n == 0:
        return 0.0, 1.0
    p, spread = hits / n, z * z / n
    middle, half = p + spread / 2, z * math.sqrt(p * (1 - p) / n + spread / (4 * n))
    return max((middle - half) / (1 + spread), 0.0), min((middle + half) / (1 + spread), 1.0)


def figures(results: Sequence[Ranked]) -> dict:
    """n, and for top-1 and top-5 the hits, share and Wilson interval; and (n, top-1, top-5) by category."""
    table: dict = {"n": len(results)}
    for name, limit in (("top1", 1), ("top5", 5)):
        hits = sum(r.rank < limit for r in results)
        low, high = wilson(hits, len(results))
        share = round(hits / max(len(results), 1), 4)
        table[name] = {"hits": hits, "share": share, "wilson": [round(low, 4), round(high, 4)]}
    table["by_category"] = {
        category: [len(own), sum(r.rank < 1 for r in own), sum(r.rank < 5 for r in own)]
        for category in CATEGORIES if (own := [r for r in results if r.category == category])
    }
    return table


def read_folder(folder: Path) -> tuple[list[tuple[str, np.ndarray]], list[str]]:
    """(category, strokes) and names of all `<slug>__<n>.txt`; a slug is a category with _ for spaces."""
    drawings, names = [], []
    for path in sorted(Path(folder).glob("*__*.txt")):
        category = path.stem.rpartition("__")[0].replace("_", " ").replace("-", " ")
        if category not in CATEGORIES:
            raise ValueError(f"{path.name}: '{category}' is not one of the categories")
        drawings.append((category, read_reply(path)))
        names.append(path.stem)
    return drawings, names


def held_out(each: int, styles: Sequence[str] = HELD_OUT_STYLES) -> tuple[list[tuple[str, np.ndarray]], list[str]]:
    """`each` drawings a category and style, from seeds that training never uses."""
    drawings, names = [], []
    for style in styles:
        for category in CATEGORIES:
            rng = np.random.default_rng([909, zlib.crc32(f"{style} {category}".encode())])
            for index in range(each):
                drawings.append((category, draw(category, rng, style=style).strokes))
                names.append(f"{style} {category} {index}")
    return drawings, names


def report(title: str, results: Sequence[Ranked]) -> str:
    """The figures in lines of text, wrong drawings named."""
    table = figures(results)
    lines = [f"{title}: n = {table['n']}"]
    for name, words in (("top1", "top-1"), ("top5", "top-5")):
        row = table[name]
        lines.append(f"  {words} {row['hits']}/{table['n']} = {row['share']:.1%} "
                     f"(Wilson 95 % {row['wilson'][0]:.1%} to {row['wilson'][1]:.1%})")
    lines.append("  by category (n, top-1, top-5):")
    lines += [f"    {name:12s} {n:4d} {one:4d} {five:4d}" for name, (n, one, five) in table["by_category"].items()]
    wrong = [f"{r.name} -> {', '.join(r.first[:3])}" for r in results if r.rank > 0 and r.name]
    return "\n".join([*lines, f"  not first: {'; '.join(wrong[:60])}"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="reward, report, or a folder with an embedded model")
    parser.add_argument("--drawings", type=Path, nargs="*", default=(), help="folders of <slug>__<n>.txt replies")
    parser.add_argument("--numbers", type=int, nargs="*", help="only replies with these numbers")
    parser.add_argument("--held-out", type=int, default=0, metavar="N", help="generator drawings a category and style")
    parser.add_argument("--attributes", type=int, default=0, metavar="N", help="pairs a category, one phrase apart")
    parser.add_argument("--views", type=int, default=8)
    parser.add_argument("--save", metavar="KEY", help="write the figures into the model's card under this key")
    given = parser.parse_args()
    embedded = given.model in ("reward", "report")
    scorer = ClipScorer.embedded(given.model) if embedded else ClipScorer(given.model, None)
    tables = {}
    if given.held_out:
        drawings, names = held_out(given.held_out)
        results = rank(scorer, drawings, names=names, views=given.views)
        print(report(f"held-out styles {', '.join(HELD_OUT_STYLES)}", results))
        tables["held_out_styles"] = figures(results)
    if given.attributes:
        table = attribute_pairs(scorer, given.attributes)
        print(f"attributes, own phrase against the other drawing's: {table}")
        tables["attribute_pairs"] = table
    for folder in given.drawings:
        drawings, names = read_folder(folder)
        if given.numbers is not None:
            kept = [i for i, name in enumerate(names) if int(name.rpartition("__")[2]) in given.numbers]
            drawings, names = [drawings[i] for i in kept], [names[i] for i in kept]
        results = rank(scorer, drawings, names=names, views=given.views)
        print(report(str(folder), results))
        tables[folder.name] = figures(results)
    if given.save is not None and embedded:
        card = ROOT / "easel" / "weights" / given.model / "card.json"
        written = json.loads(card.read_text())
        written.setdefault("evaluation", {})[given.save] = tables
        card.write_text(json.dumps(written, indent=1) + "\n")


if __name__ == "__main__":
    main()
