"""Lengths of the candles that SMART API keeps."""

__all__ = ["INTERVALS"]

# Name on the wire: length in seconds and the longest period of one call in days.
INTERVALS = {
    60: ("ONE_MINUTE", 30),
    180: ("THREE_MINUTE", 60),
    300: ("FIVE_MINUTE", 100),
    600: ("TEN_MINUTE", 100),
    900: ("FIFTEEN_MINUTE", 200),
    1800: ("THIRTY_MINUTE", 200),
    3600: ("ONE_HOUR", 400),
    86_400: ("ONE_DAY", 2000),
}
