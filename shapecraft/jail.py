"""Jail: one Blender worker that takes one program, hands out bytes, and is killed with everything it started."""

from __future__ import annotations

import contextlib
import json
import os
import select
import selectors
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable

from easel.errors import shorten
from shapecraft.intake import HEADER_BYTES, Header, Solid, Unacceptable, read_header, read_solids
from shapecraft.jail_plan import JAIL, Plan
from shapecraft.outcome import CLOCK_OVER, WALL_CLOSED, Job, Kind, Limits, Outcome
from shapecraft.part_glb import write_glb
from shapecraft.part_report import report_on

READY_S = 60.0
"""How long a worker may take to start (ours): 0.5 s on an idle machine."""
TAKEN_S = 10.0
GONE_S = 10.0
"""How long the kernel may take to clear a killed jail away (ours): milliseconds, more where it had much memory."""
LOG_HEAD, LOG_TAIL = 48_000, 16_000
"""Bytes of what a program printed that are kept, from its beginning and its end (ours)."""
PROGRAM_BYTES = 256_000
"""Longest program that is taken (ours); real ones have 600 to 4,000 bytes."""
_CHUNK = 1 << 16
_OUT_OF_MEMORY = (b"alloc returns null", b"std::bad_alloc", b"Unable to allocate", b"tbb::bad_alloc")


class Untaken(Exception):
    """The worker died before it took a program; the text is what it said."""


class _Ended(Exception):
    """The program is over, and this is why."""

    def __init__(self, kind: Kind, message: str) -> None:
        super().__init__(message)
        self.kind: Kind = kind


class Jail:
    """A started worker. Start it in a thread that outlives it: its death signal is bound to that thread.

    Used once: `run`, or `close`. Every way out kills it, waits for the end of its last process and closes all pipes.
    """

    def __init__(self, plan: Plan) -> None:
        self.level = plan.level
        job_out, self._job = os.pipe()
        self._result, result_in = os.pipe()
        self._log, log_in = os.pipe()
        self._info, info_in = os.pipe()
        self._open = {self._job, self._result, self._log, self._info}
        self._first: int | None = None
        self._ready = self._handed = self._over = self._interrupted = False
        self._ending = threading.RLock()
        self._folder = ""
        self._process: subprocess.Popen | None = None
        kept = {name: os.environ[name] for name in ("LD_LIBRARY_PATH",) if name in os.environ}
        try:
            argv, self._folder = plan.command(job=job_out, result=result_in, info=info_in)
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log_in, stderr=log_in, pass_fds=(job_out, result_in, info_in),
                env=kept, cwd="/", start_new_session=True)
        except BaseException:
            self.close()
            raise
        finally:
            for descriptor in (job_out, result_in, log_in, info_in):
                os.close(descriptor)
        for descriptor in (self._result, self._log):
            os.set_blocking(descriptor, False)

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def ready(self) -> bool:
        """Whether it stands and waits for a program."""
        return self._ready or bool(select.select([self._result], [], [], 0)[0])

    @property
    def pid(self) -> int:
        """Of the process outside the jail that all others die with."""
        assert self._process is not None
        return self._process.pid

    def wait(self, seconds: float = READY_S) -> None:
        """Until the worker is ready. Raises Untaken, with the last it said, when it died or did not get so far."""
        if self._ready:
            return
        heard = _Heard(self._result, self._log, time.monotonic() + seconds, log_bytes=1 << 20)
        try:
            if heard.line() != b"ready":
                raise _Ended("crashed", "it said something else")
        except (_Ended, Unacceptable) as error:
            self._kill()
            said = heard.last_words() or str(error)
            self.close()
            raise Untaken(said) from None
        self._hold_first()
        self._ready = True

    def run(self, job: Job) -> Outcome:
        """The program's outcome. Raises Untaken when the worker was dead before it took the program."""
        start = time.monotonic()
        limits = job.limits
        heard = _Heard(self._result, self._log, start + limits.seconds, log_bytes=limits.log_bytes)
        try:
            self._hand_over(job, heard)
            try:
                heard.check()
                header, payload = self._listen(heard, job)
                solids, blend = read_solids(header, payload)
                heard.rest()
            except Unacceptable as error:
                return _outcome("output", heard, start, message=str(error))
            except _Ended as error:
                kind, message = self._cause(error, heard, limits, time.monotonic() - start)
                return _outcome(kind, heard, start, message=message)
            self._kill()
            return _result(header, solids, blend, heard, start)
        finally:
            self.close()

    def close(self) -> None:
        """Ends it, by the thread that uses it. Harmless when it is over."""
        with self._ending:
            self._kill()
            for descriptor in tuple(self._open):
                self._open.discard(descriptor)
                os.close(descriptor)
            if self._first is not None:
                os.close(self._first)
                self._first = None
            if self._folder:
                shutil.rmtree(self._folder, ignore_errors=True)
                self._folder = ""

    def interrupt(self) -> None:
        """Ends its processes, from any thread; the thread that uses it notices and closes it."""
        with self._ending:
            self._interrupted = True
            self._kill()

    def _hand_over(self, job: Job, heard: _Heard) -> None:
        self._handed = True
        limits = job.limits
        text = json.dumps({
            "program": job.program, "blend": job.blend, "memory": limits.memory, "cpu_seconds": limits.cpu_seconds,
            "threads": limits.threads + _others(), "objects": limits.objects, "vertices": limits.vertices,
            "triangles": limits.triangles, "blend_bytes": limits.blend_bytes,
        }).encode()
        until, heard.until = heard.until, time.monotonic() + TAKEN_S
        heard.log_bytes = 1 << 30  # the program's first words may arrive before the line that it was taken
        try:
            _write(self._job, len(text).to_bytes(4, "big") + text, heard.until)
            if heard.line() != b"taken":
                raise _Ended("crashed", "it said something else")
        except (OSError, _Ended, Unacceptable) as error:
            raise Untaken(heard.last_words() or str(error)) from None
        heard.until, heard.log_bytes = until + (time.monotonic() - (heard.until - TAKEN_S)), limits.log_bytes

    def _listen(self, heard: _Heard, job: Job) -> tuple[Header, bytearray]:
        size = int.from_bytes(heard.exactly(4), "big")
        if not 0 < size <= HEADER_BYTES:
            raise Unacceptable(f"its result cannot be read (a header of {size:,} bytes)")
        header = read_header(bytes(heard.exactly(size)), job.limits, blend=job.blend)
        return header, heard.exactly(header.size)

    def _cause(self, error: _Ended, heard: _Heard, limits: Limits, elapsed: float) -> tuple[Kind, str]:
        """Why a program ended without a result: from what stopped it, else from how its process ended.

        SIGKILL comes from the hard limit on processor time, or from a system that is short of memory.
        """
        if error.kind != "crashed":
            return error.kind, str(error)
        assert self._process is not None
        try:
            status = self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            return "crashed", "it closed the way out of the jail"
        heard.rest()
        if self._interrupted:
            return "crashed", WALL_CLOSED
        number = -status if status < 0 else status - 128
        long_enough = elapsed * (os.cpu_count() or 1) > limits.cpu_seconds
        if number == signal.SIGXCPU or (number == signal.SIGKILL and long_enough):
            return "timeout", f"more than {limits.cpu_seconds} s of processor time"
        if any(words in heard.log for words in _OUT_OF_MEMORY):
            return "memory", f"more than {limits.memory / (1 << 20):,.0f} MiB of memory, Blender's own included"
        if number == signal.SIGKILL:
            return "memory", "killed by the system, which was short of memory"
        if number in set(signal.Signals):
            return "crashed", f"Blender died of {signal.Signals(number).name}"
        return "crashed", f"it ended the process itself (exit status {status})"

    def _hold_first(self) -> None:
        """A handle on the first process of the jail, whose end the kernel reports after that of all others.

        Its number comes through a pipe that a program might write to: it is not read once one was handed over.
        """
        if self.level != JAIL or self._handed:
            return
        readable, _, _ = select.select([self._info], [], [], 0)
        said = os.read(self._info, 4096) if readable else b""
        with contextlib.suppress(ValueError, KeyError, OSError):
            self._first = os.pidfd_open(json.loads(said)["child-pid"])
            if not self.alive:  # then the number may be another's by now
                os.close(self._first)
                self._first = None

    def _kill(self) -> None:
        process = self._process
        if process is None or self._over:
            return
        if self._first is None:
            self._hold_first()
        if self._first is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._first, signal.SIGKILL)
            select.select([self._first], [], [], GONE_S)
        else:
            # No jail yet, or none wanted: the group, in which all are unless a program without a wall left it.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        try:
            process.wait(1.0 if self._first is not None else 0.0)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._over = True
        if self._first is None:
            self._wait_for_silence()

    def _wait_for_silence(self) -> None:
        """Until nobody holds the other end of the result's pipe: a jail that was just being made dies a moment later
        than the process that made it."""
        until = time.monotonic() + (GONE_S if self.level == JAIL else 0.2)
        while (left := until - time.monotonic()) > 0:
            readable, _, _ = select.select([self._result], [], [], left)
            if not readable:
                return
            with contextlib.suppress(BlockingIOError):
                if not os.read(self._result, _CHUNK):
                    return


class _Heard:
    """What comes out of a worker: its result, read as it is asked for, and its log, read along and bounded."""

    def __init__(self, result: int, log: int, until: float, *, log_bytes: int) -> None:
        self.until, self.log_bytes = until, log_bytes
        self._result, self._log_end = result, log
        self._selector = selectors.PollSelector()  # holds no descriptor of its own
        self._selector.register(result, selectors.EVENT_READ)
        self._selector.register(log, selectors.EVENT_READ)
        self._printed = 0
        self._head, self._tail = bytearray(), bytearray()

    @property
    def log(self) -> bytes:
        return bytes(self._head + self._tail)

    def line(self) -> bytes:
        text = bytearray()
        while not text.endswith(b"\n"):
            if len(text) > 64:
                raise Unacceptable("a line without end")
            text += self.exactly(1)
        return bytes(text[:-1])

    def exactly(self, count: int) -> bytearray:
        """Raises _Ended: the time is over, too much was printed, or the other side is gone."""
        data = bytearray(count)
        view, filled = memoryview(data), 0
        while filled < count:
            left = self.until - time.monotonic()
            if left <= 0:
                raise _Ended("timeout", CLOCK_OVER)
            for key, _ in self._selector.select(left):
                if key.fd == self._log_end:
                    self._listen_to_log()
                    continue
                try:
                    got = os.readv(self._result, [view[filled:]])
                except BlockingIOError:
                    continue
                if not got:
                    raise _Ended("crashed", "it ended without a result")
                filled += got
        return data

    def rest(self) -> None:
        """What is still in the log's pipe; too much of it is no fault any more."""
        with contextlib.suppress(_Ended, OSError, ValueError):
            while self._listen_to_log():
                pass

    def last_words(self) -> str:
        """What the log of a worker that is over ends with: of a traceback the error, of other words all of them."""
        self.rest()
        text = self.log_text().strip()
        return shorten(text.splitlines()[-1] if "Traceback (most" in text else text[-1000:], 1000)

    def log_text(self) -> str:
        cut = self._printed - len(self._head) - len(self._tail)
        parts = [self._head.decode("utf-8", "replace"), f"\n[… {cut:,} bytes …]\n" if cut else "",
                 self._tail.decode("utf-8", "replace")]
        return "".join(one for one in "".join(parts) if one.isprintable() or one in "\n\t")

    def _listen_to_log(self) -> int:
        try:
            data = os.read(self._log_end, _CHUNK)
        except BlockingIOError:
            return 0
        if not data and self._log_end in self._selector.get_map():
            self._selector.unregister(self._log_end)
        self._printed += len(data)
        room = LOG_HEAD - len(self._head)
        self._head += data[:room]
        self._tail = (self._tail + data[room:])[-LOG_TAIL:] if len(data) > room else self._tail
        self.check()
        return len(data)

    def check(self) -> None:
        if self._printed > self.log_bytes:
            raise _Ended("output", f"more than {self.log_bytes:,} bytes printed")


def _result(header: Header, solids: tuple[Solid, ...], blend: bytes, heard: _Heard, start: float) -> Outcome:
    message = " ".join("".join(one if one.isprintable() else " " for one in header.message).split())
    if header.kind != "ran":
        return _outcome(header.kind, heard, start, message=message, line=header.line)
    try:
        parts, glb = tuple(map(report_on, solids)), write_glb(solids)
    except (ValueError, ArithmeticError, IndexError) as error:  # a mesh made to upset us is its program's failure
        return _outcome("output", heard, start, message=f"its meshes cannot be measured ({shorten(str(error))})")
    return _outcome("ran", heard, start, parts=parts, glb=glb, blend=blend)


def _outcome(kind: Kind, heard: _Heard, start: float, **fields) -> Outcome:
    return Outcome(kind, log=heard.log_text(), seconds=time.monotonic() - start, **fields)


def _write(descriptor: int, data: bytes, until: float) -> None:
    """A job is longer than a pipe may hold, and a dead reader must not hold us up."""
    os.set_blocking(descriptor, False)
    while data:
        _, writable, _ = select.select([], [descriptor], [], max(until - time.monotonic(), 0))
        if not writable:
            raise TimeoutError("the worker does not read")
        data = data[os.write(descriptor, data):]


def _others(release: Callable[[], str] = lambda: os.uname().release) -> int:
    """Threads of ours that a jail's limit would count: none where the kernel counts by user namespace (since 5.14), or
    where we are root and the jail has a user of its own."""
    version = tuple(int("".join(filter(str.isdigit, part)) or 0) for part in release().split(".")[:2])
    if version >= (5, 14) or os.getuid() == 0:
        return 0
    count = 0
    for name in os.listdir("/proc"):
        with contextlib.suppress(OSError):
            if name.isdigit() and os.stat(f"/proc/{name}").st_uid == os.getuid():
                count += len(os.listdir(f"/proc/{name}/task"))
    return count
