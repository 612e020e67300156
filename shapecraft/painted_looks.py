"""Painted looks: one picture of a painted object as a person asks for it: channel, part, light and turn (ours).

For eyes that compare a field, its baked maps and flat materials: all are asked as baking asks them, pixel by pixel.
`painted_pictures` shows maps as other programs do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from easel.errors import ConfigurationError
from easel.torch_threads import torch_threads
from shapecraft.baking import Maps, Materials
from shapecraft.brdf import Material, display, light_of, shade, to_screen
from shapecraft.environments import OURS, environment
from shapecraft.mesh import ObjectMesh
from shapecraft.paint_views import ViewBuffers, buffers_of, view_from
from shapecraft.texture_maps import sampled

if TYPE_CHECKING:
    import torch

Channel = Literal["shaded", "albedo", "roughness", "metalness"]
CHANNELS: tuple[Channel, ...] = get_args(Channel)
_SHARED = 0.06  # of `light_of`: pixels of like normals share their gloss
_GROUND = 0.94  # screen value behind an object


@dataclass(frozen=True)
class Look:
    """channel : "shaded" on screen, "albedo" as it is stored (sRGB), "roughness" or "metalness" as grey, white is 1

    part : name of the one part that is shown, "" shows all; light : of `shapecraft.environments`
    lamps_deg : the light turned around the vertical; turn_deg : the viewer, walking towards +x from the front;
    up_deg : above the horizon (all ours)

    Raises ConfigurationError for another channel or light, and a height beyond 85 degrees.
    """

    channel: Channel = "shaded"
    part: str = ""
    light: str = "studio"
    lamps_deg: float = 0.0
    turn_deg: float = 30.0
    up_deg: float = 20.0

    def __post_init__(self) -> None:
        if self.channel not in CHANNELS:
            raise ConfigurationError(" or ".join(CHANNELS), came=repr(self.channel), where="Look.channel")
        if self.light not in OURS:
            raise ConfigurationError(" or ".join(OURS), came=repr(self.light), where="Look.light")
        if not -85 <= self.up_deg <= 85:
            raise ConfigurationError("-85 to 85 degrees", came=f"{self.up_deg:g}", where="Look.up_deg")


@dataclass(frozen=True, eq=False)
class MapMaterials:
    """Baked maps, asked at surface points. maps : of the atlas whose uv are asked"""

    maps: Maps

    def material_at(self, part: np.ndarray, position: np.ndarray, uv: np.ndarray) -> Material:
        """As `Materials` wants it; part and position are not looked at."""
        return sampled(self.maps, uv)


def look_at(
    mesh: ObjectMesh, materials: Materials, look: Look | None = None, *, size: int = 240, samples: int = 2,
) -> np.ndarray:
    """(size, size, 3) float32 on screen, [0, 1].

    mesh : with the uv that the materials are asked by; samples : along each side of a pixel
    Raises ConfigurationError for a part that is not there, and for a mesh without faces.
    """
    import torch

    chosen = look or Look()
    if chosen.part and chosen.part not in mesh.names:
        raise ConfigurationError(f"a part: {', '.join(mesh.names)}", came=chosen.part, where="Look.part")
    places = np.array([number for number, name in enumerate(mesh.names) if chosen.part in ("", name)])
    shown = ObjectMesh(tuple(mesh.parts[number] for number in places))
    up, turn = math.radians(chosen.up_deg), math.radians(chosen.turn_deg)
    towards = (math.cos(up) * math.sin(turn), -math.cos(up) * math.cos(turn), math.sin(up))
    with torch_threads(1), torch.no_grad():
        buffers = buffers_of(shown, view_from(shown, towards), size=size, samples=samples)
        asked = (one.numpy() for one in (buffers.part, buffers.position, buffers.uv))
        part, position, uv = asked
        found = materials.material_at(places[part], position, uv)
        material = Material(*(torch.from_numpy(np.ascontiguousarray(one, dtype=np.float32)) for one in found))
        values = _values(buffers, material, chosen)
        picture = buffers.picture(values, (_GROUND,) * 3)[0].permute(1, 2, 0).clamp(0, 1)
    return np.asarray(picture.numpy(), dtype=np.float32)


def _values(buffers: ViewBuffers, material: Material, look: Look) -> torch.Tensor:
    """(P, 3) screen values"""
    if look.channel == "albedo":
        return to_screen(material.albedo)
    if look.channel != "shaded":
        value = material.roughness if look.channel == "roughness" else material.metalness
        return value[:, None].expand(-1, 3).contiguous()
    angle = math.radians(look.lamps_deg)
    # The light is turned by turning what it falls on the other way.
    turn = buffers.normal.new_tensor([[math.cos(angle), -math.sin(angle), 0.0],
                                      [math.sin(angle), math.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    light = light_of(environment(look.light), buffers.normal @ turn, buffers.view @ turn, shared=_SHARED)
    return display(shade(light, material))
