"""How amounts are counted and written."""

from decimal import Decimal

import pytest

from seatportal.kit.money import exponent, format_money, to_decimal, to_minor


@pytest.mark.parametrize(
    ("currency", "decimals"),
    [("usd", 2), ("EUR", 2), ("jpy", 0), ("KRW", 0), ("kwd", 3), ("isk", 2), ("ugx", 2)],
)
def test_exponent_is_the_one_stripe_counts_in(currency: str, decimals: int) -> None:
    assert exponent(currency) == decimals


@pytest.mark.parametrize(
    ("amount", "currency", "whole"),
    [(4000, "usd", "40.00"), (-1, "eur", "-0.01"), (4000, "jpy", "4000"), (1234, "kwd", "1.234")],
)
def test_to_decimal_loses_nothing(amount: int, currency: str, whole: str) -> None:
    assert to_decimal(amount, currency) == Decimal(whole)


@pytest.mark.parametrize(
    ("amount", "currency", "locale", "text"),
    [
        (4000, "usd", "en", "$40.00"),
        (4000, "usd", "de", "40,00\xa0$"),
        (4000, "usd", "es", "40,00\xa0$"),
        (4000, "eur", "en", "€40.00"),
        (123456789, "eur", "de", "1.234.567,89\xa0€"),
        (4000, "eur", "es", "40,00\xa0€"),
        (4000, "mxn", "es-mx", "$40.00"),
        (4000, "jpy", "en", "¥4,000"),
        (4000, "kwd", "en", "KWD4.000"),
        # CLDR would hide the para; Stripe counts it, so it is shown.
        (4050, "rsd", "en", "RSD40.50"),
        (0, "usd", "en", "$0.00"),
        (-1000, "usd", "en", "−$10.00"),
        (-1000, "eur", "de", "−10,00\xa0€"),
    ],
)
def test_format_money_writes_as_the_reader_does(amount: int, currency: str, locale: str, text: str) -> None:
    assert format_money(amount, currency, locale) == text


@pytest.mark.parametrize(
    ("whole", "currency", "minor"),
    [("40.5", "usd", 4050), ("40", "jpy", 40), ("0.001", "kwd", 1), ("40.00", "jpy", 40), ("-1.25", "EUR", -125)],
)
def test_whole_units_become_minor_ones_exactly(whole: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(whole), currency) == minor


@pytest.mark.parametrize(("whole", "currency"), [("0.005", "usd"), ("0.5", "jpy")])
def test_what_has_too_many_decimals_is_not_rounded(whole: str, currency: str) -> None:
    with pytest.raises(ValueError, match="more decimals"):
        to_minor(Decimal(whole), currency)
