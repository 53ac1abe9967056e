"""A file of a resident is for a colleague who is logged in, and can do nothing in a browser."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.files import FileStore
from routing.messages import Attachment, AttachmentKind
from storage.database import Database
from tests.builders import a_message
from tests.web.desk import DeskAtWork, a_desk

PDF = b"%PDF-1.7 een brief"


@pytest.fixture
async def desk(database: Database, tmp_path: Path) -> DeskAtWork:
    store = FileStore(folder=tmp_path / "bijlagen")
    desk = a_desk(database, files=store)
    photo = Attachment(kind=AttachmentKind.DOCUMENT, reference="f1")
    desk.office.receive(a_message(attachments=(photo, photo)))
    file = store.temporary()
    file.write_bytes(PDF)
    kept = store.admit(file)
    store.put(kept)
    with database.work() as work:
        one = work.attachments.claim_due("telegram", desk.office.clock(), lease=desk.office.clock() - desk.office.clock())
        assert one is not None
        work.attachments.record_kept(one, sha256=kept.sha256, size=kept.size, media_type=kept.media_type)
        other = work.attachments.get(one.id + 1)
        work.attachments.record_refused(other, "dit soort bestand bewaren wij niet")
        work.commit()
    return desk


async def test_a_stranger_gets_nothing(desk: DeskAtWork) -> None:
    response = await desk.get("/bijlagen/1")
    assert PDF not in response.content
    assert "inloggen" in str(response.url) or response.status_code == 303


async def test_a_colleague_saves_a_document_and_sees_what_was_refused(desk: DeskAtWork) -> None:
    await desk.log_in()
    response = await desk.get("/bijlagen/1")
    page = await desk.get("/meldingen/1")
    assert (response.content, response.headers["content-type"]) == (PDF, "application/pdf")
    assert response.headers["content-disposition"].startswith("attachment")
    assert response.headers["x-content-type-options"] == "nosniff"
    assert '/bijlagen/1"' in page.text
    assert "dit soort bestand bewaren wij niet" in page.text


@pytest.mark.parametrize("number", ["2", "99", "..%2f..%2fetc%2fpasswd", "x"])
async def test_what_is_not_kept_is_not_found(desk: DeskAtWork, number: str) -> None:
    await desk.log_in()
    assert (await desk.get(f"/bijlagen/{number}")).status_code == 404


@pytest.mark.parametrize(
    ("role", "vakafdeling", "sees_contacts", "status"),
    [
        ("kijker", None, False, 403),
        ("kijker", None, True, 200),
        ("behandelaar", "vth", False, 403),
        ("behandelaar", "stadswerken", False, 200),
        ("coordinator", None, False, 200),
    ],
)
async def test_what_cannot_be_masked_follows_the_rights_of_the_melding(
    desk: DeskAtWork, role: str, vakafdeling: str | None, *, sees_contacts: bool, status: int
) -> None:
    with desk.office.database.work() as work:
        account = work.staff.get_account("samira")
        work.staff.set_rights(account, role=role, vakafdeling=vakafdeling, sees_contacts=sees_contacts)
        work.commit()
    await desk.log_in()
    assert (await desk.get("/bijlagen/1")).status_code == status
    assert ('/bijlagen/1"' in (await desk.get("/meldingen/1")).text) == (status == 200)
