"""What the libraries beneath the channels do wrong or unexpectedly, and the test that notices when it reaches us.

The truth behind the second table of docs/naslag/kanaalcontract.md.
"""

from __future__ import annotations

from dataclasses import dataclass

_CONTRACT_IN, _CONTRACT_TROUBLE, _CONTRACT_OUT = (
    f"tests/contract/test_channel_{name}.py::" for name in ("reading", "trouble", "sending")
)
_TELEGRAM, _X, _GRAPH = (f"tests/channels/test_{name}.py::" for name in ("telegram", "twitter", "graph"))
_X_POST = "tests/channels/test_twitter_messages.py::"
_TELEGRAM_IN, _TELEGRAM_FETCH, _X_IN = (
    f"tests/channels/test_{name}.py::" for name in ("telegram_messages", "telegram_fetching", "twitter_reading")
)
_FACEBOOK, _MASTODON, _SESSION = (f"tests/channels/test_{name}.py::" for name in ("facebook", "mastodon", "session"))
_MASTODON_IN, _TRAPS = "tests/channels/test_mastodon_reading.py::", "tests/channels/test_sdk_traps.py::"
_DIRECT, _HOOKS = "tests/channels/test_twitter_direct.py::", "tests/bot/test_webhooks.py::"
_UNKNOWN = _CONTRACT_OUT + "test_an_outcome_that_nobody_can_tell_is_unknown_and_never_sent_again"
_PARTS = _TRAPS + "test_no_part_that_loses_messages_or_waits_by_itself_is_used"
_NO_SECRET = _CONTRACT_TROUBLE + "test_no_secret_shows_in_an_error_or_a_log"


@dataclass(frozen=True, slots=True)
class Trap:
    """`tests` would fail if it caught us."""

    library: str
    what: str
    tests: tuple[str, ...]


_BOT, _TWEEPY, _SDK, _PY = "python-telegram-bot", "tweepy", "facebook-sdk", "Mastodon.py"
TRAPS = (
    Trap("alle", "een verbinding die breekt voor of na het plaatsen ziet er hetzelfde uit", (_UNKNOWN,)),
    Trap(
        _BOT,
        "`Updater` bevestigt berichten voor ze bewaard zijn",
        (_PARTS, _TELEGRAM_FETCH + "test_a_fetch_confirms_nothing_that_it_returns"),
    ),
    Trap(
        _BOT,
        "één bericht dat het model niet kent laat de hele lading mislukken",
        (
            _CONTRACT_IN + "test_an_unreadable_item_is_kept_and_the_others_survive",
            _TELEGRAM_FETCH + "test_one_absurd_number_does_not_spoil_the_batch",
        ),
    ),
    Trap(
        _BOT,
        "lang ophalen duurt langer dan de eigen wachttijd",
        (_TELEGRAM_FETCH + "test_a_long_poll_outlasts_the_read_timeout",),
    ),
    Trap(_BOT, "ophalen en versturen delen verbindingen", (_TRAPS + "test_a_fetch_that_is_held_open_does_not_hold_up_a_send",)),
    Trap(
        _BOT,
        "`RetryAfter` waarschuwt, en als waarschuwingen fouten zijn mislukt de fout zelf",
        (_TELEGRAM + "test_a_rate_limit_works_while_every_warning_is_an_error",),
    ),
    Trap(
        _BOT,
        "`BadRequest` en `TimedOut` zijn ook `NetworkError`; 401 en 404 zijn allebei `InvalidToken`",
        (_TELEGRAM_FETCH + "test_a_refusal_by_telegram_is_the_decision_it_asks_for",),
    ),
    Trap(
        _BOT,
        "een antwoord dat het model niet kent is een fout, terwijl het bericht er staat",
        (_TELEGRAM_FETCH + "test_a_sent_message_that_the_sdk_cannot_model_is_sent",),
    ),
    Trap(
        _BOT, "het token staat in het adres, en dus in logboeken", (_NO_SECRET, _TELEGRAM + "test_settings_do_not_show_the_token")
    ),
    Trap(
        _BOT,
        "`update_id` begint na een week stilte opnieuw",
        (_TELEGRAM_FETCH + "test_messages_after_a_week_of_silence_come_in_though_their_numbers_are_lower",),
    ),
    Trap(
        _BOT,
        "`message_id` kan 0 zijn en herhaalt zich tussen gesprekken",
        (
            _TELEGRAM_IN + "test_message_id_zero_is_an_id",
            _TELEGRAM_IN + "test_a_message_is_named_after_its_chat_because_message_ids_repeat_between_chats",
        ),
    ),
    Trap(_BOT, "`edit_date` telt hele seconden", (_TELEGRAM_IN + "test_two_edits_in_one_second_are_two_messages",)),
    Trap(
        _BOT,
        "een groep die supergroep wordt, krijgt een ander nummer",
        (_TELEGRAM + "test_a_group_that_moved_is_answered_at_its_new_number",),
    ),
    Trap(_BOT, "een tweede lezer krijgt 409", (_TELEGRAM_FETCH + "test_a_second_poller_ends_the_first_and_the_first_says_so",)),
    Trap(
        _BOT,
        "het geheim van de webhook wordt niet in gelijke tijd vergeleken",
        (_HOOKS + "test_a_wrong_signature_is_refused_and_nothing_is_kept",),
    ),
    Trap(
        _TWEEPY,
        "kent geen wachttijd: een stil X houdt ons voor altijd vast",
        (_SESSION + "test_a_silent_server_is_given_up", _UNKNOWN),
    ),
    Trap(
        _TWEEPY,
        "`wait_on_rate_limit` vraagt zonder ophouden door",
        (_PARTS, _X + "test_a_rate_limit_without_a_time_is_asked_once_and_not_waited_for"),
    ),
    Trap(_TWEEPY, "`AsyncClient` lekt verbindingen en leest foutbladzijden niet", (_PARTS,)),
    Trap(
        _TWEEPY,
        "het adres staat vast, en de handtekening hoort bij het adres",
        (_X + "test_a_call_is_signed_for_the_host_it_goes_to", _SESSION + "test_every_request_goes_to_the_configured_host"),
    ),
    Trap(
        _TWEEPY, "één datum zonder breuk laat de bladzijde mislukken", (_X_IN + "test_one_date_without_fractions_breaks_nothing",)
    ),
    Trap(
        _TWEEPY,
        "`data` ontbreekt op een lege bladzijde, en naast `data` kunnen fouten staan",
        (
            _X_IN + "test_a_page_without_data_is_empty",
            _X_POST + "test_errors_beside_data_are_kept_only_where_a_mention_itself_is_missing",
            _X_IN + "test_errors_instead_of_mentions_are_no_empty_page",
        ),
    ),
    Trap(
        _TWEEPY,
        "de nieuwste komt eerst: wie te vroeg verder gaat slaat over",
        (
            _X_IN + "test_the_low_mark_moves_only_after_the_last_page",
            _X_IN + "test_more_mentions_than_x_gives_back_raise_an_alarm",
        ),
    ),
    Trap(
        _TWEEPY,
        "een bewerkt bericht heeft een ander nummer; een verwijderd bericht staat tussen de fouten",
        (
            _CONTRACT_TROUBLE + "test_an_edit_is_a_message_that_names_what_it_replaces",
            "tests/channels/test_twitter_budget.py::test_posts_that_are_gone_are_found_and_hidden_ones_are_not_taken_for_it",
        ),
    ),
    Trap(
        _TWEEPY,
        "privéberichten kennen geen `since_id` en een laag tempo",
        (
            _DIRECT + "test_a_round_goes_back_until_the_last_known_message",
            _DIRECT + "test_between_two_rounds_the_pace_of_x_is_kept",
        ),
    ),
    Trap(_TWEEPY, "schrijft sleutels in het logboek voor ontwikkelaars", (_X + "test_no_debug_line_holds_a_key",)),
    Trap(
        _TWEEPY,
        "netwerkfouten en halve antwoorden komen ongesorteerd door",
        (_UNKNOWN, _CONTRACT_TROUBLE + "test_a_failed_fetch_is_temporary_and_loses_nothing"),
    ),
    Trap(
        _TWEEPY,
        "kent alleen de oude namen van X",
        (
            _X + "test_x_is_asked_in_its_new_words_once_it_refuses_the_old",
            _X_POST + "test_the_renamed_vocabulary_is_read_the_same",
        ),
    ),
    Trap(
        _TWEEPY,
        "X zet `@naam` voor onze tekst en weigert een tweede gelijke",
        (
            _X + "test_a_reply_hangs_under_the_post_and_is_found_by_parent_and_token",
            _X + "test_a_late_twin_is_refused_by_x_and_settled_by_reading_back",
        ),
    ),
    Trap(
        _SDK,
        "geeft `{}` terug bij een JSON-fout 500: een kwijtgeraakt antwoord lijkt verstuurd",
        (
            _FACEBOOK + "test_a_json_500_without_an_error_is_no_success",
            _GRAPH + "test_a_write_without_an_id_in_its_answer_is_unknown",
        ),
    ),
    Trap(
        _SDK,
        "laadt niet als waarschuwingen fouten zijn en er niets gecompileerd klaarligt",
        (_TRAPS + "test_the_sdks_load_when_warnings_are_errors_and_nothing_is_compiled",),
    ),
    Trap(
        _SDK, "kent geen versie na 3.1", (_GRAPH + "test_the_current_version_is_asked_though_the_sdk_knows_none_later_than_3_1",)
    ),
    Trap(_SDK, "vernielt geneste waarden", (_GRAPH + "test_nested_values_travel_as_json",)),
    Trap(_SDK, "kent geen bewijs van het geheim", (_GRAPH + "test_every_call_carries_the_proof_of_the_secret",)),
    Trap(
        _SDK,
        "het token staat in de tekst van een verbindingsfout",
        (_GRAPH + "test_a_broken_connection_tells_no_token", _NO_SECRET),
    ),
    Trap(
        _SDK,
        "let niet op de HTTP-status, en struikelt over een antwoord zonder soort",
        (
            _GRAPH + "test_reading_a_failure_never_raises",
            _TRAPS + "test_an_answer_of_meta_without_a_content_type_is_read_or_unknown",
        ),
    ),
    Trap(
        _SDK,
        "`get_all_connections` struikelt over `next` zonder token",
        (_PARTS, _GRAPH + "test_the_next_page_is_asked_by_cursor_and_only_when_there_is_one"),
    ),
    Trap(_SDK, "controleert geen webhook", (_HOOKS + "test_a_wrong_signature_is_refused_and_nothing_is_kept",)),
    Trap(
        _PY,
        "wacht en herhaalt vanzelf bij te veel verzoeken",
        (_PARTS, _CONTRACT_OUT + "test_a_rate_limit_on_send_posts_nothing_and_tells_how_long_to_wait"),
    ),
    Trap(_PY, "wacht 300 seconden op een antwoord", (_UNKNOWN,)),
    Trap(_PY, "nummers zijn tekst: een andere server telt niet", (_MASTODON_IN + "test_ids_are_never_numbers",)),
    Trap(
        _PY,
        "sommige servers letten niet op `Idempotency-Key`",
        (
            _CONTRACT_OUT + "test_a_posted_answer_is_found_again",
            _CONTRACT_OUT + "test_a_fault_at_any_request_of_a_send_posts_at_most_once",
        ),
    ),
    Trap(
        _PY,
        "404 betekent niet dat de schrijver het weghaalde",
        (_MASTODON + "test_only_when_nothing_else_is_left_was_it_the_writer",),
    ),
    Trap(
        "smtplib",
        "schrijft naam en wachtwoord in ASCII",
        ("tests/channels/test_mail.py::test_names_and_passwords_may_hold_any_letter",),
    ),
)
