"""Small pieces of HTML; every text passes through one place that makes it harmless."""

from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Html", "card", "details", "element", "sentence_list", "stamp", "table", "text"]


_LONG_VALUE = 14  # signs that fit into a card in its large size
_VOID = frozenset({"input"})


class Html(str):
    """Text that is HTML already; what is added to it becomes harmless."""

    __slots__ = ()

    def __add__(self, more: object) -> "Html":
        return Html(super().__add__(text(more)))


def text(value: object) -> Html:
    """Anything as text of a page; what is HTML already stays."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def element(name: str, content: object = "", **attributes: str) -> Html:
    """One element; an attribute ending in _ is spelt without it."""
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{told}>" if name in _VOID else f"<{name}{told}>{text(content)}</{name}>")


def card(label: str, value: str, note: str = "", tone: str = "") -> Html:
    """One headline figure."""
    size = "long" if len(value) > _LONG_VALUE else ""
    parts = [element("dt", label), element("dd", value, class_=" ".join(filter(None, ("value", size, tone))))]
    if note:
        parts.append(element("dd", note, class_="note"))
    return element("div", Html("".join(parts)), class_="card")


def stamp(words: str) -> Html:
    """The big warning that prices were generated."""
    inside = element("strong", "SYNTHETIC") + element("span", words)
    return element("div", inside, class_="synthetic", role="alert")


def table(headings: Sequence[str], rows: Iterable[Sequence[object]], words: int = 1) -> Html:
    """A table whose first `words` columns are words and whose others are numbers."""
    head = "".join(element("th", name, class_="w" if at < words else "n") for at, name in enumerate(headings))
    body = "".join(
        element(
            "tr", Html("".join(element("td", cell, class_="w" if at < words else "n") for at, cell in enumerate(row)))
        )
        for row in rows
    )
    inner = element("thead", element("tr", Html(head))) + element("tbody", Html(body))
    return element("div", element("table", Html(inner)), class_="scroll")


def details(summary: str, content: Html, *, is_open: bool = False) -> Html:
    """A part that is shown when asked for."""
    opened = " open" if is_open else ""
    return Html(f"<details{opened}><summary>{text(summary)}</summary>{content}</details>")


def sentence_list(sentences: Iterable[str]) -> Html:
    """Sentences one below the other."""
    return element("ul", Html("".join(element("li", sentence) for sentence in sentences)))
