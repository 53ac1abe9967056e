"""Alembic's entry. The connection comes from `storage.migrate`, never from a file."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext

import storage.few  # noqa: F401 - indexes of the tables
from storage.tables import UtcDateTime, metadata


def _render(kind: str, item: Any, _context: AutogenContext) -> str | Literal[False]:
    return "UtcDateTime()" if kind == "type" and isinstance(item, UtcDateTime) else False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite cannot alter a table in place
    render_item=_render,
)
with context.begin_transaction():
    context.run_migrations()
