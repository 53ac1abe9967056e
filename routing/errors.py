"""The one error tree. A class is a decision the caller can take; the text says what is wrong and what to do."""

from __future__ import annotations

from datetime import timedelta


class WijkbalieError(Exception):
    """Root of every error this product raises on purpose."""


class ConfigError(WijkbalieError):
    """A setting is missing or wrong. The text names key, file and remedy."""


class InvalidTransitionError(WijkbalieError):
    """The melding cannot make this step from its present status."""


class NotFoundError(WijkbalieError):
    """What was asked for is not there (any more)."""


class StorageUnavailableError(WijkbalieError):
    """The database takes nothing or does not answer now. What was accepted is kept; the same work can be done again later."""


class StaleError(WijkbalieError):
    """Somebody else changed the melding in the meantime: reload and decide again."""


class ChannelError(WijkbalieError):
    """Root of what a channel can report. Every subclass means: the message was provably not posted."""


class TemporaryChannelError(ChannelError):
    """Not now. `retry_after` is the platform's own wait, or None when it named none."""

    def __init__(self, message: str, *, retry_after: timedelta | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class RecipientUnreachableError(ChannelError):
    """This person cannot be reached by this way any more (blocked, closed account, window passed)."""


class MessageRejectedError(ChannelError):
    """The platform refuses this message for good (length, content, permission for this post)."""


class ChannelAuthError(ChannelError):
    """The channel's token is missing, expired or has no right: pause this channel, keep its rows."""
