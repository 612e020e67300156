"""Whole sweeps of the stand-in, small ones, whose truth is known: what the statistics of the tables are tried with."""

from __future__ import annotations

import itertools
import random
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from drawagent.artist import Artist
from drawagent.comparisons import Entries
from drawagent.experience import Library
from drawagent.measurements import measurements
from drawagent.members import gather
from drawagent.queries import Query, QueryLists, read_queries
from drawagent.reward import BLANK, ViewReward
from drawagent.settings import DrawSettings
from drawagent.standin import StandIn
from drawagent.studio import open_scorer, open_studio, start_run
from easel.connection import chain
from easel.scoring import view_scores

COLUMN = "toy CLIP (report)"
LAST = 2


@cache
def scorer(name: str) -> Any:
    return open_scorer(f"embedded:{name}")


@cache
def pool() -> QueryLists:
    return read_queries(Path("data/queries/standard.yaml"))


def settings(seed: int, practice: int) -> DrawSettings:
    """Few and small pictures: the statistics do not care what the scores are of."""
    return DrawSettings(
        seed=seed, practice=practice, candidates=2, epochs=LAST, views=1, report_views=2, picture_size=96,
        stroke_width=1.0,
    )


@dataclass
class Simulation:
    """Sweeps of `practices` libraries and `prompts` report prompts, drawn anew from the pool for every sweep.

    effect : of a lesson on the stand-in's wobble; lessons : how many lessons the libraries came to have, counted
    """

    folder: Path
    effect: float
    practices: int
    prompts: int
    lessons: Counter[int] = field(default_factory=Counter)

    def sweep(self, number: int) -> Any:
        """The row of the comparison that says what practice did, and the practices behind it."""
        rng = random.Random(f"sweep/{number}")
        lists = QueryLists(learn=(rng.choice(pool().learn),), report=tuple(rng.sample(pool().report, self.prompts)))
        runs = []
        for practice in range(self.practices):
            chosen = settings(1000 * number, practice)
            reward = ViewReward.of(chosen, scorer("reward"))
            measured_by = ViewReward.of(chosen, scorer("report"), views=chosen.report_views)
            home = self.folder / f"{number}"
            # Told as live: a comparison of a stand-in's scores is what the tables refuse, and is what is tried here.
            run = start_run(lists, chosen, model="simulated", evidence="live", reward=reward, measured_by=measured_by,
                            root=home / "runs", name="practice", date="2026-01-01", home=home)
            model = StandIn(name="simulated", effect=self.effect)
            connection = chain(model, store=run.replies, ledger=run.home)
            with run:
                studio = open_studio(lists, chosen, chat=connection.chat, run=run, reward=reward,
                                     measured_by=measured_by)
                list(studio.practise())
                list(studio.report())
                run.status("finished")
            self.lessons[len(studio.finished.libraries[LAST])] += 1
            runs.append(run.folder)
        table = Entries(measurements(gather(runs))).comparison(COLUMN)
        rows = table[(table["prompts of"] == "all") & (table.kind == "entry")]
        return next(row for row in rows.to_dict("records") if row["entry"].endswith(f"epoch {LAST}"))

    def truth(self, draws: int) -> float:
        """What practice does on average over the libraries that were met and all prompts of the pool, by many draws."""
        means = {count: self._mean(count, draws) for count in {0, *self.lessons}}
        met = sum(self.lessons.values())
        return sum(times * (means[count] - means[0]) for count, times in self.lessons.items()) / met

    def _mean(self, lessons: int, draws: int) -> float:
        """Mean score of the pool's prompts with a library of so many lessons."""
        chosen = settings(10**8, 0)
        reward = ViewReward.of(chosen, scorer("report"), views=chosen.report_views)
        artist = Artist(StandIn(name="simulated", effect=self.effect), chosen)
        words = ("Begin with the outline of the body.", "Give the parts depth.", "Let the ends of strokes meet.")
        library = Library.of_tips(list(itertools.islice(words, lessons)))

        def score(query: Query) -> float:
            drawn = [artist.draw(query, library, epoch=0, index=k, role="report", temperature=0.3) for k in range(draws)]
            pictures = reward.pictures([one.sketch or BLANK for one in drawn])
            return float(view_scores(reward.scorer, pictures, query.text).mean())

        return float(np.mean([score(query) for query in pool().report]))
