"""Figures for Prometheus: what the tables say at the moment of asking, and what this process met since it started.

Names and labels carry no texts and no people. docs/naslag/alarmregels.yaml asks for these names; a test compares them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime

from prometheus_client import CollectorRegistry, Counter, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from routing.errors import (
    ChannelAuthError,
    ChannelError,
    MessageRejectedError,
    RecipientUnreachableError,
    StorageUnavailableError,
    TemporaryChannelError,
)
from storage import queries
from storage.database import Database
from storage.queries import Health

UNCERTAIN = "onzeker"
_KINDS: dict[type[ChannelError], str] = {
    TemporaryChannelError: "tijdelijk",
    ChannelAuthError: "toegang",
    RecipientUnreachableError: "onbereikbaar",
    MessageRejectedError: "geweigerd",
}


class Meters:
    """The counters of one process, and the registry that a monitor reads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._taken_in = self._counter("wijkbalie_taken_in_messages", "Opgenomen berichten", "channel")
        self._sent = self._counter("wijkbalie_sent_replies", "Door het platform bevestigde antwoorden", "channel")
        self._fetch_errors = self._counter("wijkbalie_fetch_errors", "Mislukte ophaalbeurten naar soort", "channel", "kind")
        self._send_errors = self._counter("wijkbalie_send_errors", "Niet bevestigde verzendingen naar soort", "channel", "kind")

    def taken_in(self, channel: str, count: int) -> None:
        self._taken_in.labels(channel).inc(count)

    def sent(self, channel: str) -> None:
        self._sent.labels(channel).inc()

    def fetch_failed(self, channel: str, error: ChannelError) -> None:
        self._fetch_errors.labels(channel, _KINDS[type(error)]).inc()

    def send_failed(self, channel: str, error: ChannelError | None) -> None:
        """None means that the outcome is unknown."""
        self._send_errors.labels(channel, UNCERTAIN if error is None else _KINDS[type(error)]).inc()

    def read_tables(self, database: Database, now: Callable[[], datetime]) -> None:
        """Let the registry ask the tables too, each time a monitor reads."""
        self.registry.register(_Tables(database, now))

    def exposition(self) -> bytes:
        """The text format of Prometheus, version 0.0.4."""
        return generate_latest(self.registry)

    def _counter(self, name: str, words: str, *labels: str) -> Counter:
        return Counter(name, words, labels, registry=self.registry)


class _Tables(Collector):
    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database, self._now = database, now

    def describe(self) -> Iterator[GaugeMetricFamily]:
        """Nothing beforehand: registering must not read the database."""
        return iter(())

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = self._now()
        try:
            with self._database.reading() as connection:
                health = queries.health(connection, now)
        except StorageUnavailableError:
            yield GaugeMetricFamily("wijkbalie_database_up", "1 als de database antwoordt", value=0)
            return
        yield GaugeMetricFamily("wijkbalie_database_up", "1 als de database antwoordt", value=1)
        yield from _plain(health, now)
        yield from _per_channel(health, now)


def _plain(health: Health, now: datetime) -> Iterator[GaugeMetricFamily]:
    for name, words, value in (
        ("waiting_messages", "Opgenomen berichten die op behandeling wachten", health.waiting_messages),
        ("oldest_waiting_seconds", "Leeftijd van het oudste wachtende bericht", _age(health.oldest_waiting, now)),
        ("due_replies", "Antwoorden die nu verstuurd mogen worden", health.due_replies),
        ("oldest_due_seconds", "Hoe lang het oudste daarvan wacht", _age(health.oldest_due, now)),
        ("uncertain_replies", "Antwoorden waarvan niemand weet of ze er staan", health.uncertain),
        ("refused_replies", "Antwoorden die een platform weigerde", health.refused),
        ("by_hand_replies", "Antwoorden die een medewerker moet plaatsen", health.by_hand),
        ("unreadable_messages", "Berichten in de bak niet leesbaar", health.unreadable),
        ("broken_promises", "Beloften die verlopen zijn zonder nieuws", health.broken_promises),
        ("promises_in_danger", "Beloften die binnen twee uur verlopen of verlopen zijn", health.promises_in_danger),
        ("clock_behind_seconds", "Hoeveel de klok achterloopt op het nieuwste vastgelegde moment", _behind(health, now)),
    ):
        yield GaugeMetricFamily(f"wijkbalie_{name}", words, value=value)


def _per_channel(health: Health, now: datetime) -> Iterator[GaugeMetricFamily]:
    lag = GaugeMetricFamily(
        "wijkbalie_channel_lag_seconds", "Tijd sinds het kanaal voor het laatst is gelezen", labels=["channel"]
    )
    paused = GaugeMetricFamily("wijkbalie_channel_paused", "1 als het kanaal gestopt is", labels=["channel"])
    for state in health.channels:
        if state.last_fetch_at is not None:
            lag.add_metric([state.channel], _age(state.last_fetch_at, now))
        paused.add_metric([state.channel], float(state.paused_at is not None))
    yield from (lag, paused)


def _age(moment: datetime | None, now: datetime) -> float:
    return 0.0 if moment is None else max((now - moment).total_seconds(), 0.0)


def _behind(health: Health, now: datetime) -> float:
    return 0.0 if health.latest_moment is None else max((health.latest_moment - now).total_seconds(), 0.0)
