"""What one file of a resident may cost: the time of a channel, and the memory of the process."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import pytest
from aiohttp import web
from PIL import Image

from bot.attachments import Attachments
from bot.files import FileStore
from channels.media import download
from routing.messages import Attachment, AttachmentKind
from storage import queries
from storage.attachments import AttachmentState
from storage.database import Database
from tests.bot.office import an_office
from tests.builders import a_message

_MANY_AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from bot.pictures import clean

source = Path(sys.argv[1])
with ThreadPoolExecutor(8) as pool:
    for done in [pool.submit(clean, source, source.with_name(str(number)), "image/jpeg") for number in range(8)]:
        done.result()
[peak] = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")]
print(peak.split()[1])
"""


@pytest.fixture
async def trickling() -> AsyncIterator[str]:
    """The address of a file that never ends: one byte, and a little later another."""

    async def trickle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        while True:
            await response.write(b".")
            await asyncio.sleep(0.05)

    app = web.Application()
    app.add_routes([web.get("/foto", trickle)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}/foto"
    await runner.cleanup()


class Platform:
    """A channel whose files come from the address that their reference is."""

    name = "telegram"

    async def download(self, reference: str, target: BinaryIO, limit: int) -> None:
        await download(reference, target, hosts={"127.0.0.1"}, limit=limit)


async def test_a_server_that_trickles_does_not_hold_up_its_channel(database: Database, trickling: str, tmp_path: Path) -> None:
    office = an_office(database)
    office.receive(a_message("lamp stuk", attachments=(Attachment(kind=AttachmentKind.PHOTO, reference=trickling),)))
    store = FileStore(folder=tmp_path)
    fetcher = Attachments(
        database=database, store=store, router=office.triage.router, now=office.clock, longest=timedelta(seconds=0.5)
    )

    assert await asyncio.wait_for(fetcher.run(Platform()), 60) == 0  # type: ignore[arg-type]  # only its files are asked

    with database.reading() as connection:
        [line] = [line for line in queries.conversation(connection, 1) if not line.is_ours]
    assert (line.files[0].state, line.files[0].problem) == (AttachmentState.WAITING, "de bijlage komt te langzaam binnen")
    assert list(store.folder.glob("binnen-*")) == []


def test_a_flood_of_photos_takes_little_memory(tmp_path: Path) -> None:
    Image.new("RGB", (4000, 3000), "orange").save(source := tmp_path / "foto.jpg", "JPEG")
    told = subprocess.run([sys.executable, "-c", _MANY_AT_ONCE, source], check=True, capture_output=True, text=True, timeout=120)
    assert int(told.stdout) < 800_000  # kB; all of them at once took twice as much
