"""Database queries of plugin code, told to the scope that makes them.

They are seen when `query_wrapper` is among a Django connection's `execute_wrappers`. HTTP requests
are told by what follows effects. Nothing is done for code that runs outside of any scope.
"""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter_ns
from typing import Any

from escalated_core.scope import CURRENT

TEXT_CAP = 2_000
"""Characters kept of a query."""


def query_wrapper(
    execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
) -> Any:
    """Run a query and note it; for `connection.execute_wrappers` of Django.

    The text is the statement with its placeholders: parameters may be secrets and are left out.
    """
    scope = CURRENT.get()
    if scope is None:
        return execute(sql, params, many, context)
    text = _capped(sql) if isinstance(sql, str) else f"({type(sql).__name__})"
    began = perf_counter_ns()
    try:
        result = execute(sql, params, many, context)
    except BaseException as error:
        scope.sink.call("query", f"{text} -> {type(error).__name__}", began, perf_counter_ns())
        raise
    scope.sink.call("query", text, began, perf_counter_ns())
    return result


def _capped(text: str) -> str:
    return text if len(text) <= TEXT_CAP else f"{text[:TEXT_CAP]}… ({len(text):,} characters)"
