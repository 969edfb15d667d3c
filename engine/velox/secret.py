"""A text that must never be shown: passwords, keys, tokens."""

from typing import NoReturn

__all__ = ["Secret"]


class Secret:
    """A text that no print, format, log or encoder shows; only `reveal` gives it."""

    __slots__ = ("__text",)

    def __init__(self, text: str) -> None:
        self.__text = text

    def reveal(self) -> str:
        """The text itself; hand it to the one call that needs it and keep no copy."""
        return self.__text

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a Secret is not pickled or copied")
