"""Mastodon: mentions and direct posts by polling notifications, replies in the same visibility or narrower.

It posts and reads; whether a reply may be posted, and where, is decided elsewhere. Ids are opaque text: other servers that
speak this interface do not count. Platform facts: docs.joinmastodon.org, looked up November 2026.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import BinaryIO
from urllib.parse import urlsplit

from channels.base import Finding, Limits
from channels.mastodon_client import MastodonClient, MastodonSettings, Outcome, Refusal, utc_now
from channels.mastodon_messages import (
    NAME,
    OPEN_TO_ALL,
    Found,
    doubt_about,
    judge_account,
    parse_notification,
    parse_own_post,
)
from channels.mastodon_trail import Mark, Trail, parse_mark, parse_trail
from channels.media import download
from channels.payload import JsonObject, id_of, list_of, object_of, objects_of, text_of
from channels.session import ExchangeFailedError
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.messages import (
    CannotTell,
    Delivery,
    InboundMessage,
    NotFound,
    OutboundMessage,
    Page,
    Removal,
    Sent,
    Unknown,
    Visibility,
)
from routing.sentences import said

LONGEST_MENTION = 32  # "@", a name of at most 30 and a space; the server's name behind it is not counted
LINK_LENGTH = 23
READ_BACK = 40
# A public reply stays out of the public timelines; a private one is seen by the resident alone.
_VISIBILITY = {Delivery.PUBLIC_REPLY: "unlisted", Delivery.DIRECT: "direct"}
_LINK = re.compile(r"https?://\S+")
_ADDRESSES_SOMEBODY = re.compile(r"(?<![\w=/])@(?=\w)")
_ADDRESSES_NOBODY = "@\u2060"

# -- parse: what the platform hands over -> values


# -- render: values -> what the platform takes


def render_post(message: OutboundMessage, parent: JsonObject, text_limit: int) -> dict[str, object]:
    """Parameters of status_post. `parent` is what is answered, or only its author (`account`) when it is gone.

    The content warning of the parent is kept, as far as there is room for it. Names with an @ in our text are not
    addressed: a direct post is seen by everybody it addresses. Raises MessageRejectedError for what does not fit.
    """
    longest = text_limit - LONGEST_MENTION
    text = text_of(message.text)
    if message.delivery not in _VISIBILITY:
        raise MessageRejectedError(said("mastodon: de weg '%(way)s' bestaat hier niet", way=message.delivery))
    if not text.strip() or length_of(text) > longest:
        raise MessageRejectedError(said("mastodon: de tekst is leeg of langer dan %(most)s tekens", most=longest))
    acct = text_of(object_of(parent.get("account")).get("acct"))
    if not acct:
        raise RecipientUnreachableError(said("mastodon: bij dit bericht hoort geen account meer"))
    draft: dict[str, object] = {
        "status": f"@{acct} {_ADDRESSES_SOMEBODY.sub(_ADDRESSES_NOBODY, text)}",
        "visibility": _narrowest(_VISIBILITY[message.delivery], text_of(parent.get("visibility"))),
        "idempotency_key": message.token,
    }
    answered, warning = id_of(parent.get("id")), text_of(parent.get("spoiler_text")).strip()
    room = longest - length_of(text)
    return {
        **draft,
        **({"in_reply_to_id": answered} if answered else {}),
        **({"spoiler_text": warning[:room]} if warning[:room] else {}),
    }


def _narrowest(wanted: str, parents: str) -> str:
    return wanted if wanted == "direct" or parents in OPEN_TO_ALL else "direct"


def length_of(text: str) -> int:
    """As Mastodon counts, or a little more: a link counts as 23 characters, or as its own length when that is more."""
    return len(text) + sum(max(0, LINK_LENGTH - len(link)) for link in _LINK.findall(text))


# -- the channel


class MastodonChannel:
    """Keeps the Channel contract. Blocking calls run in threads."""

    name = NAME

    def __init__(self, settings: MastodonSettings, *, now: Callable[[], datetime] = utc_now) -> None:
        """Makes no connection. Raises ConfigError for a wrong address."""
        self._settings = settings
        self._now = now
        self._client = MastodonClient(settings, now)
        self._account_id: str | None = None
        self.limits = Limits(
            max_length=dict.fromkeys(_VISIBILITY, settings.text_limit - LONGEST_MENTION),
            length_of=length_of,
            min_interval=settings.min_interval,
            min_interval_per_thread=settings.min_interval_per_thread,
            settle_delay=settings.settle_delay,
        )

    async def fetch(self, cursor: str | None) -> Page:
        return await asyncio.to_thread(self._fetch, parse_trail(cursor))

    async def send(self, message: OutboundMessage) -> Sent | Unknown:
        return await asyncio.to_thread(self._send, message)

    async def find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        try:
            return await asyncio.to_thread(self._find_sent, message)
        except ChannelError as error:
            return CannotTell(reason=str(error))

    async def download(self, reference: str, target: BinaryIO, limit: int) -> None:
        """From the instance, and from where it keeps its files."""
        hosts = {urlsplit(self._settings.base_url).hostname or "", *self._settings.media_hosts}
        await download(reference, target, hosts=hosts, limit=limit)

    async def check(self) -> tuple[Finding, ...]:
        try:
            me = object_of(_usable(await asyncio.to_thread(self._client.me)))
        except ChannelError as error:
            return (Finding(text=str(error), is_good=False),)
        return tuple(judge_account(me))

    async def aclose(self) -> None:
        self._client.close()

    def _fetch(self, trail: Trail) -> Page:
        """One page. The last `overlap` mentions are read again: what came late or was edited is seen there."""
        own_id, size = self._own_id(), self._settings.page_size
        min_id = trail.min_id(self._settings.overlap)
        found = list_of(_usable(self._client.mentions(min_id, size)))[::-1]
        marks = tuple(mark for notification in found if (mark := parse_mark(notification)) is not None)
        gone = self._gone(trail, marks)
        after = trail.without(tuple(gone)).after(marks, keep=2 * size)
        items = {item.external_id: item for notification in found if (item := self._item(notification, trail, own_id))}
        more = len(found) >= size and after.min_id(self._settings.overlap) != min_id
        return Page(items=(*items.values(), *gone.values()), cursor=after.encode(), more=more)

    def _gone(self, trail: Trail, page: tuple[Mark, ...]) -> dict[Mark, Removal]:
        """What should have been on the page and is not at the platform any more. Not being on it proves nothing."""
        present = {mark.notification for mark in page}
        missing = [mark for mark in trail.expected(self._settings.overlap) if mark.notification not in present]
        return {mark: removal for mark in missing if (removal := self._removal(mark)) is not None}

    def _removal(self, mark: Mark) -> Removal | None:
        if not _is_missing(answer := self._client.status(mark.status)):
            _usable(answer)
            return None
        account = self._client.account(mark.author) if mark.author else {}
        known = {} if _is_missing(account) else object_of(_usable(account))
        relationship = self._relationship(mark.author) if known else {}
        doubt = doubt_about(mark, known, relationship, self._now())
        return Removal(channel=NAME, external_id=mark.status, doubt=doubt)

    def _relationship(self, account_id: str) -> JsonObject:
        """Empty when this token may not ask for it."""
        answer = self._client.relationships(account_id)
        if isinstance(answer, Refusal) and answer.status == 403:
            return {}
        return next((each for each in objects_of(_usable(answer)) if id_of(each.get("id")) == account_id), {})

    def _item(self, notification: object, trail: Trail, own_id: str) -> Found | None:
        """None for what was read before, what is our own, and what is older than the start."""
        mark = parse_mark(notification)
        if mark is not None and trail.knows(mark):
            return None
        is_edit = mark is not None and trail.has_status(mark.status)
        item = parse_notification(notification, own_id=own_id, now=self._now(), is_edit=is_edit)
        start = self._settings.start
        if not isinstance(item, InboundMessage) or (start is not None and item.sent_at < start):
            return None if isinstance(item, InboundMessage) else item
        if item.in_reply_to is None or item.visibility is Visibility.PRIVATE:
            return item
        return replace(item, thread=self._root_of(item.reply_to) or item.in_reply_to)

    def _root_of(self, status_id: str) -> str | None:
        """The first post of the public conversation that this one stands in. None when it cannot be seen (any more)."""
        answer = self._client.context(status_id)
        if _is_missing(answer):
            return None
        ancestors = objects_of(object_of(_usable(answer)).get("ancestors"))
        return id_of(ancestors[0].get("id")) if ancestors else None

    def _send(self, message: OutboundMessage) -> Sent | Unknown:
        answer = self._client.post(render_post(message, self._parent(message), self._settings.text_limit))
        if isinstance(answer, Refusal):
            return _judged_post(answer)
        if isinstance(answer, ExchangeFailedError):
            if not answer.may_have_arrived:
                raise TemporaryChannelError(said("mastodon: niet bereikbaar: %(reason)s", reason=answer.reason))
            return Unknown(reason=said("mastodon: %(reason)s", reason=answer.reason))
        posted = id_of(object_of(answer).get("id"))
        return Sent(external_id=posted) if posted else Unknown(reason=said("Mastodon antwoordde zonder nummer van het bericht"))

    def _parent(self, message: OutboundMessage) -> JsonObject:
        """What is answered, as it stands now. When the resident deleted it, a private answer still finds the person."""
        answer = self._client.status(message.reply_to)
        if not _is_missing(answer):
            return object_of(_usable(answer))
        if message.delivery is Delivery.PUBLIC_REPLY:
            raise RecipientUnreachableError(
                said("mastodon: het bericht van de bewoner is weg; in het openbaar antwoorden kan niet meer")
            )
        answer = self._client.account(message.to)
        if _is_missing(answer):
            raise RecipientUnreachableError(said("mastodon: dit account bestaat niet meer"))
        return {"account": object_of(_usable(answer))}

    def _find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        own_id = self._own_id()
        answer = self._client.context(message.reply_to)
        if not _is_missing(answer):
            found = parse_own_post(object_of(_usable(answer)).get("descendants"), own_id, message.token)
            return Sent(external_id=found) if found else NotFound()
        statuses = list_of(_usable(self._client.statuses_of(own_id, READ_BACK)))
        found = parse_own_post(statuses, own_id, message.token)
        if found is None and len(statuses) >= READ_BACK:
            return CannotTell(
                reason=said("het bericht van de bewoner is weg en er zijn te veel nieuwere; zoek het met de hand op")
            )
        return Sent(external_id=found) if found else NotFound()

    def _own_id(self) -> str:
        if self._account_id is None:
            self._account_id = id_of(object_of(_usable(self._client.me())).get("id"))
        if self._account_id is None:
            raise TemporaryChannelError(
                said("mastodon: de server noemde geen account bij dit token; kijk of het account open is")
            )
        return self._account_id


def _is_missing(answer: Outcome) -> bool:
    return isinstance(answer, Refusal) and answer.status in {404, 410}


def _usable(answer: Outcome) -> object:
    """The answer to a read. Raises the ChannelError that a failed one stands for."""
    if isinstance(answer, Refusal):
        raise _judged_account(answer) or TemporaryChannelError(str(answer), retry_after=answer.retry_after)
    if isinstance(answer, ExchangeFailedError):
        raise TemporaryChannelError(said("mastodon: niet te lezen: %(reason)s", reason=answer.reason))
    return answer


def _judged_post(refusal: Refusal) -> Unknown:
    """Unknown where it may have been posted; raises the error that any other refusal stands for."""
    if refusal.status >= 500 or refusal.status < 400 or refusal.status == 408:
        return Unknown(reason=said("%(failure)s; het bericht kan geplaatst zijn", failure=refusal))
    if refusal.status == 404:
        raise RecipientUnreachableError(said("%(failure)s. Het bericht waarop dit antwoordt is weg.", failure=refusal))
    raise _judged_account(refusal) or MessageRejectedError(
        said("%(failure)s. Laat een medewerker het antwoord met de hand plaatsen.", failure=refusal)
    )


def _judged_account(refusal: Refusal) -> ChannelError | None:
    """What concerns the account, not this one message."""
    if refusal.status == 429:
        return TemporaryChannelError(str(refusal), retry_after=refusal.retry_after)
    if refusal.status in {401, 403}:
        return ChannelAuthError(
            said("%(failure)s. Maak een nieuw token in de instellingen van het Mastodon-account.", failure=refusal)
        )
    return None
