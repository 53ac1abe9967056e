"""An account that the organisation vouches for: linking one of the desk to it, logging out, and what else a desk may demand."""

from __future__ import annotations

import httpx
import pytest

from storage.database import Database
from tests.web.certified_provider import Colleague
from tests.web.desk import PASSWORD, USERNAME, DeskAtWork, a_desk, readable
from tests.web.organisation import BEGIN, account, begun, journal, log_in


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored of an identity is tested on both databases in tests/storage."""
    return sqlite_url


@pytest.fixture
def desk(organisation_desk: DeskAtWork) -> DeskAtWork:
    return organisation_desk


async def test_the_login_never_leads_away_from_the_desk(desk: DeskAtWork, bram: Colleague) -> None:
    response = await desk.get(str(await bram.visit(await begun(desk, "//elders.test"))))
    assert response.headers["location"] == "/"


async def start_link(desk: DeskAtWork, password: str = PASSWORD) -> httpx.Response:
    await desk.get("/mijn")
    return await desk.post(f"{BEGIN}/koppelen", wachtwoord=password)


def way_out(desk: DeskAtWork, page: httpx.Response) -> str:
    desk.page = page.text
    return page.text.split('knop-link" href="')[1].split('"')[0].replace("&amp;", "&")


async def test_a_colleague_links_the_own_account_and_keeps_it(desk: DeskAtWork, bram: Colleague) -> None:
    await desk.log_in()
    page = await desk.follow(await desk.get(str(await bram.visit(way_out(desk, await start_link(desk))))))
    assert "Vanaf nu kunt u inloggen met gemeente Proefstad" in readable(page)
    desk.client.cookies.clear()
    await log_in(desk, bram)
    linked = account(desk, USERNAME)
    assert linked is not None
    assert (linked.identity_subject, linked.display_name, linked.role) == ("bram", "Bram de Wit", "coordinator")
    assert account(desk, "bram") is None
    assert (USERNAME, "account gekoppeld") in journal(desk)


async def test_linking_asks_the_password(desk: DeskAtWork) -> None:
    await desk.log_in()
    assert (await start_link(desk, "iets anders")).status_code == 400


async def test_a_link_that_somebody_else_began_is_refused(desk: DeskAtWork, bram: Colleague) -> None:
    """Who is lured to the answer of an attacker's own attempt must not give the account away."""
    await desk.log_in()
    back = await bram.visit(way_out(desk, await start_link(desk)))
    desk.client.cookies.delete("wijkbalie-sessie")
    await desk.log_in()  # another session, although of the same account
    response = await desk.get(str(back))
    assert response.status_code == 403
    assert "Deze koppeling hoort niet bij wie nu is ingelogd" in readable(response)
    kept = account(desk, USERNAME)
    assert kept is not None
    assert kept.identity_subject is None


async def test_one_identity_has_one_account(desk: DeskAtWork, bram: Colleague) -> None:
    await log_in(desk, bram)
    desk.client.cookies.clear()
    await desk.log_in()
    response = await desk.get(str(await bram.visit(way_out(desk, await start_link(desk)))))
    assert "al een ander account: bram" in readable(response)


async def test_passwords_can_be_switched_off(database: Database, desk: DeskAtWork) -> None:
    closed = a_desk(database, takes_passwords=False, organisation=desk.app.state.desk.organisation)
    page = await closed.get("/inloggen")
    assert "Inloggen met gemeente Proefstad" in readable(page)
    assert "Wachtwoord" not in readable(page)
    fields = {"csrf": closed.client.cookies["wijkbalie-inloggen"], "gebruikersnaam": USERNAME, "wachtwoord": PASSWORD}
    response = await closed.client.post("/inloggen", data=fields)
    assert response.status_code == 403
    assert "Inloggen met een wachtwoord staat uit" in readable(response)


async def test_without_an_organisation_its_addresses_say_what_to_do(strangers_desk: DeskAtWork) -> None:
    page = await strangers_desk.get(BEGIN)
    assert page.status_code == 404
    assert "Log in met een gebruikersnaam en wachtwoord" in readable(page)


async def test_a_desk_that_requires_two_steps_lets_nobody_by_without(database: Database) -> None:
    strict = a_desk(database, requires_totp=True)
    await strict.log_in()
    page = await strict.follow(await strict.get("/"))
    assert "Zet eerst inloggen in twee stappen aan" in readable(page)
    assert (await strict.get("/stroom")).headers["location"] == "/mijn"
    assert (await strict.get("/", hx_request="true")).headers["hx-redirect"] == "/mijn"
    assert (await strict.get("/health")).status_code != 303
    with database.work() as work:
        work.staff.set_totp(work.staff.get_account(USERNAME), "JBSWY3DPEHPK3PXP")
        work.commit()
    assert (await strict.get("/")).status_code == 200


async def test_the_organisation_has_its_own_second_factor(database: Database, desk: DeskAtWork, bram: Colleague) -> None:
    strict = a_desk(database, requires_totp=True, organisation=desk.app.state.desk.organisation)
    await log_in(strict, bram)
    assert (await strict.get("/")).status_code == 200
