"""How much faster two processes are than one: the full chain on PostgreSQL, from the webhook to the reply at the platform."""

from __future__ import annotations

import random
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.product import Product
from benchmarks.residents import Letter, Meta, deliver, plain_texts
from tests.databases import serving_postgres

_CLIENTS = 8
_CHANNELS = ("messenger", "facebook")
_WARMING_UP = 10


def answered_per_second(folder: Path, count: int, processes: int) -> float:
    """The platform delivers to the processes in turn, as a load balancer would; each judges and posts what it can get."""
    with ExitStack() as stack:
        server = stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-", dir=folder))
        url = stack.enter_context(serving_postgres(Path(server), waits_for_disk=True))
        meta = stack.enter_context(Meta())
        ports = [stack.enter_context(Product(folder, url, meta.url, channels=_CHANNELS)).port for _ in range(processes)]
        first, letters = _letters(meta, _WARMING_UP), _letters(meta, count)
        deliver(first, ports, _CLIENTS)
        meta.answers.moment_for([letter.person for letter in first])
        started = time.perf_counter()
        deliver(letters, ports, _CLIENTS)
        return count / (meta.answers.moment_for([letter.person for letter in letters]) - started)


def _letters(meta: Meta, count: int) -> list[Letter]:
    """Half of them in Messenger, half on the page, mixed: one process at a time posts on a channel."""
    texts = plain_texts(count)
    letters = [*meta.letters(texts[::2]), *meta.posts(texts[1::2])]
    random.Random(count).shuffle(letters)  # noqa: S311 - the same order every time
    return letters
