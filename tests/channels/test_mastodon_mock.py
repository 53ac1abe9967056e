"""The adapter against a Mastodon server by others, over a real socket."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from mastodon import Mastodon
from mastodon_mock.testing import MockServer

from channels.mastodon import MastodonChannel
from channels.mastodon_client import MastodonSettings
from routing.errors import ChannelAuthError
from routing.messages import Delivery, InboundMessage, OutboundMessage, Sent, Unknown, Visibility

TOKEN = "WB-2026-00042/1"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with MockServer() as mock:
        yield str(mock.base_url)


def a_person(server: str, name: str) -> str:
    answer = httpx.post(f"{server}/api/v1/_mock/dev_user", json={"username": name}, trust_env=False)
    return str(answer.json()["access_token"])


def posting_fails(server: str) -> None:
    """Once, with the page of a gateway."""
    match, effect = {"methods": ["POST"], "path": "/api/v1/statuses"}, {"type": "status", "status": 502}
    order = {"match": match, "effect": effect, "count": 1}
    httpx.post(f"{server}/api/v1/_mock/faults", json=order, trust_env=False).raise_for_status()


def a_channel(server: str, token: str) -> MastodonChannel:
    return MastodonChannel(MastodonSettings(access_token=token, base_url=server, page_size=5, overlap=2))


async def all_messages(channel: MastodonChannel) -> list[InboundMessage]:
    found: dict[str, InboundMessage] = {}
    cursor, more = None, True
    while more:
        page = await channel.fetch(cursor)
        found |= {item.external_id: item for item in page.items if isinstance(item, InboundMessage)}
        cursor, more = page.cursor, page.more
    return list(found.values())


def an_answer(message: InboundMessage, delivery: Delivery, token: str) -> OutboundMessage:
    assert message.sender is not None
    return OutboundMessage(
        channel="mastodon",
        delivery=delivery,
        to=message.sender.external_id,
        thread=message.thread,
        reply_to=message.reply_to,
        text=f"Dank u, wij kijken ernaar. {token}",
        token=token,
    )


async def test_mentions_come_in_over_several_pages_and_are_answered_once(server: str) -> None:
    office, noor = a_person(server, "wijkbureau"), a_person(server, "noor")
    resident = Mastodon(access_token=noor, api_base_url=server)
    for number in range(12):
        resident.status_post(f"@wijkbureau lamp {number} is stuk")
    resident.status_post("@wijkbureau en dit is alleen voor u", visibility="direct", spoiler_text="privé")
    channel = a_channel(server, office)

    messages = await all_messages(channel)

    assert len(messages) == 13
    assert [message.visibility for message in messages[-2:]] == [Visibility.PUBLIC, Visibility.PRIVATE]
    assert messages[-1].text.startswith("privé\n\n")
    public = an_answer(messages[0], Delivery.PUBLIC_REPLY, TOKEN)
    sent = await channel.send(public)
    assert isinstance(sent, Sent)
    assert await channel.send(public) == sent  # the key of the reply
    assert await channel.find_sent(public) == sent
    direct = an_answer(messages[-1], Delivery.DIRECT, "WB-2026-00043/1")
    assert isinstance(await channel.send(direct), Sent)
    told = resident.notifications(types=["mention"])
    assert sorted(note["status"]["visibility"] for note in told) == ["direct", "unlisted"]
    assert {note["status"]["spoiler_text"] for note in told} == {"", "privé"}
    await channel.aclose()


async def test_a_fault_while_posting_is_uncertain_and_settled_by_reading_back(server: str) -> None:
    office, jan = a_person(server, "wijkbureau2"), a_person(server, "jan")
    Mastodon(access_token=jan, api_base_url=server).status_post("@wijkbureau2 afval naast de bak")
    channel = a_channel(server, office)
    [message] = await all_messages(channel)
    answer = an_answer(message, Delivery.PUBLIC_REPLY, "WB-2026-00044/1")
    posting_fails(server)

    assert isinstance(await channel.send(answer), Unknown)

    assert isinstance(await channel.send(answer), Sent)
    await channel.aclose()


async def test_a_wrong_token_is_told_as_such(server: str) -> None:
    channel = a_channel(server, "niet-van-hier")
    with pytest.raises(ChannelAuthError):
        await channel.fetch(None)
    await channel.aclose()
