"""Records an object: makes it with a model behind an OpenAI-compatible server.

    OPENAI_API_KEY=none python -m data.make.record_shapes toadstool --api-base http://127.0.0.1:8765/v1

Stop it at any time; the same command goes on and asks nothing twice.
"""

from __future__ import annotations

import argparse
import datetime
import hashlib
from pathlib import Path
from typing import Any

from easel.connection import connect
from easel.runs import RunStore
from shapecraft.events import AttemptFinished
from shapecraft.exploring import Craft, explore
from shapecraft.keeping import Keeper
from shapecraft.settings import CraftSettings
from shapecraft.wall import open_wall

INDEPENDENT = "shapecraft.paths:independent"
OBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "toadstool": ("a toadstool with a red cap and white spots", {"policy": INDEPENDENT, "paths": 3, "steps": 3}),
    "laptop": ("a laptop, opened", {"policy": INDEPENDENT, "paths": 2, "steps": 2}),
    "stool": ("a wooden stool with four turned legs", {"policy": INDEPENDENT, "paths": 2, "steps": 2}),
}
"""Name -> the object in words, and what differs from the preset `ours`: an organic form, a joint, a repeated part."""
MODEL = "large-language-model"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("object", choices=sorted(OBJECTS))
    parser.add_argument("--api-base", required=True)
    parser.add_argument("--root", type=Path, default=Path("data/runs"))
    parser.add_argument("--model", default="openai/bridge")
    options = parser.parse_args()

    prompt, changes = OBJECTS[options.object]
    settings = CraftSettings.ours(**changes)
    run = RunStore.open(
        options.root, options.object, fingerprint=hashlib.sha256((settings.key + prompt).encode()).hexdigest(),
        configuration={"prompt": prompt, "settings": settings.model_dump(mode="json"), "model": MODEL},
        evidence="live", date=datetime.date.today().isoformat(),
    )
    with open_wall() as wall, run:
        chat = connect(
            options.model, run=run, api_base=options.api_base, label=MODEL, sees_images=True, concurrency=64,
            timeout=7200.0,
        )
        craft = Craft(chat.chat, wall, prompt, settings, name=options.object, keeper=Keeper(run), stop=chat.stop)
        for event in explore(craft):
            said = ""
            if isinstance(event, AttemptFinished):
                one = event.attempt
                said = f"{one.id} {one.kind}: {one.outcome.kind if one.outcome else one.failure}, score {one.score}"
            print(type(event).__name__, said, flush=True)
        run.status("finished")
        print(run.folder)


if __name__ == "__main__":
    main()
