"""A desk for tests: a whole office with an account, and a visitor who keeps cookies and fills in forms."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.routing import APIRoute

from bot.edited_tables import EditedTables
from bot.files import FileStore
from bot.handling import Handling
from bot.promises import PromiseKeeper, Promises
from bot.questions import QuestionKeeper
from bot.replies import Replies
from bot.table_editing import TableEditing
from bot.texts import load_texts
from bot.triage import Triage
from bot.web.app import areas, build_desk
from bot.web.assets import FOLDER
from bot.web.desk import Desk
from routing.decision import Zone
from routing.office_hours import DEFAULT_OFFICE_HOURS
from routing.vakafdelingen import load_municipality
from storage.database import Database
from storage.meldingen import Melding
from storage.outbox import Reply
from storage.staff import Account
from tests.bot.office import Office
from tests.builders import ScriptedRouter, SettableClock, a_decision

USERNAME, PASSWORD = "samira", "een lang wachtwoord"
_HASH = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(PASSWORD)  # a check takes the cost the hash names
_REPLIES = Replies(texts=load_texts(), municipality=load_municipality(), office="wijkbureau Binnenstad")
_PROMISES = Promises(hours=DEFAULT_OFFICE_HOURS, municipality=_REPLIES.municipality)
UNSURE = a_decision(zone=Zone.SUGGEST, confidence=0.62, top3=(("stadswerken", 0.62), ("vth", 0.3), ("extern", 0.05)))


@dataclass(slots=True, kw_only=True, repr=False)
class DeskAtWork:
    """The office behind the desk, the app, and a client that keeps cookies and the page it saw last."""

    office: Office
    app: FastAPI
    client: httpx.AsyncClient
    page: str = ""

    async def log_in(self, password: str = PASSWORD, username: str = USERNAME) -> httpx.Response:
        await self.get("/inloggen")
        return await self.post("/inloggen", gebruikersnaam=username, wachtwoord=password)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        response = await self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        self.page = response.text
        return response

    async def post(self, path: str, **fields: str) -> httpx.Response:
        """Post a form with the hidden fields of the page that was fetched last."""
        hidden = {"csrf": self.hidden("csrf"), "versie": self.hidden("versie")}
        return await self.client.post(path, data=hidden | fields)

    async def do(self, melding: Melding, action: str, **fields: str) -> httpx.Response:
        """Open the page of a melding and carry an action out; the page that follows."""
        await self.get(f"/meldingen/{melding.id}")
        return await self.follow(await self.post(f"/meldingen/{melding.id}/{action}", **fields))

    async def follow(self, response: httpx.Response) -> httpx.Response:
        assert response.status_code == 303, response.text
        return await self.get(response.headers["location"])

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.page)
        return unescape(found[1]) if found else ""

    def add_colleague(self, username: str, name: str, role: str = "coordinator") -> Account:
        """Another account, with the same password."""
        with self.office.database.work() as work:
            work.staff.add_account(username, name, _HASH, self.office.clock(), role)
            work.commit()
            return work.staff.get_account(username)

    def melding(self) -> Melding:
        """The newest one."""
        return self.office.meldingen()[-1]

    def reply(self) -> Reply:
        """The newest one."""
        return self.office.replies()[-1]


def a_desk(
    database: Database,
    router: ScriptedRouter | None = None,
    *,
    is_secure: bool = False,
    static: Path = FOLDER,
    files: FileStore | None = None,
    **changes: object,
) -> DeskAtWork:
    """A desk with one account, where nobody is logged in. `changes` are those of the Desk."""
    tables = EditedTables(database, _REPLIES.municipality, _REPLIES.texts)
    office = _an_office(database, router or ScriptedRouter(UNSURE), tables)
    with database.work() as work:
        work.staff.add_account(USERNAME, "Samira", _HASH, office.clock(), "beheerder")
        account = work.staff.get_account(USERNAME)
        work.staff.set_rights(account, role="beheerder", vakafdeling=None, sees_contacts=True)
        work.commit()
    desk = Desk(
        database=database,
        handling=office.handling,
        municipality=tables.municipality,
        office=_REPLIES.office,
        now=office.clock,
        editing=TableEditing(database=database, tables=tables, now=office.clock),
        is_secure=is_secure,
        files=files,
        areas=areas(),
        **changes,  # type: ignore[arg-type]  # passed on as given
    )
    app = build_desk(desk, static)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    client = httpx.AsyncClient(transport=transport, base_url=f"{'https' if is_secure else 'http'}://balie.test")
    return DeskAtWork(office=office, app=app, client=client)


def _an_office(database: Database, router: ScriptedRouter, tables: EditedTables) -> Office:
    """As tests.bot.office makes it, but the texts and tables are read once: half of these tests would be reading them."""
    clock = SettableClock()
    replies = replace(_REPLIES, texts=tables.texts, municipality=tables.municipality)
    promises = replace(_PROMISES, municipality=tables.municipality)
    return Office(
        database=database,
        clock=clock,
        triage=Triage(database=database, router=router, replies=replies, promises=promises, now=clock),
        handling=Handling(database=database, replies=replies, promises=promises, now=clock),
        keeper=PromiseKeeper(database=database, promises=promises, replies=replies, now=clock),
        questions=QuestionKeeper(database=database, replies=replies, hours=DEFAULT_OFFICE_HOURS, now=clock),
    )


def readable(response: httpx.Response) -> str:
    """The text of a page as people read it: without tags, entities resolved, white space joined."""
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())


def routes(app: FastAPI) -> list[APIRoute]:
    """Every route behind the door."""
    routers = [part.original_router for part in app.routes if hasattr(part, "original_router")]
    return [route for router in routers for route in router.routes if isinstance(route, APIRoute)]


def addresses(app: FastAPI) -> list[tuple[str, str]]:
    """Every method and path of the app, path parameters filled in."""
    return sorted({(method, filled_in(route.path)) for route in routes(app) for method in route.methods or ()})


def filled_in(path: str) -> str:
    values = {"number": "1", "other": "2", "action": "bevestigen", "username": USERNAME, "code": "kanalen"}
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found[1], found[0]), path)


async def a_desk_for(database: Database, *messages: object, **decision: object) -> DeskAtWork:
    """A desk with these messages taken in one by one, each routed by the same decision."""
    desk = a_desk(database, ScriptedRouter(a_decision(zone=Zone.SUGGEST, **decision)))
    for message in messages:
        desk.office.receive(message)
    await desk.log_in()
    return desk
