"""The figures: counted from what happened, each with its plot, table and file."""

from __future__ import annotations

from bot.figures import Figure
from bot.web.plots import plot
from routing.messages import Person
from storage.database import Database
from tests.builders import ScriptedRouter, a_message
from tests.web.desk import UNSURE, DeskAtWork, a_desk, readable

CODES = ("dag", "kanaal", "onderwerp", "buurt", "antwoord", "behandeling", "beloften", "correcties", "uren")


async def a_week(database: Database) -> DeskAtWork:
    """Three meldingen on two channels; one corrected and solved, one confirmed."""
    desk = a_desk(database, ScriptedRouter(UNSURE))
    for number, channel in enumerate(("telegram", "telegram", "x")):
        sender = Person(external_id=f"p{number}")
        desk.office.receive(a_message(f"lamp {number}", channel=channel, thread=f"t{number}", sender=sender))
    handling = desk.office.handling
    first, second, _ = desk.office.meldingen()
    first = handling.carry_out(first, handling.assign(first, lead="vth"), account="samira")
    handling.carry_out(first, handling.solve(first), account="samira")
    handling.carry_out(second, handling.confirm(second), account="samira")
    desk.office.clock.advance(minutes=5)
    await desk.log_in()
    return desk


async def test_every_figure_has_its_plot_table_and_file(database: Database) -> None:
    desk = await a_week(database)
    page = await desk.get("/cijfers")
    assert page.text.count("<svg") == page.text.count("<table") == len(CODES)
    for code in CODES:
        assert (await desk.get(f"/cijfers/{code}.csv")).status_code == 200
    assert (await desk.get("/cijfers/geld.csv")).status_code == 404


async def test_the_figures_are_what_happened(database: Database) -> None:
    desk = await a_week(database)
    assert "Telegram;2" in (await desk.get("/cijfers/kanaal.csv")).text
    assert "Stadswerken;50.0;1;2" in (await desk.get("/cijfers/correcties.csv")).text
    assert "Vergunningen, Toezicht en Handhaving;100.0;1;1" in (await desk.get("/cijfers/behandeling.csv")).text
    assert "11;3" in (await desk.get("/cijfers/uren.csv")).text
    assert "nog geen antwoord;100.0" in (await desk.get("/cijfers/antwoord.csv")).text
    desk.office.clock.advance(days=20)
    await desk.log_in()
    assert "te laat;66.7;2" in (await desk.get("/cijfers/beloften.csv")).text
    assert "nog niets te tellen" in readable(await desk.get("/cijfers?dagen=7"))


async def test_the_longest_period_is_a_quarter(desk: DeskAtWork) -> None:
    for days in ("1000000", "-1", "x", "90"):
        assert (await desk.get(f"/cijfers?dagen={days}")).status_code == 200


def test_a_plot_shows_hostile_names_as_text_and_styles_nothing() -> None:
    figure = Figure(code="x", title="<b>", head=("a", "b"), rows=(("<script>", 3), ("b" * 99, 0)))
    for drawn in (plot(figure), plot(Figure(code="x", title="t", head=("a", "b"), rows=figure.rows, is_over_time=True))):
        assert "<script>" not in drawn
        assert "style=" not in drawn
    assert plot(Figure(code="x", title="t", head=("a", "b"), rows=())) == ""
