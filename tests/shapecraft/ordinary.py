"""An ordinary user for tests that run as root: a user id without rights, to whom what the tests need is readable.

    python tests/shapecraft/ordinary.py COMMAND…       as root

Homes are often closed to others (root's, with the interpreter in it). In a mount namespace of its own, an empty folder
covers such a home, and in it only the folders that are needed appear, under their own paths.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
USER = 64_123
"""A user id that no account has."""
CLONE_NEWNS = 0x00020000
MS_BIND, MS_REC, MS_PRIVATE = 0x1000, 0x4000, 0x40000


def needed() -> list[Path]:
    sys.path.insert(0, str(REPOSITORY))
    from shapecraft.blender_interpreter import find_blender

    blender = find_blender()
    return [REPOSITORY, Path(sys.base_prefix), Path(sys.prefix), blender.base, blender.site, blender.command.parent.parent]


def closed_above(path: Path) -> Path | None:
    """The topmost folder on the way to the path that others may not enter."""
    return next((one for one in [*reversed(path.parents), path] if not one.stat().st_mode & 0o001), None)


def main(command: list[str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
        if libc.mount(source.encode(), target.encode(), kind.encode(), ctypes.c_ulong(flags), data.encode()) != 0:
            raise OSError(ctypes.get_errno(), f"mounting {target}")

    paths = sorted(set(needed()))
    if libc.unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "a mount namespace")
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    hidden: dict[Path, list[Path]] = {}
    for path in paths:
        if closed := closed_above(path):
            hidden.setdefault(closed, []).append(path)
    for closed, inside in hidden.items():
        held = [(os.open(path, os.O_PATH), path) for path in inside]
        mount("tmpfs", str(closed), "tmpfs", 0, "size=64k,mode=755")
        for descriptor, path in held:
            path.mkdir(parents=True, exist_ok=True)
            mount(f"/proc/self/fd/{descriptor}", str(path), "", MS_BIND)
            os.close(descriptor)
    os.setgroups([])
    os.setresgid(USER, USER, USER)
    os.setresuid(USER, USER, USER)
    os.chdir(REPOSITORY)
    os.environ |= {"HOME": "/nonexistent", "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    os.execv(command[0], command)


if __name__ == "__main__":
    main(sys.argv[1:])
