"""How much memory the whole application holds after a storm."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.product import Product, until
from benchmarks.residents import Meta, deliver
from bot.demo.storm import the_storm
from storage import queries
from storage.database import Database

_CLIENTS = 8
_SEED = 20261124
_PAGES = ("/inloggen", "/metrics", "/health/ready")


def megabytes_after_a_storm(folder: Path, count: int) -> float:
    """So many messages of the demo's storm, delivered at once, judged and answered; pages opened as well."""
    url = f"sqlite:///{folder / f'storm-{time.monotonic_ns()}.sqlite3'}"
    texts = the_storm(count, random.Random(_SEED))  # noqa: S311 - the same storm every time
    with Meta() as meta, Product(folder, url, meta.url) as product:
        deliver(meta.letters(texts), [product.port], _CLIENTS)
        for path in _PAGES:
            product.shows(path)
        database = Database.open(url)
        until(lambda: _is_over(database), "the storm does not end", every=0.5)
        database.close()
        return product.megabytes


def _is_over(database: Database) -> bool:
    with database.reading() as connection:
        health = queries.health(connection, datetime.now(UTC))
    return health.waiting_messages == 0 and health.due_replies == 0
