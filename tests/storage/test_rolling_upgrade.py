"""Old code keeps running on the new schema: every migration only adds, and what it adds may be left out when inserting."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest
import sqlalchemy as sa

from storage.database import open_engine
from storage.migrate import revisions, upgrade

REVISIONS = revisions()


def schema(path: Path, revision: str) -> dict[str, dict[str, sa.engine.interfaces.ReflectedColumn]]:
    engine = open_engine(f"sqlite:///{path / revision}.sqlite3")
    upgrade(engine, revision)
    inspector = sa.inspect(engine)
    found = {name: {column["name"]: column for column in inspector.get_columns(name)} for name in inspector.get_table_names()}
    engine.dispose()
    return found


@pytest.mark.parametrize(("old", "new"), list(itertools.pairwise(REVISIONS)))
def test_what_the_old_code_writes_fits_the_new_schema(tmp_path: Path, old: str, new: str) -> None:
    before, after = schema(tmp_path, old), schema(tmp_path, new)
    for table, columns in before.items():
        assert table in after, f"{new} takes table {table} away"
        assert columns.keys() <= after[table].keys(), f"{new} takes columns of {table} away"
        for name, column in after[table].items():
            is_optional = column["nullable"] or column["default"] is not None
            assert name in columns or is_optional, f"{new}: old code cannot insert into {table} without {name}"
            assert name not in columns or is_optional or not columns[name]["nullable"], f"{new} makes {table}.{name} required"
