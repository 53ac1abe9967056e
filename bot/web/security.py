"""What keeps strangers out of the desk: response headers, the origin of a request, tokens and addresses.

Knows no account and no melding.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": _CSP,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # Not "no-referrer": browsers would then send "Origin: null" with our own forms.
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}
_NO_STORE = "no-store"
_STATIC = "public, max-age=31536000, immutable"  # the address of a file carries the digest of its content
_LOCAL_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")  # printable ASCII; no backslash, which browsers read as a slash


class SecurityHeaders:
    """Gives every response the headers above, also an error that no view made.

    `images` names the one other host that the page at a path may show pictures of.
    """

    def __init__(self, app: ASGIApp, images: Mapping[str, str]) -> None:
        self._app = app
        self._policies = {path: _CSP.replace("img-src 'self'", f"img-src 'self' {host}") for path, host in images.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = self._policies.get(scope["path"], _CSP)
        is_static = scope["path"].startswith("/static/")

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers[name] = value
                headers["Content-Security-Policy"] = policy
                headers["Cache-Control"] = _STATIC if is_static and message["status"] < 400 else _NO_STORE
            await send(message)

        await self._app(scope, receive, send_with_headers)


def is_own_request(headers: Mapping[str, str]) -> bool:
    """Whether a POST came from a page of this desk, as far as the browser tells (Fetch Metadata, Origin).

    A browser sends at least one of the two; a client that sends neither still needs the token of the form.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site != "same-origin":
        return False
    origin = headers.get("origin")
    # The scheme is not compared: behind a TLS proxy the desk itself is spoken to in http.
    return origin is None or urlsplit(origin).netloc == headers.get("host", "")


def is_same_token(given: str, expected: str) -> bool:
    """In constant time. An empty token never fits."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def sign(text: str, key: str) -> str:
    return hmac.new(key.encode(), text.encode(), "sha256").hexdigest()


def local_path(text: str) -> str:
    """An address on this desk to go on to after the login; the front page for anything else."""
    return text if _LOCAL_PATH.fullmatch(text) else "/"
