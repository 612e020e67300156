"""Replaying: a recorded object through the same loop, its programs run again; differences are told."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from easel.errors import ConfigurationError, MissingCapability
from easel.runs import RunStore
from easel.studios import closing_after_failure
from shapecraft.blender_interpreter import find_blender
from shapecraft.recordings import Recording, check_trusted, decisions_of, known_programs
from shapecraft.settings import CraftSettings
from shapecraft.studio import Studio, open_studio, start_run
from shapecraft.wall import PooledWall, Wall, open_known_programs, open_wall, shipped_hashes

NO_WALL = "Programs run as ordinary processes without a wall: this machine may be lost."


def open_recording(
    recording: Recording | str,
    *,
    root: Path,
    date: str,
    wall: Wall | None = None,
    by_site: bool = False,
    prompt_overlay: Path | None = None,
    trust_plugins: bool = False,
) -> Studio:
    """A run that asks nothing and pays nothing.

    recording : itself, the name of a packaged one, or a folder
    wall : where its programs run; None opens one, which the studio closes
    by_site : take replies by call site, for prompts that were edited since; the run then says that it drifted
    prompt_overlay : prompts in place of those that the recording was made with
    trust_plugins : call whatever policy the recording names; else only those of shapecraft
    Raises MissingCapability where no wall can stand, ConfigurationError for a recording that names other code. A reply
    that the record does not hold is RecordMissing, as the run is explored: it names the call and what differs.
    """
    kept = Recording.read(recording) if isinstance(recording, str) else recording
    settings = kept.settings
    if prompt_overlay is not None:
        settings = CraftSettings(**{**settings.model_dump(), "prompt_overlay": prompt_overlay})
    check_trusted(settings, where=f"recording {kept.name}", trust_plugins=trust_plugins)
    chats = kept.chats(by_site=by_site)
    own_wall = wall is None
    standing: Wall = open_wall() if wall is None else wall
    try:
        run = start_run(
            kept.prompt, settings, model=kept.info["model"], evidence=chats.model.evidence, root=root, name=kept.name,
            date=date, vision_model=kept.info.get("vision_model"), sees_images=kept.info["sees_images"], wall=standing,
            facts={"recording": kept.info["label"]},
        )
        with closing_after_failure(run):
            return open_studio(
                kept.prompt, settings, chat=chats.model, vision=chats.vision, run=run, wall=standing,
                name=kept.info["name"], own_wall=own_wall, notes=lambda: compared(kept, run), facts=chats.facts,
            )
    except BaseException:
        if own_wall:
            standing.close()
        raise


def compared(recording: Recording, run: RunStore) -> list[str]:
    """Whether the replay came to the recorded decisions, in lines for a person."""
    found = recording.decisions.differences(decisions_of(run))
    lines = [f"DIFFERS from the record: {line}" for line in found]
    if not found:
        count = len(recording.decisions.chosen)
        lines = [f"the same decisions as recorded: {count} attempts chosen, their scores, the global program"]
    if likened := run.info.get("likened"):
        lines.append(f"{likened} pictures have other cameras in the last digits than the recorded ones (another "
                     "Blender or machine); their replies were taken by program")
    return lines


@dataclass(frozen=True)
class Ground:
    """Where a recording's programs run. words : what is not as usual, "" where a wall stands"""

    wall: PooledWall
    words: str


def ground_for(
    recording: Recording, *, disposable_machine: bool = False, known_programs_only: bool = False
) -> Ground:
    """A wall; where none can stand, no wall, for programs that ship with the project alone, and words that say so.

    known_programs_only : no wall, also where one could stand
    Raises MissingCapability where there is no Blender, or no wall for a recording of other programs; ConfigurationError
    for both words at once, and for other programs without a wall.
    """
    if disposable_machine and known_programs_only:
        raise ConfigurationError("one of --disposable-machine and --known-programs", came="both", where=recording.name)
    programs = set(known_programs(recording))
    if known_programs_only and programs - shipped_hashes():
        raise ConfigurationError("programs that ship with the project", where=recording.name,
                                 came=f"{len(programs - shipped_hashes())} others")
    find_blender()
    if disposable_machine:
        return Ground(open_wall(disposable_machine=True), NO_WALL)
    if known_programs_only:
        return Ground(open_known_programs(2), f"No wall, as asked for: the {len(programs)} programs of this recording "
                                              "ship with the project and are known by their hashes; no other runs.")
    try:
        return Ground(open_wall(), "")
    except MissingCapability as error:
        if programs - shipped_hashes():
            raise
        words = (f"No wall can stand here: {error.came}. The {len(programs)} programs of this recording ship with the "
                 "project, are known by their hashes, and run as ordinary processes without a wall; no other program "
                 "would." + (f" To have a wall: {error.mend}" if error.mend else ""))
        return Ground(open_known_programs(2), words)
