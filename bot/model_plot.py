"""Drawing calibration: how sure the model was against how often it was right, as an SVG file and as bars of text. Pure."""

from __future__ import annotations

from collections.abc import Sequence

Points = Sequence[tuple[float, float]]
_SIDE, _MARGIN, _BAR = 400, 60, 30
_FONT = 'font-family="sans-serif" font-size="13"'
_INK, _GREY, _LINE = "#1f2933", "#8895a7", "#0b5cad"
_CENTRED = f'text-anchor="middle" fill="{_INK}"'


def bars(points: Points) -> tuple[str, ...]:
    """One line per group: mean confidence, a bar as long as the share that was right, and a mark where it should end."""
    return tuple(_bar(confidence, right) for confidence, right in points)


def _bar(confidence: float, right: float) -> str:
    filled, due = round(right * _BAR), min(round(confidence * _BAR), _BAR - 1)
    cells = ["█" if number < filled else "·" for number in range(_BAR)]
    cells[due] = "▌" if due < filled else "|"
    return f"zeker {confidence:4.0%} {''.join(cells)} goed {right:4.0%}"


def as_svg(series: Sequence[tuple[str, Points]]) -> str:
    """A reliability diagram of one or more models; on the diagonal a model is exactly as sure as it is right."""
    size = _SIDE + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" role="img" {_FONT}>',
        "<title>Kalibratie: hoe zeker het model was en hoe vaak het goed was</title>",
        f'<rect width="{size}" height="{size}" fill="#ffffff"/>',
        *_axes(),
        *(part for number, (name, points) in enumerate(series) for part in _curve(number, name, points)),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _axes() -> list[str]:
    low, high = _MARGIN, _MARGIN + _SIDE
    parts = [f'<path d="M{low} {high}L{high} {low}" stroke="{_GREY}" stroke-dasharray="5 5"/>']
    for step in range(0, 101, 20):
        x, y = _at(step / 100, step / 100)
        parts += [
            f'<path d="M{low} {y:.0f}H{high}M{x:.0f} {low}V{high}" stroke="#e4e9f0"/>',
            f'<text x="{x:.0f}" y="{high + 20}" {_CENTRED}>{step}%</text>',
            f'<text x="{low - 8}" y="{y + 4:.0f}" text-anchor="end" fill="{_INK}">{step}%</text>',
        ]
    middle = _MARGIN + _SIDE / 2
    return [
        *parts,
        f'<text x="{middle:.0f}" y="{high + 45}" {_CENTRED}>hoe zeker het model was</text>',
        f'<text transform="translate(16 {middle:.0f}) rotate(-90)" {_CENTRED}>hoe vaak het goed was</text>',
    ]


def _curve(number: int, name: str, points: Points) -> list[str]:
    places = [_at(confidence, right) for confidence, right in points]
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dash = "" if number == 0 else ' stroke-dasharray="2 4"'
    y = _MARGIN - 28 + 16 * number
    return [
        f'<polyline points="{line}" fill="none" stroke="{_LINE}" stroke-width="2"{dash}/>',
        *(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{_LINE if number == 0 else "#ffffff"}" stroke="{_LINE}"/>'
            for x, y in places
        ),
        f'<path d="M{_MARGIN} {y - 4}h30" stroke="{_LINE}" stroke-width="2"{dash}/>',
        f'<text x="{_MARGIN + 38}" y="{y}" fill="{_INK}">{_escaped(name)}</text>',
    ]


def _at(across: float, up: float) -> tuple[float, float]:
    return _MARGIN + across * _SIDE, _MARGIN + (1 - up) * _SIDE


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
