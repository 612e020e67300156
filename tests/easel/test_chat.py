"""Identity of requests, sums of usage, failures that survive pickling."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easel.chat import (
    FAILURES,
    CallSite,
    ChatRequest,
    Image,
    Message,
    Sampling,
    Transient,
    Truncated,
    Usage,
)

texts = st.text(max_size=40)
samplings = st.builds(
    Sampling, temperature=st.none() | st.floats(0, 2), seed=st.none() | st.integers(0, 2**31),
    max_tokens=st.none() | st.integers(1, 10**5), reasoning_effort=st.none() | st.sampled_from(["low", "high"]),
)
parts = st.one_of(texts, st.builds(Image, st.binary(max_size=8), texts))
turns = st.builds(Message, st.sampled_from(["system", "user"]), st.tuples(parts, parts))
messages = st.lists(turns, max_size=3).map(tuple)
requests = st.builds(ChatRequest, texts, messages, samplings, st.integers(0, 9))


@settings(deadline=None)
@given(requests, st.integers(1, 5))
def test_another_replica_is_another_request(one: ChatRequest, more: int) -> None:
    assert replace(one, replica=one.replica + more).key != one.key


@settings(deadline=None)
@given(requests, texts)
def test_the_site_is_no_part_of_the_identity(one: ChatRequest, role: str) -> None:
    assert replace(one, site=CallSite(role, "q", 3, 1)).key == one.key


@settings(deadline=None)
@given(requests, st.binary(min_size=1, max_size=8))
def test_pixels_are_no_part_of_the_identity(one: ChatRequest, pixels: bytes) -> None:
    def other(part):
        return replace(part, png=part.png + pixels) if isinstance(part, Image) else part

    changed = tuple(replace(m, parts=tuple(map(other, m.parts))) for m in one.messages)
    assert replace(one, messages=changed).key == one.key


@settings(deadline=None)
@given(texts, texts)
def test_the_source_of_a_picture_is(first: str, second: str) -> None:
    def key(source: str) -> str:
        return ChatRequest("m", (Message("user", (Image(b"", source),)),)).key

    assert (key(first) == key(second)) == (first == second)
    assert ChatRequest("m", (Message("user", (first,)),)).key != key(first)


@settings(deadline=None)
@given(requests)
def test_the_order_of_parameters_is_not(one: ChatRequest) -> None:
    shuffled = dict(reversed(list(one.sampling.given().items())))
    assert replace(one, sampling=Sampling(**shuffled)).key == one.key
    again = json.loads(json.dumps(one.identity()))
    assert again == one.identity()


@settings(deadline=None)
@given(samplings, samplings)
def test_every_parameter_is(first: Sampling, second: Sampling) -> None:
    keys = [ChatRequest("m", (Message("user", ("x",)),), sampling).key for sampling in (first, second)]
    assert (keys[0] == keys[1]) == (json.dumps(first.given()) == json.dumps(second.given()))


def test_the_parting_of_text_into_messages_is() -> None:
    one = ChatRequest("m", (Message("user", ("ab",)),))
    assert one.key != ChatRequest("m", (Message("user", ("a", "b")),)).key
    assert one.key != ChatRequest("m", (Message("user", ("a",)), Message("user", ("b",)))).key


def test_unknown_dollars_stay_unknown_in_a_sum() -> None:
    assert (Usage(1, 2, dollars=0.5) + Usage(3, 4, dollars=0.25)).dollars == 0.75
    assert (Usage(1, 2, dollars=0.5) + Usage(3, 4)).dollars is None
    assert (Usage(1, 2, estimated=True) + Usage(3, 4)) == Usage(4, 6, estimated=True)


def test_failures_survive_pickling() -> None:
    failure = Truncated("a reply", came="half", usage=Usage(1, 2), status=200)
    again = pickle.loads(pickle.dumps(failure))
    assert (type(again), str(again), again.usage, again.status) == (Truncated, str(failure), Usage(1, 2), 200)


def test_kinds_are_distinct_and_not_systemic() -> None:
    assert len({kind.kind for kind in FAILURES}) == len(FAILURES)
    assert not any(kind.systemic for kind in FAILURES)
    assert Transient not in FAILURES


@pytest.mark.parametrize("module", ["asking", "connection", "tables"])
def test_nothing_heavy_is_imported(module: str) -> None:
    code = f"import sys, easel.{module}; print(sorted({{'litellm', 'pandas', 'torch', 'numpy'}} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
