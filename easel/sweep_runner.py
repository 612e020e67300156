"""The runner of a sweep: cells in processes of their own, some at a time, here or on an existing Dask cluster."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from easel.errors import MissingCapability
from easel.ledger import Ledger
from easel.sweep import CellState, Sweep

_STOP = signal.SIGUSR1
"""Asks a cell's process to interrupt its kernel; nbclient takes SIGINT and SIGTERM for itself, as a dead kernel."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Limits:
    """What a sweep may use in all; None is no limit. Of what is left, a cell that starts is granted its share."""

    calls: int | None = None
    tokens: int | None = None
    dollars: float | None = None
    seconds: float | None = None

    def grant(self, sweep: Sweep, granted: Sequence[Limits], places: int) -> Limits:
        """What a new cell may use, on top of what the ledger holds: what is left once every running cell has used all
        that it was granted, divided by the free places. So no limit is passed, whatever runs side by side.
        """
        tries = Ledger(sweep.folder).tries()
        spent = {"calls": len(tries), "tokens": sum(one.usage.tokens for one in tries),
                 "dollars": sum(one.usage.dollars or 0.0 for one in tries)}
        shares: dict[str, Any] = {"seconds": self.seconds}
        for name, used in spent.items():
            limit = getattr(self, name)
            if limit is None:
                continue
            left = max(0.0, limit - used - sum(getattr(other, name) for other in granted))
            share = left / max(1, places)
            shares[name] = share if name == "dollars" else int(share)
        return Limits(**shares)

    def text(self, sweep: Sweep) -> str:
        """As a cell takes it: its own grant on top of what the sweep's ledger holds, which a budget counts first."""
        tries = Ledger(sweep.folder).tries()
        spent = {"calls": len(tries), "tokens": sum(one.usage.tokens for one in tries),
                 "dollars": sum(one.usage.dollars or 0.0 for one in tries), "seconds": 0.0}
        return ",".join(f"{name}={value + spent[name]!r}" for name, value in vars(self).items() if value is not None)


class Places(Protocol):
    """Where cells run. `count` at once; `submit` begins one and gives its future, `close` ends what runs."""

    count: int

    def submit(self, folder: Path, key: str, budget: str) -> Future[str]: ...

    def close(self, *, cancel: bool) -> None: ...


class Here:
    """Processes on this machine. threads : of the number libraries in each, None leaves them"""

    def __init__(self, count: int, *, threads: int | None = 1) -> None:
        self.count, self._threads = count, threads
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="cell")
        self._running: set[subprocess.Popen[str]] = set()
        self._lock = threading.Lock()
        self._closed = False

    def submit(self, folder: Path, key: str, budget: str) -> Future[str]:
        return self._pool.submit(self._run, folder, key, budget)

    def _run(self, folder: Path, key: str, budget: str) -> str:
        with self._lock:
            if self._closed:
                return ""
            process = _spawn(folder, key, budget, self._threads)
            self._running.add(process)
        try:
            _, said = process.communicate()
            return _reason(process, said)
        finally:
            with self._lock:
                self._running.discard(process)

    def close(self, *, cancel: bool) -> None:
        with self._lock:
            self._closed = True
            for process in self._running if cancel else ():
                process.send_signal(_STOP)
        self._pool.shutdown(wait=True, cancel_futures=True)


class OnDask:
    """Workers of an existing Dask cluster that see this file system and have this package; a cell takes one thread."""

    def __init__(self, address: str, *, threads: int | None = 1) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise MissingCapability("the package distributed, for --dask", came="none", where="easel.sweep_runner",
                                    mend="pip install distributed, at the version of the cluster.") from None
        try:
            self._client = Client(address, timeout="10s")
        except (OSError, ValueError) as error:
            raise MissingCapability("a Dask scheduler", came=str(error), where=f"--dask {address}",
                                    mend="Start one (dask scheduler, dask worker), or leave --dask away.") from error
        self._threads = threads
        self.count = sum(self._client.nthreads().values())
        if not self.count:
            raise MissingCapability("a Dask worker", came="a cluster without any", where=f"--dask {address}")

    def submit(self, folder: Path, key: str, budget: str) -> Future[str]:
        asked = self._client.submit(_on_worker, str(folder), key, budget, self._threads, pure=False, retries=0)
        done: Future[str] = Future()
        done.set_running_or_notify_cancel()

        def tell(finished: Any) -> None:
            try:
                done.set_result(finished.result())
            except BaseException as error:  # whatever happened on the worker is the cell's reason
                done.set_result(f"{type(error).__name__}: {error}")

        asked.add_done_callback(tell)
        return done

    def close(self, *, cancel: bool) -> None:
        self._client.close()


def run(
    sweep: Sweep, keys: Sequence[str], places: Places, *, limits: Limits = Limits(), again: bool = False,
    told: Callable[[CellState], None] | None = None,
) -> Generator[CellState, None, None]:
    """Run what is not finished yet; the state of every cell as it ends. Closing the generator stops what runs.

    again : run failed cells once more (a sweep that is resumed); told : called when a cell begins
    """
    todo = [key for key in keys if sweep.state(key).state not in (("finished",) if again else ("finished", "failed"))]
    running: dict[Future[str], tuple[str, Limits]] = {}
    done = False
    try:
        while todo or running:
            while todo and len(running) < places.count:
                key = todo.pop(0)
                granted = limits.grant(sweep, [share for _, share in running.values()], places.count - len(running))
                if told is not None:
                    told(sweep.state(key))
                running[places.submit(sweep.folder, key, granted.text(sweep))] = (key, granted)
            for future in wait(list(running), return_when=FIRST_COMPLETED).done:
                key, _ = running.pop(future)
                state = sweep.state(key)
                if (said := future.result()) and state.state != "finished":
                    state = CellState(**{**vars(state), "state": "failed", "reason": said})
                    sweep.keep(state)
                yield state
        done = True
    finally:
        places.close(cancel=not done)


def _spawn(folder: Path, key: str, budget: str, threads: int | None) -> subprocess.Popen[str]:
    environment = {**os.environ, "EASEL_WIDGETS": "static"}  # nobody looks on, also when JupyterLab began the sweep
    if threads is not None:
        environment |= dict.fromkeys(_THREADS, str(threads))
    # Plugins are looked for where the sweep was started, though a notebook's kernel starts in the notebook's folder.
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, (os.getcwd(), os.environ.get("PYTHONPATH", ""))))
    return subprocess.Popen(
        [sys.executable, "-m", "easel.sweep_runner", str(folder), key, budget], env=environment, text=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True,
    )


def _on_worker(folder: str, key: str, budget: str, threads: int | None) -> str:
    """One cell on a Dask worker, in a process of its own all the same: threads and kernels end with it."""
    process = _spawn(Path(folder), key, budget, threads)
    try:
        _, said = process.communicate()
    except BaseException:
        process.send_signal(_STOP)
        raise
    return _reason(process, said)


def _reason(process: subprocess.Popen[str], said: str) -> str:
    """Why a cell's process ended without keeping a state of its own, "" where it did."""
    if process.returncode in (0, 1, 130):
        return ""
    return f"its process ended with {process.returncode}: {said.strip()[-300:]}"


def _interrupt_kernels(*_: object) -> None:
    """Ctrl-C for the notebook: calls in flight are finished and kept, then the loop ends."""
    import psutil

    for kernel in psutil.Process().children(recursive=True):
        kernel.send_signal(signal.SIGINT)


@contextmanager
def _ended_with_parent() -> Iterator[None]:
    """A killed sweep must leave no cell behind that goes on paying: whoever loses its parent interrupts its kernel."""
    parent, over = os.getppid(), threading.Event()
    signal.signal(_STOP, _interrupt_kernels)

    def watch() -> None:
        while not over.wait(0.5):
            if os.getppid() != parent:
                _interrupt_kernels()
                over.wait(3)  # a kernel between two cells does not hear the first one

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def main(folder: str, key: str, budget: str = "") -> int:
    """One cell in this process: 0 finished, 1 failed with its reason kept, 130 interrupted."""
    from easel.sweep import run_cell

    sweep = Sweep.read(Path(folder))
    with _ended_with_parent():
        state = run_cell(sweep, key, budget=budget)
    return {"finished": 0, "interrupted": 130}.get(state.state, 1)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
