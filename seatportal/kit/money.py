"""Amounts as integers of a currency's minor unit, and how a reader sees them.

An amount is an `int` in minor units as Stripe counts them (4000 is 40.00 USD, 4000 JPY is 4,000 yen), a currency is a
lower-case ISO 4217 code. Nothing here rounds or converts.
"""

from decimal import Decimal
from functools import cache

from babel import Locale
from babel.numbers import NumberPattern, get_currency_symbol, parse_pattern

# As Stripe counts: ISK and UGX carry two decimals there although no coin of that size exists.
ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)
THREE_DECIMAL = frozenset(["bhd", "jod", "kwd", "omr", "tnd"])

# Where CLDR's symbol is not what our readers write.
SYMBOLS = {("es", "usd"): "$"}

MINUS = "\N{MINUS SIGN}"


def exponent(currency: str) -> int:
    """How many decimals the currency has: 0 for jpy, 3 for kwd, 2 for most."""
    code = currency.lower()
    if code in ZERO_DECIMAL:
        return 0
    return 3 if code in THREE_DECIMAL else 2


def to_decimal(amount: int, currency: str) -> Decimal:
    """Minor units to whole ones, exactly: 4000 usd is Decimal("40.00")."""
    return Decimal(amount).scaleb(-exponent(currency))


def to_minor(amount: Decimal, currency: str) -> int:
    """Whole units to minor ones, exactly: Decimal("40.5") usd is 4050. Raises ValueError where that is no integer."""
    minor = amount.scaleb(exponent(currency))
    if minor != minor.to_integral_value():
        raise ValueError(f"{amount} has more decimals than {currency} has")
    return int(minor)


def format_money(amount: int, currency: str, locale: str) -> str:
    """Write an amount for a reader of `locale` (a language code such as "de" or "es-mx"): "$40.00", "40,00 €".

    The decimals are the currency's, never fewer, so no cent is hidden. Below zero there is a real minus sign in front.
    """
    chosen = _locale(locale)
    symbol = SYMBOLS.get((str(chosen), currency.lower()))
    text: str = _pattern(chosen, exponent(currency)).apply(
        abs(to_decimal(amount, currency)),
        chosen,
        currency=currency.upper(),
        currency_digits=False,
    )
    if symbol:
        text = text.replace(get_currency_symbol(currency.upper(), locale=chosen), symbol)
    return f"{MINUS}{text}" if amount < 0 else text


@cache
def _locale(code: str) -> Locale:
    return Locale.parse(code.replace("-", "_"))


@cache
def _pattern(locale: Locale, decimals: int) -> NumberPattern:
    pattern = parse_pattern(locale.currency_formats["standard"].pattern)
    pattern.frac_prec = (decimals, decimals)
    return pattern
