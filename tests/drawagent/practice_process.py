"""A practice in a process of its own, for tests that kill it: `python practice_process.py FOLDER SECONDS`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import open_studio, start_run
from easel.connection import chain
from tests.fakes import lists, tiny_reward


def main(folder: Path, seconds: float) -> None:
    import torch

    torch.set_num_threads(1)
    queries = lists(2, gate=2, report=2)
    settings = DrawSettings.ours(candidates=3, epochs=2, inference_draws=1, patience=None, noise_skip=0)
    reward = tiny_reward()
    run = start_run(
        queries, settings, model="stand-in", evidence="stand-in", reward=reward, measured_by=reward, root=folder,
        name="killed", date="2000-01-01",
    )
    with run:
        chat = chain(StandIn(seconds=seconds), store=run.replies, ledger=run.folder, concurrency=4)
        studio = open_studio(
            queries, settings, chat=chat.chat, run=run, reward=reward, measured_by=reward, workers=4, stop=chat.stop
        )
        print("begun", flush=True)
        try:
            for _ in studio.practise():
                pass
            for _ in studio.report():
                pass
        except KeyboardInterrupt:
            run.status("interrupted")
            raise SystemExit(130) from None
        run.status("finished")
    print("finished", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), float(sys.argv[2]))
