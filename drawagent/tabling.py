"""Tabling: sweeps and runs -> the tables that a paper would print, from run folders alone (ours)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.comparisons import ALL, COMPARISON, Entries
from drawagent.measurements import AES, measurements
from drawagent.members import Members, Place, gather
from drawagent.practice_tables import cards, failures, practices
from drawagent.run_costs import costs
from drawagent.table_checks import check_pictures, shared_columns
from easel.errors import ConfigurationError
from easel.tables import check_evidence, pipeline_check

if TYPE_CHECKING:
    import pandas

SECOND = ("entry", "signs agree")
"""Columns of the table of a second scorer, besides those that name their scorer."""
BRIEF = (
    "entry", "prompts of", "practices", "prompts", "draws", "mean", "difference", "low", "high", "p_holm",
    "significant", "mean_valid", "worst_view", "validity", "claim",
)
"""Columns of a comparison that fit a page."""
STAND_IN = "stand-in"
PIPELINE = "pipeline check"
_BESIDE = frozenset({"external"})


@dataclass(frozen=True)
class Tables:
    """The tables of one set of runs, each a frame under its name; the same bytes for the same folders.

    members : the runs; baseline : the entry that was named, "" for the empty library; level : of all intervals
    columns : labels of the scorers that saw every run, the first run's reporter first; AES where every run has it
    remarks : what is missing, left out or marked
    """

    members: Members
    baseline: str = ""
    level: float = 0.95
    preferences: tuple[Path, ...] = ()
    columns: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    frame: pandas.DataFrame | None = field(default=None, repr=False)

    @classmethod
    def of(
        cls, *places: Place, grid: str = "", baseline: str | None = None, level: float = 0.95,
        preferences: Iterable[Path | str] = (),
    ) -> Tables:
        """Of a sweep's folder, run folders, or both; `gather` says how they become rows.

        grid : of the sweep, where it has several; baseline : an entry ("paper, epoch 2") instead of the grid's own
        preferences : files of answers (`drawagent.preferences`)
        Raises ConfigurationError for runs of two grades of evidence (files of another method may stand beside one),
        for other cameras or raster, and where no scorer, by its card, saw every run.
        """
        members = gather(places, grid=grid)
        runs = [one.run for one in members.runs]
        check_evidence(runs, where="Tables.of", beside=_BESIDE, stand_ins=True)
        if members.evidence == STAND_IN:
            return cls(members, remarks=members.remarks)
        columns, remarks = shared_columns(members)
        check_pictures(members)
        frame = measurements(members)
        rated = frame[(frame.role == "report") & frame.aesthetic.notna()].run.unique()
        if len(rated) == len(runs):
            columns = (*columns, AES)
        elif len(rated):
            remarks.append(f"no table of AES: {len(rated)} of {len(runs)} runs have it")
        return cls(members, members.baseline if baseline is None else baseline, level,
                   tuple(Path(path) for path in preferences), columns, (*members.remarks, *remarks), frame)

    @property
    def stand_in(self) -> bool:
        return self.members.evidence == STAND_IN

    @cached_property
    def entries(self) -> Entries:
        """Raises ConfigurationError for runs of a stand-in, which have no results."""
        if self.frame is None:
            raise ConfigurationError(
                "runs of models", came="runs of a stand-in, whose scores are no results", where="Tables",
                mend="Their table is 'pipeline check'; stand_in_comparison() shows the mechanics of a comparison.",
            )
        return Entries(self.frame, self.baseline)

    @cached_property
    def comparisons(self) -> dict[str, pandas.DataFrame]:
        """Column -> comparison under this scorer; different cards never share one. As for `entries`."""
        entries = self.entries
        return {column: entries.comparison(column, level=self.level) for column in self.columns}

    @cached_property
    def frames(self) -> dict[str, pandas.DataFrame]:
        """Every table by its name, in the order to show them; of a stand-in the pipeline check alone."""
        if self.stand_in:
            return {PIPELINE: self.pipeline()}
        found = {f"comparison, {column}": frame for column, frame in self.comparisons.items()}
        if len(self.members.rows) > 1:
            found |= {f"gain over the own epoch 0, {column}": self.entries.gains(column, level=self.level)
                      for column in self.columns}
        if len(self.columns) > 1:
            found["second scorer"] = self.second_scorer()
        found |= {"failures": failures(self.members, level=self.level), "costs": costs(self.members),
                  "practices": practices(self.members), "scorer cards": cards(self.members)}
        if self.preferences:
            from drawagent.preferences import preference_table

            answered = preference_table(*self.preferences)
            self._check_answers(answered)
            found["preferences"] = answered
        return found

    def second_scorer(self) -> pandas.DataFrame:
        """The entries under every scorer side by side, all prompts: mean, difference to the baseline, what is claimed.

        signs agree : "yes" where all differences point one way, "no" where two do not, "" where one is nothing
        """
        import pandas

        rows: dict[str, dict[str, Any]] = {}
        for column, frame in self.comparisons.items():
            own = frame[(frame["prompts of"] == ALL) & (frame.kind != "anchor")]
            for one in own.to_dict("records"):
                rows.setdefault(one["entry"], {"entry": one["entry"]}).update({
                    f"{column}: mean": one["mean"], f"{column}: difference": one["difference"],
                    f"{column}: significant": one["significant"],
                })
        for row in rows.values():
            found = [row.get(f"{column}: difference", float("nan")) for column in self.columns]
            signs = {(value > 0) - (value < 0) for value in found}
            row["signs agree"] = "" if 0 in signs else "yes" if len(signs) == 1 else "no"
        names = [f"{column}: {what}" for column in self.columns for what in ("mean", "difference", "significant")]
        return pandas.DataFrame(list(rows.values()), columns=["entry", *names, "signs agree"])

    def pipeline(self) -> pandas.DataFrame:
        """What ran, per run, and no score: `easel.tables.pipeline_check` with row and practice.

        Of runs of a stand-in this is the only table; calls of a shared ledger count for every run that they serve.
        """
        runs = self.members.runs
        checked = pipeline_check(*dict.fromkeys(one.run for one in runs))
        checked.insert(0, "practice", [one.practice for one in runs])
        checked.insert(0, "row", [one.row for one in runs])
        return checked

    def stand_in_comparison(self) -> dict[str, pandas.DataFrame]:
        """The mechanics of a comparison on runs of a stand-in. Not among `frames`, and never written beside results.

        Every column of every frame, and every scorer, is named "stand-in ...": a stand-in's number under CLIP-ST or AES
        would be taken for one. Raises ConfigurationError for other runs.
        """
        if not self.stand_in:
            raise ConfigurationError("runs of a stand-in", came=self.members.evidence, where="stand_in_comparison")
        entries = Entries(measurements(self.members), self.members.baseline)
        scorers = dict.fromkeys(entries.reported.scorer)
        return {
            f"stand-in, scorer {number}": entries.comparison(column, level=self.level).rename(columns=_marked)
            for number, column in enumerate(scorers, 1)
        }

    def claims(self) -> list[str]:
        """One sentence per scorer and entry, on all prompts; where nothing may be claimed, one sentence says so."""
        if self.stand_in:
            return ["a stand-in drew: no results, and no claim about anything but the pipeline"]
        lines = []
        for column, frame in self.comparisons.items():
            own = frame[(frame["prompts of"] == ALL) & frame.kind.isin(["entry", "another method"])]
            for one in own.to_dict("records"):
                lines.append(f"{column}, {one['entry']} against {self.entries.against}: {_sentence(one, self.level)}")
        return lines or ["one entry: nothing to compare"]

    def _check_answers(self, answered: pandas.DataFrame) -> None:
        grades = sorted({*answered.evidence} - {self.members.evidence})
        if grades:
            raise ConfigurationError(f"answers on {self.members.evidence} drawings", came=f"on {', '.join(grades)}",
                                     where="preferences", mend="Make the tables of each grade apart.")


def brief(frame: pandas.DataFrame) -> pandas.DataFrame:
    """A table as it is printed: of a comparison the columns that fit a page, numbers to four decimals."""
    if not set(BRIEF) <= set(frame.columns):
        return frame.round(4)
    words = ["" if one is None else "yes" if one else "no" for one in frame.significant]
    return frame[list(BRIEF)].assign(significant=words).round(4)


def _marked(name: str) -> str:
    return f"{STAND_IN} {name}"


def _sentence(one: dict[str, Any], level: float) -> str:
    numbers = f"{one['difference']:+.4f} [{one['low']:+.4f}, {one['high']:+.4f}] ({100 * level:g} %)"
    size = f"practices {one['practices']} x prompts {one['prompts']} x draws {one['draws']}"
    tested = f", p {one['p_holm']:.3g} after Holm" if one["p_holm"] == one["p_holm"] else ""
    found = "no difference was found"
    if one["significant"]:
        found = "higher than the baseline" if one["difference"] > 0 else "lower than the baseline"
    return f"{numbers}{tested}, {size}: {one['claim'] or found}"


__all__ = ["ALL", "COMPARISON", "PIPELINE", "SECOND", "Tables", "brief"]
