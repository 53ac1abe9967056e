"""The web form for residents: outside the door of the desk, without any account, cookie or script.

What is typed goes the way of every message, with the photos that came along. Visitors are counted by a keyed digest that is
kept for a day.
"""

from __future__ import annotations

import hmac
import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import Any, BinaryIO

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from bot.entry import add_entry
from bot.files import Admitted, RefusedFileError
from bot.filetypes import PICTURES
from bot.passwords import new_token
from bot.texts import TextBook, in_form
from bot.uploads import Uploads, as_attachments, place_of
from bot.web.desk import Desk
from bot.web.forms import Form, FormError
from bot.web.pages import Pages
from bot.web.posted import Posted, read_posted
from bot.web.security import is_own_request, is_same_token
from bot.web.views.counter import street_options
from channels.mail_address import checked_address
from channels.web_form import NAME, FormEntry, WebFormSettings, parse_entry, proof_of
from routing.errors import TemporaryChannelError
from storage.outbox import Reply
from storage.points import Commit

LONGEST_TEXT, LONGEST_PLACE = 4000, 100
MOST_PHOTOS = 3
_LANGUAGES = {"nl": "en", "en": "nl"}
_FORM_NUMBER = re.compile(r"[A-Za-z0-9_-]{20,80}")
_TOKEN = re.compile(r"WB-[0-9]{4}-[0-9]{5,12}/[0-9]{1,4}")
_LINK = re.compile(r"[A-Za-z0-9_-]{20,64}")
_FIELDS_OF_REFUSALS = {"te_vaak": "tekst", "fout_adres_vaak": "adres", "fout_foto": "foto", "fout_foto_nu": "foto"}
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True, repr=False)
class _Office:
    """What the views work with."""

    desk: Desk
    pages: Pages
    settings: WebFormSettings
    words: dict[str, dict[str, str]]
    uploads: Uploads | None

    def show(self, request: Request, name: str, values: dict[str, Any], status: int = 200) -> Response:
        language = language_of(request)
        frame = {"language": language, "t": self.words[language], "office": self.desk.office, "assets": self.pages.assets}
        return HTMLResponse(self.pages.text(name, frame | values), status_code=status)

    def tell(self, request: Request, what: str, *, status: int = 200, button: str = "", **more: Any) -> Response:
        """A page with one heading and what belongs to it."""
        t = self.words[language_of(request)]
        sentences = [t[key] for key in (what, f"{what}_adres") if key in t]
        frame = {"again": False, "follow": ""} | more
        values = {"heading": t[f"{what}_titel"], "sentences": sentences, "button": t[button] if button else ""} | frame
        return self.show(request, "melden_bericht.html", values, status)

    def digest(self, kind: str, value: str) -> str:
        return hmac.new(self.settings.link_secret.encode(), f"{kind}|{value}".encode(), "sha256").hexdigest()


def web_form(desk: Desk, pages: Pages, settings: WebFormSettings) -> Starlette:
    """An application of its own, to be mounted at /melden."""
    confirm = "/bevestigen/{kenmerk}/{number}/{proof}"
    books = desk.handling.replies.texts.values()
    app = Starlette(
        routes=[
            Route("/", ask, methods=["GET"]),
            Route("/", take, methods=["POST"]),
            Route("/bedankt", thank, methods=["GET"]),
            Route(confirm, ask_proof, methods=["GET"]),
            Route(confirm, take_proof, methods=["POST"]),
        ],
    )
    uploads = Uploads(desk.files) if desk.files else None
    app.state.office = _Office(desk, pages, settings, {book.language: _words(book) for book in books}, uploads)
    return app


def language_of(request: Request) -> str:
    language = request.query_params.get("taal", "nl")
    return language if language in _LANGUAGES else "nl"


async def ask(request: Request) -> Response:
    return _form(request, new_token(), {}, {})


async def take(request: Request) -> Response:
    """Keep the form, once. What is wrong is shown beside its field, with everything that was typed."""
    office: _Office = request.app.state.office
    try:
        posted = await read_posted(request, office.uploads.store.largest if office.uploads else 0)
    except FormError:
        return office.tell(request, "onbekend", status=400)
    try:
        return await _taken(request, office, posted)
    finally:
        await posted.close()


async def _taken(request: Request, office: _Office, posted: Posted) -> Response:
    form, number = posted.form, posted.form.raw("formulier")
    if _FORM_NUMBER.fullmatch(number) is None or not is_own_request(request.headers):
        t = office.words[language_of(request)]
        return _form(request, new_token(), dict(form.fields), {"tekst": t["fout_formulier"]})
    entry, mistakes = read_entry(form, number)
    if posted.is_too_large or len(posted.files) > MOST_PHOTOS:
        mistakes["foto"] = "fout_foto_te_veel"
    if entry is None or mistakes:
        return _form(request, number, dict(form.fields), mistakes)
    link, visitor = new_token(), request.client.host if request.client else ""
    refusal = await run_in_threadpool(_keep, office, Arrival(entry, tuple(file.file for file in posted.files), visitor, link))
    if refusal:
        status = 429 if refusal == "te_vaak" else 422
        return _form(request, number, dict(form.fields), {_FIELDS_OF_REFUSALS[refusal]: refusal}, status=status)
    return RedirectResponse(f"/melden/bedankt?taal={language_of(request)}&volg={link}", status_code=303)


async def thank(request: Request) -> Response:
    """The link to follow the melding is on this page alone: whoever left no address has no other."""
    office: _Office = request.app.state.office
    follow = request.query_params.get("volg", "")
    return office.tell(request, "dank", again=True, follow=follow if _LINK.fullmatch(follow) else "")


async def ask_proof(request: Request) -> Response:
    """Only a button proves: programs that look through mail follow links by themselves."""
    office: _Office = request.app.state.office
    reply = await run_in_threadpool(_proven_reply, office, request)
    if reply is None:
        return office.tell(request, "onbekend", status=404)
    return office.tell(request, "bevestig", button="bevestig_knop")


async def take_proof(request: Request) -> Response:
    office: _Office = request.app.state.office
    reply = await run_in_threadpool(_proven_reply, office, request)
    if reply is None or not is_own_request(request.headers):
        return office.tell(request, "onbekend", status=404)
    await run_in_threadpool(_record_proof, office, reply)
    return office.tell(request, "bevestigd")


def read_entry(form: Form, number: str) -> tuple[FormEntry | None, dict[str, str]]:
    """The entry, or None with the name of what is wrong per field."""
    mistakes: dict[str, str] = {}
    values: dict[str, str] = {}
    for name, longest in (("tekst", LONGEST_TEXT), ("plaats", LONGEST_PLACE)):
        try:
            values[name] = form.text(name, longest)
        except FormError:
            mistakes[name] = "fout_te_lang"
    if not values.get("tekst", "-"):
        mistakes["tekst"] = "fout_tekst"
    typed = form.raw("adres").strip()
    address = checked_address(typed) if typed else ""
    if address is None:
        mistakes["adres"] = "fout_adres"
    if mistakes:
        return None, mistakes
    is_trapped = bool(form.raw("website"))
    return FormEntry(form=number, text=values["tekst"], place=values["plaats"], address=address or "", is_trapped=is_trapped), {}


@dataclass(frozen=True, slots=True)
class Arrival:
    """A form as it came: from which visitor, with which photos. `link` is what its melding can be followed by."""

    entry: FormEntry
    photos: tuple[BinaryIO, ...]
    visitor: str
    link: str


def _keep(office: _Office, arrival: Arrival) -> str:
    """Keep the message and its photos. Returns why not, or nothing."""
    if not arrival.photos or arrival.entry.is_trapped:
        return _record(office, arrival, ())
    if _is_refused_anyway(office, arrival):
        return "te_vaak"  # before a computer looks at photos
    if office.uploads is None:
        return "fout_foto_nu"
    try:
        with office.uploads.admitted(arrival.photos) as photos:
            return _record(office, arrival, photos)
    except RefusedFileError:
        return "fout_foto"
    except TemporaryChannelError:
        return "fout_foto_nu"


def _is_refused_anyway(office: _Office, arrival: Arrival) -> bool:
    digest, since, most, _ = next(_limits(office, arrival))
    with office.desk.database.looking() as work:
        is_known = work.inbox.id_of(NAME, arrival.entry.form) is not None
        return not is_known and work.form_uses.count(digest, since=since) >= most


def _limits(office: _Office, arrival: Arrival) -> Iterator[tuple[str, datetime, int, str]]:
    """Who is counted since when, how many are allowed, and what more are refused with."""
    now, settings = office.desk.now(), office.settings
    yield office.digest("bezoeker", arrival.visitor), now - _HOUR, settings.most_per_hour, "te_vaak"
    if arrival.entry.address:
        digest = office.digest("adres", arrival.entry.address.lower())
        yield digest, now - _DAY, settings.most_mails_per_day, "fout_adres_vaak"


def _record(office: _Office, arrival: Arrival, photos: tuple[Admitted, ...]) -> str:
    """Keep everything and count the visitor, in one transaction. A form that was kept before counts no more, and gets a link."""
    now, entry = office.desk.now(), arrival.entry
    entry = replace(entry, photos=as_attachments(entry.form, photos), location=place_of(photos))
    with office.desk.database.work(Commit.INTAKE) as work:
        is_new = add_entry(work, parse_entry(entry, now), now)
        for digest, since, most, refusal in _limits(office, arrival) if is_new else ():
            if work.form_uses.count(digest, since=since) >= most:
                return refusal
            work.form_uses.add(digest, now)
        message_id = work.inbox.id_of(NAME, entry.form)
        if message_id is not None:
            if is_new and office.uploads is not None and photos:
                office.uploads.keep(work, message_id, photos)
            until = now + office.desk.handling.replies.follow_for
            work.follow.add_to_message(message_id, arrival.link, now, until=until)
        work.commit()
    return ""


def _proven_reply(office: _Office, request: Request) -> Reply | None:
    """The reply that the link was in; None for a link that we did not make."""
    token = f"{request.path_params['kenmerk']}/{request.path_params['number']}"
    if _TOKEN.fullmatch(token) is None:
        return None
    with office.desk.database.looking() as work:
        reply = work.outbox.find_by_token(NAME, token)
    if reply is None or not is_same_token(request.path_params["proof"], proof_of(office.settings, token, reply.recipient)):
        return None
    return reply


def _record_proof(office: _Office, reply: Reply) -> None:
    """Idempotent: a second click changes nothing that matters."""
    now = office.desk.now()
    with office.desk.database.work() as work:
        melder = work.meldingen.get_melder(reply.melder_id)
        work.inbox.record_proof(melder.person_id, now)
        work.outbox.release_proven(melder.id, now)
        work.mail_ways.prefer(melder.person_id)
        work.commit()


def _form(
    request: Request, number: str, fields: dict[str, str], mistakes: dict[str, str], *, status: int | None = None
) -> Response:
    office: _Office = request.app.state.office
    language = language_of(request)
    t = office.words[language]
    values: dict[str, Any] = {
        "number": number,
        "fields": fields,
        "problems": {name: t.get(mistake, mistake) for name, mistake in mistakes.items()},
        "other_language": _LANGUAGES[language],
        "street_options": street_options(),
        "longest_text": LONGEST_TEXT,
        "longest_place": LONGEST_PLACE,
        "takes_photos": office.uploads is not None,
        "picture_types": ",".join(sorted(PICTURES)),
    }
    return office.show(request, "melden.html", values, status or (422 if mistakes else 200))


def _words(book: TextBook) -> dict[str, str]:
    source = (files("bot.web") / "teksten" / f"melden.{book.language}.toml").read_text(encoding="utf-8")
    return tomllib.loads(in_form(source, book.address_as))
