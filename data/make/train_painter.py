"""Trains the embedded painter on the CPU: `python -m data.make.train_painter` (ours; no paper).

May be killed at any moment: the same command goes on from the last checkpoint, with the same batches.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from data.make.material_captions import rephrased, vocabulary
from data.make.material_pictures import SIZE
from data.make.painter_card import write_card
from data.make.painter_examples import Examples, read_or_make
from data.make.painter_model import Painter, new_painter, save_painter

ROOT = Path(__file__).resolve().parents[2]
CROP = 16


@dataclass(frozen=True)
class Plan:
    """What decides the weights beside the code. pictures : of the cache; batch : pictures a step; rate : peak learning
    rate, AdamW; dropped : share of captions emptied, for classifier-free guidance; average : of the kept weights;
    level : cap of the loss weight, signal-to-noise ratio to the power -1/2 (debiased estimation, Yu et al. 2024: noise
    is the easy half of a noisy picture); crops : first steps, which see windows of CROP pixels and cost half"""

    steps: int = 6000
    batch: int = 32
    pictures: int = 24000
    rate: float = 2e-3
    decay: float = 0.01
    dropped: float = 0.12
    average: float = 0.998
    level: float = 8.0
    crops: int = 1500
    seed: int = 31


def batch_of(plan: Plan, examples: Examples, step: int):
    """(pictures (B, 3, H, W) in [-1, 1], captions, timesteps (B,), noise): decided by (seed, step) alone."""
    import torch

    rng = np.random.default_rng([plan.seed, step])
    chosen = rng.integers(0, len(examples), plan.batch)
    shown = examples.pictures[chosen].astype(np.float32) / 127.5 - 1
    mirrored = rng.random(plan.batch) < 0.5
    shown = np.where(mirrored[:, None, None, None], shown[:, :, ::-1], shown)
    captions = ["" if rng.random() < plan.dropped else rephrased(examples.captions[index], rng) for index in chosen]
    # One timestep per equal slice of the range: less noise in the loss than independent draws.
    times = ((np.arange(plan.batch) + rng.random(plan.batch)) / plan.batch * 1000).astype(np.int64)
    noise = rng.standard_normal(shown.shape, dtype=np.float32)
    if step < plan.crops:
        top, left = rng.integers(0, SIZE - CROP + 1, 2)
        shown, noise = (one[:, top:top + CROP, left:left + CROP] for one in (shown, noise))
    pictures, noise = (torch.from_numpy(np.ascontiguousarray(one.transpose(0, 3, 1, 2))) for one in (shown, noise))
    return pictures, captions, torch.from_numpy(times), noise


def loss_of(painter: Painter, plan: Plan, batch):
    import torch

    pictures, captions, times, noise = batch
    kept = painter.scheduler.alphas_cumprod[times]
    noisy = painter.scheduler.add_noise(pictures, noise, times)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        guessed = painter.denoiser(noisy, times, encoder_hidden_states=painter.encode(captions)).sample
    error = (guessed.float() - noise).square().mean((1, 2, 3))
    ratio = kept / (1 - kept).clamp_min(1e-6)
    return (error * ratio.clamp_min(1e-6).rsqrt().clamp_max(plan.level)).mean(), error.mean()


def heard(painter: Painter, examples: Examples, *, count: int = 32, time: int = 700) -> tuple[float, float]:
    """How far the mean colour (sRGB in [-1, 1], root mean square) of the picture guessed behind heavy noise is off
    with its own caption, and with its neighbour's: the second is larger once words are heard."""
    import torch

    shown = torch.from_numpy(examples.pictures[:count].astype(np.float32) / 127.5 - 1).permute(0, 3, 1, 2)
    noise = torch.randn(shown.shape, generator=torch.Generator().manual_seed(0))
    times = torch.full((len(shown),), time)
    signal = painter.scheduler.alphas_cumprod[time]
    captions = examples.captions[:count]
    off = []
    with torch.no_grad():
        noisy = painter.scheduler.add_noise(shown, noise, times)
        for told in (captions, captions[1:] + captions[:1]):
            guessed = painter.denoiser(noisy, times, encoder_hidden_states=painter.encode(told)).sample
            picture = (noisy - (1 - signal).sqrt() * guessed) / signal.sqrt()
            off.append(float((picture - shown).mean((2, 3)).square().mean().sqrt()))
    return off[0], off[1]


def rate_of(plan: Plan, step: int) -> float:
    """Level after 100 steps, then down in a line over the last third: steps before it do not depend on how many will
    follow, so that a run can be made longer."""
    left = (plan.steps - step) / (plan.steps / 3)
    return plan.rate * min(1.0, (step + 1) / 100, 0.02 + 0.98 * left)


def train(plan: Plan, *, work: Path, weights: Path, threads: int = 1, every: float = 120.0) -> None:
    """Train until `plan.steps`; checkpoint and a loadable folder (average weights) every `every` seconds.

    work : examples.npz, checkpoint.pt, log.jsonl
    """
    import copy

    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(plan.seed)
    work.mkdir(parents=True, exist_ok=True)
    examples = read_or_make(work / "examples.npz", count=plan.pictures, seed=plan.seed,
                            log=lambda text: print(text, flush=True))
    checkpoint = work / "checkpoint.pt"
    kept = torch.load(checkpoint, weights_only=True) if checkpoint.exists() else {}
    words = kept.get("words") or vocabulary()
    painter = new_painter(words)
    mean = Painter(*(copy.deepcopy(part) for part in (painter.denoiser, painter.text)), painter.tokenizer,
                   painter.scheduler)
    weighed = [*painter.denoiser.parameters(), *painter.text.parameters()]
    optimizer = torch.optim.AdamW(weighed, lr=plan.rate, weight_decay=plan.decay, betas=(0.9, 0.99))
    step, spent = 0, 0.0
    if kept:
        for name, part in _parts(painter, mean).items():
            part.load_state_dict(kept[name])
        optimizer.load_state_dict(kept["optimizer"])
        step, spent = kept["step"], kept["cpu_seconds"]
    start, saved, logged, losses = time.process_time() - spent, time.monotonic(), time.monotonic(), []
    while step < plan.steps:
        rate = rate_of(plan, step)
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss, error = loss_of(painter, plan, batch_of(plan, examples, step))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(weighed, 1.0)
        optimizer.step()
        keep = min(plan.average, (step + 1) / (step + 10))
        with torch.no_grad():
            for mine, theirs in zip((*mean.denoiser.parameters(), *mean.text.parameters()), weighed, strict=True):
                mine.lerp_(theirs, 1 - keep)
        losses.append((loss.item(), error.item()))
        step += 1
        now = time.monotonic()
        if now - logged > 30 or step == plan.steps:
            row = {"step": step, "cpu_seconds": round(time.process_time() - start), "rate": round(rate, 6),
                   "loss": round(float(np.mean(losses, axis=0)[0]), 4),
                   "error": round(float(np.mean(losses, axis=0)[1]), 4),
                   "steps_a_second": round(len(losses) / (now - logged), 2)}
            print(json.dumps(row), flush=True)
            with (work / "log.jsonl").open("a") as log:
                log.write(json.dumps(row) + "\n")
            losses, logged = [], now
        if now - saved > every or step == plan.steps:
            state = {name: part.state_dict() for name, part in _parts(painter, mean).items()}
            state |= {"optimizer": optimizer.state_dict(), "step": step, "cpu_seconds": time.process_time() - start,
                      "words": words}
            state["plan"] = asdict(plan)
            torch.save(state, work / "checkpoint.new")
            (work / "checkpoint.new").replace(checkpoint)
            publish(work, weights)
            own, other = heard(mean, examples)
            print(f"colour off by {own:.3f} with the own caption, {other:.3f} with another's", flush=True)
            saved = now


def publish(work: Path, weights: Path) -> None:
    """Write the checkpoint's average weights as a model folder with its card; may run while training goes on."""
    import torch

    kept = torch.load(work / "checkpoint.pt", weights_only=True)
    painter = new_painter(kept["words"])
    painter.denoiser.load_state_dict(kept["mean_denoiser"])
    painter.text.load_state_dict(kept["mean_text"])
    save_painter(painter, weights)
    plan = kept["plan"]
    write_card(weights, words=kept["words"], training={
        "command": f"python -m data.make.train_painter --steps {plan['steps']} --pictures {plan['pictures']}",
        "steps": kept["step"], "of_steps": plan["steps"], "batch": plan["batch"], "pictures": plan["pictures"],
        "seed": plan["seed"], "cpu_seconds": round(kept["cpu_seconds"]),
    }, parameters=sum(p.numel() for part in (painter.denoiser, painter.text) for p in part.parameters()))


def _parts(painter: Painter, mean: Painter) -> dict:
    return {"denoiser": painter.denoiser, "text": painter.text, "mean_denoiser": mean.denoiser, "mean_text": mean.text}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=Plan.steps)
    parser.add_argument("--pictures", type=int, default=Plan.pictures)
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "painter")
    parser.add_argument("--weights", type=Path, help="folder of the model (default WORK/model)")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--publish", type=Path, help="train nothing: write the checkpoint's model into this folder")
    given = parser.parse_args()
    if given.publish:
        return publish(given.work, given.publish)
    return train(Plan(steps=given.steps, pictures=given.pictures), work=given.work,
          weights=given.weights or given.work / "model", threads=given.threads)


if __name__ == "__main__":
    main()
