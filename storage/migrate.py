"""Bringing a database to the schema this code needs. Safe to run twice and from two processes at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

_MIGRATION_LOCK = 7_240_117  # any fixed number: the advisory lock that keeps two starting processes apart


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", "storage:migrations")
    return config


def upgrade(engine: sa.Engine) -> None:
    """Apply every migration that is missing. A schema of newer code is left alone: it only adds to what this code needs."""
    config = _config()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        if not _is_newer(connection):
            config.attributes["connection"] = connection
            command.upgrade(config, "head")


def is_current(engine: sa.Engine) -> bool:
    """Whether the database has the schema this code needs, or one of newer code."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    with engine.connect().execution_options(reads_only=True) as connection:
        return _revision(connection) == head or _is_newer(connection)


def _revision(connection: sa.Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _is_newer(connection: sa.Connection) -> bool:
    """A revision that this code does not know was made by newer code: history has one line."""
    revision = _revision(connection)
    known = {script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()}
    return revision is not None and revision not in known
