"""Danger to life now, against what only sounds like it; and what asks for haste."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.rule_book import load_rules
from routing.urgency import find_emergency, urgency_cues

ANY_TEXT = st.text(st.characters(exclude_categories=()), max_size=300)
KINDS = {
    *("brand", "te_water", "bewusteloos_medisch", "geweld_nu", "instorting", "gaslucht", "suicide", "kind_vermist"),
    *("geen_levensteken", "aanrijding_gewond"),
}
DANGER = {
    "brand": (
        *("brand!!!", "er is brand in de kelder van ons flatgebouw", "het dak van de school staat in de fik"),
        *(
            "rook komt uit het raam van de bovenburen",
            "ik zie vlammen bij de fietsenstalling",
            "woonboot brandt, er is nog iemand binnen",
        ),
        *("er hangt dikke rook in het trappenhuis", "There is a fire in the apartment above me", "mutfakta yangın var"),
        *("pożar w piwnicy, dużo dymu", "incendie dans l'immeuble", "hay fuego en el edificio", "in meiner Küche brennt es"),
        *("пожежа в будинку, багато диму", "حريق في الطابق الثاني", "着火了，快来人", "accu ontploft, de hele gang vol rook"),
    ),
    "te_water": (
        *(
            "er ligt iemand in de gracht",
            "een man is in de Oudegracht gevallen en komt er niet uit",
            "hij is door het ijs gezakt",
        ),
        *(
            "auto te water bij de Jutfaseweg",
            "someone fell in the canal near the Dom",
            "biri kanala düştü",
            "ktoś wpadł do kanału",
        ),
        *("quelqu'un est tombé dans le canal", "jemand ist in die Gracht gefallen", "хтось впав у канал", "شخص سقط في القناة"),
        *("student dronken in de singel gesprongen, hij komt niet meer boven", "baby in kinderwagen het water in gerold"),
    ),
    "bewusteloos_medisch": (
        *("man ligt bewusteloos op straat", "ze ademt niet meer", "mijn vader heeft een hartaanval", "mijn baby stikt"),
        *("mevrouw is flauwgevallen en komt niet meer bij, ze reageert niet", "hij heeft een overdosis genomen"),
        *(
            "she's not breathing",
            "annem nefes almıyor",
            "moja mama nie oddycha",
            "ma mère ne respire plus",
            "mi padre no respira",
        ),
        *(
            "mein Mann ist bewusstlos",
            "моя мама не дихає",
            "أبي لا يتنفس",
            "我爸爸没有呼吸了",
            "pijn op mijn borst en mijn arm tintelt",
        ),
        *("jongen ligt te schokken met schuim op zijn mond", "mijn vrouw is zwanger en verliest heel veel bloed"),
    ),
    "geweld_nu": (
        *(
            "er loopt een man met een mes op het plein",
            "hij slaat zijn vrouw, ik hoor haar gillen",
            "er wordt geschoten in de straat",
        ),
        *("er breekt nu iemand in bij de buren", "help hij wil me vermoorden", "there's a guy with a knife outside"),
        *("someone is breaking into my house right now", "kocam beni dövüyor", "mój mąż mnie bije", "mon mari me frappe"),
        *("mi marido me está pegando", "mein Mann schlägt mich", "чоловік мене б'є", "زوجي يضربني"),
        *("gewapende overval bij de supermarkt nu", "een man heeft een vrouw in een busje getrokken"),
    ),
    "instorting": (
        *(
            "de gevel is ingestort, er liggen mensen onder",
            "het balkon is naar beneden gekomen",
            "hijskraan omgevallen op een huis",
        ),
        *("building collapsed at the quay", "duvar çöktü altında insanlar var", "le plafond s'est effondré sur mon fils"),
    ),
    "gaslucht": (
        *("het ruikt naar gas in het portiek", "onze koolmonoxidemelder gaat af", "I smell gas in the hallway", "gaz kokusu var"),
        *(
            "czuć gaz na klatce schodowej",
            "ça sent le gaz dans l'escalier",
            "huele a gas en mi casa",
            "es riecht nach Gas im Keller",
        ),
        *("у під'їзді пахне газом", "رائحة غاز قوية في البناية", "有煤气味", "graafmachine heeft gasleiding geraakt, het sist"),
    ),
    "suicide": (
        *(
            "ik wil dood",
            "ik maak er een einde aan",
            "mijn broer zegt dat hij zelfmoord gaat plegen",
            "ik spring straks voor de trein",
        ),
        *(
            "er staat een jongen op de rand van het dak",
            "I want to kill myself",
            "kendimi öldüreceğim",
            "nie chcę już żyć",
            "je veux mourir",
        ),
        *("no quiero vivir más", "ich will nicht mehr leben", "я не хочу жити", "أريد أن أموت", "我不想活了"),
        *("niemand zal me missen als ik er niet meer ben", "heb pillen klaarliggen, het hoeft van mij niet meer"),
    ),
    "kind_vermist": (
        *(
            "mijn dochter van 5 is kwijt op de markt",
            "ons zoontje is al een uur vermist",
            "my 4 year old is missing",
            "oğlum kayboldu",
        ),
        *(
            "mijn demente vader is weggelopen uit het verzorgingshuis",
            "mój syn zaginął",
            "mon fils a disparu",
            "моя дитина зникла",
        ),
        *("er staat een kleuter te huilen zonder ouders bij de ingang", "ابني ضاع في السوق"),
    ),
    "geen_levensteken": (
        *(
            "mijn buurman van 85 heb ik al een week niet gezien en zijn post stapelt zich op",
            "er komt een lijkenlucht uit de woning hiernaast",
        ),
        *("buurvrouw doet niet open, gordijnen al dagen dicht", "yaşlı komşumuz üç gündür kapıyı açmıyor"),
        *("my elderly neighbour hasn't been seen for days and mail is piling up", "sąsiadka od kilku dni nie otwiera"),
    ),
    "aanrijding_gewond": (
        *("fietser aangereden door vrachtwagen, ligt op straat en beweegt niet", "ernstig ongeluk, twee gewonden"),
        *("kind aangereden op het zebrapad, bloedt hevig", "cyclist hit by a car and bleeding", "kaza oldu, yaralı var"),
        *(
            "wypadek, jest ranny",
            "accident, il y a un blessé",
            "Unfall mit Verletzten",
            "аварія, є поранені",
            "vrouw onder de tram gekomen",
        ),
    ),
}
NO_DANGER = (
    *(
        "ik ga dood van de stank bij de container",
        "zij schreeuwt moord en brand om een boete",
        "het terras ontploft hier elke zaterdag",
    ),
    *("vorige week was er brand in de flat, wie ruimt het roet op?", "hebben jullie een brandoefening op het stadskantoor?"),
    *("mag ik een vuurkorf in mijn tuin", "de bbq van de buren geeft veel rook", "er ligt een fiets in de gracht"),
    *(
        "mijn telefoon is in het water gevallen",
        "lantaarnpaal brandt niet",
        "die Lampe brennt den ganzen Tag",
        "lampa pali się cały dzień",
    ),
    *("de brandweer kan er niet door door foutparkeerders", "cursus reanimatie, is daar subsidie voor?"),
    *("filmopnames met nepwapens in de straat", "mijn oma is vorige maand overleden, hoe geef ik dat door"),
    *("ik schrok me dood van die scooter", "de winkelstraat sterft uit", "mijn kat is vermist", "ik ben mijn sleutels kwijt"),
    *("mijn zoon is zijn fiets kwijt", "aangifte doen van een aanrijding gisteren", "hond valt andere honden aan"),
    *(
        "bedreigd door de buurman vorige week",
        "mijn gasrekening is te hoog",
        "ik verdrink in de formulieren",
        "lachgasflessen in de bosjes",
    ),
    *(
        "gevaarlijke kruising, straks vallen er doden",
        "wachten jullie tot er iemand verdrinkt?",
        "ruikt naar rotte eieren bij de put",
    ),
    *(
        "de gemeente reageert niet op mijn mails",
        "vechtpartij elke zaterdagnacht in de straat",
        "kinderen zwemmen in de singel, mag dat?",
    ),
    *("wat doet de gemeente tegen zelfmoord op het spoor?", "my landlord is killing me with this rent", "gürültüden ölüyoruz"),
    *("wie vervangt de batterij van mijn koolmonoxidemelder?", "moeder gevallen op de Maliesingel over een losse tegel"),
    *("help!! mijn afvalpas werkt niet", "noodgeval: paspoort verlopen", "dit is mijn laatste melding, ik stop ermee"),
    *("ik stap eruit bij de wijkraad", "buurman van 90 is eenzaam, kan er iemand langskomen?", "bomen gaan dood door de droogte"),
)


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in DANGER.items() for text in texts])
def test_danger_to_life_is_found_with_its_kind(kind: str, text: str) -> None:
    found = find_emergency(text)
    assert found is not None
    assert found.kind == kind


@pytest.mark.parametrize("text", NO_DANGER)
def test_a_figure_of_speech_the_past_a_drill_or_a_small_thing_is_no_danger(text: str) -> None:
    assert find_emergency(text) is None


@pytest.mark.parametrize(
    "text", ["er ligt iemant bewustloos", "hij krijgt geen lugt meer", "de gefel is ingestord", "hij steekt zn huis in de fik"]
)
def test_danger_is_found_in_misspelt_words(text: str) -> None:
    assert find_emergency(text) is not None


def test_the_words_that_tell_of_danger_are_given_as_they_stand() -> None:
    found = find_emergency("Help, de KEUKEN staat IN BRAND")
    assert found is not None
    assert "IN BRAND" in found.words


@pytest.mark.parametrize(
    "text",
    [
        *("putdeksel weg midden op de stoep", "er hangt een tak los boven het terras", "leuning van de brug zit los"),
        *(
            "stoplichten zijn uit bij de kruising",
            "liggen spuiten in de zandbak",
            "spiegelglad door de ijzel",
            "hakenkruis op de muur",
        ),
        *(
            "buurman heeft mij bedreigd",
            "draden bloot uit de lantaarnpaal",
            "vlucht is overmorgen en mijn paspoort is niet klaar",
        ),
    ],
)
def test_what_the_guide_calls_urgent_gives_a_high_cue(text: str) -> None:
    assert urgency_cues(text).high


@pytest.mark.parametrize(
    "text", ["Het zou leuk zijn als hier bloembakken stonden", "Complimenten, goed gedaan!", "Geen haast hoor"]
)
def test_a_wish_or_a_compliment_gives_a_low_cue_only(text: str) -> None:
    cues = urgency_cues(text)
    assert cues.low
    assert not cues.high


@pytest.mark.parametrize(
    "text", ["Boom omgewaaid, gelukkig niemand geraakt", "a tree fell, nobody was hurt", "Ağaç düştü ama yaralanan yok"]
)
def test_that_nobody_was_hurt_is_heard(text: str) -> None:
    assert urgency_cues(text).unhurt


@pytest.mark.parametrize("text", ["niemand doet open en zij is gewond", "er ligt een gewonde", "no one opens the door"])
def test_no_answer_and_wounds_are_no_reassurance(text: str) -> None:
    assert urgency_cues(text).unhurt == ()


@pytest.mark.parametrize("text", ["Stoeptegel ligt los", "Hoe staat het met mijn aanvraag?", "De fontein spuit weer", ""])
def test_an_ordinary_message_gives_no_high_cue(text: str) -> None:
    assert urgency_cues(text).high == ()


@pytest.mark.parametrize("file", ["noodgeval.toml", "haast.toml"])
def test_every_rule_asks_for_signs_that_exist(file: str) -> None:
    book = load_rules(file)
    known = {
        phrase.sign for index in (book.words, book.prefixes, book.suffixes) for phrases in index.values() for phrase in phrases
    }
    known |= {sign for sign, _ in book.pieces} | {"short"}
    rules = [rule for rules in book.rules.values() for rule in rules]
    assert {sign for rule in rules for sign in (*rule.signs, *rule.unless, *rule.not_beside, *rule.immune)} <= known


def test_every_kind_of_danger_has_rules() -> None:
    book = load_rules("noodgeval.toml")
    assert {rule.kind for rules in book.rules.values() for rule in rules} == KINDS


@given(ANY_TEXT)
@settings(deadline=None)
def test_any_text_has_the_same_answer_twice(text: str) -> None:
    found = find_emergency(text)
    assert found == find_emergency(text)
    assert urgency_cues(text) == urgency_cues(text)
    assert found is None or (found.kind in KINDS and all(word in text for word in found.words))


@pytest.mark.parametrize("word", ["er is brand in huis man ", "reageert niet op ", "النار في ", "着火", "\ud800"])
def test_a_text_of_a_hundred_thousand_characters_is_read(word: str) -> None:
    text = word * (100_000 // len(word))
    find_emergency(text)
    urgency_cues(text)
