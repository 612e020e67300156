"""Records an object: makes it with a model behind an OpenAI-compatible server, and packs the run.

    OPENAI_API_KEY=none python -m data.make.record_shapes toadstool --api-base http://127.0.0.1:8765/v1
    python -m data.make.record_shapes toadstool --run data/runs/2026-11-28_toadstool_0123456789

Stop it at any time; the same command goes on and asks nothing twice. The second command packs a run that is finished,
with the edits and the animations in words that it has by then (shapecraft/recordings/README.md has their commands), and
both write known_programs.txt anew.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path
from typing import Any

from easel.runs import RunStore
from shapecraft.animation_recordings import keep_animations
from shapecraft.edit_recordings import keep_edits
from shapecraft.events import AttemptFinished
from shapecraft.live import open_live
from shapecraft.recordings import keep, write_known_programs
from shapecraft.settings import CraftSettings

INDEPENDENT = "shapecraft.paths:independent"
OBJECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "toadstool": ("a toadstool with a red cap and white spots",
                  {"policy": INDEPENDENT, "paths": 3, "steps": 3, "threshold": 10}),
    "laptop": ("a laptop, opened", {"policy": INDEPENDENT, "paths": 2, "steps": 2}),
    "stool": ("a wooden stool with four turned legs", {"policy": INDEPENDENT, "paths": 2, "steps": 2}),
}
"""Name -> the object in words, and what differs from the preset `ours`: an organic form, a joint, a repeated part.

A threshold of 10 lets every path of the toadstool take all its steps: most drafts reach the paper's 9 at once.
"""
MODEL = "large-language-model"
LABEL = "replies of a large language model, recorded through a bridge"
NOTES = [
    "Preset `ours` with the paper's independent paths.",
    "Temperature and seed were asked for and could not be controlled; token counts are estimates.",
    "Three writers for Parser and Coder and two for the Evaluator, each a fresh context of the same model, answered "
    "many requests one after the other. Paths of a part are therefore not independent samples, and Coder and Evaluator "
    "are the same model: its scores of its own work are high.",
    "Recorded before `ours` let parts be sunk into what they stand on (`sink`): the setting is 0 here.",
    "The Evaluator's pictures showed one material an object, where a program gives several.",
    "One object, made once: a demonstration, no claim about the method.",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("object", choices=sorted(OBJECTS))
    parser.add_argument("--api-base")
    parser.add_argument("--run", type=Path, help="a finished run to pack")
    parser.add_argument("--root", type=Path, default=Path("data/runs"))
    parser.add_argument("--out", type=Path, default=Path("shapecraft/recordings"))
    parser.add_argument("--model", default="openai/bridge")
    options = parser.parse_args()
    if (options.api_base is None) == (options.run is None):
        parser.error("--api-base to record, or --run to pack")
    folder = options.run or record(options.object, api_base=options.api_base, model=options.model, root=options.root)
    run = RunStore.read(folder)
    dates = sorted({stored.date for stored in run.replies})
    out = options.out / options.object
    print(keep(run, out, label=LABEL, date=dates[0], notes=NOTES))
    if run.rows("edits"):
        keep_edits(run, out, label=LABEL, date=dates[-1])
    if any(row["model"] for row in run.rows("animations")):
        keep_animations(run, out, label=LABEL, date=dates[-1])
    print(write_known_programs(), "programs are known")


def record(name: str, *, api_base: str, model: str, root: Path) -> Path:
    """The folder of the finished run."""
    prompt, changes = OBJECTS[name]
    studio = open_live(
        prompt, CraftSettings.ours(**changes), model=model, label=MODEL, api_base=api_base, root=root, name=name,
        date=datetime.date.today().isoformat(), sees_images=True, concurrency=64, timeout=7200.0,
    )
    with studio:
        for event in studio.explore():
            said = ""
            if isinstance(event, AttemptFinished):
                one = event.attempt
                said = f"{one.id} {one.kind}: {one.outcome.kind if one.outcome else one.failure}, score {one.score}"
            print(type(event).__name__, said, flush=True)
        studio.run.status("finished")
    return studio.run.folder


if __name__ == "__main__":
    main()
