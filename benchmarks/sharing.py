"""How much faster two processes are than one: the full chain on PostgreSQL, from the webhook to the reply at the platform."""

from __future__ import annotations

import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from benchmarks.product import Product
from benchmarks.residents import Messenger, deliver, plain_texts
from tests.databases import serving_postgres

_CLIENTS = 8
_WARMING_UP = 10


def answered_per_second(folder: Path, count: int, processes: int) -> float:
    """The platform delivers to the processes in turn, as a load balancer would; each judges and posts what it can get."""
    with ExitStack() as stack:
        server = stack.enter_context(tempfile.TemporaryDirectory(prefix="pg-", dir=folder))
        url = stack.enter_context(serving_postgres(Path(server), waits_for_disk=True))
        messenger = stack.enter_context(Messenger())
        ports = [stack.enter_context(Product(folder, url, messenger.url)).port for _ in range(processes)]
        first, letters = messenger.letters(plain_texts(_WARMING_UP)), messenger.letters(plain_texts(count))
        deliver(first, ports, _CLIENTS)
        messenger.answers.moment_for([letter.person for letter in first])
        started = time.perf_counter()
        deliver(letters, ports, _CLIENTS)
        return count / (messenger.answers.moment_for([letter.person for letter in letters]) - started)
