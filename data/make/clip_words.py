"""Words of the embedded CLIPs: captions as people phrase them, the vocabulary they leave, its tokenizer (ours)."""

from __future__ import annotations

import json
import re
import zlib
from pathlib import Path

import numpy as np

from data.make.sketches import CATEGORIES, SYNONYMS, TRAINING_STYLES, Drawing, draw

CONTEXT = 24
PAD, UNKNOWN, END = "[PAD]", "[UNK]", "[END]"
# Words that change nothing a normalised line drawing could show: learnt as such, so that a prompt may hold them.
SILENT = ("small", "simple", "plain", "little", "big", "large", "old", "modern", "wooden", "single", "classic", "nice",
          "typical", "common", "metal", "basic", "new", "whole")
# Further names for a category, besides those of the generators.
FURTHER_NAMES = {
    "mug": ("coffee mug", "coffee mug with a handle"), "umbrella": ("open umbrella",),
    "house": ("cottage", "house with a pitched roof"),
    "lamp": ("reading lamp",), "sofa": ("settee",), "car": ("automobile",), "cat": ("kitten",), "dog": ("puppy",),
    "train": ("steam train",), "laptop": ("notebook computer",), "cup": ("tea cup",),
    "toilet": ("lavatory",), "bicycle": ("push bike",), "glass box": ("glass case",), "clock": ("wall clock",),
}
TEMPLATES = ("a sketch of {}", "a sketch of {}", "{}", "a drawing of {}", "a line drawing of {}", "a 3d sketch of {}",
             "a simple sketch of {}", "a rough drawing of {}", "a picture of {}", "an image of {}", "the sketch of {}")
_WORD = re.compile(r"[a-z0-9]+")


def words_of(text: str) -> list[str]:
    """Lower-case words, as the tokenizer cuts them."""
    return _WORD.findall(text.lower())


def with_article(phrase: str) -> str:
    return ("an " if phrase[0] in "aeiou" else "a ") + phrase


def category_prompts(rng: np.random.Generator | None = None) -> list[str]:
    """One prompt a category, in their order: "a sketch of a chair"; with a generator, the template varies."""
    chosen = TEMPLATES[0] if rng is None else TEMPLATES[rng.integers(len(TEMPLATES))]
    return [chosen.format(with_article(category)) for category in CATEGORIES]


def caption(drawing: Drawing, rng: np.random.Generator) -> str:
    """The generator's own caption, sometimes with another name, silent words or a plainer "and"."""
    text = drawing.caption(rng).lower()
    if rng.random() < 0.5:
        text = text.replace(" and with ", " and ")
    names = FURTHER_NAMES.get(drawing.category, ())
    if names and rng.random() < 0.1:
        return TEMPLATES[rng.integers(len(TEMPLATES))].format(with_article(names[rng.integers(len(names))]))
    if rng.random() < 0.12:
        word = SILENT[rng.integers(len(SILENT))]
        at = text.find(drawing.category)
        if at >= 0:
            text = text[:at] + word + " " + text[at:]
            for article in ("a ", "an "):
                if text[:at].endswith(article) and (at == len(article) or text[at - len(article) - 1] == " "):
                    text = text[:at - len(article)] + with_article(text[at:])
                    break
    return text


def vocabulary(*, samples: int = 400) -> list[str]:
    """Every word that training captions hold, sorted: the templates', the names', and all that `samples` drawings a
    category mention."""
    words: set[str] = set()
    for template in TEMPLATES:
        words |= set(words_of(template.format("")))
    for phrase in (*CATEGORIES, *SILENT, *(n for ns in (*SYNONYMS.values(), *FURTHER_NAMES.values()) for n in ns)):
        words |= set(words_of(phrase))
    for category in CATEGORIES:
        rng = np.random.default_rng([7, zlib.crc32(category.encode())])
        for index in range(samples):
            drawing = draw(category, rng, style=TRAINING_STYLES[index % len(TRAINING_STYLES)])
            words |= {word for phrase in drawing.attributes for word in words_of(phrase)}
            words |= set(words_of(drawing.caption(rng)))
    return sorted(words)


def save_tokenizer(words: list[str], folder: Path) -> None:
    """A word-level Hugging Face tokenizer; its end token has the highest number, where open_clip's pooling looks."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    numbers = {token: index for index, token in enumerate([PAD, UNKNOWN, *words, END])}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token=UNKNOWN))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Lowercase(),
                                                 normalizers.Replace(Regex("[^a-z0-9]+"), " ")])
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.post_processor = processors.TemplateProcessing(single=f"$A {END}", special_tokens=[(END, numbers[END])])
    tokenizer.add_special_tokens([PAD, UNKNOWN, END])
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": CONTEXT, "pad_token": PAD,
        "unk_token": UNKNOWN, "eos_token": END, "clean_up_tokenization_spaces": False,
    }, indent=1) + "\n")
