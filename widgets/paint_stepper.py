"""The paint stepper: an object painted by words for each part (ShapeCraft, step 5), live, or as stored output."""

from __future__ import annotations

import threading
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from drawagent.pages import text
from easel.errors import ConfigurationError
from easel.runs import RunStore
from shapecraft.appearance import Appearance, appearance_of
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_events import CheckpointWritten, Previewed
from shapecraft.paint_settings import PaintSettings
from shapecraft.painted_looks import CHANNELS
from shapecraft.run_painting import PaintingKept, PaintOrder, paint_run
from shapecraft.standing import standing
from widgets import craft_words, panels
from widgets.driver import ENDED, Driver
from widgets.front_end import Shown
from widgets.paint_figures import preview_png, term_figure
from widgets.paint_progress import WHOLE, PaintProgress

if TYPE_CHECKING:
    import ipywidgets
    import plotly.graph_objects as go

    from easel.guidance import Guidance

_STILL = 120  # pixels of a preview in stored output


class PaintStepper(Shown):
    """Paints the object of a finished run: prompts to edit, a start, a pause, a stop, and what is seen meanwhile.

    folder : of the run, which is held open only while something is painted
    guidance, settings : as `shapecraft.run_painting.PaintOrder` takes them, size : of its maps
    device : of the field and the shading, as torch names it; the guidance has one of its own
    prompts : part -> words instead of those from its material; prompt : of the whole. Words of the object's own that a
        closed vocabulary does not know are left out, and that is told; such words of a person are refused

    `say`, `start`, `pause` and `stop` do what the live widget's fields and buttons do. Every start of the same words
    goes on from the last checkpoint; other words are another painting of the run.
    Raises ConfigurationError for a run that made no object, and for prompts that do not fit.
    """

    def __init__(
        self, folder: Path | str, guidance: Guidance, settings: PaintSettings, *, prompt: str | None = None,
        prompts: dict[str, str] | None = None, size: int = 512, device: str = "cpu",
    ) -> None:
        self.folder, self.guidance, self.settings, self.size = Path(folder), guidance, settings, size
        self.device = device
        self.made = standing(RunStore.read(self.folder))
        self.mesh: ObjectMesh = self.made.mesh
        self.vocabulary = getattr(guidance, "vocabulary", None)
        told = appearance_of(self.made.graph, self.mesh.names, prompt=self.made.gallery.prompt)
        self.appearance: Appearance = told.within(self.vocabulary, unknown="drop")
        self.progress = PaintProgress()
        self.driver: Driver | None = None
        self._listeners: list[Any] = []
        self._lock = threading.RLock()
        self._live: Any = None
        if prompt is not None:
            self.say("", prompt)
        for name, words in (prompts or {}).items():
            self.say(name, words)

    @property
    def busy(self) -> bool:
        """Whether a painting is under way, also while it is paused."""
        return self.driver is not None and self.driver.state not in ENDED

    @property
    def state(self) -> str:
        return "ready" if self.driver is None else self.driver.state

    def say(self, part: str, words: str) -> PaintStepper:
        """Another prompt for a part, "" is the whole.

        Raises ConfigurationError for a part that is not there, no words, words that the guidance does not know, and
        while something is painted: what was said then stands.
        """
        with self._lock:
            if self.busy:
                raise ConfigurationError("no painting that is under way", came="one", where=part or WHOLE,
                                         mend="Stop it first; what is painted so far is kept.")
            if not part and not words.strip():
                raise ConfigurationError("words", came=repr(words), where="the prompt of the whole")
            new = self.appearance.replacing({part: words} if part else {}, whole=None if part else words)
            new.within(self.vocabulary)
            self.appearance = new if part else replace(new, whole_kept=None)
        if self._live is not None:
            self._live.reword(part)
        self._changed()
        self._tell()
        return self

    def start(self) -> PaintStepper:
        """Begin, or go on: after a pause where it rests, after a stop from the last checkpoint. `wait` for the end.

        Raises ConfigurationError while a stop is under way.
        """
        with self._lock:
            if self.driver is not None and self.busy:
                self.driver.run()
                return self
            stop = threading.Event()
            driver = Driver(self._events(), stop=stop)
            self.driver = driver
            driver.listen(self._heard)
            driver.watch(self._changed)
        driver.run()
        return self

    def pause(self) -> PaintStepper:
        """Rest after the step that is being made; nothing where nothing is painted."""
        if self.driver is not None:
            self.driver.pause()
        return self

    def stop(self, *, wait: bool = True) -> PaintStepper:
        """End it; what was painted up to the last checkpoint is kept."""
        if self.driver is not None:
            self.driver.stop(wait=wait)
        return self

    def wait(self, timeout: float | None = None) -> PaintStepper:
        """Until it rests or has ended. Raises what the painting raised, TimeoutError after so many seconds."""
        if self.driver is not None:
            self.driver.wait(timeout)
        return self

    def listen(self, listener: Any) -> None:
        """Call this, without arguments, when a painting was kept and when words change."""
        self._listeners.append(listener)

    def figure(self) -> go.Figure:
        """Gradients and timesteps of all terms so far."""
        return term_figure(self.progress.rows, self.mesh.names, steps=self.progress.steps or self.settings.steps,
                           watermark=bool(self.made.watermark))

    def html(self) -> str:
        shown = "".join(self._still(channel) for channel in CHANNELS)
        return panels.panel(craft_words.heading(self.made.gallery), self.head(), self.prompts(), shown, self.words())

    def head(self) -> str:
        """How it stands, as HTML; of a painting that failed, the whole fault."""
        driver, known = self.driver, self.progress
        stands = self.state if driver is None else ("stopping" if driver.stopping else
                                                    "pausing after this step" if driver.pausing else driver.state)
        parts = [stands, *([known.words()] if known.words() else [])]
        if self.state == "stopped":
            parts.append(f"kept up to step {known.checkpoint}; Start goes on from there")
        if driver is not None and driver.state == "failed" and driver.error is not None:
            parts.append(f"{type(driver.error).__name__}: {driver.error}")
        fault = driver.error if driver is not None and driver.state == "failed" else None
        return f"<p><b>{text('; '.join(parts))}</b></p>{panels.fault(fault)}"

    def prompts(self) -> str:
        """Every prompt with what was left out of it, as HTML."""
        return "".join(f"<p dir=auto>{text(line)}</p>" for line in self.appearance.words())

    def words(self) -> str:
        """What paints, the terms as they stand, and what was skipped, as HTML."""
        known = self.progress
        body = []
        for name in known.terms:
            own = [row for row in known.rows if row.part == name]
            if own:
                last = own[-1]
                body.append([name, str(len(own)), f"{last.loss:.4g}", f"{last.norm:.4g}", str(last.timestep)])
        lines = [f"<p>Guidance: {text(self.guidance.source)}</p>"]
        if self.vocabulary is not None:
            lines.append(f"<p>{text(self.vocabulary.column)}: {len(self.vocabulary)} words, others are refused.</p>")
        lines += [f"<p>{text(part)}: no term of its own, {text(reason)}</p>" for part, reason in known.skipped]
        if known.left:
            lacking = known.left[-1]
            said = f"{lacking.part or WHOLE}, {lacking.came}, {lacking.where}. {lacking.mend}".strip()
            lines.append(f"<p>{len(known.left)} left out, as no finite gradient came; last at step {lacking.step}: "
                         f"{text(said)}</p>")
        if body:
            lines.append(panels.table(["term", "steps", "loss", "gradient's norm", "timestep"], body))
            lines.append(f"<p>{known.seconds:.0f} s, of them {known.guidance_seconds:.0f} s in the guidance.</p>")
        return "".join(lines)

    def _still(self, channel: Any) -> str:
        seen = self.progress.preview
        if seen is None:
            return ""
        picture = craft_words.picture(preview_png(seen, channel), f"{channel} after {seen.done} steps", width=_STILL)
        return f'<span style="display:inline-block;margin-right:8px">{picture}<br>{channel}</span>'

    def _events(self) -> Generator[Any, None, None]:
        """The painting, the run held open meanwhile; no .blend, for which Blender would start."""
        order = PaintOrder(self.appearance, self.guidance, self.settings, self.size, self.made.version)
        with RunStore.amend(self.folder) as run:
            yield from paint_run(run, order, device=self.device, blend=False)

    def _heard(self, event: Any) -> None:
        self.progress = self.progress.after(event)
        self._changed(drawn=isinstance(event, Previewed | CheckpointWritten | PaintingKept))
        if isinstance(event, PaintingKept):
            self._tell()

    def _tell(self) -> None:
        for listener in list(self._listeners):
            listener()

    def _changed(self, *, drawn: bool = False) -> None:
        if self._live is not None:
            self._live.show(drawn=drawn)

    def _build(self) -> ipywidgets.Widget:
        from widgets.paint_bench import PaintBench

        self._live = PaintBench(self)
        return self._live.box
