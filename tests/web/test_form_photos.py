"""Photos with the web form: judged by content, cleaned, kept with the message or not at all; and the page to follow it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from bot.config import RetentionTable
from bot.files import FileStore
from bot.retention import RetentionKeeper
from bot.web.views.web_form import web_form
from storage.attachments import AttachmentState, StoredAttachment
from storage.database import Database
from storage.tables import attachments
from tests.bot.test_attachments import a_photo
from tests.web.desk import a_desk, readable
from tests.web.test_web_form import NOOR, SETTINGS, Visitor

File = tuple[str, bytes, str]


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(folder=tmp_path / "bijlagen", largest=200_000)


@pytest.fixture
async def visitor(database: Database, store: FileStore) -> AsyncIterator[Visitor]:
    desk = a_desk(database, files=store)
    app = desk.app
    app.mount("/melden", web_form(app.state.desk, app.state.pages, SETTINGS))
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="https://wijkbalie.example") as client:
        yield Visitor(desk, database, client)


async def post(visitor: Visitor, *photos: File, **fields: str) -> httpx.Response:
    if not visitor.number:
        await visitor.open()
    data = {"formulier": visitor.number, "tekst": "De <b>lamp</b> is stuk"} | fields
    return await visitor.client.post("/melden/", data=data, files=[("foto", photo) for photo in photos])


def a_file(content: bytes, name: str = "foto.jpg") -> File:
    return name, content, "image/jpeg"


def kept(database: Database) -> list[StoredAttachment]:
    with database.reading() as connection:
        return [StoredAttachment.from_row(row) for row in connection.execute(sa.select(attachments).order_by("id"))]


async def test_photos_are_kept_clean_with_the_message_and_tell_the_place(
    visitor: Visitor, database: Database, store: FileStore
) -> None:
    photos = (a_file(a_photo("PNG", gps=False)), a_file(a_photo()))
    page = await visitor.open()
    assert 'type="file"' in page.text
    assert (await post(visitor, *photos)).status_code == 303
    [message] = visitor.messages()
    assert message.text == "De <b>lamp</b> is stuk"
    assert [(one.state, one.media_type, one.message_id) for one in kept(database)] == [
        (AttachmentState.KEPT, "image/png", message.id),
        (AttachmentState.KEPT, "image/jpeg", message.id),
    ]
    for one in kept(database):
        assert one.sha256 is not None
        content = store.read(one.sha256)
        assert content is not None
        assert b"Exif" not in content
    visitor.replies()
    melding = visitor.desk.melding()
    assert (melding.lat, melding.lon) != (None, None)
    await visitor.desk.log_in()
    assert f"/bijlagen/{kept(database)[0].id}" in (await visitor.desk.get(f"/meldingen/{melding.id}")).text


async def test_the_same_form_sent_twice_keeps_its_photos_once(visitor: Visitor, database: Database, store: FileStore) -> None:
    for _ in range(2):
        assert (await post(visitor, a_file(a_photo()))).status_code == 303
    assert len(kept(database)) == len(list(store.kept())) == 1
    assert left_behind(store) == []


@pytest.mark.parametrize(
    "photos",
    [
        (a_file(b"#!/bin/sh\necho hallo"),),
        (a_file(b"%PDF-1.7 een brief"),),
        (a_file(a_photo()[:200]),),
        (a_file(a_photo()), a_file(b"<svg onload=alert(1)>", "foto.svg")),
        (a_file(a_photo()),) * 4,
        (a_file(a_photo() + b"\0" * 400_000),),
    ],
    ids=["a program", "a letter", "half a photo", "one of two", "too many", "too large"],
)
async def test_what_is_no_photo_is_said_beside_the_field_and_nothing_is_kept(
    visitor: Visitor, database: Database, store: FileStore, photos: tuple[File, ...]
) -> None:
    response = await post(visitor, *photos)
    assert response.status_code == 422
    assert 'id="foto-fout"' in response.text
    assert "De &lt;b&gt;lamp&lt;/b&gt; is stuk</textarea>" in response.text
    assert (visitor.messages(), kept(database), list(store.kept()), left_behind(store)) == ((), [], [], [])
    assert (await post(visitor)).status_code == 303


async def test_who_writes_too_often_keeps_no_photos_here(visitor: Visitor, store: FileStore) -> None:
    for _ in range(SETTINGS.most_per_hour):
        assert (await visitor.write()).status_code == 303
    assert (await post(visitor, a_file(a_photo()))).status_code == 429
    assert list(store.kept()) == []


async def test_a_robots_photos_are_not_kept(visitor: Visitor, store: FileStore) -> None:
    assert (await post(visitor, a_file(a_photo()), website="https://x.example")).status_code == 303
    assert [message.state for message in visitor.messages()] == ["onleesbaar"]
    assert list(store.kept()) == []


async def test_an_office_that_keeps_no_files_asks_for_none(visitor: Visitor) -> None:
    app = visitor.desk.app
    state = app.state.desk
    bare = web_form(replace(state, files=None), app.state.pages, SETTINGS)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=bare), base_url="https://wijkbalie.example") as client:
        assert 'type="file"' not in (await client.get("/")).text


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\n\r\n",
        b'--x\r\nContent-Disposition: form-data; name="formulier"\r\n\r\n' + b"a" * 70_000 + b"\r\n--x--\r\n",
        b"--x\r\nContent-Disposition: form-data\r\n\r\nhallo\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="\xff\xfe"; filename="\x00"\r\n\r\n\xff\r\n--x--\r\n',
    ],
)
@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "multipart/form-data"])
async def test_a_strange_body_is_answered_with_a_page(visitor: Visitor, body: bytes, kind: str) -> None:
    response = await visitor.client.post("/melden/", content=body, headers={"content-type": kind})
    assert response.status_code in {400, 422}
    assert "<h1" in response.text
    assert visitor.messages() == ()


async def test_who_leaves_no_address_can_follow_the_melding(visitor: Visitor) -> None:
    thanks = await thanks_of(visitor, await visitor.write())
    path = link_on(thanks)
    assert "Wij lezen uw bericht nu" in readable(await visitor.client.get(path))
    visitor.replies()
    page = readable(await visitor.client.get(path))
    assert visitor.desk.melding().kenmerk in page
    assert "lamp" not in page
    visitor.desk.office.clock.advance(days=181)
    assert (await visitor.client.get(path)).status_code == 404


async def test_each_form_has_a_link_of_its_own_and_a_second_click_one_that_works(visitor: Visitor) -> None:
    await visitor.open()
    number, pages = visitor.number, []
    for _ in range(2):
        visitor.number = number
        pages.append(await thanks_of(visitor, await visitor.write(adres=NOOR)))
    pages.append(await thanks_of(visitor, await visitor.write("Het bankje is ook stuk")))
    visitor.replies()
    first, again, other = [readable(await visitor.client.get(link_on(page))) for page in pages]
    assert first == again
    assert "WB-2026-00001" in first
    assert "WB-2026-00002" in other


async def test_the_database_alone_opens_no_page(visitor: Visitor, database: Database) -> None:
    path = link_on(await thanks_of(visitor, await visitor.write()))
    with database.reading() as connection:
        [row] = connection.execute(sa.text("SELECT token_hash FROM message_links")).scalars()
    assert row not in path
    assert (await visitor.client.get(f"/volg/{row}")).status_code == 404


async def test_the_page_ends_when_the_melding_is_emptied(visitor: Visitor, database: Database) -> None:
    path = link_on(await thanks_of(visitor, await visitor.write()))
    visitor.replies()
    office, melding = visitor.desk.office, visitor.desk.melding()
    melding = office.handling.carry_out(melding, office.handling.confirm(melding), account="samira")
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    periods = RetentionTable(content_days=30).as_periods()
    office.clock.advance(days=31)
    assert (await visitor.client.get(path)).status_code == 200
    RetentionKeeper(database=database, periods=periods, now=office.clock).run()
    assert (await visitor.client.get(path)).status_code == 404


async def test_a_made_up_link_stands_on_no_page(visitor: Visitor) -> None:
    for made_up in ("", "x", '"><script>', "../../inloggen"):
        page = await visitor.client.get("/melden/bedankt", params={"volg": made_up})
        assert "/volg/" not in page.text
        assert "<script" not in page.text


async def thanks_of(visitor: Visitor, response: httpx.Response) -> httpx.Response:
    assert response.status_code == 303
    return await visitor.client.get(response.headers["location"])


def link_on(page: httpx.Response) -> str:
    found = re.search(r'href="(/volg/[^"]+)"', page.text)
    assert found is not None
    return unescape(found[1])


def left_behind(store: FileStore) -> list[str]:
    """Downloads that nobody cleared away."""
    return [path.name for path in store.folder.glob("*") if path.is_file()]
