"""The style sheets and scripts of the desk: its own, those that scripts/build-web brings in, and the theme of the municipality.

Reads them once, when the desk starts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from routing.errors import ConfigError

FOLDER = Path(__file__).parent / "static"
VENDOR = ("vendor/utrecht.css", "vendor/htmx.min.js", "vendor/leaflet.css", "vendor/leaflet.js")
_OWN = ("tokens.css", "desk.css", "desk.js", "kaart.css", "kaart.js", "wijkbalie.svg")
THEME = "thema.css"
_LARGEST_THEME = 1_000_000
REMEDY = "De opmaak van de balie ontbreekt. Voer scripts/build-web uit en start Wijkbalie opnieuw. Alles werkt ook zonder."


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The design tokens of a municipality. `class_name` is the class that the sheet gives them to; empty for `:root`."""

    css: bytes
    class_name: str = ""


@dataclass(frozen=True, slots=True)
class Assets:
    """Addresses by file name. Each carries a digest of the content, so that a browser may keep it for ever."""

    addresses: dict[str, str]
    theme: Theme | None = None

    @classmethod
    def find(cls, folder: Path, theme: Theme | None = None) -> Assets:
        contents = {name: (folder / name).read_bytes() for name in (*VENDOR, *_OWN) if (folder / name).is_file()}
        contents |= {THEME: theme.css} if theme else {}
        return cls({name: f"/static/{name}?v={_digest(content)}" for name, content in contents.items()}, theme)

    @property
    def is_complete(self) -> bool:
        return all(name in self.addresses for name in VENDOR)

    @property
    def theme_class(self) -> str:
        return self.theme.class_name if self.theme else ""

    def styles(self, of_page: Iterable[str] = ()) -> tuple[str, ...]:
        """Addresses in the order of the page. The theme of the municipality comes last, so that it decides."""
        names = ("vendor/utrecht.css", *of_page, "tokens.css", "desk.css", THEME)
        return tuple(self.addresses[name] for name in names if name in self.addresses)


def load_theme(path: Path, class_name: str) -> Theme:
    """The theme in this file. Raises ConfigError."""
    try:
        css = path.read_bytes()
        css.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"web.theme_css: {path} is niet te lezen ({error}); verbeter het pad of maak het leeg") from error
    if len(css) > _LARGEST_THEME:
        raise ConfigError(f"web.theme_css: {path} is groter dan 1 MB; neem alleen de design tokens op")
    return Theme(css=css, class_name=class_name)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
