"""Run painting: a run's object painted, kept in the run: prompts, checkpoints, maps, and files for other programs.

A painting is decided by the object, the prompts, the guidance and the settings; its folder is paintings/<number>/ of
the run. The same order again goes on from the last checkpoint, and writes its files anew where it is done.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError, MissingCapability
from shapecraft.appearance import Appearance
from shapecraft.atlas import LARGEST, Atlas, make_atlas
from shapecraft.baking import UPSAMPLE, Maps, Materials, bake
from shapecraft.blender_conversion import ExportError
from shapecraft.flat_painting import flat_painting
from shapecraft.model_page import model_page
from shapecraft.paint_events import PaintEvent, PaintFinished
from shapecraft.paint_settings import PaintSettings, fingerprint
from shapecraft.painted_pictures import turntable_sheet
from shapecraft.painting import PaintSubject, paint
from shapecraft.seams import levelled
from shapecraft.sheets import png_bytes
from shapecraft.standing import Standing, standing
from shapecraft.texture_maps import albedo_png, maps_sheet, metallic_roughness_png, part_pngs
from shapecraft.textured_blend import textured_blend
from shapecraft.textured_glb import textured_glb

if TYPE_CHECKING:
    from easel.guidance import Guidance
    from easel.runs import RunStore

TABLE = "paintings"
FLAT = "flat materials from words"
"""What stands as guidance of Tier 0."""
_WORK = "work"  # checkpoints


@dataclass(frozen=True, eq=False)
class PaintOrder:
    """What a run's object is painted by.

    appearance : prompts, one a part of the object's mesh; version : of the object, None is the one that stands
    guidance, settings : both None is Tier 0: flat materials from words, at once
    size : texels along a side of the maps, a multiple of `baking.UPSAMPLE` (ours: 2048)

    Raises ConfigurationError for one of guidance and settings without the other, and for sizes outside.
    """

    appearance: Appearance
    guidance: Guidance | None = None
    settings: PaintSettings | None = None
    size: int = 2048
    version: int | None = None

    def __post_init__(self) -> None:
        if (self.guidance is None) != (self.settings is None):
            raise ConfigurationError("guidance and settings, or neither", where="PaintOrder",
                                     came="settings alone" if self.guidance is None else "guidance alone")
        check_size(self.size)

    @property
    def source(self) -> str:
        return FLAT if self.guidance is None else self.guidance.source


def check_size(size: int) -> None:
    """Of maps, in texels. Raises ConfigurationError for one outside."""
    if size % UPSAMPLE or not 16 * UPSAMPLE <= size <= LARGEST:
        raise ConfigurationError(f"maps of {16 * UPSAMPLE} to {LARGEST} texels, a multiple of {UPSAMPLE}",
                                 came=str(size), where="--size")


@dataclass(frozen=True)
class PaintingBegun:
    """number : of the painting in its run; folder : of its files; again : whether the same order was given before"""

    number: int
    folder: Path
    again: bool


@dataclass(frozen=True, eq=False)
class PaintingKept:
    """files : what it is -> path, of everything that was written; unsaid : parts whose words name no material (Tier 0)
    unseen : parts that nothing outside sees; no_blend : why there is no .blend though one was asked for
    atlas, maps : what the files hold; appearance : the prompts that it was painted by"""

    number: int
    folder: Path
    files: dict[str, Path]
    unsaid: tuple[str, ...]
    unseen: tuple[str, ...]
    no_blend: str
    atlas: Atlas
    maps: Maps
    appearance: Appearance


RunPaintEvent = PaintEvent | PaintingBegun | PaintingKept


def paint_run(
    run: RunStore, order: PaintOrder, *, device: str = "cpu", threads: int | None = 1, blend: bool = True,
) -> Generator[RunPaintEvent, None, None]:
    """Paints the object of a run and keeps what comes of it; the last event names the files.

    run : open for writing (`RunStore.amend`); device, threads : as `painting.paint` takes them
    blend : also a .blend, for which Blender starts; where it cannot, the reason is told and everything else stands
    A field over uv is levelled at the borders of charts when it is baked (`seams.levelled`). object.glb is written
    last; a .blend and part maps of an earlier time that this one does not write are removed.
    Raises ConfigurationError as `standing`, `make_atlas` and `paint` do, and for prompts that are not one a part.
    """
    made = standing(run, order.version)
    mesh = made.mesh
    if tuple(one.name for one in order.appearance.parts) != mesh.names:
        raise ConfigurationError(f"prompts for {', '.join(mesh.names)}", where="PaintOrder",
                                 came=", ".join(one.name for one in order.appearance.parts))
    key, row = _row(made, order)
    rows = run.keyed(TABLE)
    number = rows[key]["number"] if key in rows else len(rows) + 1
    run.append(TABLE, key, {"number": number, **row})
    folder = run.folder / TABLE / str(number)
    run.write(f"{TABLE}/{number}/prompts.json", json.dumps({"number": number, **row}, indent=1, ensure_ascii=False)
              + "\n")
    yield PaintingBegun(number, folder, key in rows)
    # Uv that programs set are seldom meant: each solid of Blender's covers the whole page.
    atlas = make_atlas(mesh, size=order.size // UPSAMPLE, own_uv="replace")
    painted: Materials
    unsaid: tuple[str, ...] = ()
    if order.guidance is None or order.settings is None:
        flat = flat_painting(mesh, order.appearance.texts)
        painted, unsaid = flat, tuple(mesh.names[one] for one in flat.unsaid)
    else:
        subject = PaintSubject(atlas.mesh, order.appearance.whole, order.appearance.texts)
        ended = None
        with closing(paint(subject, order.guidance, order.settings, folder=folder / _WORK, device=device,
                           threads=threads)) as events:
            for event in events:
                yield event
                if isinstance(event, PaintFinished):
                    ended = event.painted
        assert ended is not None
        painted = ended
    maps = bake(atlas, painted)
    if order.settings is not None and order.settings.over == "uv":
        maps = levelled(atlas, maps)
    # The object's file says that a painting is finished: it goes first and comes back last.
    place = folder / "object.glb"
    place.unlink(missing_ok=True)
    glb = textured_glb(atlas, maps)
    files = {"object": place}
    for what, relative, content in _files(made, order, atlas, maps, glb):
        files[what] = run.write(f"{TABLE}/{number}/{relative}", content)
    files["prompts"] = folder / "prompts.json"
    no_blend = ""
    if blend:
        try:
            files["Blender file"] = run.write(f"{TABLE}/{number}/object.blend", textured_blend(atlas, maps))
        except (MissingCapability, ExportError) as error:
            no_blend = str(error)
    for left in (folder / "object.blend", *(folder / "parts").glob("*.png")):
        if left not in files.values():
            left.unlink(missing_ok=True)  # of the same order, when it wrote more
    run.write(f"{TABLE}/{number}/object.glb", glb)
    unseen = tuple(mesh.names[one] for one in maps.hidden)
    yield PaintingKept(number, folder, files, unsaid, unseen, no_blend, atlas, maps, order.appearance)


def paintings(run: RunStore) -> tuple[dict[str, Any], ...]:
    """Rows of a run's paintings, in order, and `glb` and `page`: their paths in the folder, "" until they are there."""
    found = []
    for row in run.rows(TABLE):
        paths = {kind: f"{TABLE}/{row['number']}/object.{kind}" for kind in ("glb", "html")}
        there = {kind: path if (run.folder / path).is_file() else "" for kind, path in paths.items()}
        found.append({**row, "glb": there["glb"], "page": there["html"]})
    return tuple(found)


def painting_lines(run: RunStore) -> list[str]:
    """What is painted of a run, a line each, for people."""
    lines = []
    for row in paintings(run):
        where = run.folder / row["glb"] if row["glb"] else "not finished; the same command goes on"
        lines.append(f"painting {row['number']}, version {row['version']}, {row['guidance']}: {where}")
    return lines


def _row(made: Standing, order: PaintOrder) -> tuple[str, dict[str, Any]]:
    """(key of what decides a painting, what is kept of it)"""
    settings = None if order.settings is None else order.settings.row()
    row = {"version": made.version, "object": hashlib.sha256(made.glb).hexdigest(), "guidance": order.source,
           "prompts": order.appearance.row(), "settings": settings, "size": order.size, "evidence": made.evidence}
    return fingerprint(row)[:16], row


def _files(
    made: Standing, order: PaintOrder, atlas: Atlas, maps: Maps, glb: bytes
) -> Iterator[tuple[str, str, bytes | str]]:
    """(what it is, path in the painting's folder, content), of all but the object's file and the .blend"""
    names, note = atlas.mesh.names, f"{made.caption()}; painted: {order.source}"
    yield "page", "object.html", model_page(made.graph, glb, scores=made.scores, note=note, watermark=made.watermark)
    yield "albedo", "albedo.png", albedo_png(maps)
    yield "metallic-roughness", "metallic_roughness.png", metallic_roughness_png(maps)
    for number, name in enumerate(names):
        if (maps.part == number).any():
            albedo, rest = part_pngs(maps, number)
            yield f"albedo of {name}", f"parts/{name}_albedo.png", albedo
            yield f"metallic-roughness of {name}", f"parts/{name}_metallic_roughness.png", rest
    marked = f"{made.watermark} {note}".strip()
    yield "sheet of maps", "maps.png", png_bytes(maps_sheet(maps, names, title=marked))
    yield "turntable", "turntable.png", png_bytes(turntable_sheet(atlas, maps, title=marked))
