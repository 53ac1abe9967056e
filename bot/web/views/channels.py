"""The channels: how each of them works, which a colleague may change, and the municipal colleagues who report for residents."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from bot.channel_switch import ChannelSwitch
from bot.introductions import Introductions
from bot.roles import Right
from bot.web import words
from bot.web.forms import FormError
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext
from bot.web.pages import Message, Pages, go_on
from routing.channel_modes import ChannelMode

router = APIRouter()
PATH = "/kanalen"
SHOWN = 10
LONGEST_NAME = 60
_AS_CONFIGURED = "instellingen"


@router.get(PATH, dependencies=[needs(Right.LOOK)])
def show_channels(visit: Admitted) -> Response:
    return _page(visit)


def _page(visit: Visit, message: Message | None = None) -> Response:
    """A code is told on it at once: on the way over a redirect it would lie in a cookie."""
    pages: Pages = visit.request.app.state.pages
    with visit.desk.database.looking() as work:
        states = [state for state in work.channels.all() if state.is_enabled]
        values: dict[str, Any] = {
            "states": states,
            "changes": {state.channel: work.channels.changes_of(state.channel)[:SHOWN] for state in states},
            "colleagues": work.colleagues.all(),
        }
    values |= {"modes": words.CHANNEL_MODES, "as_configured": _AS_CONFIGURED, "longest_name": LONGEST_NAME, "place": "kanalen"}
    return pages.show(visit, "kanalen.html", values, message=message)


@router.post(f"{PATH}/stand", dependencies=[needs(Right.SEND)])
def choose_mode(visit: Admitted) -> Response:
    """Change how one channel works, for all processes, without a restart."""
    chosen = visit.form.choice("stand", {*ChannelMode, _AS_CONFIGURED}, gettext("Kies hoe het kanaal moet werken."))
    why = visit.form.text("reden")
    if not why:
        raise FormError(gettext("Schrijf op waarom u dit kanaal omzet."), name="reden")
    channel = visit.form.text("kanaal")
    mode = None if chosen == _AS_CONFIGURED else ChannelMode(chosen)
    ChannelSwitch(database=visit.desk.database, now=visit.desk.now).choose(channel, mode, actor=visit.account.username, why=why)
    with visit.desk.database.looking() as work:
        state = gettext(words.CHANNEL_MODES[work.channels.get(channel).mode])
    text = gettext("%(kanaal)s staat nu op: %(stand)s.", kanaal=words.channel(channel), stand=state)
    return go_on(visit, PATH, Message(tone="ok", text=text))


@router.post(f"{PATH}/collegas", dependencies=[needs(Right.ADMINISTER)])
def invite(visit: Admitted) -> Response:
    """A code by which a colleague makes themselves known to the bot; it is shown once."""
    name = visit.form.text("naam", LONGEST_NAME)
    if not name:
        raise FormError(gettext("Schrijf op hoe de collega heet."), name="naam")
    code = _introductions(visit).invite(name, actor=visit.account.username)
    text = gettext(
        "%(naam)s is uitgenodigd. Laat %(naam)s in Telegram de bot openen en dit sturen. De code werkt één keer, een week lang.",
        naam=name,
    )
    return _page(visit, Message(tone="ok", text=text, hint=f"/start {code}"))


@router.post(f"{PATH}/collegas/weg", dependencies=[needs(Right.ADMINISTER)])
def let_go(visit: Admitted) -> Response:
    name = visit.form.text("naam", LONGEST_NAME)
    _introductions(visit).let_go(name, actor=visit.account.username)
    text = gettext("%(naam)s is geen collega meer: wat %(naam)s stuurt, telt voortaan als bericht van een bewoner.", naam=name)
    return go_on(visit, PATH, Message(tone="ok", text=text))


def _introductions(visit: Visit) -> Introductions:
    return Introductions(database=visit.desk.database, now=visit.desk.now)
