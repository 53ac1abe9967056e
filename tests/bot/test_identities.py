"""Who a colleague is, from the claims of a provider."""

from __future__ import annotations

from dataclasses import replace

from bot.identities import ClaimRules, identity_of
from bot.roles import Role

RULES = ClaimRules(
    username="upn", name="name", role="realm_access.roles", roles={"balie": Role.COORDINATOR, "afdeling": Role.HANDLER}
)


def test_a_role_may_stand_deep_in_the_token() -> None:
    claims = {"iss": "i", "sub": "s", "upn": "cem", "realm_access": {"roles": ["afdeling", "balie"]}}
    assert identity_of(claims, RULES).role is Role.COORDINATOR
    assert identity_of(claims | {"realm_access": "balie"}, RULES).role is None
    assert identity_of(claims, replace(RULES, role="http://schemas.test/role")).role is None


def test_a_part_of_the_path_may_have_dots_of_its_own() -> None:
    """Keycloak gives the roles of one client under its id, which may be an address."""
    claims = {"iss": "i", "sub": "s", "resource_access": {"https://balie.gemeente.test": {"roles": ["balie"]}}}
    assert identity_of(claims, replace(RULES, role="resource_access.https://balie.gemeente.test.roles")).role is Role.COORDINATOR
    assert identity_of(claims, replace(RULES, role="resource_access.https://balie.roles")).role is None
