"""Choosing settings: the shares that judge the choice have no say in it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from routing.model.corpus import Example
from routing.model.evaluation import Material, choose_nested
from routing.model.training import Settings

LEADS = ("stadswerken", "vth")
GROUPS = (("a",), ("b", "c"), ("d",))
GOOD, BAD = Settings(ridge=1.0), Settings(ridge=9.0)


@dataclass(frozen=True)
class Watched(Material):
    """Notes who learned and who was judged; with GOOD settings every answer is right, with BAD ones every answer is wrong."""

    judged: list[tuple[set[str], set[str], Settings]] = field(default_factory=list)

    def judge(self, learn: NDArray[np.int64], test: NDArray[np.int64], settings: Settings) -> NDArray[np.float32]:
        self.judged.append(({self.examples[i].share for i in learn}, {self.examples[i].share for i in test}, settings))
        right = np.array([[self.examples[i].lead == lead for lead in LEADS] for i in test], dtype=np.float32)
        return right if settings is GOOD else 1.0 - right


def watched() -> Watched:
    examples = [
        Example(id=f"{share}-{number}", channel="x", text="", lead=LEADS[number % 2], topic="t")
        for share in "abcd"
        for number in range(4)
    ]
    return Watched(examples, [], LEADS)


def test_what_is_held_out_neither_learns_nor_chooses() -> None:
    material = watched()
    chosen = choose_nested(material, GROUPS, (BAD, GOOD))
    rounds = len(GROUPS) - 1
    per_group = 2 * rounds + 1
    for number, group in enumerate(GROUPS):
        *inner, last = material.judged[number * per_group : (number + 1) * per_group]
        assert all(set(group).isdisjoint(learn | test) for learn, test, _ in inner)
        assert last == ({share for other in GROUPS if other != group for share in other}, set(group), GOOD)
    assert [one.held_out for one in chosen] == list(GROUPS)
    assert all(one.settings is GOOD and one.figures.right == 1.0 for one in chosen)


def test_nobody_is_judged_by_what_they_taught() -> None:
    material = watched()
    choose_nested(material, GROUPS, (GOOD,))
    assert all(learn.isdisjoint(test) for learn, test, _ in material.judged)
