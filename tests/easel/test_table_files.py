"""Table files: the same bytes, the same numbers in CSV and Parquet, and nothing without a description."""

from __future__ import annotations

import json
import math

import numpy as np
import pandas
import pytest
from pyarrow import parquet

from easel.comparing import compare
from easel.errors import ConfigurationError
from easel.table_files import escaped, write_tables

MEANS = {
    "entry": "what is compared", "practices": "learned libraries", "mean": "mean score\nof the entry", "p": "p value, raw",
    "significant": "after Holm", "unused": "of another table",
}
FRAME = pandas.DataFrame({
    "entry": ["epoch 0", "50 % & {odd}_name #1 $x^2~\\", "[first] <b>\n|*"],
    "practices": [1, 3, -2],
    "mean": [0.1 + 0.2, -1.23456, math.nan],
    "p": [0.0001, 0.0, 1.0],
    "significant": [None, True, False],
})

CSV = '''\
entry,practices,mean,p,significant
epoch 0,1,0.3,0.0001,
50 % & {odd}_name #1 $x^2~\\,3,-1.23456,0.0,True
"[first] <b>
|*",-2,,1.0,False
'''

TEX = r'''% main: 3 rows; wants the package booktabs
% entry: what is compared
% practices: learned libraries
% mean: mean score of the entry
% p: p value, raw
% significant: after Holm
\begin{tabular}{lrrrl}
\toprule
entry & practices & mean & p & significant \\
\midrule
epoch 0 & 1 & 0.300 & $<0.001$ & -- \\
50 \% \& \{odd\}\_name \#1 \$x\textasciicircum{}2\textasciitilde{}\textbackslash{} & 3 & $-1.235$ & 0.000 & yes \\
{[}first] \textless{}b\textgreater{} \textbar{}{*} & $-2$ & -- & 1.000 & no \\
\bottomrule
\end{tabular}
'''

COLUMNS = '''\
table,column,type,description
main,entry,string,what is compared
main,practices,int64,learned libraries
main,mean,double,"mean score
of the entry"
main,p,double,"p value, raw"
main,significant,bool,after Holm
'''


def test_csv_latex_and_dictionary_to_the_letter(tmp_path) -> None:
    files = write_tables({"main": FRAME}, tmp_path / "new" / "tables", columns=MEANS)
    assert list(files) == ["main.csv", "main.parquet", "main.tex", "columns.csv"]
    assert sorted(path.name for path in (tmp_path / "new" / "tables").iterdir()) == sorted(files)
    assert files["main.csv"].read_bytes() == CSV.encode()
    assert files["main.tex"].read_text() == TEX
    assert files["columns.csv"].read_text() == COLUMNS


def test_parquet_holds_the_numbers_of_the_csv_and_the_dictionary(tmp_path) -> None:
    files = write_tables({"main": FRAME}, tmp_path, columns=MEANS)
    schema = parquet.read_schema(files["main.parquet"])
    assert json.loads(schema.metadata[b"columns"]) == {name: MEANS[name] for name in FRAME.columns}
    assert schema.metadata[b"table"] == b"main"
    assert {field.name: field.metadata[b"description"].decode() for field in schema} == {
        name: MEANS[name] for name in FRAME.columns}
    assert [str(field.type) for field in schema] == ["string", "int64", "double", "double", "bool"]
    read, text = pandas.read_parquet(files["main.parquet"]), pandas.read_csv(files["main.csv"])
    assert read["mean"].tolist()[:2] == text["mean"].tolist()[:2] == [0.3, -1.23456]
    assert math.isnan(read["mean"][2])
    assert read.significant.tolist() == [None, True, False]
    assert read.entry.tolist() == FRAME.entry.tolist()


def test_the_same_frames_give_the_same_bytes(tmp_path) -> None:
    one = write_tables({"main": FRAME, "other": FRAME[["p"]]}, tmp_path / "a", columns=MEANS)
    noisy = FRAME.assign(mean=FRAME["mean"] * (1 + 1e-14)).set_axis([7, 8, 9])
    other = write_tables({"main": noisy, "other": FRAME[["p"]]}, tmp_path / "b", columns=MEANS)
    assert len(one) == 7
    assert {name: path.read_bytes() for name, path in one.items()} == {
        name: path.read_bytes() for name, path in other.items()}


def test_digits_signs_and_ends(tmp_path) -> None:
    values = [0.004, 0.005, -0.004, -0.0, 1234.5, math.inf, -math.inf, math.nan]
    files = write_tables({"t": pandas.DataFrame({"p": values})}, tmp_path, columns=MEANS, digits=2)
    cells = [line.removesuffix(r" \\") for line in files["t.tex"].read_text().splitlines()[6:-2]]
    assert cells == ["$<0.01$", "0.01", "$>-0.01$", "0.00", "1234.50", r"$\infty$", r"$-\infty$", "--"]
    assert files["t.csv"].read_text().splitlines()[1:5] == ["0.004", "0.005", "-0.004", "0.0"]


def test_types_are_those_of_the_column_where_there_is_no_value(tmp_path) -> None:
    frame = pandas.DataFrame({
        "entry": pandas.Series([], dtype=str), "practices": pandas.Series([], dtype=int),
        "mean": pandas.Series([], dtype=float), "significant": pandas.Series([], dtype=bool),
    })
    files = write_tables({"empty": frame}, tmp_path, columns=MEANS)
    assert [line.split(",")[2] for line in files["columns.csv"].read_text().splitlines()[1:3]] == ["string", "int64"]
    assert files["empty.csv"].read_text() == "entry,practices,mean,significant\n"
    assert r"\begin{tabular}{lrrl}" in files["empty.tex"].read_text()


def test_numpy_scalars_in_an_object_column_are_numbers(tmp_path) -> None:
    frame = pandas.DataFrame({"p": pandas.Series([np.float64(0.5), None, np.int64(2)], dtype=object)})
    files = write_tables({"t": frame}, tmp_path, columns=MEANS)
    assert files["t.csv"].read_text() == 'p\n0.5\n""\n2.0\n'


def test_a_comparison_is_written(tmp_path) -> None:
    frame = pandas.DataFrame([
        {"entry": entry, "library": library, "prompt": prompt, "draw": 0, "value": value + ord(prompt) % 3 / 10}
        for entry, library, value in (("epoch 0", "", 0.2), ("ours", "1", 0.4), ("ours", "2", 0.5))
        for prompt in "abcd"
    ])
    table = compare(frame, baseline="epoch 0")
    files = write_tables({"main": table}, tmp_path, columns={name: f"about {name}" for name in table.columns})
    again = pandas.read_parquet(files["main.parquet"])
    pandas.testing.assert_frame_equal(again, table, check_dtype=False, rtol=1e-9)


@pytest.mark.parametrize(("tables", "words"), [
    ({"main": FRAME.assign(secret=1, other=2)}, r"a description of every column, got none of secret, other \(at table main\)"),
    ({"../main": FRAME}, "a table name of letters, digits, - and _, and not 'columns', got '../main'"),
    ({"columns": FRAME}, "not 'columns', got 'columns'"),
    ({"main": pandas.concat([FRAME, FRAME], axis=1)}, "columns, each once, got entry, practices"),
    ({"main": pandas.DataFrame()}, "columns, each once, got none"),
    ({"main": FRAME.assign(p=[1, "two", None])}, r"text, numbers, or true and false, got int, str \(at table main, column p"),
    ({"main": FRAME.assign(p=[True, 2, None])}, "got bool, int"),
    ({"main": FRAME.assign(p=[[1], [2], [3]])}, "got list"),
])
def test_what_cannot_be_written_is_refused_before_anything_is(tmp_path, tables, words) -> None:
    with pytest.raises(ConfigurationError, match=words):
        write_tables({"good": FRAME, **tables}, tmp_path / "out", columns=MEANS)
    assert not (tmp_path / "out").exists()


def test_text_is_escaped_and_one_line() -> None:
    assert escaped("a_b\n 100 %\x00\x1b[0m") == r"a\_b 100 \%{[}0m"
    assert escaped(r"\input{x}") == r"\textbackslash{}input\{x\}"
    assert escaped("Bézier × 3") == "Bézier × 3"
