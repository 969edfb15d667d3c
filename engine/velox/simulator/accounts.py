"""Who may log in at the simulated broker, and for how long: PIN and TOTP, tokens that end at midnight in India."""

import hmac
import secrets
from collections.abc import Callable

import msgspec
import pyotp

from velox.secret import Secret

__all__ = ["Account", "DEFAULT_ACCOUNT", "Denied", "Session", "Sessions"]

_IST_OFFSET_NS = 19_800 * 1_000_000_000
_DAY_NS = 86_400 * 1_000_000_000
_TOTP_STEPS_OFF = 1


class Account(msgspec.Struct, frozen=True):
    """One client of the simulated broker."""

    client_code: str
    api_key: Secret
    pin: Secret
    totp_secret: Secret
    name: str = "SIMULATED CLIENT"


# The account that every simulator has unless told otherwise. These are no secrets: no broker knows them.
DEFAULT_ACCOUNT = Account("SIM0001", Secret("simkey00"), Secret("1234"), Secret("SIMVELOXSIMVELOXSIMVELOXSIMVELOX"))


class Denied(Exception):
    """A call that the broker turns down, with the broker's own code and words."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class Session(msgspec.Struct, frozen=True):
    """The three tokens of one login and the moment at which they end."""

    client_code: str
    api_key: Secret
    jwt: str
    refresh: str
    feed: str
    ends_ns: int


class Sessions:
    """The accounts and who of them is logged in, by the wall clock that is handed in."""

    def __init__(self, accounts: list[Account], clock_ns: Callable[[], int]) -> None:
        self._accounts = {account.client_code: account for account in accounts}
        self._clock_ns = clock_ns
        self._by_jwt: dict[str, Session] = {}

    def account(self, client_code: str) -> Account:
        """The account of a client code that is known."""
        return self._accounts[client_code]

    def log_in(self, client_code: str, pin: str, totp: str, api_key: str) -> Session:
        """Open a session; wrong words are denied with the broker's codes."""
        if not any(_same(account.api_key, api_key) for account in self._accounts.values()):
            raise Denied("AG8004", "Invalid API Key")
        account = self._accounts.get(client_code)
        if account is None or not _same(account.pin, pin) or not _same(account.api_key, api_key):
            raise Denied("AB1007", "Invalid client code or PIN")
        at_s = self._clock_ns() // 1_000_000_000
        if not pyotp.TOTP(account.totp_secret.reveal()).verify(totp, for_time=at_s, valid_window=_TOTP_STEPS_OFF):
            raise Denied("AB1050", "Invalid totp")
        return self._open(account)

    def renew(self, jwt: str, refresh: str) -> Session:
        """Exchange a refresh token for three new tokens; the old ones end."""
        session = self._by_jwt.get(jwt)
        if session is None:
            raise Denied("AG8001", "Invalid Token")
        if not hmac.compare_digest(session.refresh.encode(), refresh.encode()):
            raise Denied("AB8050", "Invalid Refresh Token")
        if self._clock_ns() >= session.ends_ns:
            raise Denied("AB8051", "Refresh Token Expired")
        del self._by_jwt[jwt]
        return self._open(self._accounts[session.client_code])

    def check(self, jwt: str, api_key: str) -> Session:
        """The session of a token; without one, with a foreign one or after midnight the call is denied."""
        if not jwt:
            raise Denied("AG8003", "Token missing")
        session = self._by_jwt.get(jwt)
        if session is None:
            raise Denied("AG8001", "Invalid Token")
        if self._clock_ns() >= session.ends_ns:
            raise Denied("AG8002", "Token Expired")
        if not _same(session.api_key, api_key):
            raise Denied("AG8004", "Invalid API Key")
        return session

    def check_stream(self, jwt: str, api_key: str, client_code: str, feed_token: str) -> str | Session:
        """The session behind a socket's four headers, or the words of the broker's refusal."""
        session = self._by_jwt.get(jwt)
        if session is None or self._clock_ns() >= session.ends_ns:
            return "Invalid Auth token"
        if client_code != session.client_code:
            return "Invalid Client Code"
        if not _same(session.api_key, api_key):
            return "Invalid API Key"
        if not hmac.compare_digest(feed_token.encode(), session.feed.encode()):
            return "Invalid Feed Token"
        return session

    def log_out(self, session: Session) -> None:
        """End a session."""
        self._by_jwt.pop(session.jwt, None)

    def expire_all(self) -> None:
        """End every session at once, as the broker does when it restarts."""
        self._by_jwt.clear()

    def _open(self, account: Account) -> Session:
        local_ns = self._clock_ns() + _IST_OFFSET_NS
        midnight_ns = local_ns - local_ns % _DAY_NS + _DAY_NS - _IST_OFFSET_NS
        jwt, refresh, feed = (secrets.token_urlsafe(32) for _ in range(3))
        session = Session(account.client_code, account.api_key, jwt, refresh, feed, midnight_ns)
        self._by_jwt[session.jwt] = session
        return session


def _same(secret: Secret, given: str) -> bool:
    return hmac.compare_digest(secret.reveal().encode(), given.encode())
