"""The wall with honest programs: outcomes, measures, files, refusals, replaced workers, and nothing left running."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from easel.bubblewrap import Trial, explain, try_bubblewrap
from easel.chat import Cancelled
from easel.errors import ConfigurationError, MissingCapability
from shapecraft.blender_interpreter import SETTING, find_blender
from shapecraft.jail import Jail
from shapecraft.jail_plan import JailPlan
from shapecraft.jail_pool import JailPool
from shapecraft.mesh_files import read_glb
from shapecraft.outcome import Job, Limits, Outcome
from shapecraft.remembering import ProgramShelf, RememberedWall
from shapecraft.wall import (
    PooledWall,
    open_asked,
    open_known_programs,
    open_wall,
    program_hash,
    shipped_hashes,
    watching,
)

ROOT = Path(__file__).resolve().parents[2]
CUBE = "import bpy\nbpy.ops.mesh.primitive_cube_add(size=2)\n"
ENDLESS = "while True: pass"
REAL = sorted((ROOT / "data/llm_programs").glob("*/*__*.txt"))
RAISE = {"chair/back_frame__1": 43, "desk_lamp/base__0": 33, "mug/bottom__1": 13}
"""Real programs that fail, and the line that does."""


@pytest.fixture(scope="module")
def wall():
    try:
        standing = open_wall(3)
    except MissingCapability as error:
        pytest.skip(str(error))
    with standing:
        yield standing


@pytest.fixture(scope="module")
def plan(wall):
    return JailPlan(try_bubblewrap().path, find_blender())


@pytest.fixture(scope="module")
def real(wall):
    """Every real program's outcome, several at once."""
    def run(path: Path):
        return wall.run(Job(re.search(r"```\w*\n(.*?)```", path.read_text("utf-8"), re.S)[1], path.stem))

    with ThreadPoolExecutor(3) as threads:
        return {f"{path.parent.name}/{path.stem}": one for path, one in zip(REAL, threads.map(run, REAL), strict=True)}


def gone(pids) -> bool:
    """Whether these processes are over, within two seconds."""
    until = time.monotonic() + 2.0
    while time.monotonic() < until:
        if not any(Path(f"/proc/{pid}").exists() and "State:\tZ" not in Path(f"/proc/{pid}/status").read_text() for pid in pids):
            return True
        time.sleep(0.02)
    return False


def family(pid: int) -> set[int]:
    """A process and everything that came from it, as /proc has it now."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(re.search(r"PPid:\t(\d+)", (entry / "status").read_text())[1])
            except OSError:
                continue
    found = {pid}
    while more := {one for one, parent in parents.items() if parent in found} - found:
        found |= more
    return found


# --- real programs ------------------------------------------------------------------------------------------------------
def test_real_programs_all_end_in_an_outcome(real):
    assert len(real) == 32
    assert {name: one.line for name, one in real.items() if one.kind == "raised"} == RAISE
    assert sum(one.kind == "ran" for one in real.values()) == 29


def test_real_programs_give_what_can_be_measured(real):
    for name, one in real.items():
        if one.kind != "ran":
            assert one.message
            assert (one.parts, one.glb) == ((), b"")
            continue
        for part in one.parts:
            assert part.faces > 0, name
            assert part.area > 0
            assert all(low < high for low, high in zip(part.low, part.high, strict=True))
        again = read_glb(one.glb)
        assert again.names == tuple(part.name for part in one.parts)
        for part, mesh in zip(one.parts, again.parts, strict=True):
            assert mesh.bounds == pytest.approx(np.array([part.low, part.high]), abs=1e-6)
            assert len(mesh.faces) == part.faces
            assert mesh.topology.manifold == part.manifold


# --- outcomes -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("program", "message", "line"), [
    ("import bpy\n\nbpy.ops.mesh.primitive_cube_add(colour=1)\n",
     'TypeError: Converting py args to operator properties:: keyword "colour" unrecognized', 3),
    ("x = 1\ny = (2\n", "SyntaxError: '(' was never closed", 2),
    ("def f():\n    raise ValueError('two\\nlines')\nf()\n", "ValueError: two lines", 2),
    ("import sys\nsys.exit('no such part')\n", "SystemExit: no such part", 2),
    ("import json\njson.loads('[')\n", "json.decoder.JSONDecodeError: Expecting value: line 1 column 2 (char 1)", 2),
    ("raise ValueError('\\ud800')", "ValueError: ?", 1),
    ("class Odd(Exception):\n    def __str__(self): raise SystemError\nraise Odd\n", "Odd: <exception str() failed>", 3),
    ("import matplotlib\n", "ModuleNotFoundError: No module named 'matplotlib'", 1),
])
def test_an_exception_is_told_with_its_line(wall, program, message, line):
    came = wall.run(Job(program))
    assert (came.kind, came.message, came.line) == ("raised", message, line)


def test_limits_are_told_apart(wall):
    slow = wall.run(Job(ENDLESS, limits=Limits(seconds=0.5)))
    assert (slow.kind, slow.message) == ("timeout", "its time was over")
    busy = wall.run(Job(ENDLESS, limits=Limits(seconds=15, cpu_seconds=1)))
    assert (busy.kind, busy.message) == ("timeout", "more than 1 s of processor time")
    large = wall.run(Job("x = bytearray(3 << 30)"))
    assert (large.kind, large.message, large.line) == ("memory", "MemoryError", 1)
    loud = wall.run(Job("print('x' * 5000)", limits=Limits(log_bytes=4000)))
    assert (loud.kind, loud.message) == ("output", "more than 4,000 bytes printed")


@pytest.mark.parametrize(("points", "pieces"), [([(0, 0, 0)] * 3, 0), ([(0, 0, 0), (1, 0, 0), (2, 0, 0)], 0),
                                              ([(0, 0, 0), (1e-30, 0, 0), (0, 1e-38, 0)], 0)])
def test_triangles_without_area_upset_nobody(wall, points, pieces):
    came = wall.run(Job(f"import bpy\nmesh = bpy.data.meshes.new('m')\nmesh.from_pydata({points}, [], [(0, 1, 2)])\n"
                        "bpy.context.collection.objects.link(bpy.data.objects.new('m', mesh))\n"))
    assert came.kind == "ran"
    (part,) = came.parts
    assert (part.faces, part.volume, part.manifold) == (1, 0.0, False)
    assert part.area == pytest.approx(0, abs=1e-60)
    assert part.loose_parts in (pieces, 1)
    assert read_glb(came.glb).names == ("m",)


def test_nothing_made_is_empty(wall):
    came = wall.run(Job("import bpy\nbpy.ops.object.light_add()\nprint('done')\n"))
    assert (came.kind, came.parts, came.glb, came.log) == ("empty", (), b"", "done\n")


def test_a_long_log_is_cut_in_the_middle(wall):
    came = wall.run(Job("print('first')\nprint('x' * 200000)\nprint('last')"))
    assert came.log.startswith("first\nxxx")
    assert came.log.endswith("xxx\nlast\n")
    assert "[… 136,0" in came.log
    assert len(came.log) < 65_000


def test_measures_of_a_box(wall):
    came = wall.run(Job("import bpy\nbpy.ops.mesh.primitive_cube_add(size=1, location=(1, 2, 3), scale=(2, 4, 6))\n"
                        "bpy.context.object.name = 'crate'\n"))
    (part,) = came.parts
    assert (part.name, part.vertices, part.faces, part.manifold, part.loose_parts) == ("crate", 8, 12, True, 1)
    assert part.low == pytest.approx((0, 0, 0))
    assert part.high == pytest.approx((2, 4, 6))
    assert (part.volume, part.area) == pytest.approx((48, 88))


def test_the_scene_that_counts_is_the_one_that_would_be_rendered(wall):
    came = wall.run(Job("""
import bpy
bpy.ops.mesh.primitive_cube_add(size=2)
cube = bpy.context.object
cube.name = 'body'
bpy.ops.mesh.primitive_cylinder_add(radius=0.5, depth=4)
cutter = bpy.context.object
cutter.hide_render = True
cut = cube.modifiers.new('hole', 'BOOLEAN')
cut.object, cut.operation = cutter, 'DIFFERENCE'
bpy.ops.curve.primitive_bezier_circle_add(radius=3)
bpy.context.object.name = 'ring'
bpy.context.object.data.bevel_depth = 0.1
bpy.ops.object.camera_add()
"""))
    assert [part.name for part in came.parts] == ["body", "ring"]
    body, ring = came.parts
    assert 8 - 3.1416 * 0.25 * 2 < body.volume < 8 - 3.0 * 0.25 * 2
    assert ring.high[0] == pytest.approx(3.1, abs=1e-3)


def test_mirrored_and_edited_objects_keep_their_outside(wall):
    came = wall.run(Job("import bpy\nbpy.ops.mesh.primitive_cube_add(size=2)\nbpy.context.object.scale = (-1, 1, 1)\n"
                        "bpy.ops.object.mode_set(mode='EDIT')\nbpy.ops.transform.resize(value=(2, 2, 2))\n"))
    (part,) = came.parts
    assert part.volume == pytest.approx(64)
    assert part.manifold


def test_instances_are_parts_of_their_own(wall):
    came = wall.run(Job("""
import bpy
bpy.ops.mesh.primitive_cube_add(size=0.1)
leg = bpy.context.object
bpy.ops.mesh.primitive_plane_add(size=2)
plane = bpy.context.object
plane.name = 'legs'
leg.parent = plane
plane.instance_type = 'VERTS'
"""))
    assert [(part.name, part.faces) for part in came.parts] == [
        ("Cube", 12), ("legs", 2), ("legs.001", 12), ("legs.002", 12), ("legs.003", 12), ("legs.004", 12)]


def test_glb_is_y_up_named_and_carries_factors(wall):
    came = wall.run(Job("""
import bpy
bpy.ops.mesh.primitive_cube_add(size=1, location=(1, 2, 3))
cube = bpy.context.object
cube.name = 'a "crate" ü'
paint = bpy.data.materials.new('paint')
paint.use_nodes = True
node = paint.node_tree.nodes['Principled BSDF']
node.inputs['Base Color'].default_value = (0.25, 0.5, 0.75, 1)
node.inputs['Metallic'].default_value = 1.0
node.inputs['Roughness'].default_value = 0.125
cube.data.materials.append(paint)
"""))
    (length,) = struct.unpack("<I", came.glb[8:12])
    (size,) = struct.unpack("<I", came.glb[12:16])
    document = json.loads(came.glb[20:20 + size])
    assert length == len(came.glb)
    assert document["nodes"] == [{"name": 'a "crate" ü', "mesh": 0}]
    position = document["accessors"][document["meshes"][0]["primitives"][0]["attributes"]["POSITION"]]
    assert (position["min"], position["max"]) == ([0.5, 2.5, -2.5], [1.5, 3.5, -1.5])
    assert document["materials"] == [{"name": "paint", "doubleSided": True, "pbrMetallicRoughness": {
        "baseColorFactor": [0.25, 0.5, 0.75, 1.0], "metallicFactor": 1.0, "roughnessFactor": 0.125}}]
    assert came.parts[0].material == "paint"
    assert read_glb(came.glb).parts[0].base_colour == pytest.approx((0.25, 0.5, 0.75), abs=1 / 255)  # its reader keeps 8 bits


def test_same_program_same_bytes(wall):
    program = "import bpy\nbpy.ops.mesh.primitive_monkey_add()\nbpy.ops.object.shade_smooth()\n"
    one, two = wall.run(Job(program)), wall.run(Job(program))
    assert one.glb == two.glb
    assert one.parts == two.parts


def test_blend_is_handed_out_where_it_is_asked_for(wall):
    assert wall.run(Job(CUBE)).blend == b""
    asked = wall.run(Job(CUBE, blend=True))
    assert asked.blend[:4] in (b"\x28\xb5\x2f\xfd", b"BLEN")
    assert asked.kind == "ran"


def test_helper_library_is_there(wall):
    came = wall.run(Job("import shapes\nshapes.box(size=(1, 2, 3), name='block')\n"))
    assert came.kind == "ran", came.message
    assert came.parts[0].volume == pytest.approx(6)


def test_many_threads_get_their_own(wall):
    sizes = [0.5 + 0.25 * number for number in range(8)]
    with ThreadPoolExecutor(8) as threads:
        came = list(threads.map(lambda size: wall.run(Job(f"import bpy\nbpy.ops.mesh.primitive_cube_add(size={size})")), sizes))
    assert [one.parts[0].high[0] * 2 for one in came] == pytest.approx(sizes)


# --- refusals -----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("program", "message"), [
    ("", "the program is empty"), (" \n", "the program is empty"),
    ("#" * 300_000, "the program has 300,000 bytes, at most 256,000 are taken"),
])
def test_what_is_not_started(wall, program, message):
    came = wall.run(Job(program))
    assert (came.kind, came.message) == ("refused", message)


def test_a_null_byte_is_the_programs_own_fault(wall):
    assert wall.run(Job("x = 1\0")).kind == "raised"


@pytest.fixture
def programs():
    """An empty folder that others may enter, first on the PATH of the test."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def put(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_without_bubblewrap_no_wall(wall, programs, monkeypatch):
    monkeypatch.setenv("PATH", str(programs))
    with pytest.raises(MissingCapability) as caught:
        open_wall()
    assert str(caught.value) == ("expected a wall for programs that a model wrote, got no bwrap (at shapecraft). "
                                 "sudo apt-get install -y bubblewrap")


def test_a_failing_bubblewrap_is_quoted_and_mended(wall, programs, monkeypatch):
    put(programs / "bwrap", "echo 'bwrap: setting up uid map: Permission denied' >&2; exit 1")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with pytest.raises(MissingCapability) as caught:
        open_wall()
    assert "bwrap: setting up uid map: Permission denied" in caught.value.came
    assert caught.value.mend == explain("bwrap: setting up uid map: Permission denied").mend


def test_a_bubblewrap_that_only_fails_in_earnest_is_found_too(wall, programs, monkeypatch):
    real = try_bubblewrap().path
    put(programs / "bwrap", f'for last; do :; done\n[ "$last" = true ] && exec {real} "$@"\n'
                            "echo \"bwrap: Can't mount tmpfs on /newroot: No space left on device\" >&2; exit 1")
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    with pytest.raises(MissingCapability) as caught:
        open_wall()
    assert "No space left on device" in caught.value.came
    assert caught.value.mend


@pytest.mark.parametrize(("files", "cause", "mend"), [
    ({"proc/sys/kernel/apparmor_restrict_unprivileged_userns": "1\n"}, "AppArmor restricts user namespaces",
     "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"),
    ({"proc/sys/kernel/unprivileged_userns_clone": "0\n"}, "the kernel keeps user namespaces for root",
     "sudo sysctl -w kernel.unprivileged_userns_clone=1"),
    ({"proc/sys/user/max_user_namespaces": "0\n"}, "this machine allows 0 user namespaces",
     "sudo sysctl -w user.max_user_namespaces=15000"),
    ({".dockerenv": ""}, "this container forbids namespaces", "docker run --security-opt seccomp=unconfined "
     "--security-opt apparmor=unconfined …, or, where this machine may be lost, choose `disposable-machine` by name"),
    ({"proc/sys/user/max_user_namespaces": "96365\n"}, "bwrap is here, but: it says why", "A host that allows user namespaces"),
])
def test_causes(tmp_path, files, cause, mend):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = explain("it says\n why", system=tmp_path)
    assert found.cause.startswith(cause)
    assert "it says why" in found.cause
    assert found.mend.startswith(mend)


def test_other_systems_and_the_user_that_is_tried():
    assert try_bubblewrap(platform="darwin").cause == "bubblewrap is a Linux program, this is darwin"
    seen = []
    assert try_bubblewrap(which=lambda name: f"/bin/{name}", run=lambda command: seen.append(command) or (0, ""), root=True,
                          platform="linux") == Trial(True, "/bin/bwrap")
    assert seen[0][:2] == ["/bin/setpriv", "--reuid=65534"]


def test_without_blender_the_command_is_named(tmp_path):
    with pytest.raises(MissingCapability, match="Type: make blender"):
        find_blender({}, roots=(tmp_path,))
    with pytest.raises(MissingCapability, match="no-such-python"):
        find_blender({SETTING: "/no-such-python"})
    with pytest.raises(MissingCapability, match=f"{re.escape(sys.executable)} has none"):
        find_blender({SETTING: sys.executable})


def test_sizes():
    with pytest.raises(ConfigurationError, match="a number of jails from 0"):
        open_wall(-1)


# --- without a wall, by name ----------------------------------------------------------------------------------------------
def test_a_disposable_machine_is_the_users_choice_and_says_so(wall):
    with open_wall(1, disposable_machine=True) as bare:
        assert bare.level == "disposable-machine"
        came = bare.run(Job("import os\nprint(os.getcwd(), sorted(os.environ))\n" + CUBE))
        assert came.kind == "ran"
        assert came.parts[0].volume == pytest.approx(8)
        folder = Path(came.log.split()[0])
        assert folder.name.startswith("part-")
        assert not folder.exists()
        assert "'PATH'" not in came.log
        slow = bare.run(Job("import subprocess\nsubprocess.run(['sleep', '50'])", limits=Limits(seconds=1.0)))
        assert slow.kind == "timeout"
    assert wall.level == "jail"


@pytest.mark.parametrize("disposable", [True, False])
def test_a_program_cannot_name_whom_we_kill(wall, disposable):
    """Bubblewrap tells the number of a jail's first process through a pipe; a program's word for it is never heard."""
    victim = subprocess.Popen(["sleep", "60"])
    program = ("import os\nfor number in range(3, 256):\n    try:\n"
               f"        os.write(number, b'{{\"child-pid\": {victim.pid}}}')\n    except OSError:\n        pass\n")
    with open_wall(1, disposable_machine=disposable) as other:
        # What it wrote into the result is noise, told as such or dropped, whichever descriptor came first.
        assert other.run(Job(program)).kind in ("output", "empty", "crashed")
    assert victim.poll() is None
    victim.kill()
    victim.wait()


def test_known_programs_run_without_a_wall_and_others_do_not(wall):
    with open_known_programs(known={program_hash(CUBE)}) as known:
        assert known.level == "known programs"
        assert known.run(Job(CUBE)).kind == "ran"
        other = known.run(Job(CUBE + "#"))
        assert (other.kind, other.seconds) == ("refused", 0.0)
        assert "not one that ships with the project" in other.message


@pytest.mark.parametrize(("asked", "opened"), [
    ({}, ("wall", (1,), {"disposable_machine": False})),
    ({"disposable_machine": True}, ("wall", (1,), {"disposable_machine": True})),
    ({"known_programs": True}, ("known", (), {})),
])
def test_commands_open_what_their_options_ask_for(monkeypatch, asked, opened):
    monkeypatch.setattr("shapecraft.wall.open_wall", lambda *size, **more: ("wall", size, more))
    monkeypatch.setattr("shapecraft.wall.open_known_programs", lambda *size, **more: ("known", size, more))
    assert open_asked(**asked, where="export") == opened
    with pytest.raises(ConfigurationError, match="one of --disposable-machine and --known-programs, got both .at ex"):
        open_asked(disposable_machine=True, known_programs=True, where="export")


def test_shipped_hashes_are_hashes():
    assert all(re.fullmatch(r"[0-9a-f]{64}", one) for one in shipped_hashes())


# --- workers that die, and what is left ------------------------------------------------------------------------------------
class Dying(Jail):
    """Is killed when it is ready, before it gets its program."""

    def run(self, job):
        os.kill(self.pid, signal.SIGKILL)
        assert gone([self.pid])
        return super().run(job)


def test_a_worker_that_dies_before_it_took_a_program_is_replaced_once(plan):
    started: list[Jail] = []

    def first_dies(its):
        started.append((Dying if not started else Jail)(its))
        return started[-1]

    with JailPool(plan, 1, start=first_dies) as pool:
        came = pool.run(Job(CUBE))
        assert came.kind == "ran"
        assert len(started) >= 2
        assert pool.run(Job(CUBE)).kind == "ran"


def test_when_the_second_one_dies_too_it_is_the_machines_fault(plan):
    with JailPool(plan, 1, start=Dying) as pool, pytest.raises(MissingCapability, match="a jail in which Blender starts"):
        pool.run(Job(CUBE))


def test_a_worker_that_dies_in_stock_costs_nothing(plan):
    with JailPool(plan, 2) as pool:
        pool.fill(time.monotonic() + 60)
        for jail in list(pool._stock):
            os.kill(jail.pid, signal.SIGKILL)
            assert gone([jail.pid])
        assert pool.run(Job(CUBE)).kind == "ran"


def test_closing_ends_programs_and_stock(plan):
    pool = JailPool(plan, 2)
    pool.fill(time.monotonic() + 60)
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(pool.run(Job(ENDLESS))))
    thread.start()
    time.sleep(0.7)
    everybody = set().union(*(family(jail.pid) for jail in [*pool._stock, *pool._running]))
    pool.close()
    thread.join(10)
    assert len(everybody) >= 2
    assert gone(everybody)
    assert [(one.kind, one.message) for one in outcomes] == [("crashed", "the wall was closed while it ran")]
    with pytest.raises(RuntimeError, match="the wall is closed"):
        pool.run(Job(CUBE))


class Made:
    """Stands for a jail; every program takes 0.1 s."""

    alive = ready = True
    ran = 0

    def __init__(self, plan) -> None: ...

    def wait(self) -> None: ...

    def close(self) -> None: ...

    def run(self, job):
        type(self).ran += 1
        time.sleep(0.1)
        return Outcome("empty")


def test_programs_that_wait_for_their_turn_are_not_started_after_a_stop(monkeypatch):
    monkeypatch.setattr(Made, "ran", 0)
    stop, ended = threading.Event(), []

    def check() -> None:
        if stop.is_set():
            raise Cancelled("to go on", came="a stop")

    def ask(pool) -> None:
        try:
            ended.append(pool.run(Job(CUBE), check).kind)
        except Cancelled:
            ended.append("cancelled")

    with JailPool(SimpleNamespace(level="jail"), 1, start=Made) as pool:
        threads = [threading.Thread(target=ask, args=(pool,)) for _ in range(12)]
        for thread in threads:
            thread.start()
        time.sleep(0.02)
        stop.set()
        for thread in threads:
            thread.join()
    assert Made.ran <= 2, "of twelve"
    assert ended.count("cancelled") == 12 - Made.ran


def test_a_stop_reaches_the_queue_through_every_layer_of_walls(monkeypatch, tmp_path):
    asked = []

    def run(job, check):
        asked.append(check)
        return Outcome("empty")

    pooled = PooledWall.__new__(PooledWall)
    pooled.level, pooled.blender, pooled._known, pooled._check = "jail", "4.5", None, None
    pooled._pool = SimpleNamespace(run=run)
    shared = RememberedWall(pooled, ProgramShelf.of(tmp_path, pooled))
    stop = threading.Event()
    watched = watching(RememberedWall(shared, ProgramShelf(tmp_path / "run")), stop.is_set)
    assert watched.run(Job("x = 1")) == pooled.run(Job("x = 1"))
    assert asked == [stop.is_set, None], "the wall itself is the same for everybody else"
    plain = SimpleNamespace(run=run)
    assert watching(plain, stop.is_set) is plain


def test_descriptors_do_not_leak(wall):
    wall.run(Job(CUBE))
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(4):
        wall.run(Job("x = 1"))
    assert len(os.listdir("/proc/self/fd")) <= before + 3


def test_an_interrupt_leaves_nothing_running(plan):
    jail = Jail(plan)
    jail.wait()
    everybody = family(jail.pid)

    def interrupt(*_):
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    try:
        with pytest.raises(KeyboardInterrupt):
            jail.run(Job(ENDLESS))
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert gone(everybody)


def test_a_killed_parent_takes_its_jails_along(plan):
    program = ("import sys, time\nfrom shapecraft.wall import open_wall\nfrom shapecraft.outcome import Job\n"
               "wall = open_wall(2)\nprint('up', flush=True)\nwall.run(Job('while True: pass'))\n")
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "up\n"
    time.sleep(1.0)
    everybody = family(process.pid)
    process.kill()
    process.wait()
    process.stdout.close()
    assert len(everybody) >= 6
    assert gone(everybody)


def test_a_jail_has_a_user_of_its_own(plan):
    if os.getuid() != 0:
        pytest.skip("only root can give a jail a user of its own") if os.environ.get("CI") != "true" else None
        return
    with_users = [Jail(plan), Jail(plan)]
    for jail in with_users:
        jail.wait()
    users = [os.stat(f"/proc/{max(family(jail.pid))}").st_uid for jail in with_users]
    owners = [re.search(r"Uid:\t(\d+)\t(\d+)", Path(f"/proc/{max(family(jail.pid))}/status").read_text()) for jail in with_users]
    for jail in with_users:
        jail.close()
    assert all(int(owner[1]) == int(owner[2]) > 60_000 for owner in owners)
    assert owners[0][1] != owners[1][1]
    assert len(users) == 2


def test_worker_files_are_plain(plan):
    for path in (ROOT / "shapecraft/worker").glob("*.py"):
        assert not path.stat().st_mode & (stat.S_ISUID | stat.S_ISGID | 0o002)
