"""Captions: which file shows what, in a CSV, YAML or JSON file beside meshes of any method.

CSV has the columns file,caption[,reference][,object]; YAML and JSON are a list of such rows, or file -> caption.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from easel.errors import ConfigurationError, EaselError, shorten
from shapecraft.catalogue import CATALOGUE

NAMES = ("captions.csv", "captions.yaml", "captions.yml", "captions.json")
"""Looked for in a folder, in this order, where no file is named."""


class Caption(BaseModel):
    """file : name in the folder, or of a run folder; caption : the object in words, "" for none
    reference : file in the folder of references; object : entry of the catalogue that it is compared with
    """

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)

    file: str = Field(min_length=1)
    caption: str = Field("", max_length=2000)
    reference: str = ""
    object: str = ""


def read_captions(path: Path) -> tuple[Caption, ...]:
    """The rows of a CSV, YAML or JSON file. Raises ConfigurationError naming the file and the row."""
    path = Path(path)
    try:
        text = path.read_text("utf-8-sig")
        raw: Any = list(csv.DictReader(io.StringIO(text))) if path.suffix.lower() == ".csv" else _loaded(text, path)
    except OSError as error:
        raise ConfigurationError("a file of captions", came=error.strerror or str(error), where=str(path)) from error
    except (UnicodeDecodeError, csv.Error, ValueError) as error:
        if isinstance(error, EaselError):
            raise
        raise ConfigurationError("a captions file in UTF-8", came=shorten(str(error)), where=path.name) from error
    if isinstance(raw, Mapping):
        raw = [{"file": name, "caption": words} for name, words in raw.items()]
    if not isinstance(raw, list) or not raw:
        raise ConfigurationError("rows of file, caption[, reference][, object]", where=path.name,
                                 came="nothing" if not raw else f"a {type(raw).__name__}")
    found: dict[str, Caption] = {}
    for number, one in enumerate(raw, 2 if path.suffix.lower() == ".csv" else 1):
        where = f"{path.name}, row {number}"
        try:
            row = Caption.model_validate({key: value for key, value in dict(one).items() if value is not None})
        except (ValidationError, TypeError, ValueError) as error:
            first = error.errors()[0] if isinstance(error, ValidationError) else {"loc": (), "msg": "no row"}
            raise ConfigurationError("a row of file, caption[, reference][, object]", where=where,
                                     came=f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error
        if row.file in found:
            raise ConfigurationError("every file once", came=f"'{row.file}' twice", where=where)
        if row.object and row.object not in {entry.name for entry in CATALOGUE}:
            raise ConfigurationError("an entry of the catalogue", came=f"'{row.object}'", where=where,
                                     mend=f"It has {', '.join(entry.name for entry in CATALOGUE)}.")
        found[row.file] = row
    return tuple(found.values())


def _loaded(text: str, path: Path) -> Any:
    if path.suffix.lower() == ".json":
        return json.loads(text)
    if path.suffix.lower() not in (".yaml", ".yml"):
        raise ConfigurationError("captions in a .csv, .yaml or .json file", came=path.name, where="captions")
    import yaml

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise ConfigurationError("a YAML file", came=shorten(str(error)), where=path.name) from error
