"""Logging in at the organisation's own provider: a real one on loopback, also when it or somebody in between means harm."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from bot.identities import ClaimRules, identity_of
from bot.oidc import Provider, Registration
from bot.roles import Role
from bot.web.desk import Organisation
from bot.web.views.organisation import RETURN_PATH
from storage.database import Database
from storage.journal import newest_lines
from storage.staff import Account
from tests.web.desk import PASSWORD, USERNAME, DeskAtWork, a_desk, readable
from tests.web.provider import CLIENT_ID, CLIENT_SECRET, OTHER_KEY, TestProvider, sign

BEGIN = "/inloggen/organisatie"
BRAM = {"sub": "7f3a", "preferred_username": "Bram@gemeente.test", "name": "Bram de Wit", "roles": ["wifi", "balie"]}
ROLES = {"baas": Role.ADMINISTRATOR, "balie": Role.COORDINATOR, "afdeling": Role.HANDLER}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored of an identity is tested on both databases in tests/storage."""
    return sqlite_url


@pytest.fixture
def provider(strangers_desk: DeskAtWork) -> Iterator[TestProvider]:
    provider = TestProvider(now=strangers_desk.office.clock, return_address=f"http://balie.test{RETURN_PATH}", user=dict(BRAM))
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def desk(strangers_desk: DeskAtWork, provider: TestProvider) -> DeskAtWork:
    """A desk where nobody is logged in yet, of an organisation with a provider."""
    registration = Registration(
        name="gemeente Proefstad",
        issuer=provider.issuer,
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        return_address=provider.return_address,
    )
    rules = ClaimRules(username="preferred_username", name="name", role="roles", roles=ROLES)
    organisation = Organisation(provider=Provider(registration, strangers_desk.office.clock), rules=rules)
    return a_desk(strangers_desk.office.database, organisation=organisation)


async def log_in(desk: DeskAtWork, provider: TestProvider, **query: str) -> httpx.Response:
    """Go there and back. `query` changes what the browser brings."""
    begun = await desk.get(f"{BEGIN}?naar=/gezondheid")
    assert begun.status_code == 303, readable(begun)
    back = await provider.visit(begun.headers["location"])
    return await desk.get(str(back.copy_merge_params(query)))


def account(desk: DeskAtWork, username: str) -> Account | None:
    with desk.office.database.work() as work:
        return work.staff.find_account(username)


def journal(desk: DeskAtWork) -> list[tuple[str, str]]:
    with desk.office.database.reading() as connection:
        return [(line.actor, line.action) for line in newest_lines(connection, limit=50)]


async def test_the_first_login_makes_an_account_with_the_role_of_the_organisation(
    desk: DeskAtWork, provider: TestProvider
) -> None:
    response = await log_in(desk, provider)
    assert (response.status_code, response.headers["location"]) == (303, "/gezondheid")
    assert "Bram de Wit" in (await desk.get("/")).text
    made = account(desk, "bram")
    assert made is not None
    assert (made.display_name, made.role, made.password_hash) == ("Bram de Wit", "coordinator", "")
    assert journal(desk) == [("bram", "ingelogd"), ("bram", "account gemaakt")]


async def test_a_later_login_brings_the_name_and_the_role_of_today(desk: DeskAtWork, provider: TestProvider) -> None:
    await log_in(desk, provider)
    provider.user |= {"name": "Bram Jansen", "roles": "afdeling", "preferred_username": "b.jansen"}
    await log_in(desk, provider)
    changed = account(desk, "bram")
    assert changed is not None
    assert (changed.display_name, changed.role) == ("Bram Jansen", "behandelaar")
    assert ("bram", "rechten gewijzigd") in journal(desk)
    assert account(desk, "b.jansen") is None


async def test_what_the_desk_decided_about_an_account_stays_at_a_login(desk: DeskAtWork, provider: TestProvider) -> None:
    await log_in(desk, provider)
    with desk.office.database.work() as work:
        work.staff.set_rights(work.staff.get_account("bram"), role="coordinator", vakafdeling="vth", sees_contacts=True)
        work.commit()
    await log_in(desk, provider)
    kept = account(desk, "bram")
    assert kept is not None
    assert (kept.vakafdeling, kept.sees_contacts) == ("vth", True)


@pytest.mark.parametrize("way", [["client_secret_post"], ["client_secret_basic"]])
async def test_both_ways_of_telling_the_secret_work(desk: DeskAtWork, provider: TestProvider, way: list[str]) -> None:
    provider.metadata["token_endpoint_auth_methods_supported"] = way
    assert (await log_in(desk, provider)).status_code == 303


async def refused(desk: DeskAtWork, response: httpx.Response, sentence: str) -> None:
    assert response.status_code == 403
    assert sentence in readable(response)
    assert "wijkbalie-sessie" not in response.headers.get("set-cookie", "")
    assert (await desk.get("/")).status_code == 303


async def test_an_answer_with_another_state_is_refused(desk: DeskAtWork, provider: TestProvider) -> None:
    await refused(desk, await log_in(desk, provider, state="van-een-ander"), "hoort niet bij deze browser")


async def test_an_answer_without_the_cookie_of_the_attempt_is_refused(desk: DeskAtWork, provider: TestProvider) -> None:
    begun = await desk.get(BEGIN)
    back = await provider.visit(begun.headers["location"])
    desk.client.cookies.clear()
    await refused(desk, await desk.get(str(back)), "Deze aanmelding is verlopen")


async def test_an_attempt_is_used_once(desk: DeskAtWork, provider: TestProvider) -> None:
    begun = await desk.get(BEGIN)
    cookie = desk.client.cookies["wijkbalie-aanmelden"]
    back = await provider.visit(begun.headers["location"])
    assert (await desk.get(str(back))).status_code == 303
    assert "wijkbalie-aanmelden" not in desk.client.cookies
    desk.client.cookies.clear()
    await refused(desk, await desk.get(str(back)), "Deze aanmelding is verlopen")
    desk.client.cookies.set("wijkbalie-aanmelden", cookie)  # somebody kept the cookie as well: the code is used up
    await refused(desk, await desk.get(str(back)), "al gebruikt of verlopen")


async def test_a_code_that_was_stolen_is_worth_nothing_without_the_verifier(desk: DeskAtWork, provider: TestProvider) -> None:
    victim = await provider.visit((await desk.get(BEGIN)).headers["location"])
    await desk.get(BEGIN)  # the thief's own attempt, with another verifier
    own = await provider.visit((await desk.get(BEGIN)).headers["location"])
    await refused(desk, await desk.get(str(own.copy_set_param("code", victim.params["code"]))), "al gebruikt of verlopen")


@pytest.mark.parametrize(
    "lie",
    [
        {"aud": "een-andere-toepassing"},
        {"aud": ["wijkbalie", "een-andere-toepassing"]},  # without azp
        {"aud": None},
        {"azp": "een-andere-toepassing"},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": 4_000_000_000},
        {"iss": "https://elders.test"},
        {"nonce": "van-een-ander"},
        {"nonce": None},
        {"sub": None},
        {"at_hash": "bm9wZQ"},
    ],
)
async def test_a_token_that_is_not_for_this_attempt_is_refused(
    desk: DeskAtWork, provider: TestProvider, lie: dict[str, Any]
) -> None:
    provider.claims = lie
    await refused(desk, await log_in(desk, provider), "is niet geldig")
    assert account(desk, "bram") is None


def with_the_client_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))


def without_a_signature(claims: dict[str, Any]) -> str:
    _, body, _ = sign(claims).split(".")
    return f"eyJhbGciOiJub25lIn0.{body}."


@pytest.mark.parametrize(
    "signer",
    [partial(sign, key=OTHER_KEY), with_the_client_secret, without_a_signature, lambda claims: "geen.token", lambda claims: ""],
)
async def test_a_token_that_the_provider_did_not_sign_is_refused(desk: DeskAtWork, provider: TestProvider, signer: Any) -> None:
    provider.sign = signer
    await refused(desk, await log_in(desk, provider), "is niet geldig")


async def test_the_answer_of_another_provider_is_refused(desk: DeskAtWork, provider: TestProvider) -> None:
    await refused(desk, await log_in(desk, provider, iss="https://elders.test"), "van een andere inlogdienst")


async def test_who_says_no_at_the_provider_comes_back_to_the_login(desk: DeskAtWork, provider: TestProvider) -> None:
    begun = await desk.get(BEGIN)
    state = httpx.URL(begun.headers["location"]).params["state"]
    response = await desk.get(f"{RETURN_PATH}?error=access_denied&state={state}")
    await refused(desk, response, "gemeente Proefstad heeft u niet ingelogd")


@pytest.mark.parametrize("cookie", ["", "x", "W10=", "eyJhIjoxfQ==", "WzEsMiwzXQ=="])
async def test_a_damaged_cookie_is_an_attempt_that_is_over(desk: DeskAtWork, cookie: str) -> None:
    desk.client.cookies.set("wijkbalie-aanmelden", cookie)
    await refused(desk, await desk.get(f"{RETURN_PATH}?code=x&state=x"), "Deze aanmelding is verlopen")


async def test_who_has_no_role_gets_no_account_and_reads_whom_to_ask(desk: DeskAtWork, provider: TestProvider) -> None:
    provider.user["roles"] = ["wifi"]
    await refused(desk, await log_in(desk, provider), "heeft geen rol in de balie. Vraag de beheerder om een rol.")
    assert account(desk, "bram") is None


async def test_who_lost_the_role_is_out_everywhere(desk: DeskAtWork, provider: TestProvider) -> None:
    await log_in(desk, provider)
    del provider.user["roles"]
    response = await log_in(desk, provider)
    assert response.status_code == 403
    assert (await desk.get("/")).status_code == 303  # also the session that was open
    assert ("bram", "inloggen geweigerd") in journal(desk)


async def test_a_closed_account_stays_closed(desk: DeskAtWork, provider: TestProvider) -> None:
    await log_in(desk, provider)
    with desk.office.database.work() as work:
        work.staff.set_active(work.staff.get_account("bram"), is_active=False)
        work.commit()
    await refused(desk, await log_in(desk, provider), "Uw account in de balie is gesloten")


async def test_an_account_of_the_desk_is_never_taken_over_by_a_username(desk: DeskAtWork, provider: TestProvider) -> None:
    provider.user["preferred_username"] = USERNAME
    await refused(desk, await log_in(desk, provider), "In de balie is al een account 'samira'")


async def test_namesakes_at_the_organisation_get_an_account_each(desk: DeskAtWork, provider: TestProvider) -> None:
    await log_in(desk, provider)
    provider.user |= {"sub": "een ander", "preferred_username": "bram@elders.test", "name": "Bram Bakker"}
    await log_in(desk, provider)
    other = account(desk, "bram-2")
    assert other is not None
    assert other.display_name == "Bram Bakker"


@pytest.mark.parametrize("name", ["", "<script>", "../../beheer", "é" * 200, "\u202ebram"])
async def test_an_odd_username_becomes_a_plain_one(desk: DeskAtWork, provider: TestProvider, name: str) -> None:
    provider.user |= {"preferred_username": name, "name": name}
    assert (await log_in(desk, provider)).status_code == 303
    with desk.office.database.work() as work:
        made = next(one for one in work.staff.accounts() if one.username != USERNAME)
    assert set(made.username) <= set("abcdefghijklmnopqrstuvwxyz0123456789.-_")
    assert made.display_name.isprintable()


async def test_a_provider_that_is_down_is_told_with_what_to_do(desk: DeskAtWork, provider: TestProvider) -> None:
    provider.stop()
    page = await desk.get(BEGIN)
    assert page.status_code == 503
    assert "Probeer het over een paar minuten opnieuw" in readable(page)
    assert (await desk.log_in()).status_code == 303  # with a password of the desk it goes on


async def test_a_provider_that_goes_down_halfway_is_told_as_well(desk: DeskAtWork, provider: TestProvider) -> None:
    back = await provider.visit((await desk.get(BEGIN)).headers["location"])
    provider.stop()
    page = await desk.get(str(back))
    assert page.status_code == 503
    assert "Probeer het over een paar minuten opnieuw" in readable(page)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://elders.test"},
        {"token_endpoint": "http://elders.test/token"},
        {"authorization_endpoint": None},
        {"jwks_uri": 7},
        {"end_session_endpoint": "javascript:alert(1)"},
    ],
)
async def test_a_provider_that_tells_nonsense_about_itself_is_not_followed(
    desk: DeskAtWork, provider: TestProvider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    assert (await desk.get(BEGIN)).status_code == 503


async def test_the_login_never_leads_away_from_the_desk(desk: DeskAtWork, provider: TestProvider) -> None:
    begun = await desk.get(f"{BEGIN}?naar=//elders.test")
    response = await desk.get(str(await provider.visit(begun.headers["location"])))
    assert response.headers["location"] == "/"


async def test_logging_out_offers_to_log_out_at_the_organisation_too(desk: DeskAtWork, provider: TestProvider) -> None:
    await log_in(desk, provider)
    await desk.get("/")
    page = await desk.follow(await desk.post("/uitloggen"))
    assert "Ook uitloggen bij gemeente Proefstad" in readable(page)
    assert (await desk.get("/")).status_code == 303
    response = await desk.get("/uitloggen/organisatie")
    assert response.headers["location"] == f"{provider.issuer}/logout?client_id={CLIENT_ID}"


async def start_link(desk: DeskAtWork, password: str = PASSWORD) -> httpx.Response:
    await desk.get("/mijn")
    return await desk.post(f"{BEGIN}/koppelen", wachtwoord=password)


def way_out(desk: DeskAtWork, page: httpx.Response) -> str:
    desk.page = page.text
    return page.text.split('knop-link" href="')[1].split('"')[0].replace("&amp;", "&")


async def test_a_colleague_links_the_own_account_and_keeps_it(desk: DeskAtWork, provider: TestProvider) -> None:
    await desk.log_in()
    page = await desk.follow(await desk.get(str(await provider.visit(way_out(desk, await start_link(desk))))))
    assert "Vanaf nu kunt u inloggen met gemeente Proefstad" in readable(page)
    desk.client.cookies.clear()
    await log_in(desk, provider)
    linked = account(desk, USERNAME)
    assert linked is not None
    assert (linked.identity_subject, linked.display_name, linked.role) == ("7f3a", "Bram de Wit", "coordinator")
    assert account(desk, "bram") is None
    assert (USERNAME, "account gekoppeld") in journal(desk)


async def test_linking_asks_the_password(desk: DeskAtWork) -> None:
    await desk.log_in()
    assert (await start_link(desk, "iets anders")).status_code == 400


async def test_a_link_that_somebody_else_began_is_refused(desk: DeskAtWork, provider: TestProvider) -> None:
    """Who is lured to the answer of an attacker's own attempt must not give the account away."""
    await desk.log_in()
    back = await provider.visit(way_out(desk, await start_link(desk)))
    desk.client.cookies.delete("wijkbalie-sessie")
    await desk.log_in()  # another session, although of the same account
    response = await desk.get(str(back))
    assert response.status_code == 403
    assert "Deze koppeling hoort niet bij wie nu is ingelogd" in readable(response)
    kept = account(desk, USERNAME)
    assert kept is not None
    assert kept.identity_subject is None


async def test_one_identity_has_one_account(desk: DeskAtWork, provider: TestProvider) -> None:
    await log_in(desk, provider)
    desk.client.cookies.clear()
    await desk.log_in()
    response = await desk.get(str(await provider.visit(way_out(desk, await start_link(desk)))))
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


async def test_the_organisation_has_its_own_second_factor(database: Database, desk: DeskAtWork, provider: TestProvider) -> None:
    strict = a_desk(database, requires_totp=True, organisation=desk.app.state.desk.organisation)
    await log_in(strict, provider)
    assert (await strict.get("/")).status_code == 200


def test_a_role_may_stand_deep_in_the_token() -> None:
    rules = ClaimRules(username="upn", name="name", role="realm_access.roles", roles=ROLES)
    claims = {"iss": "i", "sub": "s", "upn": "cem", "realm_access": {"roles": ["afdeling", "balie"]}}
    assert identity_of(claims, rules).role is Role.COORDINATOR
    assert identity_of(claims | {"realm_access": "balie"}, rules).role is None
    assert identity_of(claims, replace(rules, role="http://schemas.test/role")).role is None
