"""The simulated platforms and the product connected to them, all on loopback."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from bot.bootstrap import Application, build, utc_now
from bot.config import Config, DatabaseTable, Hours, Logging, Office, Rhythms, Web
from channels.facebook import FacebookSettings
from channels.mastodon_client import MastodonSettings
from channels.messenger import MessengerSettings
from channels.simulator.graph import GraphSimulator
from channels.simulator.mastodon import Manner, MastodonSimulator
from channels.simulator.server import Simulator
from channels.simulator.telegram import TelegramSimulator
from channels.simulator.twitter import XSimulator
from channels.telegram import TelegramSettings
from channels.twitter_client import XSettings
from routing.errors import NotFoundError

OFFICE = "wijkbureau Binnenstad"
WEEKDAY = ("09:00", "17:00")
PAGE_TOKEN, APP_SECRET = "demo-page-token", "demo-app-secret"
CHANNELS = {"telegram": "Telegram", "x": "X", "facebook": "Facebook", "messenger": "Messenger", "mastodon": "Mastodon"}


class City:
    """Residents, their platforms, and `written`: the ground truth of every message a resident wrote."""

    def __init__(self, folder: Path, *, now: Callable[[], datetime] = utc_now, port: int = 0) -> None:
        self.telegram = TelegramSimulator(clock=now)
        self.x = XSimulator(clock=now)
        self.graph = GraphSimulator(page_token=PAGE_TOKEN, app_secret=APP_SECRET, clock=now)
        self.mastodon = MastodonSimulator(clock=now)
        self.simulators: tuple[Simulator, ...] = (self.telegram, self.x, self.graph, self.mastodon)
        self.written: list[tuple[str, str]] = []
        self._folder, self._now, self._port = folder, now, port

    def __enter__(self) -> Self:
        for simulator in self.simulators:
            simulator.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for simulator in self.simulators:
            simulator.stop()

    def application(self) -> Application:
        """The product, built as for real, with its channels pointed at the simulators."""
        return build(self.config(), now=self._now)

    def writes(self, channel: str, person: tuple[str, str], text: str, *, photo: bool = False, below: str | None = None) -> str:
        """Let a person (id, name) write. `below` is the id of the post or comment they answer. Returns the message's id."""
        person_id, name = person
        if channel == "telegram":
            message_id = self.telegram.resident_writes(person_id, name, text, photo=b"\xff\xd8 demo" if photo else None)
            external_id = f"{person_id}:{message_id}"
        elif channel == "x":
            external_id = message_id = self.x.resident_writes(person_id, name, text, photo=photo, in_reply_to=below)
        elif channel == "facebook":
            external_id = message_id = self.graph.resident_comments(person_id, name, text, on=below, photo=photo)
        elif channel == "messenger":
            external_id = message_id = self.graph.resident_messages(person_id, name, text)
        elif channel == "mastodon":
            manner = Manner(photo=b"\xff\xd8 demo" if photo else None, in_reply_to=below)
            external_id = message_id = self.mastodon.resident_writes(person_id, name, text, manner)
        else:
            raise NotFoundError(f"Het kanaal '{channel}' bestaat niet; kies uit {', '.join(CHANNELS)}.")
        self.written.append((channel, external_id))
        return message_id

    def config(self) -> Config:
        """Settings of a product whose channels are these platforms."""
        return Config(
            office=Office(name=OFFICE),
            database=DatabaseTable(url=f"sqlite:///{self._folder / 'demo.sqlite3'}"),
            # Where nobody looks at the desk, nobody has second thoughts.
            web=Web(port=self._port, secure_cookie=False, undo_seconds=20 if self._port else 0),
            rhythm=Rhythms(fetch_seconds=1, triage_seconds=1, relay_seconds=1, promises_seconds=10),
            office_hours=Hours.model_validate(dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), WEEKDAY)),
            logging=Logging(level="error", form="console"),
            base=self._folder,
            channels=self._channels(),
        )

    def _channels(self) -> dict[str, object]:
        page: dict[str, Any] = {"page_id": self.graph.page_id, "page_token": PAGE_TOKEN, "app_secret": APP_SECRET}
        at_once: dict[str, Any] = {"min_interval": timedelta(), "min_interval_per_thread": timedelta()}
        keys: dict[str, Any] = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "demo")
        return {
            "telegram": TelegramSettings(token=self.telegram.token, base_url=self.telegram.url, read_timeout=2),
            "x": XSettings(**keys, base_url=self.x.url, read_timeout=2, **at_once),
            "facebook": FacebookSettings(**page, base_url=self.graph.url, read_timeout=2, **at_once),
            "messenger": MessengerSettings(**page, base_url=self.graph.url, read_timeout=2, **at_once),
            "mastodon": MastodonSettings(access_token=self.mastodon.token, base_url=self.mastodon.url, read_timeout=2, **at_once),
        }
