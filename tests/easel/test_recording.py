"""Recording: paid once among threads and processes, replayed by key or by site, packed to the same bytes."""

from __future__ import annotations

import fcntl
import json
import multiprocessing
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from easel.chat import (
    FAILURES,
    Blocked,
    CallSite,
    Cancelled,
    ChatReply,
    ChatRequest,
    Image,
    Message,
    Sampling,
    Truncated,
    Unavailable,
    Usage,
)
from easel.connection import chain
from easel.errors import ConfigurationError
from easel.jsonl import DamagedFile
from easel.recording import PackedReplies, Recorded, RecordMissing, Replay, ReplyStore, pack
from tests.senders import Sender, answer, failing, request


def filled(folder: Path, *requests: ChatRequest) -> ReplyStore:
    store = ReplyStore(folder, clock=lambda: 0.0)
    for number, one in enumerate(requests):
        store.put(one, answer(f"reply {number}"))
    return store


def test_a_reply_is_kept_with_what_it_answers(tmp_path) -> None:
    one = request(temperature=0.7, site=CallSite("judge", "chair", 2, 1))
    reply = ChatReply("text \ud800 \u202e", "resolved", Usage(1, 2, 3, 4, 0.5, True), ("seed",), "live")
    ReplyStore(tmp_path, clock=lambda: 86400.0 * 365).put(one, reply)
    stored = ReplyStore(tmp_path).get(one.key)
    assert stored.give() == reply
    assert (stored.site, stored.date, stored.model) == (one.site, "1971-01-01", "a model")
    assert stored.identity == one.identity()
    assert json.loads((tmp_path / f"{one.key}.json").read_bytes().decode("utf-8", "surrogatepass"))["key"] == one.key


def test_what_is_kept_stays(tmp_path) -> None:
    store = filled(tmp_path, request())
    store.put(request(), answer("another"))
    assert store.get(request().key).give().text == "reply 0"


def test_an_unknown_key_is_none_and_a_damaged_file_is_named(tmp_path) -> None:
    store = filled(tmp_path, request())
    assert store.get("0" * 64) is None
    (tmp_path / f"{request().key}.json").write_text('{"key": ')
    with pytest.raises(DamagedFile, match=request().key[:10]):
        store.get(request().key)


def test_asked_once_and_never_again(tmp_path) -> None:
    sender = Sender([answer("one"), answer("two")])
    model = Recorded(sender, ReplyStore(tmp_path))
    assert [model.reply(request()).text for _ in range(3)] == ["one"] * 3
    assert model.reply(request(replica=1)).text == "two"
    assert len(sender.requests) == 2


@pytest.mark.parametrize("kind", FAILURES)
def test_a_failure_of_one_call_is_met_again_by_a_resumed_run(tmp_path, kind) -> None:
    sender = Sender([failing(kind, "the reason", usage=Usage(3, 4))])
    said = []
    for _ in range(2):
        with pytest.raises(kind) as caught:
            Recorded(sender, ReplyStore(tmp_path)).reply(request())
        said.append((str(caught.value), caught.value.usage))
    assert said[0] == said[1]
    assert "the reason" in said[0][0]
    assert said[0][1] == Usage(3, 4)
    assert len(sender.requests) == 1


def test_a_systemic_failure_is_not_kept(tmp_path) -> None:
    model = Recorded(Sender([failing(Unavailable), answer("later")]), ReplyStore(tmp_path))
    with pytest.raises(Unavailable):
        model.reply(request())
    assert model.reply(request()).text == "later"


def test_threads_that_ask_the_same_pay_once(tmp_path) -> None:
    def slow(one):
        time.sleep(0.02)
        return answer(f"reply to {one.replica}")

    sender = Sender([slow])
    models = [Recorded(sender, ReplyStore(tmp_path)) for _ in range(2)]
    with ThreadPoolExecutor(16) as pool:
        texts = list(pool.map(lambda k: models[k % 2].reply(request(replica=k % 4)).text, range(32)))
    assert texts == [f"reply to {k % 4}" for k in range(32)]
    assert len(sender.requests) == 4
    assert list((tmp_path / ".locks").iterdir()) == []


def _ask_all(folder: Path, log: Path) -> None:
    def paid(one):
        with open(log, "a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.write(f"{one.replica}\n")
        time.sleep(0.05)
        return answer()

    model = Recorded(Sender([paid]), ReplyStore(folder))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda k: model.reply(request(replica=k)), range(8)))


def test_processes_that_ask_the_same_pay_once(tmp_path) -> None:
    context = multiprocessing.get_context("spawn")
    log = tmp_path / "log"
    others = [context.Process(target=_ask_all, args=(tmp_path / "store", log)) for _ in range(2)]
    for other in others:
        other.start()
    for other in others:
        other.join(30)
        assert other.exitcode == 0
    assert sorted(log.read_text().split()) == [str(k) for k in range(8)]


def _hold(folder: Path, key: str, held) -> None:
    with ReplyStore(folder).lock(key):
        held.set()
        time.sleep(60)


def test_the_lock_of_a_dead_process_never_blocks(tmp_path) -> None:
    context = multiprocessing.get_context("spawn")
    held = context.Event()
    other = context.Process(target=_hold, args=(tmp_path, request().key, held))
    other.start()
    assert held.wait(30)
    stop = threading.Event()
    stop.set()
    with pytest.raises(Cancelled), ReplyStore(tmp_path).lock(request().key, stop=stop):
        pass
    os.kill(other.pid, signal.SIGKILL)
    other.join(10)
    model = Recorded(Sender([answer("free")]), ReplyStore(tmp_path))
    assert model.reply(request()).text == "free"


def test_a_kill_between_answer_and_ledger_pays_nothing_twice(tmp_path) -> None:
    class Killed(BaseException):
        pass

    sender = Sender([answer("paid")])
    connection = chain(sender, store=ReplyStore(tmp_path / "replies"), ledger=tmp_path)

    def die(*args, **kwargs):
        raise Killed

    connection.ledger.end = die
    with pytest.raises(Killed):
        connection.reply(request())
    again = chain(sender, store=ReplyStore(tmp_path / "replies"), ledger=tmp_path)
    assert again.reply(request()).text == "paid"
    assert len(sender.requests) == 1
    assert [one.outcome for one in again.ledger.tries()] == ["in flight"]


def test_replay_gives_what_was_recorded(tmp_path) -> None:
    replay = Replay(filled(tmp_path, request(), request(replica=1)))
    assert (replay.name, replay.evidence) == ("a model", "recorded")
    got = replay.reply(request(replica=1))
    assert (got.text, got.evidence) == ("reply 1", "recorded")
    assert (replay.misses, replay.drifted) == (0, 0)


def test_a_recorded_failure_is_replayed(tmp_path) -> None:
    store = ReplyStore(tmp_path)
    store.put(request(), failing(Truncated, "cut off"))
    with pytest.raises(Truncated, match="cut off"):
        Replay(store).reply(request())


def test_the_replay_of_a_stand_in_stays_a_stand_in(tmp_path) -> None:
    store = ReplyStore(tmp_path)
    store.put(request(), ChatReply("x", "m", evidence="stand-in"))
    assert Replay(store).reply(request()).evidence == "stand-in"


@pytest.mark.parametrize(("asked", "words"), [
    (request(temperature=0.5), "temperature was None and is 0.5"),
    (request(replica=7), "replica was 0 and is 7"),
    (request("draw a bench"), "2 lines of the prompt differ, the first: -draw a chair"),
    (request(site=CallSite("judge", "sofa"), seed=1), r"The nearest is artist/chair.*seed was None and is 1"),
])
def test_a_miss_names_the_nearest_and_what_differs(tmp_path, asked, words) -> None:
    other = request("something else entirely", site=CallSite("update"))
    replay = Replay(filled(tmp_path, other, request()))
    with pytest.raises(RecordMissing, match=words):
        replay.reply(asked)
    assert replay.misses == 1


def test_a_changed_prompt_replays_by_its_site_and_says_so(tmp_path) -> None:
    sites = [CallSite("artist", "chair", 0, k) for k in range(2)]
    store = filled(tmp_path, *(request(replica=k, site=site) for k, site in enumerate(sites)))
    replay = Replay(store, by_site=True)
    assert replay.reply(request(site=sites[0])).text == "reply 0"
    assert replay.drifted == 0
    assert replay.reply(request("draw a nice chair", replica=1, site=sites[1])).text == "reply 1"
    assert replay.drifted == 1
    with pytest.raises(RecordMissing):
        replay.reply(request("another", site=CallSite("artist", "chair", 5, 0)))
    with pytest.raises(RecordMissing):
        Replay(store).reply(request("draw a nice chair", replica=1, site=sites[1]))


def test_several_calls_of_one_site_are_told_apart_by_their_text(tmp_path) -> None:
    texts = ["compare\nthe chair\nwith\nthe bench", "compare\nthe sofa\nwith\nthe bed"]
    replay = Replay(filled(tmp_path, *(request(text) for text in texts)), by_site=True)
    for number, text in enumerate(texts):
        assert replay.reply(request(f"{text}\nwell")).text == f"reply {number}"


def test_replay_counts_in_many_threads(tmp_path) -> None:
    replay = Replay(filled(tmp_path, request()), by_site=True)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda k: replay.reply(request(f"draw {k}")), range(64)))
    assert replay.drifted == 64


def test_an_empty_or_mixed_record_is_refused(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match="a record of one model, got an empty one"):
        Replay(ReplyStore(tmp_path))
    store = filled(tmp_path, request(), ChatRequest("another", ()))
    with pytest.raises(ConfigurationError, match="2 models: a model, another"):
        Replay(store)
    assert Replay(store, name="another").name == "another"


def test_a_pack_has_the_same_bytes_and_reads_the_same(tmp_path) -> None:
    requests = [request(replica=k) for k in range(5)]
    first = filled(tmp_path / "a", *requests)
    store = ReplyStore(tmp_path / "b", clock=lambda: 0.0)
    for number, one in reversed(list(enumerate(requests))):
        store.put(one, answer(f"reply {number}"))
    assert pack(first, tmp_path / "a.gz") == pack(tmp_path / "b", tmp_path / "b.gz") == 5
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert list(PackedReplies(tmp_path / "a.gz")) == list(first)
    assert Replay(tmp_path / "a.gz").reply(requests[3]) == Replay(tmp_path / "a").reply(requests[3])


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.data())
def test_a_cut_or_damaged_pack_raises_the_documented_error(tmp_path, data) -> None:
    file = tmp_path / "a.gz"
    pack(filled(tmp_path / "a", request(), request(replica=1)), file)
    whole = file.read_bytes()
    place = data.draw(st.integers(0, len(whole) - 1))
    file.write_bytes(whole[:place] + bytes([whole[place] ^ data.draw(st.integers(1, 255))]) * data.draw(st.booleans()))
    try:
        got = list(PackedReplies(file))
    except DamagedFile:
        return
    assert len(got) in (0, 2)


@settings(deadline=None)
@given(st.text(max_size=30), st.text(max_size=30), st.integers(0, 3))
def test_any_words_survive_the_store(tmp_path_factory, prompt, text, replica) -> None:
    folder = tmp_path_factory.mktemp("store")
    one = ChatRequest("m", (Message("user", (prompt, Image(b"png", text))),), Sampling(0.5), replica)
    ReplyStore(folder).put(one, ChatReply(text, "m"))
    pack(folder, folder / "p.gz")
    assert Replay(folder / "p.gz").reply(one).text == text
    assert ReplyStore(folder).get(one.key).identity == one.identity()


def test_a_blocked_prompt_is_asked_once(tmp_path) -> None:
    sender = Sender([failing(Blocked)])
    connection = chain(sender, store=ReplyStore(tmp_path))
    for _ in range(2):
        with pytest.raises(Blocked):
            connection.reply(request())
    assert len(sender.requests) == 1
