"""The settings of a product that talks to a city of simulators, with waits made short."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.kill.city import City

PAGE_TOKEN, APP_SECRET = "kill-page-token", "kill-app-secret"
Table = dict[str, object]
_WHOLE_DAY = ["00:00", "23:59"]
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

# What lies months apart on a real page lies minutes apart in a long run. With the windows of a real page every round would read
# half of it again.
_CROWDED: Mapping[str, Table] = {
    "rhythm": {"fetch_seconds": 1, "triage_seconds": 1, "relay_seconds": 1, "promises_seconds": 10, "claim_seconds": 10},
    "channels.x": {"overlap": 10, "direct_page_size": 100},
    "channels.mastodon": {"page_size": 80, "overlap": 10},
    "channels.facebook": {"overlap": 10, "page_size": 50, "recent_window": 600, "deep_interval": 300, "watch_window": 3600},
    "channels.messenger": {"overlap": 10, "page_size": 50, "watch_window": 3600},
}


def settings_of(city: City, database_url: str, changes: Mapping[str, Table] | None = None) -> str:
    """A settings file; `changes` come over what stands in a table."""
    tables = {**_office(city, database_url), **_platforms(city), **_by_hand(city)}
    return "\n".join(_written(name, values | (changes or {}).get(name, {})) for name, values in tables.items())


def crowded(port: int) -> dict[str, Table]:
    """What one of the processes in a long run changes; its desk is at this port."""
    return {**_CROWDED, "web": {"port": port}}


def _written(name: str, values: Table) -> str:
    return "\n".join((f"[{name}]", *(f"{key} = {json.dumps(value)}" for key, value in values.items()), ""))


def _office(city: City, database_url: str) -> dict[str, Table]:
    return {
        "office": {"name": "wijkbureau Binnenstad"},
        "database": {"url": database_url},
        "web": {"undo_seconds": 0, "port": city.web_ports[0], "secure_cookie": False},
        "rhythm": {
            "fetch_seconds": 0.4,
            "triage_seconds": 0.4,
            "relay_seconds": 0.2,
            "promises_seconds": 0.5,
            "claim_seconds": 4,
            "second_look_seconds": 2,
        },
        "guards": {"quiet_from": "00:00", "quiet_until": "00:00", "minutes_after_person": 0},
        "office_hours": dict.fromkeys(_DAYS, _WHOLE_DAY),
        "logging": {"form": "console"},
    }


def _platforms(city: City) -> dict[str, Table]:
    patience: Table = {"connect_timeout": 1.0, "read_timeout": 1.0}
    unhurried: Table = {**patience, "settle_delay": 1, "min_interval": 0, "min_interval_per_thread": 0}
    page: Table = {"page_id": city.graph.page_id, "page_token": PAGE_TOKEN, "app_secret": APP_SECRET, "base_url": city.graph.url}
    keys = ("consumer_key", "consumer_secret", "access_token", "access_token_secret")
    x: Table = {**{key: f"kill-{key}" for key in keys}, "base_url": city.x.url}
    return {
        "channels.telegram": {"enabled": True, "token": city.telegram.token, "base_url": city.telegram.url, **patience},
        "channels.x": {"enabled": True, **x, "monthly_budget": 1_000_000, "direct_interval": 1, **unhurried},
        "channels.mastodon": {
            "enabled": True,
            "access_token": city.mastodon.token,
            "base_url": city.mastodon.url,
            **unhurried,
        },
        "channels.facebook": {"enabled": True, **page, **unhurried},
        "channels.messenger": {"enabled": True, **page, **unhurried},
    }


def _by_hand(city: City) -> dict[str, Table]:
    """What comes in at the office's own site; its answers go by e-mail."""
    mail: Table = {
        "enabled": True,
        "host": "127.0.0.1",
        "port": city.post.port,
        "security": "none",
        "from_address": "wijkbureau@gemeente.example",
        "timeout": 1.0,
        "min_interval": 0,
    }
    form: Table = {"public_url": f"http://127.0.0.1:{city.web_ports[0]}", "link_secret": "kill-link-secret-of-length"}
    return {"channels.counter": mail, "channels.web_form": {**mail, **form}}
