"""The connection: one function that puts the chain around a provider's model, in the one right order."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from easel.budget import Budget, Budgeted
from easel.chat import ChatModel, ChatReply, ChatRequest, Evidence
from easel.errors import ConfigurationError, MissingCapability
from easel.ledger import Ledger
from easel.prices import Price, read_prices
from easel.recording import Recorded, Replies, ReplyStore
from easel.retrying import Pause, Retrying, RetryPolicy

if TYPE_CHECKING:
    from easel.runs import RunStore


@dataclass(frozen=True)
class Connection:
    """A chat model with everything that watches over it.

    chat : the outermost of the chain; ledger : every HTTP try; budget : limits and what was spent
    stop : set it and no new request starts, waits end with Cancelled, requests in flight are finished and kept
    price : None when unknown
    """

    chat: ChatModel
    ledger: Ledger
    budget: Budget
    stop: threading.Event
    price: Price | None = None

    @property
    def name(self) -> str:
        return self.chat.name

    @property
    def evidence(self) -> Evidence:
        return self.chat.evidence

    @property
    def sees_images(self) -> bool:
        return self.chat.sees_images

    def reply(self, request: ChatRequest) -> ChatReply:
        return self.chat.reply(request)


def connect(
    model: str, *, run: RunStore | None = None, store: ReplyStore | None = None, ledger: Ledger | Path | None = None,
    budget: Budget | None = None, concurrency: int = 8, api_base: str | None = None,
    drop_refused_settings: bool = False, sees_images: bool | None = None, label: str | None = None,
    prices: Path | None = None, stop: threading.Event | None = None, on_wait: Callable[[Pause], None] | None = None,
    policy: RetryPolicy | None = None, timeout: float = 600.0, api_key_env: str | None = None,
    elsewhere: Sequence[Replies] = (),
) -> Connection:
    """Recorded(Retrying(Budgeted(LiteLLMChat))) for one model.

    run : gives the reply store and the ledger's folder, unless these are given; without any nothing is kept
    label : neutral name that stands in records, messages and requests instead of the real one
    api_base, api_key_env : server and key as for `LiteLLMChat`: a server at an api_base gets EASEL_API_KEY or the key
        in the variable `api_key_env`, never the provider's key of the environment
    prices : price table (`easel.prices.read_prices`), by `model` or `label`
    elsewhere : records of other runs, whose replies are taken for nothing (see `Recorded`)
    Raises MissingCapability without the provider's key, ConfigurationError for a dollar limit without a price.
    """
    budget = budget or Budget()
    sender = open_sender(
        model, label=label, api_base=api_base, api_key_env=api_key_env, drop_refused_settings=drop_refused_settings,
        sees_images=sees_images, prices=prices, timeout=timeout, budget=budget,
    )
    if run is not None:
        store = store or run.replies
        ledger = ledger or run.home
    return chain(
        sender, store=store, ledger=ledger, budget=budget, concurrency=concurrency, stop=stop, on_wait=on_wait,
        policy=policy, elsewhere=elsewhere,
    )


def open_sender(
    model: str, *, label: str | None = None, api_base: str | None = None, api_key_env: str | None = None,
    drop_refused_settings: bool = False, sees_images: bool | None = None, prices: Path | None = None,
    timeout: float = 600.0, budget: Budget | None = None,
) -> ChatModel:
    """The innermost of the chain, so that what cannot be had is refused before a run folder is made.

    Arguments and errors as `connect`; budget : what its limits ask of the model's price
    """
    from easel.litellm_chat import LiteLLMChat, missing_keys

    table = read_prices(prices) if prices is not None else {}
    price = table.get(model) or table.get(label or "")
    sender = LiteLLMChat(
        model, label=label, api_base=api_base, api_key_env=api_key_env, drop_refused_settings=drop_refused_settings,
        sees_images=sees_images, price=price, timeout=timeout,
    )
    missing = missing_keys(model) if api_base is None and api_key_env is None else ()
    if missing:
        raise MissingCapability(
            f"a key for '{model}'", came="none", where=" or ".join(missing),
            mend=f"export {missing[0]}=..., or choose another model.",
        )
    Budgeted(sender, budget or Budget())  # refuses a limit that the model's price does not allow
    return sender


def chain(
    sender: ChatModel, *, store: ReplyStore | None = None, ledger: Ledger | Path | None = None,
    budget: Budget | None = None, concurrency: int = 8, stop: threading.Event | None = None,
    on_wait: Callable[[Pause], None] | None = None, policy: RetryPolicy | None = None,
    elsewhere: Sequence[Replies] = (),
) -> Connection:
    """The same chain around any sender that makes one request per call, a stand-in for example.

    Raises ConfigurationError for records elsewhere without a store to copy their replies into.
    """
    if elsewhere and store is None:
        raise ConfigurationError("a store, since replies of other records are copied into it", came="none",
                                 where="elsewhere")
    book = ledger if isinstance(ledger, Ledger) else Ledger(ledger)
    budget, stop = budget or Budget(), stop or threading.Event()
    # A new session of a run goes on with what the earlier ones spent.
    budget.count(book)
    model: ChatModel = Retrying(
        Budgeted(sender, budget, stop=stop), policy=policy, ledger=book, concurrency=concurrency, stop=stop,
        on_wait=on_wait, keep=None if store is None else store.put,
    )
    if store is not None:
        model = Recorded(model, store, stop=stop, elsewhere=elsewhere)
    return Connection(model, book, budget, stop, getattr(sender, "price", None))
