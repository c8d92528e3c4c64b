"""What plugin code logs goes to the scope it runs in, and loggers are brought back at the end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from typing import Any

from escalated_core.records import LogLine
from escalated_core.scope import APART, CURRENT
from escalated_core.sink import Sink

Undo = Callable[[], None]

OWN_LOGGERS = ("escalated", "escalated_plugins")
"""Their records are kept at every level; of other loggers INFO and worse."""


def route_logs() -> Undo:
    """Let every record of plugin code reach its scope, and handlers no more than before.

    No handler and no level is touched: a logging configuration that replaces them, a logger that
    does not propagate, or one that is disabled, cuts nothing off. The undo takes back such
    configurations as well.
    """
    is_enabled, handle = logging.Logger.isEnabledFor, logging.Logger.handle
    call_handlers = logging.Logger.callHandlers
    restore = remember_loggers()

    def is_enabled_for(self: logging.Logger, level: int) -> bool:
        return CURRENT.get() is not None or is_enabled(self, level)

    def keep_or_handle(self: logging.Logger, record: logging.LogRecord) -> None:
        scope = CURRENT.get()
        # `dictConfig` disables the loggers there are unless told otherwise.
        if scope is not None and self.disabled:
            _keep(record, scope.sink)
        else:
            handle(self, record)

    def keep_and_call(self: logging.Logger, record: logging.LogRecord) -> None:
        scope = CURRENT.get()
        if scope is not None:
            _keep(record, scope.sink)
        # A record that is kept needs no last resort; handlers may write to files, and send.
        is_heard = scope is None or (is_enabled(self, record.levelno) and self.hasHandlers())
        if is_heard and not APART.get():
            call_handlers(self, record)

    logging.Logger.isEnabledFor, logging.Logger.handle = is_enabled_for, keep_or_handle
    logging.Logger.callHandlers = keep_and_call

    def undo() -> None:
        logging.Logger.isEnabledFor, logging.Logger.handle = is_enabled, handle
        logging.Logger.callHandlers = call_handlers
        restore()

    return undo


def remember_loggers(born: Collection[str] = ()) -> Undo:
    """Remember the state of every logger and `logging.disable`; the undo brings it back.

    Of loggers that are born meanwhile, those of plugins and those named in `born` are then as
    new; the others are libraries', which set theirs up only once.
    """
    before = {logger: _state(logger) for logger in _loggers()}
    disabled = logging.root.manager.disable

    def undo() -> None:
        for logger in _loggers():
            if logger in before:
                _restore(logger, before[logger])
            elif logger.name in born or _is_own(logger.name):
                _restore(logger, (logging.NOTSET, [], [], True, False))
        # Last: it also makes every logger forget the levels it worked out.
        logging.disable(disabled)

    return undo


_State = tuple[int, list[logging.Handler], list[Any], bool, bool]


def _loggers() -> list[logging.Logger]:
    known = list(logging.root.manager.loggerDict.values())
    return [logging.root, *(logger for logger in known if isinstance(logger, logging.Logger))]


def _state(logger: logging.Logger) -> _State:
    filters = list(logger.filters)
    return logger.level, list(logger.handlers), filters, logger.propagate, logger.disabled


def _restore(logger: logging.Logger, state: _State) -> None:
    logger.level, logger.handlers[:], logger.filters[:], logger.propagate, logger.disabled = state


def _is_own(name: str) -> bool:
    return name.partition(".")[0] in OWN_LOGGERS


def _keep(record: logging.LogRecord, sink: Sink) -> None:
    if record.levelno < logging.INFO and not _is_own(record.name):
        return
    try:
        message = record.getMessage()
    except Exception as error:  # noqa: BLE001 - arguments of the plugin that cannot be formatted
        message = f"{record.msg} (its arguments cannot be formatted: {error})"
    if record.exc_info:
        message += "\n" + logging.Formatter().formatException(record.exc_info)
    sink.log(
        LogLine(
            record.levelname,
            record.name,
            message,
            record.created,
            record.pathname,
            record.lineno,
            record.threadName or "",
        )
    )
