"""The web form: residents without any account write to the office, and may leave an e-mail address for news.

Nothing is fetched here: the form's own page hands an entry to the intake. An address that nobody proved gets one message,
the receipt, with a link to prove it; an unproven address is never taken for a person we know.
"""

from __future__ import annotations

import hmac
import json
from dataclasses import dataclass, field, replace
from datetime import datetime
from email.message import EmailMessage

from channels.mail import MailChannel, MailSettings
from channels.payload import text_of
from routing.errors import ConfigError
from routing.messages import (
    Attachment,
    Delivery,
    GeoPoint,
    InboundMessage,
    OutboundMessage,
    Person,
    UnreadableItem,
    Visibility,
)
from routing.sentences import said

NAME = "web_form"
_MARK = "#"  # between the address and the form: each form is a person of its own until a colleague joins them
_SHORTEST_SECRET = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class WebFormSettings(MailSettings):
    """The mail server, and the form's own. `public_url`: where residents reach this site, without a slash at the end.

    `link_secret`: what the links in messages are signed with; whoever changes it makes earlier links useless. `confirm`
    stands below the receipt and names `{link}`. `most_per_hour` forms per visitor, `most_mails_per_day` forms per e-mail address.
    """

    public_url: str
    link_secret: str = field(repr=False)
    confirm: str = "Ook later nieuws per e-mail? Dat kan na een klik op deze link:\n{link}"
    most_per_hour: int = 10
    most_mails_per_day: int = 3

    def __post_init__(self) -> None:
        MailSettings.__post_init__(self)
        if len(self.link_secret) < _SHORTEST_SECRET:
            raise ConfigError(f"channels.web_form.link_secret is te kort; neem minstens {_SHORTEST_SECRET} willekeurige tekens")
        if not self.public_url.startswith(("https://", "http://")) or self.public_url.endswith("/"):
            raise ConfigError("channels.web_form.public_url is geen adres; schrijf het als https://wijkbalie.gemeente.example")
        if "{link}" not in self.confirm:
            raise ConfigError("channels.web_form.confirm noemt {link} niet; zonder die plek kan niemand zijn adres bevestigen")


@dataclass(frozen=True, slots=True, kw_only=True)
class FormEntry:
    """One form of a resident. `form` is the form's own number: the same form sent twice is one message.

    `address` is a checked e-mail address, or empty. `photos` are those that came along, and `location` where the first that
    tells it was taken. `is_trapped`: a field that no person sees was filled in.
    """

    form: str
    text: str = field(repr=False)
    place: str = field(repr=False, default="")
    address: str = field(repr=False, default="")
    photos: tuple[Attachment, ...] = ()
    location: GeoPoint | None = field(repr=False, default=None)
    is_trapped: bool = False


# -- parse: entry -> value


def parse_entry(entry: FormEntry, now: datetime) -> InboundMessage | UnreadableItem:
    """The message of an entry. What a robot probably wrote is kept for staff and answered by nobody."""
    text = text_of("\n".join(part for part in (entry.text.strip(), entry.place.strip()) if part))
    if entry.is_trapped:
        reason = said("waarschijnlijk van een robot: een veld dat mensen niet zien was ingevuld")
        return UnreadableItem(channel=NAME, external_id=entry.form, reason=reason, raw=json.dumps({"tekst": text}))
    sender = Person(external_id=f"{entry.address}{_MARK}{entry.form}", is_proven=False) if entry.address else None
    return InboundMessage(
        channel=NAME,
        external_id=entry.form,
        thread=entry.form,
        reply_to=entry.form,
        visibility=Visibility.PRIVATE,
        sent_at=now,
        sender=sender,
        text=text,
        attachments=entry.photos,
        location=entry.location,
        raw=json.dumps({"formulier": entry.form}),
    )


def proof_of(settings: WebFormSettings, token: str, recipient: str) -> str:
    """What a link must carry to prove that its reader got the message `token`."""
    return hmac.new(settings.link_secret.encode(), f"{token}|{recipient}".encode(), "sha256").hexdigest()[:40]


def proof_path(settings: WebFormSettings, token: str, recipient: str) -> str:
    return f"/melden/bevestigen/{token}/{proof_of(settings, token, recipient)}"


# -- the channel


class WebFormChannel(MailChannel):
    """News for who left an address on the form."""

    def __init__(self, settings: WebFormSettings) -> None:
        super().__init__(NAME, settings)
        self._form = settings

    def rendered(self, message: OutboundMessage) -> EmailMessage:
        address = message.to.rpartition(_MARK)[0]
        if message.delivery is not Delivery.PRIVATE_REPLY:
            return super().rendered(replace(message, to=address))
        link = f"{self._form.public_url}{proof_path(self._form, message.token, message.to)}"
        text = f"{message.text}\n\n{self._form.confirm.replace('{link}', link)}"
        return super().rendered(replace(message, to=address, text=text))
