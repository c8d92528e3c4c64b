"""What is alive: iterators, files, sockets, threads, locks, frames. Nothing may be used up.

Each function makes one kind; `methods.py` says what the witness is.
"""

import asyncio
import contextlib
import contextvars
import functools
import io
import itertools
import logging
import mmap
import queue
import re
import socket
import sys
import tempfile
import threading
import types
import typing
import weakref


def generator(w):
    """A generator, which gives what it has only once."""

    def count():
        w.ran("the generator")
        yield from range(3)

    one = count()
    w.check("it still gives all", lambda: list(one) == [0, 1, 2])
    return one


def half_used_iterators(w):
    """Iterators in the middle of what they give."""
    made = [iter([1, 2, 3]), iter({1: 1, 2: 2}), map(str, [1, 2]), zip([1, 2], "ab"), iter("abc")]
    for each in made:
        next(each)
    w.check("each has the rest", lambda: [len(list(m)) for m in made] == [2, 1, 1, 1, 2])
    return made


def endless_iterators(w):
    """Iterators without an end."""
    made = [itertools.count(), itertools.cycle([1]), itertools.repeat(1), iter(lambda: 1, 2)]
    w.check("none has moved", lambda: next(made[0]) == 0)
    return made


def async_generator(w):
    """An async generator and a coroutine, held in a dict."""

    async def count():
        w.ran("the async generator")
        yield 1

    async def wait():
        w.ran("the coroutine")

    waiting = wait()
    w.after.callback(waiting.close)
    return {"generator": count(), "coroutine": waiting}


def future(w):
    """A future and a queue of an event loop, and futures' callbacks."""
    loop = asyncio.new_event_loop()
    w.after.callback(loop.close)
    one = loop.create_future()
    one.add_done_callback(w.trap("done"))
    w.check("it is not done", lambda: not one.done())
    return [one, loop]


def open_file(w):
    """A file at some position, which must not move."""
    file = w.after.enter_context(tempfile.TemporaryFile("w+"))
    file.write("some text")
    file.seek(3)
    w.check("it is where it was", lambda: (file.tell(), file.read()) == (3, "e text"))
    return file


def closed_file(w):
    """A file that is closed: everything it is asked raises."""
    file = io.StringIO("text")
    file.close()
    return file


def streams(w):
    """Buffers and the process's own streams."""
    one = io.BytesIO(b"data")
    w.check("nothing was read", lambda: one.tell() == 0)
    return [one, sys.__stdin__, sys.__stdout__]


def connected_socket(w):
    """A socket with bytes waiting in it."""
    one, other = socket.socketpair()
    w.after.callback(one.close)
    w.after.callback(other.close)
    other.sendall(b"ab")
    w.check("the bytes are there", lambda: one.recv(2) == b"ab")
    return one


def held_locks(w):
    """Locks that somebody holds: whoever wants one waits for ever."""
    made = [threading.Lock(), threading.RLock(), threading.Condition(), threading.Semaphore(1)]
    for each in made:
        each.acquire()
    w.check("the first is still held", made[0].locked)
    return made


def object_that_locks(w):
    """An object that takes a held lock in everything it does."""
    lock = threading.Lock()
    lock.acquire()

    class Guarded:
        def __init__(self):
            self.lock = lock

        def __repr__(self):
            w.ran("__repr__")
            with lock:
                return "never"

        __eq__ = __getattr__ = __repr__
        __hash__ = object.__hash__

    return Guarded()


def queues(w):
    """Queues with one item."""
    made = [queue.Queue(), queue.SimpleQueue()]
    for each in made:
        each.put(1)
    w.check("it is still there", lambda: [each.get_nowait() for each in made] == [1, 1])
    return made


def thread(w):
    """A thread that waits, and one that never began."""
    stop = threading.Event()
    waiting = threading.Thread(target=stop.wait, daemon=True)
    waiting.start()
    w.after.callback(waiting.join)
    w.after.callback(stop.set)
    return [waiting, threading.Thread(target=w.trap("run"))]


def dict_changed_by_a_thread(w):
    """A dict that another thread adds to and takes from all the time."""
    w.steady = False
    shared = {n: [n] for n in range(500)}
    stop = threading.Event()

    def change():
        number = 0
        while not stop.is_set():
            number += 1
            shared[number] = [number]
            shared.pop(number - 50, None)

    changing = threading.Thread(target=change, daemon=True)
    changing.start()
    w.after.callback(changing.join)
    w.after.callback(stop.set)
    return shared


def object_changed_by_a_thread(w):
    """An object that another thread gives attributes and takes them away."""
    w.steady = False
    shared = types.SimpleNamespace(items=[], names={"a"})
    stop = threading.Event()

    def change():
        number = 0
        while not stop.is_set():
            number += 1
            setattr(shared, f"a{number}", number)
            vars(shared).pop(f"a{number - 50}", None)
            shared.names ^= {number % 50}
            shared.items[:] = range(number % 100)

    changing = threading.Thread(target=change, daemon=True)
    changing.start()
    w.after.callback(changing.join)
    w.after.callback(stop.set)
    return shared


def weak_references(w):
    """Weak references, one of them to nothing, and a proxy that acts as what it stands for."""
    loud = type("Loud", (), {n: w.trap(n) for n in ("__repr__", "__len__", "__getattr__")})
    one, gone = loud(), loud()
    made = [weakref.ref(one), weakref.ref(gone), weakref.proxy(one), weakref.WeakSet([one])]
    w.kept = one
    return made


def dead_proxy(w):
    """A proxy of something that is gone: everything it is asked raises."""
    return weakref.proxy(type("Gone", (), {})())


def weak_values(w):
    """A dict whose values vanish."""
    return weakref.WeakValueDictionary({"a": type("Gone", (), {})()})


def memory_map(w):
    """A memory map, at some position."""
    one = mmap.mmap(-1, 4096)
    w.after.callback(one.close)
    one.seek(5)
    w.check("it is where it was", lambda: one.tell() == 5)
    return one


def context_variables(w):
    """A context variable, a token and a context."""
    variable = contextvars.ContextVar("variable", default=5)
    return [variable, variable.set(6), contextvars.copy_context()]


def exception_with_loud_arguments(w):
    """An exception whose arguments and notes must not be looked at, with a `__str__` that raises."""
    loud = type("Loud", (), {n: w.trap(n) for n in ("__repr__", "__str__", "__eq__")})
    kind = type("LoudError", (Exception,), {n: w.trap(n) for n in ("__repr__", "__str__")})
    one = kind(loud(), [loud()])
    one.__notes__ = loud()
    return one


def exceptions_in_a_circle(w):
    """Exceptions that are each other's cause, and a group of them."""
    one, other = ValueError("one"), KeyError("other")
    one.__cause__, other.__context__ = other, one
    one.add_note("a note")
    one.again = one
    w.marks = {"cycle"}
    return [one, ExceptionGroup("both", [one, other])]


def exception_with_its_own_args(w):
    """An exception whose `args` are a property with side effects."""
    return type("LoudError", (Exception,), {"args": property(w.trap("args"))})(1)


def frames(w):
    """A frame, its traceback and a code object."""
    try:
        raise ValueError
    except ValueError as error:
        trace = error.__traceback__
    return [trace, trace.tb_frame.f_code, w.trap.__code__]


def callables(w):
    """Partials, builtins, methods, classes of methods, and a cached function."""
    loud = type("Loud", (), {n: w.trap(n) for n in ("__repr__", "__eq__", "__call__", "__str__")})
    cached = functools.lru_cache(lambda: 1)
    w.check("nothing was cached", lambda: cached.cache_info().misses == 0)
    partial = functools.partial(loud(), loud(), x=loud())
    return [partial, len, [].append, staticmethod(len), property(len), cached, str.join]


def context_managers(w):
    """A context manager that was not entered, and one that was."""

    @contextlib.contextmanager
    def managed():
        w.ran("the context manager")
        yield

    return [managed(), contextlib.ExitStack(), contextlib.suppress(ValueError)]


def patterns(w):
    """A regular expression, a match, a type alias and a type variable."""
    return [re.compile("a+"), re.match("a", "ab"), list[int], typing.TypeVar("T"), int | None]


def logger_object(w):
    """A logger with a handler that must not be used."""
    one = logging.Logger("loud")
    one.addHandler(type("Loud", (logging.Handler,), {"emit": w.trap("emit")})())
    w.after.callback(one.handlers.clear)
    return one


def ellipsis_and_friends(w):
    """Python's own odd ones out."""
    return [..., NotImplemented, object(), type, type(None), super(type, int), slice(1, None)]
