"""The desk in Dutch and English: whose language it is, that every word is in the catalogues, that no page holds bare Dutch."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages import Catalog
from babel.messages.checkers import checkers
from babel.messages.pofile import read_po
from jinja2 import Environment, nodes

from bot.web.language import CATALOGUES, SOURCE, speak, wished
from bot.web.retelling import told
from channels.graph_refusals import GraphFailure, judge_read, judge_write
from channels.twitter_refusals import Refusal, judge_send
from routing.errors import ChannelError
from routing.messages import Delivery, Unknown
from storage.database import Database
from tests.e2e.conftest import play_a_morning, router_of_the_morning
from tests.web.desk import DeskAtWork, a_desk, routes

ROOT = Path(__file__).resolve().parent.parent.parent
ENGLISH = CATALOGUES / "en" / "LC_MESSAGES"
WEB = CATALOGUES.parent
# What residents read has texts of its own; webhooks and monitors are for machines.
_NOT_FOR_COLLEAGUES = {"melden", "melden_basis", "melden_bericht", "volg", "web_form", "webhooks", "monitoring"}
_NOT_FOR_COLLEAGUES |= {"assets", "stream"}
TEMPLATES = [path for path in sorted(WEB.glob("templates/*.html")) if path.stem not in _NOT_FOR_COLLEAGUES]
MODULES = [path for path in (*WEB.glob("*.py"), *WEB.glob("views/*.py")) if path.stem not in _NOT_FOR_COLLEAGUES]

# What speaks on the command line, to machines, or of streets.
_OTHERS_WORK = {
    "config",
    "converse",
    "doctor",
    "json_lines",
    "metrics",
    "model_judging",
    "model_plot",
    "parallel_lines",
    "persons",
}
_OTHERS_WORK |= {"clock", "locatieserver", "points"}
OTHER_ROOMS = [
    path
    for room in ("bot", "channels", "storage")
    for path in sorted((ROOT / room).glob("*.py"))
    if path.stem not in _OTHERS_WORK and not path.stem.startswith("cli")
]
# What is written to residents, stands beside what they wrote, or is no sentence.
_NOT_TOLD = {
    "Ook later nieuws per e-mail? Dat kan na een klik op deze link:\n{link}",
    "wij bellen u",
    "dit is geen foto",
    "(haalt een bericht aan dat niet te lezen is)",
    "de inhoud kon niet worden opgeschreven",
    "(opgeruimd na de bewaartermijn)",
    " wordt ",
}


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Only here: the next test of this process speaks Dutch again."""
    speak(language)
    try:
        yield
    finally:
        speak(SOURCE)


@pytest.fixture
def database_url(sqlite_url: str) -> str:
    """Languages stand before every database: one is enough."""
    return sqlite_url


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "nl"),
        ("nl", "nl"),
        ("en-US,en;q=0.9", "en"),
        ("en-GB,en;q=0.9,nl;q=0.8", "en"),
        ("nl-NL,nl;q=0.9,en-US;q=0.8,en;q=0.7", "nl"),
        ("en;q=0.5, nl;q=0.8", "nl"),
        ("fr, de;q=0.9, en;q=0.1", "en"),
        ("en;q=0", "nl"),
        ("fr", "nl"),
        ("*", "nl"),
        ("en;q=veel, \x00,,;", "nl"),
    ],
)
def test_a_browser_gets_the_language_it_likes_best_of_those_the_desk_speaks(header: str, language: str) -> None:
    assert wished(header) == language


async def test_before_the_login_the_desk_speaks_as_the_browser_does(strangers_desk: DeskAtWork) -> None:
    page = await strangers_desk.get("/inloggen", accept_language="en-GB,nl;q=0.5")
    assert '<html lang="en"' in page.text
    assert "Password" in page.text
    assert '<html lang="nl"' in (await strangers_desk.get("/inloggen")).text


async def test_a_page_that_does_not_exist_speaks_as_the_browser_does_too(strangers_desk: DeskAtWork) -> None:
    await strangers_desk.get("/inloggen", accept_language="en")
    assert "Deze pagina bestaat niet." in (await strangers_desk.get("/bestaat-niet")).text
    assert "This page does not exist." in (await strangers_desk.get("/bestaat-niet", accept_language="en")).text


async def test_a_colleague_chooses_a_language_and_keeps_it_in_every_browser(desk: DeskAtWork) -> None:
    await desk.get("/mijn")
    page = await desk.follow(await desk.post("/mijn/taal", taal="en"))
    assert "The desk now speaks English." in page.text
    assert "To judge" in (await desk.get("/", accept_language="nl")).text
    await desk.get("/mijn")
    await desk.post("/mijn/taal", taal="")
    assert "Te beoordelen" in (await desk.get("/", accept_language="nl")).text
    assert "To judge" in (await desk.get("/", accept_language="en")).text


async def test_a_language_that_the_desk_does_not_speak_is_refused(desk: DeskAtWork) -> None:
    await desk.get("/mijn")
    refused = await desk.post("/mijn/taal", taal="fy")
    assert refused.status_code == 400
    assert "Kies een taal uit de lijst." in refused.text


async def test_a_choice_is_of_one_colleague_alone(desk: DeskAtWork) -> None:
    desk.add_colleague("noor", "Noor")
    await desk.get("/mijn")
    await desk.post("/mijn/taal", taal="en")
    await desk.post("/uitloggen")
    await desk.log_in(username="noor")
    assert "Te beoordelen" in (await desk.get("/")).text


def test_every_word_in_the_source_is_in_the_catalogues_and_no_other() -> None:
    checked = subprocess.run(
        [sys.executable, "scripts/translate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, f"Run .venv/bin/python scripts/translate.py.\n{checked.stdout}{checked.stderr}"


@pytest.mark.parametrize("path", sorted(CATALOGUES.rglob("*.po")), ids=lambda path: path.stem)
def test_every_word_has_a_translation_with_the_same_facts(path: Path) -> None:
    catalogue = _read(path)
    assert [message.id for message in catalogue if message.id and (not message.string or message.fuzzy)] == []
    assert [message.id for message in catalogue if message.id and not _agrees(message.id, message.string)] == []
    assert list(catalogue.obsolete) == []
    for message in catalogue:
        for check in checkers:
            check(catalogue, message)


def _read(path: Path) -> Catalog:
    with path.open("rb") as file:
        return read_po(file, locale=path.parent.parent.name, abort_invalid=True)


def _agrees(dutch: str | tuple[str, ...], other: str | tuple[str, ...]) -> bool:
    """Whether both name the same facts and carry the same tags; every plural on its own."""
    pairs = zip((dutch,) if isinstance(dutch, str) else dutch, (other,) if isinstance(other, str) else other, strict=True)
    return all(translation and _parts(source) == _parts(translation) for source, translation in pairs)


def _parts(text: str) -> list[str]:
    return sorted(re.findall(r"%\(\w+\)s|%%|\{\w+\}|</?\w+>", text))


# Words that no English sentence holds. Whoever writes a Dutch sentence in a page cannot do without them for long.
DUTCH = re.compile(
    r"\b(aan|alle|als|beslis|bij|daar|dat|de|deze|dit|een|en|gaat|geen|haar|heeft|het|hier|hoe|ik|kies|kijkt?|komt|krijgt|maar|"
    r"meer|met|mijn|moet|na|naar|niet|nieuws|nog|ook|staat|te|tegen|tot|u|uit|uw|van|vanaf|vanzelf|voor|wacht|waar|waarom|wat|weg|"
    r"welke|wie|wij|wordt|zelf|zich|zijn|zonder|zou)\b",
    re.IGNORECASE,
)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_template_says_a_word_by_itself(path: Path) -> None:
    source = path.read_text(encoding="utf-8")
    source = re.sub(r"\{#.*?#\}|\{% trans.*?endtrans %\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    spoken = re.findall(r'\s(?:aria-label|placeholder|title|alt)="([^"]*)"', source)
    bare = re.sub(r"<[^>]*>|[?\w-]+=\S*", " ", source)
    words = re.findall(r"[^\W\d_]{2,}", " ".join((bare, *spoken)))
    assert set(words) <= {"Wijkbalie", "kB", "selected"}


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.stem)
def test_no_expression_in_a_template_holds_a_word_that_is_not_translated(path: Path) -> None:
    tree = Environment(extensions=["jinja2.ext.i18n"]).parse(path.read_text(encoding="utf-8"))
    told = {const for call in tree.find_all(nodes.Call) if _is_told(call) for const in call.find_all(nodes.Const)}
    consts = [const.value for const in tree.find_all(nodes.Const) if const not in told and isinstance(const.value, str)]
    assert [text for text in consts if re.match(r"[A-Z][a-z]", text) or (" " in text and DUTCH.search(text))] == []


def _is_told(call: nodes.Call) -> bool:
    return isinstance(call.node, nodes.Name) and call.node.name in {"_", "gettext", "ngettext"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_no_sentence_in_a_module_of_the_desk_is_left_untranslated(path: Path) -> None:
    assert _unmarked(path, {"gettext", "ngettext", "msg", "said"}) == []


@pytest.mark.parametrize("path", OTHER_ROOMS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_no_sentence_of_another_room_is_left_untranslated(path: Path) -> None:
    """Wrong settings are told in Dutch, to whoever starts the program."""
    assert set(_unmarked(path, {"said", "ConfigError"})) <= _NOT_TOLD


def _unmarked(path: Path, marks: Collection[str]) -> list[str]:
    """The Dutch sentences in a module outside the calls that mark them."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    known = {id(node) for call in calls if call.func.id in marks for node in ast.walk(call)}
    known |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}  # docstrings
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and id(node) not in known]
    return [text for text in texts if isinstance(text, str) and " " in text and DUTCH.search(text)]


@pytest.mark.parametrize(
    ("sentence", "in_english"),
    [
        ("voorstel bevestigd", "proposal confirmed"),
        ("tweede keus: Vergunningen (30%)", "second choice: Vergunningen (30%)"),
        (
            "WB-2026-00042 is niet open. Kies een melding die nog loopt.",
            "WB-2026-00042 is not open. Choose a melding that is still under way.",
        ),
        ("twijfel over dit bericht: is kort; noemt een andere plaats", "doubt about this message: is short; names another place"),
        ("geweigerd door het kanaal: chat not found", "refused by the channel: chat not found"),
        ("'lamp' -> stadswerken; plaats: Neude (Binnenstad)", "'lamp' -> stadswerken; place: Neude (Binnenstad)"),
        ("2 beloften zijn verlopen zonder nieuws.", "2 promises have passed without news."),
        (
            "bij de controle: deze rechten ontbreken: pages_manage_posts; vraag ze aan bij Meta; X antwoordde met 401: nee",
            "at the check: these permissions are missing: pages_manage_posts; ask Meta for them; X answered with 401: nee",
        ),
        ("Samen met de wijkagent bekeken, tot morgen.", "Samen met de wijkagent bekeken, tot morgen."),
        ("tot hij belt", "tot hij belt"),
        ("met zijn buurman", "met zijn buurman"),
    ],
)
def test_what_other_rooms_said_is_told_again_and_what_a_colleague_wrote_is_not(sentence: str, in_english: str) -> None:
    with speaking("en"):
        assert told(sentence) == in_english
    assert told(sentence) == sentence


@pytest.mark.parametrize(
    ("outcome", "in_english"),
    [
        (
            judge_write(GraphFailure(status=400, code=100, words="invalid parameter")),
            "Facebook answered with 400/100: invalid parameter. Have a colleague post the reply by hand.",
        ),
        (
            judge_write(GraphFailure(status=500)),
            "Facebook answered with 500, without explanation; the message may have been posted",
        ),
        (
            judge_read(GraphFailure(words="onleesbaar antwoord (geen object)")),
            "Facebook gave no usable answer: unreadable answer (no object)",
        ),
        (
            judge_send(Refusal(status=403, words="not allowed"), Delivery.DIRECT),
            "X answered with 403: not allowed. This person cannot be reached by direct message: choose another way.",
        ),
    ],
)
def test_what_a_platform_refused_is_told_in_english_to_its_last_word(outcome: Unknown | ChannelError, in_english: str) -> None:
    dutch = outcome.reason if isinstance(outcome, Unknown) else str(outcome)
    with speaking("en"):
        assert told(dutch) == in_english
        assert told(f"geweigerd door het kanaal: {dutch}") == f"refused by the channel: {in_english}"


class _Texts(HTMLParser):
    """The words of a page that are the desk's own: without what is in another language and what people wrote."""

    _NO_END = frozenset({"input", "meta", "link", "img", "br", "hr", "rect", "line"})
    _SPOKEN = ("aria-label", "placeholder", "title", "alt", "data-uit", "data-nog", "data-te-lang")
    _SPOKEN += ("data-kijkt", "data-nieuws", "data-antwoord", "data-notitie")
    _OTHERS = frozenset({"bdi", "textarea", "blockquote", "q", "code", "kbd", "script", "style", "datalist"})

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []
        self._skipped: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        is_other = values.get("lang", "en") != "en" or tag in self._OTHERS
        is_other = is_other or "ballon" in (values.get("class") or "") or any(self._skipped)
        if not is_other:
            self.texts += [text for name in self._SPOKEN if (text := values.get(name))]
        if tag not in self._NO_END:
            self._skipped.append(is_other)

    def handle_endtag(self, tag: str) -> None:
        if self._skipped:
            self._skipped.pop()

    def handle_data(self, data: str) -> None:
        if data.strip() and not any(self._skipped):
            self.texts.append(" ".join(data.split()))


async def test_no_dutch_is_left_on_any_page_in_english(database: Database) -> None:
    desk = a_desk(database, router_of_the_morning())
    play_a_morning(desk)
    await desk.log_in()
    desk.client.headers["Accept-Language"] = "en"
    left = [f"{path}: {text}" for path in _pages(desk) for text in await _dutch_on(desk, path)]
    assert left == [], "\n".join(left)


def _pages(desk: DeskAtWork) -> list[str]:
    """Every page that is fetched without more than an address, every queue and every melding."""
    plain = [route.path for route in routes(desk.app) if "GET" in (route.methods or ()) and "{" not in route.path]
    skipped = {"/stroom", "/metrics", "/inloggen/organisatie", "/uitloggen/organisatie", "/inloggen/organisatie/terug"}
    queues = [f"/?queue={queue}" for queue in ("loopt", "wacht_op_melder", "afgesloten", "spoed", "gevolgd", "uitgesteld")]
    queues += [
        "/?queue=te_beoordelen&wijk=Binnenstad",
        "/zoeken?q=lamp",
        "/zoeken?q=niets",
        "/beheer/tabellen/onderwerp.straatverlichting",
    ]
    meldingen = [f"/meldingen/{melding.id}" for melding in desk.office.meldingen()]
    return [path for path in plain if path not in skipped and "." not in path] + queues + meldingen + ["/bestaat-niet"]


def _names_of_the_municipality(desk: DeskAtWork) -> re.Pattern[str]:
    """Names stay as the city has them, in every language."""
    municipality, areas = desk.app.state.desk.municipality, desk.app.state.desk.areas
    names = {item.name for item in (*municipality.vakafdelingen.values(), *municipality.onderwerpen.values())}
    names |= {*areas, *(buurt for buurten in areas.values() for buurt in buurten)}
    return re.compile("|".join(re.escape(name) for name in sorted(names, key=len, reverse=True)))


async def _dutch_on(desk: DeskAtWork, path: str) -> Iterator[str]:
    page = await desk.get(path)
    if "html" not in page.headers.get("content-type", ""):
        return iter(())  # a redirect, or figures for machines
    assert '<html lang="en"' in page.text, path
    parser = _Texts()
    parser.feed(page.text)
    names = _names_of_the_municipality(desk)
    texts = [names.sub("", text) for text in dict.fromkeys(parser.texts)]
    own = {message.id for message in _read(ENGLISH / "desk.po") if message.id and message.id != message.string}
    return (text for text in texts if text in own or DUTCH.search(re.sub(r"\{\w+\}", "", text)))
