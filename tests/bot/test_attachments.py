"""Files of residents: fetched once, only from the platform, judged by content, without EXIF, and gone when taken back."""

from __future__ import annotations

import asyncio
import io
import os
import socket
import threading
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from aiohttp import web
from PIL import Image

from bot.attachments import TRIES, Attachments
from bot.files import Admitted, FileStore
from bot.intake import Intake
from channels.mastodon import MastodonChannel
from channels.mastodon_client import MastodonSettings
from channels.media import download
from channels.simulator.faults import Fault, FaultKind, Side
from channels.simulator.mastodon import Manner, MastodonSimulator
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from routing.decision import Located
from routing.errors import MessageRejectedError
from routing.messages import Removal
from storage import queries
from storage.attachments import AttachmentState, StoredAttachment
from storage.database import Database
from tests.bot.office import Office, an_office
from tests.builders import ScriptedRouter, a_decision


def a_photo(form: str = "JPEG", *, gps: bool = True, size: tuple[int, int] = (64, 48)) -> bytes:
    picture, exif = Image.new("RGB", size, "orange"), Image.Exif()
    exif[0x010E] = "Het huis van Ada"
    if gps:
        exif.get_ifd(0x8825).update({1: "N", 2: (52.0, 5.0, 24.0), 3: "E", 4: (5.0, 7.0, 12.0)})
    file = io.BytesIO()
    picture.save(file, form, exif=exif)
    return file.getvalue()


def a_damaged_photo() -> bytes:
    """Turned a quarter, with words under a number that stands for a width: such photos come from real telephones."""
    picture, exif, file = Image.new("RGB", (64, 48), "orange"), Image.Exif(), io.BytesIO()
    exif[0x0112], exif[0x010E] = 6, "Het huis van Ada"
    picture.save(file, "JPEG", exif=exif)
    return file.getvalue().replace(b"\x01\x0e\x00\x02", b"\x01\x00\x00\x02", 1)


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def channel(telegram: TelegramSimulator) -> AsyncIterator[TelegramChannel]:
    built = TelegramChannel(TelegramSettings(token=telegram.token, base_url=telegram.url, read_timeout=1.5, connect_timeout=3.0))
    yield built
    await built.aclose()


@pytest.fixture
def office(database: Database) -> Office:
    return an_office(database, ScriptedRouter(a_decision(located=Located())))


@pytest.fixture
def store(tmp_path: Path) -> FileStore:
    return FileStore(folder=tmp_path / "bijlagen")


def fetcher(office: Office, store: FileStore) -> Attachments:
    return Attachments(database=office.database, store=store, router=office.triage.router, now=office.clock)


async def sends(office: Office, telegram: TelegramSimulator, channel: TelegramChannel, content: bytes) -> None:
    telegram.resident_writes("1", "Ada", "lamp stuk", photo=content)
    await Intake(office.database, office.clock).fetch(channel)
    office.triage.run()


def the_file(database: Database) -> StoredAttachment:
    with database.reading() as connection:
        [line] = [line for line in queries.conversation(connection, 1) if not line.is_ours]
    return line.files[0]


async def test_a_photo_is_fetched_once_and_loses_its_exif_but_not_its_place(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    await sends(office, telegram, channel, a_photo())

    assert [await fetcher(office, store).run(channel) for _ in range(2)] == [1, 0]

    file, [melding] = the_file(office.database), office.meldingen()
    assert (file.state, file.media_type) == (AttachmentState.KEPT, "image/jpeg")
    kept = store.path(file.sha256 or "").read_bytes()
    with Image.open(io.BytesIO(kept)) as picture:
        assert (picture.size, len(picture.getexif())) == ((64, 48), 0)
    assert b"Het huis van Ada" not in kept
    assert melding.lat == pytest.approx(52.09, abs=0.001)
    assert melding.lon == pytest.approx(5.12, abs=0.001)
    assert list(store.folder.glob("binnen-*")) == []


async def test_a_photo_of_mastodon_comes_from_the_instance_and_is_kept(office: Office, store: FileStore) -> None:
    with MastodonSimulator(clock=office.clock) as instance:
        channel = MastodonChannel(MastodonSettings(access_token=instance.token, base_url=instance.url), now=office.clock)
        instance.resident_writes("7", "Ada", "lamp stuk", Manner(photo=a_photo()))
        await Intake(office.database, office.clock).fetch(channel)
        office.triage.run()
        assert [await fetcher(office, store).run(channel) for _ in range(2)] == [1, 0]
        await channel.aclose()
    assert the_file(office.database).state is AttachmentState.KEPT


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"<html><script>alert(1)</script>", id="a page"),
        pytest.param(b"\xff\xd8\xff geen foto", id="no photo behind the first bytes"),
        pytest.param(b"MZ\x90\x00", id="a program"),
        pytest.param(a_photo()[:300], id="half a photo"),
    ],
)
async def test_what_is_no_photo_is_refused_whatever_it_is_called(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel, content: bytes
) -> None:
    await sends(office, telegram, channel, content)
    assert await fetcher(office, store).run(channel) == 0
    file = the_file(office.database)
    assert (file.state, file.sha256) == (AttachmentState.REFUSED, None)
    assert (file.problem or "").startswith("dit ")


async def test_a_photo_with_damaged_particulars_is_still_a_photo(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    await sends(office, telegram, channel, a_damaged_photo())
    assert await fetcher(office, store).run(channel) == 1
    assert the_file(office.database).state is AttachmentState.KEPT


async def test_a_file_that_nobody_can_take_holds_up_no_other_and_is_told_in_the_end(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    await sends(office, telegram, channel, a_photo())
    store.folder.mkdir()
    for number in range(256):
        (store.folder / f"{number:02x}").write_text("hier hoort een map")
    attachments = fetcher(office, store)
    for _ in range(TRIES):
        assert await attachments.run(channel) == 0
        office.clock.advance(days=1)
    file = the_file(office.database)
    assert (file.state, file.attempts) == (AttachmentState.FAILED, TRIES)
    assert "onverwachte fout" in (file.problem or "")


async def test_a_photo_of_too_many_points_is_not_opened(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    bomb = io.BytesIO()
    Image.new("1", (30_000, 30_000)).save(bomb, "PNG")
    await sends(office, telegram, channel, bomb.getvalue())
    assert await fetcher(office, store).run(channel) == 0
    assert the_file(office.database).state is AttachmentState.REFUSED


async def test_trouble_at_the_platform_is_tried_again_later_and_in_the_end_told(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    await sends(office, telegram, channel, a_photo())
    telegram.faults.add(Fault(kind=FaultKind.BAD_GATEWAY_HTML, side=Side.READ, method="download", times=1))
    attachments = fetcher(office, store)
    assert [await attachments.run(channel) for _ in range(2)] == [0, 0]
    office.clock.advance(minutes=2)
    assert await attachments.run(channel) == 1


async def test_a_message_that_is_taken_back_takes_its_file_along(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    await sends(office, telegram, channel, a_photo())
    attachments = fetcher(office, store)
    await attachments.run(channel)
    path = store.path(the_file(office.database).sha256 or "")
    assert path.is_file()

    take_back(office)
    await attachments.run(channel)

    assert not path.exists()


def take_back(office: Office) -> None:
    """The resident takes back the first message."""
    with office.database.reading() as connection:
        external_id = connection.exec_driver_sql("SELECT external_id FROM messages WHERE id = 1").scalar_one()
    with office.database.work() as work:
        work.inbox.take_pushed("telegram", [Removal(channel="telegram", external_id=external_id)], office.clock())
        work.commit()


class FailingDisk(FileStore):
    def delete(self, sha256: str) -> None:
        raise OSError(f"cannot delete {sha256}")


async def test_a_file_that_could_not_be_deleted_is_deleted_later(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    await sends(office, telegram, channel, a_photo())
    await fetcher(office, store).run(channel)
    path = store.path(the_file(office.database).sha256 or "")
    take_back(office)
    with pytest.raises(OSError, match="cannot delete"):
        await fetcher(office, FailingDisk(folder=store.folder)).run(channel)
    await fetcher(office, store).run(channel)
    assert not path.exists()


async def test_the_same_photo_of_two_residents_stays_when_one_takes_it_back(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    await sends(office, telegram, channel, a_photo())
    await fetcher(office, store).run(channel)
    path = store.path(the_file(office.database).sha256 or "")
    telegram.resident_writes("2", "Bo", "ook hier", photo=a_photo())
    await Intake(office.database, office.clock).fetch(channel)

    def take_back_and_delete() -> None:
        take_back(office)
        asyncio.run(fetcher(office, store).run(channel))

    deleter = threading.Thread(target=take_back_and_delete)

    class Meanwhile(FileStore):
        def put(self, admitted: Admitted) -> None:
            super().put(admitted)
            deleter.start()  # before the row that names the file is committed

    assert await fetcher(office, Meanwhile(folder=store.folder)).run(channel) == 1
    deleter.join()
    assert path.is_file()


async def test_what_was_left_behind_is_swept_and_nothing_else(
    office: Office, store: FileStore, telegram: TelegramSimulator, channel: TelegramChannel
) -> None:
    await sends(office, telegram, channel, a_photo())
    await fetcher(office, store).run(channel)
    path = store.path(the_file(office.database).sha256 or "")
    download, stray = store.temporary(), store.temporary()
    stray.write_bytes(b"%PDF-1.7 een brief")
    admitted = store.admit(stray)
    store.put(admitted)
    assert fetcher(office, store).sweep() == 1
    assert (path.is_file(), download.is_file(), store.path(admitted.sha256).exists()) == (True, True, False)
    os.utime(download, (0, 0))
    assert fetcher(office, store).sweep() == 1
    assert not download.exists()


def test_a_virus_scanner_is_asked_and_believed(tmp_path: Path) -> None:
    received: list[bytes] = []

    def answer(listener: socket.socket) -> None:
        for verdict in (b"stream: OK\0", b"stream: Eicar-Test-Signature FOUND\0"):
            connection, _ = listener.accept()
            with connection:
                content = b""
                while not content.endswith(b"\0\0\0\0"):
                    content += connection.recv(65536)
                received.append(content)
                connection.sendall(verdict)

    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        scanner = threading.Thread(target=answer, args=(listener,))
        scanner.start()
        store = FileStore(folder=tmp_path, clamd=f"127.0.0.1:{listener.getsockname()[1]}")
        outcomes = []
        for number in range(2):
            file = store.temporary()
            file.write_bytes(a_photo(size=(8 + number, 8)))
            try:
                outcomes.append(store.admit(file).media_type)
            except Exception as error:  # noqa: BLE001 - the outcome is looked at below
                outcomes.append(str(error))
        scanner.join()
    assert outcomes == ["image/jpeg", "de virusscanner houdt dit bestand tegen"]
    assert received[0].startswith(b"zINSTREAM\0")


# -- the address


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """A platform that streams 50 MB, redirects (in a circle, once, and to another server, which is this one), and serves."""

    async def large(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _ in range(800):
            await response.write(b"\xff" * 65536)
        return response

    async def elsewhere(request: web.Request) -> web.Response:
        raise web.HTTPFound(f"http://localhost:{request.url.port}/geheim")

    async def around(_: web.Request) -> web.Response:
        raise web.HTTPFound("/rond")

    async def proxy(_: web.Request) -> web.Response:
        raise web.HTTPFound("/foto")

    async def photo(_: web.Request) -> web.Response:
        return web.Response(body=b"foto")

    app = web.Application()
    app.add_routes(
        web.get(path, handle)
        for path, handle in {
            "/groot": large,
            "/weg": elsewhere,
            "/rond": around,
            "/nog-op-te-halen": proxy,
            "/foto": photo,
            "/geheim": photo,
        }.items()
    )
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def test_fifty_megabytes_are_refused_within_little_memory(server: str, tmp_path: Path) -> None:
    tracemalloc.start()
    with (tmp_path / "groot").open("wb") as target, pytest.raises(MessageRejectedError, match="groter dan 20 MB"):
        await download(f"{server}/groot", target, hosts={"127.0.0.1"}, limit=20_000_000)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 12_000_000
    assert (tmp_path / "groot").stat().st_size <= 20_000_000


async def test_a_redirect_to_another_server_is_not_followed(server: str) -> None:
    target = io.BytesIO()
    with pytest.raises(MessageRejectedError, match="niet van het platform"):
        await download(f"{server}/weg", target, hosts={"127.0.0.1"}, limit=100)
    assert target.getvalue() == b""


async def test_a_redirect_to_the_platform_itself_is_followed_once(server: str) -> None:
    target = io.BytesIO()
    await download(f"{server}/nog-op-te-halen", target, hosts={"127.0.0.1"}, limit=100)
    assert target.getvalue() == b"foto"
    with pytest.raises(MessageRejectedError, match="ander adres"):
        await download(f"{server}/rond", io.BytesIO(), hosts={"127.0.0.1"}, limit=100)


@pytest.mark.parametrize(
    "address",
    [
        "https://169.254.169.254/latest/meta-data/",
        "https://pbs.twimg.com.kwaad.example/1.jpg",
        "https://kwaad.example/pbs.twimg.com",
        "http://pbs.twimg.com/1.jpg",
        "https://pbs.twimg.com@kwaad.example/1.jpg",
        "https://iemand:woord@pbs.twimg.com/1.jpg",
        "file:///etc/passwd",
        "3_19930000",
        "",
    ],
)
async def test_no_address_but_the_platforms_is_asked(address: str) -> None:
    with pytest.raises(MessageRejectedError, match=r"niet van het platform|noemt geen server"):
        await download(address, io.BytesIO(), hosts=("pbs.twimg.com", ".fbcdn.net"), limit=100)


@pytest.mark.parametrize("address", ["https://[", "https://pbs.twimg.com/1\x00.jpg", "https://pbs.twimg.com/1\n.jpg"])
async def test_an_address_that_is_none_is_refused(address: str) -> None:
    with pytest.raises(MessageRejectedError, match="onleesbaar"):
        await download(address, io.BytesIO(), hosts=("pbs.twimg.com",), limit=100)
