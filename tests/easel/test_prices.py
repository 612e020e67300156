"""Prices: a user's table, litellm's map, tiers, and what is unknown."""

from __future__ import annotations

import pytest

from easel.errors import ConfigurationError
from easel.prices import Price, mapped_price, read_prices


@pytest.mark.parametrize(("name", "text"), [
    ("p.yaml", "some/model: {input: 1.25, output: 10, cached: 0.5}\nlocal: {input: 0, output: 0}\n"),
    ("p.json", '{"some/model": {"input": 1.25, "output": 10, "cached": 0.5}, "local": {"input": 0, "output": 0}}'),
])
def test_a_table_is_read(tmp_path, name, text) -> None:
    (tmp_path / name).write_text(text)
    assert read_prices(tmp_path / name) == {"some/model": Price(1.25, 10, 0.5), "local": Price(0, 0, 0)}


@pytest.mark.parametrize(("text", "words"), [
    ("m: {input: -1, output: 1}", "greater than or equal to 0 at 'm.input'"),
    ("m: {input: 1}", "Field required at 'm.output'"),
    ("m: {input: 1, output: 1, inptu: 1}", "Extra inputs are not permitted at 'm.inptu'"),
    ("m: {input: .nan, output: 1}", "m.input"),
    ("- a", "a price table"),
    ("m: [", "YAML or JSON"),
])
def test_a_bad_table_is_refused_with_its_place(tmp_path, text, words) -> None:
    (tmp_path / "p.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match=words):
        read_prices(tmp_path / "p.yaml")


def test_a_missing_table_is_named(tmp_path) -> None:
    with pytest.raises(ConfigurationError, match=r"none\.yaml"):
        read_prices(tmp_path / "none.yaml")


def test_dollars_by_hand() -> None:
    price = Price(2.0, 8.0, 0.5, ((1000, Price(4.0, 16.0, 1.0)),))
    assert price.dollars(1000, 100) == pytest.approx((1000 * 2 + 100 * 8) / 1e6)
    assert price.dollars(1001, 100, 500) == pytest.approx((501 * 4 + 500 * 1 + 100 * 16) / 1e6)
    assert price.worst(1000, 100) == price.dollars(1000, 100)
    assert Price(1.0, 1.0, 3.0).worst(10, 0) == pytest.approx(30 / 1e6)


def test_an_entry_of_the_map() -> None:
    info = {
        "input_cost_per_token": 1e-6, "output_cost_per_token": 2e-6, "output_cost_per_reasoning_token": 3e-6,
        "input_cost_per_token_above_200k_tokens": 5e-6, "input_cost_per_token_above_272k_tokens": None,
    }
    price = mapped_price(info)
    assert price.dollars(200_000, 0) == pytest.approx(0.2)
    assert price.dollars(300_000, 10) == pytest.approx(1.5 + 30e-6)
    assert price.output == pytest.approx(3.0)


@pytest.mark.parametrize("info", [
    {}, {"input_cost_per_token": 0.0, "output_cost_per_token": 0.0}, {"input_cost_per_token": 1e-6},
    {"input_cost_per_token": None, "output_cost_per_token": None},
])
def test_nought_and_nothing_are_unknown(info) -> None:
    assert mapped_price(info) is None
