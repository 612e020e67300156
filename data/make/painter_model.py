"""The painter's parts in diffusers' own format: denoiser, text encoder, tokenizer, scheduler, model_index.json (ours).

A toy that answers like any text-to-image model of diffusers without a VAE: it denoises pictures in [-1, 1] themselves.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.make.material_captions import vocabulary
from data.make.material_pictures import SIZE
from easel.torchvision_door import import_through_torchvision

CONTEXT = 24
WIDTH = 96
PAD, UNKNOWN, BEGIN, END = "[PAD]", "[UNK]", "[BOS]", "[EOS]"
# At equal CPU time channels of 16, 48, 96 in bf16 see 61 pictures a second on one thread; 24, 48, 96 see 49, and a
# PixArt transformer of patch 4, width 128, depth 6 sees 91 but leaves the pattern to a linear map of each patch.
DENOISER = {
    "sample_size": SIZE, "in_channels": 3, "out_channels": 3, "block_out_channels": (16, 48, 96),
    "layers_per_block": 1, "down_block_types": ("DownBlock2D", "DownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "UpBlock2D", "UpBlock2D"), "cross_attention_dim": WIDTH,
    "norm_num_groups": 8, "attention_head_dim": 4, "addition_embed_type": "text", "addition_embed_type_num_heads": 4,
    "resnet_time_scale_shift": "scale_shift",
}
"""`addition_embed_type` lets the words speak to every block through the time embedding, at almost no cost."""
SCHEDULER = {"num_train_timesteps": 1000, "beta_schedule": "squaredcos_cap_v2", "prediction_type": "epsilon",
             "clip_sample": False, "steps_offset": 1}


@dataclass
class Painter:
    """denoiser : UNet2DConditionModel; text : CLIPTextModel; tokenizer : PreTrainedTokenizerFast; scheduler :
    DDPMScheduler"""

    denoiser: Any
    text: Any
    tokenizer: Any
    scheduler: Any

    def encode(self, captions):
        """(B, CONTEXT, WIDTH) from B sentences; the empty one is the unconditional."""
        return self.text(self.tokenize(captions)).last_hidden_state

    def tokenize(self, captions):
        """(B, CONTEXT) int64, padded to the full length: an unpadded row would give another embedding."""
        return self.tokenizer(list(captions), padding="max_length", truncation=True, max_length=CONTEXT,
                              return_tensors="pt").input_ids


def new_painter(words: list[str] | None = None) -> Painter:
    """Parts with random weights (torch's global seed decides them)."""
    import torch

    diffusers, transformers = _modules()
    tokenizer = _tokenizer(words or vocabulary())
    config = transformers.CLIPTextConfig(
        vocab_size=len(tokenizer), hidden_size=WIDTH, intermediate_size=2 * WIDTH, num_hidden_layers=2,
        num_attention_heads=4, max_position_embeddings=CONTEXT, projection_dim=WIDTH,
        pad_token_id=tokenizer.pad_token_id, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id)
    text = transformers.CLIPTextModel(config)
    with torch.no_grad():  # CLIP's 0.02 leaves the captions of a small vocabulary nearly alike for too many steps
        text.get_input_embeddings().weight.normal_(std=0.3)
    return Painter(diffusers.UNet2DConditionModel(**DENOISER), text, tokenizer,
                   diffusers.DDPMScheduler(**SCHEDULER))


def save_painter(painter: Painter, folder: Path) -> None:
    """A folder as `DiffusionPipeline.save_pretrained` would write it, weights in fp16 safetensors."""
    import copy

    folder.mkdir(parents=True, exist_ok=True)
    copy.deepcopy(painter.denoiser).half().save_pretrained(folder / "unet")
    copy.deepcopy(painter.text).half().save_pretrained(folder / "text_encoder")
    painter.tokenizer.save_pretrained(folder / "tokenizer")
    painter.scheduler.save_pretrained(folder / "scheduler")
    diffusers, _ = _modules()
    (folder / "model_index.json").write_text(json.dumps({
        "_class_name": "StableDiffusionPipeline", "_diffusers_version": diffusers.__version__,
        "feature_extractor": [None, None], "image_encoder": [None, None], "requires_safety_checker": False,
        "safety_checker": [None, None], "scheduler": ["diffusers", "DDPMScheduler"],
        "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "PreTrainedTokenizerFast"],
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": [None, None],
    }, indent=1) + "\n")


def load_painter(folder: Path) -> Painter:
    """float32, offline."""
    diffusers, transformers = _modules()
    return Painter(
        diffusers.UNet2DConditionModel.from_pretrained(folder / "unet", local_files_only=True).float().eval(),
        transformers.CLIPTextModel.from_pretrained(folder / "text_encoder", local_files_only=True).float().eval(),
        transformers.PreTrainedTokenizerFast.from_pretrained(folder / "tokenizer", local_files_only=True),
        diffusers.DDPMScheduler.from_pretrained(folder / "scheduler", local_files_only=True))


def paint(painter: Painter, captions, *, steps: int = 30, guidance: float = 4.0, seed: int = 0):
    """(B, SIZE, SIZE, 3) uint8 numpy: DDIM samples with classifier-free guidance, for figures and for the eye."""
    import torch

    diffusers, _ = _modules()
    ddim = diffusers.DDIMScheduler.from_config(painter.scheduler.config, clip_sample=True, clip_sample_range=1.0)
    ddim.set_timesteps(steps)
    with torch.no_grad():
        words = torch.cat([painter.encode([""] * len(captions)), painter.encode(captions)])
        noisy = torch.randn(len(captions), 3, SIZE, SIZE, generator=torch.Generator().manual_seed(seed))
        for time in ddim.timesteps:
            plain, told = painter.denoiser(torch.cat([noisy, noisy]), time, encoder_hidden_states=words).sample.chunk(2)
            noisy = ddim.step(plain + guidance * (told - plain), time, noisy).prev_sample
    return ((noisy.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy()


def _tokenizer(words: list[str]):
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    _, transformers = _modules()
    numbers = {token: index for index, token in enumerate([PAD, UNKNOWN, BEGIN, *words, END])}
    made = Tokenizer(models.WordLevel(numbers, unk_token=UNKNOWN))
    made.normalizer = normalizers.Sequence([normalizers.Lowercase(), normalizers.Replace(Regex("[^a-z0-9]+"), " ")])
    made.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    made.post_processor = processors.TemplateProcessing(
        single=f"{BEGIN} $A {END}", special_tokens=[(BEGIN, numbers[BEGIN]), (END, numbers[END])])
    made.add_special_tokens([PAD, UNKNOWN, BEGIN, END])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, pad_token=PAD, unk_token=UNKNOWN, bos_token=BEGIN, eos_token=END,
        model_max_length=CONTEXT, clean_up_tokenization_spaces=False)


def _modules():
    return import_through_torchvision("diffusers"), import_through_torchvision("transformers")
