"""The stream of news to open pages (server-sent events). Carries positions, counts and colleagues' names; no text of anybody."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from bot.roles import Right
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext
from bot.web.live import News, Pulse
from bot.web.open_pages import Box
from bot.web.sessions import Sessions
from bot.web.views.melding import melding_id_of
from routing.errors import NotFoundError, StorageUnavailableError
from storage import queries

router = APIRouter()
BEAT_SECONDS = 15.0  # proxies close what stays silent for longer


@router.get("/stroom", dependencies=[needs(Right.LOOK)])
async def stream(visit: Admitted, melding: str = "") -> Response:
    """`nieuws` when anything changed; on the page of a melding also `versie` (its events) and `aanwezig` (who looks or types)."""
    melding_id = int(melding) if re.fullmatch(r"[0-9]{1,12}", melding) else None
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_lines(visit, melding_id), media_type="text/event-stream", headers=headers)


@router.post("/stroom", dependencies=[needs(Right.LOOK)])
async def hear_typing(visit: Admitted, melding: str = "") -> Response:
    """The page of a melding tells that its colleague types, and in which box; not what."""
    melding_id = melding_id_of(melding)
    box = visit.form.choice("vak", tuple(Box), gettext("Dit vak is er niet. Laad de pagina opnieuw."))
    pulse: Pulse = visit.request.app.state.pulse
    pulse.hear_typing(melding_id, visit.account, Box(box))
    return Response(status_code=204)


async def _lines(visit: Visit, melding_id: int | None) -> AsyncIterator[str]:
    pulse: Pulse = visit.request.app.state.pulse
    with pulse.listening(melding_id, visit.account):
        seen: News | None = None
        yield "retry: 3000\n\n"
        while await asyncio.to_thread(_may_stay, visit):
            news = await pulse.wait(melding_id, visit.account, seen, BEAT_SECONDS)
            if news == seen:
                yield ": nog hier\n\n"
                continue
            is_moved = seen is None or news.position != seen.position
            if seen is not None and is_moved:
                yield f"event: nieuws\ndata: {news.position}\n\n"
            seen = news
            if melding_id is not None:
                yield f"event: aanwezig\ndata: {_colleagues(news)}\n\n"
            if melding_id is not None and is_moved:
                yield f"event: versie\ndata: {await asyncio.to_thread(_version, visit, melding_id)}\n\n"


def _may_stay(visit: Visit) -> bool:
    """Whether the session is still there. While the database is away nobody can tell, and only colleagues' names are told."""
    sessions: Sessions = visit.request.app.state.sessions
    try:
        return sessions.find(visit.token) is not None
    except StorageUnavailableError:
        return True


def _colleagues(news: News) -> str:
    """Names by what they do, as JSON: a name can break no line of the stream."""
    return json.dumps({"kijkt": news.looking, Box.ANSWER: news.answering, Box.NOTE: news.noting})


def _version(visit: Visit, melding_id: int) -> int:
    with visit.desk.database.reading() as connection:
        try:
            return queries.get_melding(connection, melding_id).event_count
        except NotFoundError:
            return 0
