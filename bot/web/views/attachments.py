"""Files of residents, for a colleague who is logged in: pictures to look at, everything else to save."""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from bot.filetypes import PICTURES
from bot.web.guard import Admitted
from routing.errors import NotFoundError
from storage import queries

router = APIRouter()
_SUFFIXES = {"application/pdf": "pdf", "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "video/mp4": "mp4"}


@router.get("/bijlagen/{number}")
def show_attachment(visit: Admitted, number: str) -> Response:
    """The file as it was cleaned. Its type is ours, never the sender's, and no browser runs anything in it."""
    if re.fullmatch(r"[0-9]{1,12}", number) is None:
        raise NotFoundError("Deze bijlage bestaat niet.")
    with visit.desk.database.reading() as connection:
        one = queries.get_attachment(connection, int(number))
    path = visit.desk.files.path(one.sha256) if one.sha256 and visit.desk.files else None
    if path is None or not path.is_file() or one.media_type is None:
        raise NotFoundError("Deze bijlage is niet bewaard. Bekijk haar op het platform.")
    is_picture = one.media_type in PICTURES
    name = f"bijlage-{one.id}.{_SUFFIXES.get(one.media_type, one.media_type.partition('/')[2])}"
    return FileResponse(
        path, media_type=one.media_type, filename=name, content_disposition_type="inline" if is_picture else "attachment"
    )
