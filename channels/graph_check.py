"""Whether a page token is good, whose page it is of, what it may do and until when. For both channels of a Facebook page."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from channels.base import Finding
from channels.graph import GraphClient, GraphSettings
from channels.graph_refusals import GraphFailure, judge_read
from channels.payload import JsonObject, id_of, list_of, object_of, size_of, text_of
from routing.sentences import said

_LAST_MOMENT = 4_102_444_800  # 2100, in seconds since 1970


def check_page(graph: GraphClient, settings: GraphSettings, needed: Collection[str]) -> Iterator[Finding]:
    """`needed` are the permissions without which the channel cannot work."""
    page = graph.read("me", fields="id,name")
    if isinstance(page, GraphFailure):
        yield Finding(text=str(judge_read(page)), is_good=False)
        return
    yield judge_page(page, settings.page_id)
    token = graph.read("debug_token", input_token=settings.page_token)
    if isinstance(token, GraphFailure):
        yield Finding(
            text=said("Facebook zegt niet hoe lang het token geldt: %(failure)s", failure=judge_read(token)), is_good=False
        )
        return
    yield from judge_token(object_of(token.get("data")), needed)


def judge_page(page: JsonObject, page_id: str) -> Finding:
    name, own = text_of(page.get("name")), id_of(page.get("id"))
    if own != page_id:
        return Finding(
            text=said(
                "het token hoort bij %(name)s (%(own)s), niet bij pagina %(page)s: verander page_id",
                name=name,
                own=own,
                page=page_id,
            ),
            is_good=False,
        )
    return Finding(text=said("het token is goed; de pagina heet %(name)s", name=name))


def judge_token(token: JsonObject, needed: Collection[str]) -> Iterator[Finding]:
    """An end of 0 means that the token has none. Access to data ends apart, 90 days after the last consent (Meta, 2026)."""
    if token.get("is_valid") is False:
        yield Finding(text=said("Facebook zegt dat het token niet meer geldig is: maak een nieuw paginatoken"), is_good=False)
    ends = [size_of(token.get(name)) or 0 for name in ("expires_at", "data_access_expires_at")]
    moments = [datetime.fromtimestamp(end, UTC) for end in ends if 0 < end < _LAST_MOMENT]
    if moments:
        yield Finding(text=said("het token geldt tot %(day)s", day=f"{min(moments):%d-%m-%Y}"), expires_at=min(moments))
    else:
        yield Finding(text=said("het token heeft geen einddatum"))
    missing = sorted(set(needed) - {text_of(scope) for scope in list_of(token.get("scopes"))})
    if missing:
        yield Finding(
            text=said("deze rechten ontbreken: %(rights)s; vraag ze aan bij Meta", rights=", ".join(missing)), is_good=False
        )
    else:
        yield Finding(text=said("alle nodige rechten zijn gegeven"))
