"""Sizes of a trade by what it may lose: a part of the capital or an amount; never a bare number."""

import math

import msgspec

from velox.errors import BadInput

__all__ = ["RiskPct", "RiskRupees", "Size", "risk_pct", "risk_rupees"]


class RiskPct(msgspec.Struct, frozen=True):
    """Risk of a trade in percent of the strategy's capital, measured at the stop."""

    percent: float

    def __str__(self) -> str:
        return f"risk_pct({self.percent:g})"


class RiskRupees(msgspec.Struct, frozen=True):
    """Risk of a trade in rupees, measured at the stop."""

    rupees: float

    def __str__(self) -> str:
        return f"risk_rupees({self.rupees:g})"


Size = RiskPct | RiskRupees


def risk_pct(percent: float) -> RiskPct:
    """Size a trade so that its stop costs this percentage of the strategy's capital."""
    if not 0 < percent <= 100:
        raise BadInput(f"risk_pct({percent!r}) must lie above 0 and be at most 100: risk_pct(0.5) is half a percent")
    return RiskPct(float(percent))


def risk_rupees(rupees: float) -> RiskRupees:
    """Size a trade so that its stop costs this amount."""
    if not (math.isfinite(rupees) and rupees > 0):
        raise BadInput(f"risk_rupees({rupees!r}) must be an amount above 0, such as risk_rupees(500)")
    return RiskRupees(float(rupees))
