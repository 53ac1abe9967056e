"""The ground under every simulator: a loopback web server in its own thread, a log of what was posted, faults on demand.

Knows no platform: how a refusal looks is told by the simulator. It never listens outside loopback.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import struct
import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Self

from aiohttp import web

from channels.simulator.faults import Fault, FaultKind, Faults, Side

HOST = "127.0.0.1"
_START_SECONDS = 10.0
_ASKED_KEPT = 1000
_LARGEST_REQUEST = 64 * 1024 * 1024
_BAD_GATEWAY = "<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>"

Clock = Callable[[], datetime]
Handler = Callable[[], Awaitable[web.Response]]


def utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A post that the platform accepted. `target` is what it was sent to, `way` the platform's own name of the call."""

    id: str
    target: str
    text: str = field(repr=False)
    at: datetime
    way: str

    def as_json(self) -> dict[str, str]:
        return {**asdict(self), "at": self.at.isoformat()}


class PostedLog:
    """The ground truth: everything accepted, oldest first, whatever answer the sender got. Nothing is ever removed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._posts: list[Posted] = []

    def add(self, post: Posted) -> None:
        with self._lock:
            self._posts.append(post)

    def __iter__(self) -> Iterator[Posted]:
        with self._lock:
            return iter(tuple(self._posts))

    def __len__(self) -> int:
        with self._lock:
            return len(self._posts)

    def containing(self, token: str) -> tuple[Posted, ...]:
        return tuple(post for post in self if token in post.text)


class Simulator(ABC):
    """A platform on loopback. `start()` and `stop()` may be called from any thread; state outlives a stop.

    A subclass names its routes, wraps each call of the platform in `exchange`, and says how its platform refuses.
    State shared between the server's thread and the caller's is touched under `lock`, never across an `await`.
    """

    def __init__(self, *, port: int = 0, clock: Clock = utc_now, seed: int = 0) -> None:
        self.clock = clock
        self.faults = Faults(seed=seed)
        self.posted = PostedLog()
        self.asked: deque[tuple[Side, str]] = deque(maxlen=_ASKED_KEPT)
        """The latest requests, oldest first: what each does, and the platform's own name of the call."""
        self.lock = threading.RLock()
        self.is_token_expired = False
        self._port = port
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop = asyncio.Event()
        self._failure: BaseException | None = None

    # -- what a platform says for itself

    @abstractmethod
    def routes(self) -> Iterable[web.RouteDef]:
        """The platform's own paths."""

    @abstractmethod
    def rate_limited(self, retry_after: timedelta) -> web.Response:
        """The platform's answer to too many requests."""

    @abstractmethod
    def server_error(self) -> web.Response:
        """The platform's own JSON answer with status 500."""

    @abstractmethod
    def token_expired(self) -> web.Response:
        """The platform's answer to a token that is no longer good."""

    @abstractmethod
    def write_from_json(self, order: dict[str, Any]) -> str:
        """Write as a resident, from a control request. Returns the message's id; ValueError or KeyError for a wrong order."""

    @abstractmethod
    def answers_to(self, person_id: str) -> tuple[Posted, ...]:
        """What this person got from us, oldest first."""

    # -- running

    @property
    def url(self) -> str:
        """Address without a slash at the end. Stays the same after a stop and a new start."""
        if not self._port:
            raise RuntimeError("the simulator has no address yet: call start() first")
        return f"http://{HOST}:{self._port}"

    def start(self) -> None:
        """Listen, and return when the port is open. OSError when the port is taken."""
        if self._thread is not None:
            raise RuntimeError("the simulator runs already")
        ready = threading.Event()
        self._failure = None
        self._thread = threading.Thread(target=self._run, args=(ready,), name=type(self).__name__, daemon=True)
        self._thread.start()
        is_ready = ready.wait(_START_SECONDS)
        if self._failure is not None or not is_ready:
            self._thread = None
            raise self._failure or TimeoutError("the simulator did not start")

    def stop(self) -> None:
        """Close the port and every connection. Harmless when it does not run."""
        if self._thread is None or self._loop is None:
            return
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(_START_SECONDS)
        self._thread = None
        self._loop = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def call_in_loop(self, function: Callable[[], object]) -> None:
        """Have the server's own thread call `function` soon; nothing happens when the server does not run."""
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop closed a moment ago: nobody waits for this any more
                self._loop.call_soon_threadsafe(function)

    def _run(self, ready: threading.Event) -> None:
        try:
            asyncio.run(self._serve(ready))
        except BaseException as error:  # noqa: BLE001 - handed to the caller of start(), nothing is swallowed
            self._failure = error
        finally:
            ready.set()

    async def _serve(self, ready: threading.Event) -> None:
        self._stop = asyncio.Event()
        app = web.Application(client_max_size=_LARGEST_REQUEST)
        app.add_routes([*self.routes(), *self._control_routes()])
        runner = web.AppRunner(
            app, access_log=None, shutdown_timeout=0.1, handler_cancellation=True, logger=logging.getLogger(__name__)
        )
        await runner.setup()
        try:
            site = web.TCPSite(runner, HOST, self._port)
            await site.start()
            self._port = int(runner.addresses[0][1])
            self._loop = asyncio.get_running_loop()
            ready.set()
            await self._stop.wait()
        finally:
            await runner.cleanup()

    # -- one call of the platform, with its faults

    async def exchange(self, request: web.Request, side: Side, method: str, handle: Handler) -> web.StreamResponse:
        """Answer one call. Faults of the script strike before or after `handle`, which does the platform's work."""
        self.asked.append((side, method))
        fault = self.faults.draw(side, method)
        if fault is None:
            return self.token_expired() if self.is_token_expired else await handle()
        refusal = self._refusal(fault)
        if refusal is not None:
            return refusal
        if fault.kind is FaultKind.RESET_BEFORE:
            return _reset(request)
        answer = self.token_expired() if self.is_token_expired else await handle()
        return await self._spoil(fault.kind, request, answer)

    def _refusal(self, fault: Fault) -> web.Response | None:
        match fault.kind:
            case FaultKind.RATE_LIMITED:
                return self.rate_limited(fault.retry_after)
            case FaultKind.SERVER_ERROR:
                return self.server_error()
            case FaultKind.BAD_GATEWAY_HTML:
                return _bad_gateway()
            case FaultKind.EXPIRED_TOKEN:
                return self.token_expired()
        return None

    async def _spoil(self, kind: FaultKind, request: web.Request, answer: web.Response) -> web.StreamResponse:
        match kind:
            case FaultKind.ACCEPT_THEN_TIMEOUT:
                return await self._stall(answer)
            case FaultKind.ACCEPT_THEN_RESET:
                return _reset(request)
            case FaultKind.ACCEPT_THEN_TRUNCATE:
                return await _truncate(request, answer)
            case FaultKind.ACCEPT_THEN_BAD_GATEWAY:
                return _bad_gateway()
        return answer

    async def _stall(self, answer: web.Response) -> web.Response:
        """Say nothing until the client has left (aiohttp then cancels this) or the server stops."""
        await self._stop.wait()
        return answer

    # -- the resident and the observer, over HTTP

    def _control_routes(self) -> Iterable[web.RouteDef]:
        yield web.get("/_sim/posted", self._control_posted)
        yield web.post("/_sim/messages", self._control_write)
        yield web.get("/_sim/answers/{person}", self._control_answers)
        yield web.post("/_sim/faults", self._control_add_fault)
        yield web.delete("/_sim/faults", self._control_clear_faults)

    async def _control_posted(self, _: web.Request) -> web.Response:
        return web.json_response([post.as_json() for post in self.posted])

    async def _control_write(self, request: web.Request) -> web.Response:
        try:
            return web.json_response({"id": self.write_from_json(_object(await request.json()))})
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": f"wrong message: {error!r}"}, status=400)

    async def _control_answers(self, request: web.Request) -> web.Response:
        return web.json_response([post.as_json() for post in self.answers_to(request.match_info["person"])])

    async def _control_add_fault(self, request: web.Request) -> web.Response:
        try:
            self.faults.add(fault_from_json(_object(await request.json())))
        except (ValueError, KeyError, TypeError) as error:
            return web.json_response({"error": f"wrong fault: {error!r}"}, status=400)
        return web.json_response({"ok": True})

    async def _control_clear_faults(self, _: web.Request) -> web.Response:
        self.faults.clear()
        return web.json_response({"ok": True})


def fault_from_json(order: dict[str, Any]) -> Fault:
    """A line of the script from a control request: the fields of `Fault`, of which only `kind` must be there."""
    return Fault(
        kind=FaultKind(order["kind"]),
        side=Side(order["side"]) if order.get("side") else None,
        method=order.get("method"),
        times=order.get("times", 1),
        probability=float(order.get("probability", 1.0)),
        retry_after=timedelta(seconds=float(order.get("retry_after", 30))),
    )


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("a JSON object is expected")
    return value


def _bad_gateway() -> web.Response:
    return web.Response(status=502, text=_BAD_GATEWAY, content_type="text/html")


def _reset(request: web.Request) -> web.Response:
    """Cut the connection with a TCP reset, as a load balancer that dies does."""
    transport = request.transport
    if transport is not None:
        transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _truncate(request: web.Request, answer: web.Response) -> web.StreamResponse:
    """Announce the whole answer, send half of it, and close."""
    body = answer.body if isinstance(answer.body, bytes) else b""
    half = web.StreamResponse(status=answer.status, headers={"Content-Type": answer.headers["Content-Type"]})
    half.content_length = len(body)
    await half.prepare(request)
    await half.write(body[: len(body) // 2])
    if request.transport is not None:
        request.transport.close()
    return half
