"""The web form: residents without an account write, and prove their address before they get more than the receipt."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace

import httpx
import pytest
import sqlalchemy as sa

from bot.web.views.web_form import web_form
from channels.web_form import WebFormChannel, WebFormSettings, proof_path
from routing.messages import OutboundMessage
from storage import audit
from storage.database import Database
from storage.outbox import Reply, ReplyState
from tests.builders import a_message
from tests.web.desk import DeskAtWork, a_desk, readable

NOOR = "noor@bewoner.example"
SETTINGS = WebFormSettings(
    host="smtp.example",
    from_address="wijkbureau@gemeente.example",
    public_url="https://wijkbalie.example",
    link_secret="een-geheim-van-lengte",
    most_per_hour=4,
)


@dataclass(slots=True)
class Visitor:
    """A resident with a browser without cookies and scripts."""

    desk: DeskAtWork
    database: Database
    client: httpx.AsyncClient
    number: str = field(default="")

    async def open(self, query: str = "") -> httpx.Response:
        page = await self.client.get(f"/melden/{query}")
        found = re.search(r'name="formulier" value="([^"]+)"', page.text)
        assert found is not None
        self.number = found[1]
        return page

    async def write(self, text: str = "De lamp op de hoek is stuk", **fields: str) -> httpx.Response:
        if not self.number:
            await self.open()
        response = await self.client.post("/melden/", data={"formulier": self.number, "tekst": text} | fields)
        if response.status_code == 303:
            self.number = ""
        return response

    def messages(self) -> tuple[audit.TakenIn, ...]:
        with self.database.reading() as connection:
            return audit.all_messages(connection)

    def replies(self) -> list[Reply]:
        self.desk.office.triage.run()
        return self.desk.office.replies()

    def link_of(self, reply: Reply) -> str:
        return proof_path(SETTINGS, reply.token, reply.recipient)


@pytest.fixture
async def visitor(database: Database) -> AsyncIterator[Visitor]:
    desk = a_desk(database)
    app = desk.app
    app.mount("/melden", web_form(app.state.desk, app.state.pages, SETTINGS))
    transport = httpx.ASGITransport(app=app, client=("192.0.2.7", 1234))
    async with httpx.AsyncClient(transport=transport, base_url="https://wijkbalie.example") as client:
        yield Visitor(desk, database, client)


async def test_the_form_is_open_to_all_and_sets_no_cookie(visitor: Visitor) -> None:
    page = await visitor.open()
    assert page.status_code == 200
    assert "set-cookie" not in page.headers
    assert "<script" not in page.text
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "Bel 112" in readable(page)


async def test_what_is_written_becomes_a_melding(visitor: Visitor) -> None:
    response = await visitor.write(plaats="Springweg 34")
    assert response.status_code == 303
    assert "ontvangen" in readable(await visitor.client.get(response.headers["location"]))
    assert visitor.replies() == []
    assert visitor.desk.melding().summary == "De lamp op de hoek is stuk\nSpringweg 34"
    [message] = visitor.messages()
    assert (message.channel, message.person) == ("web_form", "")


async def test_a_form_that_is_sent_twice_is_one_message(visitor: Visitor) -> None:
    await visitor.open()
    number = visitor.number
    await visitor.write()
    visitor.number = number
    assert (await visitor.write()).status_code == 303
    assert len(visitor.messages()) == 1


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"text": "  "}, "tekst"),
        ({"text": "x" * 4001}, "tekst"),
        ({"plaats": "x" * 101}, "plaats"),
        ({"adres": "geen adres"}, "adres"),
        ({"adres": f"{NOOR}\r\nBcc: x@y.example"}, "adres"),
    ],
)
async def test_what_is_wrong_is_told_beside_its_field_and_nothing_typed_is_lost(
    visitor: Visitor, fields: dict[str, str], wrong: str
) -> None:
    response = await visitor.write(**({"text": "Lamp <b>stuk</b>"} | fields))
    assert response.status_code == 422
    assert f'id="{wrong}-fout"' in response.text
    assert 'aria-invalid="true"' in response.text
    assert "<b>stuk" not in response.text
    assert visitor.number in response.text
    assert visitor.messages() == ()


async def test_the_form_speaks_english_when_asked(visitor: Visitor) -> None:
    page = await visitor.open("?taal=en")
    assert '<html lang="en">' in page.text
    assert "What is the matter?" in page.text
    assert 'href="?taal=nl"' in page.text
    assert '<html lang="nl">' in (await visitor.open("?taal=xx")).text


async def test_the_receipt_carries_the_link_and_later_news_waits_for_it(visitor: Visitor) -> None:
    await visitor.write(adres=NOOR)
    [receipt] = visitor.replies()
    assert receipt.state is ReplyState.READY
    mail = WebFormChannel(SETTINGS).rendered(an_outbound(receipt))
    assert mail["To"] == NOOR
    assert f"https://wijkbalie.example{visitor.link_of(receipt)}" in mail.get_content().replace("=\n", "")

    await visitor.desk.log_in()
    await visitor.desk.do(visitor.desk.melding(), "bevestigen")
    news = visitor.replies()[-1]
    assert (news.state, news.problem) == (ReplyState.BY_HAND, "de melder heeft het e-mailadres nog niet bevestigd")

    page = await visitor.client.get(visitor.link_of(receipt))
    assert "Ja, stuur mij nieuws" in page.text
    assert visitor.replies()[-1].state is ReplyState.BY_HAND  # looking proves nothing
    done = await visitor.client.post(visitor.link_of(receipt))
    again = await visitor.client.post(visitor.link_of(receipt))
    assert "bevestigd" in readable(done) == readable(again)
    assert visitor.replies()[-1].state is ReplyState.READY
    mail = WebFormChannel(SETTINGS).rendered(an_outbound(visitor.replies()[-1]))
    assert "bevestigen" not in mail.get_content()


async def test_the_link_for_an_address_left_in_a_conversation_moves_the_news_to_it(visitor: Visitor) -> None:
    triage = visitor.desk.office.triage
    office = replace(visitor.desk.office, triage=replace(triage, replies=replace(triage.replies, sends_mail=True)))
    for text in ("de lamp is stuk", NOOR):
        office.receive(a_message(text, channel="messenger"))
    asked = next(reply for reply in office.replies() if reply.channel == "web_form")
    mail = WebFormChannel(SETTINGS).rendered(an_outbound(asked))
    assert mail["To"] == NOOR
    assert f"https://wijkbalie.example{visitor.link_of(asked)}" in mail.get_content().replace("=\n", "")

    assert "bevestigd" in readable(await visitor.client.post(visitor.link_of(asked)))
    melding = office.meldingen()[0]
    office.handling.carry_out(melding, office.handling.solve(melding), account="samira")
    told = {reply.channel: reply.state for reply in office.replies() if reply.news == "opgelost"}
    assert told == {"messenger": ReplyState.DROPPED, "web_form": ReplyState.READY}


async def test_a_link_that_we_did_not_make_proves_nothing(visitor: Visitor) -> None:
    await visitor.write(adres=NOOR)
    [receipt] = visitor.replies()
    good = visitor.link_of(receipt)
    for bad in (good[:-1] + ("0" if good[-1] != "0" else "1"), good.replace("/1/", "/2/"), "/melden/bevestigen/WB-1/1/x"):
        assert (await visitor.client.post(bad)).status_code == 404
    with visitor.database.work() as work:
        [melder] = work.meldingen.melders_of(receipt.melding_id)
    assert melder.last_wrote_private_at is None


async def test_typing_the_address_of_another_gives_no_hold_on_their_melding(visitor: Visitor) -> None:
    await visitor.write(adres=NOOR)
    await visitor.write(text="Laat maar, trek mijn melding in", adres=NOOR)
    visitor.replies()
    first = visitor.desk.office.meldingen()[0]
    assert first.status != "ingetrokken"
    assert len({message.melding_id for message in visitor.messages()}) == 2


async def test_a_robot_is_kept_for_staff_and_gets_no_answer(visitor: Visitor) -> None:
    response = await visitor.write(text="koop goedkoop", adres=NOOR, website="https://x.example")
    assert response.status_code == 303
    [message] = visitor.messages()
    assert message.state == "onleesbaar"
    assert "robot" in str(message.problem)
    assert visitor.replies() == []


async def test_a_visitor_who_writes_too_often_must_wait_and_may_come_back(visitor: Visitor) -> None:
    for _ in range(SETTINGS.most_per_hour):
        assert (await visitor.write()).status_code == 303
    refused = await visitor.write("Ook het bankje <b>is</b> stuk")
    assert refused.status_code == 429
    assert "over een uur" in readable(refused)
    assert "Ook het bankje &lt;b&gt;is&lt;/b&gt; stuk</textarea>" in refused.text
    assert len(visitor.messages()) == SETTINGS.most_per_hour
    visitor.desk.office.clock.advance(hours=1, minutes=1)
    assert (await visitor.write()).status_code == 303


async def test_sending_the_same_form_again_counts_once(visitor: Visitor) -> None:
    await visitor.open()
    number = visitor.number
    for _ in range(SETTINGS.most_per_hour + 1):
        visitor.number = number
        assert (await visitor.write(adres=NOOR)).status_code == 303
    assert len(visitor.messages()) == 1
    assert (await visitor.write()).status_code == 303


async def test_one_address_gets_only_so_many_mails_a_day(visitor: Visitor) -> None:
    for _ in range(SETTINGS.most_mails_per_day):
        await visitor.write(adres=NOOR)
    refused = await visitor.write(adres=NOOR.upper().replace("BEWONER.EXAMPLE", "bewoner.example"))
    assert refused.status_code == 422
    assert 'id="adres-fout"' in refused.text
    assert (await visitor.write()).status_code == 303


async def test_no_address_of_a_visitor_is_kept_and_nothing_for_longer_than_a_day(visitor: Visitor) -> None:
    await visitor.write(adres=NOOR)
    with visitor.database.reading() as connection:
        rows = connection.execute(sa.text("SELECT digest FROM form_uses")).scalars().all()
    assert len(rows) == 2
    assert all(re.fullmatch("[0-9a-f]{64}", row) for row in rows)
    visitor.desk.office.clock.advance(days=2)
    await visitor.write()
    with visitor.database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM form_uses")).scalar_one() == 1


@pytest.mark.parametrize("headers", [{"origin": "https://elders.example"}, {"sec-fetch-site": "cross-site"}])
async def test_a_form_from_another_site_is_not_taken(visitor: Visitor, headers: dict[str, str]) -> None:
    await visitor.open()
    response = await visitor.client.post("/melden/", data={"formulier": visitor.number, "tekst": "x"}, headers=headers)
    assert response.status_code == 422
    assert visitor.messages() == ()


@pytest.mark.parametrize("body", ["", "formulier=x", "a=b&" * 100, "x" * 70_000])
async def test_a_strange_body_is_answered_with_a_page(visitor: Visitor, body: str) -> None:
    response = await visitor.client.post("/melden/", content=body, headers={"content-type": "application/x-www-form-urlencoded"})
    assert response.status_code in {400, 422}
    assert "<h1" in response.text


def an_outbound(reply: Reply) -> OutboundMessage:
    return OutboundMessage(
        channel=reply.channel,
        delivery=reply.delivery,
        to=reply.recipient,
        thread=reply.thread,
        reply_to=reply.reply_to,
        text=reply.text,
        token=reply.token,
    )
