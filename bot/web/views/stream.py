"""The stream of news to open pages (server-sent events). Carries positions, counts and colleagues' names; no text of anybody."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

from fastapi import APIRouter
from starlette.responses import Response, StreamingResponse

from bot.roles import Right
from bot.web.guard import Admitted, Visit, needs
from bot.web.live import Pulse
from bot.web.sessions import Sessions
from routing.errors import NotFoundError
from storage import queries

router = APIRouter()
BEAT_SECONDS = 15.0  # proxies close what stays silent for longer


@router.get("/stroom", dependencies=[needs(Right.LOOK)])
async def stream(visit: Admitted, melding: str = "") -> Response:
    """`nieuws` when anything changed; on the page of a melding also `versie` (its events) and `aanwezig` (who else looks)."""
    melding_id = int(melding) if re.fullmatch(r"[0-9]{1,12}", melding) else None
    headers = {"X-Accel-Buffering": "no"}
    return StreamingResponse(_lines(visit, melding_id), media_type="text/event-stream", headers=headers)


async def _lines(visit: Visit, melding_id: int | None) -> AsyncIterator[str]:
    pulse: Pulse = visit.request.app.state.pulse
    sessions: Sessions = visit.request.app.state.sessions
    with pulse.listening(melding_id, visit.account):
        seen = ""
        yield "retry: 3000\n\n"
        while await asyncio.to_thread(sessions.find, visit.token) is not None:
            state = await pulse.wait(seen, BEAT_SECONDS)
            if state == seen:
                yield ": nog hier\n\n"
                continue
            if seen:
                yield f"event: nieuws\ndata: {state}\n\n"
            seen = state
            if melding_id is not None:
                yield f"event: aanwezig\ndata: {', '.join(pulse.others(melding_id, visit.account))}\n\n"
                yield f"event: versie\ndata: {await asyncio.to_thread(_version, visit, melding_id)}\n\n"


def _version(visit: Visit, melding_id: int) -> int:
    with visit.desk.database.reading() as connection:
        try:
            return queries.get_melding(connection, melding_id).event_count
        except NotFoundError:
            return 0
