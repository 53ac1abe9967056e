"""The traps of facebook-sdk 3.1.0, and what the Graph API's error codes decide."""

from __future__ import annotations

import hashlib
import hmac
import json
import traceback
from collections.abc import Iterator
from datetime import timedelta

import pytest
from canned import Answer, CannedServer, an_answer
from hypothesis import given, settings
from strategies import payloads

from channels.graph import GraphClient, GraphSettings, next_page_of
from channels.graph_refusals import GraphFailure, judge_read, judge_write, parse_failure, parse_usage, parse_wait
from channels.payload import object_of
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.messages import Unknown

PAGE_TOKEN, APP_SECRET = "EAAB-marker-token", "marker-geheim"
PROOF = hmac.new(APP_SECRET.encode(), PAGE_TOKEN.encode(), hashlib.sha256).hexdigest()


@pytest.fixture
def canned() -> Iterator[CannedServer]:
    with CannedServer() as server:
        yield server


@pytest.fixture
def graph(canned: CannedServer) -> Iterator[GraphClient]:
    client = GraphClient(
        GraphSettings(
            page_id="104",
            page_token=PAGE_TOKEN,
            app_secret=APP_SECRET,
            base_url=canned.url,
            connect_timeout=5.0,
            read_timeout=5.0,
        )
    )
    yield client
    client.close()


def an_error(code: int, message: str = "kapot", *, subcode: int | None = None, status: int = 400) -> Answer:
    return an_answer(
        {"error": {"message": message, "code": code, "error_subcode": subcode, "type": "OAuthException"}}, status=status
    )


# -- the client


def test_the_current_version_is_asked_though_the_sdk_knows_none_later_than_3_1(canned: CannedServer, graph: GraphClient) -> None:
    canned.answers = [an_answer({"data": []})]

    graph.read_list("104", "feed")

    assert canned.requests[0].path == "/v26.0/104/feed"


def test_every_call_carries_the_proof_of_the_secret(canned: CannedServer, graph: GraphClient) -> None:
    canned.answers = [an_answer({"data": []}), an_answer({"id": "1"})]

    graph.read_list("104", "feed")
    graph.post("104", "comments", message="hoi")

    assert canned.requests[0].query["appsecret_proof"] == PROOF
    assert canned.requests[1].form["appsecret_proof"] == PROOF
    assert canned.requests[1].form["access_token"] == PAGE_TOKEN
    assert canned.requests[1].query == {}


def test_nested_values_travel_as_json(canned: CannedServer, graph: GraphClient) -> None:
    canned.answers = [an_answer({"message_id": "m_1", "recipient_id": "7"})]

    graph.post("104", "messages", recipient={"id": "7"}, message={"text": "hé", "metadata": "wb:1"})

    assert json.loads(canned.requests[0].form["recipient"]) == {"id": "7"}
    assert json.loads(canned.requests[0].form["message"]) == {"text": "hé", "metadata": "wb:1"}


@pytest.mark.parametrize(
    "answer",
    [
        an_answer({}, status=500),
        an_answer({}),
        an_answer({"success": True}),
        an_answer({"id": ""}),
        an_answer({"id": None}),
        an_answer([]),
        an_answer(None),
        Answer(body="true"),
        Answer(body='{"id": "1'),
        Answer(body="<html>", headers={"Content-Type": "text/html"}),
        Answer(body="wat", headers={}),
        Answer(body=b"\x89PNG", headers={"Content-Type": "image/png"}),
        Answer(status=502, body="<html>", headers={"Content-Type": "text/html"}),
        Answer(status=302, headers={"Location": "https://elders.example/"}),
        an_answer({"error": "kapot"}),
        an_answer({"error": {"code": "een", "message": 5}}, status=400),
    ],
)
def test_a_write_without_an_id_in_its_answer_is_unknown(canned: CannedServer, graph: GraphClient, answer: Answer) -> None:
    canned.answers = [answer]

    failure = graph.post("104", "comments", message="hoi")

    assert isinstance(failure, GraphFailure)
    assert isinstance(judge_write(failure), Unknown)
    assert len(canned.requests) == 1


@pytest.mark.parametrize(
    "answer", [an_answer({}, status=500), an_answer({}), an_answer({"data": {}}), an_answer([]), Answer(body="wat", headers={})]
)
def test_a_list_without_data_is_no_empty_list(canned: CannedServer, graph: GraphClient, answer: Answer) -> None:
    canned.answers = [answer]

    failure = graph.read_list("104", "feed")

    assert isinstance(failure, GraphFailure)
    assert isinstance(judge_read(failure), TemporaryChannelError)


def test_meta_repeats_a_refused_token_and_we_do_not(canned: CannedServer, graph: GraphClient) -> None:
    canned.answers = [an_error(190, f"Malformed access token {PAGE_TOKEN}")]

    failure = graph.read_list("104", "feed")

    assert isinstance(failure, GraphFailure)
    error = judge_read(failure)
    assert isinstance(error, ChannelAuthError)
    assert "malformed access token" in str(error)
    assert PAGE_TOKEN.lower() not in str(error).lower()


def test_a_broken_connection_tells_no_token(canned: CannedServer, graph: GraphClient) -> None:
    canned.__exit__()

    failure = graph.read_list("104", "feed")

    assert isinstance(failure, GraphFailure)
    assert not failure.may_have_arrived
    told = "".join(traceback.format_exception(judge_read(failure))) + repr(failure)
    assert PAGE_TOKEN not in told
    assert PROOF not in told


def test_the_next_page_is_asked_by_cursor_and_only_when_there_is_one() -> None:
    cursors = {"cursors": {"after": "QVFI", "before": "QVFH"}}

    assert next_page_of({"paging": {**cursors, "next": "https://graph.facebook.com/zonder-token"}}) == "QVFI"
    assert next_page_of({"paging": cursors}) is None
    assert next_page_of({"paging": {"next": "https://graph.facebook.com/"}}) is None
    assert next_page_of({}) is None


# -- what a code decides


@pytest.mark.parametrize(
    ("code", "subcode", "status", "decision"),
    [
        (190, 463, 400, ChannelAuthError),
        (102, None, 400, ChannelAuthError),
        (None, None, 401, ChannelAuthError),
        (4, None, 400, TemporaryChannelError),
        (17, None, 400, TemporaryChannelError),
        (32, None, 403, TemporaryChannelError),
        (613, None, 400, TemporaryChannelError),
        (80001, None, 400, TemporaryChannelError),
        (80006, None, 500, TemporaryChannelError),
        (None, None, 429, TemporaryChannelError),
        (10, 1893063, 400, TemporaryChannelError),
        (10, 2018278, 400, RecipientUnreachableError),
        (10, 2018065, 400, RecipientUnreachableError),
        (551, 1545041, 400, RecipientUnreachableError),
        (200, 1545041, 400, RecipientUnreachableError),
        (100, 2018001, 400, RecipientUnreachableError),
        (10, None, 400, MessageRejectedError),
        (200, None, 403, MessageRejectedError),
        (299, None, 403, MessageRejectedError),
        (368, None, 400, MessageRejectedError),
        (100, 33, 400, MessageRejectedError),
        (100, 1893061, 400, MessageRejectedError),
        (1, None, 400, Unknown),
        (2, None, 500, Unknown),
        (99999, None, 500, Unknown),
        (506, 1455006, 400, Unknown),
        (10900, None, 400, Unknown),
        (None, None, 400, Unknown),
        (None, None, None, Unknown),
    ],
)
def test_a_code_on_a_write_is_a_decision(
    code: int | None, subcode: int | None, status: int | None, decision: type[ChannelError | Unknown]
) -> None:
    assert type(judge_write(GraphFailure(code=code, subcode=subcode, status=status))) is decision


@pytest.mark.parametrize(
    ("code", "status", "decision"),
    [
        (190, 400, ChannelAuthError),
        (10, 400, ChannelAuthError),
        (200, 403, ChannelAuthError),
        (32, 400, TemporaryChannelError),
        (1, 500, TemporaryChannelError),
        (100, 400, TemporaryChannelError),
        (None, None, TemporaryChannelError),
    ],
)
def test_a_code_on_a_read_pauses_or_waits(code: int | None, status: int | None, decision: type[ChannelError]) -> None:
    assert type(judge_read(GraphFailure(code=code, status=status))) is decision


def test_a_wrong_secret_is_a_matter_of_authorisation() -> None:
    failure = GraphFailure(code=100, status=400, words="invalid appsecret_proof provided in the api argument")

    assert isinstance(judge_write(failure), ChannelAuthError)
    assert isinstance(judge_read(failure), ChannelAuthError)


def test_a_transient_error_on_a_write_is_unknown_whatever_its_code() -> None:
    assert isinstance(judge_write(GraphFailure(code=368, status=400, is_transient=True)), Unknown)


def test_a_request_that_never_left_may_be_sent_again() -> None:
    assert isinstance(judge_write(GraphFailure(may_have_arrived=False)), TemporaryChannelError)


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (
            {"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 3}], "2": [{"call_count": 9}]}'},
            timedelta(minutes=3),
        ),
        ({"X-Business-Use-Case-Usage": '{"1": [{"estimated_time_to_regain_access": 0}]}'}, None),
        ({"x-business-use-case-usage": "kapot"}, None),
        ({"x-business-use-case-usage": '[{"1": 5}]'}, None),
        ({"Retry-After": "90"}, timedelta(seconds=90)),
        ({"Retry-After": "999999"}, timedelta(days=1)),
        ({}, None),
    ],
)
def test_the_wait_is_the_one_that_is_named(headers: dict[str, str], wait: timedelta | None) -> None:
    assert parse_wait(headers) == wait


@settings(deadline=None)  # the machine may be busy
@given(payloads("error", "message", "code", "error_subcode", "is_transient", "paging", "cursors", "after", "next"))
def test_reading_a_failure_never_raises(answer: object) -> None:
    failure = parse_failure(answer, (PAGE_TOKEN,), status=400)
    next_page_of(object_of(answer))

    assert str(failure)
    assert isinstance(judge_read(failure), ChannelError)
    assert isinstance(judge_write(failure), ChannelError | Unknown)


@pytest.mark.parametrize(
    ("headers", "is_paused"),
    [
        ({}, False),
        ({"x-app-usage": '{"call_count":79,"total_time":3}'}, False),
        ({"X-App-Usage": '{"call_count":80,"total_time":3}'}, True),
        ({"x-business-use-case-usage": '{"104001":[{"type":"pages","total_cputime":95}]}'}, True),
        ({"x-app-usage": "kapot"}, False),
    ],
)
def test_meta_is_left_alone_when_most_of_the_allowance_is_used(headers: dict[str, str], is_paused: bool) -> None:
    assert (parse_usage(headers) is not None) is is_paused
