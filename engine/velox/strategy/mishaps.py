"""What Python's own errors in the body of a strategy file mean where a word of Velox is written wrongly."""

import ast
import importlib
import linecache
import traceback
from types import FunctionType

from velox.strategy.params import closest, nearest
from velox.strategy.written import miscalls

__all__ = ["meant", "unknown_name"]


def meant(full: str, error: BaseException) -> str | None:
    """The sentence for an error that a file's own line has raised; nothing where it says no more than Python does."""
    frames = [*traceback.walk_tb(error.__traceback__)]
    if not frames or frames[-1][0].f_code.co_filename != full:
        return None
    frame, line = frames[-1]
    match error:
        case TypeError():
            tree = ast.parse("".join(linecache.getlines(full)))
            return next((sentence for _, sentence in miscalls(tree, frame.f_globals, {line})), None)
        case NameError(name=str(name)):
            return unknown_name(name, {*frame.f_locals, *frame.f_globals})
        case AttributeError(name=str(name), obj=thing) if type(thing).__module__.startswith("velox."):
            known = [each for each in dir(thing) if not each.startswith("_")]
            hint = closest(name, known)
            return f"{type(thing).__name__} has no {name}" + (f": did you mean {hint}?" if hint else "")
        case AttributeError(name=str(name), obj=FunctionType(__module__=str(module), __name__=str(word))) if (
            module.startswith("velox.")
        ):
            return f"{word}.{name}: {word} is the function of Velox here; declare what you mean above this line"
        case ImportError(name="velox") if not isinstance(error, ModuleNotFoundError):
            name = next(iter(str(error).split("'")[1::2]), "")
            return f"velox has no {name}: {nearest(name, _words())}"
        case _:
            return None


def unknown_name(name: str, known: set[str]) -> str:
    """The sentence for a name that nothing gives a meaning."""
    if name in _words():
        return f"{name} is not imported: write from velox import {name}"
    alike = sorted(each for each in {*known, *_words()} if each[:1].lower() == name[:1].lower())
    close = closest(name, alike) if len(name) > 2 else ""
    return f"{name} is not defined" + (f": did you mean {close}?" if close else "")


def _words() -> list[str]:
    # By its name: the package is made of what is made here.
    return list(importlib.import_module("velox").__all__)
