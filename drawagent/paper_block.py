"""The paper's block: the figures that 3DrawAgent's paper reports, apart from ours (`easel.paper_block`)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from easel.paper_block import APART, NAMES, TITLE
from easel.paper_block import paper_block as read_block

if TYPE_CHECKING:
    import pandas

PAPER_FILE = Path(__file__).parents[1] / "data" / "paper_tables" / "drawagent.yaml"
"""Beside the code in a checkout; not part of an installed package."""


def paper_block(path: Path = PAPER_FILE) -> pandas.DataFrame:
    """One row per figure of the paper; columns and errors of `easel.paper_block.paper_block`."""
    return read_block(path)


__all__ = ["APART", "NAMES", "PAPER_FILE", "TITLE", "paper_block"]
