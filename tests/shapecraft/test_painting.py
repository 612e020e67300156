"""Painting with a guidance without a model: parts get their own colours, and it goes on wherever it stopped."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from functools import partial

import numpy as np
import pytest
import torch

from easel.errors import ConfigurationError
from easel.guidance import DistilSettings, GuidanceError, weighting_sds, weighting_uniform
from easel.runs import RunBusy
from shapecraft import painted_field, painting
from shapecraft.brdf import Material
from shapecraft.environments import environment
from shapecraft.flat_painting import flat_painting
from shapecraft.lobes import FLOOR
from shapecraft.mesh import ObjectMesh, PartMesh
from shapecraft.paint_events import (
    CheckpointWritten,
    PaintFinished,
    PaintingStopped,
    PaintStarted,
    PaintStepped,
    PartSkipped,
    Previewed,
    TermLeftOut,
)
from shapecraft.paint_views import ViewPlan
from shapecraft.painting import PaintSubject, _Work, paint
from shapecraft.seen_surface import seen_points
from tests.shapecraft.test_environments import packed, some_pixels
from tests.shapecraft.toy_painting import COLOURS, GUIDED, SUBJECT, TINY, ToyGuidance


def state(events) -> dict[str, torch.Tensor]:
    return events[-1].painted.field.state()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def work_of(settings, guidance, subject) -> _Work:
    return _Work(subject, guidance, settings, tuple(map(environment, settings.environments)), "cpu")


def test_events_in_order():
    events = list(paint(SUBJECT, ToyGuidance(), replace(TINY, preview_every=4, preview_size=24)))
    kinds = [type(one) for one in events]
    steps = [PaintStepped] * 4 + [Previewed]
    assert kinds == [PaintStarted, PartSkipped, *steps, *steps, PaintFinished]
    assert events[0].terms == ("", "seat", "leg")
    assert events[1] == PartSkipped("core", "no visible surface")
    assert [one.part for one in events[2].terms] == ["", "seat", "leg"]
    assert events[6].shaded.shape == (24, 24, 3)
    assert events[6].shaded.dtype == np.uint8


def mean_albedo(painted, name: str) -> np.ndarray:
    """(3,) of the part's corners and middles of faces, linear."""
    number = painted.mesh.names.index(name)
    faces = painted.mesh.parts[number].triangles
    points = np.concatenate([faces.mean(axis=1), faces.reshape(-1, 3) * 0.9 + faces.reshape(-1, 3).mean(0) * 0.1])
    return painted.material_at(np.full(len(points), number), points, np.zeros((len(points), 2))).albedo.mean(axis=0)


@pytest.mark.parametrize("over", ["surface", "apart"])
@pytest.mark.parametrize("policy", ["sum", "one"])
def test_each_part_takes_the_colour_of_its_own_prompt(over, policy):
    settings = replace(TINY, steps=40, over=over, policy=policy, terms="components")
    for colours in (("red", "blue"), ("blue", "red")):
        subject = replace(SUBJECT, parts=(colours[0], colours[1], ""))
        painted = list(paint(subject, ToyGuidance(), settings))[-1].painted
        for name, colour in zip(("seat", "leg"), colours, strict=True):
            assert int(mean_albedo(painted, name).argmax()) == int(np.argmax(COLOURS[colour])), (name, colour)


def test_the_global_term_alone_paints_all_parts_alike():
    painted = list(paint(replace(SUBJECT, prompt="a red stool"), ToyGuidance(),
                         replace(TINY, steps=40, terms="global")))[-1].painted
    assert mean_albedo(painted, "seat").argmax() == mean_albedo(painted, "leg").argmax() == 0


class Still(ToyGuidance):
    """Pulls nowhere."""

    def distil(self, picture, prompt, **rest):
        found = super().distil(picture, prompt, **rest)
        return replace(found, loss=(0.0 * picture).sum())


def test_no_pull_leaves_the_start():
    painted = list(paint(SUBJECT, Still(), TINY))[-1].painted
    np.testing.assert_allclose(mean_albedo(painted, "seat"), 0.214, atol=1e-6)


def test_parts_nobody_sees_keep_the_start():
    painted = list(paint(SUBJECT, ToyGuidance(), replace(TINY, steps=20)))[-1].painted
    assert painted.hidden == (2,)
    np.testing.assert_allclose(mean_albedo(painted, "core"), 0.214, atol=1e-6)
    assert np.abs(mean_albedo(painted, "seat") - 0.214).max() > 0.05


def test_a_part_without_a_prompt_is_skipped_and_said():
    guidance = ToyGuidance()
    events = list(paint(replace(SUBJECT, parts=("red seat", " ", "")), guidance, TINY))
    assert events[1:3] == [PartSkipped("leg", "no prompt"), PartSkipped("core", "no visible surface")]
    assert {one[0] for one in guidance.calls} == {"a white stool", "red seat"}


def test_one_component_a_step_all_equally_often():
    guidance = ToyGuidance()
    subject = replace(SUBJECT, parts=("red seat", "blue leg", "green core"))
    list(paint(subject, guidance, replace(TINY, policy="one")))
    asked = [one[0] for one in guidance.calls]
    assert asked[::2] == ["a white stool"] * 8
    assert all(set(asked[at:at + 4:2]) == {"red seat", "blue leg"} for at in range(1, 16, 4))


def test_pictures_are_the_guidances_and_progress_runs_from_0_to_1():
    guidance = ToyGuidance(12)
    list(paint(SUBJECT, guidance, replace(TINY, size=20, samples=2)))
    assert {tuple(one.shape) for one in guidance.pictures} == {(1, 3, 12, 12)}
    assert all(0 <= one.min() <= one.max() <= 1 for one in guidance.pictures)
    assert (guidance.calls[0][1], guidance.calls[-1][1]) == (0.0, 1.0)
    assert {one[2] for one in guidance.calls} <= {"front", "side", "back", "overhead", "below"}


def test_a_component_stands_alone_before_a_backdrop_that_changes():
    guidance = ToyGuidance(noise=0.0)
    list(paint(SUBJECT, guidance, replace(TINY, terms="components", steps=6)))
    corners = [one[0, :, 0, 0] for one in guidance.pictures]
    assert all(bool((one == one[0]).all()) for one in corners)
    assert len({round(float(one[0]), 4) for one in corners}) == len(corners)


def test_inset_paints_less_of_each_picture_and_all_the_same_colours():
    settings = replace(TINY, steps=40, terms="components", views=ViewPlan(whole=1, close=2, details=3))
    plain, inner = (list(paint(SUBJECT, ToyGuidance(), replace(settings, inset=inset)))[-1].painted for inset in (0, 1))
    assert not same(plain.field.state(), inner.field.state())
    assert int(mean_albedo(inner, "seat").argmax()) == 0
    assert int(mean_albedo(inner, "leg").argmax()) == 2


def test_levels_that_sleep_stay_as_they_were():
    first = list(paint(SUBJECT, ToyGuidance(), replace(TINY, steps=1, rate=1e-9)))[-1].painted.field.state()["table"]
    found = list(paint(SUBJECT, ToyGuidance(), replace(TINY, steps=2, awake=1.0)))[-1].painted.field.state()["table"]
    rows = 1 << TINY.field.entries_log2
    moved = [bool((found - first)[level * rows:(level + 1) * rows].abs().max() > 1e-6) for level in range(3)]
    assert moved == [True, True, False]


def test_smoothness_of_metalness():
    def spread(weight: float) -> float:
        painted = list(paint(SUBJECT, ToyGuidance(noise=3.0), replace(
            TINY, steps=30, terms="components", smooth_metalness=weight)))[-1].painted
        points = np.random.default_rng(0).uniform((-0.5, -0.5, 1.0), (0.5, 0.5, 1.0), (400, 3))
        return float(painted.material_at(np.zeros(400, dtype=int), points, np.zeros((400, 2))).metalness.std())

    assert spread(1e5) < 0.5 * spread(0.0)


WORDED = replace(SUBJECT, parts=("red wood seat", "blue brass leg", "green core"))


def gloss_of(painted, number: int) -> np.ndarray:
    """(P, 2) roughness and metalness of the middles of a part's faces."""
    points = SUBJECT.mesh.parts[number].triangles.mean(axis=1)
    found = painted.material_at(np.full(len(points), number), points, np.zeros((len(points), 2)))
    return np.stack([found.roughness, found.metalness], axis=1)


@pytest.mark.parametrize(("terms", "weight"), [("both", 1e6), ("global", 1.0), ("components", 1.0)])
def test_a_pull_towards_what_the_words_name(terms, weight):
    around = replace(TINY.views, whole=8, close=4, elevations_deg=(-70.0, 70.0))
    settings = replace(TINY, steps=60, rate=0.1, last_rate=0.02, terms=terms, said=weight, views=around)
    painted = list(paint(WORDED, Still(), settings))[-1].painted
    flat = flat_painting(SUBJECT.mesh, WORDED.parts)
    for number in (0, 1):
        part = SUBJECT.mesh.parts[number]
        seen = seen_points(SUBJECT.mesh, part.triangles.mean(axis=1), np.full(len(part.faces), number), part.face_normals, size=256)
        assert seen.mean() >= 0.75, "the leg's top lies on the seat"
        np.testing.assert_allclose(gloss_of(painted, number)[seen], gloss_of(flat, number)[seen], atol=0.06)
    np.testing.assert_allclose(mean_albedo(painted, "seat"), 0.214, atol=1e-6)


def test_the_pull_is_weighed_as_its_term_is():
    def pulled(weight: float, **changes) -> torch.Tensor:
        work = work_of(replace(TINY, **changes), Still(), WORDED)
        work.term(0, 1, weight, 1)
        return work.field.parameters[-1].grad

    once = pulled(1.0, said=1.0)
    assert bool((once[:3] == 0).all())
    assert bool((once[3:] != 0).all())
    for weight, changes in ((6.0, {"said": 1.0}), (1.0, {"said": 6.0}), (2.0, {"said": 1.0, "part_weight": 3.0})):
        assert torch.allclose(pulled(weight, **changes), 6 * once, rtol=1e-5)


def test_parts_whose_words_name_nothing_are_not_pulled():
    settings = replace(TINY, terms="global", said=1e3)
    silent = replace(SUBJECT, parts=("", "leg", ""))
    assert same(state(list(paint(silent, Still(), settings))), state(list(paint(silent, Still(), replace(settings, said=0.0)))))
    work = work_of(settings, Still(), replace(SUBJECT, parts=("", "brass leg", "")))
    shot = next(one for one in map(partial(work._shots.at, light=0), range(3)) if len(one.buffers.part.unique()) == 2)
    start = [torch.full((len(shot.buffers),), 0.5, requires_grad=True) for _ in range(2)]
    off = shot.unlike(Material(None, *start), work._said)
    leg = shot.buffers.part == 1
    asked = gloss_of(flat_painting(SUBJECT.mesh, ("", "brass leg", "")), 1)
    assert off.item() == pytest.approx(((0.5 - asked) ** 2).mean()), "the mean is over the samples that are pulled"
    for pulled in torch.autograd.grad(off, start):
        assert bool((pulled[~leg] == 0).all())
        assert bool((pulled[leg] != 0).all())


def test_words_are_those_of_flat_painting():
    words = ("mirror chrome seat", "", "matte green core")
    told, flat = work_of(TINY, ToyGuidance(), replace(SUBJECT, parts=words))._said, flat_painting(SUBJECT.mesh, words)
    wanted = np.concatenate([gloss_of(flat, number)[:1] for number in range(3)])
    assert told[0].tolist() == [pytest.approx(FLOOR), 1.0]
    np.testing.assert_array_equal(told.numpy()[[0, 2]], wanted[[0, 2]])
    assert bool(told[1].isnan().all())


def test_without_the_pull_words_of_materials_change_nothing():
    def found(material: str, weight: float) -> dict[str, torch.Tensor]:
        subject = replace(SUBJECT, parts=(f"red {material} seat", "blue leg", ""))
        return state(list(paint(subject, ToyGuidance(), replace(TINY, said=weight))))

    assert same(found("wood", 0.0), found("brass", 0.0))
    assert not same(found("wood", 1.0), found("brass", 1.0))


@pytest.mark.parametrize("stop", [1, 2, 7])
def test_it_goes_on_where_it_stopped_to_the_bit(stop, tmp_path):
    settings = replace(TINY, policy="one", last_rate=0.1)
    whole = list(paint(SUBJECT, ToyGuidance(), settings))
    running = paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path)
    for event in running:
        if isinstance(event, PaintStepped) and event.step == stop:
            break
    running.close()
    (tmp_path / ".checkpoint.pt.1.ab").write_bytes(b"half")
    again = list(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path))
    assert again[0].done == stop + 1
    assert [one.name for one in tmp_path.glob(".*")] == [".lock"]
    assert same(state(whole), state(again))
    finished = list(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path))
    assert [type(one) for one in finished] == [PaintStarted, PartSkipped, PaintFinished]
    assert same(state(whole), state(finished))


def test_a_checkpoint_of_other_cameras_is_refused(tmp_path, monkeypatch):
    """As after another version of the library laid its tiles out otherwise: carried noise is of views by number."""
    running = paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path)
    for _ in zip(range(5), running, strict=False):
        pass
    running.close()
    found = painting.paint_views

    def turned(*given, **rest):
        views = found(*given, **rest)
        return replace(views, views=(views.views[1], views.views[0], *views.views[2:]))

    with monkeypatch.context() as patch:
        patch.setattr(painting, "paint_views", turned)
        with pytest.raises(ConfigurationError, match=(
                r"^expected a checkpoint of this painting, got one of other cameras, as another version of the library chooses "
                r"them \(at .*checkpoint\.pt\)\. Remove it to begin anew\.$")):
            next(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path))
    assert next(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path)).done > 0


def test_keeping_and_showing_change_no_result(tmp_path):
    plain = list(paint(SUBJECT, ToyGuidance(), TINY))
    shown = replace(TINY, preview_every=3, checkpoint_every=3, megabytes=0.01)
    events = list(paint(SUBJECT, ToyGuidance(), shown, folder=tmp_path))
    assert same(state(plain), state(events))
    assert [one.done for one in events if isinstance(one, CheckpointWritten)] == [3, 6, 8]
    assert not same(state(plain), state(list(paint(SUBJECT, ToyGuidance(), replace(TINY, seed=1)))))


def test_a_folder_of_another_painting_is_refused(tmp_path):
    list(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path))
    others = {
        r'parts\[1\] = "green leg", not "blue leg"': (replace(SUBJECT, parts=("red seat", "green leg", "green core")),
                                                      ToyGuidance(), TINY),
        r"settings\.whole\.guidance_scale = 2\.0, not 1\.0": (
            SUBJECT, ToyGuidance(), replace(TINY, whole=replace(GUIDED, guidance_scale=2.0))),
        r"guidance = .*noise 0\.2": (SUBJECT, ToyGuidance(noise=0.2), TINY),
        r"mesh\[0\]\.key": (replace(SUBJECT, mesh=ObjectMesh((replace(
            SUBJECT.mesh.parts[0], vertices=SUBJECT.mesh.parts[0].vertices * 1.01), *SUBJECT.mesh.parts[1:]))),
            ToyGuidance(), TINY),
    }
    for told, (subject, guidance, settings) in others.items():
        with pytest.raises(ConfigurationError, match=f"the painting that this folder holds, got {told}"):
            next(paint(subject, guidance, settings, folder=tmp_path))
    (tmp_path / "checkpoint.pt").write_bytes(b"broken")
    with pytest.raises(ConfigurationError, match="a checkpoint of this painting"):
        next(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path))
    (tmp_path / "painting.json").write_text("[]")
    with pytest.raises(ConfigurationError, match="what a painting writes"):
        next(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path))


class Failing(ToyGuidance):
    """Without a finite gradient for the prompts named, at the calls of each that are named (from 0)."""

    def __init__(self, calls: dict[str, set[int]], *, raises: bool = False) -> None:
        super().__init__()
        self.fails, self.raises, self.asked = calls, raises, Counter()

    def distil(self, picture, prompt, **rest):
        found = super().distil(picture, prompt, **rest)
        self.asked[prompt] += 1
        if self.asked[prompt] - 1 not in self.fails.get(prompt, ()):
            return found
        if self.raises:
            raise GuidanceError("a finite gradient from the guidance", came="NaN or infinity",
                                where=f"timestep {found.timestep}, prompt {prompt!r}", mend="Try bfloat16.")
        return replace(found, loss=found.loss * float("nan"))


@pytest.mark.parametrize("raises", [True, False])
def test_a_term_without_a_finite_gradient_is_left_out_of_its_step(raises):
    events = list(paint(SUBJECT, Failing({"red seat": {2, 4}}, raises=raises), TINY))
    lost = [one for one in events if isinstance(one, TermLeftOut)]
    assert [(one.step, one.part, one.came) for one in lost] == [(2, "seat", "NaN or infinity"), (4, "seat", "NaN or infinity")]
    assert lost[0].where.startswith("timestep ")
    assert lost[0].where.endswith("prompt 'red seat'")
    steps = [one for one in events if isinstance(one, PaintStepped)]
    assert [[term.part for term in one.terms] for one in steps[1:3]] == [["", "seat", "leg"], ["", "leg"]]
    assert events.index(lost[0]) == events.index(steps[2]) - 1
    assert all(bool(torch.isfinite(one).all()) for one in state(events).values())
    assert not same(state(events), state(list(paint(SUBJECT, ToyGuidance(), TINY))))


@pytest.mark.parametrize("said", [0.0, 50.0])
def test_a_step_without_any_term_changes_nothing(said):
    settings = replace(TINY, steps=1, terms="global", said=said)
    found = state(list(paint(SUBJECT, Failing({"a white stool": {0}}), settings)))
    start = state(list(paint(SUBJECT, ToyGuidance(), replace(settings, rate=1e-30))))
    assert all(torch.allclose(found[name], start[name], rtol=0, atol=1e-20) for name in start)


def test_a_term_that_fails_three_times_in_a_row_ends_it_and_what_was_painted_is_kept(tmp_path):
    settings = replace(TINY, checkpoint_every=0)
    told = (r"^expected a finite gradient from the guidance, got NaN or infinity 3 times in a row \(at step 5, seat, timestep \d+, "
            r"prompt 'red seat'\)\. Try bfloat16\. What is painted so far is kept; another precision or model is another painting, "
            r"in another folder\.$")
    with pytest.raises(PaintingStopped, match=told):
        list(paint(SUBJECT, Failing({"red seat": {3, 4, 5}}, raises=True), settings, folder=tmp_path))
    with pytest.raises(PaintingStopped, match=r"3 times in a row \(at step 5, seat"):
        list(paint(SUBJECT, Failing({"red seat": {0}}, raises=True), settings, folder=tmp_path))
    whole = state(list(paint(SUBJECT, Failing({"red seat": {3, 4}}), settings)))
    again = list(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path))
    assert again[0].done == 5
    assert same(whole, state(again))


def test_too_many_steps_that_lack_a_term_end_it():
    settings = replace(TINY, steps=8)
    calls = {"red seat": {0, 4}, "blue leg": {2, 6}}
    with pytest.raises(PaintingStopped, match=r"got NaN or infinity in 4 of 8 steps \(at step 6, leg,"):
        list(paint(SUBJECT, Failing(calls), settings))
    kept = list(paint(SUBJECT, Failing({"red seat": {0, 4}, "blue leg": {2}}), settings))
    assert len([one for one in kept if isinstance(one, TermLeftOut)]) == 3


class Interrupting(ToyGuidance):
    """Ctrl-C at a call, in the middle of a step."""

    def distil(self, picture, prompt, **rest):
        if len(self.calls) == 10:
            raise KeyboardInterrupt
        return super().distil(picture, prompt, **rest)


def test_an_interrupt_keeps_the_last_whole_step(tmp_path):
    settings = replace(TINY, checkpoint_every=0, last_rate=0.1)
    with pytest.raises(KeyboardInterrupt):
        list(paint(SUBJECT, Interrupting(), settings, folder=tmp_path))
    again = list(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path))
    assert again[0].done == 3
    assert same(state(list(paint(SUBJECT, ToyGuidance(), settings))), state(again))


def test_an_interrupt_within_the_optimiser_keeps_no_half_step(tmp_path, monkeypatch):
    step, times = torch.optim.Adam.step, []

    def broken(self, *given):
        times.append(1)
        step(self, *given)
        if len(times) == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(torch.optim.Adam, "step", broken)
        with pytest.raises(KeyboardInterrupt):
            list(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path))
    again = list(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path))
    assert again[0].done == 2
    assert same(state(list(paint(SUBJECT, ToyGuidance(), TINY))), state(again))


def test_one_painter_at_a_time(tmp_path):
    first = paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path)
    next(first)
    with pytest.raises(RunBusy, match="a folder in which nobody else paints, got one that is being painted in"):
        next(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path))
    first.close()
    assert next(paint(SUBJECT, ToyGuidance(), TINY, folder=tmp_path)).done == 0


def test_an_hdr_of_the_same_name_and_other_light_is_another_painting(tmp_path):
    path, folder = tmp_path / "noon.hdr", tmp_path / "kept"
    settings = replace(TINY, steps=2, environments=(str(path),))
    path.write_bytes(packed(some_pixels(), "plain"))
    list(paint(SUBJECT, ToyGuidance(), settings, folder=folder))
    assert next(paint(SUBJECT, ToyGuidance(), settings, folder=folder)).done == 2
    path.write_bytes(packed(some_pixels()[::-1], "plain"))
    with pytest.raises(ConfigurationError, match=r"the painting that this folder holds, got lights\."):
        next(paint(SUBJECT, ToyGuidance(), settings, folder=folder))


def test_weightings_without_a_name_are_kept_in_no_folder(tmp_path):
    for weighting, name in ((lambda alphabar: 1.0, r"tests\.shapecraft\.test_painting:.*<lambda>"),
                            (partial(math.pow, 0.5), "functools:partial")):
        given = replace(GUIDED, weighting=weighting)
        settings = replace(TINY, steps=1, own=(("leg", given),))
        assert isinstance(list(paint(SUBJECT, ToyGuidance(), settings))[-1], PaintFinished)
        with pytest.raises(ConfigurationError, match=f"a weighting with a name of its own, .* got {name} "):
            next(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path))
    named = replace(TINY, steps=1, whole=replace(GUIDED, weighting=weighting_uniform))
    list(paint(SUBJECT, ToyGuidance(), named, folder=tmp_path))
    with pytest.raises(ConfigurationError, match=r"settings\.whole\.weighting = \"easel\.guidance:weighting_sds\""):
        next(paint(SUBJECT, ToyGuidance(), replace(named, whole=replace(GUIDED, weighting=weighting_sds)), folder=tmp_path))


@pytest.mark.parametrize("change", [
    {"whole": replace(GUIDED, negative_prompt="mauve")}, {"part": replace(GUIDED, negative_prompt="mauve")},
    {"own": (("leg", replace(GUIDED, negative_prompt="mauve")),)},
])
def test_negative_prompts_are_checked_before_it_begins(change):
    with pytest.raises(ConfigurationError, match="a word of red.*got 'mauve'"):
        next(paint(SUBJECT, ToyGuidance(), replace(TINY, **change)))
    terms = "components" if "whole" in change else "global"
    next(paint(SUBJECT, ToyGuidance(), replace(TINY, terms=terms, **change)))


def test_how_many_cameras_fit_is_told():
    wide, narrow = (next(paint(SUBJECT, ToyGuidance(), replace(TINY, megabytes=megabytes))) for megabytes in (100.0, 0.05))
    assert wide.fitting == wide.views
    assert 0 < narrow.fitting < narrow.views


@pytest.mark.parametrize(("told", "subject", "settings"), [
    ("a prompt of the whole", replace(SUBJECT, prompt=" "), TINY),
    ("a prompt of at least one part", replace(SUBJECT, parts=("", "", "")), TINY),
    ("a word of red", replace(SUBJECT, parts=("mauve", "", "")), TINY),
    ("a part that is seen and has a prompt", replace(SUBJECT, parts=("", "", "red")),
     replace(TINY, terms="components")),
    ("parts among seat, leg, core", SUBJECT, replace(TINY, own=(("arm", GUIDED),))),
    ("studio, overcast, window, or an .hdr file", SUBJECT, replace(TINY, environments=("noon",))),
])
def test_what_cannot_be_painted_is_refused_before_it_begins(told, subject, settings):
    with pytest.raises(ConfigurationError, match=told):
        next(paint(subject, ToyGuidance(), settings))


def test_subjects_that_do_not_fit():
    with pytest.raises(ConfigurationError, match='a prompt for each of 3 parts, "" where none: seat, leg, core, got 1 prompts'):
        replace(SUBJECT, parts=("red",))
    empty = ObjectMesh((PartMesh("nothing", np.zeros((0, 3)), np.zeros((0, 3), dtype=int)),))
    with pytest.raises(ConfigurationError, match="a mesh with faces to paint"):
        PaintSubject(empty, "red", ("red",))


def test_an_hdr_that_cannot_be_read(tmp_path):
    path = tmp_path / "noon.hdr"
    path.write_bytes(b"no panorama")
    with pytest.raises(ConfigurationError, match=r"noon\.hdr"):
        next(paint(SUBJECT, ToyGuidance(), replace(TINY, environments=(str(path),))))


def test_a_part_has_guidance_of_its_own():
    asked = []

    class Listening(ToyGuidance):
        def distil(self, picture, prompt, *, settings, **rest):
            asked.append((prompt, settings.guidance_scale))
            return super().distil(picture, prompt, settings=settings, **rest)

    list(paint(SUBJECT, Listening(), replace(TINY, steps=1, own=(("leg", DistilSettings(guidance_scale=7.0)),))))
    assert asked == [("a white stool", 1.0), ("red seat", 1.0), ("blue leg", 7.0)]


def test_inside_and_unseen_surface_gets_no_gradient(monkeypatch):
    """The field is asked about points of the outer surface alone: what changes is what someone sees."""
    asked = []
    points = painted_field.Layout.points

    def listening(self, part, position, uv):
        asked.append((np.asarray(part), np.asarray(position)))
        return points(self, part, position, uv)

    monkeypatch.setattr(painted_field.Layout, "points", listening)
    list(paint(SUBJECT, ToyGuidance(), TINY))
    places, position = (np.concatenate(one) for one in zip(*asked, strict=True))
    assert set(places) == {0, 1}
    covered = (np.hypot(position[:, 0], position[:, 1]) < 0.095) & (np.abs(position[:, 2] - 0.6) < 0.02)
    assert not covered.any()


def test_over_uv_the_mesh_gets_an_atlas_and_keeps_it():
    painted = list(paint(SUBJECT, ToyGuidance(), replace(TINY, steps=30, over="uv", terms="components")))[-1].painted
    assert all(one.uv is not None for one in painted.mesh.parts)
    assert painted.field.bounds.tolist() == [[0, 0], [1, 1]]
    for number, channel in ((0, 0), (1, 2)):
        uv = painted.mesh.parts[number].uv.mean(axis=1)
        found = painted.material_at(np.full(len(uv), number), np.zeros((len(uv), 3)), uv).albedo
        assert int(found.mean(axis=0).argmax()) == channel


def test_uv_that_a_mesh_brings_are_painted_on_as_they_are():
    """Faces that coincide share their texels, which an atlas of a user's uv refuses."""
    corners, faces = [[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]], [[0, 1, 2], [0, 2, 3]] * 2
    uv = np.array(corners, dtype=float)[faces][..., :2]
    sheet = ObjectMesh((PartMesh("sheet", corners, faces, uv=uv),))
    asked = PaintSubject(sheet, "a red sheet", ("red",))
    assert list(paint(asked, ToyGuidance(), replace(TINY, steps=1, over="uv")))[-1].painted.mesh is sheet
    tiled = replace(asked, mesh=ObjectMesh((PartMesh("sheet", corners, faces, uv=2 * uv),)))
    with pytest.raises(ConfigurationError, match=r"uv from 0 to 1, without tiles, got 0 to 2 \(at the uv of the mesh\)"):
        list(paint(tiled, ToyGuidance(), replace(TINY, steps=1, over="uv")))


def test_asking_a_painted_field_for_what_it_has_not():
    painted = list(paint(SUBJECT, ToyGuidance(), replace(TINY, steps=1)))[-1].painted
    with pytest.raises(ConfigurationError, match=r"parts from 0 to 2, got 0 to 3 \(at PaintedField\.material_at\)"):
        painted.material_at(np.array([0, 3]), np.zeros((2, 3)), np.zeros((2, 2)))
    with pytest.raises(ConfigurationError, match=r"part \(P,\), position \(P, 3\), uv \(P, 2\)"):
        painted.material_at(np.array([0]), np.zeros((2, 3)), np.zeros((2, 2)))
    nothing = painted.material_at(np.zeros(0, dtype=int), np.zeros((0, 3)), np.zeros((0, 2)))
    assert nothing.albedo.shape == (0, 3)
