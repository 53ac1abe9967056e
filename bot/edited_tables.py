"""The topics and texts of the municipality with what the desk changed in them, alive in the running process.

The files stay as they are; a change stands in the database and wins (docs/adr/0007-wijzigen-in-de-balie.md). Whoever holds
`municipality` or `texts` sees a change of this process at once, of another one after `refresh`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import structlog

from bot.texts import VARIABLES, TextBook, compile_text, variables_of
from routing.errors import ConfigError, NotFoundError, WijkbalieError
from routing.melding import News
from routing.sentences import said
from routing.vakafdelingen import Municipality
from storage.database import Database

LONGEST_NORM = 60
_TOPIC_FIELDS = {"naam": 60, "norm": 2}  # with how many characters they may have
# A text may always be this long, and as long as the one in the file: what fits the platforms with its facts filled in.
_TEXT_FIELDS = {"prive": 350, "openbaar": 160}
_TELLS_COMPUTER = re.compile(r"computer|automati", re.IGNORECASE)
_log = structlog.get_logger(__name__)


class UnfitValueError(WijkbalieError):
    """A value that cannot stand in this field. `field` names it."""

    def __init__(self, message: str, field: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field: its value now, the one in the file, and how many characters it may have."""

    name: str
    value: str
    filed: str
    longest: int

    @property
    def is_changed(self) -> bool:
        return self.value != self.filed


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is edited together: `onderwerp.container_vol`, or `bericht.nl.ontvangst` with the facts its texts may name."""

    code: str
    name: str
    fields: tuple[Field, ...]
    facts: tuple[str, ...] = ()


class EditedTables:
    """`municipality` and `texts` are the live ones. One per process."""

    def __init__(self, database: Database, municipality: Municipality, texts: Mapping[str, TextBook]) -> None:
        self._database = database
        self._filed = municipality
        self._filed_texts = texts
        self._topics = dict(municipality.onderwerpen)
        self._news = {code: dict(book.news) for code, book in texts.items()}
        self._edits: Mapping[tuple[str, str], str] = {}
        self.municipality = replace(municipality, onderwerpen=self._topics)
        self.texts: Mapping[str, TextBook] = {code: replace(book, news=self._news[code]) for code, book in texts.items()}

    def refresh(self) -> None:
        """Take over what was changed anywhere. Idempotent. Where a change fits no more, the log tells it and the file counts."""
        with self._database.looking() as work:
            newest = work.edits.newest()
        for subject, field in self._edits.keys() - newest.keys():
            self._put(subject, field, self.filed(subject, field))
        fitting = {}
        for (subject, field), value in newest.items():
            try:
                self.check(subject, field, value)
            except (NotFoundError, UnfitValueError) as error:
                _log.error("a change of the desk fits no more", subject=subject, field=field, reason=str(error))
                continue
            self._put(subject, field, value)
            fitting[(subject, field)] = value
        self._edits = fitting

    def subjects(self) -> Iterator[Subject]:
        """Every one, the topics first."""
        for topic in self._filed.onderwerpen:
            yield self.subject(f"onderwerp.{topic}")
        for language in self._filed_texts:
            for news in News:
                yield self.subject(f"bericht.{language}.{news.value}")

    def subject(self, code: str) -> Subject:
        """Raises NotFoundError."""
        sizes, name, facts = self._known(code)
        fields = []
        for field, size in sizes.items():
            filed = self.filed(code, field)
            value = self._edits.get((code, field), filed)
            fields.append(Field(name=field, value=value, filed=filed, longest=max(size, len(filed))))
        return Subject(code=code, name=name, fields=tuple(fields), facts=facts)

    def filed(self, code: str, field: str) -> str:
        """The value in the file, of a field that is there."""
        kind, _, rest = code.partition(".")
        if kind == "onderwerp":
            topic = self._filed.onderwerpen[rest]
            return topic.name if field == "naam" else str(topic.norm_days)
        language, _, news = rest.partition(".")
        return self._filed_texts[language].sources[(News(news), field)].strip()

    def check(self, code: str, field: str, value: str) -> None:
        """Raises UnfitValueError for a value that may not stand there, NotFoundError for a field that is not there."""
        sizes, _, _ = self._known(code)
        if field not in sizes:
            raise NotFoundError(said("Dit veld bestaat niet. Ga terug naar de lijst en kies daar."))
        filed = self.filed(code, field)
        longest = max(sizes[field], len(filed))
        if not value or len(value) > longest:
            raise UnfitValueError(said("Vul iets in, hoogstens %(longest)s tekens.", longest=longest), field)
        if field == "norm" and not (value.isascii() and value.isdigit() and 1 <= int(value) <= LONGEST_NORM):
            raise UnfitValueError(said("Een norm is een getal van 1 tot en met %(most)s werkdagen.", most=LONGEST_NORM), field)
        if field in _TEXT_FIELDS:
            _check_text(value, filed, field)

    def _known(self, code: str) -> tuple[Mapping[str, int], str, tuple[str, ...]]:
        """The fields of a subject with their sizes, its name and the facts its texts may name. Raises NotFoundError."""
        kind, _, rest = code.partition(".")
        if kind == "onderwerp" and rest in self._topics:
            return _TOPIC_FIELDS, self._topics[rest].name, ()
        language, _, news = rest.partition(".")
        if kind == "bericht" and language in self._filed_texts and news in set(News):
            sources = self._filed_texts[language].sources
            facts = set().union(*(variables_of(sources[(News(news), form)]) for form in _TEXT_FIELDS))
            return _TEXT_FIELDS, news, tuple(sorted(facts))
        raise NotFoundError(said("Dit staat niet in de tabellen. Ga terug naar de lijst en kies daar."))

    def _put(self, code: str, field: str, value: str) -> None:
        kind, _, rest = code.partition(".")
        if kind == "onderwerp":
            topic = self._topics[rest]
            self._topics[rest] = replace(topic, name=value) if field == "naam" else replace(topic, norm_days=int(value))
        else:
            language, _, news = rest.partition(".")
            self._news[language][(News(news), field)] = compile_text(value, code, self._filed_texts[language].address_as)


def _check_text(value: str, filed: str, field: str) -> None:
    """Raises UnfitValueError for a text that says less or more than the one in the file.

    The same facts: none that is personal comes into public, the number by which a reply is found back and the advice in danger
    stay. And whoever reads a computer is told so.
    """
    try:
        compile_text(value, "tekst", "u").render(dict.fromkeys(VARIABLES, "x"))
        named, wanted = variables_of(value), variables_of(filed)
    except ConfigError as error:
        raise UnfitValueError(said("Kijk naar de accolades: schrijf een feit als {{ kenmerk }}."), field) from error
    except Exception as error:
        raise UnfitValueError(
            said("Deze tekst kan niet worden ingevuld. Gebruik alleen feiten, geen berekeningen."), field
        ) from error
    if wanted - named:
        raise UnfitValueError(
            said("Deze feiten ontbreken: %(facts)s. De melder moet ze lezen.", facts=", ".join(sorted(wanted - named))), field
        )
    if named - wanted:
        raise UnfitValueError(
            said("Deze feiten horen niet in deze tekst: %(facts)s.", facts=", ".join(sorted(named - wanted))), field
        )
    if _TELLS_COMPUTER.search(filed) and not _TELLS_COMPUTER.search(value):
        raise UnfitValueError(said("Zeg ook dat een computer dit schrijft."), field)
