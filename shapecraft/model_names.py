"""Model names: whether two names mean one model, though records may call models by neutral labels (ours)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

KEPT = "identities"
"""Entry of a run.json: label -> identities of the models that answered under it."""


@dataclass(frozen=True, order=True)
class ModelName:
    """name : in records, a label perhaps; identities : of the models behind it, () where only the name was kept"""

    name: str
    identities: tuple[str, ...] = ()

    def same(self, other: ModelName) -> bool | None:
        """Whether both are one model; None where a label without an identity hides it."""
        if self.identities and other.identities:
            return bool({*self.identities} & {*other.identities})
        # A name may be the provider's own: then it gives the identity away.
        mine, theirs = ({*one.identities, identity_of(one.name)} for one in (self, other))
        return True if mine & theirs else None


def identity_of(model: str) -> str:
    """16 hex digits of a hash of a provider's model id, without the way to it: openai/x and azure/x are one.

    It tells equal ids from others, and is no secret: whoever guesses the id can check it.
    """
    return hashlib.sha256(model.rpartition("/")[2].strip().lower().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def named(name: str, kept: Any) -> ModelName:
    """A model of a record. kept : label -> identities, as `with_model` writes it; anything else is no identity"""
    found = kept.get(name, ()) if isinstance(kept, Mapping) else ()
    return ModelName(name, tuple(one for one in found if isinstance(one, str)) if isinstance(found, Sequence) else ())


def with_model(kept: Mapping[str, Sequence[str]], name: str, model: str) -> dict[str, list[str]]:
    """The same with a model that answers under this name too."""
    others = {key: list(value) for key, value in kept.items()}
    return {**others, name: sorted({*kept.get(name, ()), identity_of(model)})}
