"""How fast webhooks are accepted: real HTTP to `wijkbalie run --role web`; verified, recognised, stored, 200 after the commit."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.measure import per_second
from benchmarks.product import Product
from benchmarks.residents import Meta, deliver, plain_texts
from storage import audit
from storage.database import Database

_WARMING_UP = 20


def accepted_per_second(folder: Path, count: int, clients: int) -> float:
    """The platform is never spoken to: this process only takes in."""
    meta = Meta()
    first, letters = meta.letters(plain_texts(_WARMING_UP)), meta.letters(plain_texts(count))
    url = f"sqlite:///{folder / f'accept-{time.monotonic_ns()}.sqlite3'}"
    with Product(folder, url, "http://127.0.0.1:9", role="web") as product:
        deliver(first, [product.port], clients)
        rate = per_second(count, lambda: deliver(letters, [product.port], clients))
    _check(url, {letter.person for letter in (*first, *letters)})
    return rate


def _check(url: str, people: set[str]) -> None:
    """What was answered with 200 stands in the database."""
    database = Database.open(url)
    with database.reading() as connection:
        kept = {message.person for message in audit.all_messages(connection)}
    database.close()
    if kept != people:
        raise RuntimeError(f"{len(people)} deliveries were answered with 200, {len(kept)} are kept")
