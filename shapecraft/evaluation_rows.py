"""Evaluation rows: what is known of one evaluated object, as a plain record, and many of them as a pandas frame."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError, MissingCapability
from shapecraft.costs import Costs
from shapecraft.metrics import COLUMNS

if TYPE_CHECKING:
    import pandas

SHAPE = tuple(COLUMNS)
"""Names of the shape figures, in the order of the tables."""
COSTS = tuple(one.name for one in fields(Costs) if one.name != "cannot")


@dataclass(frozen=True)
class ObjectRow:
    """One object. A figure that could not be computed is nan, and `cannot` says why.

    evidence : live, recorded, stand-in, external; reference : what it was compared with, "" for nothing
    failed : why no object was made, "" for one that was; made : 1 or 0
    iogt_box .. fscore : of `ShapeFigures`, both shapes scaled to a longest side of 1; yaw_deg : the quarter turn taken
    clip : mean over eight views of the cosine x100; clip_column, clip_card : heading and key of the scorer's card
    vqa : share of the object's questions that were passed, vqa_passed of vqa_asked; vqa_yes, vqa_no : of those whose
        true answer is yes, and no; vqa_column : heading, which names the judge
    first_pass .. minutes_added : of `Costs`; notes : what to know about the figures; cannot : (figure, reason)
    """

    name: str
    evidence: str
    caption: str = ""
    reference: str = ""
    failed: str = ""
    made: float = 1.0
    iogt_box: float = math.nan
    iogt_voxel: float = math.nan
    iogt_exact: float = math.nan
    iou_box: float = math.nan
    iou_voxel: float = math.nan
    iou_exact: float = math.nan
    hausdorff: float = math.nan
    chamfer: float = math.nan
    fscore: float = math.nan
    yaw_deg: int = 0
    clip: float = math.nan
    clip_column: str = ""
    clip_card: str = ""
    vqa: float = math.nan
    vqa_yes: float = math.nan
    vqa_no: float = math.nan
    vqa_passed: int = 0
    vqa_asked: int = 0
    vqa_column: str = ""
    first_pass: float = math.nan
    repaired: float = math.nan
    calls: float = math.nan
    components: float = math.nan
    calls_per_component: float = math.nan
    tokens: float = math.nan
    dollars: float = math.nan
    minutes: float = math.nan
    minutes_added: float = math.nan
    notes: tuple[str, ...] = ()
    cannot: tuple[tuple[str, str], ...] = ()

    def why(self, figure: str) -> str:
        """Why a figure is nan; "" for one that is not."""
        return dict(self.cannot).get(figure, "")


def frame(rows: Sequence[ObjectRow]) -> pandas.DataFrame:
    """One row an object, figures by their names; CLIP and VQA under headings that name scorer and judge.

    Raises ConfigurationError where one heading would hold the numbers of two scorers, MissingCapability without pandas.
    """
    check_cards(rows)
    clips = [one for one in dict.fromkeys(row.clip_column for row in rows) if one]
    judges = [one for one in dict.fromkeys(row.vqa_column for row in rows) if one]
    table = []
    for row in rows:
        one: dict[str, Any] = {name: getattr(row, name) for name in ("name", "evidence", "caption", "reference")}
        one |= {"made": bool(row.made), "failed": row.failed, **{name: getattr(row, name) for name in SHAPE}}
        one["yaw_deg"] = row.yaw_deg
        one |= {column: row.clip if row.clip_column == column else math.nan for column in clips}
        for column in judges:
            own = row.vqa_column == column
            one |= {column: row.vqa if own else math.nan, f"{column}, yes": row.vqa_yes if own else math.nan,
                    f"{column}, no": row.vqa_no if own else math.nan, f"{column}, asked": row.vqa_asked if own else 0}
        one |= {name: getattr(row, name) for name in COSTS}
        one["notes"] = "; ".join(row.notes)
        one["cannot"] = "; ".join(f"{figure}: {reason}" for figure, reason in row.cannot)
        table.append(one)
    return pandas_or_words().DataFrame(table)


def pandas_or_words() -> Any:
    """pandas; raises MissingCapability, with what to install, without it."""
    try:
        import pandas
    except ImportError:
        raise MissingCapability("the package pandas", came="none", where="shapecraft.evaluation",
                                mend="Install the extra 'lab' (`make setup` does).") from None
    return pandas


def check_cards(rows: Iterable[ObjectRow]) -> None:
    """Raises ConfigurationError where one CLIP column has the numbers of two scorers."""
    cards: dict[str, set[str]] = {}
    for row in rows:
        if row.clip_column:
            cards.setdefault(row.clip_column, set()).add(row.clip_card)
    for column, keys in cards.items():
        if len(keys) > 1:
            raise ConfigurationError("one scorer for a column", where=column, mend="Make the tables of each apart.",
                                     came=" and ".join(sorted(key[:12] for key in keys)))


def evaluation_key(found: Sequence[ObjectRow]) -> str:
    """Hex SHA-256 of all rows but their costs: the same objects, scorer and answers have the same."""
    told = [[getattr(row, one.name) for one in fields(row) if one.name not in COSTS and one.name != "cannot"]
            for row in found]
    return hashlib.sha256(repr(told).encode("utf-8", "surrogatepass")).hexdigest()
