"""The simulated X keeps X's rules, so that a test or a demonstration on it proves something."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from channels.simulator.twitter import XSimulator

NOOR = "70010001"
SIGNED = {
    "Authorization": 'OAuth oauth_consumer_key="a", oauth_token="b", oauth_signature="c", oauth_nonce="d", oauth_timestamp="1"'
}


@pytest.fixture
def x() -> Iterator[XSimulator]:
    with XSimulator() as simulator:
        yield simulator


def ask(x: XSimulator, path: str, headers: dict[str, str] = SIGNED, **query: str) -> requests.Response:
    return requests.get(f"{x.url}{path}", params=query, headers=headers, timeout=5)


def post(x: XSimulator, path: str, body: object) -> requests.Response:
    return requests.post(f"{x.url}{path}", json=body, headers=SIGNED, timeout=5)


def reply(x: XSimulator, post_id: str, text: str = "Dank u") -> requests.Response:
    return post(x, "/2/tweets", {"text": text, "reply": {"in_reply_to_tweet_id": post_id}})


def mentions(x: XSimulator, **query: str) -> dict[str, Any]:
    answer: dict[str, Any] = ask(x, f"/2/users/{x.posts.own.id}/mentions", **query).json()
    return answer


def test_an_unsigned_call_is_unauthorised(x: XSimulator) -> None:
    answer = ask(x, "/2/users/me", headers={"Authorization": "Bearer abc"})

    assert answer.status_code == 401
    assert answer.json() == {"title": "Unauthorized", "detail": "Unauthorized", "type": "about:blank", "status": 401}


def test_every_answer_tells_the_rate_limit(x: XSimulator) -> None:
    headers = ask(x, "/2/users/me").headers

    assert {"x-rate-limit-limit", "x-rate-limit-remaining", "x-rate-limit-reset"} <= {name.lower() for name in headers}


@pytest.mark.parametrize(
    ("query", "complaint"),
    [
        ({"post.fields": "text"}, "is not one of"),
        ({"tweet.fields": "text,colour"}, "[colour] is not one of"),
        ({"max_results": "4"}, "max_results"),
        ({"max_results": "101"}, "max_results"),
        ({"since_id": "abc"}, "since_id"),
        ({"pagination_token": "verlopen"}, "pagination_token"),
    ],
)
def test_a_wrong_parameter_is_refused(x: XSimulator, query: dict[str, str], complaint: str) -> None:
    answer = mentions(x, **query)

    assert answer["title"] == "Invalid Request"
    assert complaint in answer["errors"][0]["message"]


def test_only_the_fields_that_are_asked_come_along(x: XSimulator) -> None:
    x.resident_writes(NOOR, "Noor", "hoi", photo=True)

    assert set(mentions(x)["data"][0]) == {"id", "text", "edit_history_tweet_ids"}
    full = mentions(x, **{"tweet.fields": "author_id,attachments", "expansions": "author_id,attachments.media_keys"})
    assert full["data"][0]["author_id"] == NOOR
    assert full["includes"]["users"][0]["name"] == "Noor"
    assert full["includes"]["media"][0]["type"] == "photo"


def test_an_empty_page_has_no_data(x: XSimulator) -> None:
    assert mentions(x) == {"meta": {"result_count": 0}}


def test_pages_run_from_new_to_old_and_since_id_ends_them(x: XSimulator) -> None:
    ids = [x.resident_writes(NOOR, "Noor", f"nummer {number}") for number in range(12)]

    first = mentions(x, max_results="5", since_id=ids[1])
    second = mentions(x, max_results="5", since_id=ids[1], pagination_token=first["meta"]["next_token"])

    assert [post["id"] for post in first["data"] + second["data"]] == ids[:1:-1]
    assert "next_token" not in second["meta"]


def test_no_more_than_800_mentions_are_given_back(x: XSimulator) -> None:
    for number in range(810):
        x.resident_writes(NOOR, "Noor", f"nummer {number}")
    oldest = sorted(entry.position for entry in x.posts.mentions)[10]

    met, token = 0, {}
    while True:
        page = mentions(x, max_results="100", **token)
        met += page["meta"]["result_count"]
        if "next_token" not in page["meta"]:
            break
        token = {"pagination_token": page["meta"]["next_token"]}

    assert met == 800
    assert int(page["meta"]["oldest_id"]) == oldest


def test_a_reply_goes_only_to_who_mentioned_or_quoted_us(x: XSimulator) -> None:
    elsewhere = x.resident_posts_elsewhere(NOOR, "Noor", "mooi weer")
    own = x.account_posts("Wij zijn open")
    with x.lock:
        quote = x.posts.add(NOOR, "kijk dan", referenced_tweets=[{"type": "quoted", "id": own}])["id"]

    assert reply(x, elsewhere).status_code == 403
    assert reply(x, quote).status_code == 201


@pytest.mark.parametrize(
    ("text", "status"), [("", 400), ("a" * 281, 403), ("漢" * 141, 403), (f"{'a' * 256} https://utrecht.nl/{'b' * 200}", 201)]
)
def test_a_post_has_a_length_as_x_counts_it(x: XSimulator, text: str, status: int) -> None:
    assert reply(x, x.resident_writes(NOOR, "Noor", "hoi"), text).status_code == status


def test_the_same_text_twice_is_refused(x: XSimulator) -> None:
    first, second = x.resident_writes(NOOR, "Noor", "een"), x.resident_writes(NOOR, "Noor", "twee")

    assert reply(x, first).status_code == 201
    answer = reply(x, second)
    assert answer.status_code == 403
    assert "duplicate content" in answer.json()["detail"]


def test_a_direct_message_goes_only_to_who_wrote_one(x: XSimulator) -> None:
    path = f"/2/dm_conversations/with/{NOOR}/messages"
    assert post(x, path, {"text": "hoi"}).status_code == 403

    x.resident_sends_direct_message(NOOR, "Noor", "hallo")

    assert post(x, path, {"text": "hoi"}).status_code == 201
    assert post(x, path, {"text": ""}).status_code == 400
    events = ask(x, f"/2/dm_conversations/with/{NOOR}/dm_events").json()["data"]
    assert [event["text"] for event in events] == ["hoi", "hallo"]
    assert len(ask(x, "/2/dm_events", max_results="1").json()["data"]) == 1


def test_a_resident_writes_over_http_and_sees_the_answers(x: XSimulator) -> None:
    order = {"person_id": NOOR, "name": "Noor", "text": "Gat in de weg", "photo": True}
    post_id = requests.post(f"{x.url}/_sim/messages", json=order, timeout=5).json()["id"]
    direct = requests.post(f"{x.url}/_sim/messages", json={**order, "direct": True}, timeout=5).json()["id"]
    reply(x, post_id)

    answers = requests.get(f"{x.url}/_sim/answers/{NOOR}", timeout=5).json()
    assert [answer["text"] for answer in answers] == ["Dank u"]
    assert requests.get(f"{x.url}/_sim/posted", timeout=5).json() == answers
    assert direct in [entry.post["id"] for entry in x.posts.direct_messages]
