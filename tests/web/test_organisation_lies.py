"""A provider, or somebody in between, that means harm: no token and no metadata that do not hold let anybody in."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey

from storage.database import Database
from tests.web.desk import DeskAtWork
from tests.web.lying_provider import CLIENT_ID, CLIENT_SECRET, OTHER_KEY, LyingProvider, sign
from tests.web.organisation import BEGIN, a_desk_of, account, an_organisation, begun, real_now, refused


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """What is stored of an identity is tested on both databases in tests/storage."""
    return sqlite_url


@pytest.fixture
def provider() -> Iterator[LyingProvider]:
    provider = LyingProvider(now=real_now)
    provider.start()
    yield provider
    provider.stop()


@pytest.fixture
def desk(database: Database, provider: LyingProvider) -> DeskAtWork:
    return a_desk_of(database, an_organisation(provider.issuer, (CLIENT_ID, CLIENT_SECRET)))


async def is_refused(desk: DeskAtWork, provider: LyingProvider, sentence: str = "is niet geldig") -> None:
    back = await provider.visit(await begun(desk))
    await refused(desk, await desk.get(str(back)), sentence)
    assert account(desk, "bram") is None


async def test_without_a_lie_it_lets_bram_in(desk: DeskAtWork, provider: LyingProvider) -> None:
    back = await provider.visit(await begun(desk))
    assert (await desk.get(str(back))).status_code == 303


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
    desk: DeskAtWork, provider: LyingProvider, lie: dict[str, Any]
) -> None:
    provider.claims = lie
    await is_refused(desk, provider)


def with_the_client_secret(claims: dict[str, Any]) -> str:
    return jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(CLIENT_SECRET))


def without_a_signature(claims: dict[str, Any]) -> str:
    _, body, _ = sign(claims).split(".")
    return f"eyJhbGciOiJub25lIn0.{body}."


@pytest.mark.parametrize(
    "signer",
    [partial(sign, key=OTHER_KEY), with_the_client_secret, without_a_signature, lambda claims: "geen.token", lambda claims: ""],
)
async def test_a_token_that_the_provider_did_not_sign_is_refused(desk: DeskAtWork, provider: LyingProvider, signer: Any) -> None:
    provider.sign = signer
    await is_refused(desk, provider)


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://elders.test"},
        {"token_endpoint": "http://elders.test/token"},
        {"authorization_endpoint": None},
        {"jwks_uri": 7},
        {"end_session_endpoint": "javascript:alert(1)"},
        {"userinfo_endpoint": "http://elders.test/userinfo"},
    ],
)
async def test_a_provider_that_tells_nonsense_about_itself_is_not_followed(
    desk: DeskAtWork, provider: LyingProvider, metadata: dict[str, Any]
) -> None:
    provider.metadata = metadata
    assert (await desk.get(BEGIN)).status_code == 503


async def test_what_userinfo_tells_of_somebody_else_is_not_believed(desk: DeskAtWork, provider: LyingProvider) -> None:
    provider.claims = {"roles": None}
    provider.userinfo = {"sub": "een-ander", "roles": ["baas"]}
    await is_refused(desk, provider, "heeft geen rol in de balie")


async def test_userinfo_fills_in_and_never_overrules_the_signed_token(desk: DeskAtWork, provider: LyingProvider) -> None:
    provider.claims = {"name": None}
    provider.userinfo = {"sub": "7f3a", "iss": "https://elders.test", "name": "Bram de Wit", "roles": ["baas"]}
    back = await provider.visit(await begun(desk))
    assert (await desk.get(str(back))).status_code == 303
    made = account(desk, "bram")
    assert made is not None
    assert (made.display_name, made.role, made.identity_issuer) == ("Bram de Wit", "coordinator", provider.issuer)


@pytest.mark.parametrize(("status", "outcome"), [(401, 303), (403, 303), (302, 503), (500, 503)])
async def test_userinfo_that_refuses_tells_nothing_and_one_that_fails_stops_the_login(
    desk: DeskAtWork, provider: LyingProvider, status: int, outcome: int
) -> None:
    """That of ADFS refuses the access tokens of others. Whoever fails may have a role to tell: nobody loses theirs by it."""
    provider.claims, provider.userinfo_status = {"name": None}, status
    back = await provider.visit(await begun(desk))
    assert (await desk.get(str(back))).status_code == outcome


@pytest.mark.parametrize(
    "key",
    [{"kty": "AKP", "alg": "ML-DSA-1024", "pub": "AA", "kid": "over-tien-jaar"}, {"kty": "EC", "crv": "P-999"}, "geen sleutel"],
)
async def test_a_key_of_an_unknown_kind_beside_the_others_keeps_nobody_out(
    desk: DeskAtWork, provider: LyingProvider, key: Any
) -> None:
    """RFC 7517, 5: what is not understood is passed over. Providers publish a new kind long before they sign with it."""
    provider.other_keys = [key]
    back = await provider.visit(await begun(desk))
    assert (await desk.get(str(back))).status_code == 303
