"""From an event to the replies it causes: which melders are told what, by which way, in which words.

Writes reply rows in the caller's transaction and sends nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from bot.contact import Contact
from bot.texts import TextBook, in_form
from routing.melding import News, Status
from routing.messages import Delivery, Option
from routing.questions import BUTTONS, Question
from routing.reachability import RULES, Reach, Way, Wish, is_wanted, plan
from routing.sentences import said
from routing.vakafdelingen import Municipality
from storage.database import UnitOfWork
from storage.follow import new_token
from storage.meldingen import Melder, Melding, Recorded
from storage.outbox import NewReply, ReplyState

FOR_OTHER_LANGUAGES = ("nl", "en")
# These texts say themselves that a computer writes them, or are no time for it.
_SAYS_WHO_SPEAKS = frozenset({News.ONTVANGST, News.DANK, News.NOODGEVAL, News.MEDEMELDER})


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """One piece of news about an event. `only_person` limits it to one person id (a receipt, an answer to a question).

    `answers` is the person whose message it answers at once, `decided_by` the colleague who decided what it tells; both matter to
    the guards. `signed` is that colleague's name; without one a computer speaks. The other fields fill the text: a question (in
    words, or by the name of a prepared one), an explanation by a colleague, the danger, the notice by name, the wish.
    """

    news: News
    only_person: int | None = None
    answers: int | None = None
    decided_by: str | None = None
    question: str = ""
    question_word: str | None = None
    explanation: str = ""
    danger: str | None = None
    notice: str | None = None
    signed: str = ""
    wish: str = ""
    is_lead_known: bool = True


@dataclass(frozen=True, slots=True)
class Replies:
    """Knows the texts, the municipality and the office's name; makes reply rows.

    `follow_address` is where residents reach our pages (https://...); empty offers no page. A link opens it for `follow_for`.
    `sends_mail` tells that an e-mail address can be proven, and written to.
    """

    texts: Mapping[str, TextBook]
    municipality: Municipality
    office: str
    contact: Contact = field(default_factory=Contact)
    follow_address: str = ""
    sends_mail: bool = False
    follow_for: timedelta = timedelta(days=180)

    def tell(self, work: UnitOfWork, recorded: Recorded, telling: Telling, now: datetime) -> int:
        """Queue the news for every melder it concerns. Returns how many replies were added. Idempotent per event and melder."""
        melding = recorded.melding
        number = work.outbox.count_of(melding.id)
        added = 0
        for melder in work.meldingen.melders_of(melding.id):
            if telling.only_person is not None and melder.person_id != telling.only_person:
                continue
            if telling.answers is not None and melder.speaks_for_id == telling.answers:
                continue  # they are answered where they wrote
            token = f"{melding.kenmerk}/{number + added + 1}"
            way = self.way_for(work, melder, now)
            is_first = _is_private(way) and telling.news is not News.NOODGEVAL and not work.outbox.has_told(melder.person_id)
            link = new_token() if self._offers_page(telling, way) else ""
            text = self.preview(melding, melder, telling, way, token)
            text = self.with_what_is_told_once(text, melder, is_first=is_first, link=link)
            new = _new_reply(recorded, melder, telling, way, (token, text))
            is_added = work.outbox.add(replace(new, options=self._options(melder, telling, way)), now)
            if is_added and link and link in text:
                work.follow.add(melder.id, link, now, until=now + self.follow_for)
            added += is_added
        return added

    def preview(self, melding: Melding, melder: Melder, telling: Telling, way: Way, token: str) -> str:
        """Exactly the text that would be sent."""
        form = "openbaar" if way.delivery is Delivery.PUBLIC_REPLY else "prive"
        books = self._books(melder)
        if form == "openbaar" or RULES[melder.channel].room is not None:
            books = books[-1:]  # there is room for one language
        values = ((book, self.facts(book, melding, token) | self._ways_to_us(book, melder)) for book in books)
        parts = [self._render(book, known, telling, form, melding) for book, known in values]
        return "\n\n".join(parts)

    def with_what_is_told_once(self, text: str, melder: Melder, *, is_first: bool, link: str) -> str:
        """The text with what a first message tells, and the page to follow, below it, as far as the platform has room."""
        if is_first:
            text = _with_lines(text, self._introduction(melder), melder)
            text = _with_lines(text, self._mail_offer(melder), melder)
        return _with_lines(text, self._follow_lines(melder, link), melder) if link else text

    def _offers_page(self, telling: Telling, way: Way) -> bool:
        """The first private receipt offers the page: a way that no platform closes. In public there is never a link."""
        return bool(self.follow_address) and _is_private(way) and telling.news in {News.ONTVANGST, News.MEDEMELDER}

    def _follow_lines(self, melder: Melder, link: str) -> list[str]:
        address = f"{self.follow_address.rstrip('/')}/volg/{link}"
        return [book.word("volgen", {"volgadres": address}) for book in self._books(melder)]

    def _introduction(self, melder: Melder) -> list[str]:
        """What everybody is told once: where it stands what we do with their data, and how to get fewer messages."""
        return [book.word("kennismaking", self._ways_to_us(book, melder)) for book in self._books(melder)]

    def _ways_to_us(self, book: TextBook, melder: Melder) -> dict[str, str]:
        """How this melder reaches us: in the conversation, or otherwise when nobody reads what they would write there."""
        kind = "mail" if RULES[melder.channel].is_mail else "gesprek"
        values = self.contact.as_values() | {"gesprek": "" if kind == "mail" else "ja"}
        return values | {name: book.word(f"{name}_{kind}", values) for name in ("mens", "antwoord")}

    def _mail_offer(self, melder: Melder) -> list[str]:
        """Where a platform soon lets no machine write any more, e-mail is offered."""
        is_offered = self.sends_mail and RULES[melder.channel].private_window is not None
        return [book.word("mail_aanbod", {}) for book in self._books(melder)] if is_offered else []

    def _books(self, melder: Melder) -> list[TextBook]:
        languages = (melder.language,) if melder.language in self.texts else FOR_OTHER_LANGUAGES
        return [self.texts[language] for language in languages]

    def _options(self, melder: Melder, telling: Telling, way: Way) -> tuple[Option, ...]:
        """The buttons of the question that is asked, in the melder's language."""
        if telling.question_word is None or not _is_private(way):
            return ()
        book = self._books(melder)[0]
        buttons = BUTTONS.get(Question(telling.question_word), ())
        return tuple(Option(kind=kind, label=book.word(f"knop_{name}", {})) for kind, name in buttons)

    def way_for(self, work: UnitOfWork, melder: Melder, now: datetime) -> Way:
        answered = work.outbox.was_answered_in_public(melder.id)
        return plan(
            Reach(
                channel=melder.channel,
                visibility=melder.visibility,
                last_wrote_private_at=melder.last_wrote_private_at,
                was_answered_in_public=answered,
            ),
            now,
        )

    def _render(self, book: TextBook, known: Mapping[str, str], telling: Telling, form: str, melding: Melding) -> str:
        values = dict(known)
        values |= {
            "vraag": telling.question or (book.word(f"vraag_{telling.question_word}", values) if telling.question_word else ""),
            "toelichting": telling.explanation,
            "gevaar": book.word(f"gevaar_{telling.danger}", values, otherwise="gevaar_algemeen"),
            "let_op": book.word(f"let_op_{telling.notice}{'_openbaar' if form == 'openbaar' else ''}", values),
            "stand": book.word(f"stand_{melding.status.value}", values),
            "reden_tekst": book.word(f"reden_{melding.not_solved_reason}", values) if melding.not_solved_reason else "",
            "medewerker": telling.signed,
            "wens": book.word(f"wens_{telling.wish}", values) if telling.wish else "",
            "wie_kijkt": book.word("kijkt_afdeling" if telling.is_lead_known else "kijkt_kantoor", values),
        }
        text = book.render(telling.news, form, values)
        if form == "openbaar" or telling.news in _SAYS_WHO_SPEAKS:
            return text
        return f"{text}\n{book.word('groet_medewerker' if telling.signed else 'groet_computer', values)}"

    def facts(self, book: TextBook, melding: Melding, token: str) -> dict[str, str]:
        """What is true of a melding now, in the words of one language."""
        partner = self.municipality.partners.get(melding.partner or "overig")
        is_english = book.language == "en"
        return {
            "kenmerk": token,
            **self.contact.as_values(),
            "kantoor": self.office,
            "afdeling": self.municipality.name_of(melding.lead) if melding.status is not Status.DOORVERWEZEN else self.office,
            "aanpak": self._approach(book, melding),
            "belofte": book.day(melding.promised_at) if melding.promised_at else "",
            "afspraak": book.day_and_time(melding.appointment_at) if melding.appointment_at else "",
            "afspraak_plaats": melding.appointment_place or "",
            "wanneer": book.day(melding.planned_for) if melding.planned_for else "",
            "partner": "" if partner is None else (partner.name_en if is_english else partner.name),
            "partner_contact": "" if partner is None else (partner.contact_en if is_english else partner.contact),
        }

    def _approach(self, book: TextBook, melding: Melding) -> str:
        """What is usually done about the onderwerp; nothing where the vakafdeling is not the one it belongs to."""
        topic = self.municipality.onderwerpen.get(melding.topic)
        if topic is None or topic.lead != melding.lead:
            return ""
        return in_form(topic.told_en if book.language == "en" else topic.told, book.address_as)


def _is_private(way: Way) -> bool:
    return way.delivery is not Delivery.PUBLIC_REPLY


def _with_lines(text: str, lines: list[str], melder: Melder) -> str:
    """The text with further lines below it, where the platform has room for them."""
    longer, room = "\n".join((text, *lines)), RULES[melder.channel].room
    return longer if room is None or len(longer) <= room else text


def _new_reply(recorded: Recorded, melder: Melder, telling: Telling, way: Way, words: tuple[str, str]) -> NewReply:
    token, text = words
    is_answer = telling.answers == melder.person_id
    is_told_here = telling.decided_by is not None and melder.wish is not Wish.ELDERS
    is_wanted_news = is_told_here or is_wanted(telling.news, melder.wish, is_answer=is_answer)
    state = ReplyState.READY if way.by_machine else ReplyState.BY_HAND
    return NewReply(
        melding_id=recorded.melding.id,
        melder_id=melder.id,
        event_id=recorded.event_id,
        channel=melder.channel,
        thread=melder.thread,
        reply_to=melder.reply_to,
        recipient=melder.recipient,
        delivery=way.delivery,
        news=telling.news.value,
        text=text,
        token=token,
        state=state if is_wanted_news else ReplyState.DROPPED,
        problem=(way.reason or None) if is_wanted_news else said("de melder wil dit nieuws niet krijgen"),
        decided_by=telling.decided_by,
        is_answer=is_answer,
    )
