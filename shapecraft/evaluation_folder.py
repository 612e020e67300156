"""Evaluation folder: an evaluation as files: tables, a dictionary of their columns, contact sheets, a short report.

    <out>/  results.{csv,parquet,tex}, aggregates.{csv,parquet,tex}, columns.csv, verdicts.jsonl, questions.yaml,
            judge.json (by the command line), report.md, report.html, sheets/NNN-NAME.png
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from easel.errors import ConfigurationError
from easel.jsonl import canonical, write_whole
from easel.table_files import write_tables
from shapecraft.aggregates import Aggregate, aggregate_frame, aggregates
from shapecraft.evaluation import Evaluated
from shapecraft.evaluation_report import STAND_IN, markdown, page
from shapecraft.evaluation_rows import ObjectRow, frame
from shapecraft.mesh_metrics import THRESHOLD
from shapecraft.part_fields import slugged
from shapecraft.questions import QuestionBook, write_file
from shapecraft.sheets import STYLE, contact_sheet
from shapecraft.solid_overlap import VOXELS

if TYPE_CHECKING:
    import pandas

SHEET_SIZE = 224
"""Pixels of one of six views of the sheets for people (ours)."""
WORDS: dict[str, str] = {
    "name": "of the object: its file or run folder", "evidence": "live or recorded replies of a model, a stand-in, or "
    "external: files of another method", "caption": "the object in words", "reference": "what it was compared with",
    "made": "whether there is a mesh with an area", "failed": "why not",
    **{f"{kind}_{way}": f"{said}, {how}" for kind, said in (("iogt", "common space over the reference's space"),
                                                             ("iou", "common space over the space of both"))
       for way, how in (("box", "of the boxes around both"), ("voxel", f"in {VOXELS} voxels along the longest side"),
                        ("exact", "by boolean operations on closed surfaces"))},
    "hausdorff": "largest distance of a point of one surface to the other, longest side 1",
    "chamfer": "mean of both mean distances, longest side 1", "fscore": f"F-score of points within {THRESHOLD}",
    "yaw_deg": "quarter turn about z that fits best", "first_pass": "share of steps whose program ran as first written",
    "repaired": "share of steps whose program ran in the end", "calls": "model replies that were used",
    "components": "parts that the object has", "calls_per_component": "calls over parts",
    "tokens": "of all HTTP tries, prompts and replies", "dollars": "price; none where one call's is unknown",
    "minutes": "during which model calls were being made", "minutes_added": "of all tries added up",
    "notes": "what to know about the figures", "cannot": "figure: why it could not be computed",
    "column": "heading of a figure, with its scorer's or judge's name", "figure": "its short name",
    "mean": "over n objects (or questions); none where it would be of too many failures",
    "low": "lower end of the 95 % interval", "high": "upper end",
    "interval": "how the interval was made", "n": "in the mean, failed ones among them",
    "unmeasured": "left out: the figure could not be computed", "mean_made": "mean of the objects that were made",
    "mean_common": "mean over the objects that have all shape figures", "n_common": "so many objects",
    "claim": "what has to be said about the figure and its interval",
}


@dataclass
class EvaluationFolder:
    """Written while objects are evaluated: `add` each, then `finish`. out : the folder

    title : over the report; notes : lines below it (models, scorer, what was left out)
    """

    out: Path
    title: str = "Evaluation"
    notes: tuple[str, ...] = ()
    questions: QuestionBook = field(default_factory=QuestionBook)
    seed: int = 0
    _rows: list[ObjectRow] = field(default_factory=list)
    _sheets: list[str] = field(default_factory=list)
    _verdicts: list[str] = field(default_factory=list)

    @property
    def rows(self) -> tuple[ObjectRow, ...]:
        return tuple(self._rows)

    @property
    def aggregates(self) -> tuple[Aggregate, ...]:
        return aggregates(self._rows, seed=self.seed)

    def add(self, one: Evaluated) -> None:
        """Keep a row, the judge's answers, and the object's contact sheet with the names of its parts."""
        relative = ""
        if one.mesh is not None:
            relative = f"sheets/{len(self._rows):03d}-{slugged(one.row.name) or 'object'}.png"
            try:
                # Without a shadow, which would take longer than the rest.
                sheet = contact_sheet(one.mesh, style=replace(STYLE, size=SHEET_SIZE, ground=None),
                                      title=STAND_IN if one.row.evidence == "stand-in" else "")
                write_whole(self.out / relative, sheet.png, durable=False)
            except ConfigurationError:  # too flat to be drawn: its figures stand all the same
                relative = ""
        self._rows.append(one.row)
        self._sheets.append(relative)
        if one.verdict is not None:
            self._verdicts.append(canonical({"name": one.row.name, **one.verdict.row()}))

    def finish(self) -> dict[str, Path]:
        """Write the rest; file name -> path. Raises ConfigurationError without an object."""
        if not self._rows:
            raise ConfigurationError("at least one object", came="none", where="evaluation")
        found, table = self.aggregates, frame(self._rows)
        frames = {"results": table, "aggregates": aggregate_frame(found)}
        written = dict(write_tables(frames, self.out, columns=_dictionary(table)))
        texts = {"report.md": markdown(self._rows, found, title=self.title, notes=self.notes, sheets=self._sheets),
                 "report.html": self._page(found)}
        if self._verdicts:
            texts["verdicts.jsonl"] = "".join(f"{line}\n" for line in self._verdicts)
        for name, content in texts.items():
            write_whole(self.out / name, content.encode("utf-8", "replace"))
            written[name] = self.out / name
        captions = {row.caption for row in self._rows}
        asked = [one for caption in sorted(captions) if (one := self.questions.find(caption)) is not None]
        if self._verdicts and asked:
            write_file(asked, self.out / "questions.yaml", source="Of the objects in this folder.")
            written["questions.yaml"] = self.out / "questions.yaml"
        return written

    def _page(self, found: Sequence[Aggregate]) -> str:
        pictures = {sheet: base64.b64encode((self.out / sheet).read_bytes()).decode()
                    for sheet in self._sheets if sheet}
        return page(self._rows, found, title=self.title, notes=self.notes, sheets=self._sheets, pictures=pictures)


def _dictionary(table: pandas.DataFrame) -> dict[str, str]:
    """WORDS and what stands under the headings of a scorer and of a judge."""
    found = dict(WORDS)
    for name in table.columns:
        if name in found:
            continue
        judged = str(name).startswith("VQA")
        ending = {"yes": ", of those whose true answer is yes", "no": ", of those whose true answer is no"}
        last = str(name).rpartition(", ")[2]
        found[name] = ("questions that were asked" if last == "asked" else
                       f"share of the object's questions that were passed{ending.get(last, '')}") if judged else \
            "mean over eight views of the cosine with the caption, x100"
    return found


