"""The session beneath tweepy and facebook-sdk: one host, time-outs, no redirects, failures without addresses."""

from __future__ import annotations

import socket
import traceback
from collections.abc import Iterator

import pytest
import requests
from canned import Answer, CannedServer, an_answer

from channels.session import ExchangeFailedError, FixedHostSession
from routing.errors import ConfigError

SECRET = "marker-token-in-the-query"


@pytest.fixture
def server() -> Iterator[CannedServer]:
    with CannedServer() as server:
        yield server


@pytest.fixture
def session(server: CannedServer) -> Iterator[FixedHostSession]:
    with FixedHostSession(server.url, connect_timeout=5.0, read_timeout=5.0) as session:
        yield session


def test_every_request_goes_to_the_configured_host(server: CannedServer, session: FixedHostSession) -> None:
    session.get("https://api.twitter.com/2/users/me?a=1", params={"b": "2"})

    [request] = server.requests
    assert request.path == "/2/users/me"
    assert request.query == {"a": "1", "b": "2"}


def test_a_host_may_have_a_path_of_its_own(server: CannedServer) -> None:
    with FixedHostSession(f"{server.url}/poort/x/", connect_timeout=5.0, read_timeout=5.0) as session:
        session.get("https://api.twitter.com/2/users/me")

    assert server.requests[0].path == "/poort/x/2/users/me"


def test_a_redirect_is_not_followed(server: CannedServer, session: FixedHostSession) -> None:
    server.answers = [Answer(status=302, headers={"Location": "https://elders.example/dief"})]

    assert session.get("https://api.twitter.com/2/users/me").status_code == 302
    assert len(server.requests) == 1


def test_a_silent_server_is_given_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        session = FixedHostSession(address, connect_timeout=0.1, read_timeout=0.1)
        with session, pytest.raises(ExchangeFailedError) as caught:
            session.get("https://api.twitter.com/")

    assert caught.value.may_have_arrived


def test_a_refused_connection_provably_sent_nothing_and_tells_no_address() -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        address = f"http://127.0.0.1:{closed.getsockname()[1]}"
    session = FixedHostSession(address, connect_timeout=0.1, read_timeout=0.1)
    with session, pytest.raises(ExchangeFailedError) as caught:
        session.get("https://graph.facebook.com/me", params={"access_token": SECRET})

    assert not caught.value.may_have_arrived
    assert SECRET not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__context__ is None


@pytest.mark.parametrize("body", ["", "<html>", '{"half": ', "[" * 100_000])
def test_a_body_that_is_no_json_is_told_in_the_words_of_requests(
    server: CannedServer, session: FixedHostSession, body: str
) -> None:
    server.answers = [Answer(body=body)]
    response = session.get("https://api.twitter.com/")

    with pytest.raises(requests.JSONDecodeError):
        response.json()


def test_one_absurd_number_spoils_nothing_else(server: CannedServer, session: FixedHostSession) -> None:
    server.answers = [Answer(body='{"id": ' + "9" * 6000 + ', "text": "goed"}'), an_answer({"id": 10**30})]

    assert session.get("https://api.twitter.com/").json()["text"] == "goed"
    assert session.get("https://api.twitter.com/").json() == {"id": 10**30}


@pytest.mark.parametrize("address", ["api.x.com", "", "ftp://api.x.com", "https://", "https://api.x.com?a=1"])
def test_a_wrong_address_is_told_with_its_remedy(address: str) -> None:
    with pytest.raises(ConfigError, match="https://host"):
        FixedHostSession(address, connect_timeout=1, read_timeout=1)
