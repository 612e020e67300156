"""Models of open_clip, found and loaded with errors that say how to mend them."""

from __future__ import annotations

import hashlib
import json
import warnings
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from easel.errors import ConfigurationError, MissingCapability
from easel.torchvision_door import import_through_torchvision

CONFIG_FILE = "open_clip_config.json"
_SUFFIXES = (".safetensors", ".bin", ".pth")


@dataclass(frozen=True)
class LoadedModel:
    """An open_clip model in evaluation mode, its tokenizer and what it is.

    preprocessing : size (H, W), mean and std (3,), interpolation, resize_mode, as open_clip's configuration says
    context : tokens of a text; weights : pretrained tag, or sha256 of the weight file; folder : where it was loaded
        from, None for names and tags
    """

    model: Any
    tokenizer: Any
    preprocessing: dict[str, Any]
    context: int
    name: str
    weights: str
    folder: Path | None = None


def load_model(model: str, pretrained: str | Path | None, *, device: str = "cpu",
               download: bool = False) -> LoadedModel:
    """Load a model by (name, tag), (name, weight file) or local folder.

    model : open_clip's name ("ViT-B-32"), or a folder with open_clip_config.json, weights and tokenizer
    pretrained : a tag of that name, a weight file or such a folder; ignored where `model` is a folder
    download : fetch missing weights; off, since they are large and a missing file should say so

    Raises ConfigurationError for unknown names and tags, and where the name's activation is not the one the weights
    were trained with; MissingCapability where weights or packages are not here.
    """
    folder = next((Path(str(place).removeprefix("local-dir:")) for place in (model, pretrained)
                   if place is not None and _is_folder(place)), None)
    open_clip = import_through_torchvision("open_clip")
    if folder is not None:
        return _load_folder(open_clip, folder, device)
    if model not in open_clip.list_models():
        near = get_close_matches(model, open_clip.list_models(), 3, 0.4)
        raise ConfigurationError("a model name of open_clip, or a folder with open_clip_config.json", came=repr(model),
                                 mend=f"Near it: {', '.join(near)}." if near else "See open_clip.list_models().")
    return _load_named(open_clip, model, str(pretrained or ""), device, download)


def sha256_of(path: Path) -> str:
    """Hex SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _is_folder(place: str | Path) -> bool:
    path = Path(place)
    if str(place).startswith("local-dir:"):
        return True
    return path.is_dir() and ("/" in str(place) or (path / CONFIG_FILE).is_file())


def _load_folder(open_clip: Any, folder: Path, device: str) -> LoadedModel:
    config_file = folder / CONFIG_FILE
    if not config_file.is_file():
        raise ConfigurationError(f"a folder with {CONFIG_FILE}, weights and a tokenizer", came=str(folder),
                                 mend=f"{CONFIG_FILE} is missing." if folder.is_dir() else "There is no such folder.")
    files = [path for suffix in _SUFFIXES for path in sorted(folder.glob(f"*{suffix}"))]
    if not files:
        raise MissingCapability(f"weights ({', '.join(_SUFFIXES)}) beside {CONFIG_FILE}", came="none",
                                where=str(folder), mend="Put the file there; open_clip alone would start untrained.")
    config = json.loads(config_file.read_text())
    name = f"local-dir:{folder.resolve()}"
    model = _create(open_clip, name, None, device)
    tokenizer = open_clip.get_tokenizer(name)
    return LoadedModel(model, tokenizer, _preprocessing(model), _context(config["model_cfg"]), folder.resolve().name,
                       f"sha256:{sha256_of(files[0])[:16]}", folder)


def _load_named(open_clip: Any, name: str, pretrained: str, device: str, download: bool) -> LoadedModel:
    config = open_clip.get_model_config(name)
    if not pretrained:
        raise ConfigurationError("a pretrained tag, a weight file or a folder", came="nothing", where=f"model {name}",
                                 mend=f"Tags of {name}: {_tags(open_clip, name)}.")
    tag = open_clip.get_pretrained_cfg(name, pretrained)
    if not tag:
        path = Path(pretrained)
        if path.is_file():
            model = _create(open_clip, name, str(path), device)
            return LoadedModel(model, open_clip.get_tokenizer(name), _preprocessing(model), _context(config), name,
                               f"sha256:{sha256_of(path)[:16]}")
        if path.suffix or "/" in pretrained:
            raise MissingCapability("a weight file", came=pretrained, where=f"model {name}",
                                    mend="There is no such file; give its path, or a pretrained tag.")
        raise ConfigurationError(f"a pretrained tag of {name}", came=repr(pretrained),
                                 mend=f"Its tags: {_tags(open_clip, name)}.")
    check_activation(open_clip, name, pretrained)
    cached = _cached(tag)
    if cached is None and not download:
        raise _missing(name, pretrained, tag)
    try:
        if cached is None:
            model = _create(open_clip, name, pretrained, device)
        else:
            kept = {key: tag[key] for key in ("mean", "std", "interpolation", "resize_mode") if tag.get(key)}
            model = _create(open_clip, name, str(cached), device, force_preprocess_cfg=kept)
        tokenizer = open_clip.get_tokenizer(name)
    except (RuntimeError, OSError) as fault:
        raise _missing(name, pretrained, tag, fault) from fault
    return LoadedModel(model, tokenizer, _preprocessing(model), _context(config), name, pretrained)


def check_activation(open_clip: Any, name: str, pretrained: str) -> None:
    """Weights trained with QuickGELU give slightly wrong numbers under GELU; open_clip only warns, we refuse."""
    tag = open_clip.get_pretrained_cfg(name, pretrained)
    wants, has = bool(tag.get("quick_gelu")), bool(open_clip.get_model_config(name).get("quick_gelu"))
    if wants != has:
        right = f"{name}-quickgelu" if wants else name.removesuffix("-quickgelu")
        raise ConfigurationError(
            f"a model with the activation that '{pretrained}' was trained with ({'QuickGELU' if wants else 'GELU'})",
            came=f"{name} ({'QuickGELU' if has else 'GELU'})", mend=f'Use model="{right}" with "{pretrained}".',
        )


def _create(open_clip: Any, name: str, pretrained: str | None, device: str, **settings: Any) -> Any:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="QuickGELU mismatch")
        try:
            model = open_clip.create_model(name, pretrained=pretrained, device=device, require_pretrained=True,
                                           **settings)
        except UserWarning as mismatch:
            raise ConfigurationError("matching activations", came=str(mismatch), where=name) from mismatch
    return model.eval().requires_grad_(False)


def _cached(tag: dict[str, Any]) -> Path | None:
    """The tag's weight file where it is here already: the hub's cache, or open_clip's own for plain addresses."""
    if tag.get("hf_hub"):
        from huggingface_hub import try_to_load_from_cache

        repository, _, file = tag["hf_hub"].rpartition("/")
        for name in _file_names(file):
            found = try_to_load_from_cache(repository, name)
            if isinstance(found, str):
                return Path(found)
    if tag.get("url"):
        path = Path("~/.cache/clip").expanduser() / tag["url"].rpartition("/")[2]
        return path if path.is_file() else None
    return None


def _file_names(file: str) -> tuple[str, ...]:
    file = file or "open_clip_pytorch_model.bin"
    stem, _, suffix = file.rpartition(".")
    alternatives = ("open_clip_model.safetensors",) if file == "open_clip_pytorch_model.bin" else ()
    return (*alternatives, *((f"{stem}.safetensors",) if suffix in ("bin", "pth") else ()), file)


def _missing(name: str, pretrained: str, tag: dict[str, Any], fault: Exception | None = None) -> MissingCapability:
    repository, _, file = tag.get("hf_hub", "").rpartition("/")
    file = file or "open_clip_model.safetensors"
    command = (f"`hf download {repository} {file}`" if repository else
               f"`python -c \"import open_clip; open_clip.create_model('{name}', pretrained='{pretrained}')\"`")
    return MissingCapability(f"the weights '{pretrained}' of {name} in the local cache",
                             came=str(fault) if fault else "none", where=repository or tag.get("url", ""),
                             mend=f"Fetch them with {command} (or, in Python, download=True); or take the small models "
                                  "of this package, embedded:reward and embedded:report, whose scores are a toy's.")


def _preprocessing(model: Any) -> dict[str, Any]:
    kept = dict(model.visual.preprocess_cfg)
    size = kept["size"]
    kept["size"] = (int(size), int(size)) if isinstance(size, int) else tuple(map(int, size))
    return kept


def _context(config: dict[str, Any]) -> int:
    return int(config.get("text_cfg", {}).get("context_length", 77))


def _tags(open_clip: Any, name: str) -> str:
    return ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
