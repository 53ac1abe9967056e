"""The log of which model runs: append-only, chained, and the same story whoever reads it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from routing.errors import StaleError
from storage.database import Database
from storage.model_log import ModelStep, NewPromotion, Promotion, is_whole, running
from storage.tables import model_promotions
from tests.builders import MONDAY

FIGURES = {"right": 0.8512, "messages": 900, "running": {"right": 0.84}}


def a_step(model: str, step: ModelStep = ModelStep.PROMOTED) -> NewPromotion:
    return NewPromotion(actor="samira", step=step, model=model, version=f"v-{model}", figures=FIGURES, why="beter op wijktaal")


def append(database: Database, *steps: NewPromotion) -> tuple[Promotion, ...]:
    with database.work() as work:
        for step in steps:
            work.model_log.append(step, MONDAY)
        work.commit()
    with database.work() as work:
        return work.model_log.history()


def test_a_step_is_kept_with_who_why_and_the_figures(database: Database) -> None:
    (step,) = append(database, a_step("een"))
    assert (step.seq, step.actor, step.model, step.why, step.at) == (1, "samira", "een", "beter op wijktaal", MONDAY)
    assert step.figures == FIGURES


def test_a_whole_log_is_whole_and_a_changed_or_removed_step_shows(database: Database) -> None:
    history = append(database, a_step("een"), a_step("twee"), a_step("drie"))
    assert is_whole(history)
    assert not is_whole(history[1:])
    with database.engine.begin() as connection:
        connection.execute(sa.update(model_promotions).where(model_promotions.c.seq == 2).values(actor="een ander"))
    with database.work() as work:
        assert not is_whole(work.model_log.history())


def test_two_colleagues_who_switch_at_the_same_moment_do_not_both_win(database: Database) -> None:
    append(database, a_step("een"))
    with database.work() as work:
        read = work.model_log.history
        work.model_log.history = lambda: read()[:0]  # type: ignore[method-assign]  # as read before the rival committed
        with pytest.raises(StaleError, match="Een collega wisselde zojuist van model"):
            work.model_log.append(a_step("twee"), MONDAY)


@given(st.lists(st.sampled_from(["een", "twee", "drie", "terug"]), max_size=12))
def test_a_rollback_takes_away_the_last_promotion_and_nothing_else(names: list[str]) -> None:
    standing: list[str] = []
    history = []
    for number, name in enumerate(names, start=1):
        back = name == "terug"
        step = ModelStep.ROLLED_BACK if back else ModelStep.PROMOTED
        values = dict.fromkeys(("actor", "version", "why", "previous_hash", "hash"), "")
        history.append(Promotion(seq=number, at=MONDAY, step=step, model=name, figures={}, **values))
        standing = standing[:-1] if back else [*standing, name]
    assert [step.model for step in running(history)] == standing
