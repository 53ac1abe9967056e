"""Who may do what: roles, rights and the table between them. Knows no screen and stores nothing."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from storage.meldingen import Melding
from storage.staff import Account


class Role(StrEnum):
    LOOKER = "kijker"
    HANDLER = "behandelaar"
    COORDINATOR = "coordinator"
    DIRECTOR = "wijkregisseur"
    ADMINISTRATOR = "beheerder"
    ARCHIVIST = "archivaris"


class Right(StrEnum):
    """`HANDLE` is the daily work on a melding, `JUDGE` deciding whose it is, `SEND` deciding about what leaves."""

    LOOK = "kijken"
    NOTE = "noteren"
    HANDLE = "behandelen"
    JUDGE = "beoordelen"
    SEND = "versturen"
    FIGURES = "cijfers"
    ADMINISTER = "beheren"


_DAILY = frozenset({Right.LOOK, Right.NOTE, Right.HANDLE, Right.FIGURES})
RIGHTS: Mapping[Role, frozenset[Right]] = {
    Role.LOOKER: frozenset({Right.LOOK}),
    Role.HANDLER: _DAILY,
    Role.COORDINATOR: _DAILY | {Right.JUDGE, Right.SEND},
    Role.DIRECTOR: _DAILY | {Right.JUDGE, Right.SEND},
    Role.ADMINISTRATOR: frozenset(Right),
    Role.ARCHIVIST: frozenset({Right.LOOK, Right.FIGURES}),
}
_NO_RIGHTS: frozenset[Right] = frozenset()


def has_right(account: Account, right: Right) -> bool:
    """An unknown role has no right at all."""
    return right in (RIGHTS[Role(account.role)] if account.role in set(Role) else _NO_RIGHTS)


def may_handle(account: Account, melding: Melding) -> bool:
    """A behandelaar handles what the own vakafdeling leads; who judges handles everything."""
    if has_right(account, Right.JUDGE):
        return True
    return has_right(account, Right.HANDLE) and account.vakafdeling is not None and account.vakafdeling == melding.lead


def may_update_task(account: Account, melding: Melding, vakafdeling: str) -> bool:
    """A task is the work of the vakafdeling that has it, and of who handles the melding."""
    return may_handle(account, melding) or (has_right(account, Right.HANDLE) and account.vakafdeling == vakafdeling)
