"""Runs every attack program against the wall, each followed by an honest one, and tells what came of it.

    python -m tests.shapecraft.attacking FILE EVERY     as the user who calls it; FILE gets JSON

Secrets are planted outside first: a variable, a file, a listener on the loopback, sockets, a process. Several attacks run
at once, as several Coders' programs do.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

from easel.bubblewrap import try_bubblewrap
from shapecraft.blender_interpreter import find_blender
from shapecraft.jail import Jail
from shapecraft.jail_plan import JailPlan
from shapecraft.jail_pool import JailPool
from shapecraft.outcome import Job
from shapecraft.worker.launch import UID_BASE
from tests.shapecraft.attacks import ATTACKS

SECRET = "planted-secret-word"
HONEST = "import bpy\nbpy.ops.mesh.primitive_cube_add(size=2)\nbpy.context.object.name = 'honest'\n"
AT_ONCE = 3


def attack_all(every: int = 1) -> dict:
    """{"attacks": {name: {...}}, "left": [...], "outside": [...], "connections": n, "stocked": n, "uid": n}

    every : an honest program follows every so manyth attack, on the same thread
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        words, connections = _plant(folder, stack)
        users: list[int] = []

        def start(plan) -> Jail:
            jail = Jail(plan)
            users.append(UID_BASE + jail.pid)
            return jail

        pool = JailPool(JailPlan(try_bubblewrap().path, find_blender()), AT_ONCE, start=start)
        stack.callback(pool.close)

        def one(numbered) -> tuple[str, dict]:
            number, attack = numbered
            program = attack.program
            for word, value in words.items():
                program = program.replace(word, value)
            outcome = pool.run(Job(program, attack.name, attack.limits, attack.blend))
            honest = pool.run(Job(HONEST, "honest")) if number % every == 0 else None
            return attack.name, {
                "kind": outcome.kind, "message": outcome.message, "log": outcome.log, "seconds": outcome.seconds,
                "parts": [(part.name, part.low, part.high, part.faces) for part in outcome.parts], "glb": len(outcome.glb),
                "blend": SECRET.encode() in outcome.blend,
                "honest": (honest.kind, [(part.name, part.faces, part.volume) for part in honest.parts], honest.log)
                if honest else None,
            }

        with ThreadPoolExecutor(AT_ONCE) as threads:
            told = dict(threads.map(one, enumerate(ATTACKS)))
        stocked = pool.stocked
        pool.close()
        return {"attacks": told, "left": _left(users) and (time.sleep(1.0) or _left(users)), "stocked": stocked, "uid": os.getuid(),
                "outside": sorted(path.name for path in (folder / "outside").iterdir()), "connections": len(connections)}


def _plant(folder: Path, stack: ExitStack) -> tuple[dict[str, str], list]:
    os.environ["SHAPECRAFT_PLANTED"] = SECRET
    folder.chmod(0o755)
    (folder / "secret.txt").write_text(SECRET)
    (folder / "outside").mkdir()
    (folder / "outside").chmod(0o777)
    connections: list = []
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    abstract = stack.enter_context(socket.socket(socket.AF_UNIX))
    abstract.bind(f"\0shapecraft-planted-{os.getpid()}")
    named = stack.enter_context(socket.socket(socket.AF_UNIX))
    named.bind(str(folder / "socket"))
    (folder / "socket").chmod(0o777)
    for one in (listener, abstract, named):
        one.listen()
        one.settimeout(0.2)
        threading.Thread(target=_count, args=(one, connections), daemon=True).start()
    sleeper = subprocess.Popen(["sleep", "600"])
    stack.callback(sleeper.wait)
    stack.callback(sleeper.kill)
    home = os.environ.get("HOME", "/root")
    words = {"PLANTED_FILE": str(folder / "secret.txt"), "PLANTED_SOCKET": str(folder / "socket"), "HOME_FOLDER": home,
             "OUTSIDE": str(folder / "outside"), "REPO": str(Path(__file__).resolve().parents[2]),
             "PORT": str(listener.getsockname()[1]), "PARENT": str(os.getpid())}
    return words, connections


def _count(listener: socket.socket, connections: list) -> None:
    while listener.fileno() >= 0:
        try:
            connections.append(listener.accept())
        except TimeoutError:
            continue
        except OSError:
            return


def _left(users: list[int]) -> list[str]:
    """Processes of the jails that are still there: by their own user ids, or, for an ordinary user, by what they run."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if not entry.name.isdigit():
                continue
            uid, command = entry.stat().st_uid, (entry / "cmdline").read_bytes()
            mine = uid in users if os.getuid() == 0 else uid == os.getuid() and b"/worker/main.py" in command
            if mine and "State:\tZ" not in (entry / "status").read_text():
                found.append(f"{entry.name} {command[:80]!r}")
        except OSError:
            continue
    return found


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(attack_all(int(sys.argv[2]))))
