"""An exploration in a process of its own, for tests that kill it: `python explore_process.py FOLDER SECONDS`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from easel.connection import chain
from easel.runs import RunStore
from shapecraft.exploring import Craft, explore
from shapecraft.keeping import Keeper
from shapecraft.settings import CraftSettings
from shapecraft.standin import StandIn
from tests.shapecraft.crafting import BoxWall


def main(folder: Path, seconds: float) -> None:
    settings = CraftSettings.ours(paths=2, steps=3, finalists=2, threshold=10)
    with RunStore.open(folder, "killed", fingerprint="f" * 64, configuration={}, evidence="stand-in",
                       date="2000-01-01") as run:
        chat = chain(StandIn(seconds=seconds, bad=0.15), store=run.replies, ledger=run.home, concurrency=4)
        sys.stdout.write("begun\n")
        sys.stdout.flush()
        try:
            for _ in explore(Craft(chat.chat, BoxWall(seconds=seconds / 2), "a dining table", settings, name="table",
                                   keeper=Keeper(run), stop=chat.stop)):
                pass
        except KeyboardInterrupt:
            run.status("interrupted")
            raise SystemExit(130) from None
        run.status("finished")
    sys.stdout.write("finished\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
