"""A reliability plot as SVG: what was said on the one axis, what was so on the other."""

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape

_SIDE = 320
_LEFT, _TOP = 56, 44
_BEFORE, _AFTER = "#b3541e", "#1f6f8b"

Row = dict[str, Any]
"""One span of confidence, as `calibrating.reliability` tells it."""


def reliability_plot(title: str, before: Sequence[Row], after: Sequence[Row]) -> str:
    """Draw both tables; bars are 95 % intervals, and on the diagonal confidence is what it says."""
    ticks = "".join(_tick(step / 5) for step in range(6))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_SIDE + 90} {_SIDE + 110}" '
        'font-family="sans-serif" font-size="12" fill="#222">'
        '<rect width="100%" height="100%" fill="#fff"/>'
        f'<text x="{_LEFT}" y="22" font-size="14">{escape(title)}</text>'
        f"{ticks}"
        f'<path d="M{_x(0)} {_y(0)}L{_x(1)} {_y(1)}" stroke="#888" stroke-dasharray="4 4"/>'
        f"{_line(before, _BEFORE, shift=-2)}{_line(after, _AFTER, shift=2)}"
        f'<text x="{_x(0.5)}" y="{_y(0) + 36}" text-anchor="middle">confidence</text>'
        f'<text x="16" y="{_y(0.5)}" text-anchor="middle" '
        f'transform="rotate(-90 16 {_y(0.5)})">share that was right</text>'
        f"{_legend(0, _BEFORE, 'before')}{_legend(1, _AFTER, 'after calibration')}"
        "</svg>\n"
    )


def _x(share: float) -> float:
    return round(_LEFT + share * _SIDE, 1)


def _y(share: float) -> float:
    return round(_TOP + (1 - share) * _SIDE, 1)


def _tick(at: float) -> str:
    return (
        f'<path d="M{_x(at)} {_y(0)}V{_y(1)}M{_x(0)} {_y(at)}H{_x(1)}" stroke="#e4e4e4"/>'
        f'<text x="{_x(at)}" y="{_y(0) + 18}" text-anchor="middle">{at:.1f}</text>'
        f'<text x="{_x(0) - 8}" y="{_y(at) + 4}" text-anchor="end">{at:.1f}</text>'
    )


def _line(rows: Sequence[Row], color: str, *, shift: float) -> str:
    points = [(_x(row["said"]) + shift, row["right"]) for row in rows]
    path = "L".join(f"{x} {_y(right['rate'])}" for x, right in points)
    marks = "".join(
        f'<path d="M{x} {_y(right["interval_95"][0])}V{_y(right["interval_95"][1])}" '
        f'stroke="{color}" stroke-opacity="0.4"/>'
        f'<circle cx="{x}" cy="{_y(right["rate"])}" r="{2 + right["of"] ** 0.5 / 4:.1f}" '
        f'fill="{color}"><title>{right["count"]} of {right["of"]}</title></circle>'
        for x, right in points
    )
    return f'<path d="M{path}" fill="none" stroke="{color}" stroke-width="1.5"/>{marks}'


def _legend(index: int, color: str, words: str) -> str:
    x, y = _LEFT + index * 110, _y(0) + 56
    return (
        f'<circle cx="{x + 5}" cy="{y - 4}" r="5" fill="{color}"/>'
        f'<text x="{x + 16}" y="{y}">{words}</text>'
    )
