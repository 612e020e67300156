"""The ledger: a line per HTTP try, those in flight at a kill, many writers, no keys."""

from __future__ import annotations

import json
import threading

from easel.chat import Transient, Usage
from easel.ledger import BEGUN, CALLS, Ledger
from tests.senders import answer, failing, request

WORST = Usage(50, 100, estimated=True)


def begin(book: Ledger, number: int = 1, replica: int = 0, started: float = 5.0):
    one = request(replica=replica)
    return book.begin(one, key=one.key, number=number, started=started, model="a model", worst=WORST)


def test_a_line_holds_what_the_try_was(tmp_path) -> None:
    book = Ledger(tmp_path)
    book.end(begin(book), failing(Transient, "slow", status=429), seconds=0.5)
    book.end(begin(book, 2, started=6.0), answer(usage=Usage(10, 20, 5, 3, 0.25)), seconds=1.5)
    lines = [json.loads(line) for line in (tmp_path / CALLS).read_text().splitlines()]
    assert [(line["number"], line["outcome"], line["status"], line["reason"]) for line in lines] == [
        (1, "transient", 429, "slow"), (2, "ok", 200, ""),
    ]
    assert lines[1]["usage"] == {
        "prompt_tokens": 10, "completion_tokens": 20, "reasoning_tokens": 5, "cached_tokens": 3, "dollars": 0.25,
        "estimated": False,
    }
    assert (lines[1]["site"], lines[1]["model"], lines[1]["key"]) == ("artist/chair/-1/-1", "resolved", request().key)
    assert Ledger(tmp_path).tries() == book.tries()


def test_what_was_in_flight_at_a_kill_is_shown_with_its_worst_case(tmp_path) -> None:
    book = Ledger(tmp_path)
    begin(book)
    book.withdraw(begin(book, replica=1))
    (one,) = Ledger(tmp_path).tries()
    assert (one.outcome, one.usage) == ("in flight", WORST)


def test_half_a_line_is_dropped(tmp_path) -> None:
    book = Ledger(tmp_path)
    book.end(begin(book), answer(), seconds=1)
    begun = begin(book, replica=1, started=7.0)
    with open(tmp_path / CALLS, "a") as file:
        file.write('{"id": "ab')
    assert [one.outcome for one in book.tries()] == ["ok", "in flight"]
    book.end(begun, answer(), seconds=1)
    assert [one.outcome for one in book.tries()] == ["ok", "ok"]


def test_many_threads_lose_nothing(tmp_path) -> None:
    books = [Ledger(tmp_path), Ledger(tmp_path)]

    def work(who: int) -> None:
        for k in range(10):
            book = books[who % 2]
            book.end(begin(book, replica=100 * who + k), answer(), seconds=0)

    threads = [threading.Thread(target=work, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(books[0].tries()) == 80
    assert len((tmp_path / BEGUN).read_text().splitlines()) == 80


def test_no_key_reaches_a_line(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "planted-secret-value")
    book = Ledger(tmp_path)
    came = "wrong key planted-secret-value, Bearer abcdefgh12345678, sk-abcdefghijklmnop1234"
    book.end(begin(book), failing(Transient, came), seconds=0)
    text = (tmp_path / CALLS).read_text()
    assert "planted" not in text
    assert "abcdefgh" not in text
    assert "wrong key [key]" in text


def test_without_a_folder_lines_stay_in_memory() -> None:
    book = Ledger()
    book.end(begin(book), answer(), seconds=0)
    assert [one.outcome for one in book.tries()] == ["ok"]
