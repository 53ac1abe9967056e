"""Killing the product over and over while residents write, and comparing what it kept with the platforms' own logs.

The simulators live in this process and survive every kill, and so does their ground truth. One piece for tests and script.
"""

from __future__ import annotations

import random
import re
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from channels.simulator.faults import Fault, FaultKind, Side
from storage import audit, queries
from storage.audit import TakenIn
from storage.database import Database
from storage.migrate import upgrade
from storage.outbox import Reply, ReplyState
from storage.points import POINTS
from tests.kill.city import City
from tests.kill.process import Product

TOKEN = re.compile(r"WB-\d{4}-\d{5,}/\d+")
# Telegram cannot be read back: what is uncertain there must end before staff, and nowhere else may it stay uncertain.
CANNOT_READ_BACK = frozenset({"telegram"})
FAULTS = (
    *(
        Fault(kind=kind, side=Side.WRITE, times=None, probability=0.03, retry_after=timedelta(seconds=1))
        for kind in (FaultKind.RATE_LIMITED, FaultKind.ACCEPT_THEN_RESET, FaultKind.RESET_BEFORE, FaultKind.SERVER_ERROR)
    ),
    *(
        Fault(kind=kind, side=Side.WRITE, times=None, probability=0.01)
        for kind in (FaultKind.ACCEPT_THEN_BAD_GATEWAY, FaultKind.ACCEPT_THEN_TRUNCATE, FaultKind.ACCEPT_THEN_TIMEOUT)
    ),
    *(
        Fault(kind=kind, side=Side.READ, times=None, probability=0.03, retry_after=timedelta(seconds=1))
        for kind in (FaultKind.DUPLICATES, FaultKind.OUT_OF_ORDER, FaultKind.REPEATED_PAGE, FaultKind.SERVER_ERROR)
    ),
)
_LONGEST_LIFE = 12.0
_STANDSTILL_SECONDS = 60
_MESSAGES_PER_LIFE = (2, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How many kills, by which dice, and how many processes work on the database at the same time."""

    kills: int
    seed: int
    processes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What was found afterwards. `points` counts the kills at each named point; `problems` is empty when all was kept."""

    kills: int
    messages: int
    lost: int
    doubled: int
    replies: int
    replies_lost: int
    replies_doubled: int
    uncertain: int
    points: Counter[str]
    problems: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"kills {self.kills}, messages {self.messages}, lost {self.lost}, doubled {self.doubled}, "
            f"replies {self.replies}, replies lost {self.replies_lost}, replies doubled {self.replies_doubled}, "
            f"uncertain {self.uncertain}"
        )


def play(database_url: str, city: City, folder: Path, plan: Plan) -> Outcome:
    """Kill as planned, let everything settle on an honest clock, and compare."""
    config = folder / "config.toml"
    config.write_text(city.config(database_url), encoding="utf-8")
    database = Database.open(database_url)
    upgrade(database.engine)
    try:
        points = _kill_over_and_over(city, config, plan)
        _let_settle(database, city, config)
        return _compare(database, city, plan, points)
    finally:
        database.close()


def _kill_over_and_over(city: City, config: Path, plan: Plan) -> Counter[str]:
    dice, points = random.Random(plan.seed), Counter[str]()
    named = _named_points(dice)
    for simulator in city.simulators:
        for fault in FAULTS:
            simulator.faults.add(fault)
    with ExitStack() as stack:
        products = [stack.enter_context(Product(config, config.parent / f"log-{n}")) for n in range(plan.processes)]
        orders = [_start(product, dice, named) for product in products]
        for number in range(plan.kills):
            which = number % plan.processes
            died_there = _await_end(city, products[which], dice, at=orders[which])
            points[orders[which] if died_there else ""] += 1
            orders[which] = _start(products[which], dice, named)
    for simulator in city.simulators:
        simulator.faults.clear()
    return points


def _named_points(dice: random.Random) -> Iterator[str]:
    """Every named point over and over, each time in another order."""
    while True:
        yield from dice.sample(POINTS, len(POINTS))


def _start(product: Product, dice: random.Random, named: Iterator[str]) -> str:
    """Start it with its own clock. Three of four die at a named point (returned), the fourth at a random moment ('')."""
    point = next(named) if dice.random() < 3 / 4 else ""
    product.start(die_at=point, times=dice.randint(1, 3), clock_seed=dice.randrange(1_000_000))
    return point


def _await_end(city: City, product: Product, dice: random.Random, *, at: str) -> bool:
    """Let residents write until the process dies at its point; end it at a random moment when it has none or never comes by.

    Returns whether it died at its point.
    """
    if at:
        product.await_ready()
    deadline = time.monotonic() + (_LONGEST_LIFE if at else dice.uniform(0.1, 4.0))
    most = dice.randint(*_MESSAGES_PER_LIFE)
    while time.monotonic() < deadline and not product.is_dead:
        if most > 0:
            city.somebody_writes()
        most -= 1
        time.sleep(dice.uniform(0.1, 0.4))
    died_there = product.is_dead
    product.kill()
    return died_there


def _let_settle(database: Database, city: City, config: Path) -> None:
    """Run one process until every message is handled and every reply that can be settled is, or nothing moves; then stop it."""
    with Product(config, config.parent / "log") as product:
        product.start(die_at="", times=0, clock_seed=None)
        product.await_ready()
        left, moved_at = _left(database, city), time.monotonic()
        while left and time.monotonic() < moved_at + _STANDSTILL_SECONDS:
            assert not product.is_dead
            time.sleep(1)
            before, left = left, _left(database, city)
            moved_at = time.monotonic() if left != before else moved_at
        product.stop()


def _left(database: Database, city: City) -> int:
    """How many messages and replies are not settled yet."""
    with database.reading() as connection:
        messages, replies = audit.all_messages(connection), audit.all_replies(connection)
    handled = {(message.channel, message.external_id) for message in messages if message.state != "wacht"}
    return len(city.written - handled) + sum(_is_under_way(reply) for reply in replies)


def _is_under_way(reply: Reply) -> bool:
    is_looked_for = reply.state is ReplyState.UNCERTAIN and reply.channel not in CANNOT_READ_BACK
    return is_looked_for or reply.state in {ReplyState.READY, ReplyState.BUSY}


def _compare(database: Database, city: City, plan: Plan, points: Counter[str]) -> Outcome:
    with database.reading() as connection:
        messages, replies = audit.all_messages(connection), audit.all_replies(connection)
        meldingen = audit.all_meldingen(connection)
        before_staff = {reply.id for reply in queries.unsent_replies(connection, limit=10_000) if reply.problem}
        torn = [melding.kenmerk for melding in meldingen if not queries.is_log_whole(connection, melding.id)]
    lost = city.written - {(message.channel, message.external_id) for message in messages}
    doubled = _taken_twice(messages)
    posts = Counter(token for simulator in city.simulators for post in simulator.posted for token in TOKEN.findall(post.text))
    lost_replies = [reply for reply in replies if _is_lost(reply, posts)]
    doubled_replies = [token for token, count in posts.items() if count > 1]
    uncertain = [reply for reply in replies if reply.state is ReplyState.UNCERTAIN]
    problems = [
        *(f"lost: {channel} {external_id}" for channel, external_id in sorted(lost)),
        *(f"taken in twice: {what}" for what in doubled),
        *(f"reply lost: {reply.token} on {reply.channel} is {reply.state} ({reply.problem})" for reply in lost_replies),
        *(f"reply doubled: {token} stands {posts[token]} times" for token in doubled_replies),
        *(f"posted but never decided: {token}" for token in posts.keys() - {reply.token for reply in replies}),
        *(f"uncertain, but not before staff: {reply.token}" for reply in uncertain if reply.id not in before_staff),
        *(f"event log of {kenmerk} is torn" for kenmerk in torn),
    ]
    return Outcome(
        kills=plan.kills,
        messages=len(city.written),
        lost=len(lost),
        doubled=len(doubled),
        replies=len(replies),
        replies_lost=len(lost_replies),
        replies_doubled=len(doubled_replies),
        uncertain=len(uncertain),
        points=points,
        problems=tuple(problems),
    )


def _taken_twice(messages: tuple[TakenIn, ...]) -> list[str]:
    """A message kept twice, or a melding of two messages: each resident of this city writes once."""
    kept = Counter((message.channel, message.external_id) for message in messages)
    of_melding = Counter(message.melding_id for message in messages if message.melding_id is not None)
    return [
        *(f"message {channel} {external_id}" for (channel, external_id), count in kept.items() if count > 1),
        *(f"melding {melding_id}" for melding_id, count in of_melding.items() if count > 1),
    ]


def _is_lost(reply: Reply, posts: Counter[str]) -> bool:
    return _is_under_way(reply) or (reply.state is ReplyState.SENT and posts[reply.token] != 1)
