"""The HTTP session beneath the SDKs that use `requests`: a configured host, time-outs, no redirects, failures sorted.

It knows no platform. It never retries, and no exception it raises holds an address: an address can hold a token.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3.exceptions

from routing.errors import ConfigError
from routing.sentences import said

_LONGEST_NUMBER = 100  # digits; Python refuses to read a number of more than 4300


class ExchangeFailedError(Exception):
    """No usable answer came. `may_have_arrived` is False only when the request provably never left this machine."""

    def __init__(self, reason: str, *, may_have_arrived: bool) -> None:
        super().__init__(reason)
        self.reason = reason
        self.may_have_arrived = may_have_arrived


class FixedHostSession(requests.Session):
    """Sends every request to `base_url`, whatever host the SDK wrote into it.

    Time-outs are seconds: to connect, and between two bytes of the answer.
    """

    def __init__(self, base_url: str, *, connect_timeout: float, read_timeout: float) -> None:
        super().__init__()
        self._base_url = checked_base_url(base_url)
        self._timeout = (connect_timeout, read_timeout)

    def request(self, method: str | bytes, url: str | bytes, *args: Any, **kwargs: Any) -> requests.Response:
        """As requests does it, but raises ExchangeFailedError for whatever went wrong on the way."""
        kwargs.update(timeout=self._timeout, allow_redirects=False)
        try:
            response = super().request(method, self._on_base(url), *args, **kwargs)
        except requests.RequestException as error:
            failure = _sorted_failure(error)
        else:
            response.json = lambda **_: _tolerant_json(response)  # type: ignore[method-assign]
            return response
        raise failure  # outside the handler: the original, whose text holds the address, does not travel along

    def _on_base(self, url: str | bytes) -> str:
        parts = urlsplit(url if isinstance(url, str) else url.decode())
        query = f"?{parts.query}" if parts.query else ""
        return f"{self._base_url}{parts.path}{query}"


def checked_base_url(base_url: str) -> str:
    """The address without a closing slash. Raises ConfigError when it is no http(s) address."""
    parts = urlsplit(base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ConfigError(f"base_url = {base_url!r} is geen adres van een server; schrijf https://host of https://host/pad")
    return base_url.rstrip("/")


def _sorted_failure(error: requests.RequestException) -> ExchangeFailedError:
    never_left = isinstance(error, requests.ConnectTimeout) or _is_refused_connection(error)
    kind = type(error).__name__
    if never_left:
        return ExchangeFailedError(said("geen verbinding (%(problem)s)", problem=kind), may_have_arrived=False)
    reason = said("de verbinding brak af of er kwam geen antwoord (%(problem)s)", problem=kind)
    return ExchangeFailedError(reason, may_have_arrived=True)


def _is_refused_connection(error: requests.RequestException) -> bool:
    """The connection, or the agreement on its encryption, never came about. urllib3 tells it as the reason of its own error."""
    cause = error.args[0] if error.args else None
    reason = getattr(cause, "reason", cause)
    if isinstance(reason, urllib3.exceptions.ProxyError):
        reason = reason.original_error
    if isinstance(reason, urllib3.exceptions.SSLError):
        return "CERTIFICATE_VERIFY_FAILED" in str(reason)
    return isinstance(reason, urllib3.exceptions.NewConnectionError | urllib3.exceptions.ConnectTimeoutError)


def _tolerant_json(response: requests.Response) -> Any:
    """The body as JSON, where one absurd number spoils nothing else. Raises requests.JSONDecodeError as requests does."""
    text = response.content.decode("utf-8", "replace")
    try:
        return json.loads(text, parse_int=lambda digits: int(digits) if len(digits) <= _LONGEST_NUMBER else digits)
    except json.JSONDecodeError as error:
        raise requests.JSONDecodeError(error.msg, "", 0) from None
    except RecursionError:
        raise requests.JSONDecodeError("nested too deep", "", 0) from None
