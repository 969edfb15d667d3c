"""Finds a strategy class: in a file, or by the name under which a package offers it."""

import hashlib
import importlib.metadata
import importlib.util
import linecache
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from velox.errors import BadInput, VeloxError
from velox.strategy.base import Strategy
from velox.strategy.collect import collecting
from velox.strategy.faults import InvalidStrategy
from velox.strategy.mishaps import meant
from velox.strategy.params import nearest

__all__ = ["FILE_MODULE", "hold", "load", "load_with_faults"]

FILE_MODULE = "velox_file_"
_GROUP = "velox.strategies"
_held: dict[str, type[Strategy]] = {}


def load(target: str) -> type[Strategy]:
    """The class behind `FILE.py`, `FILE.py:Class` or an offered name; every fault of it is told at once."""
    cls = load_with_faults(target)
    if cls.__velox__.faults:
        raise InvalidStrategy(cls.__velox__.faults)
    return cls


def load_with_faults(target: str) -> type[Strategy]:
    """The class even when it has faults, which `__velox__.faults` then lists."""
    if target in _held:
        return _held[target]
    place, class_name = _split(target)
    with collecting():
        if not _looks_like_file(place):
            return _offered(place, class_name)
        path = Path(place)
        if not path.is_file():
            raise BadInput(f"there is no strategy file {place}")
        return _choose(_executed(path), place, class_name)


def hold(cls: type[Strategy]) -> str:
    """A target that means this very class in this process: one of a notebook has no file to be found in."""
    target = f"{cls.__qualname__} of {cls.__module__}"
    _held[target] = cls
    return target


def _split(target: str) -> tuple[str, str]:
    place, colon, class_name = target.rpartition(":")
    return (place, class_name) if colon and "/" not in class_name else (target, "")


def _looks_like_file(place: str) -> bool:
    return place.endswith(".py") or "/" in place or Path(place).is_file()


def _executed(path: Path) -> ModuleType:
    """Run a file as a module of its own name, so that two files of one name do not meet."""
    full = path.resolve()
    name = f"{FILE_MODULE}{hashlib.sha256(str(full).encode()).hexdigest()[:12]}_{full.stem}"
    try:
        importlib.util.decode_source(full.read_bytes())  # Python itself overlooks such bytes in a comment
    except (UnicodeDecodeError, SyntaxError) as error:
        raise BadInput(f"{path} is no text: {error}; save it as UTF-8") from None
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}") from None
    spec = importlib.util.spec_from_file_location(name, full)
    if spec is None or spec.loader is None:
        raise BadInput(f"{path} is no Python file; a strategy file ends in .py")
    module = importlib.util.module_from_spec(spec)
    linecache.checkcache(str(full))
    sys.modules[name] = module
    with _telling(str(path), str(full)):
        spec.loader.exec_module(module)
    return module


@contextmanager
def _telling(place: str, full: str = "") -> Iterator[None]:
    """Tell what goes wrong while a module's body runs, at its line where the file is one of the user's."""
    try:
        yield
    except VeloxError as error:
        if isinstance(error, InvalidStrategy):
            raise
        raise BadInput(f"{_at(place, full, error)}: {error}") from None
    except SyntaxError as error:
        # It may lie in a file that this one imports; bytes that are no text have no line.
        named = place if error.filename in (None, "<string>", full) else error.filename
        where = f"{named}:{error.lineno}" if error.lineno else named
        raise BadInput(f"{where}: {error.msg}; mend it first") from None
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # the user's own module body, a callback like any hook
        if (sentence := meant(full, error)) is not None:
            raise BadInput(f"{_at(place, full, error)}: {sentence}") from None
        what = f"{type(error).__name__}: {error}"
        raise BadInput(f"{_at(place, full, error)}: {what}; the file must load without an error") from error


def _at(place: str, full: str, error: BaseException) -> str:
    return f"{place}:{_line_in(full, error)}" if full else place


def _line_in(full: str, error: BaseException) -> int:
    """The line of the user's file that was at work, the innermost one."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == full]
    return lines[-1] or 0 if lines else 0


def _choose(module: ModuleType, place: str, class_name: str) -> type[Strategy]:
    own = {
        name: value
        for name, value in vars(module).items()
        if isinstance(value, type) and issubclass(value, Strategy) and value.__module__ == module.__name__
    }
    if class_name:
        if class_name not in own:
            raise BadInput(f"there is no strategy class {class_name} in {place}: {nearest(class_name, own)}")
        return own[class_name]
    if not own:
        raise BadInput(f"there is no strategy in {place}: it needs a class that inherits from velox.Strategy")
    # A class that another one of the file builds on is a part, not a strategy to run.
    bases = {base for cls in own.values() for base in cls.__mro__[1:]}
    leaves = [name for name, cls in own.items() if cls not in bases]
    if len(leaves) > 1:
        raise BadInput(f"{place} has several strategies, {', '.join(leaves)}: say which, as in {place}:{leaves[0]}")
    return own[leaves[0]]


def _offered(name: str, class_name: str) -> type[Strategy]:
    entries = {entry.name: entry for entry in importlib.metadata.entry_points(group=_GROUP)}
    if name not in entries:
        raise BadInput(f"there is no strategy {_shown(name)}: {nearest(name, entries)}")
    entry = entries[name]
    package = f" of the package {entry.dist.name}" if entry.dist is not None else ""
    try:
        place = (entry.module, entry.attr or "")
    except AttributeError:  # what importlib makes of a value that is no place
        raise BadInput(f"the strategy {name}{package} has the place {entry.value!r}, not module:Class") from None
    with _telling(f"the strategy {name}{package}"):
        module = importlib.import_module(place[0])
    found = getattr(module, place[1], None)
    if class_name and class_name != place[1]:
        return _choose(module, name, class_name)
    if not (isinstance(found, type) and issubclass(found, Strategy)):
        raise BadInput(f"{entry.value} of the strategy {name}{package} is no strategy class")
    return found


def _shown(name: str) -> str:
    """A name that is none, and how the file is written that it may mean."""
    if not name.isprintable() or not name.strip():
        return repr(name)
    return f"{name} (a file is written as {name}.py)" if name.isidentifier() else name
