"""Budget: calls stop exactly, tokens and dollars never pass the limit, resumed runs count on."""

from __future__ import annotations

import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from easel.asking import most_tokens
from easel.budget import Budget, Budgeted, BudgetExceeded, Spent, estimate
from easel.chat import Cancelled, ChatReply, ChatRequest, Transient, Usage
from easel.errors import ConfigurationError
from easel.ledger import Ledger
from easel.prices import Price
from easel.retrying import Retrying
from tests.senders import Sender, answer, failing, request

PRICE = Price(1.0, 10.0, 1.0)


def spend(one: ChatRequest) -> ChatReply:
    """A reply that uses a part of what it may."""
    draw = random.Random(one.key)
    used = draw.randint(1, one.sampling.max_tokens)
    time.sleep(draw.random() * 0.002)
    return answer(usage=Usage(20, used, dollars=PRICE.dollars(20, used)))


def run_out(budget: Budget, *, threads: int = 32, calls: int = 400, **sender_settings) -> tuple[int, Sender]:
    """Call until the budget ends it; how many were answered."""
    sender = Sender([spend], price=PRICE, **sender_settings)
    model = Budgeted(sender, budget)

    def one(replica: int) -> bool:
        try:
            model.reply(request(replica=replica))
        except BudgetExceeded:
            return False
        return True

    with ThreadPoolExecutor(threads) as pool:
        return sum(pool.map(one, range(calls))), sender


def test_calls_stop_exactly() -> None:
    budget = Budget(calls=37)
    answered, sender = run_out(budget)
    assert answered == len(sender.requests) == budget.spent.calls == 37


def test_tokens_stay_below_the_limit_and_near_it() -> None:
    budget = Budget(tokens=5000)
    answered, _ = run_out(budget)
    worst = most_tokens(request().messages) + 100
    assert 5000 - worst <= budget.spent.tokens <= 5000
    assert answered == budget.spent.calls


def test_dollars_stay_below_the_limit_and_near_it() -> None:
    budget = Budget(dollars=0.05)
    run_out(budget)
    assert 0.05 - 0.0012 <= budget.spent.dollars <= 0.05


@settings(max_examples=15, deadline=None)
@given(tokens=st.integers(0, 2000), calls=st.none() | st.integers(0, 20), threads=st.integers(1, 32))
def test_no_limit_is_ever_passed(tokens, calls, threads) -> None:
    budget = Budget(calls=calls, tokens=tokens, dollars=0.01)
    answered, _ = run_out(budget, threads=threads, calls=40)
    assert budget.spent.tokens <= tokens
    assert budget.spent.dollars <= 0.01
    assert calls is None or answered <= calls


def test_seconds_by_the_clock() -> None:
    now = [0.0]

    def slow(one):
        now[0] += 4.0
        return answer()

    budget = Budget(seconds=10, clock=lambda: now[0])
    model = Budgeted(Sender([slow]), budget)
    for _ in range(3):
        model.reply(request())
    with pytest.raises(BudgetExceeded, match="a budget of 10 seconds, got spent 3 calls, 90 tokens"):
        model.reply(request())


def test_the_error_says_what_was_spent_and_that_it_is_kept() -> None:
    model = Budgeted(Sender([answer()]), Budget(calls=1))
    model.reply(request())
    with pytest.raises(BudgetExceeded, match=r"1 calls, 30 tokens.*unknown price.*Everything so far is kept"):
        model.reply(request())


def test_failures_are_charged_and_unsent_ones_are_not() -> None:
    budget = Budget()
    model = Budgeted(Sender([failing(Transient, usage=Usage(5, 6)), failing(Transient, sent=False)]), budget)
    for _ in range(2):
        with pytest.raises(Transient):
            model.reply(request())
    assert (budget.spent.calls, budget.spent.tokens) == (1, 11)


def test_a_crash_in_the_sender_is_charged_with_the_worst() -> None:
    budget = Budget()
    with pytest.raises(KeyError):
        Budgeted(Sender([KeyError()]), budget).reply(request())
    assert budget.spent.tokens == most_tokens(request().messages) + 100


def test_retries_count_as_calls() -> None:
    budget = Budget(calls=3)
    model = Retrying(Budgeted(Sender([failing(Transient)]), budget), sleep=lambda seconds: None)
    with pytest.raises(BudgetExceeded):
        model.reply(request())
    assert budget.spent.calls == 3
    assert len(model.ledger.tries()) == 3


def test_a_dollar_limit_needs_a_price() -> None:
    with pytest.raises(ConfigurationError, match=r"a price for 'a model', since the budget limits dollars.*price table"):
        Budgeted(Sender([answer()]), Budget(dollars=1))
    free = Budget(dollars=0.0)
    Budgeted(Sender([answer(usage=Usage(1, 1, dollars=0.0))], price=Price(0, 0, 0)), free).reply(request())
    assert free.spent.calls == 1


def test_a_token_limit_needs_a_bound_on_the_reply() -> None:
    model = Budgeted(Sender([answer()]), Budget(tokens=10_000))
    with pytest.raises(ConfigurationError, match="a max_tokens"):
        model.reply(request(max_tokens=None))
    Budgeted(Sender([answer()], largest_reply=500), Budget(tokens=10_000)).reply(request(max_tokens=None))
    Budgeted(Sender([answer()]), Budget(calls=3)).reply(request(max_tokens=None))


@pytest.mark.parametrize("limits", [{"calls": -1}, {"tokens": -5}, {"dollars": float("nan")}, {"seconds": -0.1}])
def test_a_limit_is_not_negative(limits) -> None:
    with pytest.raises(ConfigurationError, match="a limit on"):
        Budget(**limits)


def test_a_provider_that_charges_more_than_the_worst_is_believed_the_next_time() -> None:
    worst = most_tokens(request().messages) + 100
    budget = Budget(tokens=worst * 2 + 500)
    model = Budgeted(Sender([answer(usage=Usage(300, 100))]), budget)
    model.reply(request())
    with pytest.raises(BudgetExceeded, match="next call: up to 400 tokens"):
        model.reply(request())
    assert budget.spent.tokens == 400


def test_waiting_for_others_ends_at_a_stop() -> None:
    stop, inside, go = threading.Event(), threading.Event(), threading.Event()

    def hold(one):
        inside.set()
        assert go.wait(5)
        return answer()

    budget = Budget(tokens=most_tokens(request().messages) + 120)
    model = Budgeted(Sender([hold]), budget, stop=stop)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(model.reply, request())
        assert inside.wait(5)
        second = pool.submit(model.reply, request(replica=1))
        stop.set()
        with pytest.raises(Cancelled):
            second.result(5)
        go.set()
        assert first.result(5).text == "a reply"
    assert budget.spent.calls == 1


def test_a_resumed_run_goes_on_from_its_ledger(tmp_path) -> None:
    model = Retrying(Budgeted(Sender([answer(usage=Usage(10, 20, dollars=0.5))]), Budget()), ledger=Ledger(tmp_path),
                     clock=lambda: 100.0)
    model.reply(request())
    model.reply(request(replica=1))
    Ledger(tmp_path).begin(request(replica=2), key="k", number=1, started=500.0, model="m", worst=Usage(50, 100))
    budget = Budget(calls=4)
    budget.count(Ledger(tmp_path))
    budget.count(Ledger(tmp_path))
    spent = budget.spent
    assert (spent.calls, spent.tokens, spent.dollars, spent.unpriced) == (3, 210, 1.0, 1)
    again = Budgeted(Sender([answer()]), budget)
    again.reply(request(replica=3))
    with pytest.raises(BudgetExceeded):
        again.reply(request(replica=4))


def test_an_estimate_before_a_run() -> None:
    calls = [request("x" * 400, replica=k, max_tokens=2000) for k in range(5)]
    got = estimate(calls, price=PRICE, reply_tokens=1500)
    assert (got.calls, got.likely_tokens) == (5, 5 * (104 + 1500))
    assert got.likely_dollars == pytest.approx(5 * (104 * 1 + 1500 * 10) / 1e6)
    assert got.worst_tokens == 5 * (416 + 2000)
    assert got.worst_dollars > got.likely_dollars
    assert str(got).startswith("5 calls, about 8020 tokens, about 0.08 dollars")
    assert str(estimate(calls, price=None)).endswith("price unknown")


def test_spent_says_what_is_unknown() -> None:
    assert str(Spent(3, 40, 0.5, 2.4, 1)) == "3 calls, 40 tokens, 0.5000 dollars and 1 calls of unknown price, 2 s"
