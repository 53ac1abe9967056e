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


def revisions() -> tuple[str, ...]:
    """Every step of the schema, the oldest first."""
    scripts = ScriptDirectory.from_config(_config())
    return tuple(script.revision for script in scripts.walk_revisions())[::-1]


def upgrade(engine: sa.Engine, revision: str = "head") -> None:
    """Apply every migration that is missing, up to `revision`. A schema of newer code, which only adds, is left alone."""
    config = _config()
    with engine.begin() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
        if not _is_newer(connection):
            config.attributes["connection"] = connection
            command.upgrade(config, revision)


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
    return revision is not None and revision not in revisions()
