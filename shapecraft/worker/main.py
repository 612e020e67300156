"""Worker: Blender's interpreter, warm, waiting for one program; it runs that, hands out meshes, and ends.

    main.py SETUP           SETUP is JSON: {"job": fd, "result": fd, "jail": bool, "folder": path, "paths": [...]}

Protocol: to the result descriptor goes the line `ready`; from the job descriptor come a length (4 bytes, big-endian)
and a job in JSON; back go the line `taken` and then, once, a length, a header in JSON, and the arrays and bytes that it
announces.
From `taken` on nothing that this process says is trusted: the other side checks and measures.
"""

import contextlib
import json
import os
import struct
import sys
import traceback

PROGRAM = "<program>"
LONGEST_MESSAGE = 2000


def main() -> None:
    setup = json.loads(sys.argv[1])
    sys.path[:] = [*sys.path, *setup["paths"], os.path.dirname(os.path.abspath(__file__))]
    sys.dont_write_bytecode = True
    import seal

    if setup["jail"]:
        seal.seal()
    else:
        os.chdir(setup["folder"])
    # On one core Blender starts no threads of its own, whose sums come out in another order every time.
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    import bpy
    import harvest

    _warm(bpy, harvest)
    os.sched_setaffinity(0, cores)
    _send(setup["result"], b"ready\n")
    job = _receive(setup["job"])
    if job is None:
        os._exit(0)
    if setup["jail"]:
        seal.close(memory=job["memory"], cpu_seconds=job["cpu_seconds"], threads=job["threads"])
    else:
        seal.limit(memory=job["memory"], cpu_seconds=job["cpu_seconds"])
    _send(setup["result"], b"taken\n")
    header, arrays = _run(job, harvest)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:  # the program closed or replaced it
            continue
    text = json.dumps(header).encode()
    _send(setup["result"], struct.pack(">I", len(text)) + text)
    for array in arrays:
        _send(setup["result"], array)
    os._exit(0)  # whatever the program left behind, exit handlers and threads among it, is not waited for


def _warm(bpy, harvest) -> None:
    """What a first program would wait for: operators, evaluation, the arrays. The scene is empty afterwards.

    Blender starts with its factory settings, as there are no others, and a cube.
    """
    bpy.context.object.modifiers.new("bevel", "BEVEL")
    bpy.ops.object.shade_smooth()
    harvest.collect(objects=1, vertices=1000, triangles=1000)
    # Ten times faster than `read_factory_settings`, which loads every add-on again.
    bpy.ops.wm.read_homefile(use_empty=True, use_factory_startup=True)
    with contextlib.suppress(ImportError):  # a program that needs it says so itself
        import shapes  # noqa: F401


def _run(job: dict, harvest) -> tuple[dict, list]:
    try:
        code = compile(job["program"], PROGRAM, "exec", dont_inherit=True)
        exec(code, {"__name__": "__main__", "__builtins__": __builtins__})
    except SystemExit as error:
        if error.code not in (None, 0):
            return _told("raised", error), []
    except MemoryError as error:
        return _told("memory", error), []
    except BaseException as error:
        return _told("raised", error), []
    try:
        objects, arrays = harvest.collect(objects=job["objects"], vertices=job["vertices"], triangles=job["triangles"])
        blend = harvest.save(job["blend_bytes"]) if job["blend"] and objects else b""
    except harvest.TooMuch as error:
        return {"kind": "output", "message": str(error)}, []
    except MemoryError as error:
        return _told("memory", error), []
    except BaseException as error:
        return {"kind": "raised", "message": f"after the program ended: {_words(error)}"}, []
    return {"kind": "ran" if objects else "empty", "objects": objects, "blend": len(blend)}, [*arrays, blend]


def _told(kind: str, error: BaseException) -> dict:
    line = None
    if isinstance(error, SyntaxError) and error.filename == PROGRAM:
        line = error.lineno
    for frame, number in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == PROGRAM:
            line = number
    return {"kind": kind, "message": _words(error), "line": line}


def _words(error: BaseException) -> str:
    try:
        text = f"{type(error).__name__}: {error.msg}" if isinstance(error, SyntaxError) else \
            traceback.format_exception_only(error)[-1]
    except Exception:
        text = type(error).__name__
    return " ".join(text.split())[:LONGEST_MESSAGE].encode("utf-8", "replace").decode()


def _send(descriptor: int, data) -> None:
    view = memoryview(data).cast("B") if len(data) else memoryview(b"")
    while view:
        view = view[os.write(descriptor, view):]


def _receive(descriptor: int) -> "dict | None":
    """The job; None when the other side is gone."""
    length = _exactly(descriptor, 4)
    text = _exactly(descriptor, struct.unpack(">I", length)[0]) if length else None
    return json.loads(text) if text else None


def _exactly(descriptor: int, count: int) -> "bytes | None":
    data = b""
    while len(data) < count:
        piece = os.read(descriptor, count - len(data))
        if not piece:
            return None
        data += piece
    return data


if __name__ == "__main__":
    main()
