"""ClipScorer on a tiny open_clip model with random weights, saved in the real format."""

from __future__ import annotations

import json
import threading

import numpy as np
import pytest

from easel.clip_scorer import ClipScorer
from easel.errors import ConfigurationError, MissingCapability
from easel.open_clip_models import check_activation, load_model
from easel.scoring import cosine, view_scores
from easel.torchvision_door import import_through_torchvision

WORDS = ("a", "sketch", "of", "chair", "cup", "red", "four", "legs", "with")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder as open_clip saves it: configuration, safetensors, tokenizer."""
    import torch
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    import_through_torchvision("open_clip")
    from open_clip.model import CLIP

    place = tmp_path_factory.mktemp("tiny")
    config = {"embed_dim": 16,
              "vision_cfg": {"image_size": 32, "patch_size": 8, "width": 32, "layers": 2, "head_width": 16},
              "text_cfg": {"context_length": 12, "vocab_size": len(WORDS) + 3, "width": 32, "heads": 2, "layers": 1,
                           "hf_tokenizer_name": "tokenizer.json"}}
    torch.manual_seed(0)
    weights = {key: value.contiguous() for key, value in CLIP(**config).state_dict().items()}
    save_file(weights, place / "open_clip_model.safetensors")
    cut = {"mean": [0.5] * 3, "std": [0.25] * 3, "interpolation": "bicubic", "resize_mode": "shortest"}
    (place / "open_clip_config.json").write_text(json.dumps({"model_cfg": config, "preprocess_cfg": cut}))
    numbers = {word: index for index, word in enumerate(["[PAD]", "[UNK]", *WORDS, "[END]"])}
    tokenizer = Tokenizer(models.WordLevel(numbers, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    end = [("[END]", len(WORDS) + 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="$A [END]", special_tokens=end)
    tokenizer.save(str(place / "tokenizer.json"))
    (place / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "PreTrainedTokenizerFast", "pad_token": "[PAD]", "unk_token": "[UNK]",
        "eos_token": "[END]"}))
    return place


@pytest.fixture
def scorer(folder):
    return ClipScorer(str(folder), None)


@pytest.fixture(scope="module")
def pictures():
    return np.random.default_rng(0).random((7, 40, 40), dtype=np.float32)


def test_embeddings_are_unit_rows(scorer, pictures):
    images, texts = scorer.embed_images(pictures), scorer.embed_texts(["a chair", "a cup"])
    assert images.shape == (7, 16)
    assert texts.shape == (2, 16)
    assert images.dtype == texts.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(images, axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(texts, axis=1), 1, atol=1e-6)
    assert abs(texts[0] - texts[1]).max() > 1e-3


def test_numbers_are_those_of_open_clip_itself(folder, scorer, pictures):
    """Same transform, same tokenizer, same towers; open_clip's transform rounds pixels to 8 bits, hence the margin."""
    import torch
    from PIL import Image

    open_clip = import_through_torchvision("open_clip")
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokens = open_clip.get_tokenizer(f"local-dir:{folder}")(["a sketch of a chair"])
    bytes_of = [(picture * 255).round().astype(np.uint8) for picture in pictures]
    shown = torch.stack([transform(Image.fromarray(picture).convert("RGB")) for picture in bytes_of])
    with torch.no_grad():
        theirs = model.eval().encode_image(shown, normalize=True).numpy()
        text = model.encode_text(tokens, normalize=True).numpy()
    np.testing.assert_allclose(scorer.embed_images((pictures * 255).round() / 255), theirs, atol=0.02)
    np.testing.assert_allclose(scorer.embed_texts(["a chair"]), text, atol=1e-6)


@pytest.mark.parametrize("batch", [1, 3, 64])
def test_scores_do_not_depend_on_the_batch_size(folder, pictures, batch):
    reference = ClipScorer(str(folder), None, batch=7, cache=False)
    other = ClipScorer(str(folder), None, batch=batch, cache=False)
    shown = pictures[:6].reshape(2, 3, 40, 40)
    ours, theirs = (view_scores(s, shown, "a chair") for s in (reference, other))
    assert abs(ours - theirs).max() <= 1.0000001e-6


def test_padded_passes_have_one_shape_and_change_no_row(folder, pictures, monkeypatch):
    padded = ClipScorer(str(folder), None, batch=64, padded=4)
    seen = _counting(padded, monkeypatch)
    rows = padded.embed_images(pictures[:6])
    padded.embed_texts(["a cup"])
    assert seen == [4, 4, 4]
    np.testing.assert_allclose(rows, ClipScorer(str(folder), None).embed_images(pictures[:6]), atol=1e-6)
    alone = ClipScorer(str(folder), None, padded=4, cache=False)
    np.testing.assert_array_equal(np.concatenate([alone.embed_images(pictures[k:k + 1]) for k in range(6)]), rows)


def test_grey_and_colour_pictures_agree_and_any_shape_is_taken(scorer, pictures):
    colour = np.repeat(pictures[:, None], 3, axis=1)
    np.testing.assert_allclose(scorer.embed_images(colour), scorer.embed_images(pictures), atol=1e-6)
    assert scorer.embed_images(np.ones((1, 20, 60), np.float32)).shape == (1, 16)
    assert scorer.embed_images(np.ones((0, 20, 60), np.float32)).shape[0] == 0


@pytest.mark.parametrize(("images", "words"), [
    (np.ones((4, 4)), "shape (4, 4)"), (np.ones((2, 4, 4, 4)), "shape (2, 4, 4, 4)"),
    (np.full((1, 4, 4), 255.0), "values from 255"), (np.full((1, 4, 4), np.nan), "values from nan"),
])
def test_pictures_that_are_none(scorer, images, words):
    with pytest.raises(ConfigurationError) as raised:
        scorer.embed_images(images)
    assert words in str(raised.value)


def _counting(scorer, monkeypatch):
    seen = []
    whole = scorer._forward
    monkeypatch.setattr(scorer, "_forward", lambda encode, values: (seen.append(len(values)), whole(encode, values))[1])
    return seen


def test_each_content_is_embedded_once(scorer, pictures, monkeypatch):
    seen = _counting(scorer, monkeypatch)
    first = scorer.embed_images(np.concatenate([pictures[:3], pictures[:2]]))
    again = scorer.embed_images(pictures[[2, 0, 1, 5]])
    assert seen == [3, 1]
    np.testing.assert_array_equal(first[3:], first[:2])
    np.testing.assert_array_equal(again[:3], first[[2, 0, 1]])
    scorer.embed_texts(["a cup", "a cup"])
    scorer.embed_texts(["a cup"])
    assert seen == [3, 1, 1]


def test_a_cache_folder_outlives_the_scorer(folder, pictures, tmp_path, monkeypatch):
    first = ClipScorer(str(folder), None, cache=tmp_path).embed_images(pictures)
    later = ClipScorer(str(folder), None, cache=tmp_path)
    seen = _counting(later, monkeypatch)
    np.testing.assert_array_equal(later.embed_images(pictures), first)
    assert seen == []
    broken = next(tmp_path.rglob("image-*.npy"))
    broken.write_bytes(broken.read_bytes()[:20])  # a file cut short is computed again
    np.testing.assert_allclose(later.embed_images(pictures), first, atol=1e-6)
    assert seen == [1]
    assert not list(tmp_path.rglob("*.part"))


def test_other_templates_do_not_share_a_cache_folder(folder, tmp_path):
    one = ClipScorer(str(folder), None, cache=tmp_path).embed_texts(["chair"])
    two = ClipScorer(str(folder), None, cache=tmp_path, template="{text} of four legs").embed_texts(["chair"])
    assert abs(one - two).max() > 1e-3
    assert len(list(tmp_path.iterdir())) == 2


def test_threads_share_one_scorer(scorer, pictures):
    alone = ClipScorer.embed_images(scorer, pictures)
    results = [None] * 6

    def work(index):
        results[index] = scorer.embed_images(pictures[index:index + 2])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for index, result in enumerate(results):
        np.testing.assert_allclose(result, alone[index:index + 2], atol=1e-6)


def test_bf16_is_near_fp32_and_has_another_card(folder, scorer, pictures):
    half = ClipScorer(str(folder), None, precision="bf16")
    assert cosine(half.embed_images(pictures), scorer.embed_images(pictures)).diagonal().min() > 0.999
    assert half.card.key != scorer.card.key


def test_card_names_weights_by_content(scorer, folder):
    assert scorer.card.weights.startswith("sha256:")
    assert scorer.card.preprocessing == "32x32 shortest bicubic antialias mean 0.5,0.5,0.5 std 0.25,0.25,0.25"
    assert dict(scorer.card.versions)["open_clip"] >= "3"
    assert str(folder.parent) not in scorer.card.source
    assert scorer.card.column == "CLIP-ST"
    assert scorer.card.words is None


def test_a_text_that_would_be_cut_is_refused(scorer):
    with pytest.raises(ConfigurationError, match="at most 11 words"):
        scorer.embed_texts(["a chair with four red legs " * 3])


# Loading -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("name", "tag", "right"), [
    ("ViT-L-14", "openai", "ViT-L-14-quickgelu"), ("ViT-B-32", "openai", "ViT-B-32-quickgelu"),
    ("ViT-B-16", "dfn2b", "ViT-B-16-quickgelu"),
])
def test_the_quickgelu_warning_is_an_error_that_names_the_right_model(name, tag, right):
    with pytest.raises(ConfigurationError) as raised:
        ClipScorer(name, tag)
    assert f'model="{right}"' in str(raised.value)


def test_matching_activations_pass():
    open_clip = import_through_torchvision("open_clip")
    check_activation(open_clip, "ViT-L-14-quickgelu", "openai")
    check_activation(open_clip, "ViT-B-32", "laion2b_s34b_b79k")


def test_missing_weights_name_the_file_and_the_command(tmp_path, monkeypatch):
    from huggingface_hub import constants, file_download

    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(file_download.constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(MissingCapability) as raised:
        ClipScorer("ViT-B-32", "laion2b_s34b_b79k")
    assert "hf download laion/CLIP-ViT-B-32-laion2B-s34B-b79K open_clip_model.safetensors" in str(raised.value)


@pytest.mark.parametrize(("name", "tag", "words"), [
    ("ViT-B-23", "openai", "ViT-B-32"), ("ViT-B-32", "laion", "laion2b_s34b_b79k"),
    ("ViT-B-32", None, "Tags of ViT-B-32"),
])
def test_unknown_names_and_tags_show_what_there_is(name, tag, words):
    with pytest.raises(ConfigurationError) as raised:
        ClipScorer(name, tag)
    assert words in str(raised.value)


def test_folders_that_are_no_models(tmp_path, folder):
    with pytest.raises(ConfigurationError, match="no such folder"):
        load_model(f"local-dir:{tmp_path / 'nowhere'}", None)
    with pytest.raises(ConfigurationError, match=r"open_clip_config\.json is missing"):
        load_model(str(tmp_path), None)
    (tmp_path / "open_clip_config.json").write_text((folder / "open_clip_config.json").read_text())
    with pytest.raises(MissingCapability, match="untrained"):
        load_model(str(tmp_path), None)
    with pytest.raises(MissingCapability, match="no such file"):
        load_model("ViT-B-32", tmp_path / "weights.pt")


def test_a_folder_may_stand_in_either_place(folder, pictures):
    np.testing.assert_allclose(ClipScorer("ViT-B-32", folder).embed_images(pictures),
                               ClipScorer(str(folder), None).embed_images(pictures), atol=1e-6)


@pytest.mark.parametrize("settings", [{"template": "a sketch"}, {"precision": "fp8"}, {"batch": 0}, {"padded": 0}])
def test_settings_that_cannot_be(folder, settings):
    with pytest.raises(ConfigurationError):
        ClipScorer(str(folder), None, **settings)
