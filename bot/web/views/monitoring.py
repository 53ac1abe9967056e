"""For machines that watch: alive, ready, and figures for Prometheus. No texts, no names; open on the desk's own address."""

from __future__ import annotations

import structlog
from fastapi import APIRouter
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import JSONResponse, Response

from bot.web.guard import Admitted, Entry, needs
from routing.errors import StorageUnavailableError
from storage.migrate import is_current

router = APIRouter(dependencies=[needs(Entry.OPEN)])
_log = structlog.get_logger(__name__)


@router.get("/health/live")
async def live(_visit: Admitted) -> Response:
    """200 as long as the process answers; restart it when this fails."""
    return JSONResponse({"status": "ok"})


@router.get("/health/ready")
def ready(visit: Admitted) -> Response:
    """200 when the database answers with a schema this code knows and every step of this process works; else 503 with why."""
    problems = dict(visit.desk.trouble)
    try:
        if not is_current(visit.desk.database.engine):
            problems["database"] = "De database heeft een ander schema; voer de migraties uit of start de juiste versie."
    except StorageUnavailableError as error:
        problems["database"] = str(error)
    if problems:
        _log.warning("not ready", steps=sorted(problems))
    return JSONResponse({"status": "fout" if problems else "ok", "problems": problems}, status_code=503 if problems else 200)


@router.get("/metrics")
def metrics(visit: Admitted) -> Response:
    return Response(visit.desk.meters.exposition(), media_type=CONTENT_TYPE_PLAIN_0_0_4)
