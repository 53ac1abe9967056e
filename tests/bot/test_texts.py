"""What residents read: complete, plain, short enough for each platform, and without anything personal in public."""

from __future__ import annotations

import itertools
import re
import tomllib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.replies import Replies, Telling
from bot.texts import FORMS_OF_ADDRESS, LANGUAGES, load_texts
from channels.facebook import FacebookSettings
from channels.mail import MailSettings
from channels.mastodon_client import MastodonSettings
from channels.messenger import MessengerSettings
from channels.registry import build_channel
from channels.telegram import TelegramSettings
from channels.twitter_client import XSettings
from channels.web_form import WebFormSettings
from routing.decision import OUTSIDE, Formal
from routing.errors import ConfigError
from routing.melding import News, NotSolved, Status
from routing.messages import Delivery, Visibility
from routing.personal_data import find_personal_data
from routing.questions import Question
from routing.reachability import RULES, Way, Wish
from routing.vakafdelingen import load_municipality
from storage.database import Database
from storage.meldingen import Melder, Melding
from storage.migrate import upgrade
from tests.bot.office import an_office
from tests.builders import MONDAY, a_message

LONGEST_SENTENCE = 20
JARGON = re.compile(
    r"\b(betreffende|conform|derhalve|dient te|echter|gaarne|inzake|middels|mor|reeds|teneinde|"
    r"terzake|traject|u dient|aangaande|hieromtrent|"
    r"in behandeling genomen|zaaknummer|afdelingshoofd)\b",
    re.IGNORECASE,
)
OTHER_FORM = {"u": r"\b(je|jij|jou|jouw|jezelf)\b", "je": r"(?<![\w-])(u|uw|uzelf)(?![\w-])"}
SECRETS = dict.fromkeys(("consumer_key", "consumer_secret", "access_token", "access_token_secret"), "k")
PAGE = {"page_id": "1", "page_token": "t", "app_secret": "s"}
SETTINGS = {
    "telegram": TelegramSettings(token="70099:k"),
    "x": XSettings(**SECRETS),
    "facebook": FacebookSettings(**PAGE),
    "messenger": MessengerSettings(**PAGE),
    "mastodon": MastodonSettings(access_token="k", base_url="https://social.example"),
    "counter": MailSettings(host="smtp.example", from_address="wijkbureau@gemeente.example"),
    "web_form": WebFormSettings(
        host="smtp.example",
        from_address="wijkbureau@gemeente.example",
        public_url="https://wijkbalie.example",
        link_secret="een-geheim-van-lengte",
    ),
}
MUNICIPALITY = load_municipality()
REPLIES = {
    form: Replies(texts=load_texts(address_as=form), municipality=MUNICIPALITY, office="wijkbureau Binnenstad")
    for form in FORMS_OF_ADDRESS
}
A_PAGE = "t" * 32
FORMS = {
    "prive": Way(delivery=Delivery.DIRECT, by_machine=True),
    "openbaar": Way(delivery=Delivery.PUBLIC_REPLY, by_machine=True),
}


@pytest.fixture
def melding(sqlite_url: str) -> Melding:
    database = Database.open(sqlite_url)
    upgrade(database.engine)
    office = an_office(database)
    office.receive(a_message())
    received = office.meldingen()[0]
    database.close()
    day = MONDAY.replace(month=9, day=23)  # "woensdag 23 september": the longest a date gets
    return replace(received, id=12_345_678, promised_at=day, planned_for=day)


def a_melder(language: str, channel: str = "telegram") -> Melder:
    return Melder(
        id=1,
        melding_id=1,
        person_id=1,
        channel=channel,
        thread="t",
        reply_to="r",
        visibility=Visibility.PRIVATE,
        language=language,
        recipient="p",
        joined_at=MONDAY,
        last_wrote_private_at=MONDAY,
    )


def every_telling(melding: Melding) -> Iterator[tuple[Melding, Telling]]:
    """Each news with each lead, partner, reason and danger that changes its words."""
    leads = [replace(melding, lead=lead) for lead in MUNICIPALITY.departments]
    others = [
        *(replace(melding, partner=partner, status=Status.DOORVERWEZEN) for partner in MUNICIPALITY.partners),
        *(replace(melding, not_solved_reason=reason.value) for reason in NotSolved),
        *(replace(melding, status=status) for status in Status),
        replace(melding, appointment_at=melding.promised_at, appointment_place="Burgemeester Norbruislaan 1234"),
        replace(melding, appointment_at=melding.promised_at),
    ]
    topics = [replace(melding, topic=topic.code, lead=topic.lead) for topic in MUNICIPALITY.onderwerpen.values()]
    yield from itertools.product(others, [Telling(news=news) for news in News])
    yield from itertools.product(topics, [Telling(news=News.DOORGEZET)])
    tellings = [Telling(news=news, is_lead_known=known) for news, known in itertools.product(News, (True, False))]
    tellings += [
        Telling(news=News.NOODGEVAL, danger=topic.code)
        for topic in MUNICIPALITY.onderwerpen.values()
        if topic.lead == "noodgeval"
    ]
    tellings += [Telling(news=News.ONTVANGST, notice=notice, is_lead_known=False) for notice in (*Formal, OUTSIDE)]
    tellings += [Telling(news=news, question_word=word) for news in (News.ONTVANGST, News.AANGEVULD) for word in Question]
    tellings += [Telling(news=News.VOORKEUR, wish=wish.value) for wish in Wish]
    tellings += [Telling(news=news, signed="Wilhelmina", question_word=word) for news in News for word in (None, "oordeel")]
    yield from itertools.product(leads, tellings)


def every_text(melding: Melding, form: str, language: str, channel: str = "telegram", *, address_as: str = "u") -> list[str]:
    """Every telling, as a first message that offers the page."""
    replies = replace(REPLIES[address_as], follow_address="https://wijkbalie.gemeente.example", sends_mail=True)
    melder = a_melder(language, channel)
    texts = []
    for variant, telling in every_telling(melding):
        text = replies.preview(variant, melder, telling, FORMS[form], f"{variant.kenmerk}/10")
        if form == "prive":
            text = replies.with_what_is_told_once(text, melder, is_first=True, link=A_PAGE)
        texts.append(text)
    return texts


@pytest.mark.parametrize("channel", sorted(RULES))
@pytest.mark.parametrize("form", sorted(FORMS))
async def test_every_text_in_every_language_fits_the_platform(melding: Melding, channel: str, form: str) -> None:
    adapter = build_channel(channel, SETTINGS[channel])
    delivery = FORMS[form].delivery
    longest = adapter.limits.max_length.get(delivery)
    if longest is not None:
        for language, address_as in itertools.product((*LANGUAGES, "tr"), FORMS_OF_ADDRESS):
            texts = every_text(melding, form, language, channel, address_as=address_as)
            too_long = [text for text in texts if adapter.limits.length_of(text) > longest]
            assert too_long == []
    await adapter.aclose()


@pytest.mark.parametrize("channel", ["telegram", "messenger", "counter"])
def test_where_there_is_room_the_first_message_tells_of_privacy_and_offers_the_page(melding: Melding, channel: str) -> None:
    for text in every_text(melding, "prive", "nl", channel):
        assert "utrecht.nl/privacy" in text
        assert f"https://wijkbalie.gemeente.example/volg/{A_PAGE}" in text


@pytest.mark.parametrize("address_as", FORMS_OF_ADDRESS)
@pytest.mark.parametrize("form", sorted(FORMS))
def test_every_dutch_text_addresses_the_reader_in_one_form(melding: Melding, form: str, address_as: str) -> None:
    for text in set(every_text(melding, form, "nl", address_as=address_as)):
        assert not re.search(OTHER_FORM[address_as], text, re.IGNORECASE), text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("channel", sorted(channel for channel, rules in RULES.items() if rules.is_mail))
def test_who_reads_mail_is_not_told_to_type_or_answer_here(melding: Melding, channel: str, language: str) -> None:
    chat = re.compile(r"\b([Tt]yp|[Tt]ype|[Aa]ntwoord hier|[Aa]nswer here|'medewerker')\b|met ja of nee|with yes or no")
    asked = [Telling(news=news, question_word="oordeel") for news in (News.OPGELOST, News.NIET_OPGELOST)]
    tellings = [Telling(news=news) for news in News if news not in {News.UITLEG, News.VOORKEUR}] + asked
    for telling in tellings:
        text = REPLIES["u"].preview(melding, a_melder(language, channel), telling, FORMS["prive"], "WB-2026-00001/1")
        assert not chat.search(text), text


@pytest.mark.parametrize("address_as", FORMS_OF_ADDRESS)
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", sorted(FORMS))
def test_sentences_are_short_and_plain_and_every_text_names_its_number(
    melding: Melding, form: str, language: str, address_as: str
) -> None:
    for text in set(every_text(melding, form, language, address_as=address_as)):
        assert f"{melding.kenmerk}/10" in text
        assert not JARGON.search(text), text
        for sentence in re.split(r"(?<=[.?!:])\s+|\n", text):
            assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


def test_what_stands_around_an_e_mail_is_good_in_both_forms_of_address() -> None:
    example = tomllib.loads((Path(__file__).resolve().parents[2] / "config.example.toml").read_text(encoding="utf-8"))
    settings = SETTINGS["web_form"]
    names = ("subject", "footer", "confirm")
    texts = [example["channels"][channel].get(name, "") for channel in ("counter", "web_form") for name in names]
    for text in (*texts, *(getattr(settings, name) for name in names)):
        assert not any(re.search(form, text, re.IGNORECASE) for form in OTHER_FORM.values()), text


def test_public_texts_hold_nothing_personal(melding: Melding) -> None:
    allowed = {"phone"}  # the partners' own public numbers
    for language in LANGUAGES:
        for text in set(every_text(melding, "openbaar", language)):
            assert {finding.kind for finding in find_personal_data(text)} <= allowed


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_answer_says_that_it_is_a_computer(melding: Melding, language: str) -> None:
    says_so = re.compile(r"computer|automatisch|automatic")
    for form, news in itertools.product(FORMS, (News.ONTVANGST, News.DANK, News.NOODGEVAL, News.DOORVERWEZEN, News.MEDEMELDER)):
        text = REPLIES["u"].preview(melding, a_melder(language), Telling(news=news), FORMS[form], "WB-2026-00001/1")
        assert says_so.search(text), text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("{{ kenmerk }}", "{{ kenmrk }}"), "onbekende namen: kenmrk"),
        (("[dank]", "[dnk]"), r"ontbreekt \[dank\] prive"),
        (("{{ gevaar }}", "{{ gevaar"), "geen geldige tekst"),
    ],
)
def test_a_mistake_in_a_text_file_is_named_when_it_is_loaded(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    shipped = Path(__file__).resolve().parents[2] / "bot" / "teksten"
    for language in LANGUAGES:
        (tmp_path / f"{language}.toml").write_text(
            (shipped / f"{language}.toml").read_text(encoding="utf-8").replace(*change), encoding="utf-8"
        )
    with pytest.raises(ConfigError, match=message):
        load_texts(tmp_path)
