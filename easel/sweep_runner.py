"""The runner of a sweep: cells in processes of their own, some at a time, here or on an existing Dask cluster.

A runner holds a lock file in the sweep's folder for as long as it is there. The cells that it began watch it, wherever
they run, and interrupt their kernels when it is let go: by the end of the runner, by Ctrl-C, or by a kill.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from easel.errors import MissingCapability
from easel.jsonl import held, is_held
from easel.sweep import CellState, Sweep
from easel.sweep_limits import NO_LIMITS, Limits

_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
_LOOK, _AGAIN = 0.5, 3.0
"""Seconds between two looks at the runner's lock; until a kernel that was between two cells is interrupted again."""


@dataclass(frozen=True)
class Errand:
    """One cell for a process, on whatever machine.

    folder : the sweep's, absolute; runner : lock file that is held as long as the cell may run; limits, places : see
    `easel.sweep_limits`; plugins : folder in which plugins are looked for; threads : of number libraries, None leaves
    them
    """

    folder: str
    key: str
    runner: str
    limits: str
    places: int
    plugins: str
    threads: int | None = 1

    def run(self) -> str:
        """Run the cell in a process of its own; the end of what it said, "" when it went well."""
        environment = {**os.environ, "EASEL_WIDGETS": "static"}  # nobody looks on, also when JupyterLab began the sweep
        if self.threads is not None:
            environment |= dict.fromkeys(_THREADS, str(self.threads))
        # Plugins are looked for where the sweep was started, though a kernel starts in its notebook's folder.
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, (self.plugins, os.environ.get("PYTHONPATH", ""))))
        done = subprocess.run(
            [sys.executable, "-m", "easel.sweep_runner", self.folder, self.key, self.runner, self.limits,
             str(self.places)],
            env=environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            start_new_session=True, check=False,
        )
        return f"its process ended with {done.returncode}: {done.stderr.strip()[-300:]}" if done.returncode else ""


class Places(Protocol):
    """Where cells run: `count` at once; `submit` begins one, `close` waits until what was begun has ended."""

    count: int

    def submit(self, errand: Errand) -> Future[str]: ...

    def close(self) -> None: ...


class Here:
    """Processes on this machine."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool = ThreadPoolExecutor(count, thread_name_prefix="cell")

    def submit(self, errand: Errand) -> Future[str]:
        return self._pool.submit(errand.run)

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class OnDask:
    """Workers of an existing Dask cluster that see this file system, with its locks, and have this package.

    A cell takes one thread of a worker, and a process of its own beside it.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client
        except ImportError:
            raise MissingCapability("the package distributed, for --dask", came="none", where="easel.sweep_runner",
                                    mend="Install the extra 'dask', at the version of the cluster.") from None
        try:
            self._client = Client(address, timeout="10s")
        except (OSError, ValueError) as error:
            raise MissingCapability("a Dask scheduler", came=str(error), where=f"--dask {address}",
                                    mend="Start one (dask scheduler, dask worker), or leave --dask away.") from error
        self._begun: list[Future[str]] = []
        self.count = sum(self._client.nthreads().values())
        if not self.count:
            raise MissingCapability("a Dask worker", came="a cluster without any", where=f"--dask {address}")

    def submit(self, errand: Errand) -> Future[str]:
        asked = self._client.submit(errand.run, pure=False, retries=0)
        done: Future[str] = Future()
        done.set_running_or_notify_cancel()

        def tell(finished: Any) -> None:
            try:
                done.set_result(finished.result())
            except BaseException as error:  # whatever happened on the worker is the cell's reason
                done.set_result(f"{type(error).__name__}: {error}")

        asked.add_done_callback(tell)
        self._begun.append(done)
        return done

    def close(self) -> None:
        wait(self._begun)
        self._client.close()


def run(
    sweep: Sweep, keys: Sequence[str], places: Places, *, limits: Limits = NO_LIMITS, again: bool = False,
    threads: int | None = 1, begun: Callable[[str, int], None] | None = None,
    stopping: Callable[[tuple[str, ...]], None] | None = None,
) -> Generator[CellState, None, None]:
    """Run what is not finished yet; the state of every cell as it ends. Closing the generator stops what runs.

    again : run failed cells once more (a sweep that is resumed); threads : of number libraries in every cell
    begun : told the key of a cell that begins, and how many wait behind it
    stopping : told the cells that are interrupted, before their calls in flight are waited for
    """
    over = ("finished",) if again else ("finished", "failed")
    todo = [key for key in keys if sweep.state(key).state not in over]
    folder = sweep.folder.resolve()
    runner = folder / "runners" / f"{os.getpid()}-{os.urandom(4).hex()}.lock"
    running: dict[Future[str], str] = {}
    with ExitStack() as stack:
        stack.callback(places.close)  # after the lock is let go, so that what runs ends
        stack.enter_context(_present(runner))
        while todo or running:
            while todo and len(running) < places.count:
                key = todo.pop(0)
                errand = Errand(str(folder), key, str(runner), limits.text(), places.count, os.getcwd(), threads)
                running[places.submit(errand)] = key
                if begun is not None:
                    begun(key, len(todo))
            try:
                for future in wait(list(running), return_when=FIRST_COMPLETED).done:
                    yield _ended(sweep, running.pop(future), future.result())
            except (KeyboardInterrupt, GeneratorExit):
                if stopping is not None:
                    stopping(tuple(running.values()))
                raise


def _ended(sweep: Sweep, key: str, said: str) -> CellState:
    """The state that the cell kept, or what its process said where it could not keep one."""
    state = sweep.state(key)
    if state.state in ("finished", "failed") or (state.state == "interrupted" and not said):
        return state
    state = replace(state, state="failed", reason=said or "its process ended without a word")
    sweep.keep(state)
    return state


@contextmanager
def _present(lock: Path) -> Iterator[None]:
    with held(lock):
        yield
    lock.unlink(missing_ok=True)


@contextmanager
def _while_present(runner: str) -> Iterator[None]:
    """Interrupt the kernel when whoever began this cell is gone: nothing may go on paying."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK):
            if not is_held(Path(runner)):
                _interrupt_kernels()
                over.wait(_AGAIN)

    threading.Thread(target=watch, daemon=True).start()
    try:
        yield
    finally:
        over.set()


def _interrupt_kernels() -> None:
    """Ctrl-C for the notebook: calls in flight are finished and kept, then the loop ends."""
    import psutil

    for kernel in psutil.Process().children(recursive=True):
        kernel.send_signal(signal.SIGINT)


def main(folder: str, key: str, runner: str, limits: str, places: str) -> int:
    """One cell in this process. 0 : its state is kept, whatever it is"""
    from easel.sweep import run_cell

    with _while_present(runner):
        run_cell(Sweep.read(Path(folder)), key, limits=Limits.read(limits), places=int(places))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
