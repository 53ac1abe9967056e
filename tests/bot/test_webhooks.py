"""Webhooks over real HTTP: only the platform is believed, 2xx comes after the commit, and nothing is lost or doubled."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette

from bot.deliveries import Deliveries
from bot.intake import Intake
from bot.web.views.webhooks import LARGEST_BODY, webhooks
from channels.base import Channel
from channels.facebook import FacebookChannel, FacebookSettings
from channels.messenger import MessengerChannel, MessengerSettings
from channels.simulator.telegram import TelegramSimulator
from channels.telegram import TelegramChannel, TelegramSettings
from channels.twitter import XChannel
from channels.twitter_client import XSettings
from channels.webhooks import base64_signature, hex_signature
from routing.messages import Visibility
from storage import audit
from storage.audit import TakenIn
from storage.database import Database
from tests.bot.office import an_office
from tests.builders import SettableClock

SECRET, PAGE, NOOR, OWN = "app-secret", "104001", "70010001", "2244994945"
TOKEN = "70099:token"


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator(token=TOKEN) as simulator:
        yield simulator


@pytest.fixture
async def channels(telegram: TelegramSimulator) -> AsyncIterator[tuple[Channel, ...]]:
    keys = dict.fromkeys(("consumer_key", "access_token", "access_token_secret"), "k")
    meta = {"page_id": PAGE, "page_token": "t", "app_secret": SECRET, "verify_token": "woord"}
    hook = {"webhook_url": "https://balie.example/webhooks/telegram", "webhook_secret": "geheim"}
    built = (
        TelegramChannel(TelegramSettings(token=TOKEN, base_url=telegram.url, **hook)),
        XChannel(XSettings(consumer_secret=SECRET, **keys)),
        FacebookChannel(FacebookSettings(**meta)),
        MessengerChannel(MessengerSettings(**meta)),
    )
    yield built
    for channel in built:
        await channel.aclose()


@pytest.fixture
async def client(database: Database, channels: tuple[Channel, ...]) -> AsyncIterator[httpx.AsyncClient]:
    app = Starlette()
    app.mount("/webhooks", webhooks(channels, Deliveries(database, SettableClock())))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://balie") as client:
        yield client


def kept(database: Database) -> list[TakenIn]:
    with database.reading() as connection:
        return list(audit.all_messages(connection))


def an_update(text: str = "de lamp is stuk", message_id: int = 5) -> dict[str, Any]:
    chat, person = {"id": int(NOOR), "type": "private"}, {"id": int(NOOR), "first_name": "Noor", "is_bot": False}
    return {
        "update_id": 9,
        "message": {"message_id": message_id, "chat": chat, "from": person, "date": 1_795_000_000, "text": text},
    }


async def post_telegram(client: httpx.AsyncClient, update: Any, secret: str = "geheim") -> int:
    headers = {"X-Telegram-Bot-Api-Secret-Token": secret}
    return (await client.post("/webhooks/telegram", content=json.dumps(update), headers=headers)).status_code


async def post_meta(client: httpx.AsyncClient, *entries: dict[str, Any], secret: str = SECRET) -> int:
    body = json.dumps({"object": "page", "entry": [{"id": PAGE, "time": 1, **entry} for entry in entries]}).encode()
    headers = {"X-Hub-Signature-256": hex_signature(body, secret)}
    return (await client.post("/webhooks/meta", content=body, headers=headers)).status_code


async def post_x(client: httpx.AsyncClient, event: dict[str, Any], secret: str = SECRET) -> int:
    body = json.dumps({"for_user_id": OWN, **event}).encode()
    headers = {"x-twitter-webhooks-signature": base64_signature(body, secret)}
    return (await client.post("/webhooks/x", content=body, headers=headers)).status_code


def a_comment(**changes: Any) -> dict[str, Any]:
    value = {"item": "comment", "verb": "add", "comment_id": "1_2", "post_id": f"{PAGE}_1", "parent_id": f"{PAGE}_1"}
    value |= {"from": {"id": NOOR, "name": "Noor"}, "message": "lamp stuk", "created_time": 1_795_000_000, **changes}
    return {"changes": [{"field": "feed", "value": value}]}


def a_private_message(**changes: Any) -> dict[str, Any]:
    event = {"sender": {"id": NOOR}, "recipient": {"id": PAGE}, "timestamp": 1_795_000_000_000}
    return {"messaging": [{**event, "message": {"mid": "m_1", "text": "onder ons"}, **changes}]}


A_POST = {
    "id_str": "1993000000000000001",
    "created_at": "Tue Nov 24 08:00:00 +0000 2026",
    "text": "@wijkbureau lamp…",
    "extended_tweet": {"full_text": "@wijkbureau lamp stuk &amp; donker"},
    "user": {"id_str": NOOR, "name": "Noor", "screen_name": "noor"},
    "in_reply_to_status_id_str": "1992000000000000001",
}
A_DIRECT_MESSAGE = {
    "id": "1993000000000000002",
    "type": "message_create",
    "created_timestamp": "1795507200000",
    "message_create": {"sender_id": NOOR, "target": {"recipient_id": OWN}, "message_data": {"text": "onder ons"}},
}


async def test_telegram_posts_and_a_repeat_changes_nothing(database: Database, client: httpx.AsyncClient) -> None:
    assert [await post_telegram(client, an_update()) for _ in range(2)] == [200, 200]
    [message] = kept(database)
    assert (message.external_id, message.text) == (f"{NOOR}:5", "de lamp is stuk")


async def test_meta_posts_a_mixed_batch_and_each_channel_takes_its_own(database: Database, client: httpx.AsyncClient) -> None:
    broken, own = a_comment(comment_id=[]), a_comment(comment_id="1_9", **{"from": {"id": PAGE, "name": "Wij"}})
    status = await post_meta(client, a_comment(), broken, own, {"changes": 3}, a_private_message(), {"messaging": [7]})
    assert status == 200
    found = {(message.channel, message.text, message.state) for message in kept(database)}
    assert found == {("facebook", "lamp stuk", "wacht"), ("facebook", "", "onleesbaar"), ("messenger", "onder ons", "wacht")}


async def test_x_posts_mentions_and_direct_messages(database: Database, client: httpx.AsyncClient) -> None:
    own = {**A_POST, "id_str": "1993000000000000009", "user": {"id_str": OWN}}
    repost = {**A_POST, "id_str": "1993000000000000008", "retweeted_status": {"id_str": "1"}}
    users = {NOOR: {"id": NOOR, "name": "Noor", "screen_name": "noor"}}
    assert await post_x(client, {"tweet_create_events": [A_POST, own, repost]}) == 200
    assert await post_x(client, {"direct_message_events": [A_DIRECT_MESSAGE], "users": users}) == 200

    public, private = kept(database)
    assert (public.external_id, public.text, public.person) == (A_POST["id_str"], "@wijkbureau lamp stuk & donker", NOOR)
    assert (private.text, private.visibility) == ("onder ons", Visibility.PRIVATE.value)


async def test_x_activity_speaks_the_words_of_interface_2(database: Database, client: httpx.AsyncClient) -> None:
    post = {"id": "1993000000000000005", "author_id": NOOR, "text": "@wijkbureau hoi", "conversation_id": "1993000000000000005"}
    event = {"event_type": "post.mention.create", "filter": {"user_id": OWN}, "payload": post, "includes": {}}
    assert await post_x(client, {"data": event}) == 200
    assert [message.text for message in kept(database)] == ["@wijkbureau hoi"]


async def test_a_wrong_signature_is_refused_and_nothing_is_kept(database: Database, client: httpx.AsyncClient) -> None:
    refused = [
        await post_telegram(client, an_update(), secret="geraden"),
        await post_telegram(client, an_update(), secret=""),
        await post_meta(client, a_comment(), secret="geraden"),
        await post_x(client, {"tweet_create_events": [A_POST]}, secret="geraden"),
        (await client.post("/webhooks/meta", content=b"{}")).status_code,
        (await client.post("/webhooks/elders", content=b"{}")).status_code,
    ]
    assert (refused, kept(database)) == ([403, 403, 403, 403, 403, 404], [])


async def test_a_body_that_is_too_large_is_refused(database: Database, client: httpx.AsyncClient) -> None:
    assert await post_telegram(client, an_update("x" * LARGEST_BODY)) == 413
    assert kept(database) == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[]", b"{kapot", b'"' + b"[" * 5000])
async def test_what_nobody_can_read_is_kept_for_staff(database: Database, client: httpx.AsyncClient, body: bytes) -> None:
    for _ in range(2):
        response = await client.post(
            "/webhooks/x", content=body, headers={"x-twitter-webhooks-signature": base64_signature(body, SECRET)}
        )
        assert response.status_code == 200
    [item] = kept(database)
    assert item.state == "onleesbaar"


async def test_when_nothing_can_be_committed_the_platform_is_not_told_so(database: Database, client: httpx.AsyncClient) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE messages RENAME TO weg")
    with pytest.raises(Exception, match="messages"):
        await post_telegram(client, an_update())


async def test_the_challenges_of_meta_and_x_are_answered(client: httpx.AsyncClient) -> None:
    asked = {"hub.mode": "subscribe", "hub.challenge": "123"}
    good = await client.get("/webhooks/meta", params={**asked, "hub.verify_token": "woord"})
    bad = await client.get("/webhooks/meta", params={**asked, "hub.verify_token": "raad"})
    crc = await client.get("/webhooks/x", params={"crc_token": "abc"})
    assert (good.text, bad.status_code) == ("123", 403)
    assert crc.json() == {"response_token": base64_signature(b"abc", SECRET)}
    assert (await client.get("/webhooks/telegram")).status_code == 403


async def test_an_edit_and_a_removal_on_facebook_reach_the_melding(database: Database, client: httpx.AsyncClient) -> None:
    office = an_office(database)
    await post_meta(client, a_comment())
    office.triage.run()
    for _ in range(2):
        await post_meta(client, a_comment(verb="edited", message="lamp stuk bij nummer 3"))
    office.triage.run()
    assert len(kept(database)) == 2
    assert len(office.meldingen()) == 1

    for _ in range(2):
        await post_meta(client, a_comment(verb="remove"))
    [melding] = office.meldingen()
    assert [message.text for message in kept(database)] == ["", ""]
    assert melding.summary == "(verwijderd door melder)"
    assert office.events(melding.id).count("verwijderd_door_melder") == 1


async def test_an_edit_and_a_removal_on_messenger_reach_the_melding(database: Database, client: httpx.AsyncClient) -> None:
    office = an_office(database)
    edit = {"message": None, "message_edit": {"mid": "m_1", "text": "lamp stuk bij nummer 3", "num_edit": 1}}
    await post_meta(client, a_private_message())
    office.triage.run()
    for _ in range(2):
        await post_meta(client, a_private_message(**edit))
    office.triage.run()
    assert [message.text for message in kept(database)] == ["onder ons", "lamp stuk bij nummer 3"]
    assert len(office.meldingen()) == 1

    for _ in range(2):
        await post_meta(client, a_private_message(message={"mid": "m_1", "is_deleted": True}))
    [melding] = office.meldingen()
    assert [message.text for message in kept(database)] == ["", ""]
    assert office.events(melding.id).count("verwijderd_door_melder") == 1


async def test_a_removal_before_its_message_keeps_the_message_out(database: Database, client: httpx.AsyncClient) -> None:
    office = an_office(database)
    await post_meta(client, a_comment(verb="remove"))
    await post_meta(client, a_comment())
    office.triage.run()
    assert [message.text for message in kept(database)] == [""]
    assert office.meldingen() == []


async def test_from_polling_to_a_webhook_and_back_nothing_is_lost_or_doubled(
    database: Database, telegram: TelegramSimulator, channels: tuple[Channel, ...], client: httpx.AsyncClient
) -> None:
    clock = SettableClock()
    intake = Intake(database, clock)
    polled = TelegramChannel(TelegramSettings(token=TOKEN, base_url=telegram.url))
    telegram.resident_writes(NOOR, "Noor", "een")
    await intake.fetch(polled)
    telegram.resident_writes(NOOR, "Noor", "twee")

    await intake.fetch(channels[0])
    assert (telegram.webhook, telegram.webhook_secret) == ("https://balie.example/webhooks/telegram", "geheim")
    for update in telegram.take_updates_for_webhook():
        assert await post_telegram(client, update, telegram.webhook_secret) == 200
    telegram.restart_update_ids(100)
    telegram.resident_writes(NOOR, "Noor", "drie")

    clock.advance(hours=1)
    await intake.fetch(polled)
    await intake.fetch(polled)
    await polled.aclose()
    assert [message.text for message in kept(database)] == ["een", "twee", "drie"]
    assert telegram.webhook == ""


async def test_a_webhook_answers_within_a_second(client: httpx.AsyncClient) -> None:
    updates = [an_update(f"bericht {number}", number) for number in range(1, 21)]
    response = None
    for update in updates:
        headers = {"X-Telegram-Bot-Api-Secret-Token": "geheim"}
        response = await client.post("/webhooks/telegram", content=json.dumps(update), headers=headers)
    assert response is not None
    assert response.elapsed < timedelta(seconds=1)


@pytest.mark.parametrize("body", ['{"for_user_id":"2244994945","tweet_create_events":[]}', "12345", "[1]", '"x"'])
async def test_nobody_has_a_body_signed_by_our_answer_to_the_challenge(
    client: httpx.AsyncClient, database: Database, body: str
) -> None:
    answer = await client.get("/webhooks/x", params={"crc_token": body})
    signature = answer.json()["response_token"] if answer.status_code == 200 else base64_signature(body.encode(), "geraden")
    posted = await client.post("/webhooks/x", content=body, headers={"x-twitter-webhooks-signature": signature})
    assert posted.status_code == 403
    assert kept(database) == []
