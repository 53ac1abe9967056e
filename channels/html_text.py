"""HTML as a platform hands it over -> the plain text a person sees. Knows no platform.

The reading is done by the standard library's parser; no tag decides more here than where a line ends.
"""

from __future__ import annotations

from html.parser import HTMLParser

_PARAGRAPHS = frozenset({"p", "blockquote", "pre", "ul", "ol", "h1", "h2", "h3", "h4", "h5", "h6"})
_LINES = frozenset({"br", "li", "div", "tr"})
_UNSEEN = frozenset({"script", "style", "template"})


def text_of_html(html: str) -> str:
    """Never raises. A paragraph ends with an empty line, a `<br>` with a new one; links keep the words that are shown."""
    reader = _Reader()
    reader.feed(html.replace("<![", "&lt;!["))  # HTML has no marked sections; the parser gives up on a broken one
    reader.close()
    return reader.text()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._parts: list[str] = []
        self._breaks = 0
        self._unseen = 0

    def text(self) -> str:
        return "".join(self._parts)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's signature
        if tag in _UNSEEN:
            self._unseen += 1
        self._break_before(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag in _PARAGRAPHS:
            self._breaks = max(self._breaks, 2)

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        shown = " ".join(data.split("\n"))  # a new line in HTML is a space
        if not self._parts or self._breaks:
            shown = shown.lstrip(" ")
        if shown:
            self._parts += ["\n" * self._breaks if self._parts else "", shown]
            self._breaks = 0

    def _break_before(self, tag: str) -> None:
        if tag == "br":
            self._breaks += 1
        elif tag in _LINES:
            self._breaks = max(self._breaks, 1)
        elif tag in _PARAGRAPHS:
            self._breaks = max(self._breaks, 2)
