"""The crew: threads that carry model calls, ended cleanly whatever happens to the loop that uses them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Any, TypeVar

from easel.chat import Cancelled

T = TypeVar("T")


class Crew:
    """A thread pool as a context. Leaving it by an exception (an interrupt, a closed generator, a systemic
    fault) sets `stop`, drops what has not started, waits for calls in flight, whose replies are kept, and leaves
    `stop` as it was: the next crew may work.

    workers : calls at once; stop : event that the chat chain watches (see `easel.connection`). One that somebody else
    has set holds until it is cleared: entering and submitting then raise Cancelled
    fault : what stopped the crew from within (see `essential`). Leaving by a Cancelled that follows from it raises it
    """

    def __init__(self, workers: int, *, stop: threading.Event | None = None) -> None:
        self.stop = stop or threading.Event()
        self.fault: BaseException | None = None
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="crew")

    def __enter__(self) -> Crew:
        self.check_stop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        asked = self.stop.is_set() and self.fault is None
        if kind is not None:
            self.stop.set()
        self._pool.shutdown(wait=True, cancel_futures=True)
        if not asked:
            self.stop.clear()
        if self.fault is not None and isinstance(error, Cancelled):
            raise self.fault from None

    def submit(self, work: Callable[..., T], *args: object, **settings: object) -> Future[T]:
        self.check_stop()
        return self._pool.submit(work, *args, **settings)

    def essential(self, work: Callable[..., T], *args: object, **settings: object) -> Future[T]:
        """As `submit`; when the work fails, the whole crew stops at once, whoever waits for what."""
        future = self.submit(work, *args, **settings)
        future.add_done_callback(self._notice)
        return future

    def _notice(self, future: Future[Any]) -> None:
        error = None if future.cancelled() else future.exception()
        with self._guard:
            if error is not None and not self.stop.is_set():  # what a stop ends is no fault
                self.fault = error
                self.stop.set()

    def check_stop(self) -> None:
        """Raises Cancelled once the crew is to stop."""
        if self.stop.is_set():
            raise Cancelled("to go on", came="a request to stop", where="crew", sent=False,
                            mend="Clear the stop event to go on; nothing earned is lost.")
