"""What residents read: complete, plain, short enough for each platform, and without anything personal in public."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pytest

from bot.replies import Replies, Telling
from bot.texts import LANGUAGES, load_texts
from channels.facebook import FacebookSettings
from channels.mail import MailSettings
from channels.mastodon_client import MastodonSettings
from channels.messenger import MessengerSettings
from channels.registry import build_channel
from channels.telegram import TelegramSettings
from channels.twitter_client import XSettings
from channels.web_form import WebFormSettings
from routing.decision import Formal
from routing.errors import ConfigError
from routing.melding import News, NotSolved, Status
from routing.messages import Delivery, Visibility
from routing.personal_data import find_personal_data
from routing.questions import Question
from routing.reachability import RULES, Way, Wish
from routing.vakafdelingen import load_municipality
from storage.database import Database
from storage.meldingen import Melder, Melding
from tests.bot.office import an_office
from tests.builders import MONDAY, a_message

LONGEST_SENTENCE = 20
JARGON = re.compile(
    r"\b(betreffende|conform|derhalve|dient te|echter|gaarne|inzake|middels|mor|reeds|teneinde|"
    r"terzake|traject|u dient|aangaande|hieromtrent|"
    r"in behandeling genomen|zaaknummer|afdelingshoofd)\b",
    re.IGNORECASE,
)
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
REPLIES = Replies(texts=load_texts(), municipality=MUNICIPALITY, office="wijkbureau Binnenstad")
FORMS = {
    "prive": Way(delivery=Delivery.DIRECT, by_machine=True),
    "openbaar": Way(delivery=Delivery.PUBLIC_REPLY, by_machine=True),
}


@pytest.fixture
def melding(database: Database) -> Melding:
    office = an_office(database)
    office.receive(a_message())
    day = MONDAY.replace(month=9, day=23)  # "woensdag 23 september": the longest a date gets
    return replace(office.meldingen()[0], id=12_345_678, promised_at=day, planned_for=day)


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


def every_text(melding: Melding, form: str, language: str, channel: str = "telegram") -> list[str]:
    """Each news with each lead, partner, reason and danger that changes its words."""
    texts = []
    variants = [
        *(replace(melding, lead=lead) for lead in MUNICIPALITY.departments),
        *(replace(melding, partner=partner, status=Status.DOORVERWEZEN) for partner in MUNICIPALITY.partners),
        *(replace(melding, not_solved_reason=reason.value) for reason in NotSolved),
        *(replace(melding, status=status) for status in Status),
    ]
    tellings = [Telling(news=news, is_lead_known=known) for news, known in itertools.product(News, (True, False))]
    tellings += [
        Telling(news=News.NOODGEVAL, danger=topic.code)
        for topic in MUNICIPALITY.onderwerpen.values()
        if topic.lead == "noodgeval"
    ]
    tellings += [Telling(news=News.ONTVANGST, formal=formal.value) for formal in Formal]
    tellings += [Telling(news=News.VOORKEUR, wish=wish.value) for wish in Wish]
    tellings += [Telling(news=news, signed="Wilhelmina") for news in News]
    tellings += [Telling(news=News.ONTVANGST, question_word=word) for word in Question]
    for variant, telling in itertools.product(variants, tellings):
        texts.append(REPLIES.preview(variant, a_melder(language, channel), telling, FORMS[form], f"{variant.kenmerk}/10"))
    return texts


@pytest.mark.parametrize("channel", sorted(RULES))
@pytest.mark.parametrize("form", sorted(FORMS))
async def test_every_text_in_every_language_fits_the_platform(melding: Melding, channel: str, form: str) -> None:
    adapter = build_channel(channel, SETTINGS[channel])
    delivery = FORMS[form].delivery
    longest = adapter.limits.max_length.get(delivery)
    if longest is not None:
        for language in (*LANGUAGES, "tr"):
            texts = every_text(melding, form, language, channel)
            too_long = [text for text in texts if adapter.limits.length_of(text) > longest]
            assert too_long == []
    await adapter.aclose()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("form", sorted(FORMS))
def test_sentences_are_short_and_plain_and_every_text_names_its_number(melding: Melding, form: str, language: str) -> None:
    for text in set(every_text(melding, form, language)):
        assert f"{melding.kenmerk}/10" in text
        assert not JARGON.search(text), text
        for sentence in re.split(r"(?<=[.?!:])\s+|\n", text):
            assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


def test_public_texts_hold_nothing_personal(melding: Melding) -> None:
    allowed = {"phone"}  # the partners' own public numbers
    for language in LANGUAGES:
        for text in set(every_text(melding, "openbaar", language)):
            assert {finding.kind for finding in find_personal_data(text)} <= allowed


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_answer_says_that_it_is_a_computer(melding: Melding, language: str) -> None:
    says_so = re.compile(r"computer|automatisch|automatic")
    for form, news in itertools.product(FORMS, (News.ONTVANGST, News.DANK, News.NOODGEVAL, News.DOORVERWEZEN, News.MEDEMELDER)):
        text = REPLIES.preview(melding, a_melder(language), Telling(news=news), FORMS[form], "WB-2026-00001/1")
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
