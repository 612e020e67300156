"""Records the tour: practice on data/queries/tour.yaml, with a model behind an OpenAI-compatible server.

    OPENAI_API_KEY=none python -m data.make.record_tour --api-base http://127.0.0.1:8765/v1

Stop it at any time; the same command goes on and asks nothing twice.
"""

from __future__ import annotations

import argparse
import datetime
from pathlib import Path

from drawagent.queries import read_queries
from drawagent.recordings import keep
from drawagent.reward import ViewReward
from drawagent.settings import DrawSettings
from drawagent.studio import open_scorer, open_studio, start_run
from easel.connection import connect

SCORERS = {"reward": "embedded:reward", "report": "embedded:report"}
LABEL = "replies of a large language model, recorded through a bridge"
NOTES = [
    "Preset `ours` without the gate and with one draw at inference, so that a tour stays small.",
    "Temperature and seed were asked for and could not be controlled; token counts are estimates.",
    "Six writers, each a fresh context of the same model, answered many requests one after the other; a seventh judged "
    "and edited. Candidates are therefore not independent samples, and some writers had read lessons before they drew "
    "without any: a difference between epochs is weak evidence even for this one library.",
    "One library: a demonstration, no claim about the method.",
    "Scores come from the two embedded CLIP models, not from the CLIP of the paper.",
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--api-base", required=True)
    parser.add_argument("--reporter", default=SCORERS["report"])
    parser.add_argument("--root", type=Path, default=Path("data/runs"))
    parser.add_argument("--out", type=Path, default=Path("drawagent/recordings/tour"))
    parser.add_argument("--model", default="openai/bridge")
    options = parser.parse_args()

    settings = DrawSettings.ours(gate=None, patience=None, inference_draws=1)
    lists = read_queries(Path("data/queries/tour.yaml"))
    reward = ViewReward.of(settings, open_scorer(SCORERS["reward"]))
    measured_by = ViewReward.of(settings, open_scorer(options.reporter), views=settings.report_views)
    label = "large-language-model"
    run = start_run(
        lists, settings, model=label, evidence="live", reward=reward, measured_by=measured_by, root=options.root,
        name="tour", date=datetime.date.today().isoformat(), sees_images=True,
    )
    with run:
        chat = connect(
            options.model, run=run, api_base=options.api_base, label=label, sees_images=True, concurrency=24,
            timeout=7200.0,
        )
        studio = open_studio(
            lists, settings, chat=chat.chat, run=run, reward=reward, measured_by=measured_by, workers=24, stop=chat.stop
        )
        for event in studio.practise():
            print(type(event).__name__, flush=True)
        for done in studio.report():
            print(type(done).__name__, flush=True)
        run.status("finished")
        dates = sorted({stored.date for stored in run.replies})
        print(keep(run, options.out, label=LABEL, date=dates[0], notes=NOTES, scorers=SCORERS))


if __name__ == "__main__":
    main()
