"""The colours of records, light and dark, for whatever page they stand on."""

from __future__ import annotations

from escalated_workbench.report.markup import style


def colours(root: str, light: str = "", dark: str = "") -> str:
    """Rules that give `root` its colours, by the scheme that the reader prefers.

    `light` and `dark` select it where the page around has chosen a scheme, whatever is preferred.
    """
    by_light, by_dark = (
        f"{{ color-scheme: {scheme};\n{style(f'{scheme}.css')}}}\n" for scheme in ("light", "dark")
    )
    rules = f"{root} {by_light}@media (prefers-color-scheme: dark) {{ {root} {by_dark}}}\n"
    return rules + (f"{light} {by_light}" if light else "") + (f"{dark} {by_dark}" if dark else "")
