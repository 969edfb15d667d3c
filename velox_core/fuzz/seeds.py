"""Writes the committed seeds: for `decode` one made-up packet of each kind and the edges between them, else noise.

Noise is what `kernel` and `journal` want to begin with: every byte is a choice there, so any bytes make a day.
"""

import hashlib
import struct
from pathlib import Path

__all__: list[str] = []

_CORPUS = Path(__file__).resolve().parent / "corpus"
_INT64_MAX = (1 << 63) - 1


def _head(mode: int, token: bytes, exchange: int) -> bytes:
    return struct.pack("<BB25s3q", mode, exchange, token, 41, 1_784_088_900_000, 123_405)


def _quote(mode: int, token: bytes, exchange: int) -> bytes:
    return _head(mode, token, exchange) + struct.pack("<3q2d4q", 3, 123_400, 9_000, 75.0, 50.0, 1, 4, 1, 2)


def _snap(rows: list[tuple[int, int, int, int]], token: bytes = b"4001", exchange: int = 1) -> bytes:
    book = b"".join(struct.pack("<hqqH", *row) for row in (rows + [(0, 0, 0, 0)] * 10)[:10])
    end = struct.pack("<4q", 130_000, 110_000, 150_000, 90_000)
    return _quote(3, token, exchange) + struct.pack("<qqd", 1_784_088_899, 0, 0.0) + book + end


def _depth() -> bytes:
    rows = [(10 + i, 123_400 - 5 * i, 1) for i in range(20)] + [(10 + i, 123_405 + 5 * i, -1) for i in range(20)]
    head = struct.pack("<BB25sqq", 4, 1, b"4001", 1_784_088_900_000, 1_784_088_900_003)
    return head + b"".join(struct.pack("<iih", *row) for row in rows)


def _seeds() -> dict[str, bytes]:
    buys = [(1, 10 * i, 123_400 - 5 * i, i) for i in range(1, 6)]
    sells = [(0, 20 * i, 123_400 + 5 * i, i) for i in range(1, 6)]
    ltp = _head(1, b"4001", 1)
    return {
        "ltp": ltp,
        "ltp-currency": _head(1, b"77", 13),
        "ltp-tail": ltp + b"tail",
        "ltp-short": ltp[:-1],
        "ltp-full-token": _head(1, b"T" * 25, 2),
        "ltp-token-utf8": _head(1, "₹".encode() * 8, 5),
        "ltp-token-bad": _head(1, b"\xff", 5),
        "mode-unknown": b"\x07" + ltp[1:],
        "quote": _quote(2, b"4001", 1),
        "snap": _snap(buys + sells),
        "snap-index": _snap([], b"99926000"),
        "snap-mixed": _snap([row for pair in zip(sells, buys, strict=True) for row in pair]),
        "snap-locked": _snap([(1, 0, 0, 0)] * 5 + sells),
        "snap-extreme": _snap([(-1, _INT64_MAX, -_INT64_MAX, 65_535)] * 10, exchange=13),
        "depth": _depth(),
    }


def _noise(name: str, sizes: list[int]) -> dict[str, bytes]:
    """Bytes of these sizes, for ever the same."""
    return {f"noise-{size}": hashlib.shake_256(f"{name} {size}".encode()).digest(size) for size in sizes}


def _main() -> None:
    kernel, journal = _noise("kernel", [100, 300, 600, 800, 1_000]), _noise("journal", [6, 12, 25, 50, 100])
    for target, seeds in {"decode": _seeds(), "kernel": kernel, "journal": journal}.items():
        folder = _CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, seed in seeds.items():
            (folder / f"seed-{name}").write_bytes(seed)


if __name__ == "__main__":
    _main()
