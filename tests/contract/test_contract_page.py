"""The page that says what is tested on which channel is true: each named test exists and runs, and nothing is left open."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest
from case_table import ADAPTERS, NOT, ROWS, Row, cell
from channel_cases import CASES
from contract_page import PAGE, text
from sdk_traps import TRAPS

ROOT = Path(__file__).resolve().parents[2]
SUITE = tuple(f"tests/contract/test_channel_{part}.py" for part in ("reading", "trouble", "sending"))


@cache
def functions_of(path: str) -> frozenset[str]:
    nodes = ast.walk(ast.parse((ROOT / path).read_text(encoding="utf-8")))
    return frozenset(node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def is_there(name: str) -> bool:
    path, _, function = name.partition("::")
    return function.startswith("test_") and (ROOT / path).is_file() and function in functions_of(path)


def is_in_suite(name: str) -> bool:
    return any(is_there(f"{part}::{name}") for part in SUITE)


def test_every_left_out_case_exists_and_has_a_reason() -> None:
    for case in CASES:
        for name, reason in case.left_out.items():
            assert is_in_suite(name), f"{case.name} leaves out {name}, which is no test of the suite"
            assert len(reason.split()) >= 4, f"{case.name} must say why it cannot have {name}"


def test_the_table_is_about_every_channel() -> None:
    assert [case for case in ADAPTERS.values() if case is not None] == list(CASES)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.title)
def test_each_case_is_tested_on_each_channel_or_cannot_be_had_there(row: Row) -> None:
    for name in row.suite:
        assert is_in_suite(name), name
    for adapter in ADAPTERS:
        where = cell(row, adapter)
        assert where, f"nobody says how '{row.title}' is tested on {adapter}"
        if where.startswith(NOT):
            assert len(where.split()) >= 5, f"say why {adapter} cannot have '{row.title}'"
        else:
            assert where == "suite" or is_there(where), where


@pytest.mark.parametrize("name", sorted({name for trap in TRAPS for name in trap.tests}))
def test_each_trap_names_a_test_that_exists(name: str) -> None:
    assert is_there(name)


def test_the_page_says_what_the_tables_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == text(), "write it anew: python tests/contract/contract_page.py"
