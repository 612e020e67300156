"""Joint sliders: an object with joints in a pose of its own, inside the limits of its joints."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from drawagent.pages import text
from easel.runs import RunStore
from shapecraft.boxes import Box
from shapecraft.catalogue import find_entry
from shapecraft.catalogue_meshes import catalogue_mesh
from shapecraft.gallery import Gallery
from shapecraft.graph import ShapeGraph
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.posing import JointTree, Pose, Value, joint_tree, limits, numbers_of, pose, unit
from shapecraft.wall import Wall
from widgets import craft_words, panels, theme
from widgets.craft_figures import Layers, object_figure
from widgets.craft_stage import LIVE_TRIANGLES, Stage
from widgets.craft_thinning import thinned
from widgets.front_end import Shown

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go


class JointSliders(Shown):
    """A slider for every joint that can move; of a ball one for each of the world's axes.

    graph : with joints; mesh : its parts as modelled; watermark : what must stand over figures of it
    note : what a reader must know of where it comes from
    Boxes stay where the parts were modelled. Raises PoseError for joints that make no tree.
    """

    def __init__(self, graph: ShapeGraph, mesh: ObjectMesh, *, watermark: str = "", note: str = "") -> None:
        self.graph, self.mesh, self.watermark, self.note = graph, mesh, watermark, note
        self.tree: JointTree = joint_tree(graph)
        self.values: dict[str, Value] = {name: (0.0, 0.0, 0.0) if self.tree.joint(name).type == "ball" else 0.0
                                         for name in self.tree.moving}
        self._live: Any = None
        self._thin = ObjectMesh(tuple(thinned(part, LIVE_TRIANGLES) for part in mesh.parts))
        seen = np.array([pose(self._thin, self.tree, values).mesh.bounds
                         for values in (self.values, self._ends(0), self._ends(1))])
        self._reach = np.stack([seen[:, 0].min(axis=0), seen[:, 1].max(axis=0)])

    @classmethod
    def of_run(cls, run: RunStore | Path | str) -> JointSliders:
        """The object that a run made. Raises ConfigurationError where it made none."""
        gallery = Gallery(run)
        return cls(gallery.graph, gallery.mesh, watermark=gallery.watermark,
                   note=f"{gallery.run.info['name']}: {gallery.caption()}")

    @classmethod
    def of_catalogue(cls, name: str, wall: Wall) -> JointSliders:
        """An object of the catalogue, whose programs this project's authors wrote and no model.

        Where no wall stands, parts are drawn as their boxes, and the note says so.
        Raises ConfigurationError for a name that is none.
        """
        entry = find_entry(name)
        graph, note = entry.graph(), f"{entry.short}: an object of the catalogue, made by no model"
        if wall.level == "known programs":
            blocks = ObjectMesh(tuple(_block(one.name, one.box) for one in graph.components))
            return cls(graph, blocks, note=f"{note}; no wall stands here, so that its parts are drawn as their boxes")
        return cls(graph, catalogue_mesh(entry, wall), note=note)

    def set(self, values: Mapping[str, Value]) -> JointSliders:
        """Move joints: component -> degrees, or metres of a sliding one; what lies outside its limits is moved to them.

        Raises PoseError for a part without a joint, and for a value that is none.
        """
        inside, self._notes = self.tree.clamped(values)
        self.values |= inside
        if self._live is not None:
            self._live.show()
        return self

    _notes: tuple[str, ...] = ()

    def _ends(self, side: int) -> dict[str, Value]:
        """All joints at their lowest (0) or highest (1) value."""
        found = {name: limits(self.tree.joint(name))[side] for name in self.tree.moving}
        return {name: (end, end, end) if self.tree.joint(name).type == "ball" else end for name, end in found.items()}

    @property
    def pose(self) -> Pose:
        """The whole mesh in the pose."""
        return pose(self.mesh, self.tree, self.values)

    def figure(self, layers: Layers | None = None, **more: Any) -> go.Figure:
        """The object in the pose. layers : what of it; more : as `widgets.craft_figures.object_figure`"""
        posed = pose(self._thin, self.tree, self.values).mesh
        return object_figure(self.graph, {part.name: part for part in posed.parts}, layers=layers,
                             title=self.graph.object, reach=self._reach, watermark=bool(self.watermark), **more)

    def html(self) -> str:
        drawn = craft_words.stills(self.pose.mesh, f"{self.graph.object} in its pose",
                                   watermark=theme.WATERMARK if self.watermark else "")
        return panels.panel(self.heading(), self.words(), drawn)

    def heading(self) -> str:
        """Where the object comes from, and the watermark of a stand-in, as HTML."""
        mark = f"<p><b>{text(self.watermark)}</b></p>" if self.watermark else ""
        return f"<p dir=auto>{text(self.note or self.graph.object)}</p>{mark}"

    def words(self) -> str:
        """Every joint with its limits and where it stands, as HTML."""
        if not self.tree.moving:
            return "<p>No part of this object has a joint that can move.</p>"
        rows = []
        for name in self.tree.moving:
            joint = self.tree.joint(name)
            low, high = limits(joint)
            at = ", ".join(f"{one:g}" for one in numbers_of(self.values[name]))
            rows.append([name, joint.type, f"{low:g} to {high:g}{unit(joint)}", f"{at}{unit(joint)}",
                         ", ".join(self.tree.moved(name))])
        notes = "".join(f"<p>{text(note)}</p>" for note in self._notes)
        return panels.table(["joint of", "kind", "limits", "stands at", "moves"], rows) + notes

    def _build(self) -> ipywidgets.Widget:
        self._live = _Live(self)
        return self._live.box


class _Live:
    """The live side: sliders above a figure."""

    def __init__(self, sliders: JointSliders) -> None:
        import ipywidgets as ipw

        self._sliders, self._showing = sliders, False
        self._words = ipw.HTML()
        self._stage = Stage(sliders.figure)
        self._of: dict[str, list[Any]] = {name: self._made(name) for name in sliders.tree.moving}
        head = ipw.HTML(panels.panel(sliders.heading()))
        self.box = ipw.VBox([head, *(one for made in self._of.values() for one in made), self._words, self._stage.box],
                            layout={"width": "100%", "max_width": "1000px"})
        self.box.add_class("joint-sliders")
        self.show(drawn=False)

    def show(self, *, drawn: bool = True) -> None:
        self._showing = True
        try:
            for name, made in self._of.items():
                for slider, value in zip(made, numbers_of(self._sliders.values[name]), strict=True):
                    slider.value = value
        finally:
            self._showing = False
        self._words.value = panels.panel(self._sliders.words())
        if drawn:
            self._stage.show()

    def _made(self, name: str) -> list[Any]:
        import ipywidgets as ipw

        joint = self._sliders.tree.joint(name)
        low, high = limits(joint)
        made = [
            ipw.FloatSlider(min=low, max=high, step=(high - low) / 200, value=0.0, readout_format=".3g",
                            description=f"{name} {axis}".strip(), style={"description_width": "initial"},
                            layout={"width": "480px"})
            for axis in (("x", "y", "z") if joint.type == "ball" else ("",))
        ]
        for slider in made:
            slider.observe(lambda _: self._moved(name), "value")
        return made

    def _moved(self, name: str) -> None:
        if self._showing:
            return
        values = tuple(float(slider.value) for slider in self._of[name])
        self._sliders.set({name: values if len(values) == 3 else values[0]})


def _block(name: str, box: Box) -> PartMesh:
    corners = np.array([[x, y, z] for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (-0.5, 0.5)])
    quads = ((0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3))
    faces = np.array([one for a, b, c, d in quads for one in ((a, b, c), (a, c, d))])
    return PartMesh(name, corners * box.size + box.center, faces)
