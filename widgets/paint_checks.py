"""Paint checks: a painting's colours beside its words, the light in its albedo, as HTML. Pure; words are escaped."""

from __future__ import annotations

from typing import TYPE_CHECKING

from drawagent.pages import text
from easel.errors import ConfigurationError
from shapecraft.paint_guidance import TOY, grade_of
from shapecraft.paint_measures import PartFigures, painted_light, part_figures, reference_colour, visible_points
from shapecraft.painted_looks import MapMaterials
from widgets import panels

if TYPE_CHECKING:
    from shapecraft.run_painting import PaintingKept
    from widgets.paint_stepper import PaintStepper


def colour_check(stepper: PaintStepper) -> str:
    """A row a part that is seen: mean colour, distance to the colour of its own words, and whose is nearest.

    The words are those that it was painted by, whatever was said since. Distances are CIELAB (1976). Without a
    painting, and where words name no colour: a sentence.
    """
    kept = stepper.progress.kept
    if kept is None:
        return panels.panel("<p>Nothing is painted yet.</p>")
    texts = kept.appearance.texts
    try:
        wanted = [reference_colour(words) for words in texts]
    except ConfigurationError as error:
        return panels.panel(f"<p><b>Colours cannot be compared:</b> {text(str(error))}</p>")
    rows, names = [], stepper.mesh.names
    for one in _figures(kept, wanted):
        nearest = one.own if one.distances[one.own] <= min(one.distances) else one.nearest
        others = [away for place, away in enumerate(one.distances) if place != one.own]
        rows.append([one.name, texts[one.own], f"{one.distances[one.own]:.0f}",
                     f"{min(others):.0f}" if others else "-", names[nearest], f"{one.roughness:.2f}",
                     f"{one.metalness:.2f}"])
    head = ["part", "words", "off its own colour", "off the nearest other", "nearest is that of", "roughness",
            "metalness"]
    mark = " A toy painted it: no figure for a method." if grade_of(stepper.guidance) == TOY else ""
    return panels.panel(f"<p><b>Colours</b>, in CIELAB.{mark}</p>", panels.table(head, rows))


def light_check(stepper: PaintStepper) -> str:
    """Correlation of albedo and shading under each environment. Without a painting: a sentence."""
    kept = stepper.progress.kept
    if kept is None:
        return panels.panel("<p>Nothing is painted yet.</p>")
    points = visible_points(kept.atlas.mesh)
    found = painted_light(points, MapMaterials(kept.maps))
    return panels.panel("<p><b>Light in the albedo</b>, correlation with shading under each light</p>",
                        panels.table(list(found), [[f"{value:+.2f}" for value in found.values()]]))


def _figures(kept: PaintingKept, wanted: list[tuple[float, float, float]]) -> tuple[PartFigures, ...]:
    return part_figures(kept.atlas.mesh, visible_points(kept.atlas.mesh), MapMaterials(kept.maps), wanted)
