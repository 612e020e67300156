"""Prices: dollars per million tokens, from a user's table first, then from litellm's offline map; unknown is None."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from easel.errors import ConfigurationError

_LONGER = re.compile(r"input_cost_per_token_above_(\d+)k_tokens")


@dataclass(frozen=True)
class Price:
    """Dollars per million tokens.

    output : completion tokens, reasoning tokens among them; cached : prompt tokens read from the provider's cache
    longer : (prompt tokens from which it holds, price) of dearer tiers for long prompts, ascending
    """

    input: float
    output: float
    cached: float
    longer: tuple[tuple[int, Price], ...] = ()

    def dollars(self, prompt_tokens: int, completion_tokens: int, cached_tokens: int = 0) -> float:
        for beyond, tier in reversed(self.longer):
            if prompt_tokens > beyond:
                return tier.dollars(prompt_tokens, completion_tokens, cached_tokens)
        fresh = max(prompt_tokens - cached_tokens, 0)
        return (fresh * self.input + cached_tokens * self.cached + completion_tokens * self.output) / 1e6

    def worst(self, prompt_tokens: int, completion_tokens: int) -> float:
        """No prompt of at most that many tokens costs more, wherever its tokens come from."""
        return max(self.dollars(prompt_tokens, completion_tokens, cached) for cached in (0, prompt_tokens))


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid")
    input: float = Field(ge=0)
    output: float = Field(ge=0)
    cached: float | None = Field(default=None, ge=0)


def read_prices(path: Path) -> dict[str, Price]:
    """A YAML or JSON file `model: {input: 1.25, output: 10, cached: 0.31}`, dollars per million tokens.

    A free local model is `{input: 0, output: 0}`. Raises ConfigurationError for anything else.
    """
    path = Path(path)
    try:
        text = path.read_text("utf-8")
        if path.suffix == ".json":
            data = json.loads(text)
        else:
            import yaml

            data = yaml.safe_load(text)
        rows = TypeAdapter(dict[str, _Row]).validate_python(data)
    except OSError as error:
        raise ConfigurationError("a price table that can be read", came=str(error), where=path.name) from error
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            "a price table 'model: {input: 1.25, output: 10, cached: 0.31}' in dollars per million tokens",
            came=f"{first['msg']} at '{place}'", where=path.name,
        ) from error
    except ValueError as error:
        raise ConfigurationError("a price table in YAML or JSON", came=str(error), where=path.name) from error
    except Exception as error:  # yaml's errors are not ValueErrors
        raise ConfigurationError("a price table in YAML or JSON", came=str(error), where=path.name) from error
    return {
        model: Price(row.input, row.output, row.input if row.cached is None else row.cached)
        for model, row in rows.items()
    }


def mapped_price(info: Mapping[str, Any]) -> Price | None:
    """The price in an entry of litellm's map; None where it is 0 or absent (litellm writes 0.0 for unknown)."""
    first = _tier(info, "")
    if first is None:
        return None
    beyond = sorted({int(found[1]) for name in info if info[name] and (found := _LONGER.fullmatch(name))})
    tiers = [(1000 * thousands, _tier(info, f"_above_{thousands}k_tokens", first)) for thousands in beyond]
    return Price(first.input, first.output, first.cached, tuple((count, tier) for count, tier in tiers if tier))


def _tier(info: Mapping[str, Any], suffix: str, base: Price | None = None) -> Price | None:
    def dearest(*names: str) -> float:
        return max(((info.get(name + suffix) or 0.0) * 1e6 for name in names), default=0.0)

    price_in = dearest("input_cost_per_token") or (base.input if base else 0.0)
    price_out = dearest("output_cost_per_token", "output_cost_per_reasoning_token") or (base.output if base else 0.0)
    if not price_in or not price_out:
        return None
    cached = dearest("cache_read_input_token_cost") or (base.cached if base else price_in)
    return Price(price_in, price_out, cached)
