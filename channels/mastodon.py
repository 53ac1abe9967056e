"""Mastodon: mentions and direct posts by polling notifications, replies in the same visibility or narrower.

It posts and reads; whether a reply may be posted, and where, is decided elsewhere. Ids are opaque text: other servers that
speak this interface do not count. Platform facts: docs.joinmastodon.org, looked up November 2026.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from channels.base import Finding, Limits
from channels.html_text import text_of_html
from channels.mastodon_client import MastodonClient, MastodonSettings, Outcome, Refusal, utc_now
from channels.payload import (
    JsonObject,
    carries_token,
    id_of,
    list_of,
    moment_of,
    object_of,
    objects_of,
    raw_of,
    text_of,
    unreadable,
)
from channels.session import ExchangeFailedError
from routing.errors import (
    ChannelAuthError,
    ChannelError,
    MessageRejectedError,
    RecipientUnreachableError,
    TemporaryChannelError,
)
from routing.messages import (
    Attachment,
    AttachmentKind,
    CannotTell,
    Delivery,
    InboundMessage,
    NotFound,
    OutboundMessage,
    Page,
    Person,
    Removal,
    Sent,
    Unknown,
    UnreadableItem,
    Visibility,
)

NAME = "mastodon"
LONGEST_MENTION = 32  # "@", a name of at most 30 and a space; the server's name behind it is not counted
LINK_LENGTH = 23
READ_BACK = 40
_BEGINNING = "0"
_PUBLIC = frozenset({"public", "unlisted"})
_KINDS = {
    "image": AttachmentKind.PHOTO,
    "gifv": AttachmentKind.VIDEO,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.VOICE,
}
# A public reply stays out of the public timelines; a private one is seen by the resident alone.
_VISIBILITY = {Delivery.PUBLIC_REPLY: "unlisted", Delivery.DIRECT: "direct"}
_LINK = re.compile(r"https?://\S+")
_ADDRESSES_SOMEBODY = re.compile(r"(?<![\w=/])@(?=\w)")
_ADDRESSES_NOBODY = "@\u2060"

Found = InboundMessage | UnreadableItem


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One mention that was read. `edited` is the moment of its last edit as the platform wrote it, or empty."""

    notification: str
    status: str
    edited: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trail:
    """The mentions that were read last, oldest first: what the next round starts from."""

    marks: tuple[Mark, ...] = ()

    def min_id(self, overlap: int) -> str:
        """Everything up to any mark has been read, so that any of them is a safe place to start from."""
        return self.marks[-overlap].notification if len(self.marks) >= overlap else _BEGINNING

    def expected(self, overlap: int) -> tuple[Mark, ...]:
        """The marks that the next page must hold, unless their posts are gone."""
        return self.marks[-overlap:][1:] if len(self.marks) >= overlap else self.marks

    def without(self, gone: tuple[Mark, ...]) -> Trail:
        return Trail(marks=tuple(mark for mark in self.marks if mark not in gone))

    def after(self, page: tuple[Mark, ...], keep: int) -> Trail:
        """The page's marks stand last, whether they are new or not: so a round always gets further."""
        on_page = {mark.notification: mark for mark in page}
        older = tuple(mark for mark in self.marks if mark.notification not in on_page)
        return Trail(marks=(*older, *on_page.values())[-keep:])

    def knows(self, mark: Mark) -> bool:
        return mark in self.marks

    def has_status(self, status_id: str) -> bool:
        return any(mark.status == status_id for mark in self.marks)

    def encode(self) -> str:
        return json.dumps([[mark.notification, mark.status, mark.edited] for mark in self.marks])


# -- parse: what the platform hands over -> values


def parse_trail(cursor: str | None) -> Trail:
    """The trail in our own cursor; an empty one (from the beginning, so nothing is lost) when there is none in it."""
    try:
        rows = list_of(json.loads(cursor or "[]"))
    except (ValueError, RecursionError):
        return Trail()
    marks = [row for row in rows if isinstance(row, list) and len(row) == 3 and all(isinstance(part, str) for part in row)]
    return Trail(marks=tuple(Mark(notification=row[0], status=row[1], edited=row[2]) for row in marks))


def parse_mark(notification: object) -> Mark | None:
    """None for a notification that names no ids: it cannot be recognised, and is kept as unreadable."""
    body = object_of(notification)
    status = object_of(body.get("status"))
    notification_id, status_id = id_of(body.get("id")), id_of(status.get("id"))
    if notification_id is None or status_id is None:
        return None
    return Mark(notification=notification_id, status=status_id, edited=text_of(status.get("edited_at")))


def parse_notification(notification: object, *, own_id: str, now: datetime, is_edit: bool = False) -> Found | None:
    """One raw notification of a mention. None for what we wrote ourselves. Never raises; `now` stands in for a missing date."""
    mark, status = parse_mark(notification), object_of(object_of(notification).get("status"))
    if mark is None or not isinstance(status.get("content"), str):
        return unreadable(NAME, lean(notification), "de vermelding heeft geen nummer of geen tekst")
    sender = parse_person(status.get("account"))
    if sender is not None and sender.external_id == own_id:
        return None
    answered = id_of(status.get("in_reply_to_id"))
    visibility = Visibility.PUBLIC if status.get("visibility") in _PUBLIC else Visibility.PRIVATE
    is_private = visibility is Visibility.PRIVATE and sender is not None
    return InboundMessage(
        channel=NAME,
        external_id=f"{mark.status}:{mark.edited}" if is_edit else mark.status,
        thread=sender.external_id if is_private and sender else mark.status,
        reply_to=mark.status,
        visibility=visibility,
        sent_at=moment_of(status.get("edited_at") if is_edit else status.get("created_at")) or now,
        sender=sender,
        text=parse_text(status),
        attachments=tuple(parse_attachments(status)),
        in_reply_to=answered,
        edits=mark.status if is_edit else None,
        raw=raw_of(lean(notification)),
    )


def parse_text(status: JsonObject) -> str:
    """The content warning first, then the post, as plain text."""
    warning = text_of(status.get("spoiler_text")).strip()
    text = text_of(text_of_html(text_of(status.get("content"))))
    return f"{warning}\n\n{text}" if warning else text


def parse_person(value: object) -> Person | None:
    account = object_of(value)
    account_id = id_of(account.get("id"))
    if account_id is None:
        return None
    name = text_of(account.get("display_name")).strip() or text_of(account.get("acct"))
    return Person(external_id=account_id, display_name=name, is_bot=account.get("bot") is True)


def parse_attachments(status: JsonObject) -> Iterator[Attachment]:
    for media in objects_of(status.get("media_attachments")):
        reference = text_of(media.get("url")) or text_of(media.get("remote_url"))
        if reference:
            yield Attachment(kind=_KINDS.get(text_of(media.get("type")), AttachmentKind.OTHER), reference=reference)


def lean(notification: object) -> object:
    """The payload without the profile of its author (biography, followers, fields): we keep who wrote, and no more."""
    if not isinstance(notification, dict):
        return notification
    kept = {name: value for name, value in notification.items() if name != "account"}
    status = kept.get("status")
    if isinstance(status, dict):
        account = object_of(status.get("account"))
        person = {name: account[name] for name in ("id", "acct", "display_name", "bot") if name in account}
        kept["status"] = {**status, "account": person}
    return kept


def judge_account(account: JsonObject) -> Iterator[Finding]:
    """What the account says of itself: who it is, and what residents should be able to see of it."""
    yield Finding(text=f"het token hoort bij @{text_of(account.get('acct'))}")
    if account.get("bot") is True:
        yield Finding(text="het account zegt in zijn profiel dat het een bot is")
    else:
        yield Finding(
            text="het account heet geen bot; zet in het profiel 'Dit is een geautomatiseerd account' aan", is_good=False
        )


def parse_own_post(statuses: object, own_id: str, token: str) -> str | None:
    """The id of our own post that carries the token."""
    for status in objects_of(statuses):
        is_own = id_of(object_of(status.get("account")).get("id")) == own_id
        if is_own and carries_token(text_of_html(text_of(status.get("content"))), token):
            return id_of(status.get("id"))
    return None


# -- render: values -> what the platform takes


def render_post(message: OutboundMessage, parent: JsonObject, text_limit: int) -> dict[str, object]:
    """Parameters of status_post. `parent` is what is answered, or only its author (`account`) when it is gone.

    The content warning of the parent is kept, as far as there is room for it. Names with an @ in our text are not
    addressed: a direct post is seen by everybody it addresses. Raises MessageRejectedError for what does not fit.
    """
    longest = text_limit - LONGEST_MENTION
    text = text_of(message.text)
    if message.delivery not in _VISIBILITY:
        raise MessageRejectedError(f"mastodon: de weg '{message.delivery}' bestaat hier niet")
    if not text.strip() or length_of(text) > longest:
        raise MessageRejectedError(f"mastodon: de tekst is leeg of langer dan {longest} tekens")
    acct = text_of(object_of(parent.get("account")).get("acct"))
    if not acct:
        raise RecipientUnreachableError("mastodon: bij dit bericht hoort geen account meer")
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
    return wanted if wanted == "direct" or parents in _PUBLIC else "direct"


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
        after = trail.without(gone).after(marks, keep=2 * size)
        items = {item.external_id: item for notification in found if (item := self._item(notification, trail, own_id))}
        removals = tuple(Removal(channel=NAME, external_id=mark.status) for mark in gone)
        more = len(found) >= size and after.min_id(self._settings.overlap) != min_id
        return Page(items=(*items.values(), *removals), cursor=after.encode(), more=more)

    def _gone(self, trail: Trail, page: tuple[Mark, ...]) -> tuple[Mark, ...]:
        """What should have been on the page. Only the platform's own word makes it deleted: a page can come badly."""
        present = {mark.notification for mark in page}
        missing = [mark for mark in trail.expected(self._settings.overlap) if mark.notification not in present]
        return tuple(mark for mark in missing if self._is_deleted(mark.status))

    def _is_deleted(self, status_id: str) -> bool:
        answer = self._client.status(status_id)
        if isinstance(answer, Refusal) and answer.status in {404, 410}:
            return True
        _usable(answer)
        return False

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
        if isinstance(answer, Refusal) and answer.status == 404:
            return None
        ancestors = objects_of(object_of(_usable(answer)).get("ancestors"))
        return id_of(ancestors[0].get("id")) if ancestors else None

    def _send(self, message: OutboundMessage) -> Sent | Unknown:
        answer = self._client.post(render_post(message, self._parent(message), self._settings.text_limit))
        if isinstance(answer, Refusal):
            return _judged_post(answer)
        if isinstance(answer, ExchangeFailedError):
            if not answer.may_have_arrived:
                raise TemporaryChannelError(f"mastodon: niet bereikbaar: {answer.reason}")
            return Unknown(reason=f"mastodon: {answer.reason}")
        posted = id_of(object_of(answer).get("id"))
        return Sent(external_id=posted) if posted else Unknown(reason="Mastodon antwoordde zonder nummer van het bericht")

    def _parent(self, message: OutboundMessage) -> JsonObject:
        """What is answered, as it stands now. When the resident deleted it, a private answer still finds the person."""
        answer = self._client.status(message.reply_to)
        if not (isinstance(answer, Refusal) and answer.status == 404):
            return object_of(_usable(answer))
        if message.delivery is Delivery.PUBLIC_REPLY:
            raise RecipientUnreachableError(
                "mastodon: het bericht van de bewoner is weg; in het openbaar antwoorden kan niet meer"
            )
        answer = self._client.account(message.to)
        if isinstance(answer, Refusal) and answer.status in {404, 410}:
            raise RecipientUnreachableError("mastodon: dit account bestaat niet meer")
        return {"account": object_of(_usable(answer))}

    def _find_sent(self, message: OutboundMessage) -> Sent | NotFound | CannotTell:
        own_id = self._own_id()
        answer = self._client.context(message.reply_to)
        if not (isinstance(answer, Refusal) and answer.status == 404):
            found = parse_own_post(object_of(_usable(answer)).get("descendants"), own_id, message.token)
            return Sent(external_id=found) if found else NotFound()
        statuses = list_of(_usable(self._client.statuses_of(own_id, READ_BACK)))
        found = parse_own_post(statuses, own_id, message.token)
        if found is None and len(statuses) >= READ_BACK:
            return CannotTell(reason="het bericht van de bewoner is weg en er zijn te veel nieuwere; zoek het met de hand op")
        return Sent(external_id=found) if found else NotFound()

    def _own_id(self) -> str:
        if self._account_id is None:
            self._account_id = id_of(object_of(_usable(self._client.me())).get("id"))
        if self._account_id is None:
            raise TemporaryChannelError("mastodon: de server noemde geen account bij dit token; kijk of het account open is")
        return self._account_id


def _usable(answer: Outcome) -> object:
    """The answer to a read. Raises the ChannelError that a failed one stands for."""
    if isinstance(answer, Refusal):
        raise _judged_account(answer) or TemporaryChannelError(str(answer), retry_after=answer.retry_after)
    if isinstance(answer, ExchangeFailedError):
        raise TemporaryChannelError(f"mastodon: niet te lezen: {answer.reason}")
    return answer


def _judged_post(refusal: Refusal) -> Unknown:
    """Unknown where it may have been posted; raises the error that any other refusal stands for."""
    if refusal.status >= 500 or refusal.status < 400 or refusal.status == 408:
        return Unknown(reason=f"{refusal}; het bericht kan geplaatst zijn")
    if refusal.status == 404:
        raise RecipientUnreachableError(f"{refusal}. Het bericht waarop dit antwoordt is weg.")
    raise _judged_account(refusal) or MessageRejectedError(f"{refusal}. Laat een medewerker het antwoord met de hand plaatsen.")


def _judged_account(refusal: Refusal) -> ChannelError | None:
    """What concerns the account, not this one message."""
    if refusal.status == 429:
        return TemporaryChannelError(str(refusal), retry_after=refusal.retry_after)
    if refusal.status in {401, 403}:
        return ChannelAuthError(f"{refusal}. Maak een nieuw token in de instellingen van het Mastodon-account.")
    return None
