"""Paint settings: everything that decides a painting, with the source of every default (ShapeCraft, step 5)."""

from __future__ import annotations

import dataclasses
import hashlib
import math
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from easel.errors import ConfigurationError
from easel.guidance import DistilSettings, weighting_name
from easel.jsonl import canonical
from shapecraft.paint_views import ViewPlan
from shapecraft.texture_field import FieldSettings

Over = Literal["uv", "surface", "apart"]
Terms = Literal["both", "global", "components"]
Policy = Literal["sum", "one"]
Lamps = Literal["still", "turned", "viewer"]

_NO_RESULT = ("preview_every", "preview_size", "checkpoint_every", "megabytes")


@dataclass(frozen=True)
class PaintSettings:
    """How a painting is made.

    steps : of the optimiser (from close relatives: 1,500 to 5,000)
    rate, last_rate : of Adam (from close relatives: 0.01), and the share of it that the very last step has, down half a
        cosine (paper silent; 1 keeps it)
    epsilon : of Adam, which moves what has slopes much above it as fast as any, and what has slopes below it by less
        (Instant NGP: 1e-15, where the faintest noise moves a place as far as a pattern does; of the field's finest
        levels, painted by the embedded model, slopes are about 1e-3 to 1e-2)
    awake : share of the steps by which the finest level of the field learns; the coarsest learn from the beginning, the
        others in order (ours: off, 0; otherwise what few views show spreads over a part before its pattern comes)
    sharpest : levels of the field learn from a picture where their cells are at least so many of its pixels wide, since
        nothing in a picture says what is within a pixel; over uv all do (ours: off, 0)
    over : "uv" (paper); "surface": metres (ours); "apart": metres in a box of each part's own, so that parts that touch
        share less of the grid (ours; hands the network the separation that component awareness is about): nothing where
        cells are at most half the gap between boxes and have rows of their own; coarse cells and hashed rows are shared
    terms : the global term, the sum over components, or both (paper: both)
    policy : "sum", every component at every step (paper); "one": one component a step, all equally often, times their
        number, so that its mean is the sum (ours; cheaper)
    whole, part : guidance of the global term and of a component's; own : (name of a part, its own) pairs
    near, near_from : where views have details, the steps after this share of all see them alone (the close-ups of a
        part without any), and nothing of the whole, by this guidance, which they then must have. Its timesteps narrow
        within those steps, as all others do before them. A detail's noise is that of the surface it shows
        (`paint_noise`) and is carried on from visit to visit (`easel.guidance.Carried`), which takes timesteps that go
        down; its light and backdrop stay, too (ours: off, 1)
    level : whether of the gradient of a detail after `near_from` the slopes over its picture are taken out, which are
        light, not pattern (ours: off)
    part_weight : of the components' terms (paper: 1)
    whole_every : steps from one global term to the next, which counts as often (paper: 1; ours: more where parts are
        many and a step is dear). Where no part has a term of its own it is 1: every step has a term
    environments : of `shapecraft.environments`, one at a time (paper silent; ours)
    lamps : "still"; "turned" around the vertical by a seeded angle; "viewer": carried with the camera, as if the object
        were turned before it, and turned up to 60 degrees either way, so that no side of the object is the dark one
        (paper silent; ours)
    lights : lightings of each view (ours: 2); shared_light : see `light_of` (ours: 0.02; 0 is exact)
    exposure : factor of the light before it goes on a screen, see `display` (paper silent; 1)
    views : see `ViewPlan`; size : pixels of a side, None is what the guidance wants; samples : along each side of a
        pixel (ours: 1, and 2 where pictures are small)
    backdrop : darkest and brightest grey behind a picture, linear; one for every picture (paper silent; ours)
    inset : samples from the nearest of another part, or of the backdrop, from which on one is painted; nearer ones are
        a mixture to the model (ours: off)
    smooth_metalness : weight of the mean squared step of metalness between neighbouring samples of a part (ours: off)
    said : weight of the mean squared distance of roughness and metalness from those that the words of a sample's part
        name (`worded_material`; Tier 0's), over the samples of parts whose words name some (ours: off; a small picture
        shows a matt metal and a matt dielectric alike)
    seed : of everything
    preview_every, checkpoint_every : steps, 0 is never, preview_size : pixels; these change no result
    megabytes : of the device's memory that cameras may take while they are kept, beside the model, the field and what a
        step takes; the one that was longest out of use goes first, and is made again when it is asked for. With 8
        levels some 1.2 KB a sample that shows something: 150 MB a view of 512 pixels, 600 MB of 1024, where few fit
        (`PaintStarted.fitting`) and most steps make theirs again

    Raises ConfigurationError for numbers outside.
    """

    steps: int
    rate: float
    whole: DistilSettings
    part: DistilSettings
    field: FieldSettings = dataclasses.field(default_factory=FieldSettings)
    over: Over = "surface"
    terms: Terms = "both"
    policy: Policy = "sum"
    own: tuple[tuple[str, DistilSettings], ...] = ()
    near: DistilSettings | None = None
    near_from: float = 1.0
    last_rate: float = 1.0
    epsilon: float = 1e-15
    awake: float = 0.0
    sharpest: float = 0.0
    level: bool = False
    part_weight: float = 1.0
    whole_every: int = 1
    environments: tuple[str, ...] = ("studio", "overcast", "window")
    lamps: Lamps = "viewer"
    lights: int = 2
    exposure: float = 1.0
    shared_light: float = 0.02
    views: ViewPlan = dataclasses.field(default_factory=ViewPlan)
    size: int | None = None
    samples: int = 1
    backdrop: tuple[float, float] = (0.02, 1.0)
    inset: int = 0
    smooth_metalness: float = 0.0
    said: float = 0.0
    seed: int = 0
    preview_every: int = 0
    preview_size: int = 160
    checkpoint_every: int = 100
    megabytes: float = 4000.0

    def __post_init__(self) -> None:
        for name, known in (("over", ("uv", "surface", "apart")), ("terms", ("both", "global", "components")),
                            ("policy", ("sum", "one")), ("lamps", ("still", "turned", "viewer"))):
            if getattr(self, name) not in known:
                raise ConfigurationError(" or ".join(known), came=str(getattr(self, name)),
                                         where=f"PaintSettings.{name}")
        whole_numbers = (("steps", 1), ("lights", 1), ("samples", 1), ("whole_every", 1), ("inset", 0),
                         ("seed", 0), ("preview_every", 0), ("preview_size", 8), ("checkpoint_every", 0))
        for name, least in whole_numbers:
            if not isinstance(getattr(self, name), int) or getattr(self, name) < least:
                raise ConfigurationError(f"a whole number from {least}", came=str(getattr(self, name)),
                                         where=f"PaintSettings.{name}")
        if not 0 < self.rate < 10 or not 0 <= self.last_rate <= 1:
            raise ConfigurationError("a rate above 0 and a last share from 0 to 1", where="PaintSettings.rate",
                                     came=f"{self.rate}, {self.last_rate}")
        if not 0 < self.epsilon < 1:
            raise ConfigurationError("a number above 0 and below 1", came=str(self.epsilon),
                                     where="PaintSettings.epsilon")
        if not isinstance(self.level, bool):
            raise ConfigurationError("True or False", came=repr(self.level), where="PaintSettings.level")
        if not isinstance(self.near, DistilSettings | None):
            raise ConfigurationError("DistilSettings or None", came=repr(self.near), where="PaintSettings.near")
        if self.views.details and self.near_from < 1 and self.near is None:
            raise ConfigurationError("guidance of the details after near_from", came="near=None",
                                     where="PaintSettings.near", mend="Give near, whose timesteps go down, or leave "
                                                                      "near_from at 1.")
        for name in ("awake", "near_from"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigurationError("a share from 0 to 1", came=str(getattr(self, name)),
                                         where=f"PaintSettings.{name}")
        low, high = self.backdrop
        if not 0 <= low <= high <= 1:
            raise ConfigurationError("0 <= darkest <= brightest <= 1", came=str(self.backdrop),
                                     where="PaintSettings.backdrop")
        weights = (self.part_weight, self.smooth_metalness, self.said, self.sharpest, self.megabytes)
        if not all(map(math.isfinite, weights)) or min(weights) < 0 or self.megabytes == 0:
            raise ConfigurationError("finite numbers, weights not below 0, megabytes above", where="PaintSettings",
                                     came=", ".join(map(str, weights)))
        pairs = [one for one in self.own if isinstance(one, tuple) and len(one) == 2 and isinstance(one[0], str)
                 and isinstance(one[1], DistilSettings)]
        if len(pairs) < len(self.own) or len(dict(pairs)) < len(pairs):
            raise ConfigurationError("pairs of a part's name, each once, and its DistilSettings", came=str(self.own),
                                     where="PaintSettings.own")
        if not 0.01 <= self.exposure <= 100:
            raise ConfigurationError("0.01 to 100", came=str(self.exposure), where="PaintSettings.exposure")
        if not 0 <= self.shared_light <= 0.5:
            raise ConfigurationError("0 to 0.5", came=str(self.shared_light), where="PaintSettings.shared_light")
        if not self.environments or not all(isinstance(one, str) for one in self.environments):
            raise ConfigurationError("at least one environment by name", where="PaintSettings.environments",
                                     came=str(self.environments) if self.environments else "none")
        if self.size is not None and (not isinstance(self.size, int) or self.size < 8):
            raise ConfigurationError("at least 8 pixels", came=str(self.size), where="PaintSettings.size")
        if self.terms != "components" and not self.views.whole:
            raise ConfigurationError("views of the whole for the global term", came="none",
                                     where="PaintSettings.views")
        if self.terms != "global" and not self.views.close:
            raise ConfigurationError("close-ups for the components' terms", came="none", where="PaintSettings.views")

    @classmethod
    def paper(cls, **changes: Any) -> PaintSettings:
        """The paper's: psi over uv, every component at every step, SDS; numbers of the close relatives where it is
        silent."""
        guided = DistilSettings(guidance_scale=100.0, clip=None)
        return replace(cls(3000, 0.01, guided, guided, over="uv", lamps="turned", shared_light=0.0), **changes)

    @classmethod
    def ours(cls, **changes: Any) -> PaintSettings:
        """Over the surface, one component a step, a rate that falls. Not measured with a large model."""
        guided = DistilSettings(guidance_scale=50.0)
        return replace(cls(2000, 0.01, guided, guided, policy="one", last_rate=0.1), **changes)

    @classmethod
    def small(cls, **changes: Any) -> PaintSettings:
        """Ours for the embedded painter: pictures of 32 pixels, a small field, about a minute on one core.

        All of it measured on objects of the catalogue. The gradient is the picture less the one that the model sees in
        it. Colours come first, from views of all kinds, at noisy timesteps alone: at the others the model takes the
        colour it is shown for the one that is asked for, and above 0.96 its answer is blown up by what little of the
        picture is left. The whole counts less: of so small a picture the model does not know which part has which
        colour. Patterns come after them, from details, whose timesteps go down evenly from where the colour is known
        but no pattern is. Roughness and metalness, of which 32 pixels say little, follow the words (`said`).
        """
        whole = DistilSettings(guidance_scale=5.5, weighting="reconstruction", first_range=(0.75, 0.96),
                               last_range=(0.5, 0.82))
        part = replace(whole, last_range=(0.4, 0.82))
        near = replace(whole, guidance_scale=3.5, first_range=(0.62, 0.62), last_range=(0.03, 0.03))
        grid = FieldSettings(levels=10, entries_log2=16, coarsest=2, finest=768, hidden=32, turned=True)
        return replace(cls(1200, 0.03, whole, part, field=grid, policy="one", whole_every=4, near=near, near_from=0.33,
                           last_rate=0.1, epsilon=3e-3, awake=0.28, sharpest=0.75, level=True, part_weight=4.0,
                           samples=2, lights=1, shared_light=0.06, exposure=1.3, said=300.0,
                           views=ViewPlan(whole=8, close=5, details=32, rim=0.06)), **changes)

    def of(self, part: str | None) -> DistilSettings:
        """Guidance of a part by name; None: of the whole."""
        return self.whole if part is None else dict(self.own).get(part, self.part)

    def near_of(self, part: str) -> DistilSettings:
        """Guidance of a part's details in the steps after `near_from`: what its own guidance has other than the parts'
        have, it has here, too, but for the timesteps, which must go down."""
        if self.near is None or part not in dict(self.own):
            return self.near or self.of(part)
        own = self.of(part)
        return replace(self.near, **{one.name: getattr(own, one.name) for one in dataclasses.fields(own)
                                     if getattr(own, one.name) != getattr(self.part, one.name)
                                     and one.name not in ("first_range", "last_range")})

    def rate_at(self, step: int) -> float:
        """Of the optimiser at a step, from 0."""
        down = (1 + math.cos(math.pi * step / max(self.steps - 1, 1))) / 2
        return self.rate * (self.last_rate + (1 - self.last_rate) * down)

    def levels_at(self, step: int) -> int:
        """How many levels of the field learn at a step, the coarsest first."""
        every = self.field.levels
        if step >= self.awake * self.steps:
            return every
        return min(every, 1 + int(every * step / (self.awake * self.steps)))

    def row(self) -> dict[str, Any]:
        """What decides the result, as JSON holds it."""
        kept = {one.name: getattr(self, one.name) for one in dataclasses.fields(self) if one.name not in _NO_RESULT}
        return {name: _plain(value) for name, value in kept.items()}


def fingerprint(row: dict[str, Any]) -> str:
    """Hex SHA-256."""
    return hashlib.sha256(canonical(row).encode()).hexdigest()


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {name: _plain(one) for name, one in asdict(value).items()}
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    return value if isinstance(value, str | int | float | bool | None) else weighting_name(value)
