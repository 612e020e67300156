"""Late steps of a painting: they see details alone, whose noise, light and backdrop stay, and go on to the bit."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest
import torch

from easel.errors import ConfigurationError
from easel.guidance import Carried, DistilSettings
from shapecraft import painting
from shapecraft.environments import environment
from shapecraft.paint_events import PaintFinished, PaintStepped, TermLeftOut
from shapecraft.paint_noise import surface_noise
from shapecraft.paint_views import ViewPlan
from shapecraft.painting import _Work, paint
from shapecraft.texture_field import FieldSettings
from tests.shapecraft.toy_painting import GUIDED, SUBJECT, TINY, ToyGuidance

NEAR = DistilSettings(guidance_scale=3.0)
LATE = replace(TINY, steps=13, policy="one", whole_every=2, last_rate=0.1, lights=2, near=NEAR, near_from=0.4,
               environments=("overcast", "window"), views=ViewPlan(whole=3, close=2, details=3))
FAR = 5
"""Of the steps, the first that is late."""


class Listening(ToyGuidance):
    """Hears which settings it is given; without a gradient at the calls named."""

    def __init__(self, *, broken: tuple[int, ...] = ()) -> None:
        super().__init__()
        self.scales: list[float] = []
        self.broken = broken

    def distil(self, picture, prompt, *, settings, **rest):
        self.scales.append(settings.guidance_scale)
        found = super().distil(picture, prompt, settings=settings, **rest)
        return replace(found, loss=found.loss * float("nan")) if len(self.calls) - 1 in self.broken else found


def steps_of(events) -> list[PaintStepped]:
    return [one for one in events if isinstance(one, PaintStepped)]


def work_of(settings=LATE, guidance=None, subject=SUBJECT) -> _Work:
    return _Work(subject, guidance or ToyGuidance(), settings, tuple(map(environment, settings.environments)), "cpu")


def fields(events) -> dict[str, torch.Tensor]:
    return events[-1].painted.field.state()


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return all(torch.equal(one[name], other[name]) for name in one)


def kept(folder) -> dict[int, tuple[torch.Tensor, float]]:
    return torch.load(folder / "checkpoint.pt", weights_only=True)["carried"]


def same_noise(one, other) -> bool:
    return one.keys() == other.keys() and all(
        torch.equal(one[view][0], other[view][0]) and one[view][1] == other[view][1] for view in one)


def test_late_steps_see_details_alone_and_no_whole():
    guidance = Listening()
    steps = steps_of(paint(SUBJECT, guidance, LATE))
    early, late = steps[:FAR], steps[FAR:]
    assert {term.part for step in early for term in step.terms} == {"", "seat", "leg"}
    assert {term.part for step in late for term in step.terms} == {"seat", "leg"}
    assert all(len(step.terms) == 1 and step.terms[0].view.detail for step in late)
    assert guidance.scales[-len(late):] == [3.0] * len(late)
    assert set(guidance.scales[:-len(late)]) == {1.0}
    assert all(one is None for one in guidance.noises[:-len(late)])
    assert not any(one is None for one in guidance.noises[-len(late):])


def test_a_parts_own_guidance_holds_for_them_but_not_its_timesteps():
    guidance = Listening()
    assert LATE.near is not None
    own = replace(LATE.part, guidance_scale=9.0, last_range=(0.3, 0.9))
    settings = replace(LATE, own=(("leg", own),))
    steps = steps_of(paint(SUBJECT, guidance, settings))
    late = [step.terms[0].part for step in steps[FAR:]]
    assert guidance.scales[-len(late):] == [9.0 if part == "leg" else LATE.near.guidance_scale for part in late]
    assert settings.near_of("leg") == replace(LATE.near, guidance_scale=9.0)


def test_without_a_guidance_of_their_own_late_steps_are_refused():
    with pytest.raises(ConfigurationError, match=r"guidance of the details after near_from, got near=None .*Give near"):
        replace(LATE, near=None)
    assert replace(LATE, near=None, near_from=1.0).near is None


def test_a_guidance_that_does_not_say_what_it_saw_paints_no_details():
    class Silent(ToyGuidance):
        def distil(self, *rest, **more):
            return replace(super().distil(*rest, **more), carried=None)

    with pytest.raises(ConfigurationError, match="a guidance that says what it saw, got Distilled.carried=None"):
        list(paint(SUBJECT, Silent(), LATE))
    list(paint(SUBJECT, Silent(), replace(LATE, near=None, near_from=1.0)))


def test_progress_runs_from_0_to_1_before_and_within_them():
    guidance = ToyGuidance()
    steps = steps_of(paint(SUBJECT, guidance, LATE))
    told = iter(guidance.calls)
    progress = [[next(told)[1] for _ in step.terms] for step in steps]
    assert progress[FAR - 1][0] == progress[-1][0] == 1.0
    assert progress[0] == [0.0, 0.0]
    assert progress[FAR] == [0.0]
    assert [one for (one,) in progress[FAR:]] == pytest.approx(np.linspace(0, 1, 13 - FAR))


@pytest.mark.parametrize("settings", [
    replace(LATE, views=ViewPlan(whole=3, close=2)), replace(LATE, near_from=1.0), replace(LATE, terms="global"),
])
def test_without_details_or_parts_no_step_is_late(settings):
    guidance = Listening()
    steps = steps_of(paint(SUBJECT, guidance, settings))
    assert set(guidance.scales) == {1.0}
    assert guidance.noises == [None] * len(guidance.noises)
    assert [one[1] for one in guidance.calls][-1] == 1.0
    assert any(term.part == "" for step in steps[FAR:] for term in step.terms)


def test_all_steps_may_be_late():
    steps = steps_of(paint(SUBJECT, ToyGuidance(), replace(LATE, near_from=0.0, policy="sum", steps=3)))
    assert [[term.part for term in step.terms] for step in steps] == [["seat", "leg"]] * 3
    assert all(term.view.detail for step in steps for term in step.terms)


@pytest.mark.parametrize(("policy", "far"), [("one", 8), ("one", 9), ("sum", 9)])
def test_details_come_in_whole_rounds(policy, far):
    """Also where late steps begin amid a turn of the parts; the one whose turn it was lacks the first of a round."""
    work = work_of(replace(LATE, steps=40, policy=policy, near_from=far / 40, views=ViewPlan(whole=1, close=1, details=4)))
    met = defaultdict(list)
    for step in range(far, 40):
        for term, _ in work.terms_at(step):
            met[term].append(work._shot(step, term)[0])
    assert set(met) == {0, 1}
    for term, views in met.items():
        details = sorted(work._details[term])
        assert len(details) == 4
        assert any(all(sorted(views[at:at + 4]) == details for at in range(start, len(views) - 3, 4)) for start in (0, 3))


def test_a_view_has_the_same_light_and_backdrop_each_time(monkeypatch):
    shown: dict[int, set] = defaultdict(set)
    early: dict[int, set] = defaultdict(set)
    shot = painting._Work._shot

    def seen(self, step, term):
        number, found, backdrop = shot(self, step, term)
        (shown if step >= FAR else early)[number].add((id(found.light), backdrop))
        return number, found, backdrop

    monkeypatch.setattr(painting._Work, "_shot", seen)
    settings = replace(LATE, steps=60, near_from=FAR / 60)
    list(paint(SUBJECT, ToyGuidance(), settings))
    assert len(shown) == 6
    assert all(len(one) == 1 for one in shown.values())
    assert len({backdrop for one in shown.values() for _, backdrop in one}) == 6
    lights = set()
    work = work_of(replace(settings, views=ViewPlan(whole=3, close=2, details=12), near_from=0.0))
    at = work._shots.at
    work._shots.at = lambda view, light: lights.add(light) or at(view, light)
    for step in range(24):
        for term, _ in work.terms_at(step):
            work._shot(step, term)
    assert lights == {0, 1}, "not all under one lighting"


def test_the_first_noise_is_that_of_the_surface_then_what_was_carried():
    guidance = ToyGuidance()
    settings = replace(LATE, steps=30, near_from=0.2)
    steps = steps_of(paint(SUBJECT, guidance, settings))[6:]
    met: dict[object, torch.Tensor] = {}
    noises, pictures = guidance.noises[-len(steps):], guidance.pictures[-len(steps):]
    for step, noise, picture in zip(steps, noises, pictures, strict=True):
        view = step.terms[0].view
        if view not in met:
            assert isinstance(noise, torch.Tensor)
            wanted = surface_noise(SUBJECT.mesh, view, (3, 16, 16), seed=settings.seed)
            np.testing.assert_array_equal(noise[0].numpy(), wanted)
            eps = noise
        else:
            assert isinstance(noise, Carried)
            assert torch.equal(noise.noisy, met[view].noisy)
            assert noise.alphabar == met[view].alphabar
            eps = noise.noise(picture)
        alphabar = 1 - (step.terms[0].timestep + 1) / 1001
        met[view] = Carried(math.sqrt(alphabar) * picture + math.sqrt(1 - alphabar) * eps, alphabar)
    assert len(met) == 6
    assert sum(isinstance(one, Carried) for one in noises) == len(steps) - 6


def test_another_seed_is_another_noise():
    first = []
    for seed in (0, 1):
        work = work_of(replace(LATE, seed=0))
        work.settings = replace(work.settings, seed=seed)
        first.append(work._noise(work._details[0][0]))
    assert not torch.equal(*first)


@pytest.mark.parametrize(("policy", "stop"), [("one", FAR - 1), ("one", 9), ("one", 11), ("sum", FAR), ("sum", 9)])
def test_stopped_in_late_steps_it_goes_on_to_the_bit(policy, stop, tmp_path):
    settings = replace(LATE, policy=policy)
    whole = list(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path / "whole"))
    running = paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path / "stopped")
    for event in running:
        if isinstance(event, PaintStepped) and event.step == stop:
            break
    running.close()
    carried = kept(tmp_path / "stopped")
    assert bool(carried) == (stop >= FAR)
    guidance = ToyGuidance()
    again = list(paint(SUBJECT, guidance, settings, folder=tmp_path / "stopped"))
    assert again[0].done == stop + 1
    assert same(fields(whole), fields(again))
    assert same_noise(kept(tmp_path / "whole"), kept(tmp_path / "stopped"))
    if stop >= 9:
        assert any(isinstance(one, Carried) for one in guidance.noises)
    last = torch.load(tmp_path / "whole" / "checkpoint.pt", weights_only=True)
    other = torch.load(tmp_path / "stopped" / "checkpoint.pt", weights_only=True)
    for one, two in zip(last["optimiser"]["state"].values(), other["optimiser"]["state"].values(), strict=True):
        assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_checkpoint_has_what_every_detail_carries(tmp_path):
    settings = replace(LATE, steps=30, near_from=0.2)
    guidance = ToyGuidance()
    steps = steps_of(paint(SUBJECT, guidance, settings, folder=tmp_path))
    carried, work = kept(tmp_path), work_of(settings)
    details = [number for number, view in enumerate(work.views.views) if view.detail]
    assert sorted(carried) == details
    for noisy, alphabar in carried.values():
        assert noisy.shape == (1, 3, 16, 16)
        assert noisy.dtype == torch.float32
        assert 0 <= alphabar < 1
    last = steps[-1].terms[0]
    number = work.views.views.index(last.view)
    assert carried[number][1] == 1 - (last.timestep + 1) / 1001


def test_noise_that_is_lost_is_noticed(tmp_path):
    """What a checkpoint carries decides the rest: with other noise it is another painting."""
    settings = replace(LATE, checkpoint_every=10)
    running = paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path)
    for event in running:
        if isinstance(event, PaintStepped) and event.step == 10:
            break
    running.close()
    path = tmp_path / "checkpoint.pt"
    found = torch.load(path, weights_only=True)
    whole = fields(list(paint(SUBJECT, ToyGuidance(), settings)))
    torch.save({**found, "carried": {}}, path)
    assert not same(whole, fields(list(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path))))
    del found["carried"]
    torch.save(found, path)
    with pytest.raises(ConfigurationError, match="a checkpoint of this painting, got 'carried'"):
        next(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path))


def test_a_term_that_is_left_out_leaves_its_noise_as_it_was(tmp_path):
    """The tenth step sees a view for the second time; without a gradient it carries what the first time left."""
    settings = replace(LATE, policy="sum", whole_every=20, steps=16, near_from=0.25,
                       views=ViewPlan(whole=1, close=1, details=2))
    first = 1 + 2 * 4  # calls before the late steps: one of the whole, two a step
    guidance = Listening(broken=(first + 2 * 3,))  # the seat's in the fourth late step
    events = list(paint(SUBJECT, guidance, settings, folder=tmp_path))
    (lost,) = [one for one in events if isinstance(one, TermLeftOut)]
    assert (lost.step, lost.part) == (7, "seat")
    work, views = work_of(settings), []
    for step in range(4, 16):
        views.append(work._shot(step, 0)[0])
    number = views[3]
    assert number in views[:3]
    again = next(at for at in range(4, 12) if views[at] == number)
    given = [guidance.noises[first + 2 * at] for at in range(12)]
    assert isinstance(given[3], Carried)
    assert torch.equal(given[again].noisy, given[3].noisy)
    assert given[again].alphabar == given[3].alphabar
    other = next(at for at in range(again + 1, 12) if views[at] == number)
    assert not torch.equal(given[other].noisy, given[again].noisy)


def test_a_first_view_that_is_left_out_begins_anew_from_the_surface():
    guidance = Listening(broken=(0,))
    settings = replace(LATE, policy="sum", terms="components", near_from=0.0, steps=4,
                       views=ViewPlan(whole=0, close=1, details=1))
    list(paint(SUBJECT, guidance, settings))
    seat = guidance.noises[::2]
    assert isinstance(seat[0], torch.Tensor)
    assert torch.equal(seat[0], seat[1])
    assert isinstance(seat[2], Carried)


def test_levels_too_fine_for_a_picture_learn_from_details_alone():
    """Cells of the field beside pixels: of a view of the whole, of a close-up, of a detail."""
    settings = replace(LATE, sharpest=1.0, field=FieldSettings(levels=6, entries_log2=9, coarsest=2, finest=512, hidden=16))
    work = work_of(settings)
    learning = {}
    for number, view in enumerate(work.views.views):
        shot = work._shots.at(number, 0)
        span = 2 * math.tan(math.radians(view.camera.fov_deg) / 2) * math.dist(view.camera.eye, view.camera.target)
        cells = [work.layout.cell(view.part) / along for along in settings.field.resolutions]
        assert work._levels(shot) == max(1, sum(cell >= span / 16 for cell in cells))
        learning[number] = work._levels(shot)
    for part in (0, 1):
        near = [learning[number] for number in work._details[part]]
        far = [learning[number] for number in work._numbers[part] if number not in work._details[part]]
        assert min(near) >= max(far)
        assert min(near) > learning[0]
    for sharpest, wanted in ((0.0, 6), (1e9, 1)):
        work.settings = replace(settings, sharpest=sharpest)
        assert {work._levels(work._shots.at(number, 0)) for number in learning} == {wanted}


def test_no_gradient_reaches_levels_that_are_too_fine():
    settings = replace(LATE, sharpest=1.0, field=FieldSettings(levels=6, entries_log2=9, coarsest=2, finest=512, hidden=16))
    for term in (-1, 0):
        for sharpest in (1.0, 0.0):
            work = work_of(replace(settings, sharpest=sharpest))
            with torch.no_grad():
                work.field.parameters[3].normal_(generator=torch.Generator().manual_seed(0))
            number, shot, _ = work._shot(0, term)
            work.term(0, term, 1.0, 1)
            moved = [bool((rows != 0).any()) for rows in work.field.parameters[0].grad.split(512)]
            levels = work._levels(shot)
            assert moved == [True] * levels + [False] * (6 - levels), (term, number)
        assert levels == 6


def test_over_uv_all_levels_learn_from_every_picture():
    work = work_of(replace(LATE, over="uv", sharpest=1e6))
    assert {work._levels(work._shots.at(number, 0)) for number in (0, 3, 5)} == {LATE.field.levels}


def test_the_guidance_of_late_steps_is_checked_before_it_begins():
    settings = replace(LATE, near=replace(NEAR, negative_prompt="mauve"))
    with pytest.raises(ConfigurationError, match="a word of red.*got 'mauve'"):
        next(paint(SUBJECT, ToyGuidance(), settings))
    next(paint(SUBJECT, ToyGuidance(), replace(settings, terms="global")))


def test_a_weighting_of_late_steps_without_a_name_is_kept_in_no_folder(tmp_path):
    settings = replace(LATE, steps=1, near=replace(GUIDED, weighting=lambda alphabar: 1.0))
    with pytest.raises(ConfigurationError, match="a weighting with a name of its own"):
        next(paint(SUBJECT, ToyGuidance(), settings, folder=tmp_path))


class Asking(ToyGuidance):
    """Its gradient is what it is told."""

    def __init__(self, asked: torch.Tensor) -> None:
        super().__init__()
        self.asked = asked

    def distil(self, picture, prompt, **rest):
        return replace(super().distil(picture, prompt, **rest), loss=(self.asked * picture).sum())


def pulled(settings, asked: torch.Tensor, *, step: int, detail: bool = True) -> float:
    """How much the field's slopes are after one term of a leg at a step."""
    work = work_of(settings, Asking(asked))
    leg = SUBJECT.mesh.names.index("leg")
    assert work._shot(step, leg)[1].view.detail == detail
    work.term(step, leg, 1.0, 1)
    return math.sqrt(sum(float(one.grad.square().sum()) for one in work.field.parameters if one.grad is not None))


def first(settings, *, detail: bool) -> int:
    """The first early step whose term of a leg sees a detail, or does not."""
    work, leg = work_of(settings), SUBJECT.mesh.names.index("leg")
    return next(step for step in range(FAR) if work._shot(step, leg)[1].view.detail == detail)


def test_a_detail_asks_for_no_light():
    size = ToyGuidance().size
    plain, levelled = (replace(LATE, level=level, shared_light=0.0) for level in (False, True))
    slope = torch.linspace(-1, 1, size).reshape(1, 1, size, 1).expand(1, 3, size, size)
    assert pulled(levelled, slope, step=FAR) < 0.01 * pulled(plain, slope, step=FAR)
    even = torch.ones(1, 3, size, size)
    assert pulled(levelled, even, step=FAR) == pytest.approx(pulled(plain, even, step=FAR), rel=1e-3)
    for detail in (True, False):  # while colours come, light is not told from them
        early = first(plain, detail=detail)
        assert pulled(levelled, slope, step=early, detail=detail) == pulled(plain, slope, step=early, detail=detail) > 0


def test_a_detail_asks_for_little_at_its_borders(monkeypatch):
    size = ToyGuidance().size
    settings = replace(LATE, views=replace(LATE.views, rim=2 / size))
    inner = torch.zeros(1, 3, size, size)
    inner[..., 2:-2, 2:-2] = 1
    steps = {FAR: True, first(settings, detail=True): True, first(settings, detail=False): False}
    found = {step: [pulled(settings, one, step=step, detail=detail) for one in (inner, 1 - inner)]
             for step, detail in steps.items()}
    monkeypatch.setattr(painting, "of_detail", lambda gradient, shown, *, rim, level: gradient)
    for step, detail in steps.items():
        without = [pulled(settings, one, step=step, detail=detail) for one in (inner, 1 - inner)]
        assert found[step][0] == pytest.approx(without[0], rel=1e-4)
        assert found[step][1] == pytest.approx((0.1 if detail else 1) * without[1], rel=1e-4)


def test_a_picture_that_is_scaled_for_the_model_has_details_too():
    settings = replace(LATE, level=True, size=40, views=replace(LATE.views, rim=0.1))
    assert isinstance(list(paint(SUBJECT, ToyGuidance(), settings))[-1], PaintFinished)


def test_what_the_model_hardly_asks_for_moves_little():
    """Adam moves the faintest slope as far as any, unless its epsilon is above it."""
    faint = torch.full((1, 3, ToyGuidance().size, ToyGuidance().size), 1e-6)

    def moved(epsilon: float) -> float:
        settings = replace(LATE, steps=2, terms="components", near_from=1.0, epsilon=epsilon)
        start = work_of(settings).field.state()["outer_bias"]
        return float((fields(list(paint(SUBJECT, Asking(faint), settings)))["outer_bias"] - start).abs().max())

    assert moved(1e-15) > 0.5 * LATE.rate
    assert moved(0.1) < 0.01 * LATE.rate
