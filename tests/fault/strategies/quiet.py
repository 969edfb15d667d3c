"""Does nothing: holds a bad strategy's place, and its share of the capital, in the run that others are held against."""

from velox import Bars, Param, Strategy


class Quiet(Strategy):
    """Watch."""

    symbol = Param("NSE:RELIANCE")
    bars = Bars(symbol, "1m")


class QuietTcs(Quiet):
    """Watch another one."""

    symbol = Param("NSE:TCS")


class QuietItc(Quiet):
    """Watch a third one."""

    symbol = Param("NSE:ITC")
