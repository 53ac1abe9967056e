"""Reads what Mastodon hands over: mentions, people, our own posts, and what became of a post that is gone. Pure.

Platform facts: docs.joinmastodon.org and the source of Mastodon 4, looked up November 2026.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from channels.base import Finding
from channels.html_text import text_of_html
from channels.mastodon_trail import Mark, parse_mark
from channels.payload import JsonObject, carries_token, id_of, moment_of, object_of, objects_of, raw_of, text_of, unreadable
from routing.messages import Attachment, AttachmentKind, InboundMessage, Person, UnreadableItem, Visibility
from routing.sentences import said

NAME = "mastodon"
OPEN_TO_ALL = frozenset({"public", "unlisted"})
Found = InboundMessage | UnreadableItem
_CLEARED_AFTER = timedelta(days=1)  # the shortest time that an instance can keep posts of other instances
_KINDS = {
    "image": AttachmentKind.PHOTO,
    "gifv": AttachmentKind.VIDEO,
    "video": AttachmentKind.VIDEO,
    "audio": AttachmentKind.VOICE,
}


def parse_notification(notification: object, *, own_id: str, now: datetime, is_edit: bool = False) -> Found | None:
    """One raw notification of a mention. None for what we wrote ourselves. Never raises; `now` stands in for a missing date."""
    mark, status = parse_mark(notification), object_of(object_of(notification).get("status"))
    if mark is None or not isinstance(status.get("content"), str):
        return unreadable(NAME, lean(notification), said("de vermelding heeft geen nummer of geen tekst"))
    sender = parse_person(status.get("account"))
    if sender is not None and sender.external_id == own_id:
        return None
    answered = id_of(status.get("in_reply_to_id"))
    visibility = Visibility.PUBLIC if status.get("visibility") in OPEN_TO_ALL else Visibility.PRIVATE
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
    yield Finding(text=said("het token hoort bij @%(account)s", account=text_of(account.get("acct"))))
    if account.get("bot") is True:
        yield Finding(text=said("het account zegt in zijn profiel dat het een bot is"))
    else:
        yield Finding(
            text=said("het account heet geen bot; zet in het profiel 'Dit is een geautomatiseerd account' aan"), is_good=False
        )


def parse_own_post(statuses: object, own_id: str, token: str) -> str | None:
    """The id of our own post that carries the token."""
    for status in objects_of(statuses):
        is_own = id_of(object_of(status.get("account")).get("id")) == own_id
        if is_own and carries_token(text_of_html(text_of(status.get("content"))), token):
            return id_of(status.get("id"))
    return None


def doubt_about(mark: Mark, account: JsonObject, relationship: JsonObject, now: datetime) -> str:
    """Why a post that the instance does not show any more may have gone otherwise than by its writer's hand.

    Empty when nothing else is left. Mastodon answers 404 alike for what was deleted, for a public post of who blocks us, and
    for everything of an account that is closed or suspended; an instance may clear away what other instances sent. `account`
    is the writer's now, empty when there is none; `relationship` ours with it, empty when we may not see it.
    """
    if not account:
        return said("het account bestaat niet meer of is onbekend")
    if account.get("suspended") is True:
        return said("het account is geschorst of opgeheven")
    if account.get("moved"):
        return said("het account is verhuisd")
    if relationship.get("blocked_by") is not False:
        return (
            said("het account blokkeert ons")
            if relationship.get("blocked_by")
            else said("of het account ons blokkeert is niet te zien")
        )
    written = moment_of(mark.written)
    is_of_elsewhere = "@" in text_of(account.get("acct"))
    if is_of_elsewhere and (written is None or now - written >= _CLEARED_AFTER):
        return said("het kwam van een andere server, en onze server ruimt zulke berichten misschien zelf op")
    return ""
