"""The ground under the simulators: start and stop, the faults, and the control routes that a demo page uses."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta

import httpx
import pytest

from channels.simulator.faults import EXCHANGE_FAULTS, Fault, FaultKind, Faults, PageDelivery, Side
from channels.simulator.telegram import TelegramSimulator

NOOR = "70010001"


@pytest.fixture
def telegram() -> Iterator[TelegramSimulator]:
    with TelegramSimulator() as simulator:
        yield simulator


@pytest.fixture
async def browser(telegram: TelegramSimulator) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=telegram.url, trust_env=False) as client:
        yield client


def test_the_address_and_what_was_written_outlive_a_stop() -> None:
    simulator = TelegramSimulator()
    with simulator:
        address = simulator.url
        simulator.resident_writes(NOOR, "Noor", "melding")
    with simulator:
        assert simulator.url == address
        updates = httpx.get(f"{address}/bot{simulator.token}/getUpdates", trust_env=False).json()["result"]

    assert [update["message"]["text"] for update in updates] == ["melding"]


def test_a_stopped_simulator_refuses_connections(telegram: TelegramSimulator) -> None:
    telegram.stop()
    telegram.stop()

    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{telegram.url}/_sim/posted", trust_env=False)


def test_a_port_that_is_taken_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):
        TelegramSimulator(port=taken.getsockname()[1]).start()


def test_a_simulator_that_was_not_started_has_no_address() -> None:
    with pytest.raises(RuntimeError, match="start"):
        _ = TelegramSimulator().url


def test_starting_twice_is_refused(telegram: TelegramSimulator) -> None:
    with pytest.raises(RuntimeError, match="already"):
        telegram.start()


def test_the_simulator_listens_on_loopback_only(telegram: TelegramSimulator) -> None:
    assert telegram.url.startswith("http://127.0.0.1:")


async def test_a_demo_page_plays_the_resident_and_sees_the_answer(
    telegram: TelegramSimulator, browser: httpx.AsyncClient
) -> None:
    written = await browser.post("/_sim/messages", json={"person_id": NOOR, "name": "Noor", "text": "Kapotte lamp"})
    await browser.post(f"/bot{telegram.token}/sendMessage", data={"chat_id": NOOR, "text": "Dank u"})

    answers = (await browser.get(f"/_sim/answers/{NOOR}")).json()

    assert written.json() == {"id": "1"}
    assert [(answer["target"], answer["text"], answer["way"]) for answer in answers] == [(NOOR, "Dank u", "sendMessage")]
    assert (await browser.get("/_sim/posted")).json() == answers


@pytest.mark.parametrize("order", [{}, [], {"person_id": "x", "name": "Noor"}, {"person_id": NOOR, "name": "N", "photo": "%"}])
async def test_a_wrong_control_request_is_told(browser: httpx.AsyncClient, order: object) -> None:
    refused = await browser.post("/_sim/messages", json=order)

    assert refused.status_code == 400
    assert "wrong message" in refused.json()["error"]


async def test_faults_are_switched_over_http(telegram: TelegramSimulator, browser: httpx.AsyncClient) -> None:
    await browser.post("/_sim/faults", json={"kind": "rate_limited", "side": "read", "times": None, "retry_after": 12})
    limited = await browser.get(f"/bot{telegram.token}/getMe")
    await browser.delete("/_sim/faults")

    assert limited.status_code == 429
    assert limited.json()["parameters"] == {"retry_after": 12}
    assert (await browser.get(f"/bot{telegram.token}/getMe")).status_code == 200
    assert (await browser.post("/_sim/faults", json={"kind": "earthquake"})).status_code == 400


async def test_a_truncated_answer_is_noticed_and_the_post_stands(telegram: TelegramSimulator, browser: httpx.AsyncClient) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")
    telegram.faults.add(FaultKind.ACCEPT_THEN_TRUNCATE)

    with pytest.raises(httpx.RemoteProtocolError):
        await browser.post(f"/bot{telegram.token}/sendMessage", data={"chat_id": NOOR, "text": "Dank u"})

    assert [post.text for post in telegram.posted] == ["Dank u"]


@pytest.mark.parametrize("kind", [FaultKind.RESET_BEFORE, FaultKind.ACCEPT_THEN_RESET])
async def test_a_reset_looks_the_same_before_and_after_acceptance(
    telegram: TelegramSimulator, browser: httpx.AsyncClient, kind: FaultKind
) -> None:
    telegram.resident_writes(NOOR, "Noor", "melding")
    telegram.faults.add(kind)

    with pytest.raises(httpx.ReadError):
        await browser.post(f"/bot{telegram.token}/sendMessage", data={"chat_id": NOOR, "text": "Dank u"})

    assert len(telegram.posted) == (1 if kind is FaultKind.ACCEPT_THEN_RESET else 0)


def test_a_fault_strikes_as_often_as_the_script_says() -> None:
    faults = Faults()
    faults.add(Fault(kind=FaultKind.SERVER_ERROR, side=Side.WRITE, method="sendMessage", times=2))

    assert faults.draw(Side.READ, "sendMessage") is None
    assert faults.draw(Side.WRITE, "other") is None
    assert [faults.draw(Side.WRITE, "sendMessage") is not None for _ in range(3)] == [True, True, False]
    assert faults.struck == (FaultKind.SERVER_ERROR, FaultKind.SERVER_ERROR)


def test_chance_is_repeatable() -> None:
    def play(seed: int) -> list[bool]:
        faults = Faults(seed=seed)
        faults.add(Fault(kind=FaultKind.SERVER_ERROR, times=None, probability=0.5))
        return [faults.draw(Side.READ, "any") is not None for _ in range(50)]

    assert play(1) == play(1) != play(2)
    assert 5 < sum(play(1)) < 45


def test_page_faults_touch_what_is_read_and_not_the_exchange() -> None:
    faults = Faults()
    delivery = PageDelivery(faults)
    faults.add(FaultKind.DUPLICATES)
    faults.add(FaultKind.OUT_OF_ORDER)
    faults.add(FaultKind.REPEATED_PAGE)

    assert faults.draw(Side.READ, "any", EXCHANGE_FAULTS) is None
    assert delivery.deliver("any", [1, 2]) == [1, 1, 2, 2]
    assert delivery.deliver("any", [3, 4]) == [4, 3]
    assert delivery.deliver("any", [5, 6]) == [3, 4]
    assert delivery.deliver("any", [5, 6]) == [5, 6]


def test_a_fault_names_its_wait() -> None:
    assert Fault(kind=FaultKind.RATE_LIMITED).retry_after == timedelta(seconds=30)
