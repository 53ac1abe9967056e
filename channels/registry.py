"""Which channels there are: one line each, from name to what builds it.

A channel's module, and the SDK beneath it, is imported only when the channel is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from channels.base import Channel
from routing.errors import ConfigError


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelKind:
    """`settings` is the dataclass with everything that `build` needs."""

    settings: type[Any]
    build: Callable[[Any], Channel]


def _telegram() -> ChannelKind:
    from channels.telegram import TelegramChannel, TelegramSettings

    return ChannelKind(settings=TelegramSettings, build=TelegramChannel)


def _x() -> ChannelKind:
    from channels.twitter import XChannel, XSettings

    return ChannelKind(settings=XSettings, build=XChannel)


def _facebook() -> ChannelKind:
    from channels.facebook import FacebookChannel, FacebookSettings

    return ChannelKind(settings=FacebookSettings, build=FacebookChannel)


def _messenger() -> ChannelKind:
    from channels.messenger import MessengerChannel, MessengerSettings

    return ChannelKind(settings=MessengerSettings, build=MessengerChannel)


CHANNELS: Mapping[str, Callable[[], ChannelKind]] = {
    "telegram": _telegram,
    "x": _x,
    "facebook": _facebook,
    "messenger": _messenger,
}


def settings_type(name: str) -> type[Any]:
    """The settings dataclass of a channel. Raises ConfigError for a name that is no channel."""
    return _kind(name).settings


def build_channel(name: str, settings: object) -> Channel:
    """A channel, ready for use; the caller closes it. Raises ConfigError for an unknown name or another channel's settings."""
    kind = _kind(name)
    if not isinstance(settings, kind.settings):
        raise ConfigError(f"het kanaal {name} kreeg {type(settings).__name__}; geef {kind.settings.__name__}")
    return kind.build(settings)


def _kind(name: str) -> ChannelKind:
    if name not in CHANNELS:
        raise ConfigError(f"er is geen kanaal {name!r}; kies uit {', '.join(CHANNELS)}")
    return CHANNELS[name]()
