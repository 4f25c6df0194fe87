"""Stand-in for pulumi-resource-kubernetes: the canonical form of resource quantities.

Upstream source: pkg/api/resource/quantity.go of k8s.io/apimachinery.
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Final

_DECIMAL: Final = {"n": -9, "u": -6, "m": -3, "": 0, "k": 3, "M": 6, "G": 9, "T": 12, "P": 15, "E": 18}
_BINARY: Final = {"Ki": 1, "Mi": 2, "Gi": 3, "Ti": 4, "Pi": 5, "Ei": 6}
_FORM: Final = re.compile(r"^([+-]?(?:\d+\.?\d*|\.\d+))(?:([eE][+-]?\d+)|([KMGTPE]i)|([numkMGTPE]))?$")
_NANO: Final = Fraction(1, 10**9)


def canonical(text: str) -> str:
    """`1000m` becomes `1`, `0.5` becomes `500m`, `1024Mi` becomes `1Gi`; raises ValueError for no quantity."""
    match = _FORM.match(text)
    if match is None:
        raise ValueError(f"'{text}' is not a quantity")
    number, exponent, binary, decimal = match.groups()
    value = Fraction(Decimal(number))
    if exponent:
        return _in_decimal(_to_nano(value * Fraction(10) ** int(exponent[1:])), with_exponent=True)
    if binary:
        value = _to_nano(value * 1024 ** _BINARY[binary])
        return _in_binary(value)
    return _in_decimal(_to_nano(value * Fraction(10) ** _DECIMAL[decimal or ""]), with_exponent=False)


def _to_nano(value: Fraction) -> Fraction:
    # Upstream rounds what is smaller than a nano away from zero.
    magnitude = ceil(abs(value) / _NANO) * _NANO
    return magnitude if value >= 0 else -magnitude


def _in_binary(value: Fraction) -> str:
    if abs(value) < 1024 or value.denominator != 1:
        return _in_decimal(value, with_exponent=False)
    for suffix, power in reversed(_BINARY.items()):
        if value % 1024**power == 0:
            return f"{int(value / 1024**power)}{suffix}"
    return str(int(value))


def _in_decimal(value: Fraction, with_exponent: bool) -> str:
    if value == 0:
        return "0"
    for suffix, power in reversed(_DECIMAL.items()):
        scaled = value / Fraction(10) ** power
        if scaled.denominator == 1:
            shown = f"e{power}" if with_exponent and power else suffix
            return f"{int(scaled)}{shown}"
    raise ValueError(f"{value} is smaller than a nano")
