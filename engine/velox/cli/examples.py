"""The shipped examples as texts that a strategy of one's own can begin with."""

import ast
import importlib.metadata
import importlib.util
import re
from pathlib import Path

import msgspec

from velox.errors import BadInput
from velox.strategy.params import nearest

__all__ = ["Example", "example", "examples"]

_PACKAGE = "velox_strategies."


class Example(msgspec.Struct, frozen=True):
    """A shipped strategy: the name it is offered by, its class, and the text of its file."""

    name: str
    class_name: str
    text: str

    @property
    def about(self) -> str:
        """The first line of what its file says of itself."""
        return (ast.get_docstring(ast.parse(self.text)) or "").partition("\n")[0]

    def under(self, class_name: str) -> str:
        """Its text with its class under another name."""
        return re.sub(rf"\b{self.class_name}\b", class_name, self.text)


def examples() -> list[Example]:
    """All that ship, by name; what other packages offer is theirs to copy."""
    offered = importlib.metadata.entry_points(group="velox.strategies")
    own = {entry.name: entry for entry in offered if entry.value.startswith(_PACKAGE)}
    return [Example(name, own[name].attr, _text(own[name].module)) for name in sorted(own)]


def example(name: str) -> Example:
    """The one of this name."""
    known = {each.name: each for each in examples()}
    if name not in known:
        raise BadInput(f"there is no example {name!r}: {nearest(name, known)}")
    return known[name]


def _text(module: str) -> str:
    found = importlib.util.find_spec(module)
    if found is None or found.origin is None:
        raise BadInput(f"{module} ships with Velox and is not here: install Velox again")
    return Path(found.origin).read_text(encoding="utf-8")
