"""What the database does for each statement of the product: its plan, and how much it really read. Changes nothing.

A statement that reads a whole table, or a whole index, gets slower with every melding that was ever made.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from storage.database import Database

# The tables that grow with every melding.
GROWING = frozenset(
    {"meldingen", "events", "messages", "replies", "attempts", "melders", "people", "attachments", "corrections"}
    | {"guard_trips", "follow_links", "notes", "tasks"}
)
STEPS = 100  # SQLite tells of its work once in so many steps of its machine
_READS = re.compile(r"\s*(SELECT|UPDATE|DELETE|WITH)\b", re.IGNORECASE)
_ALIAS = re.compile(r"\b(\w+) AS (\w+)\b")
_SCAN = re.compile(r"SCAN (\w+)(?: USING (?:COVERING )?INDEX (\w+))?$")
_TOLD = ("Node Type", "Relation Name", "Index Name")
_WHOLE_INDEX = {"Index Scan", "Index Only Scan", "Bitmap Index Scan"}


@dataclass(slots=True, kw_only=True)
class Explained:
    """One statement. `scans` names the whole tables and whole indexes that its plan reads.

    `work` is the most that one execution took: steps of SQLite's machine, or rows that PostgreSQL looked at for a SELECT.
    """

    statement: str
    plan: tuple[str, ...]
    scans: frozenset[str]
    work: int = 0
    times: int = 0


@dataclass(slots=True)
class Plans:
    """Every distinct statement that was executed while watching, by its text."""

    found: dict[str, Explained] = field(default_factory=dict)

    def reading_whole(self) -> list[Explained]:
        return [one for one in self.found.values() if one.scans]


@contextmanager
def watching(database: Database) -> Iterator[Plans]:
    """Explain every statement just before it is executed, with its own values and in its own transaction."""
    plans = Plans()
    watcher = _Postgresql(plans) if database.engine.dialect.name == "postgresql" else _Sqlite(plans)
    hooks = {"before_cursor_execute": watcher.before, "checkin": watcher.rest}
    for name, hook in hooks.items():
        sa.event.listen(database.engine, name, hook)
    try:
        yield plans
    finally:
        for name, hook in hooks.items():
            sa.event.remove(database.engine, name, hook)
        database.engine.dispose()  # its connections still count steps


class _Sqlite:
    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._running: dict[int, Explained | None] = {}
        self._steps: dict[int, int] = {}
        self._partial: frozenset[str] | None = None

    def before(self, connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        driver: Any = connection.connection.driver_connection
        self._settle(id(driver))
        if not _READS.match(statement):
            return
        one = self._plans.found.get(statement)
        if one is None:
            driver.set_progress_handler(None, 0)
            one = self._plans.found[statement] = self._explain(driver, statement, parameters)
        one.times += 1
        self._running[id(driver)] = one
        driver.set_progress_handler(lambda: self._step(id(driver)), STEPS)

    def rest(self, driver: Any, _record: Any) -> None:
        self._settle(id(driver))

    def _step(self, driver: int) -> int:
        self._steps[driver] = self._steps.get(driver, 0) + STEPS
        return 0

    def _settle(self, driver: int) -> None:
        steps, one = self._steps.pop(driver, 0), self._running.pop(driver, None)
        if one is not None:
            one.work = max(one.work, steps)

    def _explain(self, driver: Any, statement: str, parameters: Any) -> Explained:
        if self._partial is None:
            names = driver.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql LIKE '% WHERE %'").fetchall()
            self._partial = frozenset(name for (name,) in names)
        plan = tuple(row[3] for row in driver.execute(f"EXPLAIN QUERY PLAN {statement}", parameters))
        tables = {alias: table for table, alias in _ALIAS.findall(statement)}
        scans = {
            f"{tables.get(found[1], found[1])} {found[2] or ''}".strip()
            for found in map(_SCAN.match, plan)
            if found and tables.get(found[1], found[1]) in GROWING and found[2] not in self._partial
        }
        return Explained(statement=statement, plan=plan, scans=frozenset(scans))


class _Postgresql:
    """A table of a few pages is read whole whatever indexes there are: what counts is whether the plan can do without."""

    def __init__(self, plans: Plans) -> None:
        self._plans = plans
        self._partial: frozenset[str] | None = None

    def before(self, connection: sa.Connection, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if not _READS.match(statement):
            return
        driver: Any = connection.connection.driver_connection
        one = self._plans.found.get(statement)
        if one is None:
            one = self._plans.found[statement] = self._explain(driver, statement, parameters)
        elif one.times < 20 and statement.lstrip().startswith("SELECT"):
            one.work = max(one.work, _rows_read(self._plan(driver, statement, parameters, measured=True)))
        one.times += 1

    def rest(self, _driver: Any, _record: Any) -> None:
        """PostgreSQL tells at once what it read."""

    def _explain(self, driver: Any, statement: str, parameters: Any) -> Explained:
        if self._partial is None:
            rows = driver.execute("SELECT indexname FROM pg_indexes WHERE indexdef LIKE '% WHERE %'").fetchall()
            self._partial = frozenset(name for (name,) in rows)
        is_select = statement.lstrip().startswith("SELECT")
        plan = self._plan(driver, statement, parameters, measured=is_select)
        driver.execute("SET enable_seqscan = off")  # LOCAL would need a transaction, and what only reads has none
        indexed = self._plan(driver, statement, parameters, measured=False)
        driver.execute("RESET enable_seqscan")
        small = _tables_of_few_pages(driver)
        scans = {name for name in self._scans(plan) if name.split()[0] not in small} | set(self._scans(indexed))
        lines = tuple(" ".join(str(node.get(key, "")) for key in _TOLD) for node in _nodes(plan))
        work = _rows_read(plan) if is_select else 0
        return Explained(statement=statement, plan=lines, scans=frozenset(scans), work=work)

    def _plan(self, driver: Any, statement: str, parameters: Any, *, measured: bool) -> dict[str, Any]:
        analyse = "ANALYZE, TIMING OFF, " if measured else ""
        with driver.cursor() as cursor:
            cursor.execute(f"EXPLAIN ({analyse}FORMAT JSON) {statement}", parameters)
            (found,) = cursor.fetchone()
        whole = found if isinstance(found, list) else json.loads(found)
        plan: dict[str, Any] = whole[0]["Plan"]
        return plan

    def _scans(self, plan: dict[str, Any]) -> Iterator[str]:
        for node in _nodes(plan):
            kind, index = node["Node Type"], node.get("Index Name", "")
            table = node.get("Relation Name") or _table_of(index)
            if table not in GROWING:
                continue
            if kind == "Seq Scan":
                yield str(table)
            elif kind in _WHOLE_INDEX and "Index Cond" not in node and index not in (self._partial or ()):
                yield f"{table} {index}"


def _tables_of_few_pages(driver: Any) -> frozenset[str]:
    rows = driver.execute("SELECT relname FROM pg_class WHERE relkind = 'r' AND relpages < 60").fetchall()
    return frozenset(name for (name,) in rows)


def _table_of(index: str) -> str:
    return next((table for table in sorted(GROWING, key=len, reverse=True) if f"_{table}" in index), "")


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for part in node.get("Plans", ()):
        yield from _nodes(part)


def _rows_read(plan: dict[str, Any]) -> int:
    """The rows that the scans of a plan really looked at, those they threw away too."""
    total = 0.0
    for node in _nodes(plan):
        if "Scan" in node["Node Type"] and "Actual Rows" in node:
            thrown = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
            total += (node["Actual Rows"] + thrown) * node["Actual Loops"]
    return int(total)
