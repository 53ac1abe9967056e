"""For machines that watch: alive, ready, figures; and the alarm rules ask only for figures that exist."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from routing.errors import ChannelAuthError, TemporaryChannelError
from storage.database import Database
from storage.migrate import upgrade
from tests.builders import MONDAY, a_message, take_in
from tests.web.desk import DeskAtWork

ROOT = Path(__file__).resolve().parent.parent.parent


async def test_alive_and_ready_need_no_login(strangers_desk: DeskAtWork) -> None:
    assert (await strangers_desk.get("/health/live")).status_code == 200
    ready = await strangers_desk.get("/health/ready")
    assert ready.status_code == 200
    assert ready.json() == {"status": "ok", "problems": {}}


async def test_a_step_that_fails_makes_the_process_unready_and_says_what_to_do(strangers_desk: DeskAtWork) -> None:
    strangers_desk.app.state.desk.trouble["triage"] = "De database werkt niet mee: de schijf is vol; maak ruimte vrij."
    ready = await strangers_desk.get("/health/ready")
    assert ready.status_code == 503
    assert "maak ruimte vrij" in ready.json()["problems"]["triage"]
    assert (await strangers_desk.get("/health/live")).status_code == 200


async def test_a_schema_of_newer_code_is_ready_during_an_upgrade(strangers_desk: DeskAtWork, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999_of_newer_code'"))
    upgrade(database.engine)
    assert (await strangers_desk.get("/health/ready")).status_code == 200


async def test_a_database_without_the_schema_is_not_ready(strangers_desk: DeskAtWork, database: Database) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text("DELETE FROM alembic_version"))
    assert (await strangers_desk.get("/health/ready")).status_code == 503


def figures(text: str) -> dict[str, float]:
    return {key: float(value) for key, value in re.findall(r"^(wijkbalie\S+) (\S+)$", text, re.MULTILINE)}


async def test_the_figures_tell_what_waits_and_what_failed(strangers_desk: DeskAtWork, database: Database) -> None:
    take_in(database, a_message())
    meters = strangers_desk.app.state.desk.meters
    meters.read_tables(database, strangers_desk.office.clock)
    meters.taken_in("telegram", 1)
    meters.fetch_failed("x", TemporaryChannelError("druk"))
    meters.send_failed("x", ChannelAuthError("sleutel"))
    meters.send_failed("telegram", None)
    strangers_desk.office.clock.advance(minutes=3)
    found = figures((await strangers_desk.get("/metrics")).text)
    assert found["wijkbalie_waiting_messages"] == 1
    assert found["wijkbalie_oldest_waiting_seconds"] == 180
    assert found['wijkbalie_channel_lag_seconds{channel="telegram"}'] == 180
    assert found['wijkbalie_fetch_errors_total{channel="x",kind="tijdelijk"}'] == 1
    assert found['wijkbalie_send_errors_total{channel="x",kind="toegang"}'] == 1
    assert found['wijkbalie_send_errors_total{channel="telegram",kind="onzeker"}'] == 1
    assert found["wijkbalie_database_up"] == 1
    strangers_desk.office.clock.moment = MONDAY - timedelta(hours=1)
    assert figures((await strangers_desk.get("/metrics")).text)["wijkbalie_clock_behind_seconds"] == 3600


async def test_the_alarm_rules_and_the_reference_name_figures_that_exist(strangers_desk: DeskAtWork, database: Database) -> None:
    take_in(database, a_message())
    meters = strangers_desk.app.state.desk.meters
    meters.read_tables(database, strangers_desk.office.clock)
    meters.taken_in("x", 1)
    meters.sent("x")
    meters.fetch_failed("x", TemporaryChannelError("druk"))
    meters.send_failed("x", None)
    known = {key.split("{")[0] for key in figures((await strangers_desk.get("/metrics")).text)}
    for name in ("alarmregels.yaml", "meten.md"):
        named = set(re.findall(r"\bwijkbalie_\w+", (ROOT / "docs" / "naslag" / name).read_text(encoding="utf-8")))
        assert named, name
        assert named <= known, name
