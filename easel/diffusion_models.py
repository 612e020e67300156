"""Diffusion models of diffusers: found, opened part by part, and refused with a sentence where they are another kind.

Only what distillation needs is loaded: denoiser, text encoders, tokenizers, the schedule's numbers and, of a VAE, the
encoder. Of classes that a folder names, only those listed here are ever opened, and of weights only safetensors.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.errors import ConfigurationError, MissingCapability
from easel.guidance import Prediction
from easel.open_clip_models import sha256_of
from easel.torchvision_door import import_through_torchvision

if TYPE_CHECKING:
    import torch

INDEX = "model_index.json"
HANDLED = ("Handled: folders and repositories of diffusers' StableDiffusionPipeline (Stable Diffusion 1.x, 2.x and "
           "what is tuned from them) and StableDiffusionXLPipeline (base), with or without a VAE, that predict epsilon "
           "or v.")
_ENCODERS = {"StableDiffusionPipeline": ("",), "StableDiffusionXLPipeline": ("", "_2")}
_TEXT = ("CLIPTextModel", "CLIPTextModelWithProjection")
_TOKENIZERS = ("CLIPTokenizer", "CLIPTokenizerFast", "PreTrainedTokenizerFast")
_SCHEDULERS = tuple(f"{name}Scheduler" for name in (
    "DDPM", "DDIM", "PNDM", "LMSDiscrete", "EulerDiscrete", "EulerAncestralDiscrete", "HeunDiscrete", "KDPM2Discrete",
    "KDPM2AncestralDiscrete", "DPMSolverMultistep", "DPMSolverSinglestep", "DEISMultistep", "UniPCMultistep"))
"""Samplers over one and the same kind of schedule; how they step does not matter here."""
_FLOW = ("flow matching", "FlowMatch", "StableDiffusion3", "Flux", "SD3", "AuraFlow", "Sana", "Lumina", "QwenImage")


@dataclass(frozen=True)
class DiffusionModel:
    """Frozen parts in evaluation mode.

    denoiser : UNet2DConditionModel; encoders : (tokenizer, text encoder) pairs, two for SDXL
    vae : AutoencoderKL without its decoder, None where pictures are denoised themselves
    alphabars : (N,) float32 on the CPU; prediction : what the denoiser answers
    zero_if_empty : the empty negative prompt is zeros, not its encoding (SDXL base)
    folder : where it lies; identity : name and commit, or the folder's name and a hash of all files that decide
    """

    denoiser: Any
    encoders: tuple[tuple[Any, Any], ...]
    vae: Any
    alphabars: torch.Tensor
    prediction: Prediction
    zero_if_empty: bool
    folder: Path
    identity: str

    @property
    def channels(self) -> int:
        """Of what the denoiser sees: 3 of a picture, 4 of latents."""
        return int(self.denoiser.config.in_channels)

    @property
    def shrink(self) -> int:
        """Pixels of a side to one of what the denoiser sees."""
        return 1 if self.vae is None else int(2 ** (len(self.vae.config.block_out_channels) - 1))

    @property
    def wide(self) -> bool:
        """Whether the denoiser also takes pooled text and picture sizes, as SDXL's."""
        return self.denoiser.config.addition_embed_type == "text_time"

    @property
    def megabytes(self) -> float:
        """Of the weights as they are loaded, 1e6 bytes; exact."""
        modules = [self.denoiser, *(text for _, text in self.encoders), *([self.vae] if self.vae is not None else [])]
        return sum(one.numel() * one.element_size() for module in modules for one in module.parameters()) / 1e6


def open_model(name: str | Path, *, device: str | torch.device, dtype: torch.dtype, vae_dtype: torch.dtype,
               revision: str | None = None, variant: str | None = None, download: bool = False) -> DiffusionModel:
    """Open a local folder, or a repository of the hub that is in the local cache.

    name : folder with model_index.json, or "owner/name"; revision : commit, tag or branch, of repositories only
    variant : of the weight files ("fp16"), None for those without; download : fetch what is missing

    Raises ConfigurationError for other kinds of models, MissingCapability where files, weights of a part, or packages
    are not here.
    """
    folder, commit = _found(name, revision, variant, download)
    index = _index(folder)
    suffixes = _ENCODERS[index["_class_name"]]
    parts = ["unet", *(f"text_encoder{one}" for one in suffixes), *(["vae"] if _named(index, "vae") else [])]
    files = [file for part in parts for file in _weights(folder, part, variant, _missing(name, commit, variant))]
    diffusers = import_through_torchvision("diffusers")
    transformers = import_through_torchvision("transformers")
    from safetensors import SafetensorError

    alphabars, prediction = _schedule(diffusers, folder, index)
    texts = [_opened(transformers, index, f"text_encoder{one}", _TEXT[1:] if one else _TEXT) for one in suffixes]
    tokenizers = [_opened(transformers, index, f"tokenizer{one}", _TOKENIZERS) for one in suffixes]
    light = {"low_cpu_mem_usage": bool(diffusers.utils.is_accelerate_available())}
    try:
        denoiser = _whole(diffusers.UNet2DConditionModel, folder / "unet", variant, torch_dtype=dtype, **light)
        vae = (_whole(diffusers.AutoencoderKL, folder / "vae", variant, torch_dtype=vae_dtype, **light)
               if "vae" in parts else None)
        with _without_bars(transformers):
            encoders = tuple(
                (tokenizer.from_pretrained(folder / f"tokenizer{one}", local_files_only=True),
                 _whole(text, folder / f"text_encoder{one}", variant).to(dtype))
                for one, tokenizer, text in zip(suffixes, tokenizers, texts, strict=True))
    except MissingCapability:
        raise
    except (OSError, ValueError, RuntimeError, LookupError, TypeError, SafetensorError) as fault:
        raise MissingCapability("all parts of the model, as diffusers saves them", came=str(fault), where=str(folder),
                                mend=_missing(name, commit, variant).mend) from fault
    _refuse_denoiser(denoiser, vae, index["_class_name"])
    if vae is not None:
        vae.decoder = vae.post_quant_conv = None  # only pictures are encoded
    for module in (denoiser, vae, *(text for _, text in encoders)):
        if module is not None:
            module.to(device).eval().requires_grad_(False)
    empty = bool(index.get("force_zeros_for_empty_prompt", index["_class_name"] == "StableDiffusionXLPipeline"))
    hashed = "" if commit else _hash(folder, [*files, *_deciding(folder, parts)])
    identity = f"{name}@{commit}" if commit else f"{folder.resolve().name} sha256:{hashed}"
    return DiffusionModel(denoiser, encoders, vae, alphabars, prediction,
                          empty and len(suffixes) == 2, folder, identity)


def _found(name: str | Path, revision: str | None, variant: str | None, download: bool) -> tuple[Path, str | None]:
    """The folder, and the commit where it is a snapshot of the hub."""
    folder = Path(name).expanduser()
    if folder.is_dir():
        if revision is not None:
            raise ConfigurationError("a revision only with a repository's name", came=repr(revision), where=str(name))
        return folder, None
    if folder.is_file():
        raise ConfigurationError("a folder in diffusers' own format", came=f"the file {name}",
                                 mend="Convert it: StableDiffusionPipeline.from_single_file(FILE).save_pretrained("
                                      "FOLDER, safe_serialization=True).")
    text = str(name)
    if text.count("/") != 1 or text.startswith((".", "/", "~")) or text.endswith("/"):
        raise ConfigurationError(f"a folder with {INDEX}, or a repository's name (owner/name)", came=repr(text),
                                 mend="There is no such folder.")
    import huggingface_hub

    if download:
        try:
            place = huggingface_hub.snapshot_download(text, revision=revision, allow_patterns=patterns(variant))
        except (OSError, ValueError) as fault:
            raise MissingCapability(f"the repository {text} to download", came=str(fault),
                                    where=f"revision {revision or 'main'}") from fault
        return Path(place), Path(place).name
    cached = huggingface_hub.try_to_load_from_cache(text, INDEX, revision=revision)
    if not isinstance(cached, str):
        raise _missing(name, revision, variant)
    return Path(cached).parent, Path(cached).parent.name


def patterns(variant: str | None = None) -> list[str]:
    """The files of a repository that are needed; the rest of Stable Diffusion's is many times as large."""
    dot = f".{variant}" if variant else ""
    return [INDEX, "scheduler/*.json", "tokenizer*/*", *(f"{part}/config.json" for part in ("unet", "vae", "text_*")),
            *(f"{part}/{stem}{dot}{rest}" for part, stem in (("unet", "diffusion_pytorch_model"),
                                                            ("vae", "diffusion_pytorch_model"), ("text_*", "model"))
              for rest in (".safetensors", "-0*.safetensors", ".safetensors.index*.json"))]


def _missing(name: str | Path, revision: str | None, variant: str | None) -> MissingCapability:
    if Path(name).expanduser().is_dir():
        return MissingCapability("weights as safetensors in every part's folder", came="none", where=str(name),
                                 mend="Save the model with save_pretrained(FOLDER, safe_serialization=True); a variant "
                                      "has to be asked for (variant=\"fp16\").")
    wanted = " ".join(f'--include "{one}"' for one in patterns(variant))
    at = f" --revision {revision}" if revision else ""
    return MissingCapability(
        f"the repository {name} in the local cache", came="none, or a part of it",
        where=f"revision {revision or 'main'}, variant {variant}",
        mend=f"Fetch it: hf download {name}{at} {wanted} (in Python: download=True), or give a local folder.")


def _index(folder: Path) -> Mapping[str, Any]:
    """model_index.json, of a pipeline that is handled. Raises ConfigurationError for another."""
    try:
        index = json.loads((folder / INDEX).read_text())
    except (OSError, ValueError) as fault:
        raise ConfigurationError(f"a diffusers model folder with {INDEX}", came=str(fault), where=str(folder),
                                 mend=HANDLED) from fault
    kind = index.get("_class_name") if isinstance(index, dict) else None
    if not isinstance(kind, str) or kind not in _ENCODERS:
        flow = any(str(kind).startswith(one) for one in _FLOW)
        raise ConfigurationError("a text-to-image model of a kind that is handled",
                                 came=f"{kind}{', which is a flow-matching model' if flow else ''}",
                                 where=str(folder / INDEX), mend=HANDLED)
    _opened(None, index, "unet", ("UNet2DConditionModel",))
    if _named(index, "vae"):
        _opened(None, index, "vae", ("AutoencoderKL",))
    return index


def _named(index: Mapping[str, Any], part: str) -> str | None:
    pair = index.get(part)
    return pair[1] if isinstance(pair, list) and len(pair) == 2 and isinstance(pair[1], str) else None


def _opened(package: Any, index: Mapping[str, Any], part: str, among: tuple[str, ...]) -> Any:
    """The class of a part. Raises ConfigurationError for one that is not among those handled."""
    name = _named(index, part)
    if name not in among:
        raise ConfigurationError(f"{part} to be {' or '.join(among)}", came=str(name), where=INDEX, mend=HANDLED)
    return getattr(package, name, None)


def _weights(folder: Path, part: str, variant: str | None, missing: MissingCapability) -> list[Path]:
    """Weight files of a part: those of the variant alone. Raises `missing` where there is none."""
    def fits(path: Path) -> bool:
        _, dot, rest = path.name.removesuffix(".safetensors").partition(".")
        return rest.partition("-")[0] == variant if variant else not dot

    files = sorted(path for path in (folder / part).glob("*.safetensors") if fits(path))
    if not files:
        raise MissingCapability(missing.expected, came=f"no {part}", where=missing.where, mend=missing.mend)
    return files


def _schedule(diffusers: Any, folder: Path, index: Mapping[str, Any]) -> tuple[torch.Tensor, Prediction]:
    """(alphabars, prediction). Raises ConfigurationError for flow matching, EDM, and models that predict the sample."""
    name = _named(index, "scheduler")
    if name not in _SCHEDULERS:
        kind = ", which is flow matching" if str(name).startswith("FlowMatch") else ""
        raise ConfigurationError(f"one of the schedulers {', '.join(_SCHEDULERS)}", came=f"{name}{kind}", where=INDEX,
                                 mend=HANDLED)
    try:
        scheduler = getattr(diffusers, name).from_pretrained(folder / "scheduler", local_files_only=True)
    except (OSError, ValueError) as fault:
        raise MissingCapability("a scheduler's configuration", came=str(fault), where=str(folder / "scheduler"),
                                mend=HANDLED) from fault
    config = scheduler.config
    predicts = config.get("prediction_type", "epsilon")
    if predicts not in ("epsilon", "v_prediction") or config.get("use_flow_sigmas") or (
            config.get("timestep_type", "discrete") != "discrete"):
        came = "flow sigmas" if config.get("use_flow_sigmas") else f"prediction_type {predicts!r}"
        if config.get("timestep_type", "discrete") != "discrete":
            came += f", timestep_type {config['timestep_type']!r}"
        raise ConfigurationError("a model that predicts epsilon or v over discrete timesteps", came=came,
                                 where=str(folder / "scheduler"), mend=HANDLED)
    return scheduler.alphas_cumprod.float().cpu().clone(), predicts


def _refuse_denoiser(denoiser: Any, vae: Any, kind: str) -> None:
    """Raises ConfigurationError for inpainting, depth, distilled-guidance, learned-variance denoisers and the like."""
    config = denoiser.config
    channels = 3 if vae is None else vae.config.latent_channels
    wanted: list[tuple[str, tuple[Any, ...]]] = [
        ("in_channels", (channels,)), ("out_channels", (channels,)), ("time_cond_proj_dim", (None,)),
        ("class_embed_type", (None,)), ("num_class_embeds", (None,)), ("encoder_hid_dim_type", (None,)),
        ("addition_embed_type", ("text_time",) if kind == "StableDiffusionXLPipeline" else (None, "text")),
    ]
    for name, allowed in wanted:
        if config.get(name) not in allowed:
            raise ConfigurationError(f"a denoiser with {name} {' or '.join(map(str, allowed))}",
                                     came=str(config.get(name)), where="unet/config.json",
                                     mend=f"Inpainting, depth and few-step models are others. {HANDLED}")
    if vae is not None and (vae.config.get("latents_mean") is not None or vae.config.get("shift_factor")):
        raise ConfigurationError("a VAE whose latents are scaled alone", came="one that shifts them",
                                 where="vae/config.json", mend=HANDLED)


@contextmanager
def _without_bars(transformers: Any) -> Iterator[None]:
    """transformers draws a bar while it loads; a library stays silent."""
    logging = transformers.utils.logging
    shown = logging.is_progress_bar_enabled()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        if shown:
            logging.enable_progress_bar()


def _whole(kind: Any, folder: Path, variant: str | None, **how: Any) -> Any:
    """A part with all of its weights. Raises MissingCapability where its files lack some.

    The packages would fill those with random numbers. Positions are counted, not learned, and no decoder is in use.
    """
    part, told = kind.from_pretrained(folder, local_files_only=True, use_safetensors=True, variant=variant,
                                      output_loading_info=True, **how)
    lost = sorted(one for one in map(str, (*told["missing_keys"], *told["mismatched_keys"]))
                  if not one.endswith("position_ids") and not one.startswith(("decoder.", "post_quant_conv.")))
    if lost:
        more = f" and {len(lost) - 1} more" if len(lost) > 1 else ""
        raise MissingCapability(f"all weights of {folder.name}", came=f"none for {lost[0]}{more}", where=str(folder),
                                mend="Save or fetch the model again.")
    return part


def _deciding(folder: Path, parts: list[str]) -> list[Path]:
    """Files beside the weights that decide what the model answers: schedule, tokenizers, shapes of the parts."""
    names = [INDEX, "scheduler/*.json", "tokenizer*/*", *(f"{part}/config.json" for part in parts)]
    return [path for name in names for path in folder.glob(name) if path.is_file()]


def _hash(folder: Path, files: list[Path]) -> str:
    """16 hex digits over the names and contents of files."""
    rows = sorted(f"{file.relative_to(folder).as_posix()} {sha256_of(file)}\n" for file in files)
    return hashlib.sha256("".join(rows).encode()).hexdigest()[:16]
