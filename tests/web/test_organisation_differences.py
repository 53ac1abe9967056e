"""Providers differ within the specifications: where claims stand, how the secret travels, what an answer carries, whose clock.

Each difference is one that a certified provider really makes; what Entra ID and Keycloak add to it is written beside the test.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.roles import Role
from storage.database import Database
from tests.web.certified_provider import CLIENT_ID, CertifiedProvider, Colleague
from tests.web.desk import DeskAtWork, readable
from tests.web.organisation import (
    BRAM,
    DESK,
    RULES,
    a_desk_of,
    account,
    an_organisation,
    begun,
    log_in,
    real_now,
    refused,
)

ENTRA = {
    "_claim_names": {"groups": "src1"},
    "_claim_sources": {"src1": {"endpoint": "https://graph.test/users/7f3a/getMemberObjects"}},
}


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored of an identity is tested on both databases in tests/storage."""
    return sqlite_url


@pytest.fixture
def desk(organisation_desk: DeskAtWork) -> DeskAtWork:
    return organisation_desk


async def test_what_only_userinfo_tells_is_asked_there(desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague) -> None:
    """By the specification (OpenID Connect Core, 5.4) the id token needs none of it when there is an access token."""
    certified.settings["conformIdTokenClaims"] = True
    certified.set_up()
    assert (await log_in(desk, bram)).status_code == 303
    made = account(desk, "bram")
    assert made is not None
    assert (made.display_name, made.role) == ("Bram de Wit", "coordinator")


@pytest.mark.parametrize("way", ["client_secret_post", "client_secret_basic"])
@pytest.mark.parametrize("names_all", [True, False])
async def test_the_secret_travels_the_way_that_the_desk_was_registered_for(
    desk: DeskAtWork, certified: CertifiedProvider, bram: Colleague, way: str, names_all: bool
) -> None:
    """Strict providers take one way of each client, and name all they know. The secret has letters that basic must encode."""
    certified.client["token_endpoint_auth_method"] = way
    if not names_all:
        certified.settings["clientAuthMethods"] = [way]
    certified.set_up()
    assert (await log_in(desk, bram)).status_code == 303


async def test_a_secret_that_is_wrong_or_over_is_told_as_a_matter_for_the_administrator(
    database: Database, certified: CertifiedProvider, bram: Colleague
) -> None:
    desk = a_desk_of(database, an_organisation(certified.issuer, (CLIENT_ID, "verlopen")))
    await refused(desk, await log_in(desk, bram), "gemeente Proefstad herkent de balie niet")


async def test_a_provider_that_names_itself_does_so_in_every_answer(desk: DeskAtWork, bram: Colleague) -> None:
    back = await bram.visit(await begun(desk))
    assert "iss" in back.params
    await refused(desk, await desk.get(str(back.copy_remove_param("iss"))), "van een andere inlogdienst")


@pytest.mark.parametrize(("ahead", "fits"), [(-120, False), (-45, True), (45, True), (3_700, False)])
async def test_a_clock_may_be_a_minute_off(
    database: Database, certified: CertifiedProvider, bram: Colleague, ahead: int, fits: bool
) -> None:
    """`ahead` is in seconds, of the desk's clock. A token is good for an hour there."""
    organisation = an_organisation(certified.issuer, now=lambda: real_now() + timedelta(seconds=ahead))
    response = await log_in(a_desk_of(database, organisation), bram)
    assert response.status_code == (303 if fits else 403)
    assert fits or "is niet geldig" in readable(response)


async def test_roles_may_stand_deep(database: Database, certified: CertifiedProvider, bram: Colleague) -> None:
    """As Keycloak gives them, next to roles of its own."""
    certified.people["bram"] = {"preferred_username": "bram", "realm_access": {"roles": ["offline_access", "afdeling"]}}
    certified.set_up()
    desk = a_desk_of(database, an_organisation(certified.issuer, rules=replace(RULES, role="realm_access.roles")))
    assert (await log_in(desk, bram)).status_code == 303
    made = account(desk, "bram")
    assert made is not None
    assert (made.display_name, made.role) == ("bram", "behandelaar")


async def test_groups_may_need_a_scope_of_their_own(database: Database, certified: CertifiedProvider, bram: Colleague) -> None:
    """Okta and Authelia give groups for the scope `groups`; ADFS its claims for `allatclaims`. Keycloak's groups begin with /."""
    certified.people["bram"] = BRAM | {"roles": [], "groups": ["/wijkbureau/balie"]}
    certified.set_up()
    rules = replace(RULES, role="groups", roles={"/wijkbureau/balie": Role.COORDINATOR})
    without = a_desk_of(database, an_organisation(certified.issuer, rules=rules))
    await refused(without, await log_in(without, bram), "heeft geen rol in de balie")
    desk = a_desk_of(database, an_organisation(certified.issuer, rules=rules, scope="openid profile groups"))
    assert (await log_in(desk, bram)).status_code == 303


async def test_more_groups_than_fit_are_told_apart_from_no_role(
    database: Database, certified: CertifiedProvider, bram: Colleague
) -> None:
    """Entra ID names where the groups are instead of giving them, above 200. Who was logged in stays so."""
    certified.settings["claims"]["profile"] = ["name", "preferred_username", "groups"]
    certified.people["bram"] = BRAM | {"groups": ["balie"]}
    certified.set_up()
    desk = a_desk_of(database, an_organisation(certified.issuer, rules=replace(RULES, role="groups")))
    await log_in(desk, bram)
    certified.people["bram"] = BRAM | ENTRA
    certified.set_up()
    response = await log_in(desk, bram)
    assert response.status_code == 403
    assert "zit in zoveel groepen" in readable(response)
    assert (await desk.get("/")).status_code == 200


async def test_logging_out_at_the_organisation_comes_back_to_the_desk(desk: DeskAtWork, bram: Colleague) -> None:
    await log_in(desk, bram)
    await desk.get("/")
    page = await desk.follow(await desk.post("/uitloggen"))
    assert "Ook uitloggen bij gemeente Proefstad" in readable(page)
    assert (await desk.get("/")).status_code == 303
    bram.questions.clear()
    response = await desk.get("/uitloggen/organisatie")
    assert await bram.visit(response.headers["location"]) == f"{DESK}/inloggen"
    await log_in(desk, bram)
    assert bram.questions[:2] == ["Uitloggen bij Proefstad?", "Inloggen bij Proefstad"]
