"""Residents at the web form and a colleague at the counter, over HTTP as browsers do it.

They are as patient as people who mean it: a form that nobody confirmed is sent again, the same form, until the product says that
it was taken. Now and then somebody leaves before the answer comes and sends it again, or clicks twice.
"""

from __future__ import annotations

import itertools
import queue
import random
import re
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from types import TracebackType
from typing import Self

import httpx
from argon2 import PasswordHasher

from storage.database import Database

WEB_FORM, COUNTER = FORMS = ("web_form", "counter")
IMPATIENCE = 0.05
USERNAME, PASSWORD = "samira", "een lang wachtwoord"
_THREADS = 4
_WITH_ADDRESS = 0.6
_PATIENCE, _HASTE = httpx.Timeout(20.0), httpx.Timeout(20.0, read=0.001)
_PAUSE = 0.2  # seconds before somebody tries again
_TAKEN = 303


def hire(database: Database) -> None:
    """Give the colleague at the counter an account."""
    cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)  # a check takes the cost that the hash names
    with database.work() as work:
        work.staff.add_account(USERNAME, "Samira", cheap.hash(PASSWORD), datetime.now(UTC))
        work.commit()


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """What somebody has to tell, by which form. `number` tells one resident from another."""

    way: str
    number: int
    text: str
    has_address: bool
    is_impatient: bool

    @property
    def address(self) -> str:
        return f"bewoner{self.number}@bewoner.example" if self.has_address else ""


class Visitors:
    """Fills in forms, each in its turn, in threads of its own. `written` gets what the product confirmed.

    Of several `addresses` the next one is tried when one does not answer, as a proxy before them would do.

    `impatient` counts who left before the answer or sent a form twice.
    """

    def __init__(self, addresses: Sequence[str], written: set[tuple[str, str]], *, seed: int) -> None:
        self.impatient = 0
        self._addresses, self._written = itertools.cycle(addresses), written
        self._dice = random.Random(seed)
        self._errands: queue.SimpleQueue[Errand | None] = queue.SimpleQueue()
        self._is_closing = threading.Event()
        self._threads: list[threading.Thread] = []
        self._problems: list[Exception] = []

    def __enter__(self) -> Self:
        self._threads = [threading.Thread(target=self._run, name=f"visitor {n}", daemon=True) for n in range(_THREADS)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._is_closing.set()
        for _ in self._threads:
            self._errands.put(None)
        for thread in self._threads:
            thread.join()

    def write(self, way: str, number: int, text: str) -> None:
        """Somebody will fill in this form soon. Raises what went wrong at an earlier one."""
        if self._problems:
            raise self._problems[0]
        is_impatient = self._dice.random() < IMPATIENCE
        self.impatient += is_impatient
        has_address = self._dice.random() < _WITH_ADDRESS
        self._errands.put(Errand(way=way, number=number, text=text, has_address=has_address, is_impatient=is_impatient))

    def _run(self) -> None:
        # A colleague keeps the cookies of the desk; the web form gives none, so that one browser serves many residents.
        with httpx.Client(base_url=next(self._addresses), timeout=_PATIENCE, trust_env=False) as browser:
            while (errand := self._errands.get()) is not None:
                try:
                    self._fulfil(browser, errand)
                except Exception as error:  # noqa: BLE001 - told to whoever writes next
                    self._problems.append(error)
                    return

    def _fulfil(self, browser: httpx.Client, errand: Errand) -> None:
        visit = _at_counter if errand.way == COUNTER else _at_web_form
        form: dict[str, str] | None = None
        while not self._is_closing.is_set():
            try:
                form = form or visit(browser, errand)
                answer = self._send(browser, errand, form)
            except httpx.TransportError:
                self._is_closing.wait(_PAUSE)  # it was killed, or we were impatient: the same form again
                browser.base_url = httpx.URL(next(self._addresses))
                continue
            if answer.status_code == _TAKEN and answer.headers["location"].startswith("/inloggen"):
                form = None
            elif answer.status_code == _TAKEN:
                self._written.add((errand.way, form["formulier"]))
                return
            else:
                assert answer.status_code >= 500, f"{errand.way} answered {answer.status_code}: {answer.text[:2000]}"
                self._is_closing.wait(_PAUSE)

    def _send(self, browser: httpx.Client, errand: Errand, form: dict[str, str]) -> httpx.Response:
        """Who is impatient leaves at once and sends it again, while the first may still be under way; and then once more."""
        path, headers = _PATHS[errand.way], _headers(errand)
        if not errand.is_impatient:
            return browser.post(path, data=form, headers=headers)
        for timeout in (_HASTE, _PATIENCE):
            try:
                browser.post(path, data=form, headers=headers, timeout=timeout)
            except httpx.ReadTimeout:
                continue
        return browser.post(path, data=form, headers=headers)


_PATHS = {WEB_FORM: "/melden/", COUNTER: "/aan-de-balie"}


def _headers(errand: Errand) -> dict[str, str]:
    """Each resident comes from an address of their own, as a proxy tells it."""
    high, low = divmod(errand.number, 256)
    return {"x-forwarded-for": f"10.{high // 256 % 256}.{high % 256}.{low}"}


def _at_web_form(browser: httpx.Client, errand: Errand) -> dict[str, str]:
    page = browser.get(_PATHS[WEB_FORM], headers=_headers(errand))
    return {"formulier": _hidden(page, "formulier"), "tekst": errand.text, "plaats": "", "adres": errand.address, "website": ""}


def _at_counter(browser: httpx.Client, errand: Errand) -> dict[str, str]:
    page = browser.get(_PATHS[COUNTER])
    if page.status_code == _TAKEN:
        login = browser.get("/inloggen")
        known = {"gebruikersnaam": USERNAME, "wachtwoord": PASSWORD, "csrf": _hidden(login, "csrf")}
        browser.post("/inloggen", data=known)
        page = browser.get(_PATHS[COUNTER])
    contact = {"contact": "email", "adres": errand.address, "naam": "Bewoner"} if errand.address else {"contact": "geen"}
    number, csrf = _hidden(page, "formulier"), _hidden(page, "csrf")
    return {"formulier": number, "csrf": csrf, "weg": "balie", "tekst": errand.text, **contact}


def _hidden(page: httpx.Response, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    if found is None:
        assert page.status_code >= 500, f"no form at {page.url}, but {page.status_code}: {page.text[:2000]}"
        raise httpx.TransportError("the product is not well now")
    return unescape(found[1])
