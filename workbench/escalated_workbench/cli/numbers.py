"""Numbers as options and arguments, with words of our own for what is none."""

from __future__ import annotations

from typing import Any

import click


class Seconds(click.FloatRange):
    """A number of seconds above 0."""

    name = "seconds"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(f"{value!r} is no number of seconds above 0, such as 2 or 0.5.", param, ctx)


class Whole(click.IntRange):
    """A whole number within limits, if there are any."""

    name = "whole number"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            least = "" if self.min is None else f" from {self.min:,.0f} on"
            limits = least if self.max is None else f" from {self.min or 0:,.0f} to {self.max:,.0f}"
            self.fail(f"{str(value)!r} is no whole number{limits}.", param, ctx)
