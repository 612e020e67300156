"""Attack programs: what each tries, and what must come of it. Run by `attacking.py`, judged by `test_attacks.py`.

A program begins with PRELUDE. It calls `attempt(name, function)`: what the function returns, if it is neither None nor
False, is loot. `done()` prints "LOOT []" when there is none, which proves that the program came to its end empty-handed.
Words in capitals (PLANTED_FILE, PORT, PARENT, …) are replaced by what `attacking.py` planted outside the wall.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from shapecraft.outcome import Limits

MIB = 1 << 20
QUICK = Limits(seconds=8.0, cpu_seconds=6)
BRIEF = Limits(seconds=1.0, cpu_seconds=4)

PRELUDE = """
import os, sys
loot = []
def attempt(name, function, *arguments):
    try:
        found = function(*arguments)
    except BaseException as error:
        print("held", name, type(error).__name__, error)
        return None
    if found is not None and found is not False:
        loot.append((name, repr(found)[:200]))
    return found
def done():
    print("LOOT", loot)
def text(path):
    with open(path, "rb") as file:
        return file.read(200)
def libc():
    import ctypes
    one = ctypes.CDLL(None, use_errno=True)
    one.syscall.restype = ctypes.c_long
    return one
def syscall(number, *arguments):
    import ctypes
    result = libc().syscall(ctypes.c_long(number), *[ctypes.c_long(a) if isinstance(a, int) else a for a in arguments])
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result
"""

FORGE = """
import json, struct
def descriptors():
    for number in range(256):
        try:
            os.fstat(number)
        except OSError:
            continue
        yield number
def everywhere(data):
    for number in descriptors():
        if number > 2:
            attempt(f"writing {number}", lambda: os.write(number, data) and None)
def framed(header):
    body = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack(">I", len(body)) + body
GREY = {"name": "x", "base": [1, 1, 1, 1], "metallic": 0, "roughness": 1, "emission": [0, 0, 0]}
def entry(vertices, triangles, **more):
    return {"name": "forged", "vertices": vertices, "triangles": triangles, "uv": False, "materials": [GREY], **more}
"""


@dataclass(frozen=True)
class Attack:
    """kinds : the outcomes that are right; says : words that stand in message or log; empty : "LOOT []" was printed"""

    name: str
    program: str
    kinds: tuple[str, ...] = ("empty",)
    says: str = ""
    empty: bool = True
    limits: Limits = field(default=QUICK)
    blend: bool = False


ATTACKS: list[Attack] = []


def attack(name: str, program: str, *kinds: str, ends: bool = True, **more) -> None:
    """One more. ends : the program reaches its end, and must have found nothing"""
    body = program.strip("\n") + ("\ndone()\n" if ends else "\n")
    ATTACKS.append(Attack(name, PRELUDE + body, kinds or ("empty",), empty=ends, **more))


# --- network -----------------------------------------------------------------------------------------------------------
attack("tcp to a listener of the host", """
import socket
attempt("connect", lambda: socket.create_connection(("127.0.0.1", PORT), 1))
attempt("connect6", lambda: socket.create_connection(("::1", PORT), 1))
""")
attack("name lookup", """
import socket
attempt("lookup", lambda: socket.getaddrinfo("localhost", 80))
attempt("lookup", lambda: socket.gethostbyname("example.org"))
""")
attack("http by urllib", """
import urllib.request
attempt("get", lambda: urllib.request.urlopen("http://127.0.0.1:PORT/", timeout=1).read())
""")
attack("abstract and named unix sockets", """
import socket
for address in ("\\0shapecraft-planted-PARENT", "PLANTED_SOCKET", "/run/dbus/system_bus_socket", "/var/run/docker.sock"):
    attempt(address, lambda: socket.socket(socket.AF_UNIX).connect(address) or "connected")
""")
attack("sockets of every family", """
import socket
for family in range(46):
    for kind in (1, 2, 3):
        attempt(f"{family} {kind}", socket.socket, family, kind)
attempt("pair", socket.socketpair)
""")
attack("a server of its own", """
import socket
attempt("listen", lambda: socket.create_server(("0.0.0.0", 0)))
""")

# --- environment and other processes -------------------------------------------------------------------------------------
attack("environment", """
known = {"HOME", "TMPDIR", "LANG", "OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "LD_LIBRARY_PATH", "PYTHONHASHSEED", "PWD", "LC_CTYPE",
         "PXR_MTLX_STDLIB_SEARCH_PATHS", "MATERIALX_SEARCH_PATH"}  # the last two are set by Blender
attempt("names", lambda: set(os.environ) - known or None)
attempt("planted", lambda: "planted" in repr(os.environ))
import ctypes
environ = ctypes.POINTER(ctypes.c_char_p).in_dll(ctypes.CDLL(None), "environ")
n = 0
while environ[n]:
    attempt("C", lambda: b"planted" in environ[n])
    n += 1
""")
attack("environment in /proc", """
for one in ("self", "1", "2", "PARENT", "thread-self"):
    for what in ("environ", "cmdline", "status", "maps", "mem", "root", "cwd"):
        attempt(f"{one} {what}", lambda: text(f"/proc/{one}/{what}"))
attempt("list", lambda: os.listdir("/proc"))
""")
attack("a /proc of its own", """
os.mkdir("/job/proc")
attempt("mount", lambda: syscall(165, b"proc", b"/job/proc", b"proc", 0, 0))
attempt("list", lambda: os.listdir("/job/proc") or None)
""")
attack("memory of other processes", """
import ctypes
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
box = ctypes.create_string_buffer(64)
mine, theirs = Vector(ctypes.addressof(box), 64), Vector(0x400000, 64)
for pid in (*range(1, 8), os.getppid(), PARENT):
    attempt(f"read {pid}", lambda: syscall(310, pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0))
    attempt(f"write {pid}", lambda: syscall(311, pid, ctypes.byref(mine), 1, ctypes.byref(theirs), 1, 0))
""")
attack("ptrace", """
for pid in (*range(1, 8), os.getppid(), PARENT):
    attempt(f"attach {pid}", lambda: syscall(101, 16, pid, 0, 0))
    attempt(f"seize {pid}", lambda: syscall(101, 0x4206, pid, 0, 0))
attempt("traceme", lambda: syscall(101, 0, 0, 0, 0))
""")
attack("descriptors of other processes", """
for pid in (1, 2, os.getpid(), PARENT):
    attempt(f"pidfd {pid}", lambda: syscall(434, pid, 0))
attempt("getfd", lambda: syscall(438, 3, 0, 0))
attempt("kcmp", lambda: syscall(312, 1, 2, 0, 0, 0))
""")
attack("kill everything", """
import signal
attempt("all", lambda: os.kill(-1, signal.SIGKILL) or "sent")
attempt("group", lambda: os.killpg(0, signal.SIGKILL) or "sent")
""")
attack("signals to the parent and the first process", """
import signal
for pid in (1, os.getppid(), PARENT, PARENT + 1):
    for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGSTOP, 0):
        attempt(f"kill {pid}", lambda: os.kill(pid, number) or "sent")
attempt("queue", lambda: syscall(129, PARENT, 9, 0))
""")
attack("threads of others by tgkill", """
import signal
# The first process of the jail gets no signal that it has no handler for; others are not to be seen.
for pid in (PARENT, PARENT + 1, 3, 4, 5):
    attempt(f"tgkill {pid}", lambda: syscall(234, pid, pid, 9) or "sent")
syscall(234, 1, 1, 9)
import time
time.sleep(0.2)
""")
attack("prctl", """
PR = {"pdeathsig": (1, 0), "dumpable": (4, 1), "ptracer": (0x59616D61, PARENT), "keepcaps": (8, 1), "seccomp": (22, 0),
      "subreaper": (36, 1), "ambient": (47, 2, 21), "mm": (35, 8), "securebits": (28, 0), "bset": (24, 0)}
for name, arguments in PR.items():
    attempt(name, lambda: syscall(157, *arguments, *[0] * (5 - len(arguments))) or "done")
""")
attack("priorities and limits of others", """
import resource
attempt("prlimit", lambda: resource.prlimit(PARENT, resource.RLIMIT_NOFILE, (4, 4)) and "done")
attempt("priority", lambda: os.setpriority(os.PRIO_PROCESS, PARENT, 19) or "done")
attempt("group", lambda: os.getpgid(PARENT))
attempt("scheduler", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1)) or "done")
attempt("affinity", lambda: os.sched_getaffinity(PARENT))
""")

# --- files ----------------------------------------------------------------------------------------------------------------
attack("homes", """
for path in ("HOME_FOLDER", "/root", "/home", "/Users", "/root/.ssh", "/root/.bashrc", "/var/lib", "/opt", "/srv", "/mnt"):
    attempt(path, lambda: os.listdir(path))
    attempt(path, lambda: os.stat(path))
import pathlib
attempt("home", lambda: [str(one) for one in pathlib.Path.home().iterdir() if not one.name.startswith(".") and
                         one.name not in {"config"} and "blender" not in one.name] or None)
""")
attack("the repository", """
for path in ("REPO", "REPO/pyproject.toml", "REPO/.git/config", "REPO/shapecraft/wall.py"):
    attempt(path, lambda: os.stat(path))
    attempt(path, lambda: text(path))
""")
attack("files of the system", """
for path in ("/etc/passwd", "/etc/shadow", "/etc/hostname", "/etc/resolv.conf", "/etc/machine-id", "/var/log", "/boot",
             "/run", "/usr/bin", "/bin/sh", "/usr/share", "/usr/local", "/usr/src"):
    attempt(path, lambda: os.stat(path))
""")
attack("a planted file by many ways", """
path = "PLANTED_FILE"
up = "/".join([".."] * 12)
for one in (path, f"/blender/site/{up}{path}", f"/worker/{up}{path}", f"/job/{up}{path}", f"/tmp{path}",
            f"/oldroot{path}", f"/newroot{path}", f"/usr/lib/{up}{path}"):
    attempt(one, lambda: text(one))
""")
attack("writing outside the job folder", """
for folder in ("/", "/usr", "/usr/lib", "/lib", "/etc", "/dev", "/blender", "/blender/site", "/blender/site/bpy",
               "/worker", "/parts", "/parts/shapes", "/var", "/run"):
    attempt(folder, lambda: open(folder + "/mark", "w").write("x"))
    attempt(folder, lambda: os.mkdir(folder + "/marked") or "made")
    attempt(folder, lambda: os.symlink("/job", folder + "/link") or "made")
""")
attack("changing our worker", """
for path in ("/worker/main.py", "/worker/seal.py", "/parts/shapes/__init__.py", "/blender/site/bpy/__init__.so"):
    attempt("open", lambda: open(path, "r+b"))
    attempt("chmod", lambda: os.chmod(path, 0o777) or "done")
    attempt("move", lambda: os.rename(path, path + "x") or "done")
    attempt("remove", lambda: os.unlink(path) or "done")
    attempt("cut", lambda: os.truncate(path, 0) or "done")
    attempt("times", lambda: os.utime(path) or "done")
""")
attack("symbolic links", """
for number, target in enumerate(("PLANTED_FILE", "/etc/passwd", "REPO", "/proc/1/root", "/../../PLANTED_FILE")):
    os.symlink(target, f"/job/link{number}")
    attempt(target, lambda: text(f"/job/link{number}"))
    attempt(target, lambda: os.listdir(f"/job/link{number}"))
""")
attack("hard links", """
for number, target in enumerate(("/worker/main.py", "/blender/site/bpy/__init__.so", "PLANTED_FILE", "/dev/urandom")):
    attempt(target, lambda: os.link(target, f"/job/hard{number}") or "made")
""")
attack("leaving by open folders", """
import ctypes
root = os.open("/", os.O_RDONLY)
os.fchdir(root)
for _ in range(20):
    os.chdir("..")
attempt("up", lambda: set(os.listdir(".")) - {"usr", "lib", "lib64", "lib32", "etc", "dev", "job", "tmp", "blender", "worker", "parts"} or None)
attempt("chroot", lambda: os.chroot("/job") or "done")
attempt("pivot", lambda: syscall(155, b"/job", b"/job"))
attempt("handle", lambda: syscall(304, root, ctypes.create_string_buffer(32), 0))
attempt("name to handle", lambda: syscall(303, root, b"usr", ctypes.create_string_buffer(64), ctypes.create_string_buffer(8), 0))
""")
attack("mounts", """
os.mkdir("/job/m")
for name, call in {
    "tmpfs": lambda: syscall(165, b"tmpfs", b"/job/m", b"tmpfs", 0, 0), "bind": lambda: syscall(165, b"/", b"/job/m", 0, 4096, 0),
    "rw": lambda: syscall(165, 0, b"/", 0, 32 | 4096, 0), "unmount": lambda: syscall(166, b"/job", 2),
    "unmount root": lambda: syscall(166, b"/", 2), "open_tree": lambda: syscall(428, -100, b"/", 1),
    "move_mount": lambda: syscall(429, -100, b"/", -100, b"/job/m", 0), "fsopen": lambda: syscall(430, b"tmpfs", 0),
    "setattr": lambda: syscall(442, -100, b"/", 0, 0, 0), "swap": lambda: syscall(167, b"/job/m", 0),
}.items():
    attempt(name, call)
""")
attack("namespaces", """
for name, flag in {"user": 0x10000000, "mount": 0x20000, "net": 0x40000000, "pid": 0x20000000, "time": 0x80}.items():
    attempt("unshare " + name, lambda: syscall(272, flag) or "done")
    attempt("clone " + name, lambda: syscall(56, flag | 17, 0, 0, 0, 0))
    attempt("clone thread " + name, lambda: syscall(56, flag | 0x10000, 0, 0, 0, 0))
attempt("setns", lambda: syscall(308, 0, 0))
""")
attack("devices", """
attempt("more than two", lambda: set(os.listdir("/dev")) - {"null", "urandom"} or None)
for name in ("mem", "kmsg", "sda", "vda", "tty", "console", "fuse", "kvm", "ptmx", "shm", "random", "zero", "dri", "nvidia0"):
    attempt(name, lambda: os.open("/dev/" + name, os.O_RDWR))
import stat
for number in (os.makedev(1, 1), os.makedev(8, 0), os.makedev(254, 0), os.makedev(1, 3)):
    attempt("mknod", lambda: os.mknod("/job/device", 0o666 | stat.S_IFBLK, number) or "made")
    attempt("mknod", lambda: os.mknod("/job/device", 0o666 | stat.S_IFCHR, number) or "made")
""")
attack("inherited descriptors", """
import stat
kinds = {}
for number in range(1024):
    try:
        mode = os.fstat(number).st_mode
    except OSError:
        continue
    kinds[number] = "pipe" if stat.S_ISFIFO(mode) else "null" if stat.S_ISCHR(mode) else oct(mode)
attempt("more than pipes", lambda: {n: k for n, k in kinds.items() if n < 5 and k not in ("pipe", "null")} or None)
attempt("folders or files", lambda: {n: k for n, k in kinds.items() if k not in ("pipe", "null")} or None)
""")
attack("terminals", """
import fcntl, termios
for number in range(32):
    attempt(f"push {number}", lambda: fcntl.ioctl(number, termios.TIOCSTI, b"x") and "pushed")
    attempt(f"own {number}", lambda: fcntl.ioctl(number, termios.TIOCSCTTY, 0) or "owned")
attempt("tty", lambda: os.open("/dev/tty", os.O_RDWR))
""")
attack("kernel's own files", """
for path in ("/sys", "/sys/fs/cgroup", "/sys/kernel", "/proc/sys", "/proc/kallsyms", "/dev/shm", "/sys/class/net"):
    attempt(path, lambda: os.listdir(path))
    attempt(path, lambda: text(path))
""")
attack("becoming root", """
attempt("uid", lambda: os.setuid(0) or "done")
attempt("resuid", lambda: os.setresuid(0, 0, 0) or "done")
attempt("gid", lambda: os.setgid(0) or "done")
attempt("groups", lambda: os.setgroups([0]) or "done")
attempt("fsuid", lambda: syscall(122, 0) or "done")
attempt("root", lambda: 0 in (os.getuid(), os.geteuid(), os.getgid()))
attempt("groups of others", lambda: [one for one in os.getgroups() if one not in (os.getgid(), 65534)] or None)
import ctypes
caps = ctypes.create_string_buffer(24)
attempt("capset", lambda: syscall(126, ctypes.create_string_buffer(b"\\x22\\x05\\x08\\x20\\0\\0\\0\\0", 8), b"\\xff" * 24) or "done")
attempt("chown", lambda: os.chown("/job", 0, 0) or "done")
""")
attack("host and domain name", """
import socket
attempt("name", lambda: os.uname().nodename != "jail")
attempt("set", lambda: syscall(170, b"x", 1) or "done")
""")

# --- other programs -------------------------------------------------------------------------------------------------------
attack("a shell", """
import subprocess
attempt("run", lambda: subprocess.run(["/bin/sh", "-c", "id"], capture_output=True).stdout)
attempt("system", lambda: os.system("id") == 0)
attempt("popen", lambda: os.popen("id").read() or None)
attempt("python", lambda: subprocess.check_output([sys.executable, "-c", "print(1)"]))
attempt("spawn", lambda: os.posix_spawn(sys.executable, [sys.executable, "-c", ""], {}))
""")
attack("becoming another program", """
import ctypes
attempt("exec", lambda: os.execv(sys.executable, [sys.executable, "-c", "print('replaced')"]))
attempt("loader", lambda: os.execv("/lib64/ld-linux-x86-64.so.2", ["ld", "/blender/base/bin/python3.11"]))
attempt("execveat", lambda: syscall(322, -100, b"/lib64/ld-linux-x86-64.so.2", 0, 0, 0))
attempt("memfd", lambda: syscall(319, b"x", 0))
""")
attack("code of its own on disk", """
import ctypes
with open("/job/x.so", "wb") as file:
    file.write(open("/blender/site/numpy/core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so", "rb").read(4096)
               if os.path.exists("/blender/site/numpy/core/_multiarray_umath.cpython-311-x86_64-linux-gnu.so") else b"ELF")
attempt("load", lambda: ctypes.CDLL("/job/x.so"))
os.chmod("/job/x.so", 0o4755)
attempt("run", lambda: os.execv("/job/x.so", ["x"]))
""")
attack("fork", """
attempt("fork", lambda: os.fork())
attempt("forkpty", lambda: os.forkpty())
import multiprocessing
attempt("pool", lambda: multiprocessing.get_context("fork").Process(target=print).start() or "started")
""")
attack("fork by system call", """
for name, number, arguments in (("fork", 57, ()), ("vfork", 58, ()), ("clone", 56, (17, 0, 0, 0, 0)), ("clone3", 435, (0, 0)),
                                ("clone as thread group", 56, (0x4000, 0, 0, 0, 0))):
    attempt(name, lambda: syscall(number, *arguments))
""")
attack("system calls of 32 bits", """
import ctypes, mmap
# mov eax, 2 (fork of i386); int 0x80; ret
code = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
code.write(b"\\xb8\\x02\\x00\\x00\\x00\\xcd\\x80\\xc3")
print("calling", flush=True)
ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(code)))()
""", "crashed", ends=False, says="SIG")
attack("system calls of x32", """
for number in (57, 56, 59, 41, 101):
    attempt(str(number), lambda: syscall(0x40000000 | number, 17, 0, 0))
attempt("x32 only", lambda: syscall(0x40000000 | 520, 0, 0, 0))
""")
attack("lifting the filter", """
import ctypes, struct
allow = ctypes.create_string_buffer(struct.pack("HBBI", 6, 0, 0, 0x7FFF0000), 8)
many = struct.pack("HxxxxxxP", 1, ctypes.addressof(allow))
attempt("seccomp", lambda: syscall(317, 1, 0, many) or "loaded")
attempt("listener", lambda: syscall(317, 1, 8, many))
attempt("prctl", lambda: syscall(157, 22, 2, many, 0, 0) or "loaded")
attempt("socket", lambda: syscall(41, 1, 1, 0))
""")
attack("lifting the limits", """
import resource
for what in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_NPROC, resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
    for pair in ((resource.RLIM_INFINITY, resource.RLIM_INFINITY), (0, 0), resource.getrlimit(what)):
        attempt(f"{what} {pair}", lambda: resource.setrlimit(what, pair) or "set")
attempt("old call", lambda: syscall(160, 4, b"\\0" * 16) or "set")
""")
attack("corners of the kernel", """
import ctypes
box = ctypes.create_string_buffer(4096)
for name, number, arguments in (
    ("io_uring", 425, (8, box)), ("bpf", 321, (0, box, 72)), ("perf", 298, (box, 0, -1, -1, 0)), ("userfaultfd", 323, (0,)),
    ("add_key", 248, (b"user", b"planted", b"x", 1, -4)), ("request_key", 249, (b"user", b"planted", 0, 0)),
    ("keyctl", 250, (0, -3, 0)), ("shmget", 29, (0, 1 << 20, 0o1600)), ("msgget", 68, (0, 0o1600)), ("semget", 64, (0, 1, 0o1600)),
    ("mq_open", 240, (b"x", 66, 0o600, 0)), ("memfd", 319, (b"x", 0)), ("memfd_secret", 447, (0,)), ("splice", 275, (0, 0, 0, 0, 0, 0)),
    ("vmsplice", 278, (0, 0, 0, 0)), ("fanotify", 300, (0, 0)), ("inotify", 294, (0,)), ("landlock", 444, (0, 0, 1)),
    ("modules", 175, (box, 1, b"")), ("kexec", 246, (0, 0, 0, 0)), ("reboot", 169, (0xfee1dead, 672274793, 0)),
    ("syslog", 103, (3, box, 4096)), ("acct", 163, (0,)), ("quota", 179, (0, 0, 0, 0)), ("clock", 227, (0, box)),
    ("iopl", 172, (3,)), ("modify_ldt", 154, (0, box, 16)), ("personality", 135, (0x0040000,)), ("ptrace", 101, (0, 0, 0, 0)),
    ("mbind", 237, (0, 0, 0, 0, 0, 0)), ("migrate", 256, (0, 0, 0, 0)), ("timer", 222, (0, 0, box)), ("signalfd", 289, (-1, box, 8, 0)),
):
    attempt(name, lambda: syscall(number, *arguments) or "done")
""")

# --- resources ------------------------------------------------------------------------------------------------------------
attack("endless loop", "while True: pass", "timeout", ends=False, limits=BRIEF)
attack("endless sleep", "import time\nwhile True: time.sleep(60)", "timeout", ends=False, limits=BRIEF)
attack("endless loop that handles the processor limit", """
import signal
for number in range(1, 65):
    try:
        signal.signal(number, lambda *a: None)
    except (OSError, ValueError):
        pass
while True:
    try:
        sum(range(10 ** 6))
    except BaseException:
        pass
""", "timeout", "memory", ends=False, limits=Limits(seconds=6.0, cpu_seconds=1))
attack("one endless call into C", "2 ** (3 ** 25)", "timeout", "memory", ends=False, limits=BRIEF)
attack("all signals blocked, and waiting", """
import signal, time
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
time.sleep(600)
""", "timeout", ends=False, limits=BRIEF)
# Whether the harvest comes through beside spinning threads is a race; they end with their jail either way.
attack("endless loop in every thread", """
import threading
for _ in range(8):
    threading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()
""", "timeout", "memory", "empty", ends=False, limits=BRIEF)
attack("endless modifier", """
import bpy
bpy.ops.mesh.primitive_cube_add()
for _ in range(12):
    bpy.context.object.modifiers.new("s", "SUBSURF").levels = 6
""", "timeout", "memory", "crashed", ends=False, limits=replace(BRIEF, seconds=3.0))
attack("fork bomb", """
def bomb():
    while True:
        os.fork()
attempt("bomb", bomb)
""")
attack("thread bomb", """
import threading, time
def bomb():
    for number in range(5000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return number
threading.stack_size(65536)
attempt("bomb", bomb)
attempt("threads", lambda: threading.active_count() > 64)
""")
attack("memory bomb in Python", "hold = []\nwhile True: hold.append(bytearray(1 << 24))", "memory", ends=False)
attack("memory bomb in numpy", "import numpy\nhold = numpy.ones(1 << 30)", "memory", ends=False)
attack("memory bomb in Blender", """
import bpy
mesh = bpy.data.meshes.new("m")
mesh.vertices.add(1 << 29)
mesh.vertices[-1].co.x = 1.0
""", "memory", "crashed", ends=False)
attack("memory beside the address space", """
import mmap
def files():
    hold = []
    for number in range(400):
        hold.append(mmap.mmap(-1, 1 << 22))
        hold[-1].write(b"x" * (1 << 22))
    return len(hold)
attempt("maps", files)
attempt("shm", lambda: syscall(29, 0, 1 << 30, 0o1600))
attempt("memfd", lambda: os.memfd_create("x"))
""")
attack("disk fill", """
def fill():
    with open("/job/big", "wb") as file:
        for _ in range(1024):
            file.write(b"x" * (1 << 20))
    return "a gigabyte"
def fill_many():
    for number in range(64):
        with open(f"/job/big{number}", "wb") as file:
            file.write(b"x" * (1 << 22))
    return "256 MiB"
attempt("one", fill)
attempt("many", fill_many)
attempt("held", lambda: sum(os.path.getsize("/job/" + name) for name in os.listdir("/job")) > 70 << 20)
""")
attack("inode fill", """
def fill():
    for number in range(100000):
        open(f"/job/{number}", "w").close()
    return number
attempt("files", fill)
attempt("count", lambda: len(os.listdir("/job")) > 4096)
attempt("folders", lambda: [os.mkdir(f"/job/f{number}") for number in range(5000)])
""")
attack("holes and reserved space", """
def hole():
    with open("/job/hole", "wb") as file:
        file.truncate(1 << 40)
    return "a terabyte"
attempt("hole", hole)
attempt("reserve", lambda: os.posix_fallocate(os.open("/job/r", os.O_CREAT | os.O_RDWR), 0, 1 << 30) or "reserved")
""")
attack("output flood", "while True: print('x' * 1000)", "output", ends=False)
attack("output flood below Python", "while True: os.write(2, b'y' * 65536)", "output", ends=False)
attack("output flood by Blender", """
import bpy
while True:
    bpy.ops.wm.save_as_mainfile(filepath="/job/a.blend")
    os.write(1, b"z" * 30000)
""", "output", "timeout", "raised", ends=False, limits=replace(QUICK, seconds=4.0))
attack("many descriptors", """
hold = []
def many():
    while True:
        hold.append(os.open("/dev/null", os.O_RDONLY))
attempt("open", many)
attempt("count", lambda: len(hold) > 256)
while hold:
    os.close(hold.pop())
""")
attack("pipes full of data", """
import fcntl
hold = []
def fill():
    while True:
        out, into = os.pipe()
        hold.append(out), hold.append(into)
        os.set_blocking(into, False)
        attempt("size", lambda: fcntl.fcntl(into, 1031, 1 << 20) and None)
        try:
            while True:
                os.write(into, b"x" * 65536)
        except BlockingIOError:
            pass
attempt("fill", fill)
for one in hold:
    os.close(one)
""")
attack("a stack without end", """
import threading
sys.setrecursionlimit(10 ** 9)
def down(n):
    return [down(n + 1)]
sorted([1, 2], key=lambda one: down(0))
""", "crashed", "raised", "memory", "timeout", ends=False, limits=BRIEF)
attack("abort, and a core", """
os.chdir("/job")
libc().abort()
""", "crashed", ends=False, says="SIGABRT")
attack("a wild pointer", "import ctypes\nctypes.string_at(8)", "crashed", ends=False, says="SIGSEGV")

# --- Blender's own ways -----------------------------------------------------------------------------------------------------
attack("a text block as a module", """
import bpy
block = bpy.data.texts.new("inner.py")
block.write("import os, socket, subprocess\\nstolen = None\\ntry:\\n  stolen = open('PLANTED_FILE').read()\\nexcept OSError: pass\\n"
            "try:\\n  stolen = socket.create_connection(('127.0.0.1', PORT), 1)\\nexcept OSError: pass\\n")
attempt("module", lambda: block.as_module().stolen)
""")
attack("a script file", """
import bpy
with open("/job/inner.py", "w") as file:
    file.write("import os\\ntry:\\n  print('STOLEN', open('PLANTED_FILE').read())\\nexcept OSError as e: print('held', e)\\n")
bpy.ops.script.python_file_run(filepath="/job/inner.py")
""")
attack("handlers, timers and exit functions left behind", """
import bpy, atexit, threading
def spoil(*a):
    print("LEFT BEHIND", flush=True)
    for number in range(3, 64):
        try:
            os.write(number, b"\\xff" * 64)
        except OSError:
            pass
for group in (bpy.app.handlers.load_post, bpy.app.handlers.save_pre):
    group.append(spoil)
bpy.app.timers.register(spoil, first_interval=0.0, persistent=True)
atexit.register(spoil)
threading.Timer(30.0, spoil).start()
threading.Thread(target=lambda: __import__("time").sleep(60)).start()
""")
attack("a handler that spoils the evaluation", """
import bpy
bpy.ops.mesh.primitive_cube_add()
bpy.app.handlers.depsgraph_update_post.append(lambda *a: os._exit(0))
bpy.app.handlers.depsgraph_update_pre.append(lambda *a: os._exit(0))
bpy.context.object.location.x += 1
""", "crashed", "ran", ends=False)
attack("writing outside by operators", """
import bpy
bpy.ops.mesh.primitive_cube_add()
attempt("blend", lambda: bpy.ops.wm.save_as_mainfile(filepath="OUTSIDE/a.blend"))
attempt("glb", lambda: bpy.ops.export_scene.gltf(filepath="OUTSIDE/a.glb"))
attempt("obj", lambda: bpy.ops.wm.obj_export(filepath="OUTSIDE/a.obj"))
attempt("stl", lambda: bpy.ops.wm.stl_export(filepath="OUTSIDE/a.stl"))
loot.clear()  # an operator reports an error and returns all the same; what counts is the folder outside
""", "ran")
attack("reading outside by operators", """
import bpy
attempt("image", lambda: bpy.data.images.load("PLANTED_FILE").size[0] or None)
attempt("text", lambda: bpy.data.texts.load("PLANTED_FILE").as_string())
attempt("sound", lambda: bpy.data.sounds.load("PLANTED_FILE").packed_file)
attempt("font", lambda: bpy.data.fonts.load("PLANTED_FILE"))
attempt("main", lambda: bpy.ops.wm.open_mainfile(filepath="PLANTED_FILE"))
def library():
    with bpy.data.libraries.load("PLANTED_FILE") as (there, here):
        return there
attempt("library", library)
""")
attack("the network by operators", """
import bpy
attempt("online", lambda: bpy.app.online_access and None)
attempt("url", lambda: bpy.ops.wm.url_open(url="http://127.0.0.1:PORT/") and None)
attempt("repository", lambda: bpy.ops.extensions.repo_sync_all() and None)
""", "empty", "raised")
attack("an add-on that comes back", """
import bpy
attempt("folder", lambda: bpy.utils.user_resource("SCRIPTS", path="startup", create=True) and None)
folder = bpy.utils.user_resource("SCRIPTS", path="startup", create=True) or "/job/scripts"
os.makedirs(folder, exist_ok=True)
with open(folder + "/evil.py", "w") as file:
    file.write("print('LEFT BEHIND')\\ndef register(): print('LEFT BEHIND')\\n")
attempt("preferences", lambda: bpy.ops.wm.save_userpref() and None)
attempt("startup", lambda: bpy.ops.wm.save_homefile() and None)
""")
attack("a driver with an expression", """
import bpy
bpy.app.driver_namespace["steal"] = lambda: open("PLANTED_FILE").read() and 1.0
bpy.ops.mesh.primitive_cube_add()
curve = bpy.context.object.driver_add("location", 0)
curve.driver.expression = "steal()"
bpy.context.view_layer.update()
attempt("driven", lambda: bpy.context.object.location.x == 1.0)
""", "ran")
attack("a render written outside", """
import bpy
bpy.ops.mesh.primitive_cube_add()
bpy.context.scene.render.filepath = "OUTSIDE/render.png"
bpy.context.scene.render.engine = "CYCLES"
attempt("camera", lambda: bpy.ops.render.render(write_still=True) and None)
""", "ran", "crashed", "raised")
attack("ending Blender", "import bpy\nbpy.ops.wm.quit_blender()", "crashed", "empty", ends=False)
attack("ending the process", "os._exit(0)", "crashed", ends=False, says="exit status 0")
attack("leaving politely", "sys.exit(0)", "empty", ends=False)

# --- results ----------------------------------------------------------------------------------------------------------------
attack("pickles in results", FORGE + """
import pickle
class Evil:
    def __reduce__(self):
        return os.system, ("touch OUTSIDE/pickled",)
everywhere(pickle.dumps(Evil()))
""", "output", ends=False, says="cannot be read")
attack("noise on every descriptor", FORGE + "everywhere(os.urandom(4096))", "output", "crashed", ends=False)
attack("a result larger than everything", FORGE + "everywhere(b'\\xff\\xff\\xff\\xff' + b'{' * 1000)", "output", ends=False,
       says="a header of 4,294,967,295 bytes")
attack("a header that announces too much", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(10 ** 15, 1)]}))
""", "output", ends=False, says="at most 1,000,000 are allowed")
attack("a header with negative counts", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(-1, -1)]}))
""", "output", ends=False, says="cannot be read")
attack("a header without numbers", FORGE + """
everywhere(framed(b'{"kind": "ran", "objects": [{"name": "x", "vertices": NaN, "triangles": 1e999, "uv": false, "materials": []}]}'))
""", "output", ends=False, says="cannot be read")
attack("a material without numbers", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1, materials=[dict(GREY, base=[float("nan")] * 4)])]}))
""", "output", ends=False, says="cannot be read")
attack("a header without bottom", FORGE + "everywhere(framed(b'[' * 500000))", "output", ends=False, says="cannot be read")
attack("a header with fields of its own", FORGE + """
everywhere(framed({"kind": "ran", "objects": [], "path": "/etc/passwd", "__class__": "x"}))
""", "output", ends=False, says="cannot be read")
attack("corners outside the mesh", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1)]}) + struct.pack("<9f", *range(9)) + struct.pack("<3i", 0, 1, 2 ** 31 - 1)
           + struct.pack("<9f", *[0.0] * 9) + struct.pack("<H", 0))
""", "output", ends=False, says="a corner outside")
attack("a material that is not there", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1)]}) + struct.pack("<9f", *range(9)) + struct.pack("<3i", 0, 1, 2)
           + struct.pack("<9f", *[0.0] * 9) + struct.pack("<H", 7))
""", "output", ends=False, says="names material 7")
attack("a thousand materials for one mesh", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1, materials=[dict(GREY, name=str(n)) for n in range(1000)])]}))
""", "output", ends=False, says="cannot be read (objects.0.materials: Tuple should have at most 256 items")
attack("a few materials for each of many meshes", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1, name=str(n), materials=[GREY] * 9) for n in range(300)]}))
""", "output", ends=False, says="2,700 materials, at most 2,048 are allowed")
attack("a mesh without materials", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1, materials=[])]}))
""", "output", ends=False, says="cannot be read (objects.0.materials: Tuple should have at least 1 item")
attack("a material with a field of its own", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1, materials=[dict(GREY, texture="/etc/passwd")])]}))
""", "output", ends=False, says="cannot be read (objects.0.materials.0.texture: Extra inputs are not permitted")
attack("a material whose name has no end", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1, materials=[dict(GREY, name="x" * 100000)])]}))
""", "output", ends=False, says="cannot be read (objects.0.materials.0.name: String should have at most 256")
attack("half a result, then silence", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1)]}))
import time
time.sleep(60)
""", "timeout", ends=False, limits=BRIEF)
attack("a result by drops", FORGE + """
import time
for byte in framed({"kind": "ran", "objects": [entry(100000, 100000)]}) + bytes(10 ** 6):
    everywhere(bytes([byte]))
    time.sleep(0.01)
""", "timeout", ends=False, limits=BRIEF)
attack("a .blend that was not asked for", FORGE + """
everywhere(framed({"kind": "ran", "objects": [entry(3, 1)], "blend": 1000}))
""", "output", ends=False, says="contradicts itself")
attack("a forged report", FORGE + """
points = [0, 0, 0, 1, 0, 0, 0, 1, 0]
everywhere(framed({"kind": "ran", "objects": [entry(3, 1)]}) + struct.pack("<9f", *points) + struct.pack("<3i", 0, 1, 2)
           + struct.pack("<9f", *[0.0] * 9) + struct.pack("<H", 0))
""", "ran", ends=False)
attack("lies by changed functions", """
import bpy, json, struct
main = sys.modules.get("__main__")
import harvest
bpy.ops.mesh.primitive_cube_add()
real = harvest.collect
def lying(**limits):
    objects, arrays = real(**limits)
    objects[0].update(volume=1e9, area=-1.0, manifold=False, low=[0, 0, 0])
    return objects, arrays
harvest.collect = lying
""", "output", ends=False, says="cannot be read")
attack("a mesh that is not the scene's", """
import bpy, harvest
bpy.ops.mesh.primitive_cube_add()
real = harvest.collect
def lying(**limits):
    objects, arrays = real(**limits)
    arrays[0] = arrays[0] * 0 + float("nan")
    return objects, arrays
harvest.collect = lying
""", "output", ends=False, says="not finite numbers")
attack("functions of the worker replaced", """
import json, struct
os.write = lambda *a: 0
json.dumps = lambda *a, **k: "{}"
struct.pack = lambda *a: b""
""", "timeout", "crashed", ends=False, limits=BRIEF)
attack("closed descriptors", "os.closerange(0, 256)", "crashed", "empty", ends=False, limits=BRIEF)
attack("the way out closed, and staying", "import time\nos.closerange(3, 256)\ntime.sleep(60)", "crashed", "timeout", ends=False,
       limits=BRIEF)
attack("not a number", """
import bpy
mesh = bpy.data.meshes.new("m")
mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, float("nan"), 0)], [], [(0, 1, 2)])
bpy.context.collection.objects.link(bpy.data.objects.new("m", mesh))
""", "output", ends=False, says="1 vertices that are not finite")
attack("infinity", """
import bpy
bpy.ops.mesh.primitive_cube_add()
bpy.context.object.location.x = float("inf")
""", "output", ends=False, says="m from the origin")
attack("a mesh beyond reach", """
import bpy
bpy.ops.mesh.primitive_cube_add(size=1e30)
""", "output", ends=False, says="m from the origin")
attack("too many triangles", """
import bpy
bpy.ops.mesh.primitive_grid_add(x_subdivisions=800, y_subdivisions=800)
""", "output", ends=False, says="triangles, at most 1,000,000")
attack("too many objects", """
import bpy
mesh = bpy.data.meshes.new("m")
mesh.from_pydata([(0, 0, 0), (1, 0, 0), (0, 1, 0)], [], [(0, 1, 2)])
for number in range(600):
    bpy.context.collection.objects.link(bpy.data.objects.new(str(number), mesh))
""", "output", ends=False, says="513 objects, at most 512")
attack("names that are markup", """
import bpy
bpy.ops.mesh.primitive_cube_add()
bpy.context.object.name = "<script>\\n\\x1b[31m../../x"
print("\\x1b[31mred\\x00")
raise RuntimeError("\\x1b[2Jfirst\\nsecond \\u202e")
""", "raised", ends=False, says="first second")
attack("a result file that is a link", """
import bpy
bpy.ops.mesh.primitive_cube_add()
os.symlink("PLANTED_FILE", "/job/scene-of-the-part.blend")
os.symlink("PLANTED_FILE", "/job/scene-of-the-part.blend@")
""", "ran", "raised", ends=False, blend=True)
attack("a result file that is a device", """
import bpy, harvest
bpy.ops.mesh.primitive_cube_add()
harvest.bpy = type("B", (), {"ops": type("O", (), {"wm": type("W", (), {"save_as_mainfile": lambda **k: None})})})
os.symlink("/dev/urandom", "/job/scene-of-the-part.blend")
def endless(most):
    with open("/dev/urandom", "rb") as file:
        return file.read(1 << 20)
harvest.save = endless
harvest.collect = __import__("functools").partial(harvest.collect)
""", "output", "raised", ends=False, blend=True)
attack("a .blend that is too large", """
import bpy
bpy.ops.mesh.primitive_cube_add()
bpy.data.texts.new("t").write("".join(map(chr, os.urandom(1000))) * 100)
import harvest
harvest.save = lambda most: b"BLENDER" + bytes(10 ** 7)
""", "output", ends=False, blend=True, says="bytes of .blend", limits=replace(QUICK, blend_bytes=5_000_000))

# --- neighbours and the pool --------------------------------------------------------------------------------------------------
attack("a neighbour's job", """
import time
for _ in range(10):
    for path in ("/job", "/tmp", "/job/neighbour", "/dev"):
        attempt(path, lambda: [name for name in os.listdir(path) if "neighbour" in name] or None)
    for pid in range(3, 64):  # 1 starts the jail, 2 is this process; a thread is not the first of a group
        attempt(f"see {pid}", lambda: syscall(234, pid, pid, 0) == 0)
    time.sleep(0.02)
""")
attack("a process that stays", """
attempt("session", lambda: os.setsid())
def daemon():
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
attempt("fork", daemon)
attempt("clone", lambda: syscall(56, 0, 0, 0, 0, 0))
""")
for _number in range(1, 5):
    attack(f"a worker that dies at once, {_number}", "os._exit(9)", "crashed", ends=False, says="exit status 9")
