"""Settings: read from one TOML file, checked completely before anything starts. The only reader of the environment.

A value "env:NAME" is taken from the environment variable NAME, so that secrets need not stand in the file.
"""

from __future__ import annotations

import os
import tomllib
from dataclasses import fields
from datetime import date, time, timedelta
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, IPvAnyNetwork, TypeAdapter, ValidationError, model_validator

from bot.contact import Contact
from bot.oidc import is_safe_address
from bot.roles import Role
from channels.registry import SETTINGS
from routing.channel_modes import ChannelMode
from routing.errors import ConfigError
from routing.guards import GuardRules
from routing.office_hours import OfficeHours
from storage.retention import RetentionPeriods

_UNKNOWN_KEY = "bestaat niet; verbeter de spelling of haal de sleutel weg"
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
Seconds = Annotated[float, Field(gt=0, le=86400)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Office(_Table):
    name: str = Field(min_length=1)
    address_as: Literal["u", "je"] = "u"


class DatabaseTable(_Table):
    url: str = Field(min_length=1)


class Web(_Table):
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    trusted_proxies: tuple[IPvAnyNetwork, ...] = (ip_network("127.0.0.1"),)
    secure_cookie: bool = True
    session_hours: int = Field(default=10, ge=1, le=24)
    follow_address: str = Field(default="", pattern=r"^(https?://[^\s?#]+)?$")
    follow_days: int = Field(default=180, ge=1, le=3650)
    theme_css: str = ""
    theme_class: str = Field(default="", pattern=r"^([a-zA-Z][\w-]*)?$")
    undo_seconds: int = Field(default=20, ge=0, le=600)


class OrganisationTable(_Table):
    """Single sign-on at the organisation's own provider (OpenID Connect). `roles`: value of the role claim -> role here."""

    enabled: bool = False
    name: str = Field(default="uw organisatie", min_length=1)
    issuer: str = ""
    client_id: str = ""
    client_secret: str = Field(default="", repr=False)
    desk_address: str = Field(default="", pattern=r"^(https?://[^\s/?#]+)?$")
    scope: str = "openid profile"
    username_claim: str = Field(default="preferred_username", min_length=1)
    name_claim: str = Field(default="name", min_length=1)
    role_claim: str = Field(default="roles", min_length=1)
    roles: dict[str, Role] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _is_complete(self) -> OrganisationTable:
        needed = ("issuer", "client_id", "client_secret", "desk_address", "roles")
        missing = [name for name in needed if not getattr(self, name)]
        if self.enabled and missing:
            raise ValueError(f"staat aan, maar {', '.join(missing)} ontbreekt; vul aan of zet enabled = false")
        if self.enabled and not is_safe_address(self.issuer):
            raise ValueError("issuer moet met https:// beginnen")
        if "openid" not in self.scope.split():
            raise ValueError('scope moet openid bevatten, zoals "openid profile"')
        return self


class Login(_Table):
    """How colleagues log in: with a password of the desk itself, at their organisation, or both."""

    passwords: bool = True
    require_totp: bool = False
    organisation: OrganisationTable = OrganisationTable()

    @model_validator(mode="after")
    def _lets_anybody_in(self) -> Login:
        if not self.passwords and not self.organisation.enabled:
            raise ValueError("niemand kan inloggen; zet passwords = true of [login.organisation] enabled = true")
        return self


class Rhythms(_Table):
    fetch_seconds: Seconds = 5
    triage_seconds: Seconds = 2
    relay_seconds: Seconds = 1
    promises_seconds: Seconds = 60
    claim_seconds: Seconds = 300
    second_look_seconds: Seconds = 600


class GuardsTable(_Table):
    """The limits of what a machine sends by itself; `routing.guards` explains them."""

    quiet_from: time = time(21)
    quiet_until: time = time(8)
    minutes_after_person: int = Field(default=10, ge=0, le=1440)
    answers_per_hour: int = Field(default=10, ge=1, le=1000)
    public_answers_per_thread: int = Field(default=5, ge=1, le=1000)

    def as_rules(self) -> GuardRules:
        return GuardRules(
            quiet_from=self.quiet_from,
            quiet_until=self.quiet_until,
            after_person=timedelta(minutes=self.minutes_after_person),
            answers_per_hour=self.answers_per_hour,
            public_per_thread=self.public_answers_per_thread,
        )


class RetentionTable(_Table):
    """In days. `storage.retention` says from when each counts."""

    raw_days: int = Field(default=30, ge=1, le=3650)
    content_days: int = Field(default=365, ge=1, le=36500)
    chatter_days: int = Field(default=30, ge=1, le=3650)

    def as_periods(self) -> RetentionPeriods:
        days = timedelta(days=1)
        return RetentionPeriods(raw=self.raw_days * days, content=self.content_days * days, chatter=self.chatter_days * days)


class Hours(_Table):
    """Opening hours per weekday as ["09:00", "17:00"]; a weekday that is left out is closed."""

    monday: tuple[time, time] | None = None
    tuesday: tuple[time, time] | None = None
    wednesday: tuple[time, time] | None = None
    thursday: tuple[time, time] | None = None
    friday: tuple[time, time] | None = None
    saturday: tuple[time, time] | None = None
    sunday: tuple[time, time] | None = None
    extra_closed: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _is_ever_open(self) -> Hours:
        spans = [getattr(self, day) for day in _WEEKDAYS]
        if not any(spans):
            raise ValueError("geen enkele dag is open; geef minstens één weekdag")
        if any(span is not None and span[0] >= span[1] for span in spans):
            raise ValueError('een dag sluit voordat hij opent; schrijf bijvoorbeeld ["09:00", "17:00"]')
        return self

    def as_office_hours(self) -> OfficeHours:
        opens = {number: span for number, day in enumerate(_WEEKDAYS) if (span := getattr(self, day)) is not None}
        return OfficeHours(opens=opens, extra_closed=frozenset(self.extra_closed))


class Tables(_Table):
    """Files of the municipality; an empty name means the shipped example of Utrecht."""

    vakafdelingen: str = ""
    onderwerpen: str = ""
    doorverwijzingen: str = ""
    texts: str = ""

    def path(self, name: str, base: Path) -> Path | None:
        value: str = getattr(self, name)
        return base / value if value else None


class AttachmentsTable(_Table):
    """`folder` counts from the settings file. `clamd` is `unix:/path` or `host:port`; empty means no virus scanner."""

    folder: str = Field(default="var/bijlagen", min_length=1)
    largest_mb: int = Field(default=20, ge=1, le=100)
    clamd: str = ""


class LocatieserverTable(_Table):
    """The optional online step for places; `bot.locatieserver` says what is sent."""

    enabled: bool = False
    address: str = Field(default="https://api.pdok.nl/bzk/locatieserver/search/v3_1", pattern="^https?://")
    gemeente: str = Field(default="Utrecht", pattern=r"^[\w' -]+$")
    timeout_seconds: float = Field(default=2, gt=0, le=10)


class MapTable(_Table):
    """The background of the desk's map; empty for none. Browsers of colleagues fetch it."""

    tiles: str = Field(default="", pattern=r"^(https://[^\s\"'<>;,]+)?$")
    attribution: str = "Kaartgegevens: Kadaster, PDOK (CC BY 4.0)"

    @model_validator(mode="after")
    def _has_places(self) -> MapTable:
        if self.tiles and not all(place in self.tiles for place in ("{z}", "{x}", "{y}")):
            raise ValueError("tiles mist {z}, {x} of {y}; zie het voorbeeld in config.example.toml")
        return self


class ModelTable(_Table):
    """The office's own models; an empty folder means the shipped model."""

    folder: str = ""


class Logging(_Table):
    level: Literal["debug", "info", "warning", "error"] = "info"
    form: Literal["json", "console"] = "json"


class Config(_Table):
    """The whole file. `channels` holds the settings object of every channel that is switched on, `channel_modes` its mode."""

    model_config = ConfigDict(extra="forbid", frozen=True, arbitrary_types_allowed=True)

    office: Office
    contact: Contact = Contact()
    database: DatabaseTable
    web: Web = Web()
    login: Login = Login()
    rhythm: Rhythms = Rhythms()
    office_hours: Hours
    guards: GuardsTable = GuardsTable()
    retention: RetentionTable = RetentionTable()
    municipality: Tables = Tables()
    attachments: AttachmentsTable = AttachmentsTable()
    model: ModelTable = ModelTable()
    map: MapTable = MapTable()
    locatieserver: LocatieserverTable = LocatieserverTable()
    logging: Logging = Logging()
    channels: dict[str, Any] = Field(default_factory=dict)
    channel_modes: dict[str, ChannelMode] = Field(default_factory=dict)
    base: Path = Path()


def load_config(path: Path) -> Config:
    """Read and check the file. Raises ConfigError that names file, key and remedy, for everything that is wrong at once."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path} bestaat niet; maak het met 'wijkbalie init' of noem een ander bestand met --config") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is geen geldige TOML: {error}") from error
    problems: list[str] = []
    channel_tables = tables.pop("channels", {})
    channels = _channels(channel_tables, str(path), problems)
    modes = {name: _mode_of(channel_tables[name], f"channels.{name}.mode", problems) for name in channels}
    filled = _from_environment(tables, str(path), ())
    try:
        config = Config(**filled, channels=channels, channel_modes=modes, base=path.parent)
    except ValidationError as error:
        problems += _sentences(error, ())
    if problems:
        raise ConfigError(f"{path} klopt niet:\n" + "\n".join(f"  - {problem}" for problem in problems))
    return config


def _from_environment(value: Any, file: str, keys: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        return {key: _from_environment(item, file, (*keys, key)) for key, item in value.items()}
    if isinstance(value, str) and value.startswith("env:"):
        name = value.removeprefix("env:")
        if name not in os.environ:
            where = ".".join(keys)
            raise ConfigError(
                f"{file}: {where} verwijst naar omgevingsvariabele {name}, maar die bestaat niet; zet haar of verander {where}"
            )
        return os.environ[name]
    return value


def _channels(tables: Any, file: str, problems: list[str]) -> dict[str, Any]:
    if not isinstance(tables, dict):
        problems.append("channels: dit moet een tabel zijn, zoals [channels.telegram]")
        return {}
    found: dict[str, Any] = {}
    for name, table in tables.items():
        if name not in SETTINGS:
            problems.append(f"channels.{name}: dit kanaal bestaat niet; bekend zijn {', '.join(SETTINGS)}")
        elif not isinstance(table, dict) or not isinstance(table.get("enabled"), bool):
            problems.append(f"channels.{name}.enabled: ontbreekt; zet true of false")
        elif table["enabled"]:
            given = {key: value for key, value in table.items() if key not in {"enabled", "mode"}}
            known = {field.name for field in fields(SETTINGS[name])}
            problems += [f"channels.{name}.{key}: {_UNKNOWN_KEY}" for key in given if key not in known]
            settings = _from_environment({key: value for key, value in given.items() if key in known}, file, ("channels", name))
            try:
                found[name] = TypeAdapter(SETTINGS[name]).validate_python(settings)
            except ValidationError as error:
                problems += _sentences(error, ("channels", name))
    return found


def _mode_of(table: dict[str, Any], key: str, problems: list[str]) -> ChannelMode:
    value = table.get("mode", ChannelMode.FULL.value)
    if value not in set(ChannelMode):
        problems.append(f"{key}: {value!r} bestaat niet; kies uit {', '.join(ChannelMode)}")
        return ChannelMode.FULL
    return ChannelMode(value)


def _sentences(error: ValidationError, prefix: tuple[str, ...]) -> list[str]:
    remedies = {
        "missing": "ontbreekt; voeg deze sleutel toe (zie config.example.toml)",
        "extra_forbidden": _UNKNOWN_KEY,
    }
    return [
        f"{'.'.join(str(part) for part in (*prefix, *item['loc']))}: {remedies.get(item['type'], item['msg'])}"
        for item in error.errors()
    ]
