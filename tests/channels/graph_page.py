"""How the channels of Facebook and Messenger reach the page on loopback."""

from __future__ import annotations

from typing import Any

from channels.simulator.graph import GraphSimulator


def page_settings(facebook: GraphSimulator, **changes: Any) -> dict[str, Any]:
    return {
        "page_id": facebook.page_id,
        "page_token": "loopback-page-token",
        "app_secret": "loopback-app-secret",
        "base_url": facebook.url,
        "connect_timeout": 5.0,
        "read_timeout": 5.0,
        "page_size": 5,
        **changes,
    }
