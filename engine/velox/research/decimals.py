"""Columns of decimal text as exact scaled integers: nothing passes through a float."""

import polars as pl

__all__ = ["as_text", "scaled_column"]

_PLAIN = r"^[+-]?(?:\d+\.?\d*|\.\d+)$"
# 1,234.50 and 12,34,567.50: commas group thousands, or lakhs, and nothing else.
_GROUPED = r"^[+-]?\d{1,3}(?:,\d{2,3})*,\d{3}(?:\.\d*)?$"
_WITH_EXPONENT = r"^[+-]?(?:\d+\.?\d*|\.\d+)[eE][+-]?\d{1,2}$"
_DIGITS_MAX = 18  # of a whole scaled value: 10^18 fits 64 bits


def as_text(column: pl.Series) -> pl.Series:
    """A column of a typed file as the text that it stands for; floats as the shortest that reads back as the same."""
    return column if column.dtype == pl.String else column.cast(pl.String)


def scaled_column(text: pl.Series, decimals: int) -> pl.Series:
    """Each number times 10^decimals; null where it is no number, is finer than that or does not fit 64 bits."""
    trimmed = text.str.strip_chars()
    commas = trimmed.str.contains(_GROUPED)
    trimmed = trimmed.set(commas.fill_null(False), None).fill_null(trimmed.str.replace_all(",", "", literal=True))
    trimmed = _written_out(trimmed)
    frame = pl.DataFrame({"text": trimmed}).select(
        pl.when(pl.col("text").str.contains(_PLAIN)).then(pl.col("text")).alias("text")
    )
    whole = pl.col("text").str.extract(r"^[+-]?(\d*)", 1).str.strip_chars_start("0")
    fraction = pl.col("text").str.extract(r"\.(\d*)$", 1).fill_null("").str.strip_chars_end("0")
    parts = frame.select(
        pl.col("text").str.starts_with("-").alias("minus"),
        (whole + fraction.str.pad_end(decimals, "0")).alias("digits"),
        (fraction.str.len_bytes() <= decimals).alias("exact"),
    )
    usable = pl.col("exact") & (pl.col("digits").str.len_bytes() <= _DIGITS_MAX)
    # Without decimals and with 0 alone there is no digit left.
    value = pl.when(usable).then(pl.concat_str(pl.lit("0"), "digits")).cast(pl.Int64, strict=False)
    return parts.select(pl.when(pl.col("minus")).then(-value).otherwise(value).alias(text.name)).to_series()


def _written_out(text: pl.Series) -> pl.Series:
    """Numbers with an exponent, which typed files give and tables seldom, without one."""
    odd = text.str.contains(_WITH_EXPONENT).fill_null(False)
    if not odd.any():
        return text
    from decimal import Decimal

    return pl.Series(
        text.name,
        [f"{Decimal(each):f}" if is_odd else each for each, is_odd in zip(text, odd, strict=True)],
        dtype=pl.String,
    )
