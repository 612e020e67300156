"""Score distillation on a toy whose score is exact, its settings, weightings and timesteps against diffusers' own."""

from __future__ import annotations

import math

import pytest
import torch

from easel.errors import ConfigurationError
from easel.guidance import (
    Carried,
    Distilled,
    DistilSettings,
    GuidanceError,
    distilled,
    epsilon_of,
    timestep_range,
    weighting_of,
)
from easel.torch_threads import torch_threads
from tests.easel.guidance_suite import check_guidance, picture_of, pulled
from tests.easel.tiny_models import packages
from tests.easel.toy_guidance import GaussianGuidance, alphabars, exact_epsilon

RED, GREY = (0.8, 0.1, 0.1), (0.5, 0.5, 0.5)
TOY = GaussianGuidance({"red": RED})


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads that wait for each other would cost these small models far more than they compute."""
    with torch_threads(1):
        yield


def test_the_toy_keeps_the_contract():
    check_guidance(TOY, "red")


@pytest.mark.parametrize("scale", [0.0, 1.0, 100.0])
@pytest.mark.parametrize(("weighting", "factor"), [
    ("sds", lambda a: 1 - a), ("uniform", lambda a: 1), ("fantasia3d", lambda a: math.sqrt(a) * (1 - a)),
    ("reconstruction", lambda a: math.sqrt((1 - a) / a))])
def test_the_gradient_is_the_closed_form(scale, weighting, factor):
    """w (eps_guided(sqrt(abar) x + sqrt(1 - abar) n) - n), by hand, with timestep and noise from a generator of one's own."""
    picture = picture_of(16, rows=2).double()
    settings = DistilSettings(guidance_scale=scale, weighting=weighting)
    answer, gradient = pulled(TOY, picture, "red", settings=settings, seed=3)
    chance = torch.Generator().manual_seed(3)
    timestep = int(torch.randint(20, 741, (), generator=chance))
    noise = torch.randn((2, 3, 16, 16), generator=chance).double()
    a = float(alphabars()[timestep])
    x = picture * 2 - 1
    red, grey = ((torch.tensor(mean, dtype=torch.float64) * 2 - 1)[:, None, None] for mean in (RED, GREY))
    guided = math.sqrt(1 - a) * (math.sqrt(a) * (x - grey - scale * (red - grey)) + math.sqrt(1 - a) * noise) / (a * 0.01 + 1 - a)
    wanted = factor(a) * (guided - noise) * 2 / 2  # 2: pixels in [-1, 1]; 1 / 2: the mean of two pictures
    assert answer.timestep == timestep and answer.weight == pytest.approx(factor(a))
    assert float((gradient - wanted).abs().max() / wanted.abs().max()) < 1e-12
    single = pulled(TOY, picture.float(), "red", settings=settings, seed=3)[1]
    assert float((single.double() - wanted).abs().max() / wanted.abs().max()) < 1e-5


def test_on_average_it_points_from_the_mean():
    """E over the noise: w sqrt(abar (1 - abar)) (x - mu) / (abar s^2 + 1 - abar)."""
    picture = torch.full((512, 3, 16, 16), 0.4, dtype=torch.float64)
    settings = DistilSettings(guidance_scale=1.0, first_range=(0.5, 0.5), last_range=(0.5, 0.5), weighting="uniform")
    answer, gradient = pulled(TOY, picture, "red", settings=settings)
    a = float(alphabars()[answer.timestep])
    wanted = [math.sqrt(a * (1 - a)) * 2 * (0.4 - mean) / (a * 0.01 + 1 - a) * 2 for mean in RED]
    found = gradient.sum(dim=0).mean(dim=(1, 2))
    torch.testing.assert_close(found, torch.tensor(wanted).double(), atol=0.01, rtol=0)


def test_descent_ends_at_the_prompts_colour():
    picture = picture_of(16).requires_grad_(True)
    optimiser = torch.optim.Adam([picture], lr=0.02)
    for step in range(300):
        optimiser.zero_grad()
        TOY.distil(picture, "red", settings=DistilSettings(guidance_scale=1.0), progress=step / 300,
                   chance=torch.Generator().manual_seed(step)).loss.backward()
        optimiser.step()
        with torch.no_grad():
            picture.clamp_(0, 1)
    assert float((picture.detach().mean(dim=(0, 2, 3)) - torch.tensor(RED)).abs().max()) < 0.02


def test_reconstruction_is_the_picture_less_what_is_seen_in_it():
    picture = picture_of(16).double()
    answer, gradient = pulled(TOY, picture, "red", settings=DistilSettings(guidance_scale=1.0, weighting="reconstruction"), seed=1)
    chance = torch.Generator().manual_seed(1)
    torch.randint(20, 741, (), generator=chance)
    noise, a = torch.randn((1, 3, 16, 16), generator=chance).double(), float(alphabars()[answer.timestep])
    x = picture * 2 - 1
    noisy = math.sqrt(a) * x + math.sqrt(1 - a) * noise
    clean = (noisy - math.sqrt(1 - a) * exact_epsilon(noisy, a, RED, 0.1)) / math.sqrt(a)
    torch.testing.assert_close(gradient, 2 * (x - clean))
    assert weighting_of("reconstruction")(0.0) == 0.0


def scheduler(kind: str, prediction: str):
    diffusers, _ = packages()
    return getattr(diffusers, kind)(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", prediction_type=prediction)


@pytest.mark.parametrize("kind", ["DDPMScheduler", "DDIMScheduler"])
def test_noising_is_the_schedulers_own(kind):
    own = scheduler(kind, "epsilon")
    seen = picture_of(8, rows=2, seed=1) * 2 - 1
    met = {}

    def denoise(noisy, timestep, alphabar):
        met[timestep] = noisy
        return torch.zeros_like(noisy)

    for seed in range(5):
        answer = distilled(seen, denoise, own.alphas_cumprod, settings=DistilSettings(), progress=0.0,
                           chance=torch.Generator().manual_seed(seed), about="red")
        chance = torch.Generator().manual_seed(seed)
        torch.randint(20, 981, (), generator=chance)
        noise = torch.randn(seen.shape, generator=chance)
        expected = own.add_noise(seen, noise, torch.tensor([answer.timestep] * 2))
        torch.testing.assert_close(met[answer.timestep], expected)
        assert answer.weight == pytest.approx(1 - float(own.alphas_cumprod[answer.timestep]))


@pytest.mark.parametrize("timestep", [1, 250, 999])
def test_v_is_turned_into_epsilon(timestep):
    own = scheduler("DDPMScheduler", "v_prediction")
    clean, noise = (torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in (0, 1))
    time = torch.tensor([timestep])
    noisy, velocity = own.add_noise(clean, noise, time), own.get_velocity(clean, noise, time)
    alphabar = float(own.alphas_cumprod[timestep])
    torch.testing.assert_close(epsilon_of(velocity, noisy, alphabar, "v_prediction"), noise, atol=1e-5, rtol=1e-5)
    assert epsilon_of(velocity, noisy, alphabar, "epsilon") is velocity


@pytest.mark.parametrize("kind", ["DDPMScheduler", "DDIMScheduler"])
@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_a_step_of_the_scheduler_sees_the_same_clean_picture(kind, prediction):
    own = scheduler(kind, prediction)
    own.config.clip_sample = False
    own.register_to_config(clip_sample=False)
    own.set_timesteps(1000)
    noisy, answer = (torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(seed)) for seed in (2, 3))
    alphabar = float(own.alphas_cumprod[400])
    stepped = own.step(answer, 400, noisy, generator=torch.Generator().manual_seed(0))
    noise = epsilon_of(answer, noisy, alphabar, prediction)
    clean = (noisy - math.sqrt(1 - alphabar) * noise) / math.sqrt(alphabar)
    torch.testing.assert_close(clean, stepped.pred_original_sample, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("alphabar", [0.0, 0.003, 0.5, 0.97])
def test_carried_noise_is_the_closed_form_and_comes_back(alphabar):
    seen, noise = (torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
                   for seed in (0, 1))
    noisy = math.sqrt(alphabar) * seen + math.sqrt(1 - alphabar) * noise
    carried = Carried(noisy, alphabar)
    torch.testing.assert_close(carried.noise(seen), noise, atol=1e-12, rtol=1e-12)
    later = seen + 0.3
    torch.testing.assert_close(carried.noise(later), noise - math.sqrt(alphabar / (1 - alphabar)) * 0.3, atol=1e-12, rtol=1e-12)
    back = math.sqrt(alphabar) * later + math.sqrt(1 - alphabar) * carried.noise(later)
    torch.testing.assert_close(back, noisy, atol=1e-12, rtol=1e-12)
    assert carried.noise(seen.float()).dtype == torch.float32, "that of the picture"


def test_a_picture_without_noise_carries_finite_numbers():
    seen = torch.ones(1, 3, 4, 4)
    assert torch.equal(Carried(seen, 1.0).noise(seen), torch.zeros_like(seen))
    assert torch.isfinite(Carried(seen, 1.0).noise(seen + 0.1)).all()


def at(timestep: int) -> DistilSettings:
    """Of a thousand: this one alone."""
    share = (timestep + 0.5) / 1000
    return DistilSettings(first_range=(share, share), last_range=(share, share), guidance_scale=1.0, weighting="reconstruction")


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
@pytest.mark.parametrize("steps", [5, 50])
def test_a_picture_that_is_set_to_what_is_seen_in_it_goes_down_as_in_ddim(prediction, steps):
    """The scheduler's deterministic steps, and those of carried noise, meet the same noisy pictures and end alike."""
    diffusers, _ = packages()
    own = diffusers.DDIMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False,
                                  prediction_type=prediction, set_alpha_to_one=False)
    own.set_timesteps(steps)
    mix = torch.randn((4, 4), generator=torch.Generator().manual_seed(1), dtype=torch.float64)

    def model(noisy, timestep):
        """Any smooth function of both."""
        return torch.tanh(torch.einsum("oc,bchw->bohw", mix, noisy.roll(1, dims=-1)) + timestep / 500)

    met = []

    def denoise(noisy, timestep, alphabar):
        met.append(noisy)
        return epsilon_of(model(noisy, timestep), noisy, alphabar, prediction)

    clean, noise = (torch.randn((2, 4, 8, 8), generator=torch.Generator().manual_seed(seed), dtype=torch.float64) for seed in (2, 3))
    first = own.timesteps[0]
    sample = own.add_noise(clean, noise, first.expand(2))
    carried, picture = noise, clean
    for timestep in own.timesteps.tolist():
        seen = picture.clone().requires_grad_(True)
        answer = distilled(seen, denoise, own.alphas_cumprod, settings=at(timestep), progress=0.0,
                           chance=torch.Generator().manual_seed(0), about="red", noise=carried)
        assert answer.timestep == timestep
        torch.testing.assert_close(met[-1], sample, atol=1e-5, rtol=1e-5)
        gradient, = torch.autograd.grad(answer.loss, seen)
        picture, carried = picture - 2 * gradient, answer.carried  # 2: the loss is the mean of two pictures
        stepped = own.step(model(sample, timestep), timestep, sample, eta=0.0)
        torch.testing.assert_close(picture, stepped.pred_original_sample, atol=1e-5, rtol=1e-5)
        sample = stepped.prev_sample
    assert len(met) == steps
    assert float((picture - clean).abs().max()) > 0.1


def test_carried_noise_goes_with_the_picture():
    """What a picture has become in the meantime is not taken for noise, and no gradient passes through the noise."""
    picture = picture_of(16).double()
    first = pulled(TOY, picture, "red", settings=at(600))[0]
    answer, gradient = pulled(TOY, picture * 0.5, "red", settings=at(300), noise=first.carried)
    a, x = float(alphabars()[300]), (picture * 0.5) * 2 - 1
    noise = first.carried.noise(x)
    noisy = math.sqrt(a) * x + math.sqrt(1 - a) * noise
    wanted = math.sqrt((1 - a) / a) * (exact_epsilon(noisy, a, RED, 0.1) - noise) * 2
    torch.testing.assert_close(gradient, wanted, atol=1e-9, rtol=1e-9)
    torch.testing.assert_close(answer.carried.noisy, noisy, atol=1e-12, rtol=1e-12)
    assert answer.carried.alphabar == a


def test_an_answer_says_what_the_model_saw():
    met = []

    def denoise(noisy, timestep, alphabar):
        met.append((noisy, alphabar))
        return noisy

    seen = picture_of(8).requires_grad_(True)
    answer = distilled(seen, denoise, alphabars(), settings=DistilSettings(), progress=0.0,
                       chance=torch.Generator().manual_seed(0), about="red")
    assert torch.equal(answer.carried.noisy, met[0][0]) and answer.carried.alphabar == met[0][1]
    assert not answer.carried.noisy.requires_grad


def test_timesteps_narrow_linearly():
    settings = DistilSettings()
    assert timestep_range(settings, 0.0, 1000) == (20, 980)
    assert timestep_range(settings, 0.5, 1000) == (20, 740)
    assert timestep_range(settings, 1.0, 1000) == (20, 500)
    assert timestep_range(DistilSettings(first_range=(0, 1)), 0.0, 1000) == (0, 999)
    assert timestep_range(DistilSettings(first_range=(1, 1)), 0.0, 50) == (49, 49)


def test_every_timestep_of_the_range_is_drawn():
    settings = DistilSettings(first_range=(0.1, 0.13), last_range=(0.1, 0.1))
    drawn = {pulled(TOY, picture_of(16), "red", settings=settings, seed=seed, progress=0.0)[0].timestep for seed in range(400)}
    assert drawn == set(range(100, 131))


def test_an_answer_that_is_not_finite_is_stopped():
    picture = picture_of(8).requires_grad_(True)
    for bad in (math.nan, math.inf):
        def denoise(noisy, timestep, alphabar, bad=bad):
            answer = noisy.clone()
            answer[0, 0, 3, 3] = bad
            return answer

        with pytest.raises(GuidanceError, match=r"expected a finite gradient from the guidance, got NaN or infinity \(at timestep "
                                                r"\d+, prompt 'red seat'\). Half precision can overflow"):
            distilled(picture, denoise, alphabars(), settings=DistilSettings(clip=1.0), progress=0.0,
                      chance=torch.Generator().manual_seed(0), about="red seat")
    assert picture.grad is None


def test_the_loss_stands_for_the_gradient_in_single_precision():
    """No rounding by a target that is subtracted again: gradients of 1e-4 beside latents of 1e3 come through."""
    seen = (torch.ones(1, 4, 8, 8) * 1e3).requires_grad_(True)
    small = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(5)) * 1e-4
    chance = torch.Generator().manual_seed(0)
    torch.randint(20, 981, (), generator=chance)
    noise = torch.randn(seen.shape, generator=chance)
    answer = distilled(seen, lambda *_: noise + small, alphabars(), settings=DistilSettings(weighting="uniform"), progress=0.0,
                       chance=torch.Generator().manual_seed(0), about="red")
    answer.loss.backward()
    torch.testing.assert_close(seen.grad, (noise + small) - noise, rtol=1e-6, atol=0)
    assert isinstance(answer, Distilled) and float(answer.loss.detach()) == pytest.approx(float(small.square().sum()) / 2, rel=1e-2)


@pytest.mark.parametrize(("settings", "said"), [
    ({"guidance_scale": -1.0}, "expected a guidance scale of 0 or more, got -1.0"),
    ({"guidance_scale": math.nan}, "expected a guidance scale of 0 or more, got nan"),
    ({"first_range": (0.5, 0.2)}, r"0 <= low <= high <= 1, got \(0.5, 0.2\) \(at DistilSettings.first_range\)"),
    ({"last_range": (0.0, 1.2)}, r"\(at DistilSettings.last_range\)"),
    ({"clip": 0.0}, "expected a largest norm above 0, or None, got 0.0"),
    ({"weighting": "dreams"}, "expected a weighting: sds, uniform, fantasia3d, reconstruction, or a function of alphabar, got 'dreams'"),
])
def test_settings_are_refused(settings, said):
    with pytest.raises(ConfigurationError, match=said):
        DistilSettings(**settings)


def test_a_weighting_of_ones_own_must_be_finite():
    with pytest.raises(ConfigurationError, match="expected a weighting that gives a finite number, 0 or more, got -1.0"):
        pulled(TOY, picture_of(16), "red", settings=DistilSettings(weighting=lambda alphabar: -1.0))


def test_settings_have_one_line():
    assert DistilSettings().source == ("scale=100, negative='', weighting=sds, timesteps=0.02-0.98 to 0.02-0.5, clip=None, "
                                       "view_words=True")
    assert "weighting=math:sqrt" in DistilSettings(weighting=math.sqrt).source
