"""The texts a resident reads: loaded from files, checked at load, filled in with facts. Decides nothing.

A resident's own words are only ever a value in a template, never a template.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from types import MappingProxyType

from babel import Locale
from babel.dates import format_datetime
from jinja2 import StrictUndefined, Template, TemplateSyntaxError, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from routing.decision import OUTSIDE, Formal
from routing.errors import ConfigError
from routing.melding import TOLD_TO_RESIDENTS, News, NotSolved, Status
from routing.office_hours import AMSTERDAM
from routing.questions import BUTTONS, Question
from routing.reachability import Wish

LANGUAGES = ("nl", "en")
FORMS_OF_ADDRESS = ("u", "je")
VARIABLES = frozenset(
    {
        "kenmerk",
        "aanpak",
        "afdeling",
        "kantoor",
        "belofte",
        "vraag",
        "reden_tekst",
        "partner",
        "partner_contact",
        "toelichting",
        "wanneer",
        "gevaar",
        "stand",
        "wie_kijkt",
        "let_op",
        "medewerker",
        "privacy",
        "wens",
        "volgadres",
        "afspraak",
        "afspraak_plaats",
        "gesprek",
        "mens",
        "antwoord",
        "telefoon",
        "pagina_melding",
        "pagina_bezwaar",
        "pagina_klacht",
        "pagina_woo",
        "pagina_handhaving",
        "pagina_schade",
    }
)
_FORMS = ("prive", "openbaar")
_NEEDED_WORDS = frozenset(
    {"kijkt_afdeling", "kijkt_kantoor", "gevaar_algemeen", "groet_medewerker", "groet_computer", "kennismaking"}
    | {"mens_gesprek", "mens_mail", "antwoord_gesprek", "antwoord_mail", "mail_aanbod", "wens_adres", "wens_bevestig"}
    | {f"vraag_{question.value}" for question in Question}
    | {f"knop_{name}" for buttons in BUTTONS.values() for _, name in buttons}
    | {f"wens_{wish.value}" for wish in Wish}
    | {"volgen", "volg_titel", "volg_nummer", "volg_stand", "volg_belofte", "volg_gebeurd", "volg_vraag", "volg_alleen_u"}
    | {"volg_verlopen", "volg_verlopen_uitleg", "volg_agenda"}
    | {f"gebeurd_{event.value}" for event in TOLD_TO_RESIDENTS}
    | {f"stand_{status.value}" for status in Status}
    | {f"reden_{reason.value}" for reason in NotSolved}
    | {f"let_op_{formal.value}" for formal in Formal}
    | {f"let_op_{OUTSIDE}", f"let_op_{OUTSIDE}_openbaar"}
)
# Plain text for chat: escaping HTML would show "&amp;" to a resident.
_ENVIRONMENT = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


@dataclass(frozen=True, slots=True)
class TextBook:
    """Every text in one language, with one form of address. `news[(news, form)]` and `words[name]` are templates.

    `sources` are those of news as written, with both forms of address.
    """

    language: str
    address_as: str
    news: Mapping[tuple[News, str], Template]
    words: Mapping[str, Template]
    sources: Mapping[tuple[News, str], str] = field(repr=False)

    def render(self, news: News, form: str, values: Mapping[str, str]) -> str:
        """The text for `news` in the form `prive` or `openbaar`. Raises jinja2.UndefinedError when a value is missing."""
        return self.news[(news, form)].render(values).strip()

    def word(self, name: str, values: Mapping[str, str], *, otherwise: str = "") -> str:
        """A named piece of text; `otherwise` names the piece to use when this one does not exist."""
        template = self.words.get(name) or self.words.get(otherwise)
        return template.render(values) if template else ""

    def day_and_time(self, moment: datetime) -> str:
        """A date with the time of day, in the office's own zone."""
        return f"{self.day(moment)}, {moment.astimezone(AMSTERDAM):%H:%M}"

    def day(self, moment: datetime) -> str:
        """A date as people say it, in the office's own zone."""
        return str(format_datetime(moment.astimezone(AMSTERDAM), "EEEE d MMMM", locale=_locale(self.language)))


@cache
def _locale(language: str) -> Locale:
    return Locale.parse(language)


_BOTH_FORMS = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\]")


def in_form(source: str, address_as: str) -> str:
    """A text of which each `[u|je]` is the one or the other, as `address_as` says. Pure."""
    return _BOTH_FORMS.sub(lambda found: found[1 + FORMS_OF_ADDRESS.index(address_as)], source)


def load_texts(folder: Path | None = None, *, address_as: str = "u") -> Mapping[str, TextBook]:
    """Every language's texts; a folder that is None means the shipped ones. Raises ConfigError naming file and text."""
    source: Traversable | Path = folder or files("bot") / "teksten"
    return MappingProxyType({language: _load(source / f"{language}.toml", language, address_as) for language in LANGUAGES})


def _load(path: Traversable | Path, language: str, address_as: str) -> TextBook:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"teksten: {path} kan niet worden gelezen ({error}); herstel het bestand") from error
    sources = {}
    for item in News:
        for form in _FORMS:
            source = tables.get(item.value, {}).get(form)
            if source is None:
                raise ConfigError(f"teksten: in {path} ontbreekt [{item.value}] {form}; voeg die tekst toe")
            sources[(item, form)] = source
    news = {
        (item, form): compile_text(source, f"{path} [{item.value}] {form}", address_as)
        for (item, form), source in sources.items()
    }
    words = tables.get("woorden", {})
    missing = _NEEDED_WORDS - set(words)
    if missing:
        raise ConfigError(f"teksten: in {path} ontbreken onder [woorden]: {', '.join(sorted(missing))}")
    compiled = {name: compile_text(source, f"{path} [woorden] {name}", address_as) for name, source in words.items()}
    return TextBook(
        language=language,
        address_as=address_as,
        news=MappingProxyType(news),
        words=MappingProxyType(compiled),
        sources=sources,
    )


def variables_of(source: str) -> frozenset[str]:
    """The facts that a text names. Raises ConfigError when it is no valid text."""
    try:
        return frozenset(meta.find_undeclared_variables(_ENVIRONMENT.parse(source)))
    except TemplateSyntaxError as error:
        raise ConfigError(f"teksten: dit is geen geldige tekst: {error}") from error


def compile_text(source: str, where: str, address_as: str) -> Template:
    """A text ready to be filled in, in one form of address. Raises ConfigError that names `where` it stands."""
    source = in_form(source, address_as)
    try:
        unknown = meta.find_undeclared_variables(_ENVIRONMENT.parse(source)) - VARIABLES
    except TemplateSyntaxError as error:
        raise ConfigError(f"teksten: {where} is geen geldige tekst: {error}") from error
    if unknown:
        raise ConfigError(f"teksten: {where} gebruikt onbekende namen: {', '.join(sorted(unknown))}")
    return _ENVIRONMENT.from_string(source)
