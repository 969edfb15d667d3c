"""Packed files: gzip as far as it is whole, and the members of a zip."""

import io
import zipfile
import zlib
from pathlib import Path

import msgspec

from velox.errors import BadInput

__all__ = ["Member", "inflate", "members"]

_GZIP_MAGIC = b"\x1f\x8b"
_ZIP_MAGIC = b"PK\x03\x04"
_MEMBER_MAX = 2 << 30  # bytes; more than that in one file is no table but an attack on the memory


class Member(msgspec.Struct, frozen=True):
    """One file, unpacked; `cut` is 1 where its end was damaged and left out."""

    name: str
    content: bytes
    cut: int = 0


def members(path: Path) -> list[Member]:
    """What a plain, gzip or zip file holds; one that cannot be read is refused by name."""
    try:
        raw = path.read_bytes()
        if zipfile.is_zipfile(io.BytesIO(raw)):
            return _unzip(path, raw)
        if raw.startswith(_ZIP_MAGIC):
            raise zipfile.BadZipFile("its zip archive is damaged")
        content, cut = inflate(raw)
    except (OSError, zlib.error, zipfile.BadZipFile, RuntimeError) as error:
        raise BadInput(f"{path} cannot be read: {error}") from None
    return [Member(path.name.removesuffix(".gz"), content, cut)]


def _unzip(path: Path, raw: bytes) -> list[Member]:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        files = [info for info in archive.infolist() if not info.is_dir()]
        if not files:
            raise BadInput(f"{path} is a zip file without a file in it")
        for info in files:
            if info.file_size > _MEMBER_MAX:
                raise BadInput(f"{path} holds {info.filename} of {info.file_size:,} bytes, which is too large")
        return [Member(Path(info.filename).name, archive.read(info)) for info in files]


def inflate(raw: bytes) -> tuple[bytes, int]:
    """Unpack gzip; of a damaged file the whole lines before the damage are kept, the broken one is a reject."""
    if not raw.startswith(_GZIP_MAGIC):
        return raw, 0
    parts: list[bytes] = []
    while raw.startswith(_GZIP_MAGIC):
        member = zlib.decompressobj(wbits=31)
        whole = True
        try:
            parts.append(member.decompress(raw))
            whole = member.eof
        except zlib.error:
            parts.append(_until_damage(raw))
            whole = False
        if not whole:
            text = b"".join(parts)
            if not text:
                raise zlib.error("its gzip stream is damaged at the start")
            return text[: text.rfind(b"\n") + 1], 1
        raw = member.unused_data
    return b"".join(parts), 0


def _until_damage(raw: bytes) -> bytes:
    """Unpack in small steps so that only the step with the damage is lost."""
    member = zlib.decompressobj(wbits=31)
    parts: list[bytes] = []
    for start in range(0, len(raw), 256):
        try:
            parts.append(member.decompress(raw[start : start + 256]))
        except zlib.error:
            break
    return b"".join(parts)
