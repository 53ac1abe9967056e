"""How long a resident waits when nothing else happens: from 200 at the webhook to the reply at the platform."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from benchmarks.product import Product
from benchmarks.residents import Letter, Meta, deliver, plain_texts

_REST_SECONDS = 0.15


def milliseconds_to_reply(folder: Path, count: int) -> float:
    """The median over so many messages, one at a time."""
    url = f"sqlite:///{folder / f'answer-{time.monotonic_ns()}.sqlite3'}"
    with Meta() as meta, Product(folder, url, meta.url) as product:
        first, *letters = meta.letters(plain_texts(count + 1))
        _wait_for_reply(first, product, meta)
        return 1000 * statistics.median(_wait_for_reply(letter, product, meta) for letter in letters)


def _wait_for_reply(letter: Letter, product: Product, meta: Meta) -> float:
    time.sleep(_REST_SECONDS)
    deliver([letter], [product.port], 1)
    accepted = time.perf_counter()
    return meta.answers.moment_for([letter.person]) - accepted
