"""Processes that plugin code starts: through `subprocess.Popen`, and so all that rests on it.

A process is started by default, as it stays on this machine. One that is held has ended at once:
its pipes have their ends, and what is written to it is read by nobody.
"""

from __future__ import annotations

import _thread
import errno
import os
import shlex
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, cast

from escalated_core.effects.memory_socket import SIMULATED
from escalated_core.effects.outbox import OpenEffect, plan_for, wait
from escalated_core.effects.policy import Answer, Plan
from escalated_core.effects.replacing import Make, Undo, all_of, replaced

_EFFECT = "_escalated_effect"
"""A process's attribute: its effect, and the list that its exit code is put into."""
_NO_PROCESS: Final = 2**30
"""A process identifier that no system gives; those of held ones are this and the exit code."""
_NO_PROCESSES: Final = range(_NO_PROCESS - 2**16, _NO_PROCESS + 2**16)
_WATCHERS: Final = (
    "PidfdChildWatcher",
    "ThreadedChildWatcher",
    "_PidfdChildWatcher",
    "_ThreadedChildWatcher",
    "SafeChildWatcher",
    "FastChildWatcher",
    "MultiLoopChildWatcher",
)
"""What tells event loops of Python 3.11 to 3.14 that a process has ended."""


def patch(module: Any) -> Undo:
    """Follow `subprocess`."""
    popen = module.Popen
    undo = replaced(popen, {"_execute_child": _execute_child})
    popen.returncode = property(_returncode, _set_returncode)

    def both() -> None:
        del popen.returncode
        undo()

    return both


def patch_asyncio(module: Any) -> Undo:
    """Have event loops told of the end of processes that are held."""
    told: dict[str, Make] = {"add_child_handler": _add_child_handler}
    watchers: list[Any] = [getattr(module, name, None) for name in _WATCHERS]
    return all_of([replaced(each, told) for each in watchers if each is not None])


def patch_os(module: Any) -> Undo:
    """Follow `os.system`."""
    return replaced(module, {"system": _system})


def _state(process: Any) -> dict[str, Any]:
    return cast("dict[str, Any]", vars(process))


def _returncode(process: Any) -> int | None:
    return _state(process).get("returncode")


def _set_returncode(process: Any, code: int | None) -> None:
    _state(process)["returncode"] = code
    opened: tuple[OpenEffect, list[int]] | None = _state(process).get(_EFFECT)
    if opened is not None and code is not None and not opened[0].ended_ns:
        opened[1].append(code)
        opened[0].end()


def _execute_child(real: Callable[..., Any]) -> Callable[..., Any]:
    def execute_child(self: Any, args: Any, *rest: Any) -> Any:
        # In this order, whatever the system: executable, preexec_fn, close_fds, pass_fds, cwd,
        # env, startupinfo, creationflags, shell, and the six ends of three pipes.
        cwd, shell, pipes = rest[4], bool(rest[8]), rest[9:15]
        codes: list[int] = []
        effect = _effect(args, shell, cwd, codes)
        if effect is None:
            return real(self, args, *rest)
        _state(self)[_EFFECT] = effect, codes
        if effect.plan.is_real:
            try:
                return real(self, args, *rest)
            except BaseException as error:
                effect.end(error)
                raise
        answer = effect.plan.answer or Answer()
        if os.name == "posix":
            _connect(pipes, answer.body)
        self._close_pipe_fds(*pipes)
        self.returncode = answer.status or 0
        self.pid = _NO_PROCESS + self.returncode
        return None

    return execute_child


def _add_child_handler(real: Callable[..., Any]) -> Callable[..., Any]:
    def add_child_handler(self: Any, pid: int, callback: Callable[..., Any], *args: Any) -> None:
        if pid in _NO_PROCESSES:
            callback(pid, pid - _NO_PROCESS, *args)
        else:
            real(self, pid, callback, *args)

    return add_child_handler


def _connect(pipes: Sequence[int], printed: bytes) -> None:
    """Have what was printed in its pipe, and what is written go nowhere."""
    _, stdin, stdout, child_stdout, _, _ = pipes
    if stdin != -1:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stdin, inheritable=False)
        os.close(nowhere)
    if stdout != -1 and printed:
        os.set_blocking(child_stdout, False)
        rest = printed[os.write(child_stdout, printed) :]
        if rest:  # more than a pipe holds
            _thread.start_new_thread(_print, (os.dup(child_stdout), rest))
    elif child_stdout != -1:  # a file of the caller's
        os.write(child_stdout, printed)


def _print(pipe: int, printed: bytes) -> None:
    """Write all of it, as fast as it is read."""
    os.set_blocking(pipe, True)
    with suppress(OSError), open(pipe, "wb") as file:
        file.write(printed)


def _system(real: Callable[..., int]) -> Callable[..., int]:
    def system(command: Any) -> int:
        codes: list[int] = []
        effect = _effect(command, True, None, codes)
        if effect is None:
            return real(command)
        answer = effect.plan.answer or Answer()
        status = real(command) if effect.plan.is_real else (answer.status or 0) << 8
        codes.append(os.waitstatus_to_exitcode(status) if os.name == "posix" else status)
        effect.end()
        return status

    return system


def _effect(args: Any, shell: bool, cwd: Any, codes: list[int]) -> OpenEffect | None:
    """The effect of starting a process; None when it is nobody's business.

    Args:
        codes: gets the exit code once there is one. The effect is kept for long, and must not
            keep the process with its pipes.

    Raises:
        PermissionError: it is to be refused.
    """
    argv = _argv(args)
    line = argv[0] if shell and len(argv) == 1 else shlex.join(argv)
    program = argv[0] if argv else ""
    first = program.split(maxsplit=1)[0] if shell and program.split() else program
    names = (line, first, Path(first).name)
    plan: Plan | None = plan_for("subprocess", names, is_local=True)
    if plan is None:
        return None
    details = {"argv": argv, "shell": shell, "cwd": None if cwd is None else os.fsdecode(cwd)}
    effect = OpenEffect(
        "subprocess", line, plan, lambda: {**details, "exit_code": codes[0] if codes else None}
    )
    wait(plan.delay)
    if plan.verdict == "refused":
        effect.end("PermissionError")
        text = f"Permission denied ({SIMULATED} by the workbench)"
        raise PermissionError(errno.EACCES, text, first)
    return effect


def _argv(args: Any) -> list[str]:
    if isinstance(args, (str, bytes, os.PathLike)):
        return [_text(cast("Any", args))]
    return [_text(each) for each in args]


def _text(argument: Any) -> str:
    try:
        return os.fsdecode(argument)
    except TypeError:  # `subprocess` says so itself
        return repr(argument)
