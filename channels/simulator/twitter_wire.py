"""How the simulated X words its answers: which parameters it takes, which fields it gives, how it refuses. Pure.

Two vocabularies: that of interface 2.166 (`tweet.fields`) and that of 2.167 (`post.fields`), as X published them in 2026.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum

from aiohttp import web

from channels.simulator.twitter_posts import Account, Entry, Json

PROBLEMS = "https://api.twitter.com/2/problems/"
TOKEN_PREFIX = "7140dibdnow"  # noqa: S105 - how the page tokens of X begin
_ID = re.compile(r"\d{1,19}")
_NUMBER = re.compile(r"\d{1,4}")
_TOKEN = re.compile(TOKEN_PREFIX + "[0-9a-f]{1,16}")
_PAGING = frozenset({"max_results", "pagination_token"})
_TIMELINE = _PAGING | {
    "since_id",
    "until_id",
    "start_time",
    "end_time",
    "expansions",
    "media.fields",
    "user.fields",
    "place.fields",
}
_USER_FIELDS = frozenset({"id", "name", "username", "created_at", "description", "protected", "verified"})
_MEDIA_FIELDS = frozenset({"media_key", "type", "url", "preview_image_url", "alt_text", "width", "height", "duration_ms"})
_DM_FIELDS = frozenset({"id", "text", "event_type", "created_at", "attachments", "dm_conversation_id", "entities"})


class Vocabulary(StrEnum):
    """The names of X's interface before and since August 2026."""

    TWEETS = "2.166"
    POSTS = "2.167"


_RENAMED = {
    "edit_history_tweet_ids": "edit_history_post_ids",
    "referenced_tweets": "referenced_posts",
    "note_tweet": "note_post",
}
_POST_FIELDS = frozenset({"id", "text", "attachments", "conversation_id", "created_at", "entities", "geo", "lang", "source"})
_FIELDS = {
    Vocabulary.TWEETS: {
        "tweet.fields": _POST_FIELDS | {"author_id", "in_reply_to_user_id"} | _RENAMED.keys(),
        "dm_event.fields": _DM_FIELDS | {"sender_id", "participant_ids", "referenced_tweets"},
        "expansions": frozenset(
            {"author_id", "attachments.media_keys", "referenced_tweets.id", "in_reply_to_user_id", "geo.place_id"}
            | {"edit_history_tweet_ids", "sender_id", "participant_ids"}
        ),
    },
    Vocabulary.POSTS: {
        "post.fields": _POST_FIELDS | {"note_post"},
        "dm_event.fields": _DM_FIELDS,
        "expansions": frozenset(
            {"author_id", "attachments.media_keys", "referenced_posts", "in_reply_to_user_id", "geo.place_id"}
            | {"edit_history_post_ids", "sender_id", "participant_ids"}
        ),
    },
}
_VALUES = {
    "user.fields": _USER_FIELDS,
    "media.fields": _MEDIA_FIELDS,
    "event_types": frozenset({"MessageCreate", "ParticipantsJoin", "ParticipantsLeave"}),
    "exclude": frozenset({"replies", "retweets"}),
}


def parameters_of(kind: str, vocabulary: Vocabulary) -> frozenset[str]:
    """The parameters that a call takes: `mentions`, `tweets`, `dm_events` or `me`."""
    posts = "tweet.fields" if vocabulary is Vocabulary.TWEETS else "post.fields"
    if kind == "dm_events":
        return _PAGING | {"event_types", "dm_event.fields", "expansions", "media.fields", "user.fields", posts}
    if kind == "lookup":
        return frozenset({"ids", "expansions", "media.fields", "user.fields", "place.fields", posts})
    if kind == "me":
        return frozenset({"user.fields", "expansions", posts})
    return _TIMELINE | {posts} | ({"exclude"} if kind == "tweets" else set())


def complaints_about(query: Mapping[str, str], kind: str, vocabulary: Vocabulary) -> list[Json]:
    """What X finds wrong with a query, in its own form; empty when it takes it."""
    return [
        *_unknown_parameters(query, parameters_of(kind, vocabulary)),
        *_unknown_words(query, {**_VALUES, **_FIELDS[vocabulary]}),
        *_invalid_values(query, least_results=1 if kind == "dm_events" else 5),
    ]


def position_of(token: str | None) -> int | None:
    """The id below which a page begins."""
    return int(token.removeprefix(TOKEN_PREFIX), 16) if token else None


def _unknown_parameters(query: Mapping[str, str], allowed: frozenset[str]) -> Iterator[Json]:
    for name in query.keys() - allowed:
        yield _complaint(name, query[name], f"The query parameter [{name}] is not one of [{','.join(sorted(allowed))}]")


def _unknown_words(query: Mapping[str, str], known: Mapping[str, frozenset[str]]) -> Iterator[Json]:
    for name in query.keys() & known.keys():
        for word in set(query[name].split(",")) - known[name]:
            text = f"The `{name}` query parameter value [{word}] is not one of [{','.join(sorted(known[name]))}]"
            yield _complaint(name, query[name], text)


def _invalid_values(query: Mapping[str, str], *, least_results: int) -> Iterator[Json]:
    forms = {"since_id": _ID, "until_id": _ID, "pagination_token": _TOKEN, "max_results": _NUMBER}
    for name, form in forms.items():
        value = query.get(name)
        is_wrong = value is not None and not form.fullmatch(value)
        if is_wrong or (name == "max_results" and value is not None and not least_results <= int(value) <= 100):
            yield _complaint(name, str(value), f"The `{name}` query parameter value [{value}] is not valid")


def _complaint(name: str, value: str, message: str) -> Json:
    return {"parameters": {name: [value]}, "message": message}


def worded_post(entry: Entry, query: Mapping[str, str], vocabulary: Vocabulary) -> Json:
    """The fields of a post that were asked for. In 2.167 relations come only with their expansion."""
    if entry.is_as_handed_over:
        return entry.post
    if vocabulary is Vocabulary.TWEETS:
        wanted = {"id", "text", "edit_history_tweet_ids", *query.get("tweet.fields", "").split(",")}
        return {name: value for name, value in entry.post.items() if name in wanted}
    wanted = {"id", "text", *query.get("post.fields", "").split(","), *query.get("expansions", "").split(",")}
    renamed = {_RENAMED.get(name, name): value for name, value in entry.post.items()}
    return {name: value for name, value in renamed.items() if name in wanted}


def worded_event(entry: Entry, query: Mapping[str, str], vocabulary: Vocabulary) -> Json:
    if entry.is_as_handed_over:
        return entry.post
    wanted = {"id", "event_type", "text", *query.get("dm_event.fields", "").split(",")}
    if vocabulary is Vocabulary.POSTS:
        wanted |= set(query.get("expansions", "").split(","))
    return {name: value for name, value in entry.post.items() if name in wanted}


def includes_of(
    posts: Sequence[Json], query: Mapping[str, str], accounts: Mapping[str, Account], media: Mapping[str, Json]
) -> Json:
    """What the expansions add beside the posts; empty when there is nothing to add."""
    expansions, includes = query.get("expansions", "").split(","), {}
    authors = dict.fromkeys(str(post.get("author_id") or post.get("sender_id")) for post in posts)
    users = [accounts[author] for author in authors if author in accounts]
    if not {"author_id", "sender_id"}.isdisjoint(expansions) and users:
        includes["users"] = [{"id": user.id, "name": user.name, "username": user.username} for user in users]
    keys = [
        key for post in posts if isinstance(post.get("attachments"), dict) for key in post["attachments"].get("media_keys", ())
    ]
    if "attachments.media_keys" in expansions and keys:
        wanted = {"media_key", "type", *query.get("media.fields", "").split(",")}
        includes["media"] = [{k: v for k, v in media[key].items() if k in wanted} for key in keys if key in media]
    return includes


def problem(status: int, title: str, detail: str, *, kind: str = "about:blank", **more: object) -> web.Response:
    """X's own form of a refusal (RFC 7807)."""
    return web.json_response({"title": title, "detail": detail, "type": kind, "status": status, **more}, status=status)


def forbidden(detail: str) -> web.Response:
    return problem(403, "Forbidden", detail)


def invalid_request(complaints: list[Json]) -> web.Response:
    body: Json = {
        "errors": complaints,
        "title": "Invalid Request",
        "detail": "One or more parameters to your request was invalid.",
        "type": f"{PROBLEMS}invalid-request",
    }
    return web.json_response(body, status=400)
