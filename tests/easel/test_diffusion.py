"""Models of diffusers as guidance: real architectures with random weights, saved, opened and compared with diffusers."""

from __future__ import annotations

import math
import shutil
from dataclasses import replace

import pytest
import torch

from easel import diffusion_models
from easel.diffusion import DiffusersGuidance
from easel.errors import ConfigurationError
from easel.guidance import DistilSettings, GuidanceError
from easel.prompt_embeddings import REMEMBERED
from easel.torch_threads import torch_threads
from tests.easel.guidance_suite import check_guidance, picture_of, pulled
from tests.easel.tiny_models import TOKENS, edit, kept_for_backward, packages, save_tiny
from tests.easel.toy_guidance import exact_epsilon

KINDS = {
    "sd-epsilon": {}, "sd-v": {"prediction": "v_prediction", "scheduler": "DDIMScheduler", "clip_sample": False},
    "sdxl": {"wide": True, "scheduler": "EulerDiscreteScheduler"},
    "sdxl-v": {"wide": True, "scheduler": "EulerDiscreteScheduler", "prediction": "v_prediction"},
    "pixels": {"vae": False, "scheduler": "DDPMScheduler", "clip_sample": False},
}
RED, BLUE = (0.8, 0.1, 0.1), (0.1, 0.2, 0.7)


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads that wait for each other would cost these small models far more than they compute."""
    with torch_threads(1):
        yield


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return {kind: save_tiny(tmp_path_factory.mktemp(kind), **how) for kind, how in KINDS.items()}


@pytest.fixture(scope="module")
def painter(tmp_path_factory):
    """A painter with random weights, of a vocabulary that lacks one of the views."""
    from data.make.material_captions import vocabulary
    from data.make.painter_card import write_card
    from data.make.painter_model import new_painter, save_painter

    torch.manual_seed(0)
    place = tmp_path_factory.mktemp("painter")
    words = [word for word in vocabulary() if word != "overhead"]
    save_painter(new_painter(words), place)
    write_card(place, words=words, parameters=1, training={
        "command": "none", "steps": 0, "of_steps": 0, "batch": 1, "pictures": 0, "seed": 0, "cpu_seconds": 0})
    return place


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_keeps_the_contract(folders, kind):
    check_guidance(DiffusersGuidance(folders[kind]), "red seat")


def test_the_painter_keeps_the_contract(painter):
    guidance = DiffusersGuidance(painter, threads=1)
    assert guidance.size == 32
    check_guidance(guidance, "red leather seat")


@pytest.mark.parametrize("kind", KINDS)
def test_guided_noise_is_the_pipelines(folders, kind):
    """The same text embeddings, batch and guidance as diffusers' own pipeline makes, then the same clean picture."""
    diffusers, _ = packages()
    guidance = DiffusersGuidance(folders[kind])
    none = {name: None for name in ("vae", "safety_checker", "feature_extractor", "image_encoder")}
    pipe = diffusers.DiffusionPipeline.from_pretrained(folders[kind], local_files_only=True, **none)
    wide, texts = kind.startswith("sdxl"), {"prompt": "red seat, side view", "device": "cpu", "num_images_per_prompt": 1}
    met, answers = [], []
    denoise = guidance._denoise

    def kept(noisy, timestep, alphabar, told, scale):
        met.append((noisy, timestep, alphabar, told))
        answers.append(denoise(noisy, timestep, alphabar, told, scale))
        return answers[-1]

    guidance._denoise = kept
    for negative in ("", "blue"):
        settings = DistilSettings(guidance_scale=7.5, negative_prompt=negative)
        pulled(guidance, picture_of(16), "red seat", settings=settings, side="side")
        noisy, timestep, alphabar, told = met.pop()
        found = pipe.encode_prompt(**texts, do_classifier_free_guidance=True,
                                   negative_prompt=None if wide and not negative else negative)
        embedded, against = found[:2]
        torch.testing.assert_close(told["encoder_hidden_states"], torch.cat([against, embedded]))
        if wide:
            added = told["added_cond_kwargs"]
            torch.testing.assert_close(added["text_embeds"], torch.cat([found[3], found[2]]))
            ids = pipe._get_add_time_ids((16, 16), (0, 0), (16, 16), dtype=torch.float32,
                                         text_encoder_projection_dim=pipe.text_encoder_2.config.projection_dim)
            torch.testing.assert_close(added["time_ids"], ids.repeat(2, 1))
        with torch.no_grad():
            without, told_noise = pipe.unet(torch.cat([noisy] * 2), timestep, encoder_hidden_states=torch.cat([against, embedded]),
                                            added_cond_kwargs=told.get("added_cond_kwargs")).sample.chunk(2)
        guided = without + 7.5 * (told_noise - without)
        if kind.endswith("v"):
            guided = math.sqrt(alphabar) * guided + math.sqrt(1 - alphabar) * noisy
        torch.testing.assert_close(answers.pop(), guided, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("prediction", ["epsilon", "v_prediction"])
def test_the_gradient_is_the_closed_form(folders, prediction):
    """The denoiser is exchanged for the exact one of two Gaussians, one a row of the pair, all else is the real path."""
    guidance = DiffusersGuidance(folders["pixels"], dtype="float64")
    alphabars = guidance._model.alphabars

    class Exact:
        config = guidance._model.denoiser.config

        def __call__(self, twice, timestep, **_):
            a = float(alphabars[int(timestep)])
            noise = torch.cat([exact_epsilon(rows, a, mean, 0.1) for rows, mean in zip(twice.chunk(2), (BLUE, RED), strict=True)])
            v = (noise - math.sqrt(1 - a) * twice) / math.sqrt(a)
            return (noise if prediction == "epsilon" else v,)

    guidance._model = replace(guidance._model, denoiser=Exact(), prediction=prediction)
    picture = picture_of(16, rows=2).double()
    answer, gradient = pulled(guidance, picture, "red", settings=DistilSettings(guidance_scale=30.0), seed=8)
    chance = torch.Generator().manual_seed(8)
    timestep, noise = int(torch.randint(20, 741, (), generator=chance)), torch.randn((2, 3, 16, 16), generator=chance).double()
    a = float(alphabars[timestep])
    noisy = math.sqrt(a) * (picture * 2 - 1) + math.sqrt(1 - a) * noise
    blue, red = (exact_epsilon(noisy, a, mean, 0.1) for mean in (BLUE, RED))
    wanted = (1 - a) * (blue + 30 * (red - blue) - noise)  # times 2 for [-1, 1], over 2 pictures
    assert answer.timestep == timestep
    assert float((gradient - wanted).abs().max() / wanted.abs().max()) < 1e-5


@pytest.mark.parametrize(("kind", "shape"), [("sd-epsilon", (4, 8, 8)), ("sdxl", (4, 8, 8)), ("pixels", (3, 16, 16))])
def test_noise_is_as_what_the_model_sees(folders, kind, shape):
    guidance = DiffusersGuidance(folders[kind])
    assert guidance.noise_shape == shape == tuple(guidance.latents(picture_of(16)).shape[1:])
    assert DiffusersGuidance(folders[kind], size=32).noise_shape == (shape[0], 2 * shape[1], 2 * shape[2])


def test_the_way_to_the_latents_is_differentiable(folders):
    guidance = DiffusersGuidance(folders["sd-epsilon"], dtype="float64")
    picture = picture_of(16).double().mul(0.9).add(0.05).requires_grad_(True)
    assert guidance.latents(picture).shape == (1, 4, 8, 8)
    assert torch.autograd.gradcheck(guidance.latents, (picture,), eps=1e-6, atol=1e-6, fast_mode=True)


def test_the_gradient_passes_the_encoder_alone(folders):
    """Of the picture: the encoder's transposed Jacobian on that of the latents; nothing of the denoiser's."""
    guidance = DiffusersGuidance(folders["sd-epsilon"], dtype="float64")
    picture = picture_of(16).double().requires_grad_(True)
    settings = DistilSettings(guidance_scale=7.5)
    answer, gradient = pulled(guidance, picture.detach(), "red seat", settings=settings)
    latents = guidance.latents(picture)
    chance = torch.Generator().manual_seed(0)
    torch.randint(20, 741, (), generator=chance)
    noise, a = torch.randn(latents.shape, generator=chance).double(), float(guidance._model.alphabars[answer.timestep])
    with torch.no_grad():
        noisy = math.sqrt(a) * latents + math.sqrt(1 - a) * noise
        told = guidance._told("red seat", "red seat", settings, 1)
        upon = (1 - a) * (guidance._denoise(noisy, answer.timestep, a, told, 7.5) - noise)
    wanted, = torch.autograd.grad(latents, picture, upon)
    torch.testing.assert_close(gradient, wanted)
    assert not any(one.requires_grad for one in guidance._model.denoiser.parameters())


def test_latents_are_the_vaes(folders):
    diffusers, _ = packages()
    vae = diffusers.AutoencoderKL.from_pretrained(folders["sd-epsilon"] / "vae", local_files_only=True)
    picture = picture_of(16)
    with torch.no_grad():
        wanted = vae.encode(picture * 2 - 1).latent_dist.mean * vae.config.scaling_factor
    torch.testing.assert_close(DiffusersGuidance(folders["sd-epsilon"]).latents(picture), wanted)
    torch.testing.assert_close(DiffusersGuidance(folders["pixels"]).latents(picture), picture * 2 - 1)


def test_precisions_agree(folders):
    picture = picture_of(16)
    whole, half = (pulled(DiffusersGuidance(folders["sd-epsilon"], dtype=one), picture, "red seat")[1]
                   for one in ("float32", "bfloat16"))
    assert half.dtype == torch.float32
    assert 0 < float((half - whole).norm() / whole.norm()) < 0.05
    mixed = DiffusersGuidance(folders["sd-epsilon"], dtype="bfloat16", vae_dtype="float32")
    assert ", bfloat16, VAE float32, epsilon, 16 pixels," in mixed.source
    assert mixed.megabytes > DiffusersGuidance(folders["sd-epsilon"], dtype="bfloat16").megabytes
    with pytest.raises(ConfigurationError, match=r"expected bfloat16 or float32, got float16 \(at precision on cpu\)"):
        DiffusersGuidance(folders["sd-epsilon"], dtype="float16")


def test_checkpointing_changes_no_bit(folders):
    picture = picture_of(16)
    plain = pulled(DiffusersGuidance(folders["sd-epsilon"]), picture, "red seat")
    twice = pulled(DiffusersGuidance(folders["sd-epsilon"], checkpointing=True), picture, "red seat")
    assert torch.equal(plain[1], twice[1]) and plain[0].norm == twice[0].norm
    kept = [kept_for_backward(DiffusersGuidance(folders["sd-epsilon"], checkpointing=how), picture.requires_grad_(True)) for how in (False, True)]
    assert kept[1] < kept[0] / 2
    DiffusersGuidance(folders["pixels"], checkpointing=True)


def test_the_embedded_painter_runs_on_one_thread(painter, monkeypatch):
    monkeypatch.setattr("easel.diffusion.painter_folder", lambda: painter)
    guidance = DiffusersGuidance.embedded(allow_unknown=True)
    threads, denoise = [], guidance._denoise
    guidance._denoise = lambda *told: threads.append(torch.get_num_threads()) or denoise(*told)
    with torch_threads(2):
        pulled(guidance, picture_of(32), "zebra leather")
        assert torch.get_num_threads() == 2
    assert threads == [1]


@pytest.mark.gpu
def test_a_gpu_gives_the_same_in_half_precision(folders):
    for kind in ("sd-epsilon", "sdxl"):
        there = DiffusersGuidance(folders[kind], device="cuda")
        assert ", float16, VAE float32, " in there.source
        (_, gradient), (_, wanted) = (pulled(one, picture_of(16), "red seat") for one in (there, DiffusersGuidance(folders[kind])))
        assert float((gradient - wanted).norm() / wanted.norm()) < 0.05
        assert torch.equal(gradient, pulled(there, picture_of(16), "red seat")[1])


def test_megabytes_are_those_of_the_parts_in_use(folders):
    diffusers, _ = packages()
    pipe = diffusers.DiffusionPipeline.from_pretrained(folders["sdxl"], local_files_only=True)
    encoder = [*pipe.vae.encoder.parameters(), *pipe.vae.quant_conv.parameters()]
    rest = [one for part in (pipe.unet, pipe.text_encoder, pipe.text_encoder_2) for one in part.parameters()]
    assert DiffusersGuidance(folders["sdxl"]).megabytes == pytest.approx(4 * sum(one.numel() for one in encoder + rest) / 1e6)


def test_sides_append_their_words(folders):
    guidance = DiffusersGuidance(folders["sd-epsilon"])
    picture = picture_of(16)
    told = pulled(guidance, picture, "red", side="back")[1]
    assert torch.equal(told, pulled(guidance, picture, "red, back view")[1])
    assert not torch.equal(told, pulled(guidance, picture, "red")[1])
    silent = DistilSettings(guidance_scale=7.5, view_words=False)
    assert torch.equal(pulled(guidance, picture, "red", side="back", settings=silent)[1], pulled(guidance, picture, "red")[1])
    assert guidance.source.endswith("views front+side+back+overhead+below")


def test_a_closed_vocabulary_is_kept(painter):
    guidance = DiffusersGuidance(painter)
    assert set(guidance.view_words) == {"front", "side", "back", "below"}
    assert guidance.source.endswith("float32, epsilon, 32 pixels, views front+side+back+below")
    picture = picture_of(32)
    assert torch.equal(pulled(guidance, picture, "red leather", side="overhead")[1], pulled(guidance, picture, "red leather")[1])
    with pytest.raises(ConfigurationError, match="expected words that the embedded-painter model knows, got 'zebra'"):
        guidance.check("zebra leather")
    with pytest.raises(ConfigurationError, match="got 'zebra'"):
        pulled(guidance, picture, "zebra leather")
    with pytest.raises(ConfigurationError, match="got 'ugly'"):
        pulled(guidance, picture, "red leather", settings=DistilSettings(negative_prompt="ugly"))
    with pytest.raises(ConfigurationError, match="got 'ugly'"):
        pulled(guidance, picture, "red wood", settings=DistilSettings(negative_prompt="ugly"))
    open_to_all = DiffusersGuidance(painter, allow_unknown=True)
    open_to_all.check("zebra leather")
    assert pulled(open_to_all, picture, "zebra leather")[0].norm > 0


def test_a_prompt_that_would_be_cut_off_is_refused(folders):
    guidance = DiffusersGuidance(folders["sdxl"])
    fits = TOKENS - 2 - len(",overheadview")
    guidance.check("x" * fits)
    with pytest.raises(ConfigurationError, match=rf"expected a prompt of at most {TOKENS} tokens, view words included, got {TOKENS + 1}: "):
        guidance.check("x" * (fits + 1))


def test_texts_are_encoded_once(folders):
    guidance = DiffusersGuidance(folders["sd-epsilon"])
    asked, encode = [], guidance._embeddings._encode
    guidance._embeddings._encode = lambda text: asked.append(text) or encode(text)
    picture = picture_of(16)
    for seed in range(3):
        for side in ("front", None):
            pulled(guidance, picture, "red", seed=seed, side=side)
    pulled(guidance, torch.cat([picture, picture]), "red")
    assert asked == ["", "red, front view", "red"]
    for number in range(REMEMBERED + 5):
        guidance._embeddings._encode = lambda text: encode("red")
        guidance._embeddings.of(f"red {number}")
    assert len(guidance._embeddings._kept) == REMEMBERED


def test_broken_weights_are_stopped_before_the_picture(folders):
    guidance = DiffusersGuidance(folders["sd-epsilon"])
    with torch.no_grad():
        guidance._model.denoiser.conv_out.bias.fill_(math.nan)
    with pytest.raises(GuidanceError, match=r"got NaN or infinity \(at timestep \d+, prompt 'red seat, front view'\)"):
        pulled(guidance, picture_of(16), "red seat", side="front")


def test_no_guidance_asks_the_denoiser_once(folders):
    """At scale 1 the half without the prompt counts nothing: it is left out, and the answer is the same."""
    guidance = DiffusersGuidance(folders["sdxl"])
    rows, denoiser = [], guidance._model.denoiser

    class Counting:
        config = denoiser.config

        def __call__(self, noisy, *told, **more):
            rows.append(len(noisy))
            return denoiser(noisy, *told, **more)

    guidance._model = replace(guidance._model, denoiser=Counting())
    picture = picture_of(16)
    alone, nearly = (pulled(guidance, picture, "red seat", settings=DistilSettings(guidance_scale=scale, negative_prompt="blue"))[1]
                     for scale in (1.0, 1.0 + 1e-6))
    assert rows == [1, 2]
    torch.testing.assert_close(alone, nearly, rtol=1e-3, atol=1e-4 * float(nearly.abs().max()))


def test_large_pictures_are_encoded_twice(folders):
    for how, again in ({}, False), ({"size": 764}, False), ({"size": 768}, True), ({"checkpointing": True}, True), ({"size": 768, "checkpointing": False}, False):
        assert DiffusersGuidance(folders["sd-epsilon"], **how)._model.vae.encoder.gradient_checkpointing is again, how


@pytest.mark.parametrize("size", [None, "large", [], [8, None]])
def test_a_denoiser_without_a_size_needs_one(folders, size, tmp_path):
    folder = shutil.copytree(folders["sd-epsilon"], tmp_path / "model")
    edit(folder / "unet" / "config.json", sample_size=size)
    with pytest.raises(ConfigurationError, match=r"expected the size that the denoiser was trained at, got sample_size .* "
                                                 r"\(at unet/config\.json\)\. Give a size in pixels \(size=512\)\."):
        DiffusersGuidance(folder)
    assert DiffusersGuidance(folder, size=16).size == 16


def test_another_size(folders):
    guidance = DiffusersGuidance(folders["sdxl"], size=32)
    check_guidance(guidance, "red seat")
    told = guidance._told("red", "red", DistilSettings(), 1)
    assert told["added_cond_kwargs"]["time_ids"].tolist() == [[32, 32, 0, 0, 32, 32]] * 2
    for wrong in (18, 2, 0):
        with pytest.raises(ConfigurationError, match=rf"expected a size in pixels that 4 divides, got {wrong} \(at DiffusersGuidance.size\)"):
            DiffusersGuidance(folders["sdxl"], size=wrong)


def test_nothing_is_printed(folders, capfd):
    diffusion_models.import_through_torchvision("transformers")
    capfd.readouterr()
    pulled(DiffusersGuidance(folders["sdxl"]), picture_of(16), "red seat")
    assert capfd.readouterr() == ("", "")
