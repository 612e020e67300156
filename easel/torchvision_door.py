"""The one door to torchvision and what stands on it (open_clip, transformers, diffusers), mended for a CPU torch.

A torchvision wheel built for CUDA beside a CPU torch fails on import: "operator torchvision::nms does not exist". Its
transforms need no operator at all, so the two missing schemas are declared and the import is tried again. They are
never declared up front, where they would clash with those of a build that does fit. `torchvision.ops` and
`torchvision.io` stay unusable after the mending; nothing here needs them.
"""

from __future__ import annotations

import importlib
import sys
from threading import RLock
from types import ModuleType

from easel.errors import MissingCapability

_SCHEMAS = (
    ("torchvision::nms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"),
    ("torchvision::qnms", "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"),
)
_DEPENDENTS = ("torchvision", "open_clip", "timm")
_lock = RLock()


def import_through_torchvision(name: str) -> ModuleType:
    """Import `name` ("open_clip", "torchvision.transforms", "diffusers"), mending torchvision first where it is broken.

    Raises MissingCapability when a package is not installed or stays broken.
    """
    with _lock:
        try:
            try:
                importlib.import_module("torchvision")
            except RuntimeError as broken:
                if "torchvision::nms" not in str(broken):
                    raise
                _mend()
            return importlib.import_module(name)
        except (ImportError, RuntimeError) as missing:
            raise MissingCapability(
                f"the package {name.partition('.')[0]} to import", came=str(missing),
                mend="Install the project's extras with its constraints file, so that torch and torchvision fit.",
            ) from missing


def _mend() -> None:
    """Declare the operators' schemas and drop what was half loaded, so that the next import starts afresh."""
    import torch

    for name, schema in _SCHEMAS:
        torch.library.define(name, schema)
    for module in [m for m in sys.modules if m.partition(".")[0] in _DEPENDENTS]:
        del sys.modules[module]
    importlib.import_module("torchvision")
