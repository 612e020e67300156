"""Studios: what every run with everything wired needs: its fingerprint, its prompts kept, and an end after a fault."""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from easel.asking import load_prompt

if TYPE_CHECKING:
    from easel.runs import RunStore


def fingerprint(configured: Mapping[str, Any]) -> str:
    """Hex SHA-256 of a configuration. Settings that change no result (the overlay's place) do not count."""
    counted = json.loads(json.dumps(configured))
    counted["settings"].pop("prompt_overlay", None)
    return hashlib.sha256(json.dumps(counted, sort_keys=True).encode()).hexdigest()


def prompt_keys(package: str, names: Sequence[str], *, overlay: Path | None = None) -> dict[str, str]:
    """Name -> hex SHA-256 of the full text that counts, the overlay's where it has one."""
    return {name: load_prompt(package, name, overlay=overlay).key for name in names}


def keep_prompts(run: RunStore, package: str, names: Sequence[str], *, overlay: Path | None = None) -> None:
    """Put the texts of prompts into a run folder, as `prompts/<name>-<hash>.md`."""
    for prompt in (load_prompt(package, one, overlay=overlay) for one in names):
        kept = f"prompts/{prompt.name}-{prompt.key[:12]}.md"
        if not (run.folder / kept).exists():
            run.write(kept, prompt.text)


def keep_overlay(run: RunStore, package: str, folder: Path) -> None:
    """Copy the prompts that an overlay gave to a run, as a new overlay; without any, no folder is left."""
    shutil.rmtree(folder, ignore_errors=True)
    configured = run.info["configuration"]
    if configured["settings"]["prompt_overlay"] is None:
        return
    for name, key in configured["prompts"].items():
        if key != load_prompt(package, name).key:
            folder.mkdir(exist_ok=True)
            shutil.copyfile(run.folder / "prompts" / f"{name}-{key[:12]}.md", folder / f"{name}.md")


@contextlib.contextmanager
def closing_after_failure(run: RunStore) -> Iterator[None]:
    """A run that cannot be wired is closed, and says why it failed: the next try in the same process may open it."""
    try:
        yield
    except BaseException as error:
        run.__exit__(type(error), error, error.__traceback__)
        raise
