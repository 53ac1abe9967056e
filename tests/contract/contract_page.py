"""Writes docs/naslag/kanaalcontract.md from the tables beside it: `python tests/contract/contract_page.py`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from case_table import ADAPTERS, NOT, ROWS, Row, cell
from sdk_traps import TRAPS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "naslag" / "kanaalcontract.md"
_SUITE, _OWN, _NONE = "●", "○", "–"
_INTRO = f"""# Het contract van de kanalen

Elk kanaal doet wat elk ander kanaal doet: niets kwijt, niets dubbel, de uitkomst zoals ze is. De reeks in `tests/contract` loopt
over elk kanaal, tegen een simulator die de taal van het platform spreekt. Deze bladzijde is gemaakt van de tabellen waarmee een
proef haar nakijkt (`tests/contract/case_table.py` en `tests/contract/sdk_traps.py`): elke genoemde proef bestaat, en geen vak is
leeg.

## Welk geval op welk kanaal is beproefd
{_SUITE} in de reeks van elk kanaal, {_OWN} in een proef van dat kanaal zelf, {_NONE} kan daar niet voorkomen. Onder de tabel
staat welke proef, en waarom niet.
"""
_TRAPS_INTRO = """## Wat de bibliotheken anders doen dan men denkt
Per valkuil de proef die omvalt als zij ons te pakken krijgt.
"""


def text() -> str:
    parts = [_INTRO, *_table(), "", *_notes(), "", _TRAPS_INTRO, *_traps()]
    return "\n".join(parts) + "\n"


def _table() -> Iterator[str]:
    yield "| geval | " + " | ".join(ADAPTERS) + " |"
    yield "|---" * (len(ADAPTERS) + 1) + "|"
    for row in ROWS:
        yield f"| {row.title} | " + " | ".join(_sign(cell(row, adapter)) for adapter in ADAPTERS) + " |"


def _sign(where: str) -> str:
    if where.startswith(NOT):
        return _NONE
    return _SUITE if where == "suite" else _OWN


def _notes() -> Iterator[str]:
    for row in ROWS:
        yield f"- **{row.title}**: " + "; ".join(_named(row)) + "."


def _named(row: Row) -> Iterator[str]:
    if row.suite:
        yield "reeks " + ", ".join(f"`{name}`" for name in row.suite)
    places: dict[str, list[str]] = {}
    for adapter in ADAPTERS:
        where = cell(row, adapter)
        if where != "suite":
            places.setdefault(where, []).append(adapter)
    for where, adapters in places.items():
        what = f"niet, want {where.removeprefix(NOT)}" if where.startswith(NOT) else f"`{where.rpartition('::')[2]}`"
        yield f"{', '.join(adapters)} {what}"


def _traps() -> Iterator[str]:
    yield "| bibliotheek | valkuil | proef |"
    yield "|---|---|---|"
    for trap in TRAPS:
        tests = ", ".join(f"`{name.rpartition('::')[2]}`" for name in trap.tests)
        yield f"| {trap.library} | {trap.what} | {tests} |"


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
