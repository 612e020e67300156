"""The data card of a bundle: what it is, how it came about, what could not be controlled, how to reproduce it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from platform import python_version
from typing import Any

from drawagent.bundles import Manifest
from easel.recording import StoredReply

PINNED = (
    "easel3d", "huggingface-hub", "numpy", "open-clip-torch", "pandas", "pillow", "pydantic", "pyyaml", "safetensors",
    "tokenizers", "torch", "torchvision", "transformers", "trimesh", "typer",
)
"""Distributions that draw, score or tabulate; those that only ask a model (litellm) replay nothing."""
NO_CLAIM = "one library: no claim about the method"
GRADES = {
    "live": "live: replies of a model that was asked in these runs",
    "recorded": "recorded: replies of a model, recorded earlier and replayed",
    "stand-in": "stand-in: replies of a procedural stand-in. STAND-IN, no result: the figures show that the pipeline "
                "works and nothing about any method",
}


@dataclass
class CardRun:
    """What the card says of one run. info : run.json; replies : those that are packed; rows : its rollouts, how many
    failed; notes : of the recording that it replayed"""

    folder: str
    info: dict[str, Any]
    replies: Sequence[StoredReply]
    rollouts: int
    failures: int
    notes: tuple[str, ...] = ()
    configured: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.configured = self.info["configuration"]

    @property
    def design(self) -> str:
        """What practices of one kind have in common: the configuration without the number of the practice."""
        kept = {name: value for name, value in self.configured.items() if name not in ("fork", "evidence")}
        kept["settings"] = {n: v for n, v in kept["settings"].items() if n not in ("practice", "prompt_overlay")}
        return json.dumps(kept, sort_keys=True)


def pins() -> str:
    """name==version of what is installed here and matters, and the version of Python; no build tag, no address."""
    lines = [f"# python {python_version()}"]
    for name in PINNED:
        try:
            lines.append(f"{name}=={version(name).partition('+')[0]}")
        except PackageNotFoundError:
            lines.append(f"# {name}: not installed")
    return "\n".join(lines) + "\n"


def data_card(manifest: Manifest, runs: Sequence[CardRun], *, name: str) -> str:
    """README.md of a bundle, in Markdown. name : of the zip file"""
    grades = sorted({run.info["evidence"] for run in runs})
    dates = sorted(str(run.info.get("date", "")) for run in runs)
    replied = sorted({one.date for run in runs for one in run.replies})
    labels = sorted({run.configured["model"] for run in runs})
    lines = [
        f"# {name.removesuffix('.zip')}", "",
        "Practices of 3DrawAgent: a frozen language model draws 3D Bezier sketches and learns short lessons from "
        "contrastive pairs.", "",
        "## What this is", "",
        *(f"- Evidence grade: {GRADES.get(grade, grade)}." for grade in grades),
        f"- Model label: {', '.join(labels)}.",
        f"- Dates: practised {_span(dates)}; replies of {_span(replied)}.",
        f"- Made by {manifest.made_by}.",
        f"- Licence: {manifest.licence or 'NOT STATED (the publisher fills this in with --licence)'}",
        f"- Author: {manifest.author or 'NOT STATED (the publisher fills this in with --author)'}",
        "", "## Size", "",
        "| design | practices | learn prompts x candidates x epochs | gate prompts x draws | report prompts x draws x "
        "libraries | rollouts | failed | replies |",
        "|---|---|---|---|---|---|---|---|",
        *_sizes(runs), "",
        *_claims(runs),
        "## What could not be controlled", "", *_uncontrolled(manifest, runs), "",
        "## Scorers", "",
        *sorted({_scorer(role, run.info["cards"][role]) for run in runs for role in ("reward", "report")}),
        "", "## Reproduce", "",
        f"    drawagent reproduce {name}", "",
        "needs this project with the versions in pins.txt (extras `clip` for the scorers, `pandas`), no key and no "
        "network. It checks SHA256SUMS, replays every practice from its packed replies through the same loop, derives "
        "every table anew, scores every drawing again where the scorer can be had, and says cell by cell: same, "
        "differs by, cannot be recomputed here.", "",
        "## What lies where", "",
        "- `runs/*/replies.jsonl`: every model call: full prompt, parameters, reply, usage. Pictures stand as what "
        "they were drawn from.",
        "- `runs/*/rollouts.jsonl`, `measured.jsonl`: drawings in words, with the scores as recorded.",
        "- `runs/*/tables/*.csv`: results, report figures, pairs, judgements, edits, gates, epochs, libraries; "
        "`ledger.csv` is what was paid, by the publisher's word.",
        "- `runs/*/prompts/`, `queries.yaml`, `library/`, `sketches/`, `run.json`: prompts, queries, library versions, "
        "one sketch per drawing, settings.",
        "- `runs/*/pages/` and notebooks are to look at; `reproduce` checks their bytes and does not make them again.",
        "- `cards.json`: the scorer cards; `pins.txt`: versions.", "",
    ]
    return "\n".join(lines)


def _scorer(role: str, card: dict[str, Any]) -> str:
    toy = ", STAND-IN for a real CLIP: its numbers are no CLIP-ST" if card["stand_in"] else ""
    return (f"- {role}: {card['name']} ({card['model']} {card['weights']}), column \"{card['column']}\", "
            f"{card['scale']}{toy}.")


def _sizes(runs: Sequence[CardRun]) -> Iterable[str]:
    for number, group in enumerate(_designs(runs), 1):
        first = group[0].configured
        settings, queries = first["settings"], first["queries"]
        reported = len(queries["report"])
        yield (
            f"| {number}: preset {settings['preset']} | {len(group)} "
            f"| {len(queries['learn'])} x {settings['candidates']} x {settings['epochs']} "
            f"| {len(queries['gate']) if settings['gate'] else 0} x {settings['gate_draws']} "
            f"| {reported} x {settings.get('report_draws', 1)} x {settings['epochs'] + 1} at most "
            f"| {sum(run.rollouts for run in group)} | {sum(run.failures for run in group)} "
            f"| {sum(len(run.replies) for run in group)} |"
        )


def _claims(runs: Sequence[CardRun]) -> Iterable[str]:
    for number, group in enumerate(_designs(runs), 1):
        if len(group) == 1:
            yield f"Design {number}, {NO_CLAIM}. The unit of replication is the learned library."
            yield ""


def _designs(runs: Sequence[CardRun]) -> list[list[CardRun]]:
    groups: dict[str, list[CardRun]] = {}
    for run in runs:
        groups.setdefault(run.design, []).append(run)
    return list(groups.values())


def _uncontrolled(manifest: Manifest, runs: Sequence[CardRun]) -> list[str]:
    replies = [one for run in runs for one in run.replies]
    dropped = Counter(name for one in replies if one.reply for name in one.reply.not_applied)
    said = [*manifest.notes, *(note for run in runs for note in run.notes)]
    said += [f"Asked for and not applied: {name}, in {count} of {len(replies)} replies." for name, count in
             sorted(dropped.items())]
    estimated = sum(one.usage.estimated for one in replies)
    if estimated:
        said.append(f"Token counts are estimates in {estimated} of {len(replies)} replies.")
    if any(run.info["evidence"] == "live" for run in runs):
        said.append("A provider may change a model behind its name; seeds are asked for, not promised. Only the "
                    "replies packed here can be replayed, the model cannot.")
    failed = sum(one.reply is None for one in replies)
    if failed:
        said.append(f"{failed} of {len(replies)} calls failed for good; they are packed as failures.")
    return [f"- {note}" for note in dict.fromkeys(said)] or ["- Nothing is known that was not."]


def _span(dates: Sequence[str]) -> str:
    known = [date for date in dates if date]
    if not known:
        return "unknown dates"
    return known[0] if known[0] == known[-1] else f"{known[0]} to {known[-1]}"
