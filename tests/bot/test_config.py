"""A wrong setting names its file, its key and the remedy; the example is complete and loads."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from bot.config import Config, load_config
from channels.registry import SETTINGS
from routing.errors import ConfigError

EXAMPLE = Path(__file__).resolve().parents[2] / "config.example.toml"
MINIMAL = """
[office]
name = "wijkbureau"
[database]
url = "sqlite:///x.sqlite3"
[office_hours]
monday = ["09:00", "17:00"]
"""

SSO = """
[login.organisation]
enabled = true
issuer = "https://login.example.nl"
client_id = "wijkbalie"
client_secret = "x"
desk_address = "https://balie.example.nl"
roles = { baas = "beheerder" }
"""


def load(tmp_path: Path, text: str) -> Config:
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    return load_config(path)


def test_the_example_loads_as_it_is() -> None:
    assert load_config(EXAMPLE).office.name == "wijkbureau Binnenstad"


def test_the_example_names_every_setting() -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    unnamed = list(missing(Config, tomllib.loads(text), ""))
    assert [key for key in unnamed if f"# {key.rpartition('.')[2]} = " not in text] == []


def missing(table: type[BaseModel], given: dict[str, Any], above: str) -> Iterator[str]:
    for name, field in table.model_fields.items():
        if not above and name in {"base", "channels", "channel_modes"}:
            continue
        if name not in given:
            yield f"{above}{name}"
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from missing(field.annotation, given[name], f"{above}{name}.")


@pytest.mark.parametrize("channel", sorted(SETTINGS))
def test_the_example_names_every_setting_of_every_channel(channel: str) -> None:
    text = EXAMPLE.read_text(encoding="utf-8")
    section = text.split(f"[channels.{channel}]")[1].split("\n[")[0]
    for key in (field.name for field in fields(SETTINGS[channel])):
        assert f"{key} = " in section, f"[channels.{channel}] {key} is missing from the example"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "office: ontbreekt"),
        (MINIMAL + "[wbe]\n", "wbe: bestaat niet"),
        (MINIMAL + "[web]\nport = 99999\n", "web.port"),
        (MINIMAL + "[channels.fax]\nenabled = true\n", "channels.fax: dit kanaal bestaat niet"),
        (MINIMAL + "[channels.telegram]\ntoken = 'x'\n", "channels.telegram.enabled: ontbreekt"),
        (MINIMAL + "[channels.telegram]\nenabled = true\n", "channels.telegram.token: ontbreekt"),
        (MINIMAL + "[channels.telegram]\nenabled = true\ntoken = 'x'\ntokn = 'x'\n", "channels.telegram.tokn: bestaat niet"),
        (MINIMAL.replace('["09:00", "17:00"]', '["17:00", "09:00"]'), "een dag sluit voordat hij opent"),
        ("office = [", "geen geldige TOML"),
        (MINIMAL + "[login]\npasswords = false\n", "login: Value error, niemand kan inloggen"),
        (MINIMAL + "[login.organisation]\nenabled = true\n", "issuer, client_id, client_secret, desk_address, roles ontbreekt"),
        (MINIMAL + SSO.replace("https:", "http:"), "issuer moet met https:// beginnen"),
        (MINIMAL + SSO + 'scope = "profile groups"', "scope moet openid bevatten"),
        (MINIMAL + SSO.replace("beheerder", "keizer"), "login.organisation.roles.baas"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigError, match=r"config\.toml") as caught:
        load(tmp_path, text)
    assert message in str(caught.value)


def test_a_missing_file_tells_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="wijkbalie init"):
        load_config(tmp_path / "nowhere.toml")


def test_a_secret_can_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = MINIMAL + '[channels.telegram]\nenabled = true\ntoken = "env:WB_TEST_TOKEN"\n'
    with pytest.raises(ConfigError, match="WB_TEST_TOKEN, maar die bestaat niet"):
        load(tmp_path, text)
    monkeypatch.setenv("WB_TEST_TOKEN", "70099:from-the-environment")
    assert load(tmp_path, text).channels["telegram"].token == "70099:from-the-environment"
