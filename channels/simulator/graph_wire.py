"""How the simulated Graph API words its answers: the `fields` language, pages with cursors, errors. Pure."""

from __future__ import annotations

import base64
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from aiohttp import web

from channels.simulator.graph_page import Json

_TOKEN = re.compile(r"[a-z_]+|\d+|[.(){},]")
_KNOWN = {
    "post": frozenset({"id", "from", "message", "created_time", "updated_time", "attachments", "comments", "permalink_url"}),
    "comment": frozenset({"id", "from", "message", "created_time", "attachment", "parent", "is_hidden", "comment_count"}),
    "conversation": frozenset({"id", "updated_time", "participants", "messages", "unread_count", "can_reply"}),
    "message": frozenset({"id", "created_time", "from", "to", "message", "attachments", "sticker", "shares", "tags"}),
}
_SUBKINDS = {("post", "comments"): "comment", ("comment", "parent"): "comment", ("conversation", "messages"): "message"}


class FieldError(ValueError):
    """The `fields` parameter asks for what is not there, or cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """`comments.limit(5){id}`: a name, what qualifies it, and what is wanted inside it."""

    name: str
    modifiers: Mapping[str, str] = field(default_factory=dict)
    inner: tuple[Field, ...] = ()


def parse_fields(text: str, kind: str) -> tuple[Field, ...]:
    """Raises FieldError for an unknown field, as the Graph API does."""
    tokens = _TOKEN.findall(text)
    if "".join(tokens) != text or text.count("{") != text.count("}"):
        raise FieldError(f"Syntax error in fields: {text}")
    stream = iter([*tokens, "}"])
    fields = tuple(_fields(stream, kind))
    if next(stream, None) is not None:
        raise FieldError(f"Syntax error in fields: {text}")
    return fields


def _fields(stream: Iterator[str], kind: str | None) -> Iterator[Field]:
    name, modifiers, inner = "", dict[str, str](), tuple[Field, ...]()
    for sign in stream:
        if sign in {",", "}"}:
            if name:
                yield Field(name=name, modifiers=modifiers, inner=inner)
            name, modifiers, inner = "", {}, ()
            if sign == "}":
                return
        elif sign == ".":
            modifier, _, value, _ = (next(stream, "") for _ in range(4))
            modifiers[modifier] = value
        elif sign == "{":
            inner = tuple(_fields(stream, _SUBKINDS.get((kind or "", name))))
        else:
            name = sign
            if kind is not None and name not in _KNOWN[kind]:
                raise FieldError(f"(#100) Tried accessing nonexisting field ({name}) on node type ({kind.title()})")


def selected(node: Json, fields: Iterable[Field]) -> Json:
    """The wanted fields of a node; `id` always."""
    wanted = {wish.name: wish for wish in fields}
    return {name: _inside(value, wanted[name].inner) for name, value in node.items() if name in wanted} | (
        {"id": node["id"]} if "id" in node else {}
    )


def _inside(value: object, inner: tuple[Field, ...]) -> object:
    if not inner or not isinstance(value, dict):
        return value
    if isinstance(value.get("data"), list):
        return {"data": [selected(element, inner) for element in value["data"]]}
    return selected(value, inner)


class _Placed(Protocol):
    @property
    def position(self) -> int: ...


Thing = TypeVar("Thing", bound=_Placed)


def page_of(things: Sequence[Thing], after: str | None, limit: int) -> list[Thing]:
    """Of things that stand oldest first: youngest first, those after the cursor. ValueError for a cursor that is none."""
    end = len(things)
    if after is not None:
        end = bisect_left(things, int(base64.urlsafe_b64decode(after.encode())), key=_position)
    return list(things[max(0, end - limit) : end])[::-1]


def paging_of(page: Sequence[_Placed], things: Sequence[_Placed], link: str) -> Json:
    """Cursors of what is delivered, and `next` when there is older; the link holds the token, as Facebook's does."""
    if not page:
        return {}
    oldest, youngest = min(map(_position, page)), max(map(_position, page))
    cursors = {"before": _cursor(youngest), "after": _cursor(oldest)}
    has_older = things[0].position < oldest
    return {"paging": {"cursors": cursors, **({"next": f"{link}&after={cursors['after']}"} if has_older else {})}}


def error(
    code: int, message: str, *, subcode: int | None = None, status: int = 400, kind: str = "OAuthException"
) -> web.Response:
    """The Graph API's own form of a refusal."""
    body: Json = {"message": message, "type": kind, "code": code, "fbtrace_id": "AbCdEfGhIjKlMnOpQrStUvW"}
    if subcode is not None:
        body["error_subcode"] = subcode
    return web.json_response({"error": body}, status=status)


def _position(thing: _Placed) -> int:
    return thing.position


def _cursor(position: int) -> str:
    return base64.urlsafe_b64encode(str(position).encode()).decode()
