"""JSON lines: a file that grows by whole lines, from many threads and processes, and survives a kill.

A line counts once its line feed is written. A half last line is dropped on reading and cut on the next append.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from easel.errors import EaselError


class DamagedFile(EaselError, ValueError):
    """A file that only this project writes cannot be read."""


def canonical(value: Any) -> str:
    """JSON text that is the same for equal values: sorted keys, no spaces, no nan.

    Raises DamagedFile for what JSON cannot hold.
    """
    try:
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError) as error:
        raise DamagedFile("a value that JSON can hold (no nan, no objects)", came=str(error)) from error


def append(path: Path, *lines: str) -> None:
    """Add lines (without line feeds) in one write, under a lock that a dead process cannot keep."""
    data = "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogatepass")
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        end = _whole(handle)
        os.ftruncate(handle, end)
        os.lseek(handle, end, os.SEEK_SET)
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view):]
    finally:
        os.close(handle)


def _whole(handle: int) -> int:
    """Length of the file up to and with its last line feed."""
    end = os.fstat(handle).st_size
    while end:
        begin = max(0, end - 4096)
        block = os.pread(handle, end - begin, begin)
        feed = block.rfind(b"\n")
        if feed >= 0:
            return begin + feed + 1
        end = begin
    return 0


def read(path: Path) -> list[dict[str, Any]]:
    """All whole lines in order; [] without a file. Raises DamagedFile for a whole line that is not an object."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        return []
    rows = []
    for number, line in enumerate(data.split(b"\n")[:-1], 1):
        try:
            row = json.loads(line.decode("utf-8", "surrogatepass"))
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise DamagedFile(
                "a JSON object", came=repr(line[:60]), where=f"{Path(path).name} line {number}",
                mend="The file was edited or damaged; remove that line.",
            )
        rows.append(row)
    return rows


def write_whole(path: Path, data: bytes, *, durable: bool = True) -> None:
    """Replace a file by a rename, so that a reader sees the old or the new one and never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with open(temporary, "wb") as file:
            file.write(data)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def held(lock: Path) -> Iterator[None]:
    """Hold a lock file among all processes on this file system; a dead process cannot keep it.

    Raises BlockingIOError while somebody holds it.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    finally:
        os.close(handle)


def is_held(lock: Path) -> bool:
    """Whether somebody holds the lock file; one that is not there is free."""
    try:
        handle = os.open(lock, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return False
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
