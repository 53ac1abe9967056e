"""Every channel is known by its name, and costs nothing until it is used."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from channels.registry import CHANNELS, SETTINGS, build_channel
from channels.twitter_client import XSettings
from routing.errors import ConfigError

A_PAGE = {"page_id": "104", "page_token": "een-token", "app_secret": "een-geheim"}
KEYS = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "een-sleutel")
AN_INSTANCE = {"access_token": "een-token", "base_url": "https://social.example"}
A_MAIL_SERVER = {"host": "smtp.example", "from_address": "wijkbureau@gemeente.example", "password": "een-geheim"}
A_FORM = A_MAIL_SERVER | {"public_url": "https://wijkbalie.example", "link_secret": "een-geheim-van-lengte"}
PUBLIC = {"page_id", "base_url", "host", "from_address", "public_url"}
OPTIONS: dict[str, dict[str, Any]] = {
    "telegram": {"token": "70099:token"},
    "x": KEYS,
    "facebook": A_PAGE,
    "messenger": A_PAGE,
    "mastodon": AN_INSTANCE,
    "counter": A_MAIL_SERVER,
    "web_form": A_FORM,
}


@pytest.mark.parametrize("name", CHANNELS)
async def test_a_channel_is_built_from_what_stands_in_the_configuration(name: str) -> None:
    settings = TypeAdapter(SETTINGS[name]).validate_python(OPTIONS[name])

    channel = build_channel(name, settings)

    assert channel.name == name
    assert channel.limits.max_length
    assert not any(secret in repr(settings) for key, secret in OPTIONS[name].items() if key not in PUBLIC)
    await channel.aclose()


def test_an_unknown_channel_is_told_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="telegram, x, facebook, messenger, mastodon, counter, web_form"):
        build_channel("hyves", object())


def test_the_settings_of_another_channel_are_refused() -> None:
    with pytest.raises(ConfigError, match="FacebookSettings"):
        build_channel("facebook", XSettings(**KEYS))


@pytest.mark.parametrize(
    ("name", "options", "problem"),
    [
        ("x", {**KEYS, "access_token": " "}, "channels.x.access_token"),
        ("x", {**KEYS, "page_size": 4}, "channels.x.page_size"),
        ("x", {**KEYS, "start": "2026-11-01T00:00:00"}, "channels.x.start"),
        ("facebook", {**A_PAGE, "app_secret": ""}, "channels.facebook.app_secret"),
        ("facebook", {**A_PAGE, "version": "26"}, "channels.facebook.version"),
        ("messenger", {**A_PAGE, "page_token": ""}, "channels.messenger.page_token"),
        ("messenger", {**A_PAGE, "page_size": 101}, "channels.messenger.page_size"),
        ("messenger", {**A_PAGE, "start": "2026-11-01T00:00:00"}, "channels.messenger.start"),
        ("mastodon", {**AN_INSTANCE, "access_token": ""}, "channels.mastodon.access_token"),
        ("counter", {**A_MAIL_SERVER, "from_address": "geen adres"}, "from_address"),
        ("counter", {**A_MAIL_SERVER, "from_name": "Wijk\nBcc: x@y.nl"}, "een regel"),
        ("counter", {**A_MAIL_SERVER, "host": " "}, "host is leeg"),
        ("web_form", {**A_FORM, "link_secret": "kort"}, "channels.web_form.link_secret"),
        ("web_form", {**A_FORM, "public_url": "https://x.example/"}, "channels.web_form.public_url"),
        ("web_form", {**A_FORM, "confirm": "klik"}, "channels.web_form.confirm"),
        ("mastodon", {**AN_INSTANCE, "page_size": 81}, "channels.mastodon.page_size"),
        ("mastodon", {**AN_INSTANCE, "overlap": 40}, "channels.mastodon.overlap"),
        ("mastodon", {**AN_INSTANCE, "text_limit": 100}, "channels.mastodon.text_limit"),
        ("mastodon", {**AN_INSTANCE, "start": "2026-11-01T00:00:00"}, "channels.mastodon.start"),
    ],
)
def test_a_wrong_setting_names_its_key(name: str, options: dict[str, Any], problem: str) -> None:
    with pytest.raises(ConfigError, match=problem):
        TypeAdapter(SETTINGS[name]).validate_python(options)


def test_no_sdk_is_imported_before_its_channel_is_used(tmp_path: Path) -> None:
    program = "import sys, channels.registry; sys.exit(bool({'telegram', 'tweepy', 'facebook'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_sdk_of_facebook_is_imported_where_warnings_are_errors(tmp_path: Path) -> None:
    """Its source has an invalid escape, which a cached compilation hides: this compiles it anew."""
    command = [sys.executable, "-W", "error", "-c", "import channels.facebook"]

    done = subprocess.run(command, env={"PYTHONPYCACHEPREFIX": str(tmp_path)}, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
