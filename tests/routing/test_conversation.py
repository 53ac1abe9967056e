"""What a message is to the meldingen of its sender: by what it says, what was said before, and who says it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.conversation import Action, Known, Turn, judge
from routing.decision import Decision, Located
from routing.turns import read_turn
from tests.builders import a_decision

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
HOURS_LATER = timedelta(hours=50)
SOON = timedelta(minutes=20)
NOTHING_OF_ITS_OWN = a_decision(lead="wijkbureau", topic="onduidelijk", confidence=0.4, located=Located())
CHATTER = a_decision(lead="geen_actie", topic="praatje", kind="overig", confidence=0.95, located=Located())
PARKING = a_decision(lead="vth", topic="foutparkeren", confidence=0.93, located=Located())


def a_known(**changes: Any) -> Known:
    known = Known(
        melding_id=1,
        lead="stadswerken",
        topic="container_vol",
        street=None,
        text="de container bij ons voor de deur zit vol",
        is_closed=False,
        is_own=True,
        is_answer_awaited=False,
        age=HOURS_LATER,
    )
    return replace(known, **changes)


def said(text: str, *known: Known, decision: Decision = NOTHING_OF_ITS_OWN, **changes: Any) -> Action:
    return judge(Turn(text=text, decision=decision, **changes), known).action


# -- the first message


@pytest.mark.parametrize(
    "text", ["hoi", "Goedemiddag!", "merhaba", "السلام عليكم", "Dzień dobry", "Доброго дня", "hola buenas", "👋"]
)
def test_only_a_greeting_is_nothing_yet(text: str) -> None:
    assert said(text) is Action.OTHER


def test_the_first_report_is_a_melding() -> None:
    assert said("de container zit vol", decision=a_decision()) is Action.NEW_MELDING


def test_a_first_photo_without_a_word_is_a_melding() -> None:
    assert said("", has_photo=True) is Action.NEW_MELDING


def test_an_unclear_first_message_that_asks_for_something_is_a_melding() -> None:
    assert said("kunnen jullie mij helpen?", decision=CHATTER) is Action.NEW_MELDING


def test_a_first_compliment_is_thanks_and_a_first_remark_is_nothing() -> None:
    assert said("Chapeau voor de tuinlieden", decision=CHATTER) is Action.THANKS
    assert said("wat ligt de stad er mooi bij", decision=CHATTER) is Action.OTHER


def test_danger_is_never_mistaken_for_thanks() -> None:
    danger = a_decision(lead="noodgeval", emergency="te_water", confidence=0.99)
    assert said("bedankt voor niks, er ligt iemand in het water", decision=danger) is Action.NEW_MELDING


# -- what a later message does

BY_WORDS = {
    Action.STATUS_QUESTION: """
        is hier al iemand mee bezig?|Wanneer wordt dit opgelost?|Hoe staat het met mijn melding?|Nog nieuws?|komen ze nog
        Ik heb nog geen reactie gehad.|Ik wacht nog op antwoord|Staat dit op de planning?|nog steeds niks gehoord van jullie
        wordt dit aangepast|is mijn melding binnengekomen|weten jullie al meer?|En?|Stilte vanuit het stadhuis...
        any idea when someone comes to fix it?|Has anybody looked at it yet?|Gibt es schon etwas Neues?|Wann wird das repariert?
        Avez-vous des nouvelles ?|Où en est ma demande ?|¿Hay alguna novedad?|ne zaman boşaltılacak?|bir gelişme var mı?
        Kiedy to naprawicie?|czy jest już jakaś odpowiedź?|Чи є якісь новини?|هل هناك أي جديد؟|متى سيتم الإصلاح؟""",
    Action.WITHDRAW: """
        laat maar, is al opgehaald|is inmiddels gemaakt|hoeft niet meer|doet het weer|Ze zijn weg, mag dicht|bijgevuld
        Ik wil mijn klacht intrekken|jullie hoeven niet meer te komen|het is vanzelf overgegaan|er staat niks meer|net geweest
        never mind, solved|no longer needed|they finished the work, you can close this|Hat sich erledigt|C'est réglé
        Ya no hace falta|Artık gerek yok|Już naprawione|Вже не потрібно|تم حل المشكلة""",
    Action.THANKS: """
        Bedankt!|Dank voor de snelle reactie|👍 top|Geweldig, hij is leeg! Dank!|De leuning is geplaatst, mijn dank|dankuwel
        Thanks a lot!|Vielen Dank|Merci beaucoup|Muchas gracias|çok teşekkür ederim|dziękuję bardzo|Дуже дякую!|شكرا جزيلا""",
    Action.FOLLOW_UP: """
        Nog steeds niet gemaakt|hij doet t weer niet|Helaas, weer hetzelfde|Ik bedoel nummer 14|sorry verkeerde straat|zie foto
        hoek Biltstraat|nr 12|Dit is gevaarlijk, er is net iemand gevallen|mijn telefoonnummer is 0612345678|kunt u mij bellen?
        het is nog niet opgelost|wel geweest, niet opgelost|dat klopt niet, hij is niet geleegd|ze zijn er weer|de linker
        it's still not working|Toujours pas réparé|Todavía no lo han arreglado|hâlâ tamir edilmedi|nadal nie naprawione
        Досі не полагодили|المصباح ما زال لا يعمل""",
    Action.OTHER: "ok|Oké, is goed dan|haha|fijne avond nog|ok dan wacht ik af|tamam|добре",
}
TOLD = [
    (action, text.strip()) for action, lines in BY_WORDS.items() for text in lines.replace("\n", "|").split("|") if text.strip()
]


@pytest.mark.parametrize(("action", "text"), TOLD)
def test_a_later_message_does_what_it_says(action: Action, text: str) -> None:
    assert said(text, a_known()) is action


@pytest.mark.parametrize("changes", [{"has_photo": True}, {"has_location": True}])
def test_a_photo_or_a_place_without_text_adds_to_what_is_open(changes: dict[str, bool]) -> None:
    assert said("", a_known(), **changes) is Action.FOLLOW_UP


def test_a_photo_long_after_closing_is_something_new_and_unsure() -> None:
    verdict = judge(Turn(text="", decision=NOTHING_OF_ITS_OWN, has_photo=True), [a_known(is_closed=True, age=timedelta(days=90))])
    assert (verdict.action, verdict.is_unsure) == (Action.NEW_MELDING, True)


def test_an_edited_message_adds_to_what_it_was_about() -> None:
    assert said("er staat een auto dubbel", a_known(), decision=PARKING, is_edit=True) is Action.FOLLOW_UP


def test_a_question_of_detail_right_away_is_no_question_of_how_it_stands() -> None:
    assert said("Geldt dat ook voor kinderen?", a_known(age=SOON)) is Action.FOLLOW_UP


def test_yes_is_an_answer_only_to_a_question() -> None:
    assert said("ja", a_known(is_answer_awaited=True)) is Action.FOLLOW_UP
    assert said("ja", a_known()) is Action.OTHER


def test_thanks_beforehand_thank_for_nothing_yet() -> None:
    assert said("het gaat om nummer 12, alvast bedankt", a_known(age=SOON)) is Action.FOLLOW_UP


def test_who_asks_for_a_person_is_heard_even_with_one_word() -> None:
    verdict = judge(Turn(text="medewerker", decision=CHATTER), [a_known()])
    assert (verdict.action, verdict.wants_person) == (Action.FOLLOW_UP, True)


def test_coming_back_to_a_closed_melding_says_so() -> None:
    verdict = judge(Turn(text="de container zit toch nog steeds vol", decision=a_decision()), [a_known(is_closed=True)])
    assert (verdict.action, verdict.melding_id) == (Action.FOLLOW_UP, 1)
    assert verdict.reason == "komt terug op een afgesloten melding"


@pytest.mark.parametrize(
    ("action", "text"),
    [
        (Action.STATUS_QUESTION, "komt er vanavond nog iemand of moet ik zelf gaan"),
        (Action.STATUS_QUESTION, "Gaat er iemand heen morgen? Ja of nee"),
        (Action.STATUS_QUESTION, "nobody has called me"),
        (Action.STATUS_QUESTION, "Krijg ik hier nog een fatsoenlijk antwoord op"),
        (Action.STATUS_QUESTION, "Ik zou dinsdag teruggebeld worden."),
        (Action.STATUS_QUESTION, "Wanneer."),
        (Action.STATUS_QUESTION, "üç gün oldu, kimse aramadı"),
        (Action.STATUS_QUESTION, "ніхто не передзвонив"),
        (Action.STATUS_QUESTION, "什么时候修好"),
        (Action.WITHDRAW, "Laat u maar. De buren kwamen het zelf uitleggen."),
        (Action.WITHDRAW, "oh het was een oefening van de brandweer. sorry!"),
        (Action.WITHDRAW, "ze is gewoon thuis"),
        (Action.THANKS, "好的谢谢!"),
        (Action.THANKS, "Dat is alles wat ik vroeg."),
        (Action.FOLLOW_UP, "never mind it's back"),
        (Action.OTHER, "sorry voor het lange verhaal"),
    ],
)
def test_what_is_said_in_other_words(action: Action, text: str) -> None:
    assert said(text, a_known()) is action


def test_somebody_who_stumbled_is_no_end_of_the_matter() -> None:
    assert said("vannacht is er iemand gestruikeld", a_known()) is Action.FOLLOW_UP


def test_words_are_counted_also_where_no_blanks_stand_between_them() -> None:
    assert read_turn("楼下的酒吧每天放音乐到三点").words == 7
    assert read_turn("de lamp is stuk").words == 4


def test_small_talk_of_the_melder_is_no_addition() -> None:
    assert said("Wel een prachtig dier hoor", a_known(age=SOON), decision=CHATTER) is Action.OTHER


# -- another matter?


def test_a_second_matter_that_is_announced_is_a_melding_of_its_own() -> None:
    assert said("iets anders: mijn buurman parkeert op de stoep", a_known(), decision=PARKING) is Action.NEW_MELDING


def test_a_second_matter_after_thanks_needs_no_announcement() -> None:
    text = "Op de Rubenslaan blokkeert een bestelbus al dagen de hele stoep"
    assert said(text, a_known(is_settled=True), decision=PARKING) is Action.NEW_MELDING


def test_thanks_with_a_new_report_is_a_melding_that_may_be_two() -> None:
    text = "Dank! Nog iets anders: op de Neude is een drinkfontein verstopt"
    fountain = a_decision(topic="watertappunt", confidence=0.9)
    verdict = judge(Turn(text=text, decision=fountain), [a_known(lead="publieksdienstverlening", topic="verkiezingen")])
    assert (verdict.action, verdict.may_be_two) == (Action.NEW_MELDING, True)


def test_a_doubtful_other_lead_alone_makes_no_second_melding() -> None:
    doubtful = a_decision(lead="veiligheid", topic="drugsoverlast", confidence=0.45, located=Located())
    assert said("ze staan daar nu met z'n vieren omheen", a_known(age=SOON), decision=doubtful) is Action.FOLLOW_UP


def test_even_a_sure_other_lead_does_not_take_a_correction_away() -> None:
    assert said("sorry, ik bedoel de stoep voor nummer 8", a_known(age=SOON), decision=PARKING) is Action.FOLLOW_UP


def test_words_of_the_melding_keep_a_message_with_it() -> None:
    assert said("achter die container staat nu ook een auto geparkeerd", a_known(age=SOON), decision=PARKING) is Action.FOLLOW_UP


def test_a_text_explains_the_photo_before_it() -> None:
    photo = a_known(lead="wijkbureau", topic="onduidelijk", text="", age=SOON)
    report = "bestelbus blokkeert al dagen de hele stoep voor de bakker"
    assert said(report, photo, decision=PARKING) is Action.FOLLOW_UP


def test_a_report_after_a_remark_is_a_melding() -> None:
    remark = a_known(lead="geen_actie", topic="praatje", text="wat ligt de stad er mooi bij", is_closed=True)
    assert said("een bus blokkeert de stoep", remark, decision=PARKING) is Action.NEW_MELDING


def test_named_danger_is_always_a_melding_of_its_own() -> None:
    danger = a_decision(lead="noodgeval", topic="brand", emergency="brand", confidence=0.99)
    assert said("er komt nu rook uit de container!", a_known(age=SOON), decision=danger) is Action.NEW_MELDING


def test_danger_that_only_the_model_feels_goes_before_a_colleague() -> None:
    felt = a_decision(lead="noodgeval", topic="suicide", emergency="algemeen", confidence=0.95)
    verdict = judge(Turn(text="kan iemand langskomen", decision=felt), [a_known()])
    assert (verdict.action, verdict.is_unsure) == (Action.FOLLOW_UP, True)


def test_two_matters_in_one_message_are_proposed_for_splitting() -> None:
    text = "De lamp is stuk. En iets heel anders: wanneer komt de kliko?"
    assert judge(Turn(text=text, decision=a_decision()), []).may_be_two


# -- which melding?


def test_a_reference_names_the_melding() -> None:
    known = [a_known(), a_known(melding_id=2, topic="bestrating", text="losse tegel", age=timedelta(days=40), is_named=True)]
    assert judge(Turn(text="hoe staat het met WB-2026-00002?", decision=NOTHING_OF_ITS_OWN), known).melding_id == 2


def test_a_word_of_the_melding_points_at_it() -> None:
    known = [a_known(age=timedelta(hours=1)), a_known(melding_id=2, text="mijn parkeerboete klopt niet", age=timedelta(days=3))]
    assert judge(Turn(text="en die boete, weet u al wat?", decision=NOTHING_OF_ITS_OWN), known).melding_id == 1
    assert judge(Turn(text="en die parkeerboete, weet u al wat?", decision=NOTHING_OF_ITS_OWN), known).melding_id == 2


def test_without_a_hint_it_is_the_latest() -> None:
    known = [a_known(age=timedelta(days=3)), a_known(melding_id=2, age=timedelta(hours=1))]
    assert judge(Turn(text="nog nieuws?", decision=NOTHING_OF_ITS_OWN), known).melding_id == 2


def test_in_a_public_thread_the_own_melding_goes_first() -> None:
    known = [a_known(is_own=False, age=timedelta(hours=1)), a_known(melding_id=2, age=timedelta(days=3))]
    assert judge(Turn(text="nog nieuws?", decision=NOTHING_OF_ITS_OWN), known).melding_id == 2


# -- others in a public thread

NEIGHBOURS = {
    Action.FOLLOW_UP: "Hier ook!|Bij ons ook|Ik heb er ook last van|gisteren ben ik er ook over gestruikeld|Klopt helemaal"
    "|En op de hoek ligt nog meer|Mijn kind is er vorige week gevallen|me too, for weeks now|U nas to samo|نفس المشكلة",
    Action.OTHER: "haha|Verhuis dan|typisch Utrecht|Lekker belangrijk 😂|just walk around them lol|mensen zijn varkens",
    Action.STATUS_QUESTION: "Komt hier nog een reactie op van de gemeente?",
}


@pytest.mark.parametrize(
    ("action", "text"), [(action, text) for action, texts in NEIGHBOURS.items() for text in texts.split("|")]
)
def test_neighbours_join_ask_or_only_chat(action: Action, text: str) -> None:
    assert said(text, a_known(is_own=False, age=timedelta(hours=1))) is action


@pytest.mark.parametrize(
    "text",
    [
        "net als mijn ex",
        "bijna weekend 🎉",
        "sterkte daar ❤️",
        "mijn dochter was er niet bij hoor",
        "good luck guys",
        "BINGO!!",
        "@Ans ga jij daar morgen heen?",
    ],
)
def test_a_passer_by_who_has_no_part_in_it_only_remarks(text: str) -> None:
    assert said(text, a_known(is_own=False, age=timedelta(hours=1))) is Action.OTHER


@pytest.mark.parametrize("text", ["@GemeenteUtrecht en bij de school", "@Ans @GemeenteUtrecht hier ook", "@Ans hier ook"])
def test_who_writes_to_the_office_or_joins_under_a_neighbour_adds(text: str) -> None:
    assert said(text, a_known(is_own=False, text="en bij de school", age=timedelta(hours=1))) is Action.FOLLOW_UP


@pytest.mark.parametrize("text", ["Het is goed zo.", "laat maar, het hoeft niet meer", "het is opgelost"])
def test_who_said_goodbye_to_life_is_not_taken_to_have_withdrawn(text: str) -> None:
    goodbye = a_known(lead="noodgeval", topic="suicide", text="ik heb alles opgeruimd en de kat weggebracht", age=SOON)
    verdict = judge(Turn(text=text, decision=NOTHING_OF_ITS_OWN), [goodbye])
    assert (verdict.action, verdict.is_unsure) == (Action.FOLLOW_UP, True)
    assert said(text + " Mijn zus is hier, dank voor het bellen", goodbye) is not Action.WITHDRAW


def test_who_says_yes_and_tells_more_joins() -> None:
    assert said("ja en zonder licht ook nog", a_known(is_own=False, age=timedelta(hours=1))) is Action.FOLLOW_UP


def test_a_doubtful_first_message_is_a_melding_and_what_explains_it_joins_it() -> None:
    doubtful = replace(CHATTER, confidence=0.65)
    assert said("jullie laten me in de kou staan", decision=doubtful) is Action.NEW_MELDING
    doubted = a_known(lead="geen_actie", topic="praatje", text="jullie laten me in de kou staan", age=SOON)
    assert said("er staat al weken een bus op de stoep voor mijn deur", doubted, decision=PARKING) is Action.FOLLOW_UP


def test_a_neighbour_may_begin_about_something_else() -> None:
    text = "En wie haalt die bestelbus eens weg die elke dag de uitrit van de school blokkeert?"
    assert said(text, a_known(is_own=False), decision=PARKING) is Action.NEW_MELDING


# -- always


@given(text=ANY_TEXT, is_own=st.booleans(), is_closed=st.booleans(), days=st.integers(-5, 5000), before=ANY_TEXT)
@settings(max_examples=150, deadline=None)
def test_any_text_gets_a_verdict_about_a_melding_it_was_given(
    text: str, is_own: bool, is_closed: bool, days: int, before: str
) -> None:
    known = [a_known(is_own=is_own, is_closed=is_closed, age=timedelta(days=days), text=before), a_known(melding_id=2)]
    verdict = judge(Turn(text=text, decision=PARKING), known)
    assert verdict.melding_id in ({None} if verdict.action is Action.NEW_MELDING else {1, 2})
    assert verdict.reason
    assert verdict == judge(Turn(text=text, decision=PARKING), known)
    assert judge(Turn(text=text, decision=PARKING), []).melding_id is None


def test_what_was_taken_back_is_not_taken_back_twice() -> None:
    known = [a_known(is_settled=True)]
    verdict = judge(Turn(text="nee ze zijn weer begonnen, laat die laat maar zitten", decision=PARKING), known)
    assert verdict.action is Action.FOLLOW_UP


# -- what only looks like praise, and names of accounts


@pytest.mark.parametrize(
    "text",
    [
        "applausje hoor, derde week op rij vol",
        "bedankt dat de rekken weg zijn, kan ik lekker nergens mijn fiets kwijt",
        "chapeau! al een maand geen licht, supergezellig die duisternis",
        "thanks for nothing",
    ],
)
def test_sarcastic_praise_is_a_complaint(text: str) -> None:
    assert said(text, decision=CHATTER) is Action.NEW_MELDING
    assert said(text, a_known()) is not Action.THANKS


def test_back_in_place_ends_the_matter_of_what_was_gone_and_reopens_that_of_a_nuisance() -> None:
    assert said("ze hangen er weer", a_known(text="twee straatnaambordjes zijn verdwenen")) is Action.WITHDRAW
    assert said("hij staat er weer", a_known(text="een busje staat op de stoep")) is Action.FOLLOW_UP
