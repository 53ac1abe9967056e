"""What a browser posts, tamed: a bounded, clean mapping of words. Knows no melding.

FormError speaks to the colleague who filled in the form, and names the field.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from urllib.parse import parse_qsl

from starlette.requests import Request

from bot.web.language import gettext
from routing.errors import WijkbalieError

MAX_BYTES = 65_536
MAX_TEXT = 500
_MAX_FIELDS = 80
_LONGEST_PLANNING = timedelta(days=730)
_FORM_TYPE = "application/x-www-form-urlencoded"
# Control characters but tab and newline, and the bidi controls that could make a text read differently from what it is.
_UNWANTED = re.compile("[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


class FormError(WijkbalieError):
    """The form cannot be used as it is. `name` is the field to look at, or empty."""

    def __init__(self, message: str, *, name: str = "") -> None:
        super().__init__(message)
        self.name = name


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of one form. A field that is missing is empty; of one that comes more than once, `fields` has the last."""

    fields: Mapping[str, str] = field(default_factory=dict, repr=False)
    pairs: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    def raw(self, name: str) -> str:
        """As posted: for passwords and tokens."""
        return self.fields.get(name, "")

    def text(self, name: str, longest: int = MAX_TEXT) -> str:
        """Cleaned and stripped; raises FormError past `longest` characters."""
        text = _UNWANTED.sub("", self.raw(name).replace("\r\n", "\n")).strip()
        if len(text) > longest:
            raise FormError(
                gettext("Deze tekst heeft %(num)s tekens. Kort haar in tot %(most)s.", num=len(text), most=longest), name=name
            )
        return text

    def choice(self, name: str, allowed: Collection[str], refusal: str) -> str:
        value = self.raw(name)
        if value not in allowed:
            raise FormError(refusal, name=name)
        return value

    def day(self, name: str, *, today: date) -> date:
        """A day from today to two years ahead."""
        try:
            day = date.fromisoformat(self.raw(name).strip())
        except ValueError:
            raise FormError(gettext("Kies een datum, of schrijf haar als 2026-11-30."), name=name) from None
        if not today <= day <= today + _LONGEST_PLANNING:
            raise FormError(gettext("Kies een datum van vandaag of later, hoogstens twee jaar vooruit."), name=name)
        return day

    def numbered(self, name: str) -> tuple[tuple[int, int], ...]:
        """Every `12.5` that was posted under this name, as pairs of numbers; also when one field holds several."""
        words = [word for given, value in self.pairs if given == name for word in value.split()]
        found = [re.fullmatch(r"([0-9]{1,12})\.([0-9]{1,9})", word) for word in words[:_MAX_FIELDS]]
        if not found or None in found:
            raise FormError(gettext("Kies eerst een of meer meldingen."), name=name)
        return tuple((int(match[1]), int(match[2])) for match in found if match)

    def version(self) -> int:
        """The event count of the melding that the colleague was looking at."""
        value = self.raw("versie")
        if re.fullmatch(r"[0-9]{1,9}", value) is None:
            raise FormError(gettext("Het formulier is niet compleet. Laad de pagina opnieuw en probeer het nog eens."))
        return int(value)


async def read_form(request: Request) -> Form:
    """Read a posted form. Raises FormError when it is not a form, too large, or has too many fields."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        raise FormError(gettext("Dit verzoek bevat geen formulier. Gebruik de knoppen op de pagina."))
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BYTES:
            raise FormError(gettext("Het formulier is te groot. Kort de tekst in en probeer het nog eens."))
    try:
        pairs = parse_qsl(body.decode("ascii", errors="replace"), keep_blank_values=True, max_num_fields=_MAX_FIELDS)
    except ValueError:
        raise FormError(gettext("Het formulier heeft te veel velden. Laad de pagina opnieuw.")) from None
    return Form(dict(pairs), tuple(pairs))
