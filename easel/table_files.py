"""Table files: frames as CSV, Parquet and LaTeX (booktabs), with a dictionary that says what every column means.

The same frames give the same bytes, with one version of pyarrow. Numbers are rounded to ten digits first, so that the
order of a sum cannot show; CSV and Parquet hold the same numbers.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from easel.errors import ConfigurationError, MissingCapability
from easel.jsonl import write_whole

if TYPE_CHECKING:
    import pandas
    import pyarrow

DICTIONARY = "columns"
"""The name of the dictionary, columns.csv: table, column, type, description."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
_DIGITS = 10  # significant, of what is written (ours)
_ESCAPED = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}",
    "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}",
    # After the end of a row these two would be its arguments.
    "[": "{[}", "*": "{*}",
}
_NOTHING = "--"


def write_tables(
    tables: Mapping[str, pandas.DataFrame], folder: Path, *, columns: Mapping[str, str], digits: int = 3,
) -> dict[str, Path]:
    """Writes NAME.csv, NAME.parquet and NAME.tex for every table, and columns.csv; returns {file name: path}.

    tables : name -> frame, without an index that counts; columns : column -> what it means, for all tables
    digits : decimals of the numbers in LaTeX (ours); what would round to zero, and is not, is said to be less

    Nothing (nan, None) is null in Parquet, empty in CSV, where the empty text is it too, and "--" in LaTeX.
    Raises ConfigurationError for a column that the dictionary does not describe, a name that is no file name, and a
    column of mixed types, before anything is written.
    """
    arrow = {name: _arrow(name, frame, columns) for name, frame in tables.items()}
    folder = Path(folder)
    contents: dict[str, bytes] = {}
    for name, table in arrow.items():
        contents[f"{name}.csv"] = _csv(table.column_names, _rows(table)).encode()
        contents[f"{name}.parquet"] = _parquet(table)
        contents[f"{name}.tex"] = _latex(table, name, digits).encode()
    described = (
        (name, field.name, str(field.type), columns[field.name])
        for name, table in arrow.items() for field in table.schema
    )
    contents[f"{DICTIONARY}.csv"] = _csv(("table", "column", "type", "description"), described).encode()
    for file, content in contents.items():
        write_whole(folder / file, content)
    return {file: folder / file for file in contents}


def escaped(text: str) -> str:
    """Text as LaTeX prints it, on one line and without control characters."""
    return "".join(_ESCAPED.get(character, character) for character in _line(text))


def _arrow(name: str, frame: pandas.DataFrame, columns: Mapping[str, str]) -> pyarrow.Table:
    """The rounded frame with the dictionary in the metadata of the schema and of every field."""
    if not _NAME.fullmatch(name) or name == DICTIONARY:
        raise ConfigurationError(
            f"a table name of letters, digits, - and _, and not {DICTIONARY!r}", came=repr(name), where="write_tables",
        )
    names = list(frame.columns)
    if not names or len(set(names)) < len(names):
        raise ConfigurationError("columns, each once", came=", ".join(map(str, names)) or "none", where=f"table {name}")
    unknown = [str(column) for column in names if column not in columns]
    if unknown:
        raise ConfigurationError(
            "a description of every column", came=f"none of {', '.join(unknown)}", where=f"table {name}",
            mend="Say in the dictionary what the column means.",
        )
    pyarrow = _pyarrow()
    arrays = [_array(frame[column], f"table {name}, column {column}") for column in names]
    fields = [
        pyarrow.field(column, array.type, metadata={"description": columns[column]})
        for column, array in zip(names, arrays, strict=True)
    ]
    about = {"table": name, "columns": json.dumps({column: columns[column] for column in names}, ensure_ascii=False)}
    return pyarrow.Table.from_arrays(arrays, schema=pyarrow.schema(fields, metadata=about))


def _array(values: pandas.Series, where: str) -> pyarrow.Array:
    """nan and None become null; what is neither text, number nor truth is refused."""
    pyarrow = _pyarrow()
    plain = [
        None if missing else value.item() if isinstance(value, np.generic) else value
        for value, missing in zip(values.tolist(), values.isna(), strict=True)
    ]
    kinds = {type(value) for value in plain if value is not None}
    if not (kinds <= {int, float} or kinds in ({str}, {bool})):
        names = ", ".join(sorted(kind.__name__ for kind in kinds))
        raise ConfigurationError("text, numbers, or true and false", came=names, where=where)
    if float in kinds:
        plain = [None if value is None else _rounded(value) for value in plain]
    of_dtype = {"f": pyarrow.float64(), "i": pyarrow.int64(), "u": pyarrow.int64(), "b": pyarrow.bool_()}
    known = {str: pyarrow.string(), bool: pyarrow.bool_(), float: pyarrow.float64(), int: pyarrow.int64()}
    if float in kinds or not kinds:
        kind = known[float] if kinds else of_dtype.get(values.dtype.kind, pyarrow.string())
    else:
        kind = known[kinds.pop()]
    return pyarrow.array(plain, type=kind)


def _rounded(value: float) -> float:
    return float(f"{value:.{_DIGITS}g}") + 0.0


def _rows(table: pyarrow.Table) -> Iterable[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)


def _csv(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(head)
    writer.writerows(rows)
    return text.getvalue()


def _parquet(table: pyarrow.Table) -> bytes:
    from pyarrow import parquet

    sink = io.BytesIO()
    parquet.write_table(table, sink)
    return sink.getvalue()


def _latex(table: pyarrow.Table, name: str, digits: int) -> str:
    lines = [f"% {name}: {table.num_rows} rows; wants the package booktabs"]
    lines += [f"% {_line(field.name)}: {_line(field.metadata[b'description'].decode())}" for field in table.schema]
    numeric = [str(field.type) in ("int64", "double") for field in table.schema]
    lines += [
        rf"\begin{{tabular}}{{{''.join('r' if right else 'l' for right in numeric)}}}", r"\toprule",
        _tex_row(escaped(column) for column in table.column_names), r"\midrule",
        *(_tex_row(_tex(value, digits) for value in row) for row in _rows(table)),
        r"\bottomrule", r"\end{tabular}",
    ]
    return "\n".join(lines) + "\n"


def _tex_row(cells: Iterable[str]) -> str:
    return " & ".join(cells) + r" \\"


def _tex(value: str | bool | int | float | None, digits: int) -> str:
    if value is None:
        return _NOTHING
    if isinstance(value, str):
        return escaped(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    minus = "-" if value < 0 else ""
    if isinstance(value, float):
        if math.isinf(value):
            return rf"${minus}\infty$"
        text = f"{abs(value):.{digits}f}"
        if value and float(text) == 0:
            return f"${'>-' if minus else '<'}{10**-digits:.{digits}f}$"
    else:
        text = str(abs(value))
    return f"$-{text}$" if minus else text


def _line(text: str) -> str:
    return "".join(character for character in " ".join(text.split()) if character.isprintable())


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise MissingCapability(
            "the package pyarrow", came="none", where="easel.table_files",
            mend="Install the extra 'lab' (`make setup` does).",
        ) from None
    return pyarrow
