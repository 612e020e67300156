"""Models of the real architectures with random weights and few channels, saved by diffusers' own pipelines."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch

from easel.torchvision_door import import_through_torchvision

TOKENS = 24
ENDS = ("<|startoftext|>", "<|endoftext|>")


def packages() -> tuple[Any, Any]:
    return import_through_torchvision("diffusers"), import_through_torchvision("transformers")


def save_tiny(folder: Path, *, wide: bool = False, vae: bool = True, prediction: str = "epsilon", scheduler: str = "PNDMScheduler",
              seed: int = 0, variant: str | None = None, **schedule: Any) -> Path:
    """Stable Diffusion 1.5's classes (`wide`: SDXL's), 16 pixels wide, latents of 8 (without a VAE: 16)."""
    diffusers, transformers = packages()
    torch.manual_seed(seed)
    width = 16
    texts = [_text(transformers, width, projects=False), *([_text(transformers, width, projects=True)] if wide else [])]
    tokenizers = [_tokenizer(transformers, folder / "words") for _ in texts]
    more = {"addition_embed_type": "text_time", "addition_time_embed_dim": 4,
            "projection_class_embeddings_input_dim": 6 * 4 + width, "use_linear_projection": True} if wide else {}
    channels = 4 if vae else 3
    unet = diffusers.UNet2DConditionModel(
        sample_size=8 if vae else 16, in_channels=channels, out_channels=channels, block_out_channels=(8, 16),
        layers_per_block=1, norm_num_groups=4, attention_head_dim=4, cross_attention_dim=width * len(texts),
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"), **more)
    encoder = diffusers.AutoencoderKL(
        block_out_channels=(8, 16), down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
        latent_channels=4, norm_num_groups=4, sample_size=16) if vae else None
    settings = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1, **schedule}
    sampler = getattr(diffusers, scheduler)(prediction_type=prediction, **settings)
    if wide:
        pipe = diffusers.StableDiffusionXLPipeline(
            vae=encoder, text_encoder=texts[0], text_encoder_2=texts[1], tokenizer=tokenizers[0], tokenizer_2=tokenizers[1],
            unet=unet, scheduler=sampler, add_watermarker=False)
    elif vae:
        pipe = diffusers.StableDiffusionPipeline(
            vae=encoder, text_encoder=texts[0], tokenizer=tokenizers[0], unet=unet, scheduler=sampler, safety_checker=None,
            feature_extractor=None, requires_safety_checker=False)
    else:
        return _save_without_vae(folder, unet, texts[0], tokenizers[0], sampler)
    pipe.save_pretrained(folder, safe_serialization=True, variant=variant)
    return folder


def save_stable_diffusion(folder: Path) -> Path:
    """Stable Diffusion 1.5's own sizes, random weights in bfloat16: 2.1 GB."""
    diffusers, transformers = packages()
    torch.manual_seed(0)
    tokenizer = _tokenizer(transformers, folder / "words", tokens=77)
    text = transformers.CLIPTextModel(transformers.CLIPTextConfig(
        vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12,
        max_position_embeddings=77, projection_dim=768, bos_token_id=188, eos_token_id=189, pad_token_id=189))
    unet = diffusers.UNet2DConditionModel(sample_size=64, cross_attention_dim=768, attention_head_dim=8)
    vae = diffusers.AutoencoderKL(
        block_out_channels=(128, 256, 512, 512), down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4, layers_per_block=2, latent_channels=4, sample_size=512)
    sampler = diffusers.PNDMScheduler(beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", steps_offset=1,
                                      skip_prk_steps=True, set_alpha_to_one=False)
    pipe = diffusers.StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=unet, scheduler=sampler, safety_checker=None, feature_extractor=None,
        requires_safety_checker=False).to(torch.bfloat16)
    pipe.save_pretrained(folder, safe_serialization=True)
    return folder


def kept_for_backward(guidance: Any, picture: torch.Tensor) -> int:
    """Bytes that the pass to the latents keeps, weights left out, each storage once."""
    weights = {one.untyped_storage().data_ptr() for one in guidance._model.vae.parameters()}
    kept: dict[int, int] = {}

    def pack(one: torch.Tensor) -> torch.Tensor:
        storage = one.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return one

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda one: one):
        latents = guidance.latents(picture)
    assert latents.requires_grad
    return sum(kept.values())


def edit(path: Path, **changes: Any) -> None:
    """Change entries of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def _save_without_vae(folder: Path, unet: Any, text: Any, tokenizer: Any, sampler: Any) -> Path:
    for name, part in (("unet", unet), ("text_encoder", text), ("tokenizer", tokenizer), ("scheduler", sampler)):
        part.save_pretrained(folder / name)
    (folder / "model_index.json").write_text(json.dumps({
        "_class_name": "StableDiffusionPipeline", "scheduler": ["diffusers", type(sampler).__name__],
        "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": [None, None]}))
    return folder


def _tokenizer(transformers: Any, folder: Path, *, tokens: int = TOKENS) -> Any:
    """CLIP's tokenizer, letter by letter."""
    letters = [chr(code) for code in range(33, 127)]
    words = [*letters, *(f"{letter}</w>" for letter in letters), *ENDS]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    return transformers.CLIPTokenizer.from_pretrained(folder, model_max_length=tokens)


def _text(transformers: Any, width: int, *, projects: bool) -> Any:
    config = transformers.CLIPTextConfig(
        vocab_size=190, hidden_size=width, intermediate_size=2 * width, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=TOKENS, projection_dim=width, bos_token_id=188, eos_token_id=189, pad_token_id=189)
    return (transformers.CLIPTextModelWithProjection if projects else transformers.CLIPTextModel)(config).eval()
