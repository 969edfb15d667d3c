"""Which addresses a feed may talk to: TLS with verified certificates everywhere, plain links to this machine alone."""

import ipaddress
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from velox.errors import BadInput

__all__ = ["check_url", "tls_context"]


def check_url(url: str, secure: str, plain: str) -> None:
    """Refuse an address that would send credentials unencrypted over a network."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise BadInput(f"{url!r} is no address: write it like {secure}://host") from None
    if parts.username or parts.password:
        raise BadInput(f"the address of {host} must not carry a user or password: take them out")
    if not host or parts.scheme not in (secure, plain):
        raise BadInput(f"{url!r} must begin with {secure}://")
    if parts.scheme == plain and not _is_loopback(host):
        raise BadInput(f"{url!r} would send credentials unencrypted to another machine: use {secure}://")


def tls_context(ca_file: Path | None) -> ssl.SSLContext:
    """A context that verifies certificate and name; with a file only the authorities in it are trusted."""
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        reason = error.strerror or "it holds no certificate"
        raise BadInput(f"ca_file {ca_file} cannot be used: {reason}") from None


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
