"""E-mail to one person over SMTP, for channels where the resident left an address. Sends; it reads no mailbox.

The dialogue is led step by step, because what each step answers says whether the message can have been accepted: until the
line that ends the message has left, it was provably not. SMTP: RFC 5321; automatic mail: RFC 3834.
"""

from __future__ import annotations

import asyncio
import base64
import re
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from typing import Literal

from channels.base import Limits
from channels.mail_address import checked_address
from channels.payload import text_of
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    ConfigError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.messages import CannotTell, Delivery, OutboundMessage, Page, Sent, Unknown
from routing.sentences import said

LONGEST_TEXT = 20_000
_TOKEN = re.compile(r"(?P<kenmerk>[A-Z]+-\d{4}-\d+)/\d+")
_LINE_WITH_DOT = re.compile(rb"^\.", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailSettings:
    """The mail server and how we sign. `timeout` is seconds. `security`: `starttls` (port 587), `tls` (465), or `none` for a
    server on this machine. `subject` names the melding by `{kenmerk}`; `footer` stands below every message.
    """

    host: str
    from_address: str
    port: int = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: str = field(default="", repr=False)
    from_name: str = ""
    reply_to: str = ""
    subject: str = "Melding {kenmerk}"
    footer: str = ""
    timeout: float = 30.0
    min_interval: timedelta = timedelta(seconds=1)

    def __post_init__(self) -> None:
        for name in ("from_address", "reply_to"):
            value = getattr(self, name)
            if (value or name == "from_address") and checked_address(value) is None:
                raise ConfigError(f"{name} = {value!r} is geen e-mailadres; schrijf bijvoorbeeld wijkbureau@gemeente.example")
        if not self.host.strip():
            raise ConfigError("host is leeg; noem de mailserver van de gemeente")
        if any(character in self.from_name + self.subject for character in "\r\n"):
            raise ConfigError("from_name en subject mogen maar een regel lang zijn")
        if any(not character.isprintable() or 0xD800 <= ord(character) < 0xE000 for character in self.username + self.password):
            raise ConfigError("username of password bevat een onzichtbaar of onleesbaar teken; typ ze opnieuw")


def utc_now() -> datetime:
    return datetime.now(UTC)


# -- render: value -> message


def render_mail(message: OutboundMessage, settings: MailSettings, now: datetime) -> EmailMessage:
    """Plain text, marked as automatic. The same reply always gets the same Message-ID.

    Raises RecipientUnreachableError without a usable address, MessageRejectedError for a text that is empty or too long.
    """
    address = checked_address(message.to)
    if address is None:
        raise RecipientUnreachableError(said("e-mail: bij deze melder hoort geen bruikbaar e-mailadres"))
    text = text_of(message.text)
    if not text.strip() or len(text) > LONGEST_TEXT:
        raise MessageRejectedError(said("e-mail: de tekst is leeg of langer dan %(most)s tekens", most=LONGEST_TEXT))
    found = _TOKEN.fullmatch(message.token)
    if found is None:
        raise MessageRejectedError(said("e-mail: het antwoord heeft geen kenmerk"))
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address(display_name=settings.from_name, addr_spec=settings.from_address)
    mail["To"] = Address(addr_spec=address)
    mail["Subject"] = settings.subject.replace("{kenmerk}", found["kenmerk"])
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id(message.token, settings)
    mail["References"] = message_id(found["kenmerk"], settings)  # mail programs show one melding as one conversation
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    if settings.reply_to:
        mail["Reply-To"] = Address(addr_spec=settings.reply_to)
    mail.set_content(f"{text}\n\n-- \n{settings.footer}\n" if settings.footer else f"{text}\n")
    return mail


def message_id(token: str, settings: MailSettings) -> str:
    domain = settings.from_address.rpartition("@")[2]
    return f"<{token.lower().replace('/', '.')}@{domain}>"


# -- the way out


class MailChannel:
    """Keeps the Channel contract: nothing comes in by itself, answers go out by e-mail. Blocking calls run in threads."""

    def __init__(self, name: str, settings: MailSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        self.name = name
        self.limits = Limits(
            max_length=dict.fromkeys((Delivery.DIRECT, Delivery.PRIVATE_REPLY), LONGEST_TEXT),
            min_interval=settings.min_interval,
            min_interval_per_thread=settings.min_interval,
            can_read_back=False,
        )
        self._settings = settings
        self._now = now

    async def fetch(self, cursor: str | None) -> Page:
        return Page(items=(), cursor=cursor or "{}")

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        mail = self.rendered(message)
        return await asyncio.to_thread(_deliver, self._settings, mail)

    def rendered(self, message: OutboundMessage) -> EmailMessage:
        return render_mail(message, self._settings, self._now())

    async def find_sent(self, message: OutboundMessage) -> CannotTell:  # noqa: ARG002 - the contract's parameter
        return CannotTell(reason=said("een mailserver laat niet nakijken wat hij aannam"))

    async def aclose(self) -> None:
        """Every message has its own connection: nothing stays open."""


def _deliver(settings: MailSettings, mail: EmailMessage) -> Sent | Unknown:
    try:
        connection = _connected(settings)
    except ssl.SSLCertVerificationError as error:
        problem = said(
            "e-mail: het certificaat van de mailserver is niet te vertrouwen (%(problem)s); er is niets verzonden",
            problem=error.verify_message,
        )
        raise TemporaryChannelError(problem) from None
    except (OSError, smtplib.SMTPException) as error:
        raise TemporaryChannelError(
            said("e-mail: geen verbinding met de mailserver (%(problem)s)", problem=type(error).__name__)
        ) from None
    try:
        _introduce(connection, settings)
        _address(connection, mail)
        outcome = _hand_over(connection, mail)
    except (OSError, smtplib.SMTPException) as error:
        problem = said(
            "e-mail: de mailserver brak het gesprek af; er is niets verzonden (%(problem)s)", problem=type(error).__name__
        )
        raise TemporaryChannelError(problem) from None
    finally:
        _leave(connection)
    return outcome


def _connected(settings: MailSettings) -> smtplib.SMTP:
    if settings.security == "tls":
        context = ssl.create_default_context()
        return smtplib.SMTP_SSL(settings.host, settings.port, timeout=settings.timeout, context=context)
    connection = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout)
    if settings.security == "starttls":
        try:
            connection.starttls(context=ssl.create_default_context())
        except BaseException:
            connection.close()
            raise
    return connection


def _introduce(connection: smtplib.SMTP, settings: MailSettings) -> None:
    connection.ehlo_or_helo_if_needed()
    if not settings.username:
        return
    try:
        _log_in(connection, settings.username, settings.password)
    except smtplib.SMTPAuthenticationError as error:
        if 400 <= error.smtp_code < 500:
            raise TemporaryChannelError(said("e-mail: de mailserver kan nu niemand aanmelden")) from None
        raise ChannelAuthError(
            said("e-mail: de mailserver weigert username en password; verbeter ze in de instellingen")
        ) from None
    except smtplib.SMTPNotSupportedError:
        raise ChannelAuthError(
            said("e-mail: de mailserver kent geen aanmelding; laat username leeg of kies een andere poort")
        ) from None


def _log_in(connection: smtplib.SMTP, username: str, password: str) -> None:
    """smtplib knows names and passwords of plain letters alone; others go as RFC 4616 has them, in UTF-8."""
    if (username + password).isascii():
        connection.login(username, password)
        return
    if "PLAIN" not in connection.esmtp_features.get("auth", "").upper().split():
        raise ChannelAuthError(said("e-mail: deze mailserver neemt geen password met bijzondere letters aan; kies er een zonder"))
    secret = base64.b64encode(f"\0{username}\0{password}".encode()).decode()
    code, words = connection.docmd("AUTH", f"PLAIN {secret}")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, words)


def _address(connection: smtplib.SMTP, mail: EmailMessage) -> None:
    code, words = connection.mail(mail["From"].addresses[0].addr_spec)
    if code != 250:
        problem = said("e-mail: de mailserver neemt de afzender nu niet aan (%(num)s): %(words)s", num=code, words=_shown(words))
        raise _not_now(code, problem) or ChannelAuthError(
            said("e-mail: de afzender wordt geweigerd: %(words)s", words=_shown(words))
        )
    code, words = connection.rcpt(mail["To"].addresses[0].addr_spec)
    if code not in {250, 251}:
        problem = said("e-mail: de mailserver neemt dit adres nu niet aan (%(num)s): %(words)s", num=code, words=_shown(words))
        raise _not_now(code, problem) or RecipientUnreachableError(
            said("e-mail: dit adres wordt geweigerd: %(words)s", words=_shown(words))
        )


def _hand_over(connection: smtplib.SMTP, mail: EmailMessage) -> Sent | Unknown:
    """The message, and only then the line that ends it: before that line nothing can have been accepted."""
    code, words = connection.docmd("DATA")
    if code != 354:
        raise _refusal_of_message(code, words)
    connection.send(_LINE_WITH_DOT.sub(b"..", mail.as_bytes()))
    try:
        connection.send(b".\r\n")
        code, words = connection.getreply()
    except (OSError, smtplib.SMTPException):
        return Unknown(reason=said("e-mail: de verbinding met de mailserver brak af nadat het bericht was overgedragen"))
    if code == 250:
        return Sent(external_id=str(mail["Message-ID"]))
    if not 400 <= code < 600:
        return Unknown(reason=said("e-mail: de mailserver gaf een onbekend antwoord (%(num)s)", num=code))
    raise _refusal_of_message(code, words)


def _refusal_of_message(code: int, words: bytes) -> ChannelError:
    problem = said("e-mail: de mailserver neemt het bericht nu niet aan (%(num)s): %(words)s", num=code, words=_shown(words))
    return _not_now(code, problem) or MessageRejectedError(
        said("e-mail: het bericht wordt geweigerd: %(words)s", words=_shown(words))
    )


def _not_now(code: int, problem: str) -> TemporaryChannelError | None:
    """None for a final no, which means something else at every step."""
    return None if 500 <= code < 600 else TemporaryChannelError(problem)


def _shown(words: bytes) -> str:
    """The server's own words without the address that it may repeat."""
    return re.sub(r"\S+@\S+", "(adres)", words.decode("ascii", "replace"))[:200]


def _leave(connection: smtplib.SMTP) -> None:
    """What was accepted stays accepted, however the goodbye goes."""
    with suppress(OSError, smtplib.SMTPException):
        connection.quit()
    connection.close()
