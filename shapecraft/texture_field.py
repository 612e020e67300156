"""Texture field: albedo, roughness and metalness of every surface point, one small network for the whole object.

ShapeCraft, step 5: psi maps uv to (k_d, k_r, k_m) in [0, 1] (`paper`), or, of our own, the place on the surface in
metres. It is a multiresolution hash grid (Mueller et al., Instant NGP, 2022) with a perceptron of one hidden layer;
the paper is silent on both. No part has a name in it. Cells and weights of the pixels of a camera are looked up
once, as a sparse matrix and its transpose, so that a step is two products of each, and always sums in one order.
torch, on the CPU and CUDA alike.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from easel.errors import ConfigurationError
from shapecraft.brdf import Material
from shapecraft.lobes import FLOOR

if TYPE_CHECKING:
    import torch

_PRIMES = (1, 2_654_435_761, 805_459_861)  # Instant NGP
_SPREAD = 1e-4  # of the grid's first features (Instant NGP)
_LEAK = 0.1
"""Slope of a hidden unit below 0 (Instant NGP: 0). At first features are so small that a unit is on, or off, at every
place; where the first steps push all of them off, a field without a leak stays one colour for good."""


@dataclass(frozen=True)
class FieldSettings:
    """How fine and how large a field is; all of it the paper leaves open.

    levels : grids (ours: 8; Instant NGP 16, which costs twice as much); features : numbers a corner (Instant NGP: 2)
    entries_log2 : rows of a level's table (ours: 15; Instant NGP 14 to 24)
    coarsest, finest : cells along the longest side of the bounds (ours: 8, 256)
    hidden : width of the hidden layer (Instant NGP: 64)
    turned : each grid has a direction of its own, else all lie along the axes (Instant NGP), and so along the sides of
        many an object and the pictures of them: rows of pixels that meet rows of cells come out as stripes (ours: off)
    albedo, roughness, metalness : what a point has before the first step, strictly inside its range (ours: linear
        0.214, which is the middle of a screen's values; 0.5, 0.5). Ranges: albedo 0 to 1 linear, roughness
        `lobes.FLOOR` to 1, metalness 0 to 1.

    Raises ConfigurationError for numbers outside.
    """

    levels: int = 8
    features: int = 2
    entries_log2: int = 15
    coarsest: int = 8
    finest: int = 256
    hidden: int = 64
    turned: bool = False
    albedo: tuple[float, float, float] = (0.214, 0.214, 0.214)
    roughness: float = 0.5
    metalness: float = 0.5

    def __post_init__(self) -> None:
        sizes = (self.levels, self.features, self.entries_log2, self.coarsest, self.finest, self.hidden)
        if not (1 <= self.levels <= 24 and 1 <= self.features <= 8 and 8 <= self.entries_log2 <= 24
                and 1 <= self.coarsest <= self.finest <= 65_536 and 1 <= self.hidden <= 1024):
            raise ConfigurationError("1 to 24 levels, 1 to 8 features, 8 to 24 bits of entries, 1 <= coarsest <= "
                                     "finest <= 65536, 1 to 1024 hidden", came=str(sizes), where="FieldSettings")
        if not isinstance(self.turned, bool):
            raise ConfigurationError("True or False", came=repr(self.turned), where="FieldSettings.turned")
        starts = (*self.albedo, self.roughness, self.metalness)
        lows = (0.0, 0.0, 0.0, FLOOR, 0.0)
        if len(starts) != 5 or not all(low < one < 1.0 for low, one in zip(lows, starts, strict=True)):
            raise ConfigurationError(f"a start strictly between 0 and 1, roughness above {FLOOR}", came=str(starts),
                                     where="FieldSettings")

    @property
    def resolutions(self) -> tuple[int, ...]:
        """Cells along the longest side, of each level."""
        if self.levels == 1:
            return (self.finest,)
        growth = (self.finest / self.coarsest) ** (1 / (self.levels - 1))
        return tuple(round(self.coarsest * growth**level) for level in range(self.levels))

    @property
    def source(self) -> str:
        """Canonical one-line text."""
        return ", ".join(f"{name}={value}" for name, value in asdict(self).items())


class Places:
    """Where P points lie in a field's grids: what they read, with which weights. Made by `TextureField.places`.

    entries : (P, L, corners) int32 rows of the field's table; weights : alike, sum 1 at each level
    """

    def __init__(self, entries: torch.Tensor, weights: torch.Tensor, rows: int) -> None:
        self.entries, self.weights, self._rows = entries, weights, rows

    def __len__(self) -> int:
        return len(self.entries)

    @property
    def megabytes(self) -> float:
        """What a camera costs while it is kept: both matrices (ours: 8 levels 1 KB a pixel, and 4 bytes a row of the
        field's table)."""
        starts = self.entries.shape[0] * self.entries.shape[1] + self._rows + 2
        return (2 * self.entries.numel() * (4 + self.weights.element_size()) + 4 * starts) / 1e6

    @cached_property
    def matrix(self) -> torch.Tensor:
        """(P L, rows) sparse by rows"""
        import torch

        bags, corners = self.entries.shape[0] * self.entries.shape[1], self.entries.shape[2]
        starts = torch.arange(bags + 1, dtype=torch.int32, device=self.entries.device) * corners
        return _csr(starts, self.entries.reshape(-1), self.weights.reshape(-1), (bags, self._rows))

    @cached_property
    def transposed(self) -> torch.Tensor:
        """(rows, P L) sparse by rows"""
        import torch

        flat, corners = self.entries.reshape(-1), self.entries.shape[2]
        order = torch.argsort(flat, stable=True)
        counts = torch.bincount(flat, minlength=self._rows)
        starts = torch.cat([counts.new_zeros(1), counts.cumsum(0)]).to(torch.int32)
        bags = torch.div(order, corners, rounding_mode="floor").to(torch.int32)
        return _csr(starts, bags, self.weights.reshape(-1)[order], (self._rows, len(flat) // corners))


class TextureField:
    """Material at places of a box.

    bounds : (2, D) lowest and highest corner of what it covers, D = 3 metres or D = 2 uv; points outside belong to
        the nearest inside
    seed : of its first features and weights; dtype : "float32" or "float64"
    Before the first step it is the same everywhere.
    """

    def __init__(
        self, bounds: Sequence[Sequence[float]] | np.ndarray, settings: FieldSettings | None = None, *, seed: int,
        device: str | torch.device = "cpu", dtype: str = "float32",
    ) -> None:
        import torch

        box = np.array(bounds, dtype=np.float64)
        if box.ndim != 2 or box.shape[0] != 2 or box.shape[1] not in (2, 3) or not np.isfinite(box).all() or (
                (box[1] - box[0]).min() < 0 or (box[1] - box[0]).max() <= 0):
            raise ConfigurationError("bounds of shape (2, 3) or (2, 2), low before high", came=str(box.tolist()),
                                     where="TextureField")
        if dtype not in ("float32", "float64"):
            raise ConfigurationError("float32 or float64", came=dtype, where="TextureField")
        self.bounds, self.settings = box, settings or FieldSettings()
        own, kind = self.settings, getattr(torch, dtype)
        chance = torch.Generator().manual_seed(seed)
        rows, width = own.levels << own.entries_log2, own.levels * own.features
        reach = 1 / math.sqrt(width)

        def drawn(shape: tuple[int, ...], spread: float) -> torch.Tensor:
            return (torch.rand(shape, generator=chance, dtype=torch.float64) * 2 - 1) * spread

        starts = torch.tensor([*own.albedo, (own.roughness - FLOOR) / (1 - FLOOR), own.metalness], dtype=torch.float64)
        self._parameters = {
            "table": drawn((rows, own.features), _SPREAD), "inner": drawn((own.hidden, width), reach * math.sqrt(3)),
            "inner_bias": drawn((own.hidden,), reach), "outer": torch.zeros((5, own.hidden), dtype=torch.float64),
            "outer_bias": torch.logit(starts),
        }
        for name, value in self._parameters.items():
            self._parameters[name] = value.to(device, kind).requires_grad_(True)

    @classmethod
    def over_uv(cls, settings: FieldSettings | None = None, **rest: Any) -> TextureField:
        """The paper's: over the atlas, u and v from 0 to 1."""
        return cls([[0.0, 0.0], [1.0, 1.0]], settings, **rest)

    @property
    def parameters(self) -> list[torch.Tensor]:
        """table (L << entries_log2, F), inner (hidden, L F), its bias, outer (5, hidden), its bias; leaves."""
        return list(self._parameters.values())

    def state(self) -> dict[str, torch.Tensor]:
        """Copies of all parameters by name, on the CPU."""
        return {name: value.detach().cpu().clone() for name, value in self._parameters.items()}

    def load(self, state: Mapping[str, torch.Tensor]) -> None:
        """Takes over what `state` gave. Raises ConfigurationError for another field's."""
        import torch

        shapes = {name: tuple(value.shape) for name, value in self._parameters.items()}
        came = {name: tuple(value.shape) for name, value in state.items()}
        if came != shapes:
            raise ConfigurationError(f"the parameters of a field of {self.settings.source}", came=str(came),
                                     where="TextureField.load")
        with torch.no_grad():
            for name, value in self._parameters.items():
                value.copy_(state[name])

    def places(self, points: np.ndarray | torch.Tensor) -> Places:
        """Looks (P, D) points up in all grids. Raises ConfigurationError for another shape, and for nan or infinity."""
        import torch

        table = self._parameters["table"]
        points = torch.as_tensor(points, device=table.device, dtype=torch.float64)
        dimensions = self.bounds.shape[1]
        if points.ndim != 2 or points.shape[1] != dimensions:
            raise ConfigurationError(f"points of shape (P, {dimensions})", came=f"shape {tuple(points.shape)}",
                                     where="TextureField.places")
        if not bool(torch.isfinite(points).all()):
            raise ConfigurationError("finite points", where="TextureField.places", came="nan or infinity",
                                     mend="A part without uv has none to paint on; make an atlas first.")
        low, high = (torch.from_numpy(one).to(points.device) for one in self.bounds)
        # One scale for all axes: cells are as long as they are wide.
        scale = (high - low).max()
        inside, middle = (points.clamp(low, high) - low) / scale, (high - low) / scale / 2
        size = 1 << self.settings.entries_log2
        entries, weights = [], []
        for level, cells in enumerate(self.settings.resolutions):
            along, at = cells, inside * cells
            if self.settings.turned:
                reach = float(torch.linalg.vector_norm(middle))  # of a ball around the box
                direction = torch.from_numpy(_direction(level, dimensions)).to(points.device)
                along, at = math.ceil(2 * reach * cells), ((inside - middle) @ direction.T + reach) * cells
            below = at.floor().clamp(0, along - 1)
            share, cell = at - below, below.long()
            for corner in itertools.product((0, 1), repeat=dimensions):
                step = torch.tensor(corner, device=points.device)
                entries.append(_row(cell + step, along + 1, size) + level * size)
                weights.append(torch.where(step.bool(), share, 1 - share).prod(dim=1))
        shape = (len(points), self.settings.levels, 1 << dimensions)
        return Places(torch.stack(entries, dim=1).to(torch.int32).reshape(shape),
                      torch.stack(weights, dim=1).to(table.dtype).reshape(shape), len(table))

    def material(self, places: Places, *, levels: int | None = None) -> Material:
        """At P places, differentiable in the parameters: albedo (P, 3) linear, roughness (P,), metalness (P,).

        levels : how many learn, the coarsest first; the others are seen as they are, without a gradient (None: all)
        """
        import torch

        own = self._parameters
        features = _looked_up()(own["table"], places).reshape(len(places), own["inner"].shape[1])
        if levels is not None and levels < self.settings.levels:
            known = levels * self.settings.features
            features = torch.cat([features[:, :known], features[:, known:].detach()], dim=1)
        hidden = torch.nn.functional.leaky_relu(torch.nn.functional.linear(features, own["inner"], own["inner_bias"]),
                                                _LEAK)
        values = torch.sigmoid(torch.nn.functional.linear(hidden, own["outer"], own["outer_bias"]))
        return Material(values[:, :3], FLOOR + (1 - FLOOR) * values[:, 3], values[:, 4])

    def at(self, points: np.ndarray, *, chunk: int = 65_536) -> Material:
        """The same in numpy float32 for any number of points, without gradients; for baking."""
        import torch

        with torch.no_grad():
            found = [self.material(self.places(points[start:start + chunk]))
                     for start in range(0, max(len(points), 1), chunk)]
        return Material(*(torch.cat(field).cpu().numpy().astype(np.float32) for field in zip(*found, strict=True)))


def _direction(level: int, dimensions: int) -> np.ndarray:
    """(D, D) a rotation, one for each level, the same for every field."""
    found, upper = np.linalg.qr(np.random.default_rng((level, dimensions)).standard_normal((dimensions, dimensions)))
    found = found * np.sign(np.diag(upper))  # else not all are alike likely
    return found if np.linalg.det(found) > 0 else found[::-1].copy()


def _row(corner: torch.Tensor, along: int, size: int) -> torch.Tensor:
    """(P,) row of grid points (P, D): one each where the table has room, else by Instant NGP's hash."""
    dimensions = corner.shape[1]
    if along**dimensions <= size:
        row = corner[:, 0]
        for axis in range(1, dimensions):
            row = row * along + corner[:, axis]
        return row
    row = corner[:, 0] * _PRIMES[0]
    for axis in range(1, dimensions):
        row = row ^ (corner[:, axis] * _PRIMES[axis])
    return row % size


def _csr(starts: torch.Tensor, columns: torch.Tensor, values: torch.Tensor, shape: tuple[int, int]) -> torch.Tensor:
    import warnings

    import torch

    with warnings.catch_warnings():
        # torch calls the layout beta, once a process.
        warnings.filterwarnings("ignore", message="Sparse", category=UserWarning)
        return torch.sparse_csr_tensor(starts, columns, values, shape, check_invariants=False)


@functools.cache
def _looked_up() -> Any:
    """(table, places) -> (P L, F), as a function that torch differentiates."""
    import torch

    class LookedUp(torch.autograd.Function):
        @staticmethod
        def forward(context: Any, table: torch.Tensor, places: Places) -> torch.Tensor:
            context.places = places
            return places.matrix @ table

        @staticmethod
        def backward(context: Any, *gradients: torch.Tensor) -> tuple[torch.Tensor, None]:
            return context.places.transposed @ gradients[0].contiguous(), None

    return LookedUp.apply
