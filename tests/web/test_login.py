"""Who gets in, for how long, and who does not."""

from __future__ import annotations

from datetime import timedelta

import pytest
import sqlalchemy as sa

from bot.passwords import digest
from bot.web.sessions import FAILURES_BEFORE_LOCK, LOCK_MINUTES
from storage.database import Database
from storage.tables import accounts, sessions
from tests.builders import MONDAY
from tests.web.desk import PASSWORD, USERNAME, DeskAtWork, a_desk, readable

COOKIE = "wijkbalie-sessie"


async def test_a_colleague_logs_in_and_sees_the_queue(strangers_desk: DeskAtWork) -> None:
    page = await strangers_desk.follow(await strangers_desk.log_in())
    assert page.status_code == 200
    assert "Samira" in page.text
    assert "Alles is beoordeeld" in page.text


async def test_the_page_that_was_asked_for_comes_after_the_login(strangers_desk: DeskAtWork) -> None:
    asked = await strangers_desk.get("/?queue=spoed&page=2")
    await strangers_desk.follow(asked)
    assert strangers_desk.hidden("naar") == "/?queue=spoed&page=2"


@pytest.mark.parametrize(
    "goal", ["//elders.test", "https://elders.test/", "/\\elders.test", "javascript:alert(1)", "/\r\nSet-Cookie: x=1", "/ a", ""]
)
async def test_the_login_never_leads_away_from_the_desk(strangers_desk: DeskAtWork, goal: str) -> None:
    await strangers_desk.get("/inloggen")
    response = await strangers_desk.post("/inloggen", gebruikersnaam=USERNAME, wachtwoord=PASSWORD, naar=goal)
    assert response.headers["location"] == "/"


async def test_the_session_cookie_is_only_for_this_host_over_https_and_not_for_scripts(database: Database) -> None:
    response = await a_desk(database, is_secure=True).log_in()
    cookie = next(value for value in response.headers.get_list("set-cookie") if value.startswith("__Host-wijkbalie-sessie="))
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/", "Max-Age=36000"} <= set(cookie.split("; "))
    assert "Domain" not in cookie


async def test_the_database_holds_only_the_digest_of_a_token(desk: DeskAtWork, database: Database) -> None:
    token = desk.client.cookies[COOKIE]
    with database.reading() as connection:
        stored = connection.execute(sa.select(sessions)).one()
    assert stored.token_hash == digest(token)
    assert token not in str(stored)


async def test_every_login_gives_a_new_token(desk: DeskAtWork) -> None:
    first = desk.client.cookies[COOKIE]
    desk.client.cookies.delete(COOKIE)
    await desk.log_in()
    second = desk.client.cookies[COOKIE]
    assert second != first
    await desk.get("/")
    await desk.post("/uitloggen")
    desk.client.cookies.set(COOKIE, first)
    assert (await desk.get("/")).status_code == 200  # another browser keeps its own session


async def test_a_session_that_was_planted_in_the_browser_does_not_survive_the_login(strangers_desk: DeskAtWork) -> None:
    planted = "gekozen-door-een-ander"
    await strangers_desk.get("/inloggen")
    strangers_desk.client.cookies.set(COOKIE, planted)
    response = await strangers_desk.post("/inloggen", gebruikersnaam=USERNAME, wachtwoord=PASSWORD)
    assert f"{COOKIE}={planted}" not in response.headers["set-cookie"]
    strangers_desk.client.cookies.clear()
    strangers_desk.client.cookies.set(COOKIE, planted)
    assert (await strangers_desk.get("/")).status_code == 303


async def test_a_wrong_password_and_an_unknown_account_get_the_same_answer(strangers_desk: DeskAtWork) -> None:
    wrong = await strangers_desk.log_in("iets heel anders")
    strangers_desk.page = wrong.text
    await strangers_desk.get("/inloggen")
    unknown = await strangers_desk.post("/inloggen", gebruikersnaam="niemand", wachtwoord=PASSWORD)
    assert wrong.status_code == unknown.status_code == 403
    assert "klopt niet" in readable(wrong)
    assert readable(wrong) == readable(unknown)


async def test_after_five_wrong_passwords_the_right_one_waits_a_quarter_of_an_hour(strangers_desk: DeskAtWork) -> None:
    for _ in range(FAILURES_BEFORE_LOCK):
        assert (await strangers_desk.log_in("fout fout fout")).status_code == 403
    assert (await strangers_desk.log_in()).status_code == 403
    strangers_desk.office.clock.advance(minutes=LOCK_MINUTES - 1)
    assert (await strangers_desk.log_in()).status_code == 403
    strangers_desk.office.clock.advance(minutes=1)
    assert (await strangers_desk.log_in()).status_code == 303


async def test_a_right_password_forgets_the_wrong_ones_before_it(strangers_desk: DeskAtWork) -> None:
    for _ in range(2):
        for _ in range(FAILURES_BEFORE_LOCK - 1):
            await strangers_desk.log_in("fout fout fout")
        assert (await strangers_desk.log_in()).status_code == 303
        await strangers_desk.get("/")
        await strangers_desk.post("/uitloggen")


def test_attempts_at_the_same_moment_do_not_pass_the_limit_together(database: Database) -> None:
    a_desk(database)
    admitted = 0
    for _ in range(20):  # all counted before any password was checked
        with database.work() as work:
            admitted += work.staff.begin_login(USERNAME, MONDAY, limit=5, lock=timedelta(minutes=15)) is not None
            work.commit()
    assert admitted == 5


async def test_logging_out_ends_the_session_and_not_only_the_cookie(desk: DeskAtWork) -> None:
    token = desk.client.cookies[COOKIE]
    await desk.get("/")
    page = await desk.follow(await desk.post("/uitloggen"))
    assert "U bent uitgelogd" in page.text
    desk.client.cookies.set(COOKIE, token)
    assert (await desk.get("/")).status_code == 303


async def test_a_session_ends_by_itself_and_says_so(desk: DeskAtWork) -> None:
    desk.office.clock.advance(hours=10)
    page = await desk.follow(await desk.get("/"))
    assert "Uw sessie is voorbij" in page.text


async def test_a_closed_account_is_out_at_once(desk: DeskAtWork, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.update(accounts).values(active=False))
    assert (await desk.get("/")).status_code == 303
    assert (await desk.log_in()).status_code == 403


async def test_who_is_logged_in_is_not_asked_again(desk: DeskAtWork) -> None:
    response = await desk.get("/inloggen?naar=/gezondheid")
    assert (response.status_code, response.headers["location"]) == (303, "/gezondheid")


async def test_a_username_with_odd_characters_is_refused_like_any_other(strangers_desk: DeskAtWork) -> None:
    await strangers_desk.get("/inloggen")
    for name in ("sam\x00ira", "' OR 1=1 --", "\u202esamira", "<i>"):
        response = await strangers_desk.post("/inloggen", gebruikersnaam=name, wachtwoord="x" * 1000)
        strangers_desk.page = response.text
        assert response.status_code == 403
        assert "<i>" not in response.text
