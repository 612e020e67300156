"""Whether every part gets its own prompt's colour and pattern: cases x seeds x arms, and the table of the figures.

    python benchmarks/bench_component_awareness.py OUT [--guidance FOLDER] [--arms both,global,components,swapped,zero,
        tier0] [--seeds 0,1,2] [--cases stool,mug] [--settings small] [--set steps=600] [--jobs 2] [--table]
    python benchmarks/bench_component_awareness.py OUT --sheet both [--source TEXT] [--answers answers.json]

Arms: both terms, the global one alone, the components' alone, both with prompts swapped between parts, both with the
gradient of the guidance taken times 0, and Tier 0 (flat materials from words, no model). All but Tier 0 start from one
grey, roughness 0.5, metalness 0.5, and without the preset's pull towards the roughness and metalness of each part's
words (`said`, 0 here unless `--set` says otherwise): it would hand every arm, the global one and the one times 0 too,
what only its prompts should say. A part is right where its mean albedo is nearer (CIELAB) to its own prompt's reference
colour than to every other part's. Every finished cell is a line of OUT/cells.jsonl and a picture, so that the same
command goes on where it was stopped. Table and sheets show what these settings, this model and this code made, no other
rows; `--source`, with --table or --sheet, names a model by its rows instead of opening it. `--sheet` makes the contact
sheet of an arm's grey crops for a reader who sorts them (the key lies beside it, in key-ARM.json); `--answers` (number
-> material) counts what was sorted right.
Objects are made once, behind a wall, which takes Blender, and kept in OUT/objects.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import functools
import hashlib
import io
import json
import math
import multiprocessing
import statistics
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from easel.guidance import Distilled
from easel.jsonl import append, canonical, write_whole
from easel.jsonl import read as read_lines
from easel.painter import painter_folder
from easel.statistics import wilson
from easel.torch_threads import torch_threads
from shapecraft.appearance import Appearance
from shapecraft.brdf import Material, display, light_of, shade
from shapecraft.catalogue_meshes import CatalogueMeshes
from shapecraft.environments import environment
from shapecraft.flat_painting import flat_painting
from shapecraft.mesh import ObjectMesh
from shapecraft.mesh_files import read_glb
from shapecraft.metrics import bootstrap_interval
from shapecraft.object_glb import object_glb
from shapecraft.paint_arguments import PRESETS, read_paint_settings
from shapecraft.paint_crops import Crop, crop_sheet, grey_crop, sorted_share
from shapecraft.paint_events import PaintFinished
from shapecraft.paint_measures import light_slopes, painted_light, part_figures, reference_colour, visible_points
from shapecraft.paint_settings import PaintSettings, fingerprint
from shapecraft.paint_views import PaintView, ViewPlan, buffers_of, paint_views
from shapecraft.painting import PaintSubject, paint
from shapecraft.painting_cases import PaintingCase, painting_cases
from shapecraft.sheets import View, fitted

ARMS = ("both", "global", "components", "swapped", "zero", "tier0")
SHOWN = (View("front", 35, 25), View("back", 215, 25))
PIXELS = 120
CROPPED = ViewPlan(whole=0, close=4, details=16)
"""Where crops are cut from: pieces, at about the scale at which the painter saw it; the part as a whole where none of
them holds a square."""


@dataclass(frozen=True)
class Cell:
    """One painting, and where it belongs."""

    out: Path
    arm: str
    case: str
    seed: int
    guidance: str
    settings: PaintSettings
    code: str

    @property
    def painted_case(self) -> PaintingCase:
        case, = painting_cases([self.case])
        return case.swapped() if self.arm == "swapped" else case

    def key(self, source: str) -> str:
        own = {"code": self.code, "arm": self.arm, "case": self.case, "seed": self.seed,
               "prompts": self.painted_case.appearance.row()}
        if self.arm != "tier0":
            own |= {"guidance": source, "settings": self.settings.row()}
        return fingerprint(own)[:16]

    @property
    def name(self) -> str:
        return f"{self.arm}/{self.case}-{self.seed}"


@functools.cache
def code() -> str:
    """Of all that paints, measures and cuts crops, so that no sheet mixes what two versions of it made."""
    folders = {"easel": "*.py", "shapecraft": "*.py", "benchmarks": Path(__file__).name}
    root = Path(__file__).resolve().parents[1]
    held = [path.read_bytes() for folder, names in folders.items() for path in sorted((root / folder).glob(names))]
    return hashlib.sha256(b"".join(held)).hexdigest()[:16]


class Muted:
    """A guidance whose gradient is taken times 0."""

    def __init__(self, inner: Any) -> None:
        self._inner, self.size, self.source, self.check = inner, inner.size, f"0 x {inner.source}", inner.check
        self.noise_shape = inner.noise_shape

    def distil(self, picture: Any, *rest: Any, **settings: Any) -> Distilled:
        found = self._inner.distil(picture, *rest, **settings)
        return replace(found, loss=found.loss * 0)


_held: dict[str, Any] = {}


def guidance_of(folder: str) -> Any:
    """One a process."""
    from easel.diffusion import DiffusersGuidance

    if folder not in _held:
        _held[folder] = DiffusersGuidance(folder, device="cpu")
    return _held[folder]


def object_of(out: Path, case: str) -> ObjectMesh:
    return read_glb((out / "objects" / f"{case}.glb").read_bytes(), where=case)


def make_objects(out: Path, cases: Sequence[PaintingCase]) -> None:
    """Those that are not there yet."""
    from shapecraft.outcome import Job
    from shapecraft.wall import open_wall

    lacking = [case for case in cases if not (out / "objects" / f"{case.name}.glb").is_file()]
    if not lacking:
        return
    with open_wall() as wall:
        meshes = CatalogueMeshes(lambda: wall)
        for case in lacking:
            meshes.mesh(case.entry)  # refuses what does not run
            made = [(one.name, wall.run(Job(one.program, one.name)).glb) for one in case.entry.graph().components]
            write_whole(out / "objects" / f"{case.name}.glb", object_glb(made, {}))


def run_cell(cell: Cell) -> dict[str, Any]:
    """Paints, measures, and writes what the cell leaves behind."""
    case, mesh = cell.painted_case, object_of(cell.out, cell.case)
    asked = case.appearance
    begun = time.process_time()
    source = "none"
    with torch_threads(1):
        if cell.arm == "tier0":
            painted: Any = flat_painting(mesh, asked.texts)
        else:
            guidance = guidance_of(cell.guidance)
            source = guidance.source
            terms = cell.arm if cell.arm in ("global", "components") else "both"
            settings = replace(cell.settings, terms=terms, seed=cell.seed)
            painted = painted_by(mesh, asked, Muted(guidance) if cell.arm == "zero" else guidance, settings)
        seconds = time.process_time() - begun
        row = measured(mesh, painted, case)
        crops = crops_of(mesh, painted, case, cell)
        shown = picture(mesh, painted)
    key = cell.key(source)
    path = picture_path(cell.out, cell.arm, cell.case, cell.seed, key)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, shown)
    return {"key": key, "arm": cell.arm, "case": cell.case, "seed": cell.seed, "source": source, "code": cell.code,
            "settings": {} if cell.arm == "tier0" else cell.settings.row(), "seconds": round(seconds, 2), **row,
            "crops": crops}


def picture_path(out: Path, arm: str, case: str, seed: int, key: str) -> Path:
    """The key is in the name, so that a picture is of its row's settings and model."""
    return out / "pictures" / arm / f"{case}-{seed}-{key}.png"


def painted_by(mesh: ObjectMesh, asked: Appearance, guidance: Any, settings: PaintSettings) -> Any:
    if settings.over == "uv":
        from shapecraft.atlas import make_atlas

        mesh = make_atlas(mesh, own_uv="replace").mesh
    *_, ended = paint(PaintSubject(mesh, asked.whole, asked.texts), guidance, settings)
    assert isinstance(ended, PaintFinished)
    return ended.painted


def measured(mesh: ObjectMesh, painted: Any, case: PaintingCase) -> dict[str, Any]:
    mesh = getattr(painted, "mesh", mesh)
    points = visible_points(mesh, seed=0)
    first, = painting_cases([case.name])
    own, before = ([reference_colour(colour) for colour in one.colours] for one in (case, first))
    figures = part_figures(mesh, points, painted, own)
    rows = [{"name": one.name, "prompt": case.appearance.texts[one.own], "right": one.right,
             "unswapped": as_before.right, "nearest": case.appearance.texts[one.nearest], "distances": one.distances,
             "albedo": one.albedo, "roughness": one.roughness, "metalness": one.metalness, "points": one.points}
            for one, as_before in zip(figures, part_figures(mesh, points, painted, before), strict=True)]
    return {"parts": rows, "light": painted_light(points, painted),
            "slopes": light_slopes(points, painted), "unseen": len(mesh.parts) - len(figures)}


def crops_of(mesh: ObjectMesh, painted: Any, case: PaintingCase, cell: Cell) -> list[dict[str, Any]]:
    """Grey crops as PNG in base64, of the arms that a reader may sort."""
    if cell.arm not in ("both", "components"):
        return []
    mesh = getattr(painted, "mesh", mesh)
    views, rows = paint_views(mesh, CROPPED, seed=1), []
    for number, (part, _, material) in enumerate(case.coats):
        close = views.of(number)
        pieces = [one for one in close if one.detail]
        made = next(filter(None, (grey_crop(mesh, some, painted, name=f"{cell.name}/{part}", material=material)
                                  for some in (pieces, close) if some)), None)
        if made is not None:
            held = io.BytesIO()
            Image.fromarray((made.picture * 255 + 0.5).astype(np.uint8)).save(held, "PNG")
            rows.append({"name": made.name, "material": material, "share": made.share,
                         "png": base64.b64encode(held.getvalue()).decode()})
    return rows


def picture(mesh: ObjectMesh, painted: Any) -> bytes:
    """Two sides under the studio, and the albedo of the first; PNG."""
    import torch

    mesh, light = getattr(painted, "mesh", mesh), environment("studio")
    shown = []
    for number, camera in enumerate(fitted(mesh.triangles, SHOWN, margin=0.95)):
        buffers = buffers_of(mesh, PaintView(camera, None, "front"), size=PIXELS, samples=2)
        found = painted.material_at(*(one.numpy() for one in (buffers.part, buffers.position, buffers.uv)))
        material = Material(*(torch.from_numpy(np.ascontiguousarray(one)) for one in found))
        lit = display(shade(light_of(light, buffers.normal, buffers.view), material))
        shown.append(buffers.picture(lit, (1.0, 1.0, 1.0)))
        if not number:
            from shapecraft.brdf import to_screen

            albedo = buffers.picture(to_screen(material.albedo), (1.0, 1.0, 1.0))
    page = torch.cat([*shown, albedo], dim=3)[0].permute(1, 2, 0).clamp(0, 1).numpy()
    held = io.BytesIO()
    Image.fromarray((page * 255 + 0.5).astype(np.uint8)).save(held, "PNG")
    return held.getvalue()


def of_these(rows: Sequence[dict[str, Any]], options: argparse.Namespace, source: str) -> list[dict[str, Any]]:
    """Rows of these settings, cases, seeds and arms by this model, one a cell; pooled figures would be of none."""
    asked = {cell.key("none" if cell.arm == "tier0" else source) for cell in cells_of(options)}
    return list({row["key"]: row for row in rows if row["key"] in asked}.values())


def heading(rows: Sequence[dict[str, Any]], options: argparse.Namespace, source: str, left: int) -> str:
    """What the table is of; left : rows of other settings, models, cases, seeds or arms"""
    chosen = chosen_of(options)
    return (f"{source}; preset {options.settings} {' '.join(changes(options))}; over {chosen.over}; code {code()}; "
            f"{len(rows)} of {len(cells_of(options))} cells; {left} other rows left out")


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Markdown, one row an arm.

    Two intervals of the share of parts: Wilson's takes parts for independent, the bootstrap draws objects with all
    their seeds (2,000 times, seed 0). Chance: a colour of the object's own drawn blindly for every part. Parts that
    nothing outside sees have no figure: they are counted apart. What older rows do not hold is "-".
    """
    lines = ["| arm | cells | parts right | share | 95 %, parts | 95 %, objects | chance | objects all right | unseen "
             "| as unswapped | metalness | \\|r\\| with light: mean, most, objects under 0.2 | largest slope: mean, "
             "most | CPU s a cell |", "|---" * 14 + "|"]
    for arm in ARMS:
        own = [row for row in rows if row["arm"] == arm]
        parts = [part for row in own for part in row["parts"]]
        if not parts:
            continue
        share = wilson(sum(part["right"] for part in parts), len(parts))
        drawn = bootstrap_interval([float(part["right"]) for part in parts],
                                   clusters=[row["case"] for row in own for _ in row["parts"]])
        objects = "-" if math.isnan(drawn.low) else f"{drawn.low:.3f} to {drawn.high:.3f}"
        chance = statistics.mean(1 / len(part["distances"]) for part in parts)
        whole = sum(all(part["right"] for part in row["parts"]) for row in own)
        before = statistics.mean(part["unswapped"] for part in parts)
        most = [max(abs(one) for one in row["light"].values()) for row in own]
        steep = [max(row["slopes"].values(), key=abs) for row in own if "slopes" in row]
        slope = f"{statistics.mean(map(abs, steep)):.2f}, {max(steep, key=abs):.2f}" if len(steep) == len(own) else "-"
        lines.append(
            f"| {arm} | {len(own)} | {share.successes} of {share.n} | {share.share:.3f} | {share.low:.3f} to "
            f"{share.high:.3f} | {objects} | {chance:.3f} | {whole} of {len(own)} | "
            f"{sum(row['unseen'] for row in own)} | {before:.3f} | "
            f"{statistics.mean(part['metalness'] for part in parts):.2f} | "
            f"{statistics.mean(most):.2f}, {max(most):.2f}, {sum(one < 0.2 for one in most)} of {len(most)} | "
            f"{slope} | {statistics.mean(row['seconds'] for row in own):.0f} |")
    return "\n".join(lines)


def wrong(rows: Sequence[dict[str, Any]], arm: str) -> str:
    """What went wrong in an arm, a line each."""
    return "\n".join(f"{row['case']}-{row['seed']} {part['name']}: {part['prompt']!r} looks like {part['nearest']!r}"
                     for row in rows if row["arm"] == arm for part in row["parts"] if not part["right"])


def contact(out: Path, rows: Sequence[dict[str, Any]], arm: str) -> Path:
    """All pictures of an arm, a row a case."""
    own = sorted({(row["case"], row["seed"], row["key"]) for row in rows if row["arm"] == arm})
    cases, seeds = list(dict.fromkeys(case for case, _, _ in own)), sorted({seed for _, seed, _ in own})
    wide = 3 * PIXELS + 8
    page = Image.new("RGB", (len(seeds) * wide, len(cases) * (PIXELS + 18)), "white")
    pen = ImageDraw.Draw(page)
    for case, seed, key in own:
        left, top = seeds.index(seed) * wide, cases.index(case) * (PIXELS + 18)
        page.paste(Image.open(picture_path(out, arm, case, seed, key)), (left, top + 16))
        if not seeds.index(seed):
            pen.text((left + 2, top + 2), painting_cases([case])[0].appearance.whole[:170], fill="black")
    path = out / f"{arm}.png"
    page.save(path)
    return path


def sheet(out: Path, rows: Sequence[dict[str, Any]], arm: str, seeds: Sequence[int]) -> None:
    """Contact sheet and key of an arm's crops."""
    crops = []
    for row in rows:
        if row["arm"] == arm and row["seed"] in seeds:
            for one in row["crops"]:
                shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(one["png"]))), dtype=np.float64) / 255
                crops.append(Crop(shown, one["name"], one["material"], one["share"]))
    png, key = crop_sheet(crops, seed=2026)
    write_whole(out / f"crops-{arm}.png", png)
    write_whole(out / f"key-{arm}.json", key.encode())
    print(f"{len(crops)} crops: {out / f'crops-{arm}.png'}; key: {out / f'key-{arm}.json'}")


def changes(options: argparse.Namespace) -> list[str]:
    """Of the preset; without `said` unless it is asked for."""
    asked = list(options.set or [])
    return asked if any(one.startswith("said=") for one in asked) else ["said=0", *asked]


def chosen_of(options: argparse.Namespace) -> PaintSettings:
    return read_paint_settings(options.settings, changes(options))


def cells_of(options: argparse.Namespace) -> list[Cell]:
    chosen = chosen_of(options)
    cases = painting_cases([one for one in options.cases.split(",") if one])
    folder = str(options.guidance or "")
    return [Cell(options.out, arm, case.name, int(seed), folder, chosen, code()) for seed in options.seeds.split(",")
            for arm in options.arms.split(",") for case in cases]


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--guidance", type=Path, help="a folder; without: the painter that ships")
    parser.add_argument("--arms", default=",".join(ARMS))
    parser.add_argument("--seeds", default="0,1,2")
    parser.add_argument("--cases", default="")
    parser.add_argument("--settings", choices=PRESETS, default="small")
    parser.add_argument("--set", action="append")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--table", action="store_true", help="only the table of what there is")
    parser.add_argument("--source", help="with --table or --sheet: the model, as rows name it, instead of --guidance")
    parser.add_argument("--sheet", choices=("both", "components"))
    parser.add_argument("--answers", type=Path)
    options = parser.parse_args(arguments)
    if strange := set(options.arms.split(",")) - set(ARMS):
        parser.error(f"arms are {', '.join(ARMS)}, not {', '.join(strange)}")
    options.out.mkdir(parents=True, exist_ok=True)
    kept, seeds = options.out / "cells.jsonl", [int(one) for one in options.seeds.split(",")]
    if options.sheet and options.answers:
        found = sorted_share((options.out / f"key-{options.sheet}.json").read_text(),
                             json.loads(options.answers.read_text()))
        print(f"{found.successes} of {found.n} sorted right: {found.share:.3f} ({found.low:.3f} to "
              f"{found.high:.3f}); chance {1 / 6:.3f}")
        return
    if options.source and not (options.table or options.sheet):
        parser.error("--source goes with --table or --sheet")
    options.guidance = options.guidance or (None if options.source else painter_folder())
    if options.sheet:
        options.arms = options.sheet
    elif not options.table:
        work(options, kept)
    source = options.source or guidance_of(str(options.guidance)).source
    every = read_lines(kept)
    rows = of_these(every, options, source)
    print(heading(rows, options, source, len(every) - len(rows)))
    if options.sheet:
        sheet(options.out, rows, options.sheet, seeds)
        return
    print(table(rows))
    for arm in ARMS:
        if any(row["arm"] == arm for row in rows):
            contact(options.out, rows, arm)
    print(wrong(rows, "both"))


def work(options: argparse.Namespace, kept: Path) -> None:
    cells = cells_of(options)
    make_objects(options.out, [cell.painted_case for cell in {cell.case: cell for cell in cells}.values()])
    source = guidance_of(str(options.guidance)).source
    done = {row["key"] for row in read_lines(kept)} if kept.exists() else set()
    left = [cell for cell in cells if cell.key("none" if cell.arm == "tier0" else source) not in done]
    print(f"{len(left)} of {len(cells)} cells to paint; {source}", flush=True)
    begun = time.perf_counter()
    with contextlib.ExitStack() as stack:
        rows: Iterator[dict[str, Any]] = map(run_cell, left)
        if options.jobs > 1:
            pool = stack.enter_context(multiprocessing.get_context("spawn").Pool(options.jobs))
            rows = pool.imap_unordered(run_cell, left)
        for number, row in enumerate(rows, start=1):
            append(kept, canonical(row))
            right = sum(part["right"] for part in row["parts"])
            spent = time.perf_counter() - begun
            print(f"{number} of {len(left)}: {row['arm']} {row['case']}-{row['seed']}: {right} of {len(row['parts'])} "
                  f"right, {row['seconds']:.0f} s; {math.ceil(spent / number * (len(left) - number) / 60)} min left",
                  flush=True)


if __name__ == "__main__":
    main()
