"""Records single drawings of listed categories with a model behind an OpenAI-compatible server, for tests of the CLIPs.

    OPENAI_API_KEY=none python -m data.make.record_drawings --api-base http://127.0.0.1:8765/v1 --out data/sketches_test

Thirty of the eighty categories are drawn by lot (seed 2026), two drawings each. The same command goes on where it
stopped. The drawings test the embedded CLIP models and never train them.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

from data.make.sketches import CATEGORIES
from drawagent.artist import Artist
from drawagent.experience import Library
from drawagent.queries import Query
from drawagent.settings import DrawSettings
from easel.connection import connect
from easel.crew import Crew
from easel.recording import ReplyStore

COUNT, EACH, SEED = 30, 2, 2026


def listed() -> list[str]:
    """The thirty categories, in the order of the lot."""
    return random.Random(SEED).sample(sorted(CATEGORIES), COUNT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--api-base", required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--store", type=Path, default=Path("data/runs/test_drawings"))
    parser.add_argument("--concurrency", type=int, default=8)
    options = parser.parse_args()
    chat = connect(
        "openai/bridge", store=ReplyStore(options.store / "replies"), ledger=options.store, api_base=options.api_base,
        label="large-language-model", sees_images=False, concurrency=options.concurrency, timeout=7200.0,
    )
    artist = Artist(chat.chat, DrawSettings.paper())
    options.out.mkdir(parents=True, exist_ok=True)
    with Crew(options.concurrency, stop=chat.stop) as crew:
        drawn = []
        for category in listed():
            slug = category.replace(" ", "_")
            article = "" if category == "stairs" else "an " if category[0] in "aeiou" else "a "
            query = Query(id=slug, text=article + category, category=category)
            drawn += [
                (slug, k, crew.submit(artist.draw, query, Library(), epoch=0, index=k, role="test", temperature=0.7))
                for k in range(EACH)
            ]
        for slug, k, future in drawn:
            (options.out / f"{slug}__{k}.txt").write_text(future.result().text, "utf-8")
            print(slug, k, future.result().failure or "drawn", flush=True)


if __name__ == "__main__":
    main()
