"""Seal of a jail, from inside: a sized job folder, no capabilities, no system calls but those that modelling needs.

Runs in Blender's interpreter before Blender is imported, while there is one thread and no foreign text. `seal` is the
first half; `close` the second, just before a program starts: limits, then a stricter filter over every thread.

The filter is an allow-list for x86-64 Linux, the only Linux that Blender's module is built for. No process, no program
to execute, no socket, no shared memory outside the address space, no namespaces, no tracing, no keyrings.
"""

import ctypes
import os
import resource
import struct

FOLDER = "/job"
FOLDER_BYTES = 64 << 20
"""Size of the job folder (ours): the .blend file of a large part takes under 10 MB."""
FOLDER_FILES = 4096
"""Files and folders in it (ours). A size alone does not bound the memory that empty files take."""
OPEN_FILES = 256
FILE_BYTES = FOLDER_BYTES

ALLOWED = (
    # files by descriptor and by path
    (0, 8), (16, 21), (32, 33), (40, 40), (72, 91), (95, 95), (132, 132), (137, 138), (187, 187), (191, 196),
    (217, 217), (221, 221), (235, 235), (257, 258), (262, 269), (280, 280), (285, 285), (292, 293), (295, 296),
    (316, 316), (326, 328), (332, 332), (436, 437), (439, 439),
    # memory
    (9, 12), (25, 26), (28, 28),
    # signals, threads, waiting
    (13, 15), (22, 24), (34, 38), (60, 61), (127, 128), (130, 131), (158, 158), (186, 186), (202, 204), (213, 213),
    (218, 219), (231, 234), (270, 271), (273, 274), (281, 281), (284, 284), (290, 291), (324, 324), (334, 334),
    # asking
    (39, 39), (63, 63), (96, 100), (102, 102), (104, 104), (107, 108), (110, 111), (115, 115), (118, 118), (120, 121),
    (124, 124), (140, 140), (143, 143), (145, 147), (201, 201), (228, 230), (309, 309), (315, 315), (318, 318),
)
"""(first, last) system call numbers of x86-64 that are let through as they are."""
CLONE, PRCTL, PRLIMIT, SECCOMP = 56, 157, 302, 317
CLONE_THREAD = 0x10000
CLONE_NEW = 0x7E020080
"""Every CLONE_NEW* flag: cgroup, user, pid, net, uts, ipc, mount, time."""
NAMING = (15, 16, 0x53564D41)
"""prctl: PR_SET_NAME, PR_GET_NAME, PR_SET_VMA, which only put names on threads and memory."""
LAST_KNOWN = 334
"""Above it stand calls newer than 2018; libraries ask for them and go on without when they do not exist."""

_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_EPERM, _ENOSYS = 0x00050000 | 1, 0x00050000 | 38
_X86_64, _X32 = 0xC000003E, 0x40000000
_LOAD, _EQUAL, _ABOVE, _FROM, _BITS, _RETURN = 0x20, 0x15, 0x25, 0x35, 0x45, 0x06
_PR_SET_DUMPABLE, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 4, 38, 47
_TSYNC = 1

_libc = ctypes.CDLL(None, use_errno=True)


def seal() -> None:
    """Sizes the job folder, gives up every capability, and leaves the system calls of `program(closed=False)`."""
    _mount_folder()
    _drop_capabilities()
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))  # 1 and not 0: a core of 0 still goes to a crash collector
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (FILE_BYTES, FILE_BYTES))
    resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0))
    resource.setrlimit(resource.RLIMIT_MSGQUEUE, (0, 0))
    _check(_libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl(PR_SET_DUMPABLE)")
    _check(_libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl(PR_SET_NO_NEW_PRIVS)")
    _load(program(closed=False))


def close(*, memory: int, cpu_seconds: int, threads: int) -> None:
    """The limits of one program, none of which it can lift: the filter of `program(closed=True)` follows.

    memory : bytes of address space; cpu_seconds : from now on; threads : of the process
    """
    limit(memory=memory, cpu_seconds=cpu_seconds)
    resource.setrlimit(resource.RLIMIT_NPROC, (threads, threads))
    _load(program(closed=True))


def limit(*, memory: int, cpu_seconds: int) -> None:
    """Memory and processor time only, which need no jail."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + 1 + cpu_seconds
    resource.setrlimit(resource.RLIMIT_CPU, (until, until + 1))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))


def program(*, closed: bool) -> bytes:
    """The filter, as the kernel's array of `struct sock_filter`.

    closed : False lets a seal finish its work (`prctl`, `prlimit64`, `seccomp`); True is what a foreign program meets
    """
    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("HBBI", code, yes, no, value)

    def argument(number: int, *, high: bool = False) -> bytes:
        return step(_LOAD, 16 + 8 * number + 4 * high)

    def when(call: int, *then: bytes) -> list[bytes]:
        """Steps for one call; whatever does not return among them goes on with EPERM."""
        body = [*then, step(_RETURN, _EPERM)]
        return [step(_EQUAL, call, 0, len(body)), *body]

    allow = step(_RETURN, _ALLOW)
    steps = [step(_LOAD, 4), step(_EQUAL, _X86_64, 1, 0), step(_RETURN, _KILL),
             step(_LOAD, 0), step(_FROM, _X32, 0, 1), step(_RETURN, _ENOSYS)]
    for first, last in ALLOWED:
        steps += [step(_FROM, first, 0, 2), step(_ABOVE, last, 1, 0), allow]
    steps += when(CLONE, argument(0), step(_BITS, CLONE_NEW, 2, 0), step(_BITS, CLONE_THREAD, 0, 1), allow)
    if closed:
        steps += when(PRCTL, argument(0), *(one for name in NAMING for one in (step(_EQUAL, name, 0, 1), allow)))
        # Asking for a limit passes no new one.
        steps += when(PRLIMIT, argument(2), step(_EQUAL, 0, 0, 3), argument(2, high=True), step(_EQUAL, 0, 0, 1), allow)
    else:
        for call in (PRCTL, PRLIMIT, SECCOMP):
            steps += when(call, allow)
    steps += [step(_ABOVE, LAST_KNOWN, 0, 1), step(_RETURN, _ENOSYS), step(_RETURN, _EPERM)]
    return b"".join(steps)


def _mount_folder() -> None:
    size = f"size={FOLDER_BYTES},nr_inodes={FOLDER_FILES},mode=700"
    flags = 0x2 | 0x4 | 0x8  # no set-uid, no devices, nothing to execute
    _check(_libc.mount(b"tmpfs", FOLDER.encode(), b"tmpfs", ctypes.c_ulong(flags), size.encode()),
           "mounting the job folder")
    os.chdir(FOLDER)


def _drop_capabilities() -> None:
    _check(_libc.prctl(_PR_CAP_AMBIENT, 4, 0, 0, 0), "clearing the ambient capabilities")
    header = struct.pack("Ii", 0x20080522, 0)
    _check(_libc.capset(header, bytes(24)), "giving up capabilities")
    seen = ctypes.create_string_buffer(24)
    _check(_libc.capget(header, seen), "reading capabilities")
    if any(seen.raw):
        raise OSError(f"capabilities are left: {seen.raw.hex()}")


def _load(filters: bytes) -> None:
    array = ctypes.create_string_buffer(filters, len(filters))
    pointer = struct.pack("HxxxxxxP", len(filters) // 8, ctypes.addressof(array))
    _check(_libc.syscall(ctypes.c_long(SECCOMP), ctypes.c_ulong(1), ctypes.c_ulong(_TSYNC), pointer),
           "loading the filter of system calls")


def _check(result: int, what: str) -> None:
    if result != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{what}: {os.strerror(error) if result < 0 else f'thread {result} has another filter'}")
