"""Devices: what torch computes on, checked before anything is loaded."""

from __future__ import annotations

from easel.errors import ConfigurationError


def check_device(device: str) -> None:
    """Raises ConfigurationError for a name that torch does not know, and for CUDA where it has none."""
    if device == "cpu":
        return
    import torch

    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise ConfigurationError("a device as torch names it: cpu, cuda, cuda:1", came=device) from error
    if kind == "cuda" and not torch.cuda.is_available():
        raise ConfigurationError("a CUDA device that torch can use", came="none", where=f"device {device}",
                                 mend="Leave the device away to compute on the CPU.")
