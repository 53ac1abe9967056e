"""The figures of a period: each as a plot, a table and a file."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from fastapi import APIRouter
from starlette.responses import Response

from bot.figures import Figure, Reckoner
from bot.roles import Right
from bot.web import words
from bot.web.guard import Admitted, Visit, needs
from bot.web.language import gettext
from bot.web.pages import Pages
from bot.web.plots import plot
from bot.web.retelling import told
from bot.web.views.admin import as_csv
from routing.errors import NotFoundError
from storage.figures import count

router = APIRouter(dependencies=[needs(Right.FIGURES)])
PERIODS = (7, 30, 90)


@router.get("/cijfers")
def show_figures(visit: Admitted, dagen: str = "30") -> Response:
    pages: Pages = visit.request.app.state.pages
    days = _days(dagen)
    figures = [(figure, plot(figure)) for figure in _figures(visit, days)]
    return pages.show(visit, "cijfers.html", {"figures": figures, "days": days, "periods": PERIODS, "place": "cijfers"})


@router.get("/cijfers/{code}.csv")
def export(visit: Admitted, code: str, dagen: str = "30") -> Response:
    figure = next((figure for figure in _figures(visit, _days(dagen)) if figure.code == code), None)
    if figure is None:
        raise NotFoundError(gettext("Deze cijfers bestaan niet. Kies ze op de bladzijde Cijfers."))
    return as_csv(f"{code}.csv", [figure.head, *figure.rows])


def _days(text: str) -> int:
    return int(text) if text in {str(days) for days in PERIODS} else 30


def _figures(visit: Visit, days: int) -> tuple[Figure, ...]:
    now = visit.desk.now()
    start = now - timedelta(days=days)
    reckoner = Reckoner(
        municipality=visit.desk.municipality,
        hours=visit.desk.handling.promises.hours,
        name_of_channel=words.channel,
    )
    with visit.desk.database.reading() as connection:
        counts = count(connection, start, now, reckoner.spans(start, now))
    return tuple(_retold(figure) for figure in reckoner.figures(counts))


def _retold(figure: Figure) -> Figure:
    rows = tuple((told(str(row[0])), *row[1:]) for row in figure.rows)
    return replace(figure, title=told(figure.title), head=tuple(map(told, figure.head)), rows=rows, note=told(figure.note))
