"""Trains the embedded CLIPs on the CPU: `python -m data.make.train_clip reward --minutes 25` (ours; no paper).

Two models of open_clip's own class: one rewards, one reports. They differ in seed, image tower, picture size and
training styles, so that a drawing that pleases one by accident need not please the other.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from data.make.clip_card import save_model
from data.make.clip_examples import SCRIBBLE, Example, Source, read_replies
from data.make.clip_pictures import Alteration, pictures
from data.make.clip_words import CONTEXT, category_prompts, save_tokenizer, vocabulary
from data.make.sketches import CATEGORIES, TRAINING_STYLES
from easel.torchvision_door import import_through_torchvision

ROOT = Path(__file__).resolve().parents[2]
TEXT = {"context_length": CONTEXT, "width": 128, "heads": 4, "layers": 2, "hf_tokenizer_name": "tokenizer.json",
        "pad_id": 0}


@dataclass(frozen=True)
class Plan:
    """Everything that decides a model but the number of steps.

    vision : open_clip's vision_cfg; styles : of the generators; share : of drawings by a language model
    batch : pictures a step; captions : of them with their caption; rate : peak learning rate
    """

    vision: dict
    seed: int
    styles: tuple[str, ...]
    share: float = 0.4
    embed: int = 128
    batch: int = 192
    captions: int = 64
    rate: float = 2e-3
    decay: float = 0.05
    smoothing: float = 0.1
    average: float = 0.998
    canvas: int = 192
    alteration: Alteration = field(default_factory=Alteration)

    @property
    def size(self) -> int:
        return self.vision["image_size"]


# Image towers are open_clip's ModifiedResNet: after the same 2.5 minutes on two cores it named 57 % of the training
# pictures (86 % of held-out styles, 8 views) where a ViT of patch 8, width 128, 4 layers named 13 %.
PLANS = {
    "reward": Plan(
        vision={"image_size": 80, "layers": [1, 1, 2, 1], "width": 16, "head_width": 64}, seed=11,
        styles=tuple(style for style in TRAINING_STYLES if style != "stray"), canvas=160,
    ),
    "report": Plan(
        vision={"image_size": 96, "layers": [1, 2, 2, 1], "width": 16, "head_width": 64}, seed=23,
        styles=tuple(style for style in TRAINING_STYLES if style != "sparse"),
    ),
}
MEAN, STD = 0.9, 0.25  # of the ink pictures, roughly; written into the model's preprocessing


def batches(plan: Plan, source: Source, tokenizer, *, first: int) -> Iterator[dict]:
    """Batch after batch, each decided by (seed, step) alone, made one thread ahead of the training."""
    ready: queue.Queue = queue.Queue(maxsize=3)
    stop = threading.Event()

    def produce() -> None:
        step = first
        while not stop.is_set():
            made = _batch(plan, source, tokenizer, step)
            while not stop.is_set():
                try:
                    ready.put(made, timeout=0.5)
                    break
                except queue.Full:
                    continue
            step += 1

    maker = threading.Thread(target=produce, daemon=True)
    maker.start()
    try:
        while True:
            yield ready.get()
    finally:
        stop.set()
        maker.join()


def _batch(plan: Plan, source: Source, tokenizer, step: int) -> dict:
    rng = np.random.default_rng([plan.seed, step])
    examples = [source.example(rng) for _ in range(plan.batch)]
    seeds = rng.integers(0, 2**31, plan.batch)
    shown = pictures([e.strokes for e in examples], seeds, size=plan.size, canvas=plan.canvas,
                     alteration=plan.alteration)
    told = [index for index, e in enumerate(examples) if e.category != SCRIBBLE][:plan.captions]
    texts = category_prompts(rng) + [examples[index].caption for index in told]
    encoded = tokenizer.encode_batch(texts)
    longest = min(max(len(e.ids) for e in encoded), CONTEXT)
    tokens = np.zeros((len(texts), longest), dtype=np.int64)
    for row, one in zip(tokens, encoded, strict=True):
        ids = one.ids if len(one.ids) <= longest else [*one.ids[:longest - 1], one.ids[-1]]
        row[:len(ids)] = ids
    return {"pictures": shown, "tokens": tokens, "category": np.array([e.category for e in examples]),
            "agreement": agreement(examples, [examples[index] for index in told])}


def agreement(shown: list[Example], told: list[Example]) -> np.ndarray:
    """(B, C) int8: 1 where the caption is true of the sketch, 0 where it is false, -1 where nobody knows.

    Captions come from templates, so that many fit many sketches of a batch: those are positives too. A caption of the
    right category with attributes is unknown for a sketch whose attributes nobody listed.
    """
    table = np.zeros((len(shown), len(told)), dtype=np.int8)
    for i, sketch in enumerate(shown):
        for j, text in enumerate(told):
            if sketch.category == text.category:
                true = not text.said or sketch is text or (sketch.true is not None and text.said <= sketch.true)
                table[i, j] = 1 if true else 0 if sketch.true is not None else -1
    return table


def loss_of(model, batch: dict, plan: Plan):
    """Category cross-entropy against all prompts, plus both directions of the caption contrast.

    Returns (loss, share of pictures whose category won).
    """
    import torch
    from torch.nn import functional as F
    from torch.nn.attention import SDPBackend, sdpa_kernel

    paper = torch.from_numpy(batch["pictures"])[:, None]
    paper = ((paper - MEAN) / STD).expand(-1, 3, -1, -1)
    if "patch_size" not in plan.vision:
        paper = paper.contiguous(memory_format=torch.channels_last)
    # The fused attention kernel's backward pass is twice as slow as plain products on short rows.
    with torch.autocast("cpu", dtype=torch.bfloat16), sdpa_kernel(SDPBackend.MATH):
        seen = model.visual(paper)
        told = encode_text(model, torch.from_numpy(batch["tokens"]))
    seen, told = F.normalize(seen.float(), dim=-1), F.normalize(told.float(), dim=-1)
    logits = model.logit_scale.exp() * seen @ told.T
    named, captioned = logits[:, :len(CATEGORIES)], logits[:, len(CATEGORIES):]

    category = torch.from_numpy(batch["category"])
    real = category >= 0
    flat = torch.full_like(named, 1 / len(CATEGORIES))
    target = torch.where(real[:, None], plan.smoothing * flat + (1 - plan.smoothing)
                         * F.one_hot(category.clamp_min(0), len(CATEGORIES)), flat)
    loss = F.cross_entropy(named, target)
    table = torch.from_numpy(batch["agreement"])
    loss = loss + 0.5 * (_contrast(captioned, table) + _contrast(captioned.T, table.T))
    right = (named.argmax(1) == category)[real].float().mean()
    return loss, right


def _contrast(logits, table):
    """Cross-entropy with all true partners as equal targets; unknown ones are left out of the sum."""
    import torch

    logits = logits.masked_fill(table < 0, -1e4)
    positive = (table == 1).float()
    rows = positive.sum(1) > 0
    share = positive[rows] / positive[rows].sum(1, keepdim=True)
    return -(share * torch.log_softmax(logits[rows], dim=1)).sum(1).mean()


def encode_text(model, tokens):
    """open_clip's `encode_text` for rows shorter than the context: causal, so the rest cannot matter."""
    import torch

    length = tokens.shape[1]
    x = model.token_embedding(tokens) + model.positional_embedding[:length]
    x = model.transformer(x, attn_mask=model.attn_mask[:length, :length])
    x = model.ln_final(x)
    return x[torch.arange(len(x)), tokens.argmax(dim=-1)] @ model.text_projection


def train(name: str, *, minutes: float | None, steps: int | None, work: Path, weights: Path, replies: Path,
          leave_out: tuple[int, ...] = (), resume: bool = False, plan: Plan | None = None, threads: int = 2) -> None:
    """Train one model and save it under `weights`/`name`; progress goes to `work`/log.jsonl and checkpoint.pt.

    minutes : wall time that decides the number of steps and the schedule; steps : the same by count, repeatable
    leave_out : numbers of replies kept for validation (quick tuning runs)
    """
    import torch
    from tokenizers import Tokenizer

    plan = plan or PLANS[name]
    torch.set_num_threads(threads)
    torch.manual_seed(plan.seed)
    import_through_torchvision("open_clip")
    from open_clip.model import CLIP

    work.mkdir(parents=True, exist_ok=True)
    words_file = work / "words.json"
    words = json.loads(words_file.read_text()) if resume and words_file.exists() else vocabulary()
    words_file.write_text(json.dumps(words))
    save_tokenizer(words, work)
    tokenizer = Tokenizer.from_file(str(work / "tokenizer.json"))
    source = Source(plan.styles, read_replies(replies, leave_out=leave_out), plan.share)
    config = {"embed_dim": plan.embed, "vision_cfg": plan.vision, "text_cfg": {**TEXT, "vocab_size": len(words) + 3}}
    model = CLIP(**config)
    if "patch_size" not in plan.vision:
        model.visual.to(memory_format=torch.channels_last)
    mean_model = copy.deepcopy(model).eval()
    matrices = [p for n, p in model.named_parameters() if p.ndim >= 2]
    others = [p for n, p in model.named_parameters() if p.ndim < 2]
    optimizer = torch.optim.AdamW([{"params": matrices, "weight_decay": plan.decay},
                                   {"params": others, "weight_decay": 0.0}], lr=plan.rate, betas=(0.9, 0.98))
    step, before = 0, 0.0
    checkpoint = work / "checkpoint.pt"
    if resume and checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        model.load_state_dict(state["model"])
        mean_model.load_state_dict(state["mean"])
        optimizer.load_state_dict(state["optimizer"])
        step, before = state["step"], state["seconds"]
    stages_file = work / "stages.json"
    stages = json.loads(stages_file.read_text()) if resume and stages_file.exists() else []
    stages.append({"from_step": step, "replies": sum(map(len, source.replies.values()))})
    stages_file.write_text(json.dumps(stages))
    figures = {"replies": stages[-1]["replies"], "stages": stages, "styles": list(plan.styles), "seed": plan.seed,
               "batch": plan.batch, "share_of_replies": plan.share if source.replies else 0.0}
    start, saved, logged = time.monotonic() - before, time.monotonic(), time.monotonic()
    recent: list[tuple[float, float]] = []
    with (work / "log.jsonl").open("a") as log, closing(batches(plan, source, tokenizer, first=step)) as made:
        while True:
            seconds = time.monotonic() - start
            done = step / steps if steps else seconds / (60 * minutes)
            if done >= 1:
                break
            rate = plan.rate * min(1.0, (step + 1) / 150) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * done)))
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss, right = loss_of(model, next(made), plan)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            with torch.no_grad():
                model.logit_scale.clamp_(0, math.log(50))
                keep = min(plan.average, step / (step + 20))
                for mine, theirs in zip(mean_model.state_dict().values(), model.state_dict().values(), strict=True):
                    mine.lerp_(theirs, 1 - keep) if mine.is_floating_point() else mine.copy_(theirs)
            recent.append((loss.item(), right.item()))
            step += 1
            now = time.monotonic()
            if now - logged > 20:
                loss_now, right_now = np.mean(recent, axis=0)
                row = {"step": step, "seconds": round(now - start, 1), "loss": round(loss_now, 4),
                       "right": round(right_now, 4), "rate": round(rate, 6),
                       "scale": round(model.logit_scale.exp().item(), 2)}
                log.write(json.dumps(row) + "\n")
                log.flush()
                recent, logged = [], now
            if now - saved > 90:
                _checkpoint(checkpoint, model, mean_model, optimizer, step, now - start)
                save_model(mean_model, config, words, weights / name, name=name, mean=MEAN, std=STD,
                           figures={**figures, "steps": step, "seconds": round(now - start), "finished": False})
                saved = time.monotonic()
    _checkpoint(checkpoint, model, mean_model, optimizer, step, time.monotonic() - start)
    save_model(mean_model, config, words, weights / name, name=name, mean=MEAN, std=STD,
               figures={**figures, "steps": step, "seconds": round(time.monotonic() - start), "finished": True,
                        "command": f"python -m data.make.train_clip {name} --steps {step}"})


def _checkpoint(path: Path, model, mean_model, optimizer, step: int, seconds: float) -> None:
    import torch

    torch.save({"model": model.state_dict(), "mean": mean_model.state_dict(), "optimizer": optimizer.state_dict(),
                "step": step, "seconds": seconds}, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=tuple(PLANS))
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--minutes", type=float, help="wall time; the number of steps then depends on the machine")
    length.add_argument("--steps", type=int, help="number of steps; repeatable")
    parser.add_argument("--replies", type=Path, default=ROOT / "data" / "sketches_train")
    parser.add_argument("--leave-out", type=int, nargs="*", default=(), help="reply numbers kept for validation")
    parser.add_argument("--weights", type=Path, default=ROOT / "easel" / "weights")
    parser.add_argument("--work", type=Path, help="log and checkpoint (default build/clip/NAME)")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    train(given.name, minutes=given.minutes, steps=given.steps, weights=given.weights, replies=given.replies,
          work=given.work or ROOT / "build" / "clip" / given.name, leave_out=tuple(given.leave_out),
          resume=given.resume, threads=given.threads)


if __name__ == "__main__":
    main()
