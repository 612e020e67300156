"""Files of JSON lines: half lines, damage, many writers."""

from __future__ import annotations

import multiprocessing
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easel.jsonl import DamagedFile, append, canonical, read, write_whole

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=8,
)
rows = st.lists(st.dictionaries(st.text(max_size=6), values, max_size=4), min_size=1, max_size=6)


@settings(deadline=None)
@given(rows, st.data())
def test_a_file_cut_anywhere_keeps_its_whole_lines_and_goes_on(tmp_path_factory, written, data) -> None:
    path = tmp_path_factory.mktemp("jsonl") / "t.jsonl"
    append(path, *(canonical(row) for row in written))
    whole = path.read_bytes()
    cut = data.draw(st.integers(0, len(whole)))
    path.write_bytes(whole[:cut])
    kept = whole[:cut].count(b"\n")
    assert read(path) == written[:kept]
    append(path, canonical({"after": 1}))
    assert read(path) == [*written[:kept], {"after": 1}]


def test_a_long_half_line_is_cut(tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_bytes(b'{"a":1}\n{"b":"' + b"x" * 20_000)
    append(path, '{"c":3}')
    assert read(path) == [{"a": 1}, {"c": 3}]


def test_no_file_has_no_rows(tmp_path) -> None:
    assert read(tmp_path / "none.jsonl") == []


def test_a_damaged_line_is_named(tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a":1}\n{"b":\n')
    with pytest.raises(DamagedFile, match=r"t\.jsonl line 2"):
        read(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), object(), {"a": {1, 2}}])
def test_what_json_cannot_hold_is_refused(value) -> None:
    with pytest.raises(DamagedFile, match="a value that JSON can hold"):
        canonical({"x": value})


def _write_many(path, who: int) -> None:
    threads = [
        threading.Thread(target=lambda t=t: [append(path, canonical({"w": who, "t": t, "i": i, "x": "y" * 5000}))
                                             for i in range(10)])
        for t in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_threads_and_processes_write_whole_lines(tmp_path) -> None:
    path = tmp_path / "t.jsonl"
    context = multiprocessing.get_context("spawn")
    others = [context.Process(target=_write_many, args=(path, who)) for who in range(2)]
    for other in others:
        other.start()
    _write_many(path, 9)
    for other in others:
        other.join()
        assert other.exitcode == 0
    assert len({(row["w"], row["t"], row["i"]) for row in read(path)}) == 120


def test_a_failed_whole_write_leaves_the_old_file(tmp_path) -> None:
    path = tmp_path / "a" / "run.json"
    write_whole(path, b"old")
    with pytest.raises(TypeError):
        write_whole(path, "text")
    assert path.read_bytes() == b"old"
    assert [p.name for p in path.parent.iterdir()] == ["run.json"]
