"""Which channels there are: one line each, from name to what builds it.

A channel's module, and the SDK beneath it, is imported only when the channel is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
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
    from channels.twitter import XChannel
    from channels.twitter_client import XSettings

    return ChannelKind(settings=XSettings, build=XChannel)


def _facebook() -> ChannelKind:
    from channels.facebook import FacebookChannel, FacebookSettings

    return ChannelKind(settings=FacebookSettings, build=FacebookChannel)


def _messenger() -> ChannelKind:
    from channels.messenger import MessengerChannel, MessengerSettings

    return ChannelKind(settings=MessengerSettings, build=MessengerChannel)


def _mastodon() -> ChannelKind:
    from channels.mastodon import MastodonChannel
    from channels.mastodon_client import MastodonSettings

    return ChannelKind(settings=MastodonSettings, build=MastodonChannel)


def _counter() -> ChannelKind:
    from channels.counter import CounterChannel
    from channels.mail import MailSettings

    return ChannelKind(settings=MailSettings, build=CounterChannel)


def _web_form() -> ChannelKind:
    from channels.web_form import WebFormChannel, WebFormSettings

    return ChannelKind(settings=WebFormSettings, build=WebFormChannel)


CHANNELS: Mapping[str, Callable[[], ChannelKind]] = {
    "telegram": _telegram,
    "x": _x,
    "facebook": _facebook,
    "messenger": _messenger,
    "mastodon": _mastodon,
    "counter": _counter,
    "web_form": _web_form,
}


class _Settings(Mapping[str, type[Any]]):
    """Name -> the settings dataclass of that channel, whose module is imported when it is looked up."""

    def __getitem__(self, name: str) -> type[Any]:
        return CHANNELS[name]().settings

    def __iter__(self) -> Iterator[str]:
        return iter(CHANNELS)

    def __len__(self) -> int:
        return len(CHANNELS)

    def __contains__(self, name: object) -> bool:
        return name in CHANNELS


SETTINGS: Mapping[str, type[Any]] = _Settings()


def build_channel(name: str, settings: object) -> Channel:
    """A channel, ready for use; the caller closes it. Raises ConfigError for an unknown name or another channel's settings."""
    if name not in CHANNELS:
        raise ConfigError(f"er is geen kanaal {name!r}; kies uit {', '.join(CHANNELS)}")
    kind = CHANNELS[name]()
    if not isinstance(settings, kind.settings):
        raise ConfigError(f"het kanaal {name} kreeg {type(settings).__name__}; geef {kind.settings.__name__}")
    return kind.build(settings)
