"""The reproduction of a bundle: the verdicts on its cells, added up, and told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from drawagent.bundles import Manifest, guarded
from drawagent.verdicts import CANNOT, DIFFERS, SAME, TOLERANCE

if TYPE_CHECKING:
    import pandas

COLUMNS = ("run", "table", "row", "column", "verdict", "published", "here", "difference", "reason")
_MOST_TOLD = 20
"""Cells that `lines` names one by one; all of them stand in not-same.csv."""


@dataclass(frozen=True)
class Reproduction:
    """What became of a bundle.

    folder : the tables as derived here, not-same.csv, summary.csv, and every run as a recording that `drawagent demo`
        replays; manifest : what the bundle says it is
    cells : one row per cell: run, table, row, column, verdict ("same", "differs", "cannot be recomputed here"),
        published, here, difference (nan for words), reason
    """

    folder: Path
    manifest: Manifest
    cells: pandas.DataFrame

    @property
    def holds(self) -> bool:
        """Whether no cell differs."""
        return not (self.cells["verdict"] == DIFFERS).any()

    def summary(self) -> pandas.DataFrame:
        """One row per run and table: cells, same, differ, cannot, and the largest difference of a number."""
        import pandas

        rows = []
        for (run, table), group in self.cells.groupby(["run", "table"], sort=False):
            counts = group["verdict"].value_counts()
            rows.append({
                "run": run, "table": table, "cells": len(group), "same": int(counts.get(SAME, 0)),
                "differ": int(counts.get(DIFFERS, 0)), "cannot": int(counts.get(CANNOT, 0)),
                "largest_difference": group["difference"].max(),
            })
        return pandas.DataFrame(rows)

    def reasons(self) -> dict[str, int]:
        """Why cells are not the same, in words, and how many cells each reason is of; the most frequent first."""
        left = self.cells[self.cells["verdict"] != SAME]
        return {str(reason): int(count) for reason, count in left["reason"].value_counts().items()}

    def lines(self) -> list[str]:
        """What a person reads at the end; control characters in a stranger's words are shown, not obeyed."""
        evidence = ", ".join(sorted({run.evidence for run in self.manifest.runs}))
        lines = [f"{len(self.manifest.runs)} run(s), evidence {evidence}, made by {self.manifest.made_by}"]
        for run, tables in self.summary().groupby("run", sort=False):
            head = f"  {'table':<12}{'cells':>8}{'same':>8}{'differ':>8}{'cannot':>8}  largest difference"
            lines += ["", str(run), head]
            for row in tables.itertuples():
                largest = "" if row.largest_difference != row.largest_difference else f"{row.largest_difference:.1e}"
                lines.append(f"  {row.table:<12}{row.cells:>8}{row.same:>8}{row.differ:>8}{row.cannot:>8}  {largest}")
        counts = self.cells["verdict"].value_counts()
        lines += ["", f"{len(self.cells)} cells: {counts.get(SAME, 0)} same, {counts.get(DIFFERS, 0)} differ, "
                      f"{counts.get(CANNOT, 0)} cannot be recomputed here", f"same: scores within {TOLERANCE:g}, "
                      "all else exactly"]
        for cell in self.cells[self.cells["verdict"] == DIFFERS].head(_MOST_TOLD).itertuples():
            apart = "" if cell.difference != cell.difference else f" by {cell.difference:.3g}"
            lines.append(f"  differs{apart}: {cell.table}, {cell.row}, {cell.column}: {cell.reason}")
        lines += [f"  {count} cells: {reason}" for reason, count in self.reasons().items()]
        lines.append("not compared, their checksums hold: README.md, pages, notebooks")
        lines.append(f"what is not the same: {self.folder / 'not-same.csv'}; tables as derived here: "
                     f"{self.folder / 'tables'}")
        return [_shown(line) for line in lines]


def _shown(line: str) -> str:
    return "".join(
        one if one.isprintable() else one.encode("unicode_escape").decode("ascii") for one in line
    )


def to_csv(table: pandas.DataFrame, path: Path) -> None:
    """Write a table whose words may be a stranger's: what a spreadsheet would compute is quoted."""
    words = table.map(lambda cell: guarded(cell) if isinstance(cell, str) else cell)
    path.write_text(words.to_csv(index=False, lineterminator="\n"), "utf-8", "surrogatepass", newline="")
