"""`velox decode`: broker frames as hex lines on stdin, JSON lines on stdout; a bad line gives an error value."""

import binascii
import re
import sys
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import NamedTuple, cast

import click
import msgspec

from velox_core import DecodeError, decode_kite, decode_smartapi

__all__ = ["command"]


class _Protocol(NamedTuple):
    """A wire format and the longest line that may hold a message of it, in characters."""

    decode: Callable[[bytes], dict[str, object]]
    line_max: int


# A message of Kite may hold a full packet of each of the 3,000 instruments of a connection: 558,002 bytes.
_PROTOCOLS = {
    "angel_smartstream_v2": _Protocol(decode_smartapi, 1 << 16),
    "zerodha_kite_ticker": _Protocol(decode_kite, 1 << 21),
}
_CHUNK_BYTES = 1 << 16
_NO_HEX_DIGIT = re.compile(rb"[^0-9a-fA-F]")


@click.command()
@click.option("--protocol", type=click.Choice(list(_PROTOCOLS)), required=True, help="The wire format of the frames.")
def command(protocol: str) -> None:
    """Decode broker frames: one hex line in, one JSON line out.

    A line that is no frame gives {"error": {"position": byte, "reason": text}}; the rest goes on.

    A message of zerodha_kite_ticker gives its packets as "ticks", and "error" is null where nothing in it is wrong.
    """
    chosen = _PROTOCOLS[protocol]
    encode = msgspec.json.Encoder().encode_lines
    out = sys.stdout.buffer
    for lines in _line_batches(cast("BufferedReader", sys.stdin.buffer), chosen.line_max):
        out.write(encode([_decoded(line, chosen) for line in lines]))
        out.flush()


def _line_batches(stream: BufferedReader, line_max: int) -> Iterator[list[bytes]]:
    """Whole lines as they arrive: all that is there in one batch, so a file is fast and a live pipe is not held up."""
    rest = b""
    while chunk := stream.read1(_CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        # A line without end must not eat the memory; one byte too many keeps it an error.
        rest = rest[: line_max + 1]
        if lines:
            yield lines
    if rest:
        yield [rest]


def _decoded(line: bytes, protocol: _Protocol) -> dict[str, object]:
    if len(line) > protocol.line_max:
        return _error(protocol.line_max // 2, f"the line is longer than {protocol.line_max} characters")
    text = line.strip()
    try:
        return protocol.decode(binascii.unhexlify(text))
    except DecodeError as error:
        return _error(error.position, error.reason)
    except binascii.Error:
        return _not_hex(text)


def _not_hex(text: bytes) -> dict[str, object]:
    found = _NO_HEX_DIGIT.search(text)
    if found is None:
        return _error(len(text) // 2, "the line ends in half a byte: its number of hex digits is odd")
    shown = found.group().decode("latin-1")
    return _error(found.start() // 2, f"{shown!r} is no hex digit")


def _error(position: int, reason: str) -> dict[str, object]:
    return {"error": {"position": position, "reason": reason}}
