"""A paper's block: the figures that a paper reports, to stand apart from ours and never be compared by number."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from easel.errors import ConfigurationError, shorten

if TYPE_CHECKING:
    import pandas

TITLE = "the paper's numbers"
APART = (
    "Other data sets, backbones, scorers and scales than ours, as far as they are known: no difference to ours is "
    "formed, and none should be."
)
NAMES = (
    "paper", "paper table", "paper method", "backbone", "data set", "prompts of the paper", "epoch of the paper",
    "paper scorer", "paper score", "paper value", "paper n", "note",
)
"""No name is one of our tables' keys (`entry`, `column`, `epoch`), so that nothing joins the two by accident."""
UNKNOWN = "unknown"


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")
    method: str = Field(min_length=1)
    value: float | None
    backbone: str = ""
    prompts: str = ""
    score: str = ""
    epoch: int | None = Field(None, ge=0)
    note: str = ""

    @model_validator(mode="after")
    def _missing_with_a_note(self) -> _Row:
        if self.value is None and not self.note:
            raise ValueError("a value that is null says why in its note")
        return self


class _Table(BaseModel):
    """What stands here holds for every row that does not say otherwise."""

    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=1)
    data_set: str = Field(min_length=1)
    scorer: str = Field(min_length=1)
    n: int | str = Field(description="'unknown' where it is not told")
    backbone: str = ""
    prompts: str = ""
    score: str = ""
    rows: tuple[_Row, ...] = Field(min_length=1)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    paper: str = Field(min_length=1)
    notes: tuple[str, ...] = ()
    tables: tuple[_Table, ...] = Field(min_length=1)


def paper_block(path: Path) -> pandas.DataFrame:
    """One row per figure of the paper, in the order of the file.

    paper value : nan where the paper has none, the note says why
    backbone, prompts of the paper, paper n : "unknown" where not told
    epoch of the paper : -1 where it has none. `attrs["notes"]` holds the file's notes and `APART`.
    Raises ConfigurationError naming place and reason.
    """
    import pandas

    file = _read(Path(path))
    rows = [
        {
            "paper": file.paper, "paper table": table.name, "paper method": row.method,
            "backbone": row.backbone or table.backbone or UNKNOWN, "data set": table.data_set,
            "prompts of the paper": row.prompts or table.prompts or UNKNOWN,
            "epoch of the paper": -1 if row.epoch is None else row.epoch, "paper scorer": table.scorer,
            "paper score": row.score or table.score or UNKNOWN,
            "paper value": float("nan") if row.value is None else row.value, "paper n": str(table.n), "note": row.note,
        }
        for table in file.tables for row in table.rows
    ]
    frame = pandas.DataFrame(rows, columns=list(NAMES))
    frame.attrs["notes"] = [*file.notes, APART]
    return frame


def _read(path: Path) -> _File:
    import yaml

    try:
        return _File.model_validate(yaml.safe_load(path.read_text("utf-8")))
    except FileNotFoundError:
        raise ConfigurationError("the file of the paper's numbers", came="no such file", where=str(path),
                                 mend="It stands in data/paper_tables of a checkout.") from None
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError("a file in YAML", came=shorten(str(error)), where=path.name) from error
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigurationError(
            "tables of {name, data_set, scorer, n, rows of {method, value}}", came=first["msg"],
            where=f"{path.name}, {'.'.join(map(str, first['loc'])) or 'top'}",
        ) from error
