"""A desk whose colleagues log in at a provider, Bram who does, and what may be asked of the desk afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import httpx
import pytest

from bot.identities import ClaimRules
from bot.oidc import Provider, Registration
from bot.roles import Role
from bot.web.desk import Organisation
from bot.web.views.organisation import PATH_AFTER_LOGOUT, RETURN_PATH
from storage.database import Database
from storage.journal import newest_lines
from storage.staff import Account
from tests.web.certified_provider import CLIENT_ID, CLIENT_SECRET, CertifiedProvider, Colleague, running_provider
from tests.web.desk import DeskAtWork, a_desk, readable

DESK = "http://balie.test"
BEGIN = "/inloggen/organisatie"
BRAM = {"preferred_username": "Bram@gemeente.test", "name": "Bram de Wit", "roles": ["wifi", "balie"]}
ROLES = {"baas": Role.ADMINISTRATOR, "balie": Role.COORDINATOR, "afdeling": Role.HANDLER}
RULES = ClaimRules(username="preferred_username", name="name", role="roles", roles=ROLES)


def real_now() -> datetime:
    """A process has no clock of ours."""
    return datetime.now(UTC)


@pytest.fixture(scope="session")
def provider_process() -> Iterator[CertifiedProvider]:
    with running_provider() as provider:
        yield provider


@pytest.fixture
def certified(provider_process: CertifiedProvider) -> CertifiedProvider:
    """The desk is registered there as the docs say, and Bram works there."""
    provider_process.begin(DESK, {"bram": dict(BRAM)})
    return provider_process


@pytest.fixture
def bram() -> Colleague:
    return Colleague("bram")


@pytest.fixture
def organisation_desk(database: Database, certified: CertifiedProvider) -> DeskAtWork:
    """A desk where nobody is logged in yet, of an organisation with a provider."""
    return a_desk_of(database, an_organisation(certified.issuer))


def an_organisation(
    issuer: str,
    client: tuple[str, str] = (CLIENT_ID, CLIENT_SECRET),
    *,
    now: Callable[[], datetime] = real_now,
    rules: ClaimRules = RULES,
    scope: str = "openid profile",
    desk: str = DESK,
) -> Organisation:
    """`client` is the id and the secret of the desk at the provider, `now` the clock that judges its tokens."""
    registration = Registration(
        name="gemeente Proefstad",
        issuer=issuer,
        client_id=client[0],
        client_secret=client[1],
        scope=scope,
        return_address=desk + RETURN_PATH,
        after_logout=desk + PATH_AFTER_LOGOUT,
    )
    return Organisation(provider=Provider(registration, now), rules=rules)


def a_desk_of(database: Database, organisation: Organisation, **changes: object) -> DeskAtWork:
    """A desk where nobody is logged in yet."""
    return a_desk(database, organisation=organisation, **changes)


async def begun(desk: DeskAtWork, goal: str = "/gezondheid") -> str:
    """Where the desk sends a browser that wants to log in."""
    response = await desk.get(f"{BEGIN}?naar={goal}")
    assert response.status_code == 303, readable(response)
    return response.headers["location"]


async def log_in(desk: DeskAtWork, colleague: Colleague, **query: str) -> httpx.Response:
    """Go there and back. `query` changes what the browser brings."""
    back = await colleague.visit(await begun(desk))
    return await desk.get(str(back.copy_merge_params(query)))


async def refused(desk: DeskAtWork, response: httpx.Response, sentence: str) -> None:
    assert response.status_code == 403
    assert sentence in readable(response)
    assert "wijkbalie-sessie" not in response.headers.get("set-cookie", "")
    assert (await desk.get("/")).status_code == 303


def account(desk: DeskAtWork, username: str) -> Account | None:
    with desk.office.database.work() as work:
        return work.staff.find_account(username)


def journal(desk: DeskAtWork) -> list[tuple[str, str]]:
    with desk.office.database.reading() as connection:
        return [(line.actor, line.action) for line in newest_lines(connection, limit=50)]
