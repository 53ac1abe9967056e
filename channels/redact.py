"""Takes secrets out of texts that leave a channel: errors, their causes, log lines. Decides nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "[verborgen]"


class ForeignError(Exception):
    """What an SDK raised, as text without secrets: safe to chain to our own error and to log."""


def redact(text: str, secrets: Iterable[str]) -> str:
    """The text with every secret replaced, also where it stands percent-encoded in an address. Longest secret first."""
    forms = {form for secret in secrets if secret for form in (secret, quote(secret, safe=""), quote_plus(secret, safe=":"))}
    for form in sorted(forms, key=len, reverse=True):
        text = text.replace(form, HIDDEN)
    return text


def foreign(error: BaseException, secrets: Iterable[str]) -> ForeignError:
    """Stands in for `error` as the cause of ours: `raise OurError(...) from foreign(error, secrets)`.

    The original would be printed whole by whoever logs a traceback, with the addresses (and tokens) that SDKs put in.
    """
    return ForeignError(redact(f"{type(error).__module__}.{type(error).__qualname__}: {error}", secrets))
