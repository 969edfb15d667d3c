"""`velox decode`: broker frames as hex lines on stdin, JSON lines on stdout; a bad line gives an error value."""

import binascii
import re
import sys
from collections.abc import Callable, Iterator
from io import BufferedReader
from typing import cast

import click
import msgspec

from velox_core import DecodeError, decode_smartapi

__all__ = ["command"]

_DECODERS: dict[str, Callable[[bytes], dict[str, object]]] = {"angel_smartstream_v2": decode_smartapi}
_CHUNK_BYTES = 1 << 16
_LINE_BYTES_MAX = 1 << 16
_NO_HEX_DIGIT = re.compile(rb"[^0-9a-fA-F]")


@click.command()
@click.option("--protocol", type=click.Choice(list(_DECODERS)), required=True, help="The wire format of the frames.")
def command(protocol: str) -> None:
    """Decode broker frames: one hex line in, one JSON line out.

    A line that is no frame gives {"error": {"position": byte, "reason": text}}; the rest goes on.
    """
    decode = _DECODERS[protocol]
    encode = msgspec.json.Encoder().encode_lines
    out = sys.stdout.buffer
    for lines in _line_batches(cast("BufferedReader", sys.stdin.buffer)):
        out.write(encode([_decoded(line, decode) for line in lines]))
        out.flush()


def _line_batches(stream: BufferedReader) -> Iterator[list[bytes]]:
    """Whole lines as they arrive: all that is there in one batch, so a file is fast and a live pipe is not held up."""
    rest = b""
    while chunk := stream.read1(_CHUNK_BYTES):
        *lines, rest = (rest + chunk).split(b"\n")
        # A line without end must not eat the memory; one byte too many keeps it an error.
        rest = rest[: _LINE_BYTES_MAX + 1]
        if lines:
            yield lines
    if rest:
        yield [rest]


def _decoded(line: bytes, decode: Callable[[bytes], dict[str, object]]) -> dict[str, object]:
    if len(line) > _LINE_BYTES_MAX:
        return _error(_LINE_BYTES_MAX // 2, f"the line is longer than {_LINE_BYTES_MAX} characters")
    text = line.strip()
    try:
        return decode(binascii.unhexlify(text))
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
