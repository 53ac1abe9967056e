"""The lines of the table: what is measured beside what, in which settings, and how far it must reach."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from benchmarks.accepting import accepted_per_second
from benchmarks.answering import milliseconds_to_reply
from benchmarks.dispatching import dispatched_per_second
from benchmarks.intake import PAGE, taken_in_per_second
from benchmarks.measure import Line
from benchmarks.memory import megabytes_after_a_storm
from benchmarks.sharing import answered_per_second
from benchmarks.yardsticks import (
    IMPORTS,
    executed_jobs_per_second,
    idle_megabytes,
    one_row_commits,
    python_process,
    two_commits_and_a_round_trip,
)
from routing.decision import Router
from routing.vakafdelingen import Municipality

CLIENTS = 16
_READY = "from routing.engine import load_engine; from routing.vakafdelingen import load_municipality; import bot.running; "
COLD_START = f"{_READY}load_engine(load_municipality())"


def lines(folder: Path, router: Router, municipality: Municipality, count: int) -> tuple[Line, ...]:
    """`count` is how many messages, commits and jobs each round has; waiting for replies one by one takes a tenth of it."""
    return (
        *_accepting(folder, count),
        Line(
            name="hele inname: opnemen, routeren, melding, gebeurtenissen, antwoord",
            unit="/s",
            settings=f"SQLite FULL, bladzijden van {PAGE}, {count} berichten, een proces; commits van een rij",
            goal=0.3,
            more_is_better=True,
            ours=partial(taken_in_per_second, folder, router, municipality, count),
            yardstick=partial(one_row_commits, folder, count),
        ),
        _answering(folder, max(count // 10, 1)),
        Line(
            name="verzending van wat klaarstaat",
            unit="/s",
            settings=f"SQLite FULL, {count} antwoorden, kanaal dat meteen bevestigt; APScheduler, SQLAlchemyJobStore op SQLite",
            goal=3.0,
            more_is_better=True,
            ours=partial(dispatched_per_second, folder, router, municipality, count),
            yardstick=partial(executed_jobs_per_second, folder, count),
        ),
        Line(
            name="twee processen naast een",
            unit="/s",
            settings=f"PostgreSQL, van webhook tot antwoord, {count} berichten op twee kanalen, 8 klanten; een proces",
            goal=1.6,
            more_is_better=True,
            ours=partial(answered_per_second, folder, count, 2),
            yardstick=partial(answered_per_second, folder, count, 1),
        ),
        Line(
            name="geheugen van het geheel na een storm",
            unit="MB",
            settings=f"SQLite, {count} berichten van de storm; Starlette zonder werk met scikit-learn",
            goal=1.5,
            more_is_better=False,
            ours=partial(megabytes_after_a_storm, folder, count),
            yardstick=idle_megabytes,
        ),
        Line(
            name="koude start tot model en onderdelen geladen",
            unit="s",
            settings=f'python -c "{IMPORTS}"',
            goal=2.0,
            more_is_better=False,
            ours=partial(python_process, COLD_START),
            yardstick=partial(python_process, IMPORTS),
        ),
    )


def _accepting(folder: Path, count: int) -> tuple[Line, ...]:
    return tuple(
        Line(
            name="duurzaam aannemen per webhook: handtekening, ontdubbelen, opslaan, 200 na de commit",
            unit="/s",
            settings=f"SQLite FULL, HTTP op loopback, {count} berichten, klanten: {clients}; commits van een rij",
            goal=goal,
            more_is_better=True,
            ours=partial(accepted_per_second, folder, count, clients),
            yardstick=partial(one_row_commits, folder, count),
        )
        for clients, goal in ((1, 0.5), (CLIENTS, 1.0))
    )


def _answering(folder: Path, count: int) -> Line:
    return Line(
        name="van aangenomen tot antwoord bij het platform, in rust",
        unit="ms",
        settings=f"SQLite FULL, mediaan van {count} berichten; twee commits van een rij en een HTTP-verzoek op loopback",
        goal=4.0,
        more_is_better=False,
        ours=partial(milliseconds_to_reply, folder, count),
        yardstick=partial(two_commits_and_a_round_trip, folder, count),
    )
