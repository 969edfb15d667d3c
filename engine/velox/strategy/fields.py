"""What hooks may read of a declaration by a dot: the outputs of an indicator, the fields of candles."""

from velox.strategy.computed import Computed
from velox.strategy.core import Position, Series
from velox.strategy.declare import Bars, Node
from velox.strategy.handles import HANDLES, BarsHandle
from velox.strategy.params import nearest

__all__ = ["unread"]


def unread(declared: object, name: str, field: str) -> str | None:
    """The sentence for a field that what is declared under this name does not have."""
    known = _fields(declared)
    if not known or field in known or field.startswith("_"):
        return None
    if isinstance(declared, Node) and len(declared.outputs) == 1:
        return f"self.{name}.{field} is not known: {declared.call} has one value, which self.{name} is"
    return f"self.{name}.{field} is not known: {nearest(field, known)}"


def _fields(declared: object) -> list[str]:
    match declared:
        case Bars():
            return list(BarsHandle.__slots__)
        case Node() if len(declared.outputs) > 1:
            return _public(HANDLES.get(declared.kind, object))
        case Node() | Computed():
            return _public(Series)
        case property(fget=read) if read is not None and read.__annotations__.get("return") is Position:
            return _public(Position)
        case _:
            return []


def _public(shape: type) -> list[str]:
    return [name for name in dir(shape) if not name.startswith("_")]
