"""The folder of an embedded CLIP: weights in fp16, open_clip's configuration, tokenizer and card (ours)."""

from __future__ import annotations

import json
from pathlib import Path

from data.make.clip_words import SILENT, save_tokenizer
from data.make.sketches import CATEGORIES, HELD_OUT_STYLES

NOTES = {
    "reward": "Rewards drawings during practice.",
    "report": "Reports on finished drawings; never used to choose between them.",
}


def save_model(model, config: dict, words: list[str], folder: Path, *, name: str, mean: float, std: float,
               figures: dict) -> None:
    """Write open_clip_config.json, open_clip_model.safetensors (fp16), the tokenizer and card.json into `folder`."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir(parents=True, exist_ok=True)
    tensors = {key: (value.half() if value.is_floating_point() else value).contiguous().clone()
               for key, value in model.state_dict().items() if key != "attn_mask"}
    if not all(torch.isfinite(value).all() for value in tensors.values() if value.is_floating_point()):
        raise ValueError("the weights are not finite in fp16")
    save_file(tensors, folder / "open_clip_model.safetensors", metadata={"format": "pt"})
    preprocessing = {"size": [config["vision_cfg"]["image_size"]] * 2, "mode": "RGB", "mean": [mean] * 3,
                     "std": [std] * 3, "interpolation": "bicubic", "resize_mode": "squash"}
    _write(folder / "open_clip_config.json", {"model_cfg": config, "preprocess_cfg": preprocessing})
    save_tokenizer(words, folder)
    kept = {}
    if (folder / "card.json").exists():
        kept = {"evaluation": json.loads((folder / "card.json").read_text()).get("evaluation", {})}
    _write(folder / "card.json", {
        "name": f"embedded-{name}",
        "what": f"{NOTES.get(name, '')} A toy: it knows line drawings of its categories only.".strip(),
        "column": f"toy CLIP ({name})", "license": "Apache-2.0", "date": "2026-11",
        "parameters": sum(value.numel() for value in tensors.values()), "categories": list(CATEGORIES),
        "held_out_styles": list(HELD_OUT_STYLES), "silent_words": list(SILENT), "words": words, "training": figures,
        **kept,
    })


def _write(path: Path, value: dict) -> None:
    path.write_text(json.dumps(value, indent=1) + "\n")
