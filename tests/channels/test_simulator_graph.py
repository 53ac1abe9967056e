"""The simulated Graph API keeps Meta's rules, so that a test or a demonstration on it proves something."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from channels.simulator.graph import GraphSimulator

NOOR = "70010001"
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
TOKEN, SECRET = "loopback-page-token", "loopback-app-secret"
KEYS = {"access_token": TOKEN, "appsecret_proof": hmac.new(SECRET.encode(), TOKEN.encode(), hashlib.sha256).hexdigest()}


@pytest.fixture
def clock() -> list[datetime]:
    return [NOW]


@pytest.fixture
def facebook(clock: list[datetime]) -> Iterator[GraphSimulator]:
    with GraphSimulator(clock=lambda: clock[0]) as simulator:
        yield simulator


def ask(facebook: GraphSimulator, path: str, **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = requests.get(f"{facebook.url}/v26.0/{path}", params={**KEYS, **query}, timeout=5).json()
    return answer


def post(facebook: GraphSimulator, path: str, **values: str) -> dict[str, Any]:
    answer: dict[str, Any] = requests.post(f"{facebook.url}/v26.0/{path}", data={**KEYS, **values}, timeout=5).json()
    return answer


def message_to(facebook: GraphSimulator, recipient: object, text: str = "Dank u", **values: str) -> dict[str, Any]:
    given = {"recipient": json.dumps(recipient), "message": json.dumps({"text": text}), "messaging_type": "RESPONSE", **values}
    return post(facebook, f"{facebook.page_id}/messages", **given)


def code_of(answer: dict[str, Any]) -> tuple[int, int | None]:
    return answer["error"]["code"], answer["error"].get("error_subcode")


@pytest.mark.parametrize(
    ("keys", "code"),
    [({"access_token": "ander"}, 190), ({"appsecret_proof": "ander"}, 100), ({"appsecret_proof": ""}, 100)],
)
def test_token_and_proof_are_asked_of_every_call(facebook: GraphSimulator, keys: dict[str, str], code: int) -> None:
    assert code_of(ask(facebook, "me", **keys))[0] == code
    assert code_of(post(facebook, f"{facebook.standing_post}/comments", message="hoi", **keys))[0] == code
    assert len(facebook.posted) == 0


def test_an_old_version_is_gone(facebook: GraphSimulator) -> None:
    assert requests.get(f"{facebook.url}/v3.1/me", params=KEYS, timeout=5).json()["error"]["code"] == 2635


def test_the_page_tells_who_it_is(facebook: GraphSimulator) -> None:
    assert ask(facebook, "me")["id"] == facebook.page_id


@pytest.mark.parametrize(
    "fields", ["id,colour", "comments{id,colour}", "id,from{", "id}", "comments.limit(5){parent{colour}}", "ID"]
)
def test_a_field_that_is_not_there_is_refused(facebook: GraphSimulator, fields: str) -> None:
    assert code_of(ask(facebook, f"{facebook.page_id}/feed", fields=fields))[0] == 100


@pytest.mark.parametrize("query", [{"limit": "0"}, {"limit": "101"}, {"limit": "veel"}, {"after": "verlopen"}])
def test_a_wrong_page_is_refused(facebook: GraphSimulator, query: dict[str, str]) -> None:
    assert code_of(ask(facebook, f"{facebook.page_id}/feed", **query))[0] == 100


def test_only_the_fields_that_are_asked_come_along(facebook: GraphSimulator) -> None:
    first = facebook.resident_comments(NOOR, "Noor", "een", photo=True)
    facebook.resident_comments(NOOR, "Noor", "twee", on=first)

    answer = ask(facebook, f"{facebook.standing_post}/comments", filter="stream", fields="message,parent{id}")

    assert [set(comment) for comment in answer["data"]] == [{"id", "message", "parent"}, {"id", "message"}]
    assert answer["data"][0]["parent"] == {"id": first}


def test_without_the_stream_filter_only_the_comments_at_the_top_come_along(facebook: GraphSimulator) -> None:
    first = facebook.resident_comments(NOOR, "Noor", "een")
    facebook.resident_comments(NOOR, "Noor", "twee", on=first)

    assert [comment["id"] for comment in ask(facebook, f"{facebook.standing_post}/comments")["data"]] == [first]
    assert len(ask(facebook, f"{first}/comments")["data"]) == 1


def test_a_page_names_cursors_and_a_link_only_when_there_is_more(facebook: GraphSimulator) -> None:
    for number in range(7):
        facebook.resident_comments(NOOR, "Noor", f"nummer {number}")

    first = ask(facebook, f"{facebook.standing_post}/comments", limit="5")
    second = ask(facebook, f"{facebook.standing_post}/comments", limit="5", after=first["paging"]["cursors"]["after"])

    assert "next" in first["paging"]
    assert "next" not in second["paging"]
    assert len(first["data"] + second["data"]) == 7


def test_a_reply_to_a_reply_hangs_under_the_comment_at_the_top(facebook: GraphSimulator) -> None:
    top = facebook.resident_comments(NOOR, "Noor", "een")
    nested = facebook.resident_comments(NOOR, "Noor", "twee", on=top)

    own = post(facebook, f"{nested}/comments", message="Dank u")["id"]

    assert own in [comment["id"] for comment in ask(facebook, f"{top}/comments")["data"]]


def test_a_comment_on_what_is_gone_is_refused(facebook: GraphSimulator) -> None:
    written = facebook.resident_comments(NOOR, "Noor", "een")
    facebook.deletes(written)

    assert code_of(post(facebook, f"{written}/comments", message="Dank u")) == (100, 33)
    assert code_of(ask(facebook, f"{written}/comments")) == (100, 33)


@pytest.mark.parametrize("text", ["", "a" * 8001])
def test_a_comment_has_a_length(facebook: GraphSimulator, text: str) -> None:
    assert code_of(post(facebook, f"{facebook.standing_post}/comments", message=text))[0] == 100


def test_the_same_comment_twice_is_refused(facebook: GraphSimulator) -> None:
    written = facebook.resident_comments(NOOR, "Noor", "een")
    post(facebook, f"{written}/comments", message="Dank u")

    assert code_of(post(facebook, f"{written}/comments", message="Dank u"))[0] == 506


def test_a_comment_gets_one_private_reply_and_within_a_week(facebook: GraphSimulator, clock: list[datetime]) -> None:
    first, late = facebook.resident_comments(NOOR, "Noor", "een"), facebook.resident_comments(NOOR, "Noor", "twee")

    sent = message_to(facebook, {"comment_id": first})
    twice = message_to(facebook, {"comment_id": first})
    clock[0] += timedelta(days=8)

    assert sent["recipient_id"] == NOOR
    assert code_of(twice)[0] == 10900
    assert code_of(message_to(facebook, {"comment_id": late}))[0] == 10
    assert code_of(message_to(facebook, {"comment_id": "1_2"}))[0] == 100


def test_a_private_reply_does_not_open_the_window(facebook: GraphSimulator) -> None:
    message_to(facebook, {"comment_id": facebook.resident_comments(NOOR, "Noor", "een")})

    assert code_of(message_to(facebook, {"id": NOOR}))[0] == 10


def test_the_window_is_24_hours_from_the_persons_last_message(facebook: GraphSimulator, clock: list[datetime]) -> None:
    facebook.resident_messages(NOOR, "Noor", "hallo")
    clock[0] += timedelta(hours=24)
    assert "message_id" in message_to(facebook, {"id": NOOR})
    clock[0] += timedelta(seconds=1)

    assert code_of(message_to(facebook, {"id": NOOR})) == (10, 2018278)
    assert code_of(message_to(facebook, {"id": "onbekend"})) == (100, 2018001)


def test_a_recipient_that_lost_its_braces_is_refused(facebook: GraphSimulator) -> None:
    """What facebook-sdk makes of a nested value when it is left to itself."""
    facebook.resident_messages(NOOR, "Noor", "hallo")

    message = json.dumps({"text": "hoi"})
    answer = post(facebook, f"{facebook.page_id}/messages", recipient="id", message=message, messaging_type="RESPONSE")

    assert code_of(answer)[0] == 100


@pytest.mark.parametrize(("text", "values"), [("", {}), ("a" * 2001, {}), ("hoi", {"messaging_type": "MESSAGE_TAG"})])
def test_a_message_that_meta_does_not_take_is_refused(facebook: GraphSimulator, text: str, values: dict[str, str]) -> None:
    facebook.resident_messages(NOOR, "Noor", "hallo")

    assert code_of(message_to(facebook, {"id": NOOR}, text, **values))[0] == 100


def test_the_latest_conversation_stands_on_top(facebook: GraphSimulator) -> None:
    facebook.resident_messages(NOOR, "Noor", "een")
    facebook.resident_messages("70010002", "Jan", "twee")
    facebook.resident_messages(NOOR, "Noor", "drie")

    talks = ask(facebook, f"{facebook.page_id}/conversations", fields="participants,messages.limit(1){message}")["data"]

    assert [talk["messages"]["data"][0]["message"] for talk in talks] == ["drie", "twee"]
    assert talks[0]["messages"]["paging"]["next"]


@pytest.mark.parametrize("way", ["comment", "post", "message"])
def test_a_resident_writes_over_http(facebook: GraphSimulator, way: str) -> None:
    order = {"person_id": NOOR, "name": "Noor", "text": "Gat in de weg", "way": way, "photo": True}

    answer = requests.post(f"{facebook.url}/_sim/messages", json=order, timeout=5)

    assert answer.json()["id"]


def test_a_wrong_way_of_writing_is_told(facebook: GraphSimulator) -> None:
    answer = requests.post(f"{facebook.url}/_sim/messages", json={"person_id": NOOR, "name": "Noor", "way": "fax"}, timeout=5)

    assert answer.status_code == 400
    assert "fax" in answer.json()["error"]
