"""Building the application from its settings: the only place where the parts are put together."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.attachments import Attachments
from bot.check_up import CheckUp
from bot.clock import Clock, Rhythm, Role
from bot.config import Config
from bot.costs import share_costs
from bot.edited_tables import EditedTables
from bot.files import FileStore
from bot.handling import Handling
from bot.intake import Intake
from bot.locatieserver import OnlinePlaces, online_places
from bot.metrics import Meters
from bot.models import running_engine
from bot.promises import PromiseKeeper, Promises
from bot.questions import QuestionKeeper
from bot.relay import Relay
from bot.replies import Replies
from bot.retention import RetentionKeeper
from bot.single import Singles
from bot.texts import load_texts
from bot.triage import Triage
from channels.base import Channel
from channels.registry import build_channel
from routing.decision import Router
from routing.vakafdelingen import Municipality, load_municipality
from storage.database import Database
from storage.migrate import upgrade
from storage.points import Watch, unwatched


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """The parts of the running product."""

    config: Config
    database: Database
    municipality: Municipality
    router: Router
    channels: tuple[Channel, ...]
    triage: Triage
    handling: Handling
    clock: Clock
    meters: Meters
    now: Callable[[], datetime]
    places: OnlinePlaces | None = None

    async def aclose(self) -> None:
        """Close the channels, the online step and the database. Safe to call twice."""
        for channel in self.channels:
            await channel.aclose()
        if self.places is not None:
            self.places.close()
        self.database.close()


def open_database(config: Config, watch: Watch = unwatched) -> Database:
    """The database at the schema this code needs."""
    database = Database.open(database_address(config), watch)
    upgrade(database.engine)
    return database


def load_tables(config: Config) -> Municipality:
    """The municipality's own tables, or the shipped example. Raises ConfigError when one is wrong."""
    tables = config.municipality
    return load_municipality(
        tables.path("vakafdelingen", config.base),
        tables.path("onderwerpen", config.base),
        tables.path("doorverwijzingen", config.base),
    )


def build(
    config: Config,
    *,
    now: Callable[[], datetime] = utc_now,
    watch: Watch = unwatched,
    router: Router | None = None,
    role: Role = Role.ALL,
) -> Application:
    """Put everything together. `watch` hears the named points; a `router` that is loaded already is not loaded again.

    Raises ConfigError when a table or text of the municipality is wrong.
    """
    filed, texts = (
        load_tables(config),
        load_texts(config.municipality.path("texts", config.base), address_as=config.office.address_as),
    )
    database = open_database(config, watch)
    tables = EditedTables(database, filed, texts)
    tables.refresh()
    municipality = tables.municipality
    replies = Replies(
        texts=tables.texts,
        municipality=municipality,
        office=config.office.name,
        contact=config.contact,
        sends_mail="web_form" in config.channels,
        follow_address=config.web.follow_address,
        follow_for=timedelta(days=config.web.follow_days),
    )
    promises = Promises(hours=config.office_hours.as_office_hours(), municipality=municipality)
    with database.work() as work:
        work.channels.configure(config.channel_modes)
        work.commit()
    router = router or running_engine(config, database, municipality)
    channels = tuple(build_channel(name, settings) for name, settings in config.channels.items())
    for channel in channels:
        share_costs(channel, database)
    places = online_places(config, now)
    triage = Triage(database=database, router=router, replies=replies, promises=promises, now=now, places=places)
    meters = Meters()
    meters.read_tables(database, now)
    clock = Clock(
        channels=channels,
        intake=Intake(database, now, meters),
        triage=triage,
        relay=Relay(
            database=database,
            now=now,
            guards=config.guards.as_rules(),
            lease=timedelta(seconds=config.rhythm.claim_seconds),
            second_look=timedelta(seconds=config.rhythm.second_look_seconds),
            meters=meters,
        ),
        keeper=PromiseKeeper(database=database, promises=promises, replies=replies, now=now),
        check_up=CheckUp(database=database, now=now),
        attachments=Attachments(database=database, store=file_store(config), router=router, now=now),
        questions=QuestionKeeper(database=database, replies=replies, hours=promises.hours, now=now),
        retention=retention_keeper(config, database, now),
        rhythm=_rhythm(config),
        singles=_singles(config, database, now),
        tables=tables,
        role=role,
    )
    return Application(
        config=config,
        database=database,
        municipality=municipality,
        router=router,
        channels=channels,
        triage=triage,
        handling=Handling(
            database=database,
            replies=replies,
            promises=promises,
            now=now,
            second_thoughts=timedelta(seconds=config.web.undo_seconds),
        ),
        clock=clock,
        meters=meters,
        now=now,
        places=places,
    )


def _singles(config: Config, database: Database, now: Callable[[], datetime]) -> Singles:
    """A lease is a fifth of a claim: when a process disappears, another reads and writes its channels a minute later."""
    length = timedelta(seconds=config.rhythm.claim_seconds / 5)
    holder = f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"
    return Singles(database=database, holder=holder, now=now, length=length)


def retention_keeper(config: Config, database: Database, now: Callable[[], datetime] = utc_now) -> RetentionKeeper:
    return RetentionKeeper(database=database, periods=config.retention.as_periods(), now=now)


def file_store(config: Config) -> FileStore:
    wanted = config.attachments
    return FileStore(folder=config.base / wanted.folder, largest=wanted.largest_mb * 1_000_000, clamd=wanted.clamd)


def _rhythm(config: Config) -> Rhythm:
    seconds = config.rhythm
    return Rhythm(
        fetch=timedelta(seconds=seconds.fetch_seconds),
        triage=timedelta(seconds=seconds.triage_seconds),
        relay=timedelta(seconds=seconds.relay_seconds),
        promises=timedelta(seconds=seconds.promises_seconds),
    )


def database_address(config: Config) -> str:
    """A relative SQLite path counts from the settings file, wherever the command is run."""
    prefix = "sqlite:///"
    path = config.database.url.removeprefix(prefix)
    if config.database.url.startswith(prefix) and not path.startswith("/"):
        return f"{prefix}{(config.base / path).resolve()}"
    return config.database.url
