"""How it goes: a page in plain Dutch for colleagues, and figures for a monitor."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import structlog
from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from bot.roles import Right
from bot.web.condition import machine_concerns
from bot.web.desk import Desk
from bot.web.guard import Admitted, Entry, needs
from bot.web.pages import Pages
from bot.wellbeing import judge_health
from storage import queries
from storage.queries import Health

router = APIRouter()
_log = structlog.get_logger(__name__)


@router.get("/gezondheid", dependencies=[needs(Right.LOOK)])
def show_health(visit: Admitted) -> Response:
    pages: Pages = visit.request.app.state.pages
    desk = visit.desk
    now = desk.now()
    with desk.database.reading() as connection:
        health = queries.health(connection, now)
    values = {
        "health": health,
        "still": machine_concerns(health, desk.municipality, now),
        "all_concerns": judge_health(health, desk.municipality, now),
        "place": "gezondheid",
    }
    return pages.show(visit, "gezondheid.html", values)


@router.get("/health", dependencies=[needs(Entry.OPEN)])
def monitor(visit: Admitted) -> Response:
    """200 when the machine runs, 503 when something stands still. Figures only: no texts, no names, no errors."""
    desk = visit.desk
    now = desk.now()
    try:
        with desk.database.reading() as connection:
            health = queries.health(connection, now)
    except Exception as error:  # noqa: BLE001 - whatever keeps the database from answering, a monitor wants to hear it as 503
        _log.error("health: the database does not answer", kind=type(error).__name__)
        return JSONResponse({"status": "fout", "database": False}, status_code=503)
    return _figures(desk, health, now)


def _figures(desk: Desk, health: Health, now: datetime) -> JSONResponse:
    still = machine_concerns(health, desk.municipality, now)
    body: dict[str, Any] = {
        "status": "aandacht" if still else "ok",
        "database": True,
        "waiting_messages": health.waiting_messages,
        "oldest_waiting_seconds": _seconds(health.oldest_waiting, now),
        "due_replies": health.due_replies,
        "oldest_due_seconds": _seconds(health.oldest_due, now),
        "uncertain": health.uncertain,
        "refused": health.refused,
        "by_hand": health.by_hand,
        "unreadable": health.unreadable,
        "broken_promises": health.broken_promises,
        "channels": {
            state.channel: {"paused": state.paused_at is not None, "last_fetch_seconds": _seconds(state.last_fetch_at, now)}
            for state in health.channels
        },
    }
    return JSONResponse(body, status_code=503 if still else 200)


def _seconds(moment: datetime | None, now: datetime) -> int | None:
    return None if moment is None else int((now - moment).total_seconds())
