"""Finding and opening models: local folders, the hub's cache, and every kind that is refused, with its sentence."""

from __future__ import annotations

import json
import shutil

import pytest
import torch
from safetensors.torch import load_file, save_file

from easel.diffusion_models import _SCHEDULERS, open_model, patterns
from easel.errors import ConfigurationError, MissingCapability
from easel.torch_threads import torch_threads
from tests.easel.tiny_models import edit, packages, save_tiny

HANDLED = "Handled: folders and repositories of diffusers' StableDiffusionPipeline"
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    """Threads that wait for each other would cost these small models far more than they compute."""
    with torch_threads(1):
        yield


def opened(name, **how):
    return open_model(name, **{"device": "cpu", "dtype": torch.float32, "vae_dtype": torch.float32, **how})


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("saved"))


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    return save_tiny(tmp_path_factory.mktemp("wide"), wide=True)


@pytest.fixture
def folder(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "model")


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """An empty cache of the hub."""
    import huggingface_hub

    place = tmp_path / "hub"
    place.mkdir()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(place))
    return place


def into(hub, saved, name="someone/model", branch="main"):
    repository = hub / f"models--{name.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / branch).write_text(COMMIT)
    return shutil.copytree(saved, repository / "snapshots" / COMMIT)


def test_parts_and_identity(folder):
    model = opened(folder)
    assert (model.channels, model.shrink, model.wide, model.prediction, model.zero_if_empty) == (4, 2, False, "epsilon", False)
    assert model.identity.startswith("model sha256:") and len(model.identity) == len("model sha256:") + 16
    assert model.vae.decoder is None
    file = folder / "unet" / "diffusion_pytorch_model.safetensors"
    changed = bytearray(file.read_bytes())
    changed[-1] ^= 1
    file.write_bytes(bytes(changed))
    assert opened(folder).identity != model.identity


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_scheduler_has_its_own_schedule(saved, tmp_path):
    """The numbers are those of the scheduler that the folder names, whichever it is."""
    diffusers, _ = packages()
    for name in _SCHEDULERS:
        own = getattr(diffusers, name)(beta_start=0.001, beta_end=0.02, beta_schedule="linear", num_train_timesteps=500)
        shutil.rmtree(tmp_path / "model", ignore_errors=True)
        folder = shutil.copytree(saved, tmp_path / "model")
        shutil.rmtree(folder / "scheduler")
        own.save_pretrained(folder / "scheduler")
        edit(folder / "model_index.json", scheduler=["diffusers", name])
        found = opened(folder).alphabars
        assert found.shape == (500,) and found.dtype == torch.float32
        torch.testing.assert_close(found, torch.cumprod(1 - torch.linspace(0.001, 0.02, 500), dim=0), msg=name)


def test_by_name_from_the_cache(saved, hub):
    into(hub, saved)
    model = opened("someone/model")
    assert model.identity == f"someone/model@{COMMIT}"
    assert opened("someone/model", revision=COMMIT).identity == model.identity
    with pytest.raises(MissingCapability, match="revision v2"):
        opened("someone/model", revision="v2")


def test_a_name_that_is_not_here_says_what_to_fetch(hub):
    with pytest.raises(MissingCapability) as told:
        opened("stable-diffusion-v1-5/stable-diffusion-v1-5", variant="fp16")
    said = str(told.value)
    assert said.startswith("expected the repository stable-diffusion-v1-5/stable-diffusion-v1-5 in the local cache, got none, or a "
                           "part of it (at revision main, variant fp16). Fetch it: hf download stable-diffusion-v1-5/")
    assert '--include "unet/diffusion_pytorch_model.fp16.safetensors"' in said and said.endswith("or give a local folder.")


def test_a_part_of_a_repository_is_not_enough(saved, hub):
    snapshot = into(hub, saved)
    (snapshot / "vae" / "diffusion_pytorch_model.safetensors").unlink()
    with pytest.raises(MissingCapability, match=rf"got no vae \(at revision {COMMIT}, variant None\). Fetch it: hf download someone/model"):
        opened("someone/model")


def test_what_is_fetched_is_what_is_opened(saved, tmp_path):
    """A folder of only the files that the patterns name opens; of others of the repository none is named."""
    from fnmatch import fnmatch

    more = ["unet/diffusion_pytorch_model.non_ema.safetensors", "unet/diffusion_pytorch_model.fp16.safetensors",
            "unet/diffusion_pytorch_model.bin", "v1-5-pruned.safetensors", "safety_checker/model.safetensors",
            "text_encoder/model.fp16.safetensors", "vae/diffusion_pytorch_model.bin"]
    files = [str(path.relative_to(saved)) for path in saved.rglob("*") if path.is_file() and "words" not in path.parts]
    wanted = [name for name in files + more if any(fnmatch(name, one) for one in patterns())]
    assert not set(wanted) & set(more)
    for name in wanted:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(saved / name, tmp_path / name)
    assert opened(tmp_path).channels == 4
    halves = [name for name in more if any(fnmatch(name, one) for one in patterns("fp16"))]
    assert halves == ["unet/diffusion_pytorch_model.fp16.safetensors", "text_encoder/model.fp16.safetensors"]


def test_a_variant(saved, tmp_path):
    folder = save_tiny(tmp_path / "half", variant="fp16")
    assert (folder / "unet" / "diffusion_pytorch_model.fp16.safetensors").is_file()
    assert opened(folder, variant="fp16").channels == 4
    with pytest.raises(MissingCapability, match='got no unet .* a variant has to be asked for'):
        opened(folder)


def test_places_that_hold_no_model(tmp_path, hub):
    (tmp_path / "empty").mkdir()
    with pytest.raises(ConfigurationError, match=f"expected a diffusers model folder with model_index.json.*{HANDLED}"):
        opened(tmp_path / "empty")
    (tmp_path / "v1-5.safetensors").touch()
    with pytest.raises(ConfigurationError, match="expected a folder in diffusers' own format, got the file .*from_single_file"):
        opened(tmp_path / "v1-5.safetensors")
    for name in ("no-such-model", "./a/b", "/no/such", "a/b/c"):
        with pytest.raises(ConfigurationError, match=r"expected a folder with model_index.json, or a repository's name .*There is no such"):
            opened(name)
    (tmp_path / "empty" / "model_index.json").write_text("[]")
    with pytest.raises(ConfigurationError, match="expected a text-to-image model of a kind that is handled, got None"):
        opened(tmp_path / "empty")


def test_a_revision_of_a_folder_is_refused(folder):
    with pytest.raises(ConfigurationError, match="expected a revision only with a repository's name, got 'main'"):
        opened(folder, revision="main")


@pytest.mark.parametrize(("kind", "came"), [
    ("StableDiffusion3Pipeline", "StableDiffusion3Pipeline, which is a flow-matching model"),
    ("FluxPipeline", "FluxPipeline, which is a flow-matching model"),
    ("IFPipeline", "IFPipeline"), ("PixArtAlphaPipeline", "PixArtAlphaPipeline"),
    ("StableDiffusionXLImg2ImgPipeline", "StableDiffusionXLImg2ImgPipeline"), ("StableDiffusionInpaintPipeline", "StableDiffusionInpaint"),
])
def test_other_pipelines_are_refused(folder, kind, came):
    edit(folder / "model_index.json", _class_name=kind)
    with pytest.raises(ConfigurationError, match=f"expected a text-to-image model of a kind that is handled, got {came}.*{HANDLED}"):
        opened(folder)


@pytest.mark.parametrize(("changes", "came"), [
    ({"prediction_type": "sample"}, "prediction_type 'sample'"),
    ({"prediction_type": "flow_prediction"}, "prediction_type 'flow_prediction'"),
    ({"use_flow_sigmas": True}, "flow sigmas"),
    ({"timestep_type": "continuous"}, "prediction_type 'epsilon', timestep_type 'continuous'"),
])
def test_other_predictions_are_refused(folder, changes, came):
    diffusers, _ = packages()
    name = "EulerDiscreteScheduler" if "timestep_type" in changes else "DPMSolverMultistepScheduler"
    getattr(diffusers, name)().save_pretrained(folder / "scheduler")
    edit(folder / "scheduler" / "scheduler_config.json", **changes)
    edit(folder / "model_index.json", scheduler=["diffusers", name])
    with pytest.raises(ConfigurationError, match=f"expected a model that predicts epsilon or v over discrete timesteps, got {came} .*{HANDLED}"):
        opened(folder)


@pytest.mark.parametrize(("part", "name", "said"), [
    ("scheduler", "FlowMatchEulerDiscreteScheduler", "got FlowMatchEulerDiscreteScheduler, which is flow matching"),
    ("scheduler", "EDMEulerScheduler", "expected one of the schedulers DDPMScheduler, .*got EDMEulerScheduler "),
    ("unet", "UNetMotionModel", "expected unet to be UNet2DConditionModel, got UNetMotionModel"),
    ("vae", "AutoencoderTiny", "expected vae to be AutoencoderKL, got AutoencoderTiny"),
    ("text_encoder", "T5EncoderModel", "expected text_encoder to be CLIPTextModel or CLIPTextModelWithProjection, got T5EncoderModel"),
    ("tokenizer", "T5Tokenizer", "expected tokenizer to be CLIPTokenizer or .*, got T5Tokenizer"),
])
def test_other_parts_are_refused(folder, part, name, said):
    edit(folder / "model_index.json", **{part: ["diffusers", name]})
    with pytest.raises(ConfigurationError, match=f"{said}.*{HANDLED}"):
        opened(folder)


@pytest.mark.parametrize(("changes", "said"), [
    ({"in_channels": 9}, "expected a denoiser with in_channels 4, got 9"),
    ({"out_channels": 8}, "expected a denoiser with out_channels 4, got 8"),
    ({"time_cond_proj_dim": 8}, "expected a denoiser with time_cond_proj_dim None, got 8"),
    ({"class_embed_type": "timestep"}, "expected a denoiser with class_embed_type None, got timestep"),
    ({"encoder_hid_dim": 16, "encoder_hid_dim_type": "text_image_proj"}, "encoder_hid_dim_type None, got text_image_proj"),
    ({"addition_embed_type": "text_time", "addition_time_embed_dim": 4, "projection_class_embeddings_input_dim": 40},
     "expected a denoiser with addition_embed_type None or text, got text_time"),
])
def test_other_denoisers_are_refused(folder, changes, said):
    diffusers, _ = packages()
    config = json.loads((folder / "unet" / "config.json").read_text())
    made = diffusers.UNet2DConditionModel.from_config({**config, **changes})
    made.save_pretrained(folder / "unet")
    with pytest.raises(ConfigurationError, match=f"{said} .*Inpainting, depth and few-step models are others"):
        opened(folder)


def test_a_vae_that_shifts_is_refused(folder):
    edit(folder / "vae" / "config.json", latents_mean=[0.0] * 4, latents_std=[1.0] * 4)
    with pytest.raises(ConfigurationError, match="expected a VAE whose latents are scaled alone, got one that shifts them"):
        opened(folder)


@pytest.mark.parametrize("lost", ["unet/config.json", "text_encoder/config.json", "scheduler/scheduler_config.json"])
def test_a_lost_file_is_told(folder, lost):
    (folder / lost).unlink()
    with pytest.raises(MissingCapability, match=str(folder)):
        opened(folder)


def test_damaged_weights_are_told(folder):
    (folder / "unet" / "diffusion_pytorch_model.safetensors").write_bytes(b"broken")
    with pytest.raises(MissingCapability, match="expected all parts of the model, as diffusers saves them"):
        opened(folder)


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "text_encoder_2"])
def test_a_lost_weight_is_not_made_up(wide, tmp_path, part):
    """The packages would fill it with random numbers, and say so in a log alone."""
    folder = shutil.copytree(wide, tmp_path / "model")
    file = next((folder / part).glob("*.safetensors"))
    held = load_file(file)
    lost = next(name for name in sorted(held) if name.endswith("weight") and not name.startswith("decoder."))
    save_file({name: value for name, value in held.items() if name != lost}, file, metadata={"format": "pt"})
    with pytest.raises(MissingCapability, match=rf"expected all weights of {part}, got none for .* \(at {folder / part}\)\. Save or fetch"):
        opened(folder)


def test_a_vae_without_its_decoder_is_enough(saved, tmp_path):
    folder = shutil.copytree(saved, tmp_path / "model")
    file = next((folder / "vae").glob("*.safetensors"))
    kept = {name: value for name, value in load_file(file).items() if not name.startswith(("decoder.", "post_quant_conv."))}
    save_file(kept, file, metadata={"format": "pt"})
    assert opened(folder).vae.decoder is None


def test_truncated_weights_are_told(folder):
    for part in ("text_encoder", "unet"):
        file = next((folder / part).glob("*.safetensors"))
        file.write_bytes(file.read_bytes()[:-100])
        with pytest.raises(MissingCapability, match="expected all parts of the model, as diffusers saves them"):
            opened(folder)


@pytest.mark.parametrize("kind", [[], {}, 3, None])
def test_a_pipeline_without_a_name_is_refused(folder, kind):
    edit(folder / "model_index.json", _class_name=kind)
    with pytest.raises(ConfigurationError, match="expected a text-to-image model of a kind that is handled, got "):
        opened(folder)


def test_the_second_encoder_has_to_project(wide, tmp_path):
    folder = shutil.copytree(wide, tmp_path / "model")
    edit(folder / "model_index.json", text_encoder_2=["transformers", "CLIPTextModel"])
    with pytest.raises(ConfigurationError, match="expected text_encoder_2 to be CLIPTextModelWithProjection, got CLIPTextModel "):
        opened(folder)


@pytest.mark.parametrize(("file", "changes"), [
    ("scheduler/scheduler_config.json", {"beta_end": 0.02}), ("scheduler/scheduler_config.json", {"prediction_type": "v_prediction"}),
    ("vae/config.json", {"scaling_factor": 0.5}), ("unet/config.json", {"norm_eps": 1e-3}), ("text_encoder/config.json", {"layer_norm_eps": 1e-3}),
    ("tokenizer/tokenizer_config.json", {"model_max_length": 20}), ("model_index.json", {"force_zeros_for_empty_prompt": True}),
])
def test_all_that_decides_is_in_the_identity(folder, file, changes):
    before = opened(folder).identity
    edit(folder / file, **changes)
    assert opened(folder).identity != before


def test_what_is_said_of_a_model_is_not_in_its_identity(folder):
    before = opened(folder).identity
    (folder / "README.md").write_text("a model")
    assert opened(folder).identity == before
