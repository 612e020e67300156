"""Launcher of a jail: gives up root for a user id of its own, then becomes bubblewrap. Runs outside the jail, as us.

    launch.py PLAN      PLAN is JSON: {"argv": [...], "descriptors": [...], "binds": [[from, name], ...], "stage": path}

What bubblewrap inherits has the same numbers every time, 3 and up, in the order of `descriptors`.

As root it makes a mount namespace in which the folders of `binds` also lie under STAGE, because the new user may not
walk through ours (a home is closed to others); for anybody else `binds` must be empty, and that step is left out.
The user id is the base below plus our own process id, so that no two living jails share one and a limit on its
processes counts one jail. Standard library only: it starts with -I -S.
"""

import ctypes
import fcntl
import json
import os
import sys

UID_BASE = 1_879_048_192
"""First of the ids that systemd's table of user ids leaves to nobody; process ids stay below 2^22."""
ADDR_NO_RANDOMIZE = 0x0040000
CLONE_NEWNS = 0x00020000
MS_NOSUID, MS_NODEV, MS_BIND, MS_REC, MS_PRIVATE = 0x2, 0x4, 0x1000, 0x4000, 0x40000


def main() -> None:
    plan = json.loads(sys.argv[1])
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("1000")  # where memory ends, jails go first
    os.umask(0o077)
    # Blender's results depend on where things lie in memory. Where a container forbids this, last digits differ.
    ctypes.CDLL(None).personality(ctypes.c_ulong(ADDR_NO_RANDOMIZE))
    held = [fcntl.fcntl(one, fcntl.F_DUPFD, 100) for one in plan["descriptors"]]
    for one in plan["descriptors"]:
        os.close(one)
    os.closerange(3, 100)
    for number, one in enumerate(held, 3):
        os.dup2(one, number)
        os.close(one)
    argv = plan["argv"]
    if os.getuid() == 0:
        try:
            _stage(plan["stage"], plan["binds"])
        except PermissionError:  # root of a container that may not mount: the folders under their own names
            own = {f"{plan['stage']}/{name}": source for source, name in plan["binds"]}
            argv = [own.get(word, word) for word in argv]
        user = _user_id()
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    os.execve(argv[0], argv, {})


def _stage(stage: str, binds: list) -> None:
    libc = ctypes.CDLL(None, use_errno=True)

    def mount(source: str, target: str, kind: str, flags: int, data: str = "") -> None:
        words = source.encode(), target.encode(), kind.encode()
        if libc.mount(*words, ctypes.c_ulong(flags), data.encode()) != 0:
            error = ctypes.get_errno()
            raise OSError(error, f"mounting {target}: {os.strerror(error)}")

    if libc.unshare(CLONE_NEWNS) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"a mount namespace of our own: {os.strerror(error)}")
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    # The links are followed before the stage may cover what they lead through.
    held = [(os.open(source, os.O_PATH), os.path.isdir(source), name) for source, name in binds]
    mount("tmpfs", stage, "tmpfs", MS_NOSUID | MS_NODEV, "size=64k,mode=755")
    for descriptor, folder, name in held:
        target = f"{stage}/{name}"
        if folder:
            os.mkdir(target, 0o755)
        else:
            os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o644))
        mount(f"/proc/self/fd/{descriptor}", target, "", MS_BIND)
        os.close(descriptor)
    os.chmod(stage, 0o755)


def _user_id() -> int:
    """An id that nobody else has. In a container only some ids exist: there the last ones below 60,000 are taken."""
    wanted = UID_BASE + os.getpid()
    with open("/proc/self/uid_map") as table:
        ranges = [(int(first), int(count)) for first, _, count in (line.split() for line in table)]
    if any(first <= wanted < first + count for first, count in ranges):
        return wanted
    for first, count in reversed(ranges):
        last = min(first + count, 60_000)
        if last - first > 20_000:
            return last - 1 - os.getpid() % 20_000
    raise OSError("this container has no user ids to give a jail one of its own")


if __name__ == "__main__":
    main()
