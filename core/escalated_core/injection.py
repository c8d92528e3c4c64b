"""`Interrupted`, raised in the code that a thread runs."""

from __future__ import annotations

import ctypes
import threading

from escalated_core.errors import Interrupted

_set_async_exception = ctypes.pythonapi.PyThreadState_SetAsyncExc


def inject(thread_id: int) -> None:
    """Have a thread raise it as soon as it runs Python code."""
    _set_async_exception(ctypes.c_ulong(thread_id), ctypes.py_object(Interrupted))


def take_back() -> None:
    """Have what was injected into this thread raised here and now, and forget it.

    Where it is only taken away, Python goes on looking for it, on every thread; and Python 3.11
    never comes to the first line of a function that is traced meanwhile.
    """
    try:
        inject(threading.get_ident())
        while True:
            pass
    except Interrupted:
        return
