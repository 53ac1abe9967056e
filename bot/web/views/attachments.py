"""Files of residents: pictures for whoever may look, everything else for who handles the melding or may see contact details.

A letter or a recording says who wrote it, and nothing in it can be masked.
"""

from __future__ import annotations

import re

from fastapi import APIRouter
from starlette.responses import FileResponse, Response

from bot.filetypes import PICTURES
from bot.roles import Right, may_handle
from bot.web.guard import Admitted, ForbiddenError, Visit, needs
from bot.web.language import gettext
from routing.errors import NotFoundError
from storage import queries
from storage.meldingen import Melding

router = APIRouter()
_SUFFIXES = {"application/pdf": "pdf", "audio/ogg": "ogg", "audio/mpeg": "mp3", "audio/mp4": "m4a", "video/mp4": "mp4"}


@router.get("/bijlagen/{number}", dependencies=[needs(Right.LOOK)])
def show_attachment(visit: Admitted, number: str) -> Response:
    """The file as it was cleaned. Its type is ours, never the sender's, and no browser runs anything in it."""
    if re.fullmatch(r"[0-9]{1,12}", number) is None:
        raise NotFoundError(gettext("Deze bijlage bestaat niet."))
    with visit.desk.database.reading() as connection:
        one = queries.get_attachment(connection, int(number))
        melding = queries.melding_of_attachment(connection, one)
    is_picture = one.media_type in PICTURES
    if not is_picture and not may_open(visit, melding):
        raise ForbiddenError(
            gettext("U mag deze bijlage niet openen: er kunnen contactgegevens in staan. Vraag een collega die dat mag.")
        )
    path = visit.desk.files.path(one.sha256) if one.sha256 and visit.desk.files else None
    if path is None or not path.is_file() or one.media_type is None:
        raise NotFoundError(gettext("Deze bijlage is niet bewaard. Bekijk haar op het platform."))
    name = f"bijlage-{one.id}.{_SUFFIXES.get(one.media_type, one.media_type.partition('/')[2])}"
    return FileResponse(
        path, media_type=one.media_type, filename=name, content_disposition_type="inline" if is_picture else "attachment"
    )


def may_open(visit: Visit, melding: Melding | None) -> bool:
    """Whether this colleague may open what cannot be masked."""
    return visit.account.sees_contacts or (melding is not None and may_handle(visit.account, melding))
