"""Which case of the contract each adapter is tested on, and by which test: the truth behind docs/naslag/kanaalcontract.md.

A case is a row. `suite` names tests of the contract suite, which run over every adapter that does not leave them out; `own`
names tests elsewhere, or says after a dash why the platform cannot have the case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from channel_harness import ChannelCase
from facebook_case import FacebookCase
from mastodon_case import MastodonCase, MastodonDirectCase
from messenger_case import MessengerCase
from telegram_case import TelegramCase
from x_case import XCase, XDirectCase

TELEGRAM, X, X_DIRECT, FACEBOOK, MESSENGER = "Telegram", "X", "X privé", "Facebook", "Messenger"
MASTODON, MASTODON_DIRECT, MAIL = "Mastodon", "Mastodon direct", "e-mail"
ADAPTERS: Mapping[str, type[ChannelCase] | None] = {
    TELEGRAM: TelegramCase,
    X: XCase,
    X_DIRECT: XDirectCase,
    FACEBOOK: FacebookCase,
    MESSENGER: MessengerCase,
    MASTODON: MastodonCase,
    MASTODON_DIRECT: MastodonDirectCase,
    MAIL: None,
}
NOT = "- "
_NO_READING = NOT + "hier komt niets binnen: berichten komen van de balie en het formulier"
_NO_PARENT = NOT + "een gesprek heeft geen bericht erboven"

_HOOKS, _X, _MAIL = "tests/bot/test_webhooks.py::", "tests/channels/test_twitter.py::", "tests/channels/test_mail.py::"
_FACEBOOK, _MASTODON = "tests/channels/test_facebook.py::", "tests/channels/test_mastodon.py::"
_TELEGRAM, _GRAPH = "tests/channels/test_telegram.py::", "tests/channels/test_graph.py::"
_FACEBOOK_IN, _MASTODON_IN = "tests/channels/test_facebook_reading.py::", "tests/channels/test_mastodon_reading.py::"
_X_IN = "tests/channels/test_twitter_reading.py::"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    title: str
    suite: tuple[str, ...] = ()
    own: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


ROWS = (
    Row(
        title="te veel verzoeken",
        suite=(
            "test_a_rate_limit_on_fetch_tells_how_long_to_wait",
            "test_a_rate_limit_on_send_posts_nothing_and_tells_how_long_to_wait",
        ),
        own={MAIL: _MAIL + "test_a_refusal_at_any_step_means_that_nothing_was_sent"},
    ),
    Row(
        title="fout van de server",
        suite=(
            "test_a_failed_fetch_is_temporary_and_loses_nothing",
            "test_an_outcome_that_nobody_can_tell_is_unknown_and_never_sent_again",
        ),
        own={MAIL: _MAIL + "test_a_refusal_at_any_step_means_that_nothing_was_sent"},
    ),
    Row(
        title="geplaatst, maar het antwoord kwam niet",
        suite=("test_an_outcome_that_nobody_can_tell_is_unknown_and_never_sent_again",),
        own={MAIL: _MAIL + "test_no_answer_to_the_end_of_the_message_leaves_the_outcome_open"},
    ),
    Row(
        title="geen verbinding",
        suite=("test_a_refused_connection_is_temporary_and_provably_not_sent",),
        own={MAIL: _MAIL + "test_no_server_is_provably_not_sent"},
    ),
    Row(
        title="storing bij elk verzoek van het ophalen",
        suite=("test_a_fault_at_any_request_of_a_fetch_loses_nothing",),
        own={MAIL: _NO_READING},
    ),
    Row(
        title="storing bij elk verzoek van het versturen",
        suite=("test_a_fault_at_any_request_of_a_send_posts_at_most_once",),
        own={MAIL: _MAIL + "test_a_refusal_at_any_step_means_that_nothing_was_sent"},
    ),
    Row(
        title="storing bij elk verzoek van het teruglezen",
        suite=("test_a_fault_at_any_request_of_a_look_is_no_answer", "test_a_failed_look_is_no_answer"),
        own={MAIL: _MAIL + "test_a_cut_after_the_message_leaves_the_outcome_open"},
    ),
    Row(
        title="verlopen token",
        suite=("test_an_expired_token_is_told_as_such_and_nothing_is_lost_or_posted",),
        own={MAIL: _MAIL + "test_a_wrong_password_is_told_and_not_shown"},
    ),
    Row(
        title="een recht ingetrokken",
        own={
            TELEGRAM: NOT + "een bot heeft geen losse rechten",
            X: _X + "test_a_refusal_is_a_decision",
            X_DIRECT: "tests/channels/test_twitter_direct.py::"
            "test_trouble_with_direct_messages_is_told_and_does_not_hold_up_mentions",
            FACEBOOK: _GRAPH + "test_a_code_on_a_read_pauses_or_waits",
            MESSENGER: _GRAPH + "test_a_code_on_a_read_pauses_or_waits",
            MASTODON: _MASTODON + "test_a_refusal_is_the_decision_it_asks_for",
            MASTODON_DIRECT: _MASTODON + "test_a_refusal_is_the_decision_it_asks_for",
            MAIL: _MAIL + "test_a_server_that_knows_no_login_is_told_as_such",
        },
    ),
    Row(
        title="dezelfde bladzijde steeds weer",
        suite=(
            "test_a_platform_that_repeats_one_page_for_ever_does_not_hold_us",
            "test_badly_delivered_pages_lose_nothing_over_several_pages",
        ),
        own={MAIL: _NO_READING},
    ),
    Row(
        title="in een andere volgorde, of twee keer",
        suite=("test_a_badly_delivered_page_loses_nothing",),
        own={MAIL: _NO_READING},
    ),
    Row(
        title="al binnengehaald",
        suite=("test_the_same_cursor_gives_the_same_items_again", "test_after_the_new_cursor_nothing_is_repeated"),
        own={MAIL: "tests/web/test_counter.py::test_a_form_that_is_sent_twice_is_one_message"},
    ),
    Row(
        title="ons eigen antwoord, half verstuurd, komt langs",
        suite=("test_an_answer_whose_outcome_was_lost_is_recognised_as_ours", "test_our_answer_is_not_taken_in"),
        own={MAIL: _NO_READING},
    ),
    Row(
        title="het bericht erboven is weg, bij het lezen",
        own={
            TELEGRAM: NOT + "het bericht draagt zelf mee waarop het antwoordt",
            X: _X_IN + "test_a_reply_below_a_post_that_is_gone_still_comes_in",
            X_DIRECT: _NO_PARENT,
            FACEBOOK: _FACEBOOK_IN + "test_a_post_deleted_half_way_does_not_hold_the_others",
            MESSENGER: _NO_PARENT,
            MASTODON: _MASTODON_IN + "test_a_reply_to_a_post_that_is_gone_still_comes_in",
            MASTODON_DIRECT: _NO_PARENT,
            MAIL: _NO_READING,
        },
    ),
    Row(
        title="het bericht erboven is weg, bij het antwoorden",
        own={
            TELEGRAM: _TELEGRAM + "test_an_answer_to_a_message_that_was_removed_is_still_posted",
            X: _X + "test_a_reply_to_a_deleted_post_is_rejected",
            X_DIRECT: _NO_PARENT,
            FACEBOOK: _FACEBOOK + "test_a_reply_to_a_deleted_comment_is_rejected",
            MESSENGER: _NO_PARENT,
            MASTODON: _MASTODON + "test_a_deleted_post_is_answered_in_private_only",
            MASTODON_DIRECT: _MASTODON + "test_a_deleted_post_is_answered_in_private_only",
            MAIL: _NO_PARENT,
        },
    ),
    Row(
        title="gedeeld of herhaald door een ander",
        own={
            TELEGRAM: NOT + "wat iemand doorstuurt, stuurt diegene ons zelf",
            X: _X_IN + "test_a_repost_is_no_melding",
            X_DIRECT: NOT + "privéberichten worden niet herhaald",
            FACEBOOK: NOT + "delen gebeurt op de pagina van een ander, en die lezen wij niet",
            MESSENGER: "tests/channels/test_messenger.py::test_a_sticker_and_a_shared_link_are_attachments",
            MASTODON: _MASTODON_IN + "test_nothing_but_mentions_is_asked_for",
            MASTODON_DIRECT: _MASTODON_IN + "test_nothing_but_mentions_is_asked_for",
            MAIL: _NO_READING,
        },
    ),
    Row(
        title="ouder dan de start",
        suite=("test_what_was_written_before_the_start_stays_out",),
        own={MAIL: _NO_READING},
    ),
    Row(title="meer dan een bladzijde", suite=("test_all_pages_come_in",), own={MAIL: _NO_READING}),
    Row(
        title="meer dan er in een keer mag; de rest volgt",
        suite=("test_a_backlog_of_several_pages_says_that_there_is_more",),
        own={MAIL: _NO_READING},
    ),
    Row(
        title="een levering met meer onderdelen",
        own={
            TELEGRAM: NOT + "elke levering heeft één bericht",
            X: _HOOKS + "test_x_posts_mentions_and_direct_messages",
            X_DIRECT: _HOOKS + "test_x_posts_mentions_and_direct_messages",
            FACEBOOK: _HOOKS + "test_meta_posts_a_mixed_batch_and_each_channel_takes_its_own",
            MESSENGER: _HOOKS + "test_meta_posts_a_mixed_batch_and_each_channel_takes_its_own",
            MASTODON: NOT + "Mastodon bezorgt niets bij wie de server niet beheert",
            MASTODON_DIRECT: NOT + "Mastodon bezorgt niets bij wie de server niet beheert",
            MAIL: _NO_READING,
        },
    ),
    Row(
        title="bewerkt",
        suite=("test_an_edit_is_a_message_that_names_what_it_replaces",),
        own={
            FACEBOOK: _HOOKS + "test_an_edit_and_a_removal_on_facebook_reach_the_melding",
            MESSENGER: _HOOKS + "test_an_edit_and_a_removal_on_messenger_reach_the_melding",
            MAIL: _NO_READING,
        },
    ),
    Row(
        title="teruggenomen",
        suite=("test_what_the_writer_takes_back_is_told",),
        own={
            FACEBOOK: _HOOKS + "test_an_edit_and_a_removal_on_facebook_reach_the_melding",
            MESSENGER: _HOOKS + "test_an_edit_and_a_removal_on_messenger_reach_the_melding",
            MAIL: _NO_READING,
        },
    ),
    Row(
        title="teruggenomen voor wij het lazen",
        suite=("test_what_was_taken_back_before_we_read_it_holds_up_nothing",),
        own={
            MESSENGER: _HOOKS + "test_a_removal_before_its_message_keeps_the_message_out",
            MAIL: _NO_READING,
        },
    ),
    Row(title="foto zonder tekst", suite=("test_a_photo_without_text_is_a_message",), own={MAIL: _NO_READING}),
    Row(
        title="bijlagen alleen van het platform",
        suite=("test_a_photo_can_be_fetched_from_the_platform_alone",),
        own={MAIL: _NO_READING},
    ),
    Row(title="zonder afzender", suite=("test_a_message_without_an_author_is_a_message",), own={MAIL: _NO_READING}),
    Row(
        title="een onleesbaar bericht ertussen",
        suite=("test_an_unreadable_item_is_kept_and_the_others_survive", "test_an_unreadable_item_keeps_its_id"),
        own={MAIL: _NO_READING},
    ),
    Row(title="herstart halverwege", suite=("test_a_restart_in_the_middle_loses_nothing",), own={MAIL: _NO_READING}),
    Row(
        title="onze klok gaat fout of verspringt",
        suite=("test_our_clock_may_be_wrong_and_change_and_loses_nothing",),
        own={MAIL: _NO_READING},
    ),
    Row(
        title="alles nog eens, in elke volgorde, met storingen en crashes",
        suite=("test_replays_faults_and_crashes_in_any_order_give_the_same_messages",),
        own={MAIL: _NO_READING},
    ),
    Row(
        title="geen sleutel in een fout of logboek",
        suite=("test_no_secret_shows_in_an_error_or_a_log",),
        own={MAIL: _MAIL + "test_a_wrong_password_is_told_and_not_shown"},
    ),
)


def cell(row: Row, adapter: str) -> str:
    """Where the case is tested on this adapter, or (after `NOT`) why not. Empty when nobody says."""
    case = ADAPTERS[adapter]
    if adapter in row.own:
        return row.own[adapter]
    if case is None or not row.suite:
        return ""
    reasons = [case.left_out[name] for name in row.suite if name in case.left_out]
    return NOT + reasons[0] if reasons else "suite"
