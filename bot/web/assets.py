"""The desk's own style sheets and scripts, and those that scripts/build-web brings in. Reads them once, when the desk starts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "static"
VENDOR = ("vendor/utrecht.css", "vendor/htmx.min.js", "vendor/leaflet.css", "vendor/leaflet.js")
_OWN = ("tokens.css", "desk.css", "desk.js", "kaart.css", "kaart.js", "wijkbalie.svg")
REMEDY = "De opmaak van de balie ontbreekt. Voer scripts/build-web uit en start Wijkbalie opnieuw. Alles werkt ook zonder."


@dataclass(frozen=True, slots=True)
class Assets:
    """Addresses by file name. Each carries a digest of the content, so that a browser may keep it for ever."""

    addresses: dict[str, str]

    @classmethod
    def find(cls, folder: Path) -> Assets:
        present = [name for name in (*VENDOR, *_OWN) if (folder / name).is_file()]
        return cls({name: f"/static/{name}?v={_digest(folder / name)}" for name in present})

    @property
    def is_complete(self) -> bool:
        return all(name in self.addresses for name in VENDOR)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:16]
