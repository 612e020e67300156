"""Table folder: all of one set of tables as files: CSV, Parquet, LaTeX, vector sheets, and the words beside (ours).

    <out>/  TABLE.{csv,parquet,tex}, columns.csv, claims.txt, drawings.svg, forest-SCORER.svg, curve-ROW.svg
    <out>/paper/  the paper's numbers, apart
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from drawagent.comparisons import ALL
from drawagent.export import slug
from drawagent.paper_block import PAPER_FILE, TITLE, paper_block
from drawagent.table_words import words_of
from drawagent.vector_sheets import report_sheet, row_curve
from easel.jsonl import write_whole
from easel.table_files import write_tables

if TYPE_CHECKING:
    from drawagent.tabling import Tables


def write_folder(tables: Tables, out: Path) -> dict[str, Path]:
    """Write it all; returns file name -> path. The same runs give the same bytes.

    Of a stand-in: the pipeline check and a sheet with its watermark, and no block of the paper beside them.
    The paper's block is left out where its file is not there (an installed package).
    """
    out = Path(out)
    frames = dict(zip(_files(tables.frames), tables.frames.values(), strict=True))
    written = dict(write_tables(frames, out, columns=words_of(frames)))
    texts = {"claims.txt": "\n".join([*tables.claims(), *tables.remarks]) + "\n", **figures(tables)}
    for name, content in texts.items():
        written[name] = out / name
        write_whole(out / name, content.encode("utf-8"))
    if not tables.stand_in and PAPER_FILE.is_file():
        block = {slug(TITLE): paper_block()}
        apart = write_tables(block, out / "paper", columns=words_of(block))
        written |= {f"paper/{name}": path for name, path in apart.items()}
    return written


def figures(tables: Tables) -> dict[str, str]:
    """File name -> SVG: the drawings, and of real runs a forest per scorer and a curve per row and scorer."""
    found = {"drawings.svg": report_sheet(tables.members)}
    if not tables.stand_in and tables.frame is not None:
        caption = f"{tables.members.evidence} replies"
        for column, named in zip(tables.columns, _files(tables.columns), strict=True):
            found[f"forest-{named}.svg"] = forest(tables, column)
            for row, file in zip(tables.members.rows, _files(tables.members.rows), strict=True):
                found[f"curve-{file}-{named}.svg"] = row_curve(tables.frame, row, column=column, caption=caption)
    return {name: content for name, content in found.items() if content}


def forest(tables: Tables, column: str) -> str:
    """Differences to the baseline with their intervals, all prompts; "" where there is nothing to compare."""
    from easel.forest import forest_rows, forest_svg

    table = tables.comparisons[column]
    shown = table[(table["prompts of"] == ALL) & table.difference.notna()]
    if shown.empty:
        return ""
    claims = sorted({claim for claim in shown.claim if claim})
    return forest_svg(
        forest_rows(shown), title=f"Difference to {tables.entries.against}", column=column,
        caption="; ".join([f"{tables.members.evidence} replies", "all prompts", *claims]),
    )


def _files(names: Iterable[str]) -> list[str]:
    """A file name for each name, no two alike."""
    found: list[str] = []
    for name in names:
        plain = slug(name, otherwise="table")
        alike = sum(one == plain or one.startswith(f"{plain}-no") for one in found)
        found.append(f"{plain}-no{alike + 1}" if plain in found else plain)
    return found
