"""Where the platforms post: one address per platform, outside the door of the desk. 2xx only after the commit.

A body is read up to a limit, its signature is compared before anything else, and everything in it is kept or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import structlog
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.deliveries import Deliveries
from channels.base import Channel, Receiver

LARGEST_BODY = 1024 * 1024
_log = structlog.get_logger(__name__)


def webhooks(channels: Sequence[Channel], deliveries: Deliveries) -> Starlette:
    """An application of its own, to be mounted. Only channels that can receive have an address."""
    receivers = [channel for channel in channels if isinstance(channel, Receiver)]
    app = Starlette(routes=[Route("/{platform}", challenge, methods=["GET"]), Route("/{platform}", receive, methods=["POST"])])
    app.state.receivers = receivers
    app.state.deliveries = deliveries
    return app


async def challenge(request: Request) -> Response:
    """The platform asks whether this address is ours."""
    for receiver in _receivers(request):
        answer = receiver.answer_challenge(request.query_params)
        if answer is not None:
            return Response(answer.body, media_type=answer.media_type)
    return PlainTextResponse("no", status_code=403 if _receivers(request) else 404)


async def receive(request: Request) -> Response:
    """Keep what the platform posts. 403 for a wrong signature, 413 for a body that is too large; nothing is kept then."""
    receivers = _receivers(request)
    if not receivers:
        return PlainTextResponse("no", status_code=404)
    body = await _body(request)
    if body is None:
        return PlainTextResponse("too large", status_code=413)
    genuine = [receiver for receiver in receivers if receiver.is_genuine(request.headers, body)]
    if not genuine:
        _log.warning("webhook with a wrong signature", platform=request.path_params["platform"])
        return PlainTextResponse("no", status_code=403)
    deliveries: Deliveries = request.app.state.deliveries
    await deliveries.keep([(receiver.name, partial(receiver.parse_webhook, body)) for receiver in genuine])
    return PlainTextResponse("ok")


def _receivers(request: Request) -> list[Receiver]:
    return [r for r in request.app.state.receivers if r.webhook_path == request.path_params["platform"]]


async def _body(request: Request) -> bytes | None:
    """None as soon as it is longer than allowed; the rest is not read."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            return None
    return bytes(body)
