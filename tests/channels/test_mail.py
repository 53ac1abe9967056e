"""E-mail over a real SMTP server: one message per reply, nothing in a header that we did not put there, outcomes as they are."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.counter import CounterChannel
from channels.mail import LONGEST_TEXT, MailSettings, render_mail
from channels.mail_address import checked_address
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    ConfigError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.messages import CannotTell, Delivery, OutboundMessage, Sent, Unknown
from tests.builders import MONDAY
from tests.channels.mail_server import CERTIFICATE, MailServer, only, serving_tls

NOOR = "noor@bewoner.example"


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def settings(port: int = 25, **more: Any) -> MailSettings:
    options: dict[str, Any] = {"host": "127.0.0.1", "security": "none", "timeout": 2.0, "footer": "Bel 14 030."}
    return MailSettings(port=port, from_address="wijkbureau@gemeente.example", **(options | more))


def a_reply(text: str = "De lamp is gemaakt.", **changes: Any) -> OutboundMessage:
    values: dict[str, Any] = {"channel": "counter", "delivery": Delivery.DIRECT, "to": NOOR, "thread": NOOR, "reply_to": "f"}
    return OutboundMessage(text=text, token="WB-2026-00042/2", **(values | changes))


async def test_a_reply_arrives_as_plain_automatic_mail(server: MailServer) -> None:
    channel = CounterChannel(settings(server.port, from_name="Wijkbureau Binnenstad", reply_to="balie@gemeente.example"))

    sent = await channel.send(a_reply("Beste Noor,\n.\nDe lamp is gemaakt – “echt waar”.\n" + "lang " * 400))

    [(envelope, mail)] = server.accepted
    assert sent == Sent(external_id="<wb-2026-00042.2@gemeente.example>") == Sent(external_id=mail["Message-ID"])
    assert envelope.rcpt_tos == [NOOR]
    assert mail["Subject"] == "Melding WB-2026-00042"
    assert mail["From"] == "Wijkbureau Binnenstad <wijkbureau@gemeente.example>"
    assert mail["Reply-To"] == "balie@gemeente.example"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["References"] == "<wb-2026-00042@gemeente.example>"
    assert mail.get_content_type() == "text/plain"
    body = mail.get_content().replace("\r\n", "\n")
    assert body.startswith("Beste Noor,\n.\nDe lamp is gemaakt – “echt waar”.")
    assert body.endswith("-- \nBel 14 030.\n")


@pytest.mark.parametrize(
    ("step", "answer", "outcome"),
    [
        ("mail", "451 later", TemporaryChannelError),
        ("mail", "550 niet van ons", ChannelAuthError),
        ("mail", "cut", TemporaryChannelError),
        ("rcpt", "450 grijze lijst", TemporaryChannelError),
        ("rcpt", "550 onbekend", RecipientUnreachableError),
        ("rcpt", "cut", TemporaryChannelError),
        ("data", "452 vol", TemporaryChannelError),
        ("data", "421 tot later", TemporaryChannelError),
        ("data", "554 nee", MessageRejectedError),
    ],
)
async def test_a_refusal_at_any_step_means_that_nothing_was_sent(
    server: MailServer, step: str, answer: str, outcome: type[ChannelError]
) -> None:
    server.faults[step] = answer
    channel = CounterChannel(settings(server.port))
    with pytest.raises(outcome):
        await channel.send(a_reply())
    assert server.accepted == []
    server.faults.clear()
    assert isinstance(await channel.send(a_reply()), Sent)


async def test_a_cut_after_the_message_leaves_the_outcome_open(server: MailServer) -> None:
    server.faults["data"] = "cut"
    channel = CounterChannel(settings(server.port))
    assert isinstance(await channel.send(a_reply()), Unknown)
    assert len(server.accepted) == 1
    assert isinstance(await channel.find_sent(a_reply()), CannotTell)


async def test_no_answer_to_the_end_of_the_message_leaves_the_outcome_open() -> None:
    with a_silent_server() as port:
        channel = CounterChannel(settings(port, timeout=0.5))
        assert isinstance(await channel.send(a_reply()), Unknown)


async def test_no_server_is_provably_not_sent() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        channel = CounterChannel(settings(taken.getsockname()[1]))
        with pytest.raises(TemporaryChannelError, match="geen verbinding"):
            await channel.send(a_reply())


async def test_a_server_without_tls_gets_nothing_when_tls_is_asked(server: MailServer) -> None:
    channel = CounterChannel(settings(server.port, security="starttls"))
    with pytest.raises(TemporaryChannelError):
        await channel.send(a_reply())
    assert server.accepted == []


# -- encryption, with a server that has a certificate of its own for 127.0.0.1


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the certificate, as it does when an administrator installed the municipality's own."""
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))


async def test_starttls_encrypts_before_the_password_goes(trusted: None) -> None:
    with MailServer(tls_context=serving_tls(), authenticator=only("balie", "geheim"), auth_required=True) as server:
        channel = CounterChannel(settings(server.port, security="starttls", username="balie", password="geheim"))

        sent = await channel.send(a_reply())

        assert isinstance(sent, Sent)
        assert server.was_encrypted == [True]


async def test_a_connection_that_is_encrypted_from_the_start(trusted: None) -> None:
    with MailServer(ssl_context=serving_tls()) as server:
        assert isinstance(await CounterChannel(settings(server.port, security="tls")).send(a_reply()), Sent)
        assert len(server.accepted) == 1


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_gets_no_password_and_no_mail(security: str) -> None:
    given = {"starttls": {"tls_context": serving_tls()}, "tls": {"ssl_context": serving_tls()}}[security]
    tried: list[object] = []
    with MailServer(authenticator=lambda *login: tried.append(login), **given) as server:
        channel = CounterChannel(settings(server.port, security=security, username="balie", password="geheim"))
        with pytest.raises(TemporaryChannelError, match=r"certificaat.*self.signed"):
            await channel.send(a_reply())
        assert server.accepted == []
        assert tried == []


async def test_a_certificate_of_another_server_gets_no_mail(trusted: None) -> None:
    with MailServer(tls_context=serving_tls()) as server:
        channel = CounterChannel(settings(server.port, host="localhost", security="starttls"))
        with pytest.raises(TemporaryChannelError, match=r"certificaat.*localhost"):
            await channel.send(a_reply())
        assert server.accepted == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
async def test_a_wrong_password_is_told_and_not_shown() -> None:
    with MailServer(authenticator=only("balie", "goed"), auth_require_tls=False, auth_required=True) as server:
        with pytest.raises(ChannelAuthError) as caught:
            await CounterChannel(settings(server.port, username="balie", password="fout-geheim")).send(a_reply())
        assert "fout-geheim" not in str(caught.value)
        assert isinstance(await CounterChannel(settings(server.port, username="balie", password="goed")).send(a_reply()), Sent)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize(("username", "password"), [("balie", "wachtwoörd €5"), ("ombudsvróuw", "gewoon")])
async def test_names_and_passwords_may_hold_any_letter(username: str, password: str) -> None:
    with MailServer(authenticator=only(username, password), auth_require_tls=False, auth_required=True) as server:
        assert isinstance(await CounterChannel(settings(server.port, username=username, password=password)).send(a_reply()), Sent)
        with pytest.raises(ChannelAuthError, match="weigert") as caught:
            await CounterChannel(settings(server.port, username=username, password="fóut-geheim")).send(a_reply())
        assert "fóut-geheim" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
async def test_a_server_that_takes_no_such_password_is_told_as_such() -> None:
    options = {"auth_require_tls": False, "auth_required": True, "auth_exclude_mechanism": ["PLAIN"]}
    with (
        MailServer(authenticator=only("balie", "geheím"), **options) as server,
        pytest.raises(ChannelAuthError, match="zonder"),
    ):
        await CounterChannel(settings(server.port, username="balie", password="geheím")).send(a_reply())


@pytest.mark.parametrize("secret", ["regel\neinde", "nul\0", "half \ud83d", "tab\t"])
@pytest.mark.parametrize("name", ["username", "password"])
def test_what_nobody_can_type_is_refused_at_the_start(name: str, secret: str) -> None:
    with pytest.raises(ConfigError, match="opnieuw") as caught:
        settings(**{name: secret})
    assert secret not in str(caught.value)


async def test_a_server_that_knows_no_login_is_told_as_such(server: MailServer) -> None:
    with pytest.raises(ChannelAuthError, match="username leeg"):
        await CounterChannel(settings(server.port, username="balie", password="x")).send(a_reply())


HOSTILE = [
    "noor@bewoner.example\r\nBcc: iedereen@elders.example",
    "noor@bewoner.example\nX: y",
    "noor@bewoner.example, jan@elders.example",
    "Noor <noor@bewoner.example>",
    '"noor\r\n"@bewoner.example',
    "noor@bewoner",
    "noor@-bewoner.example",
    "noor@[127.0.0.1]",
    "noor",
    "@bewoner.example",
    "nóór@bewoner.example",
    "a" * 65 + "@bewoner.example",
    "",
]


@pytest.mark.parametrize("address", HOSTILE)
async def test_what_is_no_single_address_is_never_written_to(address: str) -> None:
    assert checked_address(address) is None
    with pytest.raises(RecipientUnreachableError):
        await CounterChannel(settings()).send(a_reply(to=address))


@pytest.mark.parametrize("address", ["noor@bewoner.example", "n.de-wit+lamp@xs4.bewoner.example", " Noor@Bewoner.Example "])
def test_an_ordinary_address_is_good(address: str) -> None:
    assert checked_address(address) is not None


@given(st.text(max_size=60) | st.text(alphabet='a@.\r\n <>",:;()\\', max_size=30))
def test_no_address_puts_anything_in_a_header(text: str) -> None:
    address = checked_address(text)
    if address is not None:
        mail = render_mail(a_reply(to=address), settings(), MONDAY)
        sent = message_from_bytes(mail.as_bytes(), policy=default)
        assert [found.addr_spec for found in sent["To"].addresses] == [address]
        assert sent.keys() == mail.keys()


@given(st.text(min_size=1, max_size=200))
def test_no_text_of_a_reply_puts_anything_in_a_header(text: str) -> None:
    plain, given_ = (
        render_mail(a_reply(words), settings(), MONDAY).as_bytes().split(b"\r\n\r\n")[0] for words in ("gewoon", f"x{text}")
    )
    names = [line.split(b":")[0] for line in plain.split(b"\r\n")]
    assert [line.split(b":")[0] for line in given_.split(b"\r\n")] == names


@pytest.mark.parametrize("changes", [{"text": " "}, {"text": "a" * (LONGEST_TEXT + 1)}])
def test_a_text_that_is_empty_or_endless_is_refused(changes: dict[str, str]) -> None:
    with pytest.raises(MessageRejectedError):
        render_mail(a_reply(**changes), settings(), MONDAY)


class a_silent_server:  # noqa: N801 - reads as a sentence
    """Plays the dialogue up to the end of the message, and then says nothing more."""

    def __enter__(self) -> int:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._play, daemon=True)
        self._thread.start()
        return int(self._listener.getsockname()[1])

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._listener.close()
        self._thread.join(5)

    def _play(self) -> None:
        connection, _ = self._listener.accept()
        with connection, connection.makefile("rwb") as wire:
            for answer in (b"220 x", b"250 x", b"250 x", b"250 x", b"354 x"):
                wire.write(answer + b"\r\n")
                wire.flush()
                wire.readline()
            self._done.wait(10)
