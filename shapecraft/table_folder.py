"""Table folder: all tables of one set of cells as files: CSV, Parquet, LaTeX, and the words beside (ours).

    <out>/  TABLE.{csv,parquet,tex}, columns.csv, claims.txt;  <out>/paper/  the paper's numbers, apart
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from easel.jsonl import write_whole
from easel.paper_block import NAMES, TITLE, paper_block
from easel.table_files import write_tables
from shapecraft.evaluation_folder import WORDS as OF_OBJECTS
from shapecraft.part_fields import slugged

if TYPE_CHECKING:
    import pandas

    from shapecraft.tabling import CraftTables

PAPER_FILE = Path(__file__).parents[1] / "data" / "paper_tables" / "shapecraft.yaml"
"""Beside the code in a checkout; not part of an installed package."""
WORDS: dict[str, str] = {
    **OF_OBJECTS,
    "entry": "row of the grid", "row": "row of the grid", "practice": "which object of the same prompts",
    "prompts": "texts that count", "objects": "objects that count, failed ones among them",
    "difference": "entry minus baseline, over prompts, each the mean of its objects",
    "p": "two-sided, of no difference",
    "p_holm": "p adjusted by Holm for the entries of one figure",
    "significant": "p_holm below 1 - level; none where no claim may be made",
    "run": "name of the cell's run folder", "fingerprint": "hash of the run's configuration", "status": "of the run",
    "failures": "tries that did not end with a reply", "resumes": "how often the run was opened again",
    "seconds": "of all tries, added up", "programs": "that were written, and replies without one",
    "measured": "objects with every figure of shape", "mark": "what no figure of a stand-in may be taken for",
}
"""What the columns mean; those of `means` that name a figure are described in one line."""


def write_folder(tables: CraftTables, out: Path) -> dict[str, Path]:
    """Write it all; file name -> path. The same cells give the same bytes.

    Of a stand-in: the pipeline check alone, and no block of the paper beside it.
    """
    out = Path(out)
    frames = {slugged(name).replace("_", "-"): frame for name, frame in tables.frames.items()}
    written = dict(write_tables(frames, out, columns=words_of(frames)))
    written["claims.txt"] = out / "claims.txt"
    write_whole(out / "claims.txt", ("\n".join([*tables.claims(), *tables.remarks]) + "\n").encode("utf-8"))
    if not tables.stand_in and PAPER_FILE.is_file():
        block = {slugged(TITLE).replace("_", "-"): paper_block(PAPER_FILE)}
        apart = write_tables(block, out / "paper", columns=dict.fromkeys(NAMES, "as the paper reports it"))
        written |= {f"paper/{name}": path for name, path in apart.items()}
    return written


def words_of(frames: Mapping[str, pandas.DataFrame]) -> dict[str, str]:
    """Name -> description of every column; headings of figures say what they are a mean of."""
    names = dict.fromkeys(str(name) for frame in frames.values() for name in frame.columns)
    return {name: WORDS.get(name, f"{name}: of the object, or the mean over the objects of an entry") for name in names}
