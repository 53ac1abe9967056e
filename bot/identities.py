"""People whom the organisation's provider vouches for, and their accounts. Knows no HTTP and no protocol."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from bot.roles import Role
from routing.errors import WijkbalieError
from routing.sentences import said
from storage.database import UnitOfWork
from storage.staff import Account

_LONGEST = 36  # of a username, so that a number still fits behind it
_LONGEST_NAME = 60
_NAMESAKES = 99


class NoAccessError(WijkbalieError):
    """The provider knows this person, and the desk does not let them in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimRules:
    """Which claims tell what. `roles` gives a role for a value of the role claim; the first that fits counts."""

    username: str
    name: str
    role: str
    roles: Mapping[str, Role]

    def are_answered_by(self, claims: Mapping[str, Any]) -> bool:
        return all(_claim(claims, name) is not None for name in (self.username, self.name, self.role))


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One person at one provider: `issuer` and `subject` together never change and are never given to somebody else."""

    issuer: str
    subject: str
    username: str
    name: str
    role: Role | None


def identity_of(claims: Mapping[str, Any], rules: ClaimRules) -> Identity:
    """Read verified claims. The role is None when no rule fits.

    Raises NoAccessError when the claim of the roles was too long to be sent: who has a role, is unknown then.
    """
    held = _claim(claims, rules.role)
    if held is None and _claim(claims.get("_claim_names"), rules.role) is not None:  # OpenID Connect Core, 5.6.2
        raise NoAccessError(
            said(
                "U zit in zoveel groepen dat uw organisatie ze niet meestuurt. "
                "Vraag de beheerder om in de inlogdienst rollen te gebruiken in plaats van groepen."
            )
        )
    values = {str(value) for value in held} if isinstance(held, list) else {str(held)}
    given = str(_claim(claims, rules.username) or "").partition("@")[0].lower()
    username = re.sub(r"[^a-z0-9._-]+", "-", given).strip("-")[:_LONGEST] or "collega"
    name = "".join(letter for letter in str(_claim(claims, rules.name) or "") if letter.isprintable()).strip()
    return Identity(
        issuer=str(claims["iss"]),
        subject=str(claims["sub"]),
        username=username,
        name=name[:_LONGEST_NAME] or username,
        role=next((role for value, role in rules.roles.items() if value in values), None),
    )


def _claim(claims: Any, name: str) -> Any:
    """By its name, or by a path such as `realm_access.roles`, of which a part may have dots of its own."""
    if not isinstance(claims, Mapping):
        return None
    if name in claims:
        return claims[name]
    dots = [place for place, letter in enumerate(name) if letter == "."]
    heads = (place for place in dots if name[:place] in claims)
    return next((found for place in heads if (found := _claim(claims[name[:place]], name[place + 1 :])) is not None), None)


def arrive(work: UnitOfWork, identity: Identity, now: datetime) -> Account:
    """The account of who logs in, made at the first login, its name and role as the organisation has them now. Idempotent.

    Raises NoAccessError; an account that lost its role loses its sessions with it. Whatever it raises, commit.
    """
    account = work.staff.find_identity(identity.issuer, identity.subject)
    if identity.role is None:
        if account is not None:
            work.staff.end_sessions(account)
            work.journal.write(
                account.username, said("inloggen geweigerd"), account.username, now, detail=said("geen rol bij de organisatie")
            )
        raise NoAccessError(
            said("U bent bekend bij uw organisatie, maar heeft geen rol in de balie. Vraag de beheerder om een rol.")
        )
    account = account or _new_account(work, identity, identity.role, now)
    if not account.active:
        raise NoAccessError(said("Uw account in de balie is gesloten. Vraag de beheerder om het te openen."))
    if (account.display_name, account.role) != (identity.name, identity.role):
        work.staff.set_profile(account, display_name=identity.name, role=identity.role)
        detail = said("%(old)s wordt %(new)s, volgens de organisatie", old=account.role, new=identity.role)
        work.journal.write(account.username, said("rechten gewijzigd"), account.username, now, detail=detail)
    return work.staff.get_account(account.username)


def link(work: UnitOfWork, account: Account, identity: Identity, now: datetime) -> None:
    """From now on the organisation vouches for an account that was there already. Raises NoAccessError."""
    owner = work.staff.find_identity(identity.issuer, identity.subject)
    if owner is not None and owner.id != account.id:
        raise NoAccessError(
            said(
                "U heeft bij de organisatie al een ander account: %(username)s. Vraag de beheerder om hulp.",
                username=owner.username,
            )
        )
    work.staff.set_identity(account, identity.issuer, identity.subject)
    work.journal.write(account.username, said("account gekoppeld"), account.username, now, detail=identity.issuer)


def _new_account(work: UnitOfWork, identity: Identity, role: Role, now: datetime) -> Account:
    """A password can never fit it. Somebody else's username gets a number; an account of the desk itself is never taken over."""
    for number in range(1, _NAMESAKES):
        username = identity.username if number == 1 else f"{identity.username}-{number}"
        if work.staff.add_account(username, identity.name, "", now, role):
            account = work.staff.get_account(username)
            work.staff.set_identity(account, identity.issuer, identity.subject)
            work.journal.write(
                username, said("account gemaakt"), username, now, detail=said("%(role)s, volgens de organisatie", role=role)
            )
            return account
        rival = work.staff.find_identity(identity.issuer, identity.subject)
        if rival is not None:
            return rival
        if work.staff.get_account(username).identity_subject is None:
            raise NoAccessError(
                said(
                    "In de balie is al een account '%(username)s'. Is het van u, log dan in met het wachtwoord en kies "
                    "onder uw naam 'Koppel'. Is het niet van u, vraag dan de beheerder om hulp.",
                    username=username,
                )
            )
    raise NoAccessError(
        said("Er zijn te veel accounts die '%(username)s' heten. Vraag de beheerder om hulp.", username=identity.username)
    )
