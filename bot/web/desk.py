"""What the desk is made of: the parts its views work with. Does nothing by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.files import FileStore
from bot.handling import Handling
from bot.identities import ClaimRules
from bot.metrics import Meters
from bot.oidc import Provider
from bot.table_editing import TableEditing
from bot.web.assets import Theme
from channels.base import Limits
from routing.vakafdelingen import Municipality
from storage.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """The provider where colleagues log in, and how its claims are read."""

    provider: Provider
    rules: ClaimRules


@dataclass(frozen=True, slots=True, kw_only=True)
class Tiles:
    """A background for the map: `address` with {z}, {x} and {y}, and whom to name for it."""

    address: str
    attribution: str

    @property
    def host(self) -> str:
        return "https://" + urlsplit(self.address).netloc


# Without a repr: asyncio prints values in passing, and a desk holds every table of the municipality.
@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Desk:
    """`now` is the clock. `is_secure` tells that browsers reach the desk over https, so that cookies need never travel bare.

    `editing` changes the tables and texts that `municipality` and `handling` work with.
    `trouble` names the steps of this process that fail now. `channels` are the names of those that are switched on, `limits`
    the limits of those that are connected, `areas` the wijken with their buurten. Colleagues log in with a password of the desk
    (`takes_passwords`, with a second factor when `requires_totp`), at their `organisation`, or either.
    `tiles` is the background of the map; without it browsers fetch nothing from elsewhere. `theme` is the
    municipality's own look.
    """

    database: Database
    handling: Handling
    municipality: Municipality
    office: str
    now: Callable[[], datetime]
    editing: TableEditing
    is_secure: bool = True
    files: FileStore | None = None
    session_length: timedelta = timedelta(hours=10)
    meters: Meters = field(default_factory=Meters)
    trouble: Mapping[str, str] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()
    # News is at risk for colleagues a day ahead: time enough to find out something real.
    at_risk: timedelta = timedelta(days=1)
    limits: Mapping[str, Limits] = field(default_factory=dict)
    areas: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    takes_passwords: bool = True
    requires_totp: bool = False
    organisation: Organisation | None = None
    tiles: Tiles | None = None
    theme: Theme | None = None
