"""Painting: distils prompts into the texture field of an object, part by part and as a whole (ShapeCraft, step 5).

loss = SDS(picture of the whole, its prompt) + sum over visible parts of SDS(close-up of a part, its own prompt).
`paint` tells what it does as typed events, and goes on where it was stopped.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Generator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from easel.errors import ConfigurationError
from easel.guidance import GuidanceError, is_named, weighting_name
from easel.torch_threads import torch_threads
from shapecraft.brdf import Material, to_screen
from shapecraft.environments import OURS, Environment, environment
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_chance import WHOLE, guidance_chance, picture_chance, still_chance, terms_at, uses_before, view_at
from shapecraft.paint_details import of_detail
from shapecraft.paint_events import (
    CheckpointWritten,
    PaintEvent,
    PaintFinished,
    PaintStarted,
    PaintStepped,
    PartSkipped,
    Previewed,
    TermLeftOut,
    TermStep,
)
from shapecraft.paint_faults import LeftOut
from shapecraft.paint_keeping import PaintKeeper, cameras_key, kept_in
from shapecraft.paint_noise import surface_noise
from shapecraft.paint_settings import PaintSettings
from shapecraft.paint_shots import Shot, Shots, lit, worded_gloss
from shapecraft.paint_views import PaintViews, buffers_of, paint_views, view_from
from shapecraft.painted_field import Layout, PaintedField

if TYPE_CHECKING:
    import torch

    from easel.guidance import Carried, DistilSettings, Guidance
    from shapecraft.texture_field import TextureField

_BEYOND = 1e-6  # outside [0, 1] that rounding may bring


@dataclass(frozen=True, eq=False)
class PaintSubject:
    """mesh : in metres; prompt : of the whole; parts : appearance prompt of each part of the mesh, "" where none

    Over uv, a mesh of which every part has uv is painted on those, and places that share uv share their paint; any
    other gets uv of an atlas.

    Raises ConfigurationError where the prompts do not fit, and for a mesh without faces.
    """

    mesh: ObjectMesh
    prompt: str
    parts: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "parts", tuple(one.strip() for one in self.parts))
        object.__setattr__(self, "prompt", self.prompt.strip())
        if len(self.parts) != len(self.mesh.parts):
            raise ConfigurationError(f"a prompt for each of {len(self.mesh.parts)} parts, \"\" where none: "
                                     f"{', '.join(self.mesh.names)}", came=f"{len(self.parts)} prompts",
                                     where="PaintSubject")
        if not len(self.mesh.faces):
            raise ConfigurationError("a mesh with faces to paint", came="none", where="PaintSubject")


def paint(
    subject: PaintSubject, guidance: Guidance, settings: PaintSettings, *, folder: Path | None = None,
    device: str | torch.device = "cpu", threads: int | None = 1,
) -> Generator[PaintEvent, None, None]:
    """Paints an object; the last event has the field.

    folder : keeps what decides the painting and checkpoints, and goes on from its last one; None keeps nothing
    threads : of torch, for everything but the guidance (ours: 1, quickest for small pictures); None changes nothing.
        The guidance has as many as torch had before, unless it chooses itself.
    On the CPU the same numbers come to the bit, wherever it was stopped and resumed, with as many threads. However it
    ends early (an interrupt, a closed generator, an error), the folder has the checkpoint of the last whole step; only
    a process that is killed goes back to the last one it told of.
    A term whose gradient is not finite is left out of its step and told.

    Raises ConfigurationError for prompts, negative ones included, that are missing or that the guidance does not take,
    parts whose settings have no such name, environments that cannot be read, a folder of another painting, and, with a
    folder, weightings that have no name of their own; RunBusy while another paints in the folder; PaintingStopped
    where too many gradients of the guidance are not finite (`paint_faults`).
    """
    import torch

    _check(subject, guidance, settings)
    environments = tuple(environment(one) for one in settings.environments)
    free = torch.get_num_threads()
    with ExitStack() as stack:
        keeper = None
        if folder is not None:
            _check_names(settings)
            keeper = stack.enter_context(kept_in(folder, _row(subject, guidance, settings, environments)))
        with torch_threads(threads):
            work = _Work(subject, guidance, settings, environments, device)
            fitting = work.fitting()
        optimiser = torch.optim.Adam(work.field.parameters, lr=settings.rate, betas=(0.9, 0.99), eps=settings.epsilon)
        done, left = 0, LeftOut()
        if keeper is not None:
            done, left, work.carried = keeper.read(work.field, optimiser, work.cameras)
        yield PaintStarted(done, settings.steps, tuple(work.name(one) for one in work.terms),
                           len(work.views.views), settings.megabytes, fitting)
        for part, reason in work.skipped:
            yield PartSkipped(part, reason)
        yield from _steps(work, optimiser, keeper, done, left, threads, free)
        yield PaintFinished(PaintedField(work.mesh, work.field, work.layout, work.views.hidden, settings.steps))


def _steps(
    work: _Work, optimiser: torch.optim.Optimizer, keeper: PaintKeeper | None, done: int, left: LeftOut,
    threads: int | None, free: int,
) -> Generator[PaintEvent, None, None]:
    """The steps that are not done yet; writes the last whole one however they end."""
    settings, written, whole = work.settings, done, True
    try:
        for step in range(done, settings.steps):
            begun = time.perf_counter()
            with torch_threads(threads):
                for group in optimiser.param_groups:
                    group["lr"] = settings.rate_at(step)
                optimiser.zero_grad()
                found = tuple(work.term(step, term, weight, free) for term, weight in work.terms_at(step))
                after = left.after(found, settings.steps)
                whole = False
                optimiser.step()
                work.carry_on()
                done, left, whole = step + 1, after, True
            yield from (one for one in found if isinstance(one, TermLeftOut))
            yield PaintStepped(step, tuple(one for one in found if isinstance(one, TermStep)),
                               time.perf_counter() - begun)
            if settings.preview_every and (done == settings.steps or done % settings.preview_every == 0):
                with torch_threads(threads):
                    seen = work.preview(done)
                yield seen
            due = settings.checkpoint_every and not done % settings.checkpoint_every
            if keeper is not None and (due or done == settings.steps):
                path = keeper.write(done, left, work.field, optimiser, work.carried, work.cameras)
                written = done
                yield CheckpointWritten(done, path)
    except BaseException:
        if keeper is not None and whole and done > written:
            keeper.write(done, left, work.field, optimiser, work.carried, work.cameras)
        raise


class _Work:
    """One painting's cameras, field and terms."""

    def __init__(
        self, subject: PaintSubject, guidance: Guidance, settings: PaintSettings, environments: tuple[Any, ...],
        device: str | torch.device,
    ) -> None:
        self.subject, self.guidance, self.settings = subject, guidance, settings
        self.mesh = _with_uv(subject.mesh) if settings.over == "uv" else subject.mesh
        self.layout = Layout.of(self.mesh, settings.over)
        self.field: TextureField = self.layout.field(settings.field, seed=settings.seed, device=device)
        plan = settings.views if settings.terms != "global" else replace(settings.views, details=0)
        self.views: PaintViews = paint_views(self.mesh, plan, seed=settings.seed)
        self._size = settings.size or guidance.size
        self._shots = Shots(self.mesh, self.views.views, self.field, self.layout, environments, size=self._size,
                            samples=settings.samples, seed=settings.seed, lamps=settings.lamps,
                            shared=settings.shared_light, inset=settings.inset, megabytes=settings.megabytes,
                            device=device)
        self._environment, self._device = environments[0], device
        self._shown: Shot | None = None
        self.cameras = cameras_key(self.views)
        self.carried: dict[int, Carried] = {}
        self._carried: dict[int, Carried] = {}
        self._every = 0 if settings.terms == "components" else settings.whole_every
        self.skipped: list[tuple[str, str]] = []
        self.parts: list[int] = []
        for number, part in enumerate(self.mesh.parts if settings.terms != "global" else ()):
            reason = ("no visible surface" if number in self.views.hidden
                      else "no prompt" if not subject.parts[number] else "")
            if reason:
                self.skipped.append((part.name, reason))
            else:
                self.parts.append(number)
        if settings.terms == "components" and not self.parts:
            raise ConfigurationError("a part that is seen and has a prompt", where="PaintSubject",
                                     came="; ".join(f"{name}: {reason}" for name, reason in self.skipped))
        if not self.parts:
            self._every = 1  # every step has a term
        self._said = worded_gloss(subject.parts, device)
        self.terms = (*((WHOLE,) if settings.terms != "components" else ()), *self.parts)
        self._numbers = {term: [number for number, one in enumerate(self.views.views)
                                if one.part == (None if term == WHOLE else term)] for term in self.terms}
        details = {part: [number for number in self._numbers[part] if self.views.views[number].detail]
                   for part in self.parts}
        self._details = {part: own or self._numbers[part] for part, own in details.items()}
        near = any(details.values())
        self._far = round(settings.near_from * settings.steps) if near else settings.steps

    def name(self, term: int) -> str:
        return "" if term == WHOLE else self.mesh.parts[term].name

    def terms_at(self, step: int) -> tuple[tuple[int, float], ...]:
        own = self.settings
        return terms_at(step, self.parts, whole=self._every if step < self._far else 0, one=own.policy == "one",
                        seed=own.seed)

    def fitting(self) -> int:
        """About how many cameras the granted megabytes hold, as the first of the whole, the first close-up and the last
        detail say."""
        firsts = {self._numbers[term][0] for term in (self.terms[0], self.terms[-1])}
        firsts |= {self._details[part][-1] for part in self.parts[-1:]}
        return self._shots.fitting(sorted(firsts), self.settings.lights)

    def term(self, step: int, term: int, weight: float, free: int) -> TermStep | TermLeftOut:
        """One term's gradient, added to the field's; nothing is added where it is not finite.

        free : torch threads of the guidance
        """
        import torch

        own, begun = self.settings, time.perf_counter()
        number, shot, backdrop = self._shot(step, term)
        levels = min(own.levels_at(step), self._levels(shot))
        material = self.field.material(shot.places, levels=levels)
        leaves = Material(*(one.detach().requires_grad_(True) for one in material))
        drawn = shot.picture(leaves, backdrop, exposure=own.exposure)
        if self._size != self.guidance.size:
            drawn = torch.nn.functional.interpolate(drawn, size=(self.guidance.size,) * 2, mode="bilinear",
                                                    antialias=True)
        picture = drawn.detach().requires_grad_(True)
        late = step >= self._far
        prompt = self.subject.prompt if term == WHOLE else self.subject.parts[term]
        given = own.near_of(self.name(term)) if late else own.of(None if term == WHOLE else self.name(term))
        begin, end = (self._far, own.steps) if late else (0, self._far)
        progress = (step - begin) / max(end - begin - 1, 1)
        noise = self._noise(number) if late else None
        marked = time.perf_counter()
        try:
            with torch_threads(free):
                found = self.guidance.distil(picture, prompt, settings=given, progress=progress, side=shot.view.side,
                                             chance=guidance_chance(own.seed, step, term), noise=noise)
                (upon,) = torch.autograd.grad(found.loss, picture)
        except GuidanceError as fault:
            return TermLeftOut(step, self.name(term), fault.came, fault.where, fault.mend)
        guided = time.perf_counter() - marked
        if not bool(torch.isfinite(upon).all()):
            return TermLeftOut(step, self.name(term), "NaN or infinity",
                               f"timestep {found.timestep}, prompt {prompt!r}", "")
        if late:
            if found.carried is None:
                raise ConfigurationError("a guidance that says what it saw", came="Distilled.carried=None",
                                         where=self.guidance.source, mend="Paint with near_from=1: details need noise "
                                                                          "that is carried on.")
            self._carried[number] = found.carried
        if shot.view.detail:
            upon = of_detail(upon, shot.shown, rim=own.views.rim, level=late and own.level)
        share = weight * (own.part_weight if term != WHOLE else 1.0)
        asked = torch.autograd.grad(drawn, list(leaves), upon * share)
        if shot.inner is not None:
            asked = (asked[0] * shot.inner[:, None], asked[1] * shot.inner, asked[2] * shot.inner)
        if own.smooth_metalness:
            smooth = own.smooth_metalness * share * shot.roughening(leaves.metalness)
            asked = (*asked[:2], asked[2] + torch.autograd.grad(smooth, leaves.metalness)[0])
        if own.said:
            unlike = own.said * share * shot.unlike(leaves, self._said)
            asked = (asked[0], *(one + more for one, more in zip(asked[1:], torch.autograd.grad(unlike, leaves[1:]),
                                                                 strict=True)))
        torch.autograd.backward(list(material), list(asked))
        return TermStep(self.name(term), shot.view, float(found.loss.detach()), found.timestep, found.weight,
                        found.norm, time.perf_counter() - begun, guided)

    def _noise(self, view: int) -> Any:
        """Of a detail: what it carries, at first that of the surface."""
        import torch

        if view in self.carried:
            return self.carried[view]
        shape = self.guidance.noise_shape
        return torch.from_numpy(surface_noise(self.mesh, self.views.views[view], shape, seed=self.settings.seed))[None]

    def _levels(self, shot: Shot) -> int:
        """How many levels of the field have cells that are not too small for a picture."""
        cell = self.layout.cell(shot.view.part)
        least = self.settings.sharpest * (shot.view.camera.span / self._size)
        return max(1, sum(cell / along >= least for along in self.settings.field.resolutions))

    def carry_on(self) -> None:
        """Takes over what the terms of a step saw, once the step is done."""
        self.carried |= self._carried
        self._carried = {}

    def preview(self, done: int) -> Previewed:
        """From the front, a little from the right and from above, under the first environment."""
        import torch

        if self._shown is None:
            view = view_from(self.mesh, (0.45, -0.8, 0.4))
            buffers = buffers_of(self.mesh, view, size=self.settings.preview_size, device=self._device)
            places = self.field.places(self.layout.points(buffers.part, buffers.position, buffers.uv))
            self._shown = Shot(view, buffers, places, torch.empty((2, 0), dtype=torch.int64),
                               lit(self._environment, buffers, shared=0.02))
        shot = self._shown
        with torch.no_grad():
            material = self.field.material(shot.places)
            pictures = [shot.picture(material, 0.8),
                        shot.buffers.picture(to_screen(material.albedo), (1.0, 1.0, 1.0)),
                        *(shot.buffers.picture(one[:, None], (1.0,)) for one in material[1:])]
        shaded, albedo, roughness, metalness = (
            (one[0].permute(1, 2, 0) * 255).round().to(torch.uint8).cpu().numpy() for one in pictures)
        return Previewed(done, shaded, albedo, roughness[..., 0], metalness[..., 0])

    def _shot(self, step: int, term: int) -> tuple[int, Shot, float]:
        own, late = self.settings, step >= self._far
        numbers = self._details[term] if late else self._numbers[term]
        use, begun = (uses_before(one, term, len(self.parts), whole=self._every, one=own.policy == "one")
                      for one in (step, self._far if late else 0))
        view = numbers[view_at(use - begun, term, len(numbers), seed=own.seed)]
        chance = still_chance(own.seed, view) if late else picture_chance(own.seed, step, term)
        return view, self._shots.at(view, int(chance.integers(own.lights))), float(chance.uniform(*own.backdrop))


def _check(subject: PaintSubject, guidance: Guidance, settings: PaintSettings) -> None:
    """Raises ConfigurationError for prompts that are missing, or that the guidance does not take."""
    unknown = [name for name, _ in settings.own if name not in subject.mesh.names]
    if unknown:
        raise ConfigurationError(f"parts among {', '.join(subject.mesh.names)}", came=", ".join(unknown),
                                 where="PaintSettings.own")
    if settings.terms != "components" and not subject.prompt:
        raise ConfigurationError("a prompt of the whole", came='""', where="PaintSubject.prompt",
                                 mend='Give one, or paint with terms="components".')
    if settings.terms != "global" and not any(subject.parts):
        raise ConfigurationError("a prompt of at least one part", came="none", where="PaintSubject.parts",
                                 mend='Give one, or paint with terms="global".')
    if settings.terms != "components":
        guidance.check(subject.prompt)
    if settings.terms != "global":
        for prompt in filter(None, subject.parts):
            guidance.check(prompt)
    for one in filter(None, dict.fromkeys(given.negative_prompt for given in _given(settings))):
        guidance.check(one)


def _given(settings: PaintSettings) -> tuple[DistilSettings, ...]:
    """All guidance settings that are in use."""
    whole = (settings.whole,) if settings.terms != "components" else ()
    near = (settings.near,) if settings.near is not None else ()
    return (*whole, *((settings.part, *dict(settings.own).values(), *near) if settings.terms != "global" else ()))


def _check_names(settings: PaintSettings) -> None:
    """Raises ConfigurationError for weightings that a folder could not tell from others."""
    for one in _given(settings):
        if not isinstance(one.weighting, str) and not is_named(one.weighting):
            raise ConfigurationError(
                "a weighting with a name of its own, so that the folder tells which", where="DistilSettings.weighting",
                came=weighting_name(one.weighting),
                mend="Write it as a function of a module (def), or paint without a folder.")


def _row(
    subject: PaintSubject, guidance: Guidance, settings: PaintSettings, environments: tuple[Environment, ...]
) -> dict[str, Any]:
    """What decides a painting. Of an environment from a file it is the light, not the name."""
    lights = {name: hashlib.sha256(one.light.tobytes()).hexdigest()[:16]
              for name, one in zip(settings.environments, environments, strict=True) if name not in OURS}
    return {"version": 2, "lights": lights, "mesh": [{"name": one.name, "key": one.key} for one in subject.mesh.parts],
            "prompt": subject.prompt, "parts": list(subject.parts), "guidance": guidance.source,
            "settings": settings.row()}


def _with_uv(mesh: ObjectMesh) -> ObjectMesh:
    """The mesh with uv at every part, its own where all have some. Raises ConfigurationError for uv beyond [0, 1]."""
    if any(part.uv is None for part in mesh.parts if len(part.faces)):
        from shapecraft.atlas import make_atlas

        return make_atlas(mesh, own_uv="replace").mesh
    low, high = float(np.nanmin(mesh.uv)), float(np.nanmax(mesh.uv))
    if not -_BEYOND <= low <= high <= 1 + _BEYOND:
        raise ConfigurationError("uv from 0 to 1, without tiles", came=f"{low:.4g} to {high:.4g}",
                                 where="the uv of the mesh", mend='Make new ones with make_atlas, own_uv="replace".')
    return mesh
