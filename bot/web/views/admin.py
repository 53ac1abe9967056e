"""Administration: accounts and their rights, and the journal."""

from __future__ import annotations

import csv
import io
import secrets

from fastapi import APIRouter
from starlette.responses import Response

from bot.passwords import hash_password
from bot.roles import Right, Role
from bot.web.forms import FormError
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext, msg
from bot.web.pages import Message, Pages, go_on
from bot.web.retelling import told
from routing.sentences import said
from storage.journal import is_journal_whole, newest_lines
from storage.staff import Account

router = APIRouter(dependencies=[needs(Right.ADMINISTER)])
SHOWN = 200
_HEAD = (
    msg("gebruikersnaam"),
    msg("naam"),
    msg("rol"),
    msg("vakafdeling"),
    msg("contactgegevens"),
    msg("twee stappen"),
    msg("actief"),
    msg("laatst ingelogd"),
)
_USERNAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_")
_LONGEST_USERNAME = 40
_NOBODY = msg("Kies een rol uit de lijst.")


@router.get("/beheer")
def show_accounts(visit: Admitted) -> Response:
    return _accounts(visit)


def _accounts(visit: Visit, message: Message | None = None) -> Response:
    """The page of accounts. A password is told on it at once: on the way over a redirect it would lie in a cookie."""
    pages: Pages = visit.request.app.state.pages
    with visit.desk.database.work() as work:
        accounts = work.staff.accounts()
    values = {"accounts": accounts, "roles": tuple(Role), "municipality": visit.desk.municipality, "place": "beheer"}
    return pages.show(visit, "beheer.html", values, message=message)


@router.post("/beheer/accounts")
def add_account(visit: Admitted) -> Response:
    """A new account with a password that is shown once."""
    username = visit.form.text("gebruikersnaam").lower()
    if not username or len(username) > _LONGEST_USERNAME or not set(username) <= _USERNAME:
        raise FormError(
            gettext("Een gebruikersnaam heeft kleine letters, cijfers, punt of streepje, hoogstens 40."), name="gebruikersnaam"
        )
    name = visit.form.text("naam") or username
    role = visit.form.choice("rol", tuple(Role), gettext(_NOBODY))
    password = secrets.token_urlsafe(12)
    now = visit.desk.now()
    with visit.desk.database.work() as work:
        if not work.staff.add_account(username, name, hash_password(password), now, role):
            raise FormError(
                gettext("'%(account)s' bestaat al. Kies een andere gebruikersnaam.", account=username), name="gebruikersnaam"
            )
        work.journal.write(visit.account.username, said("account gemaakt"), username, now, detail=role)
        work.commit()
    return _accounts(visit, _told_once(gettext("Account %(account)s is gemaakt.", account=username), password))


@router.post("/beheer/accounts/{username}")
def change_rights(visit: Admitted, username: str) -> Response:
    role = visit.form.choice("rol", tuple(Role), gettext(_NOBODY))
    departments = ("", *visit.desk.municipality.departments)
    vakafdeling = visit.form.choice("vakafdeling", departments, gettext("Kies een vakafdeling uit de lijst.")) or None
    sees_contacts = visit.form.raw("contact") == "ja"
    place = vakafdeling or "wijkbureau"
    detail = (
        said("%(rol)s, %(plaats)s, contactgegevens ja", rol=role, plaats=place)
        if sees_contacts
        else said("%(rol)s, %(plaats)s, contactgegevens nee", rol=role, plaats=place)
    )
    if username == visit.account.username and role != Role.ADMINISTRATOR:
        raise FormError(gettext("U kunt uzelf het beheer niet afnemen. Vraag een andere beheerder."), name="rol")
    with visit.desk.database.work() as work:
        work.staff.set_rights(work.staff.get_account(username), role=role, vakafdeling=vakafdeling, sees_contacts=sees_contacts)
        work.journal.write(visit.account.username, said("rechten gewijzigd"), username, visit.desk.now(), detail=detail)
        work.commit()
    return go_on(
        visit, "/beheer", Message(tone="ok", text=gettext("De rechten van %(account)s zijn gewijzigd.", account=username))
    )


@router.post("/beheer/accounts/{username}/wachtwoord")
def reset_password(visit: Admitted, username: str) -> Response:
    """A new password, shown once; the second factor and every session of the account end."""
    password = secrets.token_urlsafe(12)
    with visit.desk.database.work() as work:
        account = work.staff.get_account(username)
        work.staff.set_password(account, hash_password(password))
        work.staff.set_totp(account, None)
        work.journal.write(visit.account.username, said("wachtwoord hersteld"), username, visit.desk.now())
        work.commit()
    return _accounts(visit, _told_once(gettext("Nieuw wachtwoord voor %(account)s.", account=username), password))


@router.post("/beheer/accounts/{username}/staat")
def switch(visit: Admitted, username: str) -> Response:
    is_active = visit.form.raw("staat") == "open"
    if username == visit.account.username:
        raise FormError(gettext("U kunt uw eigen account niet sluiten. Vraag een andere beheerder."))
    with visit.desk.database.work() as work:
        work.staff.set_active(work.staff.get_account(username), is_active=is_active)
        action = said("account geopend") if is_active else said("account gesloten")
        work.journal.write(visit.account.username, action, username, visit.desk.now())
        work.commit()
    return go_on(visit, "/beheer", Message(tone="ok", text=f"{username}: {told(action)}."))


@router.get("/beheer/accounts.csv")
def access_review(visit: Admitted) -> Response:
    """Who may do what, for the yearly review (BIO2 5.18.02). The export itself is in the journal."""
    with visit.desk.database.work() as work:
        rows = work.staff.accounts()
        work.journal.write(
            visit.account.username,
            said("toegangsoverzicht"),
            "accounts",
            visit.desk.now(),
            detail=said("%(num)s accounts", num=len(rows)),
        )
        work.commit()
    head = tuple(map(gettext, _HEAD))
    return as_csv("accounts.csv", [head, *map(_row, rows)])


@router.get("/beheer/dagboek")
def show_journal(visit: Admitted) -> Response:
    pages: Pages = visit.request.app.state.pages
    with visit.desk.database.reading() as connection:
        values = {"lines": newest_lines(connection, limit=SHOWN), "is_whole": is_journal_whole(connection), "place": "dagboek"}
    return pages.show(visit, "dagboek.html", values)


def _told_once(text: str, password: str) -> Message:
    return Message(tone="ok", text=text, hint=gettext("Wachtwoord: %(wachtwoord)s", wachtwoord=password))


def as_csv(name: str, rows: list[tuple[object, ...]]) -> Response:
    """A file that spreadsheets of this country open: semicolons, UTF-8 with a mark. No cell begins a formula."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerows([[_plain(value) for value in row] for row in rows])
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _plain(value: object) -> object:
    return f"'{value}" if isinstance(value, str) and value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value


def _row(account: Account) -> tuple[object, ...]:
    def yes(is_so: bool) -> str:
        return gettext("ja") if is_so else gettext("nee")

    return (
        account.username,
        account.display_name,
        account.role,
        account.vakafdeling or "",
        yes(account.sees_contacts),
        yes(account.totp_secret is not None),
        yes(account.active),
        account.last_login_at.isoformat() if account.last_login_at else "",
    )
