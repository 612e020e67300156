"""Cameras: frames, rings of views, projection; the only module that knows axes (3DrawAgent, section 3: V views).

World frame: right-handed, +x right, +y away from a viewer in front, +z up. Camera frame: +x right and +y
down in the picture, +z into the scene. Picture coordinates: the square [-1, 1]^2, x right, y down.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np

from easel.errors import ConfigurationError

Projection = Literal["perspective", "orthographic"]
Vector = tuple[float, float, float]

MARGIN = 0.95  # share of the half picture that a framed cube may fill; paper silent; ours


@dataclass(frozen=True)
class Camera:
    """One view of the world onto a square picture.

    eye, target : (3,) world frame; where the viewer stands and looks
    up : (3,) world direction that points up in the picture; never parallel to the view axis
    projection : "perspective" or "orthographic"
    fov_deg : vertical field of view in degrees, perspective only (paper silent; ours: 30)
    height : world height of the picture, orthographic only (paper silent; ours: 2.4)
    near : depth in world units below which nothing is seen (paper silent; ours: 0.01)

    Raises ConfigurationError for numbers that make no camera.
    """

    eye: Vector
    target: Vector = (0.0, 0.0, 0.0)
    up: Vector = (0.0, 0.0, 1.0)
    projection: Projection = "perspective"
    fov_deg: float = 30.0
    height: float = 2.4
    near: float = 0.01

    def __post_init__(self) -> None:
        for name in ("eye", "target", "up"):
            value = tuple(float(number) for number in getattr(self, name))
            if len(value) != 3 or not all(map(math.isfinite, value)):
                raise ConfigurationError("three finite numbers", came=str(value), where=f"camera {name}")
            object.__setattr__(self, name, value)
        if self.projection not in ("perspective", "orthographic"):
            raise ConfigurationError(
                '"perspective" or "orthographic"', came=str(self.projection), where="camera projection"
            )
        if not 0.0 < self.fov_deg < 180.0:
            raise ConfigurationError("0 < fov_deg < 180", came=str(self.fov_deg), where="camera fov_deg")
        for name in ("height", "near"):
            if not 0.0 < getattr(self, name) < math.inf:
                raise ConfigurationError("a positive number", came=str(getattr(self, name)), where=f"camera {name}")
        forward = np.subtract(self.target, self.eye)
        distance = np.linalg.norm(forward)
        if distance < 1e-9:
            raise ConfigurationError("eye and target apart", came=f"both at {self.eye}", where="camera")
        if np.linalg.norm(np.cross(forward / distance, self.up)) < 1e-6 * max(float(np.linalg.norm(self.up)), 1e-9):
            raise ConfigurationError(
                "an up direction across the view axis", came=f"up {self.up}", where="camera up",
                mend="For a view from straight above use up=(0, 1, 0).",
            )

    def matrix(self) -> np.ndarray:
        """(4, 4) float64, world to camera frame, for column vectors."""
        eye, up = np.array(self.eye), np.array(self.up)
        forward = np.array(self.target) - eye
        forward /= np.linalg.norm(forward)
        right = np.cross(forward, up)
        right /= np.linalg.norm(right)
        matrix = np.eye(4)
        matrix[:3, :3] = right, np.cross(forward, right), forward
        matrix[:3, 3] = -matrix[:3, :3] @ eye
        return matrix

    def picture_matrix(self) -> np.ndarray:
        """(4, 4) float64, world (x, y, z, 1) to (X, Y, W, depth): the picture point is (X/W, Y/W)."""
        matrix = self.matrix()
        if self.projection == "perspective":
            scale = 1.0 / math.tan(math.radians(self.fov_deg) / 2)
            return np.stack([scale * matrix[0], scale * matrix[1], matrix[2], matrix[2]])
        return np.stack([matrix[0] * 2 / self.height, matrix[1] * 2 / self.height, matrix[3], matrix[2]])

    def project(self, points: np.ndarray) -> np.ndarray:
        """Picture coordinates and depth.

        points : (..., 3) world frame
        Returns (..., 3) float64: x right and y down, [-1, 1] inside the picture, and depth along the
        view axis in world units. x and y are nan where the depth is below `near`: nothing is seen there.
        """
        points = np.asarray(points, dtype=np.float64)
        if points.shape[-1:] != (3,):
            raise ConfigurationError("points of shape (..., 3)", came=f"shape {points.shape}", where="Camera.project")
        matrix = self.picture_matrix()
        x, y, weight, depth = np.moveaxis(points @ matrix[:, :3].T + matrix[:, 3], -1, 0)
        seen = depth >= self.near
        weight = np.where(seen, weight, np.nan)
        return np.stack([x / weight, y / weight, depth], axis=-1)

    @property
    def span(self) -> float:
        """World units from side to side of the picture, at the target."""
        if self.projection == "orthographic":
            return self.height
        return 2 * math.tan(math.radians(self.fov_deg) / 2) * math.dist(self.eye, self.target)

    @property
    def source(self) -> str:
        """Canonical one-line text; two cameras with one source give the same picture."""
        def words(vector: Vector) -> str:
            return ",".join(f"{number + 0.0:.9g}" for number in vector)

        lens = f"fov={self.fov_deg:.9g}" if self.projection == "perspective" else f"height={self.height:.9g}"
        return (f"{self.projection} eye={words(self.eye)} target={words(self.target)} up={words(self.up)} "
                f"{lens} near={self.near:.9g}")


def framing_radius(elevation_deg: float, fov_deg: float = 30.0) -> float:
    """Smallest distance from which the cube [-1, 1]^3 stays inside MARGIN of the picture at every azimuth."""
    sine, cosine = math.sin(math.radians(elevation_deg)), math.cos(math.radians(elevation_deg))
    slope = 1.0 / (MARGIN * math.tan(math.radians(fov_deg) / 2))
    # A corner at azimuth a, height z: |x| = r sin(a), y = z cosine - r cos(a) sine, nearer by r cos(a) cosine + z sine.
    reach = math.sqrt(2.0)
    across = reach * math.hypot(slope, cosine) + abs(sine)
    upright = max(
        slope * abs(z * cosine - c * reach * sine) + c * reach * cosine + z * sine for z in (-1, 1) for c in (-1, 1)
    )
    return max(across, upright)


def framing_height(elevation_deg: float) -> float:
    """Smallest orthographic picture height that holds the cube [-1, 1]^3 inside MARGIN at every azimuth."""
    sine, cosine = (abs(f(math.radians(elevation_deg))) for f in (math.sin, math.cos))
    return 2.0 * max(math.sqrt(2.0), cosine + math.sqrt(2.0) * sine) / MARGIN


def ring(
    views: int = 8,
    *,
    elevation_deg: float = 25.0,
    fov_deg: float = 30.0,
    radius: float | None = None,
    height: float | None = None,
    start_deg: float = 0.0,
    target: Vector = (0.0, 0.0, 0.0),
    projection: Projection = "perspective",
) -> tuple[Camera, ...]:
    """Cameras at equal azimuths around the target.

    views : how many (paper silent; ours: 8 to reward, 12 to report)
    elevation_deg : height of the viewer above the horizon, strictly between -90 and 90 (paper silent; ours: 25)
    fov_deg : vertical field of view (paper silent; ours: 30)
    radius : distance in world units; None frames the cube [-1, 1]^3, so that a normalised sketch never
        leaves the picture (paper silent; ours)
    height : orthographic picture height; None frames the same cube
    start_deg : azimuth of the first view. Azimuth 0 is seen from the front (viewer at -y); growing
        azimuths walk towards +x.
    """
    if views < 1:
        raise ConfigurationError("at least one view", came=str(views), where="ring")
    if not -90.0 < elevation_deg < 90.0:
        raise ConfigurationError("-90 < elevation_deg < 90", came=str(elevation_deg), where="ring")
    if not 0.0 < fov_deg < 180.0:
        raise ConfigurationError("0 < fov_deg < 180", came=str(fov_deg), where="ring")
    radius = framing_radius(elevation_deg, fov_deg) if radius is None else radius
    height = framing_height(elevation_deg) if height is None else height
    flat = radius * math.cos(math.radians(elevation_deg))
    rise = radius * math.sin(math.radians(elevation_deg))
    cameras = []
    for view in range(views):
        azimuth = math.radians(start_deg + 360.0 * view / views)
        offset = (flat * math.sin(azimuth), -flat * math.cos(azimuth), rise)
        x, y, z = (round(base + step, 9) for base, step in zip(target, offset, strict=True))
        cameras.append(Camera((x, y, z), target, projection=projection, fov_deg=fov_deg, height=height))
    return tuple(cameras)


def turntable(frames: int = 48, **settings) -> tuple[Camera, ...]:
    """A ring of many views, for films; takes the settings of `ring`."""
    return ring(frames, **settings)


orbit = turntable
