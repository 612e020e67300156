"""Outcomes: what one program asks for, and what came of running it (ShapeCraft, section 3.2: run in Blender)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["ran", "empty", "raised", "timeout", "memory", "output", "crashed", "refused"]
"""ran : meshes came out
empty : it ended without a single face that would be rendered
raised : an exception, a syntax error among them; `message` and `line` say which and where
timeout : the wall clock or the processor time of its limits was over
memory : it asked for more memory than its limits give
output : it printed more than allowed, or what it handed out was too large, not finite or not readable
crashed : Blender died, or the program ended the process
refused : it was not started at all
"""

CLOCK_OVER = "its time was over"
"""The message of a program that was out of wall-clock time."""
WALL_CLOSED = "the wall was closed while it ran"
"""The message of a program that was ended because nobody waited for it any more."""
MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """What one program may use. Every number is ours; the paper is silent.

    seconds : wall clock from the moment the program is taken (real programs of a language model need 0.001 to 0.08)
    cpu_seconds : processor time of all its threads together, whole seconds
    memory : bytes of address space; Blender 4.5 with its meshes warm takes 1.3 GiB of it before a program starts
    threads : threads of the process, Blender's own included (2 to 8); a second process is never allowed
    log_bytes : bytes printed, after which the program is stopped
    objects, vertices, triangles : of everything it hands out together
    blend_bytes : of the .blend file, where one is asked for
    """

    seconds: float = 20.0
    cpu_seconds: int = 20
    memory: int = 2048 * MIB
    threads: int = 64
    log_bytes: int = MIB
    objects: int = 512
    vertices: int = 1_000_000
    triangles: int = 1_000_000
    blend_bytes: int = 48 * MIB


@dataclass(frozen=True)
class Job:
    """One program for one jail.

    program : Python text that a model wrote, for Blender 4.5
    name : of the component, in messages only
    blend : hand out the scene as a .blend file too. Such a file may hold scripts of the program: see THREATS.md
    """

    program: str
    name: str = "part"
    limits: Limits = field(default_factory=Limits)
    blend: bool = False


@dataclass(frozen=True)
class PartReport:
    """One mesh object, measured from its validated triangles on our side of the wall.

    low, high : (3,) corners of its box, metres, world frame, z up
    volume : cubic metres; negative where the surface is turned inside out, 0 where it is not closed
    area : square metres
    vertices : places; vertices that lie at exactly the same place are one
    faces : triangles
    manifold : closed, and every edge belongs to exactly two triangles
    loose_parts : pieces that share no vertex
    material : name of the material of most of its triangles, empty where it has none
    """

    name: str
    low: tuple[float, float, float]
    high: tuple[float, float, float]
    volume: float
    area: float
    vertices: int
    faces: int
    manifold: bool
    loose_parts: int
    material: str


@dataclass(frozen=True)
class Outcome:
    """What came of one job.

    parts : in the order of the scene; empty unless `kind` is "ran"
    glb : one node per mesh object under the object's name, world coordinates, y-up, flat PBR factors, no textures;
        written on our side of the wall from validated arrays
    blend : the program's own scene, compressed; untrusted bytes
    message : one line: the exception in words, or what ended the program
    line : of the program, from 1; None where no line of it is to blame
    log : what it printed, cut; control characters removed
    seconds : from handing the program over to the last byte of its result
    blender : version of the Blender that ran it, "" where that was not kept
    """

    kind: Kind
    parts: tuple[PartReport, ...] = ()
    glb: bytes = b""
    blend: bytes = b""
    message: str = ""
    line: int | None = None
    log: str = ""
    seconds: float = 0.0
    blender: str = ""

    @property
    def ran(self) -> bool:
        return self.kind == "ran"
