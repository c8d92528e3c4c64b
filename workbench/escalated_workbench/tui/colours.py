"""Colours that can be read, whatever the theme: texts against all that is ever behind them."""

from __future__ import annotations

from collections.abc import Mapping

from textual.color import Color, ColorParseError

TEXT, EDGE = 4.8, 3.5
"""The least contrast of texts, and of borders and glyphs: a little more than WCAG asks for."""
OWNERS = ("#23877f", "#7f70cc", "#78851c", "#b36b14", "#357fd0", "#c05598", "#468946")
"""The tones that tell plugins apart."""
BEHIND = ("background", "surface", "panel")
TEXTS = (
    "text-accent", "text-error", "text-primary", "text-secondary", "text-success", "text-warning",
    "foreground-muted", "footer-key-foreground",
)  # fmt: skip
EDGES = ("accent", "error", "border", "panel-lighten-2")
STEPS = 40
MIDDLE = 0.18
"""The luminance against which black and white stand out alike."""
BLACK, WHITE = Color(0, 0, 0), Color(255, 255, 255)


def legible(variables: Mapping[str, str]) -> dict[str, str]:
    """The variables of a theme that have to differ from its own, and those of the owners.

    `$owner-0` and so on tell plugins apart. A theme of the terminal's own sixteen colours is left
    as it is.
    """
    owners = {f"owner-{number}": tone for number, tone in enumerate(OWNERS)}
    try:
        behind = [Color.parse(variables[name]) for name in BEHIND]
    except ColorParseError:
        behind = []
    if not behind or any(each.a < 1 or each.ansi is not None for each in behind):
        return owners
    surface, primary = Color.parse(variables["surface"]), Color.parse(variables["primary"])
    cursor = surface.blend(primary, 0.2)
    found = {name: _against(variables[name], behind[:2], EDGE) for name in EDGES}
    found |= {name: _against(tone, [*behind, cursor], TEXT) for name, tone in owners.items()}
    found |= {name: _against(variables[name], [*behind, cursor], TEXT) for name in TEXTS}
    found["text-muted"] = found["text-disabled"] = found["foreground-muted"]
    chosen = BLACK if _luminance(primary) > 0.3 else WHITE
    found["block-cursor-foreground"] = chosen.hex
    found["block-cursor-background"] = _against(primary.hex, [chosen], TEXT)
    found["block-cursor-blurred-foreground"] = variables["foreground"]
    found["block-cursor-blurred-background"] = cursor.hex
    return found


def contrast(one: Color, other: Color) -> float:
    """By WCAG: from 1, the same, to 21, black and white."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _against(text: str, behind: list[Color], least: float) -> str:
    """A colour as it is, or as far to black or white as it takes before all that is behind it."""
    color = Color.parse(text)
    color = behind[0].blend(color, color.a, alpha=1)
    end = WHITE if _luminance(behind[0]) < MIDDLE else BLACK
    for step in range(STEPS):
        changed = color.blend(end, step / STEPS)
        if all(contrast(changed, each) >= least for each in behind):
            return changed.hex
    return end.hex


def _luminance(color: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
