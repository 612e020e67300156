"""Pool of jails: some stand ready, each takes one program and ends, and another is started in its place.

One thread starts them all and lives as long as the pool, because a jail dies with the thread that started it.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable

from easel.errors import MissingCapability
from shapecraft.jail import Jail, Untaken
from shapecraft.jail_plan import Plan
from shapecraft.outcome import Job, Outcome

TRIES = 2
"""A worker that dies before it took a program is replaced, and the program given to another one, once (ours)."""


class JailPool:
    """`size` jails are kept started, and at most as many programs run at one time. Safe to use from many threads.

    size : at least 1; 0 keeps none, and every program waits for a jail of its own
    start : makes a jail; a test passes its own
    """

    def __init__(self, plan: Plan, size: int, *, start: Callable[[Plan], Jail] = Jail) -> None:
        self.level = plan.level
        self._plan, self._start, self._size = plan, start, size
        self._state = threading.Condition()
        self._stock: deque[Jail] = deque()
        self._running: set[Jail] = set()
        self._wanted = 0
        self._closed = False
        self._fault: BaseException | None = None
        self._slots = threading.BoundedSemaphore(max(size, 1))
        self._stocker = threading.Thread(target=self._keep_stocked, name="jails", daemon=True)
        self._stocker.start()

    @property
    def stocked(self) -> int:
        """Jails that are started and alive, ready or nearly so."""
        with self._state:
            return sum(jail.alive for jail in self._stock)

    def run(self, job: Job, check: Callable[[], None] | None = None) -> Outcome:
        """The outcome of a program in a jail of its own. Raises MissingCapability where jails do not start.

        check : called when it is the program's turn; raises where nobody wants it to run any more
        """
        check = check or _anybody
        with self._slots:
            said = ""
            for _ in range(TRIES):
                check()
                jail = self._take()
                try:
                    jail.wait()
                    check()
                    return jail.run(job)
                except Untaken as error:
                    said = str(error)
                finally:
                    self._put_away(jail)
            raise MissingCapability("a jail in which Blender starts", came=said, where=f"program of {job.name!r}",
                                    mend="Type: easel doctor")

    def prepare(self) -> None:
        """Waits until one jail is ready, and keeps it. Raises Untaken, with what it said, where none becomes ready."""
        jail = self._take()
        try:
            jail.wait()
        except BaseException:
            self._put_away(jail)
            raise
        with self._state:
            self._running.discard(jail)
            self._stock.appendleft(jail)

    def fill(self, until: float) -> None:
        """Waits until the whole stock is ready, at most until this monotonic time."""
        while time.monotonic() < until:
            with self._state:
                jails = list(self._stock)
            if len(jails) >= self._size and all(jail.ready for jail in jails):
                return
            time.sleep(0.01)

    def close(self) -> None:
        """Ends every jail, those that run a program too, and returns when their last process is gone."""
        with self._state:
            self._closed = True
            idle, busy = [*self._stock], [*self._running]
            self._stock.clear()
            self._state.notify_all()
        for jail in busy:
            jail.interrupt()
        for jail in idle:
            jail.close()
        with self._state:
            self._state.wait_for(lambda: not self._running, timeout=30.0)
        self._stocker.join()

    def __enter__(self) -> JailPool:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _take(self) -> Jail:
        with self._state:
            self._wanted += 1
            self._state.notify_all()
            try:
                while True:
                    self._state.wait_for(lambda: self._stock or self._closed or self._fault)
                    if self._closed:
                        raise RuntimeError("the wall is closed")
                    if self._fault:
                        raise MissingCapability("a jail that starts", came=str(self._fault), where="shapecraft",
                                                mend="Type: easel doctor") from self._fault
                    jail = self._stock.popleft()
                    self._state.notify_all()
                    if jail.alive:
                        self._running.add(jail)
                        return jail
                    jail.close()  # died in stock: nothing was lost
            finally:
                self._wanted -= 1

    def _put_away(self, jail: Jail) -> None:
        jail.close()
        with self._state:
            self._running.discard(jail)
            self._state.notify_all()

    def _keep_stocked(self) -> None:
        try:
            while True:
                with self._state:
                    self._state.wait_for(lambda: self._closed or len(self._stock) < self._size + self._short())
                    if self._closed:
                        return
                jail = self._start(self._plan)
                with self._state:
                    if not self._closed:
                        self._stock.append(jail)
                        self._state.notify_all()
                        continue
                jail.close()
                return
        except BaseException as error:
            with self._state:
                self._fault = error
                self._state.notify_all()
            with self._state:  # the jails of this thread die with it, so that it stays
                self._state.wait_for(lambda: self._closed)

    def _short(self) -> int:
        """Programs that wait while nothing is in stock: only a pool that keeps none has to start jails for them."""
        return self._wanted if self._size == 0 else 0


def _anybody() -> None:
    """Nobody may stop it."""
