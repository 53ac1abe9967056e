"""Small plots as SVG, drawn on the server: bars beside names, or columns over time. The table beside a plot says the same.

Colours and letters come from the style sheet; nothing here carries a style of its own (CSP).
"""

from __future__ import annotations

from babel.numbers import format_decimal
from markupsafe import Markup

from bot.figures import Figure
from bot.web.language import gettext, locale

_WIDTH, _NAME, _ROW, _BAR = 640, 210, 28, 16
_HEIGHT, _BASE, _EDGE = 220, 190, 36


def plot(figure: Figure) -> Markup:
    """The picture of a figure; empty when there is nothing to draw."""
    if not figure.rows:
        return Markup("")
    return _columns(figure) if figure.is_over_time else _bars(figure)


def _bars(figure: Figure) -> Markup:
    most = _most(figure)
    parts = []
    for number, row in enumerate(figure.rows):
        top, value = number * _ROW, float(row[figure.plotted])
        width = round((_WIDTH - _NAME - 70) * value / most, 1)
        name = str(row[0]) if len(str(row[0])) <= 28 else f"{str(row[0])[:27]}…"
        parts.append(
            Markup('<text class="plot__naam" x="{}" y="{}" text-anchor="end">{}</text>').format(_NAME - 10, top + 19, name)
            + Markup('<rect class="plot__staaf" x="{}" y="{}" width="{}" height="{}" rx="2"/>').format(
                _NAME, top + 6, width, _BAR
            )
            + Markup('<text class="plot__getal" x="{}" y="{}">{}{}</text>').format(
                _NAME + width + 8, top + 19, _number(value), figure.unit
            )
        )
    return _svg(figure, len(figure.rows) * _ROW + 4, Markup("").join(parts))


def _columns(figure: Figure) -> Markup:
    most, count = _most(figure), len(figure.rows)
    step = (_WIDTH - _EDGE) / count
    every = max(1, -(-count // 12))
    parts = [
        Markup('<line class="plot__as" x1="{}" y1="{}" x2="{}" y2="{}"/>').format(_EDGE, _BASE, _WIDTH, _BASE),
        Markup('<text class="plot__getal" x="{}" y="16" text-anchor="end">{}</text>').format(_EDGE - 6, _number(most)),
        Markup('<text class="plot__getal" x="{}" y="{}" text-anchor="end">0</text>').format(_EDGE - 6, _BASE),
    ]
    for number, row in enumerate(figure.rows):
        left, height = _EDGE + number * step, round((_BASE - 10) * float(row[figure.plotted]) / most, 1)
        parts.append(
            Markup('<rect class="plot__staaf" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{}"/>').format(
                left + step * 0.1, _BASE - height, step * 0.8, height
            )
        )
        if number % every == 0:
            middle = left + step / 2
            parts.append(
                Markup('<text class="plot__naam" x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    middle, _BASE + 20, row[0]
                )
            )
    return _svg(figure, _HEIGHT, Markup("").join(parts))


def _svg(figure: Figure, height: int, inside: Markup) -> Markup:
    return Markup('<svg class="plot" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, height, gettext("%(titel)s; dezelfde cijfers staan in de tabel hieronder", titel=figure.title), inside
    )


def _most(figure: Figure) -> float:
    return max(1.0, *(float(row[figure.plotted]) for row in figure.rows))


def _number(value: float) -> str:
    return format_decimal(value, locale=locale())
