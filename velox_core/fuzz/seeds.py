"""Writes the committed seeds: for the decoders one made-up packet of each kind and the edges between them, else noise.

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


def _message(*bodies: bytes) -> bytes:
    return struct.pack(">H", len(bodies)) + b"".join(struct.pack(">H", len(body)) + body for body in bodies)


def _kite_seeds() -> dict[str, bytes]:
    ltp, index = struct.pack(">II", 738_561, 123_405), struct.pack(">6Ii", 256_265, 5, 6, 4, 5, 4, -1)
    quote = struct.pack(">11I", 738_561, 123_405, 3, 123_400, 9_000, 75, 50, 1, 4, 1, 2)
    book = [(10 + i, 123_400 - 5 * i, i) for i in range(5)] + [(10 + i, 123_405 + 5 * i, i) for i in range(5)]
    rows = b"".join(struct.pack(">IIH2x", *row) for row in book)
    full = quote + struct.pack(">5I", 1_784_088_899, 7, 8, 6, 1_784_088_900) + rows
    timed = index + struct.pack(">I", 1_784_088_900)
    return {
        "heart-beat": b"\0",
        "none": b"\0\0",
        "ltp": _message(ltp),
        "ltp-currency": _message(struct.pack(">II", 412_675, 845_225_000)),
        "ltp-short": _message(ltp)[:-1],
        "ltp-tail": _message(ltp) + b"tail",
        "index": _message(index, timed),
        "quote": _message(quote),
        "full": _message(full),
        "full-extreme": _message(b"\xff" * 184),
        "unknown-length": _message(ltp, b"\1" * 9, b"", ltp),
        "mixed": _message(ltp, quote, timed, full),
        "count-too-high": b"\0\2" + _message(quote)[2:],
    }


def _noise(name: str, sizes: list[int]) -> dict[str, bytes]:
    """Bytes of these sizes, for ever the same."""
    return {f"noise-{size}": hashlib.shake_256(f"{name} {size}".encode()).digest(size) for size in sizes}


def _main() -> None:
    kernel, journal = _noise("kernel", [100, 300, 600, 800, 1_000]), _noise("journal", [6, 12, 25, 50, 100])
    every = {"decode": _seeds(), "kite": _kite_seeds(), "kernel": kernel, "journal": journal}
    for target, seeds in every.items():
        folder = _CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, seed in seeds.items():
            (folder / f"seed-{name}").write_bytes(seed)


if __name__ == "__main__":
    _main()
