"""Runs to publish, for tests: practices of the stand-in that share replies, scored without weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from drawagent.live import open_live
from drawagent.settings import DrawSettings
from easel.archives import SUMS, read_zip, write_zip
from tests.fakes import lists

SCORER = "tests.fakes:TinyScorer"
SCORERS = {"reward": SCORER, "report": SCORER}
SETTINGS = DrawSettings.ours(
    candidates=2, epochs=2, inference_draws=1, report_draws=2, noise_skip=0, picture_size=32, patience=None,
)


def practised(root: Path, *, review=None, learn: int = 2, settings: DrawSettings = SETTINGS, **opening) -> Path:
    """The folder of a finished practice with a report; runs under one root share replies and ledger."""
    studio = open_live(
        lists(learn, gate=1, report=2), settings, model="stand-in", scorer=SCORER, reporter=SCORER, root=root / "runs",
        name="made", date="2000-01-01", home=root, **opening,
    )
    with studio.run:
        list(studio.practise(review=review))
        list(studio.report())
        studio.run.status("finished")
    return studio.run.folder


def edited(bundle: Path, out: Path, change: Callable[[dict[str, bytes]], None], *, sums: bool = True) -> Path:
    """A copy of a bundle with other contents; sums : with checksums that fit them, as whoever forges one would."""
    contents = read_zip(bundle)
    kept = contents.pop(SUMS)
    change(contents)
    write_zip(out, contents)
    if not sums:
        raw(out, {**contents, SUMS: kept})
    return out


def raw(out: Path, contents: Mapping[str, bytes]) -> Path:
    """A zip of exactly these names."""
    import zipfile

    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return out
