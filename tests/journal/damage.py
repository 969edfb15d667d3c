"""Journals that are not as they were written: flipped bits, cut tails, and records that are forged but well-formed."""

import shutil
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

HEADER_LEN = 128
RECORD_HEADER_LEN = 26
_VERSION = slice(40, 56)


class Found(msgspec.Struct, frozen=True):
    """Where a record lies."""

    segment: Path
    offset: int
    length: int
    seq: int
    kind: int


def copied(journal: Path, to: Path) -> Path:
    """A copy of a journal folder."""
    return Path(shutil.copytree(journal, to, dirs_exist_ok=True))


def segments(journal: Path) -> list[Path]:
    """The segment files in order."""
    return sorted(journal.glob("*.vj"))


def layout(journal: Path) -> Iterator[Found]:
    """Every record of a whole journal, found by its length alone."""
    for segment in segments(journal):
        data = segment.read_bytes()
        offset = HEADER_LEN
        while offset < len(data):
            length, _, seq, _, kind = struct.unpack_from("<IIQqB", data, offset)
            yield Found(segment, offset, length, seq, kind)
            offset += length


def flip(path: Path, bit: int) -> None:
    """Change one bit of a file."""
    with path.open("r+b") as file:
        file.seek(bit // 8)
        byte = file.read(1)[0]
        file.seek(bit // 8)
        file.write(bytes([byte ^ 1 << bit % 8]))


def crc32c(data: bytes) -> int:
    """The Castagnoli checksum that records carry."""
    crc = 0xFFFF_FFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82F6_3B78 if crc & 1 else 0)
    return crc ^ 0xFFFF_FFFF


def forge(record: Found, change: Callable[[bytearray], None]) -> None:
    """Change a record's payload and give it a checksum that holds; not the last record of a segment."""
    data = bytearray(record.segment.read_bytes())
    end = record.offset + record.length
    payload = bytearray(data[record.offset + RECORD_HEADER_LEN : end])
    change(payload)
    data[record.offset + RECORD_HEADER_LEN : end] = payload
    whole = bytes(data[record.offset : end])
    data[record.offset + 4 : record.offset + 8] = crc32c(whole[:4] + whole[8:]).to_bytes(4, "little")
    record.segment.write_bytes(data)


def forge_version(journal: Path, version: str) -> None:
    """Make all segments say that another kernel wrote them."""
    for segment in segments(journal):
        data = bytearray(segment.read_bytes())
        data[_VERSION] = version.encode().ljust(16, b"\0")
        data[124:128] = crc32c(bytes(data[:124])).to_bytes(4, "little")
        segment.write_bytes(data)
