"""Checking the promises of docs/uitleg/beloften.md against the platforms' own logs, after a morning was played."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bot.bootstrap import Application
from bot.demo.city import City
from channels.simulator.server import Posted
from routing.decision import Zone
from routing.melding import Event
from routing.personal_data import find_personal_data
from storage import audit, queries
from storage.audit import TakenIn
from storage.meldingen import Melding
from storage.outbox import Reply, ReplyState
from storage.queues import Asked, Queue, page

TOKEN = re.compile(r"WB-\d{4}-\d{5,}/\d+")
_MACHINE = "wijkbalie"
_PUBLIC_WAYS = frozenset({"comment", "create_tweet", "unlisted"})  # as the simulators name them


@dataclass(frozen=True, slots=True)
class Promise:
    """A promise, how it was checked, and every place where it was broken (none when it was kept)."""

    name: str
    checked: str
    broken: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """What the platforms and the database each say."""

    written: list[tuple[str, str]]
    posted: tuple[Posted, ...]
    messages: tuple[TakenIn, ...]
    meldingen: tuple[Melding, ...]
    replies: tuple[Reply, ...]
    events: dict[int, tuple[queries.EventLine, ...]]
    whole_chains: dict[int, bool]
    top_of_queue: tuple[Melding, ...]


def check_promises(city: City, application: Application) -> tuple[Promise, ...]:
    facts = _gather(city, application)
    checks: tuple[tuple[str, str, Callable[[_Facts], Iterator[str]]], ...] = (
        ("Niets gaat verloren", f"{len(facts.written)} geschreven berichten teruggezocht", _lost),
        ("Niets wordt dubbel opgenomen", "alles nog eens aangeboden; elke melding begint met één bericht", _doubled),
        ("Niets verdwijnt stil", "elk bericht hoort bij een melding of ligt in de bak", _dropped),
        (
            "Een antwoord wordt één keer geplaatst",
            f"{len(facts.posted)} posts op de platforms naast de antwoorden gelegd",
            _posts,
        ),
        ("Elke verandering is een gebeurtenis", f"{len(facts.whole_chains)} logboeken nagerekend", _chains),
        ("Bij twijfel beslist een mens", "geen onzekere melding is zonder collega doorgezet; gevaar staat bovenaan", _zones),
        ("Niets persoonlijks in het openbaar", "openbare posts doorzocht op persoonsgegevens", _public),
        ("De bewoner hoort terug", "elke melder kreeg een antwoord, of er ligt een tekst klaar voor een collega", _heard),
    )
    return tuple(Promise(name, checked, tuple(check(facts))) for name, checked, check in checks)


def _gather(city: City, application: Application) -> _Facts:
    with application.database.reading() as connection:
        meldingen = audit.all_meldingen(connection)
        messages, replies = audit.all_messages(connection), audit.all_replies(connection)
        events = {melding.id: queries.event_log(connection, melding.id) for melding in meldingen}
        asked = Asked(queue=Queue.TO_JUDGE, now=application.now(), soon=application.now())
        top = page(connection, asked, limit=sum(melding.is_emergency for melding in meldingen) or 1).meldingen
    with application.database.work() as work:
        chains = {melding.id: work.meldingen.verify_chain(melding.id) for melding in meldingen}
    return _Facts(
        written=city.written,
        posted=tuple(post for simulator in city.simulators for post in simulator.posted),
        messages=messages,
        meldingen=meldingen,
        replies=replies,
        events=events,
        whole_chains=chains,
        top_of_queue=top,
    )


def _lost(facts: _Facts) -> Iterator[str]:
    taken = {(message.channel, message.external_id) for message in facts.messages}
    yield from (
        f"{channel} {external_id} is niet opgenomen"
        for channel, external_id in facts.written
        if (channel, external_id) not in taken
    )


def _doubled(facts: _Facts) -> Iterator[str]:
    if len(facts.messages) != len(facts.written):
        yield f"{len(facts.messages)} berichten opgenomen, {len(facts.written)} geschreven"
    received = Counter(
        melding_id for melding_id, lines in facts.events.items() for line in lines if line.event == Event.ONTVANGEN
    )
    yield from (f"melding {melding_id} begon {count} keer" for melding_id, count in received.items() if count != 1)


def _dropped(facts: _Facts) -> Iterator[str]:
    for message in facts.messages:
        if message.state != "onleesbaar" and message.melding_id is None:
            yield f"bericht {message.id} hoort nergens bij"


def _posts(facts: _Facts) -> Iterator[str]:
    seen = Counter(token for post in facts.posted for token in set(TOKEN.findall(post.text)))
    known = {reply.token for reply in facts.replies}
    yield from (f"{token} staat {count} keer op het platform" for token, count in seen.items() if count > 1)
    yield from (f"{token} is geplaatst maar nergens besloten" for token in seen if token not in known)
    for reply in facts.replies:
        if reply.state is ReplyState.SENT and seen[reply.token] != 1:
            yield f"{reply.token} heet verzonden maar staat niet op het platform"
        if reply.state in {ReplyState.READY, ReplyState.BUSY, ReplyState.REFUSED}:
            yield f"{reply.token} is blijven liggen ({reply.state}: {reply.problem})"
        if reply.state is ReplyState.UNCERTAIN and reply.channel != "telegram":
            yield f"{reply.token} is onzeker gebleven op {reply.channel}"


def _chains(facts: _Facts) -> Iterator[str]:
    yield from (
        f"het logboek van melding {melding_id} klopt niet" for melding_id, is_whole in facts.whole_chains.items() if not is_whole
    )


def _zones(facts: _Facts) -> Iterator[str]:
    moves = {Event.DOORGEZET, Event.DOORVERWEZEN, Event.AFGEHANDELD}
    for melding in facts.meldingen:
        lines = facts.events[melding.id]
        if melding.zone != Zone.AUTO and any(line.event in moves and line.actor == _MACHINE for line in lines):
            yield f"{melding.kenmerk} is zonder collega doorgezet bij {melding.confidence:.0%} zekerheid"
    emergencies = [melding for melding in facts.meldingen if melding.is_emergency]
    if not emergencies:
        yield "het noodgeval van de ochtend is niet herkend"
    if [melding.id for melding in facts.top_of_queue[: len(emergencies)]] != [melding.id for melding in emergencies]:
        yield "een noodgeval staat niet bovenaan"
    for melding in emergencies:
        if not any(reply.melding_id == melding.id and "112" in reply.text for reply in facts.replies):
            yield f"{melding.kenmerk} kreeg geen 112 te horen"


def _public(facts: _Facts) -> Iterator[str]:
    for post in facts.posted:
        if post.way in _PUBLIC_WAYS:
            yield from (f"een openbare post bevat een {finding.kind}" for finding in find_personal_data(post.text))


def _heard(facts: _Facts) -> Iterator[str]:
    answered = {reply.melding_id for reply in facts.replies if reply.state is not ReplyState.DROPPED}
    for melding in facts.meldingen:
        if melding.id not in answered and melding.kind != "spam" and melding.lead != "geen_actie":
            yield f"{melding.kenmerk} ({melding.lead}) hoorde niets"
