"""Currencies, and how many decimals their amounts have; amounts are integers in the smallest unit."""

# Decimals by code: ISO 4217, "minor units" of list one.
EXPONENTS = {
    "BHD": 3,
    "CHF": 2,
    "CZK": 2,
    "DKK": 2,
    "EUR": 2,
    "GBP": 2,
    "ISK": 0,
    "JPY": 0,
    "KRW": 0,
    "KWD": 3,
    "NOK": 2,
    "PLN": 2,
    "SEK": 2,
    "TND": 3,
    "USD": 2,
}
CODES = tuple((code, code) for code in EXPONENTS)


def shown(amount_minor: int, currency: str) -> str:
    """An amount as people write it: 1234567 of EUR is `12,345.67 EUR`."""
    exponent = EXPONENTS[currency]
    whole, fraction = divmod(abs(amount_minor), 10**exponent)
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{whole:,}" + (f".{fraction:0{exponent}}" if exponent else "") + f" {currency}"


def decimal(value: int, exponent: int) -> str:
    """A number of `10**-exponent` parts, without trailing zeros: 1500 with 3 is `1.5`."""
    whole, fraction = divmod(abs(value), 10**exponent)
    sign = "-" if value < 0 else ""
    return f"{sign}{whole}.{fraction:0{exponent}}".rstrip("0").rstrip(".")
