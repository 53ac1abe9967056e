"""Who may do what: every role, the second factor, contact details, and what is written down about it."""

from __future__ import annotations

import re
from datetime import timedelta

import pyotp
import pytest

from bot.roles import RIGHTS, Right, Role, has_right
from bot.second_factor import counter_of, new_secret
from bot.web.guard import Entry, declared
from routing.melding import Status
from storage.database import Database
from storage.journal import newest_lines
from storage.staff import NewSession
from tests.builders import MONDAY, a_message
from tests.web.desk import PASSWORD, DeskAtWork, a_desk_for, addresses, filled_in, readable, routes

OWN_BUSINESS = ("/uitloggen", "/inloggen", "/mijn", "/filters")


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Rights stand before every database: one is enough. The journal is tested on both, below."""
    return sqlite_url


def become(desk: DeskAtWork, role: str, vakafdeling: str | None = None, *, sees_contacts: bool = False) -> None:
    with desk.office.database.work() as work:
        account = work.staff.get_account("samira")
        work.staff.set_rights(account, role=role, vakafdeling=vakafdeling, sees_contacts=sees_contacts)
        work.commit()


@pytest.mark.parametrize("role", [Role.LOOKER, Role.ARCHIVIST])
async def test_who_may_only_look_changes_nothing_anywhere(open_desk: DeskAtWork, role: Role) -> None:
    become(open_desk, role)
    csrf = open_desk.hidden("csrf")
    posts = [path for method, path in addresses(open_desk.app) if method == "POST"]
    for path in posts:
        if not path.startswith(OWN_BUSINESS) and not path.endswith(("/volgen", "/inzien")):
            response = await open_desk.client.post(path, data={"csrf": csrf, "versie": "2", "keuze": "1.2", "stappen": "1.2"})
            assert response.status_code in {403, 404}, path
    assert open_desk.melding().status is Status.TE_BEOORDELEN
    page = await open_desk.get("/meldingen/1")
    assert page.status_code == 200
    assert "Bevestig voorstel" not in page.text


async def test_every_route_declares_one_method_and_one_right_and_refuses_every_role_without_it(open_desk: DeskAtWork) -> None:
    found = [(route.path, sorted(route.methods or ()), declared(route.dependencies)) for route in routes(open_desk.app)]
    assert [one for one in found if one[1] not in (["GET"], ["POST"]) or len(one[2]) != 1] == []
    csrf = open_desk.hidden("csrf")
    for role in (*Role, "keizer"):
        become(open_desk, role)
        for path, (method,), (right,) in found:
            if right in Entry or (role in RIGHTS and right in RIGHTS[Role(role)]):
                continue
            response = await open_desk.client.request(method, filled_in(path), data={"csrf": csrf} if method == "POST" else None)
            assert (response.status_code, "mag dit niet" in response.text) == (403, True), (role, method, path)


async def test_only_these_routes_are_open_to_strangers(strangers_desk: DeskAtWork) -> None:
    found = {route.path for route in routes(strangers_desk.app) if Entry.OPEN in declared(route.dependencies)}
    follow = {"/volg/{token}", "/volg/{token}/afspraak.ics"}
    organisation = {"/inloggen/organisatie", "/inloggen/organisatie/terug", "/uitloggen/organisatie"}
    assert found == {"/inloggen", "/health", "/health/live", "/health/ready", "/metrics"} | follow | organisation
    for method, path in addresses(strangers_desk.app):
        if path not in found:
            response = await strangers_desk.client.request(method, path)
            assert (response.status_code, response.headers["location"][:9]) == (303, "/inloggen"), path


async def test_an_onlooker_sees_no_contact_details_in_the_trays(open_desk: DeskAtWork) -> None:
    become(open_desk, Role.LOOKER)
    page = await open_desk.get("/")
    for path in ("/niet-verzonden", "/niet-leesbaar", "/aan-de-balie", "/cijfers", "/beheer"):
        assert f'href="{path}"' not in page.text
    assert "Stop al het versturen" not in (await open_desk.get("/remmen")).text


async def test_a_handler_works_on_the_own_vakafdeling_only(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "bevestigen")
    become(open_desk, Role.HANDLER, "vth")
    await open_desk.get("/meldingen/1")
    refused = await open_desk.post("/meldingen/1/in-behandeling", versie="3")
    assert refused.status_code == 403
    assert "aan de coördinator of aan Stadswerken" in readable(refused)
    become(open_desk, Role.HANDLER, "stadswerken")
    await open_desk.do(open_desk.melding(), "in-behandeling")
    assert open_desk.melding().status is Status.IN_BEHANDELING
    assert "Mijn vakafdeling" in (await open_desk.get("/")).text
    assert "WB-2026-00001" in (await open_desk.get("/?queue=mijn_vakafdeling")).text


async def referred_on(desk: DeskAtWork) -> str:
    """A handler refers the melding on, so that it is no longer of their vakafdeling. The step, as `/ongedaan` names it."""
    await desk.do(desk.melding(), "bevestigen")
    become(desk, Role.HANDLER, "stadswerken")
    await desk.do(desk.melding(), "doorverwijzen", organisatie="stedin")
    assert desk.melding().lead != "stadswerken"
    return desk.hidden("stappen")


async def test_a_handler_takes_back_the_own_step_that_put_a_melding_elsewhere(open_desk: DeskAtWork) -> None:
    step = await referred_on(open_desk)
    page = await open_desk.follow(await open_desk.post("/ongedaan", stappen=step))
    assert "Ongedaan gemaakt: WB-2026-00001." in readable(page)
    assert (open_desk.melding().status, open_desk.melding().lead) == (Status.DOORGEZET, "stadswerken")


@pytest.mark.parametrize("is_own", [True, False])
async def test_a_handler_takes_back_nothing_elsewhere_that_is_older_or_of_another(open_desk: DeskAtWork, *, is_own: bool) -> None:
    step = await referred_on(open_desk)
    if is_own:
        open_desk.office.clock.advance(seconds=1)  # this office gives no time for second thoughts
    else:
        open_desk.add_colleague("bram", "Bram", Role.HANDLER)
        open_desk.client.cookies.clear()
        await open_desk.log_in(username="bram")
        await open_desk.get("/")
    page = await open_desk.follow(await open_desk.post("/ongedaan", stappen=step))
    assert "niet van uw vakafdeling" in readable(page)
    assert open_desk.melding().status is Status.DOORVERWEZEN


async def test_a_handler_of_an_involved_vakafdeling_does_the_own_task_and_closes_nothing(open_desk: DeskAtWork) -> None:
    await open_desk.do(open_desk.melding(), "bevestigen")
    await open_desk.follow(await open_desk.post("/meldingen/1/taken", vakafdeling="vth", wat="Kijk"))
    become(open_desk, Role.HANDLER, "vth")
    assert "WB-2026-00001" in (await open_desk.get("/?queue=mijn_vakafdeling")).text
    await open_desk.get("/meldingen/1")
    assert (await open_desk.post("/meldingen/1/afhandelen", einde="opgelost", versie="4")).status_code == 403
    await open_desk.follow(await open_desk.post("/taken/1", staat="klaar"))
    become(open_desk, Role.HANDLER, "remo")
    assert (await open_desk.post("/taken/1", staat="bezig")).status_code == 403


async def test_contact_details_are_masked_until_somebody_looks_and_each_look_is_written_down(database: Database) -> None:
    desk = await a_desk_for(database, a_message("lamp stuk, bel 06-12345678"))
    page = await desk.get("/meldingen/1")
    assert "06-12345678" not in page.text
    assert "[telefoonnummer]" in page.text
    shown = await desk.post("/meldingen/1/inzien")
    assert "06-12345678" in shown.text
    assert "06-12345678" not in (await desk.get("/meldingen/1")).text
    with database.reading() as connection:
        looks = [line for line in newest_lines(connection, limit=9) if line.action == "contactgegevens bekeken"]
    assert [(line.actor, line.object) for line in looks] == [("samira", "WB-2026-00001")]
    become(desk, Role.COORDINATOR)
    page = await desk.get("/meldingen/1")
    assert "Ada" not in page.text
    assert (await desk.post("/meldingen/1/inzien")).status_code == 403
    assert "Niets gevonden" in readable(await desk.get("/zoeken?q=Ada"))


async def test_logging_in_with_two_steps_takes_a_fresh_code(desk: DeskAtWork) -> None:
    await desk.get("/mijn")
    page = await desk.post("/mijn/twee-stappen")
    desk.page = page.text
    secret = desk.hidden("geheim")
    assert "<svg" in page.text
    now = desk.office.clock()
    right = {"geheim": secret, "code": pyotp.TOTP(secret).at(now), "wachtwoord": PASSWORD}
    for wrong in ({"code": "000000"}, {"wachtwoord": "gegokt"}, {"geheim": "AAAAAAAAA"}, {"geheim": "é" * 32}):
        assert (await desk.post("/mijn/twee-stappen/bevestigen", **right | wrong)).status_code == 400
    await desk.follow(await desk.post("/mijn/twee-stappen/bevestigen", **right))
    await desk.follow(await desk.post("/uitloggen"))
    used = pyotp.TOTP(secret).at(now)
    for code in ("", "000000", used):  # the code that switched it on was used
        refused = await desk.post("/inloggen", gebruikersnaam="samira", wachtwoord=PASSWORD, code=code)
        assert refused.status_code == 403
        desk.page = refused.text
    desk.office.clock.advance(seconds=60)
    fresh = pyotp.TOTP(secret).at(desk.office.clock())
    assert (await desk.post("/inloggen", gebruikersnaam="samira", wachtwoord=PASSWORD, code=fresh)).status_code == 303


def test_a_code_fits_half_a_minute_around_and_once() -> None:
    secret = new_secret()
    code = pyotp.TOTP(secret).at(MONDAY)
    counter = counter_of(secret, f"{code[:3]} {code[3:]}", MONDAY + timedelta(seconds=30), after=0)
    assert counter is not None
    assert counter_of(secret, code, MONDAY, after=counter) is None
    assert counter_of(secret, code, MONDAY + timedelta(minutes=5), after=0) is None


async def test_a_colleague_sees_and_ends_the_own_sessions(desk: DeskAtWork) -> None:
    await desk.get("/mijn")
    with desk.office.database.work() as work:
        account, now = work.staff.get_account("samira"), desk.office.clock()
        work.staff.open_session(
            account, NewSession(token_hash="x", csrf_token="c", browser="Telefoon"), now=now, expires_at=now + timedelta(hours=1)
        )
        work.commit()
    assert "Telefoon" in (await desk.get("/mijn")).text
    page = await desk.follow(await desk.post("/mijn/sessies", sessie="x"))
    assert "Telefoon" not in page.text


async def test_an_administrator_makes_changes_and_closes_accounts_and_all_of_it_is_written_down(desk: DeskAtWork) -> None:
    await desk.get("/beheer")
    page = await desk.post("/beheer/accounts", gebruikersnaam="Bram", naam="Bram", rol="kijker")
    assert not [name for name in page.cookies if "bericht" in name]  # a password travels in no cookie
    password = re.search(r"Wachtwoord: (\S+?)<", page.text)
    assert password is not None
    rights = {"rol": "behandelaar", "vakafdeling": "vth", "contact": "ja"}
    await desk.follow(await desk.post("/beheer/accounts/bram", **rights))
    exported = await desk.get("/beheer/accounts.csv")
    assert "bram;Bram;behandelaar;vth;ja;nee;ja;" in exported.text
    await desk.get("/beheer")
    await desk.follow(await desk.post("/beheer/accounts/bram/staat", staat="dicht"))
    journal = readable(await desk.get("/beheer/dagboek"))
    for action in ("account gemaakt", "rechten gewijzigd", "toegangsoverzicht", "account gesloten", "ingelogd"):
        assert action in journal
    assert "het dagboek is compleet en niet veranderd" in journal


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/beheer/accounts", {"gebruikersnaam": "sa mira", "rol": "kijker"}),
        ("/beheer/accounts", {"gebruikersnaam": "samira", "rol": "kijker"}),
        ("/beheer/accounts", {"gebruikersnaam": "bram", "rol": "koning"}),
        ("/beheer/accounts/samira", {"rol": "kijker", "vakafdeling": ""}),
        ("/beheer/accounts/samira/staat", {"staat": "dicht"}),
    ],
)
async def test_what_would_lock_everybody_out_or_makes_no_sense_is_refused(
    desk: DeskAtWork, path: str, fields: dict[str, str]
) -> None:
    await desk.get("/beheer")
    assert (await desk.post(path, **fields)).status_code == 400


async def test_nobody_but_the_administrator_administers(desk: DeskAtWork) -> None:
    for role in set(Role) - {Role.ADMINISTRATOR}:
        become(desk, role)
        for path in ("/beheer", "/beheer/accounts.csv", "/beheer/dagboek", "/beheer/tabellen"):
            assert (await desk.get(path)).status_code == 403


def test_every_role_looks_and_only_the_administrator_has_every_right() -> None:
    assert all(Right.LOOK in rights for rights in RIGHTS.values())
    assert [role for role, rights in RIGHTS.items() if rights == frozenset(Right)] == [Role.ADMINISTRATOR]


async def test_a_role_that_does_not_exist_may_nothing(desk: DeskAtWork) -> None:
    with desk.office.database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE accounts SET role = 'keizer'")
    with desk.office.database.work() as work:
        assert not any(has_right(work.staff.get_account("samira"), right) for right in Right)
    assert (await desk.get("/mijn")).status_code == 403


async def test_a_cell_of_an_export_is_never_a_formula(desk: DeskAtWork) -> None:
    await desk.get("/beheer")
    await desk.post("/beheer/accounts", gebruikersnaam="bram", naam="=1+1", rol="kijker")
    assert ";'=1+1;" in (await desk.get("/beheer/accounts.csv")).text
