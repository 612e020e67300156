"""Animating: an object that stands in a run folder gets an animation, in every format, and the run keeps it.

Table "animations", one row an animation asked for, failures among them; files animations/<n>.glb, .blend, .json, .png,
.gif. What is asked for again stands there already: no model is asked twice, and no program runs twice.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from easel.asking import load_prompt
from easel.errors import ConfigurationError
from easel.runs import RunStore
from easel.studios import keep_prompts
from shapecraft.animated_glb import animated_glb
from shapecraft.animated_program import animated_program, shown_at
from shapecraft.animation import Animation, NothingMoves, sweep, to_json
from shapecraft.animation_pictures import SIZE, animation_film, animation_strip
from shapecraft.animator import Animating, Animator
from shapecraft.clashes import Clash, worst_clashes
from shapecraft.graph import ShapeGraph
from shapecraft.mesh import ObjectMesh
from shapecraft.outcome import Job, Limits, Outcome
from shapecraft.posing import pose
from shapecraft.remembering import RememberedWall
from shapecraft.standing import Standing, standing, watermark
from shapecraft.wall import Wall

TABLE = "animations"
ENDINGS = ("nothing moves", "invalid")
"""Failures that follow from a reply, which the run keeps."""
OFF = 1e-3
"""Share of the object's longest side by which a frame of the Blender program may differ from ours (ours)."""


@dataclass(frozen=True, eq=False)
class Animated:
    """number : from 1; animating : the animation, or why there is none; clashes : (frame, pair), the worst first

    files : kind ("glb", "blend", "json", "png", "gif") -> bytes; blend : outcome of the Blender program, None where no
    wall was given; differs : parts that the Blender program puts elsewhere, in the first frame or at a keyframe
    unseen : why the Blender program could not be looked at there, "" where it was
    """

    number: int
    animating: Animating
    files: Mapping[str, bytes]
    clashes: tuple[tuple[int, Clash], ...] = ()
    blend: Outcome | None = None
    differs: tuple[str, ...] = ()
    watermark: str = ""
    unseen: str = ""


def planned(made: Standing, wanted: str, animator: Animator | None, *, number: int = 1) -> Animating:
    """The animation: the joints through their limits where no words ask for anything, else what the animator says.

    Raises ConfigurationError for words without an animator, PoseError for joints that make no tree.
    """
    if not wanted.strip():
        try:
            return Animating(sweep(made.graph))
        except NothingMoves as error:
            return Animating(None, "nothing moves", str(error))
    if animator is None:
        raise ConfigurationError("a model, which reads what should move", came="none named", where="--model",
                                 mend="Name one, or leave the words out: every joint then goes through its limits.")
    return animator.animate(made.graph, wanted, number=number)


def written(
    made: Standing, animation: Animation, *, watermark: str = "", size: int = SIZE,
    known: Callable[[str], bytes | None] = lambda kind: None,
) -> dict[str, bytes]:
    """The files of an animation by kind: glb, json, png (strip), gif (film).

    watermark : words in the pictures; size : pixels of one; known : gives the files that are there already
    Raises PoseError for joints that make no tree.
    """
    graph, mesh = made.graph, made.mesh
    makers: dict[str, Callable[[], bytes]] = {
        "glb": lambda: animated_glb(made.glb, graph, animation), "json": lambda: to_json(animation).encode(),
        "png": lambda: animation_strip(mesh, graph, animation, size=size, watermark=watermark),
        "gif": lambda: animation_film(mesh, graph, animation, size=size, watermark=watermark),
    }
    return {kind: found if (found := known(kind)) is not None else make() for kind, make in makers.items()}


def blend_programs(made: Standing, animation: Animation) -> tuple[tuple[int, str], ...]:
    """(frame, Blender program that then stands at it): the first frame, whose program is the .blend's, and the keyframe
    at which a part is farthest from where it is then, the earliest of equals; that one alone where nothing moves.

    Raises PoseError for joints that make no tree.
    """
    program, mesh, tree = animated_program(made.program, made.graph, animation), made.mesh, animation.tree(made.graph)
    first = pose(mesh, tree, animation.values(0)).mesh.parts

    def far(frame: int) -> float:
        parts = pose(mesh, tree, animation.values(frame)).mesh.parts
        return round(max(float(np.abs(one.vertices - other.vertices).max(initial=0.0))
                         for one, other in zip(first, parts, strict=True)), 6)

    frames = sorted({frame for track in animation.tracks for frame, _ in track.keyframes})
    moved = max(frames, key=lambda frame: (far(frame), -frame))
    return (0, program), *(((moved, shown_at(program, moved)),) if far(moved) else ())


def blended(made: Standing, animation: Animation, wall: Wall) -> tuple[Outcome, tuple[str, ...], str]:
    """(outcome of the Blender program, its .blend among it; parts that it places elsewhere, in its first frame or at a
    keyframe that moves; why that keyframe could not be looked at, "" where it was).

    Raises PoseError for joints that make no tree.
    """
    graph, one = made.graph, Limits()
    limits = replace(one, seconds=one.seconds * len(graph), cpu_seconds=one.cpu_seconds * len(graph))
    (_, program), *moving = blend_programs(made, animation)
    outcome = wall.run(Job(program, "animation", limits, blend=True))
    if not outcome.ran:
        return outcome, (), ""
    wrong = {*_differing(made.mesh, graph, animation, outcome, 0)}
    for frame, text in moving:
        seen = wall.run(Job(text, "animation", limits))
        if not seen.ran:
            return outcome, _ordered(made.mesh, wrong), f"{seen.kind}: {seen.message}"
        wrong |= {*_differing(made.mesh, graph, animation, seen, frame)}
    return outcome, _ordered(made.mesh, wrong), ""


def _ordered(mesh: ObjectMesh, names: set[str]) -> tuple[str, ...]:
    return tuple(name for name in mesh.names if name in names)


def animate(
    run: RunStore, *, wanted: str = "", animator: Animator | None = None, wall: Wall | None = None, size: int = SIZE,
) -> Animated:
    """An animation of the run's object, kept in the run.

    run : open for writing (`RunStore.amend`); wanted : in words, "" takes the joints; wall : None makes no .blend
    size : pixels of the pictures
    A failure is a row with its reason, and has no files. Errors as `planned`; raises RunDrift where the same request
    comes to something else than before.
    """
    made = standing(run)
    key = _key(made, wanted, animator)
    rows = run.keyed(TABLE)
    number = rows[key]["number"] if key in rows else len(rows) + 1
    evidence = animator.model.evidence if animator is not None and wanted.strip() else made.evidence
    mark = watermark(evidence, made.evidence)
    if animator is not None and wanted.strip():
        keep_prompts(run, "shapecraft", ("animate",), overlay=animator.settings.prompt_overlay)
    animating = planned(made, wanted, animator, number=number)
    files: dict[str, bytes] = {}
    outcome: Outcome | None = None
    differs: tuple[str, ...] = ()
    unseen = ""
    clashes: tuple[tuple[int, Clash], ...] = ()
    if animating.animation is not None:
        def known(kind: str) -> bytes | None:
            path = run.folder / f"{TABLE}/{number}.{kind}"
            return path.read_bytes() if key in rows and path.is_file() else None

        files = written(made, animating.animation, watermark=mark, size=size, known=known)
        if wall is not None:
            outcome, differs, unseen = blended(made, animating.animation, RememberedWall(wall, run))
            files |= {"blend": outcome.blend} if outcome.blend else {}
        clashes = worst_clashes(made.mesh, made.graph, animating.animation)
    if animating.failure not in ("", *ENDINGS):  # a call that failed; asked for again it may not
        key = f"{key}-{animating.failure}{len(rows)}"
    for kind, content in files.items():
        run.write(f"{TABLE}/{number}.{kind}", content)
    run.append(TABLE, key, {
        "number": number, "wanted": wanted, "version": made.version, "graph": made.graph.key, "evidence": evidence,
        "model": animator.model.name if animator is not None and wanted.strip() else "", **animating.row(),
        "clashes": [{"frame": frame, **clash.row()} for frame, clash in clashes],
    })
    return Animated(number, animating, files, clashes, outcome, differs, mark, unseen)


def animations(run: RunStore) -> tuple[dict[str, Any], ...]:
    """The rows of a run's animations, in order; `files` in each: kind -> path in the folder, of what is there."""
    found = []
    for row in run.rows(TABLE):
        paths = {kind: f"{TABLE}/{row['number']}.{kind}" for kind in ("glb", "blend", "json", "png", "gif")}
        found.append({**row, "files": {kind: path for kind, path in paths.items() if (run.folder / path).is_file()}})
    return tuple(found)


def _key(made: Standing, wanted: str, animator: Animator | None) -> str:
    """What decides an animation: object, words, model, settings and prompt; and what its pictures must be marked with,
    where that is not the run's."""
    decided: list[Any] = [made.graph.key, hashlib.sha256(made.glb).hexdigest(), wanted]
    if made.watermark != made.gallery.watermark:
        decided.append(made.watermark)
    if animator is not None and wanted.strip():
        settings = animator.settings
        decided += [animator.model.name, settings.key,
                    load_prompt("shapecraft", "animate", overlay=settings.prompt_overlay).key]
    return hashlib.sha256(json.dumps(decided).encode()).hexdigest()[:16]


def _differing(
    mesh: ObjectMesh, graph: ShapeGraph, animation: Animation, outcome: Outcome, frame: int,
) -> tuple[str, ...]:
    """Parts whose bounds in the Blender program's scene are not those of the pose at this frame."""
    reach = OFF * float((mesh.bounds[1] - mesh.bounds[0]).max())
    wrong = []
    for part in pose(mesh, animation.tree(graph), animation.values(frame)).mesh.parts:
        there = [one for one in outcome.parts if one.name.split(".")[0] == part.name]
        low, high = ([ends(values) for values in zip(*(getattr(one, side) for one in there), strict=True)]
                     for side, ends in (("low", min), ("high", max)))
        if not there or max(math.dist(low, part.bounds[0]), math.dist(high, part.bounds[1])) > reach:
            wrong.append(part.name)
    return tuple(wrong)
