"""Logging in and out at the organisation's own provider: a certified one that others wrote, as a process of its own."""

from __future__ import annotations

import pytest

from storage.database import Database
from tests.web.certified_provider import CertifiedProvider, Colleague, running_provider
from tests.web.desk import USERNAME, DeskAtWork, readable
from tests.web.organisation import BEGIN, BRAM, DESK, a_desk_of, account, an_organisation, begun, journal, log_in, refused

LOGIN, CONSENT = "Inloggen bij Proefstad", "Mag de balie dit weten?"


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored of an identity is tested on both databases in tests/storage."""
    return sqlite_url


@pytest.fixture
def desk(organisation_desk: DeskAtWork) -> DeskAtWork:
    return organisation_desk


async def test_the_first_login_makes_an_account_with_the_role_of_the_organisation(desk: DeskAtWork, bram: Colleague) -> None:
    response = await log_in(desk, bram)
    assert bram.questions == [LOGIN, CONSENT]
    assert (response.status_code, response.headers["location"]) == (303, "/gezondheid")
    assert "Bram de Wit" in (await desk.get("/")).text
    made = account(desk, "bram")
    assert made is not None
    assert (made.display_name, made.role, made.password_hash) == ("Bram de Wit", "coordinator", "")
    assert journal(desk) == [("bram", "ingelogd"), ("bram", "account gemaakt")]


async def test_a_later_login_brings_the_name_and_the_role_of_today(
    desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague
) -> None:
    await log_in(desk, bram)
    certified.people["bram"] = {"name": "Bram Jansen", "roles": "afdeling", "preferred_username": "b.jansen"}
    certified.set_up()
    await log_in(desk, bram)
    assert len(bram.questions) == 2  # the provider still knew him
    changed = account(desk, "bram")
    assert changed is not None
    assert (changed.display_name, changed.role) == ("Bram Jansen", "behandelaar")
    assert ("bram", "rechten gewijzigd") in journal(desk)
    assert account(desk, "b.jansen") is None


async def test_what_the_desk_decided_about_an_account_stays_at_a_login(desk: DeskAtWork, bram: Colleague) -> None:
    await log_in(desk, bram)
    with desk.office.database.work() as work:
        work.staff.set_rights(work.staff.get_account("bram"), role="coordinator", vakafdeling="vth", sees_contacts=True)
        work.commit()
    await log_in(desk, bram)
    kept = account(desk, "bram")
    assert kept is not None
    assert (kept.vakafdeling, kept.sees_contacts) == ("vth", True)


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
async def test_the_kinds_of_signature_that_providers_use_are_read(
    desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague, algorithm: str
) -> None:
    certified.client["id_token_signed_response_alg"] = algorithm
    certified.set_up()
    assert (await log_in(desk, bram)).status_code == 303


async def test_a_key_that_was_replaced_keeps_nobody_out(desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague) -> None:
    await log_in(desk, bram)
    back = await bram.visit(await begun(desk))
    certified.rotate()  # between the code and the token
    assert (await desk.get(str(back))).status_code == 303
    assert (await log_in(desk, bram)).status_code == 303


async def test_an_answer_with_another_state_is_refused(desk: DeskAtWork, bram: Colleague) -> None:
    await refused(desk, await log_in(desk, bram, state="van-een-ander"), "hoort niet bij deze browser")


async def test_an_answer_without_the_cookie_of_the_attempt_is_refused(desk: DeskAtWork, bram: Colleague) -> None:
    back = await bram.visit(await begun(desk))
    desk.client.cookies.clear()
    await refused(desk, await desk.get(str(back)), "Deze aanmelding is verlopen")


async def test_an_attempt_is_used_once(desk: DeskAtWork, bram: Colleague) -> None:
    address = await begun(desk)
    cookie = desk.client.cookies["wijkbalie-aanmelden"]
    back = await bram.visit(address)
    assert (await desk.get(str(back))).status_code == 303
    assert "wijkbalie-aanmelden" not in desk.client.cookies
    desk.client.cookies.clear()
    await refused(desk, await desk.get(str(back)), "Deze aanmelding is verlopen")
    desk.client.cookies.set("wijkbalie-aanmelden", cookie)  # somebody kept the cookie as well: the code is used up
    await refused(desk, await desk.get(str(back)), "al gebruikt of verlopen")


async def test_a_code_that_was_stolen_is_worth_nothing_without_the_verifier(desk: DeskAtWork, bram: Colleague) -> None:
    victim = await bram.visit(await begun(desk))
    own = await Colleague("bram").visit(await begun(desk))  # the thief's attempt, with another verifier
    await refused(desk, await desk.get(str(own.copy_set_param("code", victim.params["code"]))), "al gebruikt of verlopen")


async def test_the_answer_of_another_provider_is_refused(desk: DeskAtWork, bram: Colleague) -> None:
    await refused(desk, await log_in(desk, bram, iss="https://elders.test"), "van een andere inlogdienst")


@pytest.mark.parametrize("page", [LOGIN, CONSENT])
async def test_who_says_no_at_the_provider_comes_back_to_the_login(desk: DeskAtWork, bram: Colleague, page: str) -> None:
    back = await bram.visit(await begun(desk), refuses=page)
    assert back.params["error"] == "access_denied"
    await refused(desk, await desk.get(str(back)), "gemeente Proefstad heeft u niet ingelogd")


@pytest.mark.parametrize("cookie", ["", "x", "W10=", "eyJhIjoxfQ==", "WzEsMiwzXQ=="])
async def test_a_damaged_cookie_is_an_attempt_that_is_over(desk: DeskAtWork, cookie: str) -> None:
    desk.client.cookies.set("wijkbalie-aanmelden", cookie)
    await refused(desk, await desk.get(f"{BEGIN}/terug?code=x&state=x"), "Deze aanmelding is verlopen")


async def test_who_has_no_role_gets_no_account_and_reads_whom_to_ask(
    desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague
) -> None:
    certified.people["bram"]["roles"] = ["wifi"]
    certified.set_up()
    await refused(desk, await log_in(desk, bram), "heeft geen rol in de balie. Vraag de beheerder om een rol.")
    assert account(desk, "bram") is None


async def test_who_lost_the_role_is_out_everywhere(desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague) -> None:
    await log_in(desk, bram)
    del certified.people["bram"]["roles"]
    certified.set_up()
    assert (await log_in(desk, bram)).status_code == 403
    assert (await desk.get("/")).status_code == 303  # also the session that was open
    assert ("bram", "inloggen geweigerd") in journal(desk)


async def test_a_closed_account_stays_closed(desk: DeskAtWork, bram: Colleague) -> None:
    await log_in(desk, bram)
    with desk.office.database.work() as work:
        work.staff.set_active(work.staff.get_account("bram"), is_active=False)
        work.commit()
    await refused(desk, await log_in(desk, bram), "Uw account in de balie is gesloten")


async def test_an_account_of_the_desk_is_never_taken_over_by_a_username(
    desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague
) -> None:
    certified.people["bram"]["preferred_username"] = USERNAME
    certified.set_up()
    await refused(desk, await log_in(desk, bram), "In de balie is al een account 'samira'")


async def test_namesakes_at_the_organisation_get_an_account_each(
    desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague
) -> None:
    await log_in(desk, bram)
    certified.people["7f3a"] = BRAM | {"preferred_username": "bram@elders.test", "name": "Bram Bakker"}
    certified.set_up()
    await log_in(desk, Colleague("7f3a"))
    other = account(desk, "bram-2")
    assert other is not None
    assert other.display_name == "Bram Bakker"


@pytest.mark.parametrize("name", ["", "<script>", "../../beheer", "é" * 200, "\u202ebram"])
async def test_an_odd_username_becomes_a_plain_one(
    desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague, name: str
) -> None:
    certified.people["bram"] |= {"preferred_username": name, "name": name}
    certified.set_up()
    assert (await log_in(desk, bram)).status_code == 303
    with desk.office.database.work() as work:
        made = next(one for one in work.staff.accounts() if one.username != USERNAME)
    assert set(made.username) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_")
    assert made.display_name.isprintable()


async def test_a_provider_that_goes_down_is_told_with_what_to_do(database: Database, bram: Colleague) -> None:
    with running_provider() as provider:
        provider.begin(DESK, {"bram": BRAM})
        desk = a_desk_of(database, an_organisation(provider.issuer))
        back = await bram.visit(await begun(desk))
    halfway = await desk.get(str(back))
    desk = a_desk_of(database, an_organisation(provider.issuer))
    for page in (halfway, await desk.get(BEGIN)):
        assert page.status_code == 503
        assert "Probeer het over een paar minuten opnieuw" in readable(page)
    assert (await desk.log_in()).status_code == 303  # with a password of the desk it goes on
