"""Driver: runs a loop of events in a background thread, a step at a time. Knows no widgets."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Generator
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal

from drawagent.keeping import PERSON
from easel.chat import Cancelled
from easel.errors import ConfigurationError
from widgets.review import ReviewDesk

if TYPE_CHECKING:
    from drawagent.edits import Edit
    from drawagent.studio import Studio

State = Literal["ready", "running", "paused", "waiting for a decision", "stopped", "finished", "failed"]
ENDED = frozenset({"stopped", "finished", "failed"})
Listener = Callable[[Any], None]
_Goal = tuple[int, Callable[[Any], bool]]
"""Number of events at which it was set, and which later event reaches it."""


class Driver:
    """Steps a generator of events.

    events : the loop; it is advanced and closed in one thread only
    stop : the event that the chat chain watches; set while stopping, cleared when the thread has ended
    desk : where the loop asks a person; its questions are the state "waiting for a decision"
    at_end : called once with the last state and its error, before that state is seen

    Every event is told to every listener once, in order, from the driver's thread. What was paid for is kept by the
    loop itself: a stop lets calls in flight finish, and a run that is opened again asks none of them twice. While it
    is paused, calls that the loop began ahead of its next event go on.
    """

    def __init__(
        self, events: Generator[Any, None, None], *, stop: threading.Event | None = None,
        desk: ReviewDesk | None = None, at_end: Callable[[State, BaseException | None], None] | None = None,
    ) -> None:
        self._generator, self._stop, self._desk, self._at_end = events, stop or threading.Event(), desk, at_end
        self._change = threading.Condition(threading.RLock())
        self._telling = threading.RLock()
        self._state: State = "ready"
        self._goal: _Goal | None = None
        self._stopping = self._busy = False
        self._thread: threading.Thread | None = None
        self._events: list[Any] = []
        self._listeners: list[Listener] = []
        self._watchers: list[Callable[[], None]] = []
        self.error: BaseException | None = None
        if desk is not None:
            desk.listen(self._tell_watchers)

    @property
    def state(self) -> State:
        with self._change:
            if self._state == "running" and self._desk is not None and self._desk.pending is not None:
                return "waiting for a decision"
            return self._state

    @property
    def stopping(self) -> bool:
        """A stop was asked for; calls in flight are being finished."""
        return self._stopping and self._state not in ENDED

    @property
    def pausing(self) -> bool:
        """A pause was asked for; it begins after the event that is being made."""
        return self._state == "running" and self._goal is None and not self._stopping

    @property
    def events(self) -> tuple[Any, ...]:
        """All events so far."""
        with self._telling:
            return tuple(self._events)

    @property
    def told(self) -> int:
        """How many events there were; waits for nobody."""
        return len(self._events)

    def listen(self, listener: Listener) -> None:
        """Tell this listener all events: those so far at once, the others as they come.

        What a listener raises ends the driving like a fault of the loop; the event itself is kept.
        """
        with self._telling:
            for event in self._events:
                listener(event)
            self._listeners.append(listener)

    def watch(self, watcher: Callable[[], None]) -> None:
        """Call this after every change of `state`, from whichever thread made it."""
        self._watchers.append(watcher)

    def step(self) -> Driver:
        """To the next event. This and the other moves return at once; `wait` for their end."""
        return self._move(lambda event: True)

    def step_to(self, *kinds: type) -> Driver:
        """To the next event of one of these kinds, or to the end."""
        return self._move(lambda event: isinstance(event, kinds))

    def step_epoch(self) -> Driver:
        """To the end of this epoch; after the last one to the report of the next library, one at a time."""
        from drawagent.events import EpochFinished
        from drawagent.reporting import EpochReport

        return self.step_to(EpochFinished, EpochReport)

    def run(self) -> Driver:
        """To the end, unless paused or stopped."""
        return self._move(lambda event: False)

    def pause(self) -> Driver:
        """Rest after the event that is being made, or at once when none is."""
        with self._change:
            self._goal = None
            if self._state == "running" and not self._busy:
                self._state = "paused"
        self._tell_watchers()
        return self

    def stop(self, *, wait: bool = True) -> Driver:
        """End the loop cleanly; a second stop does nothing. Calls in flight are finished and kept.

        wait : return when the thread has ended; never waits in the driver's own thread
        """
        with self._change:
            if self._state in ENDED:
                return self
            first, self._stopping = not self._stopping, True
            if first:
                self._stop.set()
                self._start()
            self._change.notify_all()
        if self._desk is not None and first:
            self._desk.cancel()
        self._tell_watchers()
        if wait and self._thread is not threading.current_thread() and self._thread is not None:
            self._thread.join()
        return self

    def wait(self, timeout: float | None = None) -> State:
        """Block until the loop rests, asks a person or has ended. Raises what the loop raised.

        timeout : seconds; TimeoutError when they are over, and the loop goes on
        """
        with self._change:
            rests = self._change.wait_for(lambda: self._state != "running" or self._asks(), timeout)
            if not rests:
                raise TimeoutError(f"the loop was still {self._state} after {timeout:g} s")
            if self._state == "failed" and self.error is not None:
                raise self.error
            return self.state

    def __enter__(self) -> Driver:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _asks(self) -> bool:
        return self._desk is not None and self._desk.pending is not None

    def _move(self, reached: Callable[[Any], bool]) -> Driver:
        with self._change:
            if self._state in ENDED or self._stopping:
                raise ConfigurationError(
                    "a loop that can go on", came=f"one that has {self._state}" if not self.stopping else "one that is "
                    "being stopped", where="driver", mend="Open the run again: what it holds is not asked again.",
                )
            self._goal = (len(self._events), reached)
            self._state = "running"
            self._start()
            self._change.notify_all()
        self._tell_watchers()
        return self

    def _start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._drive, name="driver", daemon=True)
            self._thread.start()

    def _drive(self) -> None:
        state: State = "failed"
        error: BaseException | None = None
        try:
            state = "finished" if self._loop() else "stopped"
        except BaseException as fault:
            cancelled = isinstance(fault, Cancelled) and self._stop.is_set()
            state, error = ("stopped" if cancelled else "failed"), fault
        try:
            self._generator.close()
            if self._stopping:
                self._stop.clear()
                if self._desk is not None:
                    self._desk.reopen()
            if self._at_end is not None:
                self._at_end(state, error)
        except BaseException as fault:
            state, error = "failed", fault if error is None else error
        with self._change:
            self._state, self.error = state, error
            self._change.notify_all()
        self._tell_watchers()

    def _loop(self) -> bool:
        """Advance until the end (True) or a stop (False)."""
        while True:
            with self._change:
                self._busy = False
                rests = self._goal is None and not self._stopping
                if rests:
                    self._state = "paused"
                    self._change.notify_all()
            if rests:
                self._tell_watchers()
            with self._change:
                self._change.wait_for(lambda: self._goal is not None or self._stopping)
                if self._stopping:
                    return False
                self._busy = True
            try:
                event = next(self._generator)
            except StopIteration:
                return True
            with self._telling:
                self._events.append(event)
                number = len(self._events)
                self._tell_listeners(event)
            with self._change:
                if self._goal is not None and number > self._goal[0] and self._goal[1](event):
                    self._goal = None

    def _tell_listeners(self, event: Any) -> None:
        """All of them, whatever one raises; then the first fault."""
        faults = []
        for listener in list(self._listeners):
            try:
                listener(event)
            except Exception as fault:
                faults.append(fault)
        if faults:
            raise faults[0]

    def _tell_watchers(self) -> None:
        with self._change:
            self._change.notify_all()
        for watcher in list(self._watchers):
            watcher()


def drive(studio: Studio, *, desk: ReviewDesk | None = None) -> Driver:
    """A driver of the studio's practice, and then of its report. The run is let go at the end, with its status.

    Nobody is asked about edits that the run wrote down before: another decision would contradict its rows. A run that
    was stopped or has failed is opened again like any other, and goes on from what it holds.
    """
    from drawagent.events import EditsApplied, UpdateFailed

    settled = sum(row["query"] != PERSON for row in studio.run.rows("edits"))
    updates = 0

    def review(edit: Edit) -> Edit | None:
        return edit if desk is None or updates < settled else desk(edit)

    def events() -> Generator[Any, None, None]:
        nonlocal updates
        asks = desk is not None and not studio.run.rows("practice")
        with contextlib.closing(studio.practise(review=review if asks else None)) as practice:
            for event in practice:
                updates += isinstance(event, EditsApplied | UpdateFailed)
                yield event
        yield from studio.report()

    def at_end(state: State, error: BaseException | None) -> None:
        if state == "finished":
            studio.run.status("finished")
        elif state == "stopped":
            studio.run.status("interrupted", reason="stopped by a person")
        failed = error if state == "failed" else None
        studio.run.__exit__(None if failed is None else type(failed), failed, None)

    return Driver(events(), stop=studio.stop, desk=desk, at_end=at_end)
