"""What Facebook comments and Messenger have in common beyond the client: the Send API, and looking a message up.

A private reply to a comment travels over Messenger, so both channels write and read back here.
"""

from __future__ import annotations

from datetime import timedelta

from channels.graph import GraphClient, GraphSettings, next_page_of
from channels.graph_cursor import encode_walk
from channels.graph_refusals import GraphFailure, judge_read, judge_write
from channels.graph_walk import Container, Step, Walk, Walker
from channels.payload import JsonObject, carries_token, id_of, object_of, objects_of, text_of
from routing.errors import ChannelError, MessageRejectedError
from routing.messages import CannotTell, InboundMessage, NotFound, OutboundMessage, Page, Person, Sent, Unknown, UnreadableItem
from routing.sentences import said

LONGEST_MESSAGE = 2000  # Messenger platform, Send API reference (not verified for 2026)


def parse_person(value: object) -> Person | None:
    """None when Meta withholds the author, which it does where the app lacks a permission."""
    person_id = id_of(object_of(value).get("id"))
    return Person(external_id=person_id, display_name=text_of(object_of(value).get("name"))) if person_id else None


def parse_own_message(answer: JsonObject, page_id: str, token: str) -> str | None:
    """The id of our message that carries the token."""
    for message in objects_of(answer.get("data")):
        if id_of(object_of(message.get("from")).get("id")) == page_id and carries_token(message.get("message"), token):
            return id_of(message.get("id"))
    return None


def render_text(message: OutboundMessage) -> dict[str, object]:
    """The text, and the token where only machines see it: Meta repeats it in the echo of the message."""
    if not 0 < len(message.text) <= LONGEST_MESSAGE:
        raise MessageRejectedError(
            said(
                "Het antwoord %(token)s telt %(count)s tekens; in Messenger mogen het er 1 tot %(most)s zijn.",
                token=message.token,
                count=len(message.text),
                most=LONGEST_MESSAGE,
            )
        )
    return {
        "message": {"text": text_of(message.text), "metadata": f"wb:{message.token}"},
        "messaging_type": "RESPONSE",
    }


def page_of(step: Step, again_after: timedelta | None) -> Page:
    """Oldest first, as far as one page goes; what could not be read last."""
    messages = sorted((item for item in step.items if isinstance(item, InboundMessage)), key=lambda item: item.sent_at)
    broken = (item for item in step.items if isinstance(item, UnreadableItem))
    return Page(items=(*messages, *broken), cursor=encode_walk(step.walk), more=step.more, again_after=again_after)


def with_unreadable(walker: Walker, walk: Walk, read: list[Container | UnreadableItem], after: str | None) -> Step:
    """The step after one page of a list, some of whose containers may be unreadable."""
    containers = [container for container in read if isinstance(container, Container)]
    step = walker.after_listing(walk, containers, after)
    broken = tuple(item for item in read if isinstance(item, UnreadableItem))
    return Step(walk=step.walk, items=(*step.items, *broken), more=step.more)


def post(graph: GraphClient, parent: str, connection: str, values: dict[str, object]) -> Sent | Unknown:
    """Post once. Raises a ChannelError only when it provably was not posted."""
    answer = graph.post(parent, connection, **values)
    if isinstance(answer, str):
        return Sent(external_id=answer)
    judgement = judge_write(answer)
    if isinstance(judgement, ChannelError):
        raise judgement
    return judgement


def find_in_conversations(graph: GraphClient, settings: GraphSettings, message: OutboundMessage) -> Sent | NotFound | CannotTell:
    """Look for our message in the conversation with this person, or in the latest ones when the person is not known."""
    whose = {"user_id": message.to} if id_of(message.to) else {}
    answer = graph.read_list(
        settings.page_id,
        "conversations",
        platform="messenger",
        fields=f"id,messages.limit({settings.page_size}){{id,created_time,from,message}}",
        limit=str(settings.page_size),
        **whose,
    )
    if isinstance(answer, GraphFailure):
        return CannotTell(reason=str(judge_read(answer)))
    for conversation in objects_of(answer.get("data")):
        found = _find_in_conversation(graph, settings, conversation, message.token)
        if not isinstance(found, NotFound):
            return found
    if next_page_of(answer) is not None:
        return CannotTell(reason=said("er zijn meer gesprekken dan er nagekeken worden; zoek het met de hand op"))
    return NotFound()


def _find_in_conversation(
    graph: GraphClient, settings: GraphSettings, conversation: JsonObject, token: str
) -> Sent | NotFound | CannotTell:
    messages = object_of(conversation.get("messages"))
    for _ in range(settings.read_back_pages):
        found = parse_own_message(messages, settings.page_id, token)
        if found is not None:
            return Sent(external_id=found)
        after = next_page_of(messages)
        if after is None:
            return NotFound()
        older = graph.read_list(
            id_of(conversation.get("id")) or "", "messages", fields="id,created_time,from,message", after=after, limit="100"
        )
        if isinstance(older, GraphFailure):
            return CannotTell(reason=str(judge_read(older)))
        messages = older
    return CannotTell(reason=said("het gesprek is langer dan er nagekeken wordt; zoek het met de hand op"))
