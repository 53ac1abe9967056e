"""The language of a message: by script, by small words, and Dutch when nothing tells."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.language import detect_language

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("nl", "Er staat al een week een koelkast naast de container."),
        ("nl", "lamp kapot"),
        ("nl", "bro ze dealen hier gewoon op klaarlichte dag, niet chill man"),
        ("nl", "Kan ik een event met foodtrucks organiseren op ons plein?"),
        ("nl", "wifi in de bieb doet raar"),
        ("en", "The bin next to our door is overflowing again."),
        ("en", "bike gone"),
        ("en", "my BSN letter never arrived, gemeente says wait"),
        ("de", "Seit drei Wochen brennt die Laterne vor unserem Haus nicht."),
        ("fr", "Bonjour, comment puis-je obtenir une carte de stationnement ?"),
        ("es", "Hace mucho ruido por la noche en la terraza"),
        ("it", "Buongiorno, dove posso rinnovare il passaporto?"),
        ("pt", "Olá, há muito lixo na rua desde ontem"),
        ("pl", "Dzień dobry, kto może naprawić chodnik?"),
        ("pl", "smieci leza na ulicy od tygodnia"),
        ("ro", "Bună ziua, unde pot să depun cererea pentru alocație?"),
        ("tr", "Komşumuz her gece çok gürültü yapıyor"),
        ("tr", "cop kutusu dolu lutfen bosaltin"),
        ("hu", "Jó napot, hol lehet bejelenteni a törött lámpát?"),
        ("vi", "Đèn đường trước nhà tôi bị hỏng"),
        ("id", "Selamat pagi, lampu di jalan ini rusak"),
        ("so", "Waxaan u baahanahay caawimaad guri"),
        ("ar", "الشارع مظلم جدا في الليل"),
        ("ar", "salam, wach kayn chi blassa fin nqdr nsjel weldi?"),
        ("fa", "سلام، چراغ کوچه ما خراب است"),
        ("uk", "Доброго дня, як отримати довідку?"),
        ("ru", "Здравствуйте, где можно получить справку?"),
        ("bg", "Здравейте, къде мога да подам молба?"),
        ("el", "Καλημέρα, ο φανοστάτης δεν λειτουργεί"),
        ("hi", "नमस्ते, सड़क की बत्ती खराब है"),
        ("he", "שלום, הפנס ברחוב לא עובד"),
        ("ti", "ሰላም፡ መብራህቲ ጎደና ኣይሰርሕን እዩ"),
        ("am", "ሰላም፣ የመንገድ መብራት አይሰራም ነው"),
        ("zh", "你好，我想申请停车许可"),
        ("ja", "街灯が壊れています"),
        ("ko", "가로등이 고장났습니다"),
    ],
)
def test_a_message_is_known_by_its_language(code: str, text: str) -> None:
    assert detect_language(text).code == code


@pytest.mark.parametrize("text", ["", "   ", "12345", "🔥🔥", "https://example.nl/help-me-please", "@GemeenteUtrecht", "Neude"])
def test_a_text_that_tells_nothing_is_dutch_with_low_confidence(text: str) -> None:
    guess = detect_language(text)
    assert guess.code == "nl"
    assert guess.confidence < 0.8


def test_a_dutch_place_name_does_not_make_a_foreign_message_dutch() -> None:
    assert detect_language("Hay un agujero en la Lange Nieuwstraat, cerca de la Oudegracht").code == "es"


@given(ANY_TEXT)
@settings(deadline=None)
def test_any_text_has_the_same_language_twice(text: str) -> None:
    guess = detect_language(text)
    assert guess == detect_language(text)
    assert len(guess.code) == 2
    assert 0 <= guess.confidence <= 1


@pytest.mark.parametrize("word", ["a", "a@", "straat ", "字", "\udfff"])
def test_a_text_of_a_hundred_thousand_characters_is_read(word: str) -> None:
    assert detect_language(word * (100_000 // len(word))).code
