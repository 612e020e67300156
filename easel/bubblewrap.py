"""Bubblewrap: whether it can start a jail on this machine, else the cause that was found and what mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

NOBODY = 65534
TRIAL = ("--unshare-all", "--unshare-user", "--die-with-parent", "--ro-bind", "/", "/", "true")
"""A jail with every namespace of the real one, and nothing in it."""
DISPOSABLE = "or, where this machine may be lost, choose `disposable-machine` by name"

_INSTALL = "sudo apt-get install -y bubblewrap"
_SWITCHES = (
    ("kernel/apparmor_restrict_unprivileged_userns", lambda value: value == "1",
     "AppArmor restricts user namespaces", "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
    ("kernel/unprivileged_userns_clone", lambda value: value == "0",
     "the kernel keeps user namespaces for root", "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    ("user/max_user_namespaces", lambda value: value == "0",
     "this machine allows 0 user namespaces", "sudo sysctl -w user.max_user_namespaces=15000"),
)
"""File below /proc/sys, when it forbids jails, cause, command. Ubuntu 24.04, old Debian, hardened hosts."""


@dataclass(frozen=True)
class Trial:
    """ready : bwrap at `path` started a jail; otherwise `cause` says why not and `mend` what to do."""

    ready: bool
    path: str = ""
    cause: str = ""
    mend: str = ""


def try_bubblewrap(
    *,
    which: Callable[[str], str | None] = shutil.which,
    run: Callable[[list[str]], tuple[int, str]] | None = None,
    platform: str = sys.platform,
    root: bool | None = None,
    system: Path = Path("/"),
) -> Trial:
    """Starts an empty jail the way shapecraft does: as root under another user, because root's own says little.

    which, run, platform, root, system : the machine that is looked at; a test passes its own
    """
    root = os.getuid() == 0 if root is None else root
    if not platform.startswith("linux"):
        return Trial(False, cause=f"bubblewrap is a Linux program, this is {platform}",
                     mend=f"Work on Linux, in a virtual machine for instance, {DISPOSABLE}.")
    path = which("bwrap")
    if path is None:
        return Trial(False, cause="no bwrap", mend=_INSTALL)
    command = [path, *TRIAL]
    if root and (setpriv := which("setpriv")):
        command = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
    status, said = (run or _run)(command)
    return Trial(True, path) if status == 0 else explain(said, path=path, system=system)


def explain(said: str, *, path: str = "bwrap", system: Path = Path("/")) -> Trial:
    """Why bubblewrap failed with these words on a machine with this /proc: the first cause that is found there."""
    words = " ".join(said.split())[:160] or "no word of it"
    for name, forbids, cause, mend in _SWITCHES:
        try:
            value = (system / "proc/sys" / name).read_text().strip()
        except OSError:
            continue
        if forbids(value):
            return Trial(False, path, f"{cause}; bwrap says: {words}", mend)
    if any((system / mark).exists() for mark in (".dockerenv", "run/.containerenv")):
        return Trial(False, path, f"this container forbids namespaces; bwrap says: {words}",
                     f"docker run --security-opt seccomp=unconfined --security-opt apparmor=unconfined …, {DISPOSABLE}")
    return Trial(False, path, f"bwrap is here, but: {words}",
                 f"A host that allows user namespaces (try: {' '.join(('bwrap', *TRIAL))}), {DISPOSABLE}")


def _run(command: list[str]) -> tuple[int, str]:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 127, str(error)
    return done.returncode, (done.stdout + done.stderr).strip()
