"""Parameters: typed values of the class body that a user may set, and what may be required of them."""

import operator
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, Generic, NoReturn, Self, SupportsFloat, SupportsIndex, TypeGuard, TypeVar, overload

from velox.errors import BadInput
from velox.strategy.declaration import Declaration
from velox.strategy.protect import Pct, Points, RMultiple, pct, points, r
from velox.strategy.sizes import RiskPct, RiskRupees, risk_pct, risk_rupees

__all__ = [
    "Expression",
    "Joinable",
    "Member",
    "Param",
    "Requirement",
    "Symbols",
    "Values",
    "closest",
    "nearest",
    "parse_assignments",
    "parse_value",
    "resolve",
    "symbol_names",
]

_T = TypeVar("_T")
Values = Mapping[str, object]

_STRUCTS = (RiskPct, RiskRupees, Pct, Points, RMultiple)
_YES = frozenset({"true", "yes", "on", "1"})
_NO = frozenset({"false", "no", "off", "0"})


class Expression(ABC):
    """Arithmetic over parameters, worked out once their values are known."""

    @abstractmethod
    def value(self, values: Values) -> Any:
        """The value for these parameters."""

    def __lt__(self, other: object) -> "Requirement":
        return Requirement("<", operator.lt, self, other)

    def __le__(self, other: object) -> "Requirement":
        return Requirement("<=", operator.le, self, other)

    def __gt__(self, other: object) -> "Requirement":
        return Requirement(">", operator.gt, self, other)

    def __ge__(self, other: object) -> "Requirement":
        return Requirement(">=", operator.ge, self, other)

    def __add__(self, other: "float | Expression") -> "Expression":
        return _joined("+", operator.add, self, other)

    def __radd__(self, other: float) -> "Expression":
        return _Binary("+", operator.add, other, self)

    def __sub__(self, other: "float | Expression") -> "Expression":
        return _joined("-", operator.sub, self, other)

    def __rsub__(self, other: float) -> "Expression":
        return _Binary("-", operator.sub, other, self)

    def __mul__(self, other: "float | Expression") -> "Expression":
        return _joined("*", operator.mul, self, other)

    def __rmul__(self, other: float) -> "Expression":
        return _Binary("*", operator.mul, other, self)

    def __truediv__(self, other: "float | Expression") -> "Expression":
        return _joined("/", operator.truediv, self, other)

    def __rtruediv__(self, other: float) -> "Expression":
        return _Binary("/", operator.truediv, other, self)


class Joinable:
    """What takes arithmetic with a parameter into its own hands: candles and indicators."""


def _joined(sign: str, work: Callable[[Any, Any], Any], left: Expression, right: object) -> Expression:
    return NotImplemented if isinstance(right, Joinable) else _Binary(sign, work, left, right)


class _Binary(Expression):
    def __init__(self, sign: str, work: Callable[[Any, Any], Any], left: object, right: object) -> None:
        self._sign, self._work, self._left, self._right = sign, work, left, right

    def value(self, values: Values) -> Any:
        return self._work(_worth(self._left, values), _worth(self._right, values))

    def __str__(self) -> str:
        left, right = map(self._in_brackets, (self._left, self._right))
        return f"{left} {self._sign} {right}"

    def _in_brackets(self, part: object) -> str:
        # A comparison binds loosest; of arithmetic in arithmetic nobody need know what binds how.
        return f"({part})" if isinstance(part, _Binary) and not isinstance(self, Requirement) else str(part)


class Requirement(_Binary):
    """A comparison of parameters that must hold before the strategy may start."""

    def __bool__(self) -> bool:
        raise BadInput(f"`{self}` is judged later; write each comparison alone: require = [3 < fast, fast < slow]")

    def broken(self, values: Values) -> str | None:
        """What is wrong where it does not hold for these values, with both of its sides."""
        try:
            if self.value(values):
                return None
            shown = f"{_worth(self._left, values)} {self._sign} {_worth(self._right, values)}"
        except (ArithmeticError, TypeError) as error:
            return f"{self} cannot be judged: {error}; change a parameter"
        return f"{self} does not hold: {shown}; change a parameter"


def _worth(part: object, values: Values) -> Any:
    return part.value(values) if isinstance(part, Expression) else part


class Param(Declaration, Expression, Generic[_T]):
    """A value that the user may set; its default gives the type, a range makes it optimisable."""

    def __init__(self, default: _T, values: range | None = None) -> None:
        super().__init__()
        self.default = default
        self.values = values

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> _T: ...
    def __get__(self, instance: object | None, owner: type) -> Self | _T:
        return self if instance is None else self.unbound(owner)

    def value(self, values: Values) -> Any:
        """Its value among these."""
        return values.get(self.name, self.default)

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        if isinstance(self.default, Symbols):
            yield f"{self.name} = Param(Symbols(…)): Symbols is a parameter by itself; write {self.name} = Symbols([…])"
        elif type(self.default) not in _PARSERS:
            yield (
                f"{self.name} = Param({self.default!r}): a parameter is a number, a text, true or false, "
                "risk_pct(…), risk_rupees(…), pct(…), points(…) or r(…)"
            )
        elif self.values is not None and type(self.default) not in (int, float):
            yield f"{self.name} = Param({self.default!r}, {self.values}): only a number can have a range; leave it out"
        elif self.values is not None and not self.allows(self.default):
            yield f"{self.name} = Param({self.default!r}, {self.values}): the default is not in the range"

    def allows(self, value: object) -> bool:
        """Whether the range holds this value; a float may lie between its steps."""
        if self.values is None or len(self.values) == 0:
            return self.values is None
        if isinstance(value, float):
            return self.values[0] <= value <= self.values[-1]
        return value in self.values

    def parsed(self, text: str) -> _T:
        """The value that a user's text means; BadInput where it means none or lies outside the range."""
        value = parse_value(self.name, text, self.default)
        if self.values is not None and not self.allows(value):
            raise BadInput(f"{self.name}={text} is outside its range, {_range_text(self.values)}")
        return value  # type: ignore[no-any-return]  # the parser of the default's own type made it

    def written(self, value: object) -> str:
        """The text that means a value given in Python; BadInput where the value is of another type."""
        kind = type(self.default)
        if kind is int and not isinstance(value, bool) and isinstance(value, SupportsIndex):
            return str(operator.index(value))
        if kind is float and not isinstance(value, bool) and isinstance(value, SupportsFloat):
            return repr(float(value))
        if type(value) is not kind:
            shown = self.default if issubclass(kind, _STRUCTS) else repr(self.default)
            raise BadInput(
                f"{self.name}={value!r:.60} cannot be used: {self.name} is {_PARSERS[kind][1]}, as in {shown}"
            )
        return repr(getattr(value, value.__struct_fields__[0])) if isinstance(value, _STRUCTS) else str(value)

    def __str__(self) -> str:
        return self.name or repr(self.default)


class Symbols(Param[str]):
    """Several instruments, set as `-p symbol=NSE:INFY,NSE:TCS`: each is traded by an instance of its own.

    The instances share the strategy's capital and limits; in each of them this is the name of its own instrument.
    """

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(",".join(names) if _are_texts(names) else "")
        self._given = names

    def __getitem__(self, place: int) -> "Member":
        """The name at this place of the list, the same in every instance: for candles that all of them watch."""
        return Member(self, place)

    def __iter__(self) -> NoReturn:
        raise TypeError("Symbols is no list yet: symbol[0] and symbol[1] name its members")

    def sentences(self) -> Iterator[str]:
        """What is wrong with the declaration by itself."""
        shape = 'write it as Symbols(["NSE:INFY", "NSE:TCS"])'
        if not self.default:
            yield f"{self.name} = Symbols({self._given!r:.60}): it is a list of names; {shape}"
        elif (twice := _twice(symbol_names(self.default))) is not None:
            yield f"{self.name} = Symbols(…): {twice} is named twice; name it once"

    def parsed(self, text: str) -> str:
        """The names that a user's text lists; BadInput where one is missing or named twice."""
        names = [name.strip() for name in text.split(",")]
        if not all(names):
            raise BadInput(f"{self.name}={text} lacks a name: write {self.name}=NSE:INFY,NSE:TCS")
        if (twice := _twice(names)) is not None:
            raise BadInput(f"{self.name}={text} names {twice} twice: name it once")
        return ",".join(names)

    def written(self, value: object) -> str:
        """The text that means a list of names, or one that is written out already."""
        return ",".join(value) if _are_texts(value) else super().written(value)


class Member(Expression):
    """One name of a Symbols by its place."""

    def __init__(self, of: Symbols, place: int) -> None:
        self.of = of
        self.place = place

    @property
    def key(self) -> str:
        """Where the values of an instance hold it."""
        return f"{self.of.name}[{self.place}]"

    def value(self, values: Values) -> str:
        """The name; that of the last member where there are not as many."""
        names = symbol_names(self.of.value(values)) if self.key not in values else [str(values[self.key])]
        return names[min(self.place, len(names) - 1)]

    def fault(self, values: Values) -> str | None:
        """What is wrong where the list has no such place."""
        count = len(symbol_names(self.of.value(values)))
        if 0 <= self.place < count:
            return None
        return f"{self.key}: {self.of.name} has {count} names, counted from 0"


def symbol_names(value: object) -> list[str]:
    """The instruments that a value of a Symbols lists."""
    return str(value).split(",")


def _are_texts(names: object) -> TypeGuard[Sequence[str]]:
    return isinstance(names, list | tuple) and all(isinstance(name, str) and name for name in names)


def _twice(names: Sequence[str]) -> str | None:
    return next((name for place, name in enumerate(names) if name in names[:place]), None)


def _range_text(values: range) -> str:
    if not values:
        return "which is empty"
    return f"{values[0]} to {values[-1]}" + (f" in steps of {values.step}" if abs(values.step) != 1 else "")


def _flag(text: str) -> bool:
    if text.lower() in _YES | _NO:
        return text.lower() in _YES
    raise ValueError


def _percent(text: str) -> float:
    return float(text.removesuffix("%"))


def _finite(text: str) -> float:
    value = float(text)
    if value - value != 0:
        raise ValueError
    return value


_PARSERS: dict[type, tuple[Callable[[str], Any], str]] = {
    bool: (_flag, "yes or no"),
    int: (int, "a whole number"),
    float: (_finite, "a number"),
    str: (str, "a text"),
    RiskPct: (lambda text: risk_pct(_percent(text)), "a percentage of the capital such as 0.5"),
    RiskRupees: (lambda text: risk_rupees(float(text)), "an amount in rupees such as 500"),
    Pct: (lambda text: pct(_percent(text)), "a percentage such as 25"),
    Points: (lambda text: points(float(text)), "a distance in rupees such as 30"),
    RMultiple: (lambda text: r(float(text)), "a multiple of the risk such as 1.5"),
}


def parse_value(name: str, text: str, default: object) -> Any:
    """The user's text as a value of the default's type."""
    parser, wanted = _PARSERS[type(default)]
    try:
        value = parser(text.strip())
    except ValueError:
        raise BadInput(f"{name}={text} cannot be used: {name} is {wanted}") from None
    except BadInput as error:
        raise BadInput(f"{name}={text} cannot be used: {error}") from None
    if value == "":
        raise BadInput(f"{name}= is empty: {name} is {wanted}")
    return value


def parse_assignments(texts: Iterable[str]) -> dict[str, str]:
    """The texts behind `-p`, each `name=value`, as a dictionary."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise BadInput(f"-p {text} has no value; write -p {name or 'name'}=value")
        if name in found:
            raise BadInput(f"-p {name}=… was given twice; give it once")
        found[name] = value
    return found


def closest(name: str, names: Iterable[str]) -> str:
    """The known name that is most like this one, or that it begins; empty where none is like it."""
    known = list(names)
    begun = [each for each in known if len(name) > 2 and each.startswith(name)]
    return next(iter(begun or get_close_matches(name, known, n=1, cutoff=0.5)), "")


def nearest(name: str, names: Iterable[str]) -> str:
    """A question that names the nearest known name, or what there is."""
    known = list(names)
    if close := closest(name, known):
        return f"did you mean {close}?"
    return f"there are {', '.join(known)}" if known else "there are none"


def resolve(declared: Mapping[str, Param[Any]], texts: Mapping[str, str]) -> tuple[dict[str, object], list[str]]:
    """Every parameter's value, and a sentence for each text that cannot be used."""
    values: dict[str, object] = {name: param.default for name, param in declared.items()}
    faults: list[str] = []
    for name, text in texts.items():
        if name not in declared:
            faults.append(f"there is no parameter {name}: {nearest(name, declared)}")
            continue
        try:
            values[name] = declared[name].parsed(text)
        except BadInput as error:
            faults.append(str(error))
    return values, faults
