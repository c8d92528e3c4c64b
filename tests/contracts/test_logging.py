"""Logging that plugins or settings configure: all is heard, and nothing of it is left behind."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Open = Callable[..., Workbench]
RunInState = Callable[[str], list[str]]

CONFIGURE = {
    "basicConfig": "logging.basicConfig(level='CRITICAL', force=True)",
    "dictConfig": "logging.config.dictConfig({'version': 1, 'root': {'level': 'CRITICAL'}})",
    "handlers": """logging.config.dictConfig({'version': 1, 'disable_existing_loggers': False,
        'handlers': {'null': {'class': 'logging.NullHandler'}},
        'root': {'handlers': ['null'], 'level': 'CRITICAL'},
        'loggers': {'escalated_plugins': {'propagate': False, 'level': 'ERROR'}}})""",
    "disable": "logging.disable(logging.CRITICAL)",
    "propagate": "logging.getLogger('somebody').propagate = False",
}
LOGS = """
    import logging
    from escalated.hooks import on_action

    @on_action("run", 20)
    def speak():
        logging.getLogger(__name__).info("own")
        logging.getLogger("somebody").info("of a library")
"""


@pytest.mark.parametrize("when", ["configure()", "add_action('run', configure, 1)"])
@pytest.mark.parametrize("configure", CONFIGURE.values(), ids=CONFIGURE)
def test_a_plugin_that_configures_logging_cuts_nobody_off(
    write: Write, run_in_state: RunInState, configure: str, when: str
) -> None:
    head = "import logging.config\nfrom escalated.hooks import add_action\ndef configure():\n"
    write("alpha", LOGS)
    write("zeta", f"{head}    {configure}\n{when}\n")
    printed = run_in_state("""
        with Workbench(root) as workbench:
            for _ in range(2):
                step = workbench.fire("run").steps[-1]
                print(*(line.message for line in step.logs), sep=", ")
        print(changed(before))
        told.truncate(told.seek(0))
        logging.getLogger("somebody").info("heard")
        print(told.getvalue(), end="")
    """)
    assert printed == ["own, of a library", "own, of a library", "{}", "heard"]


@pytest.mark.parametrize("head", ["", "    import django\n"], ids=["plain", "with Django"])
def test_a_logging_overlay_is_heard_while_open_and_undone_at_close(
    write: Write, run_in_state: RunInState, head: str
) -> None:
    write("alpha", head + LOGS)
    printed = run_in_state("""
        overlay = io.StringIO()
        settings = {"LOGGING": {
            "version": 1,
            "handlers": {"ours": {"class": "logging.StreamHandler", "stream": overlay}},
            "root": {"handlers": ["ours"], "level": "CRITICAL"},
            "loggers": {"escalated_plugins": {"level": "INFO"}, "new": {"level": "DEBUG"}},
        }}
        for _ in range(2):
            with Workbench(root, settings=settings) as workbench:
                for _ in range(2):
                    (step,) = workbench.fire("run").steps
                    print(*(line.message for line in step.logs), sep=", ")
            print(", ".join(overlay.getvalue().splitlines()), "|", changed(before))
            overlay.truncate(overlay.seek(0))
    """)
    line = "own, of a library"
    assert printed == [line, line, f"{line}, {line} | {{}}"] * 2


def test_a_foreign_debug_record_reaches_only_who_would_get_it_anyway(
    write: Write, open_workbench: Open, caplog: pytest.LogCaptureFixture
) -> None:
    for name, level in (("foreign.loud", logging.DEBUG), ("foreign.alone", logging.WARNING)):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [caplog.handler], False
        logger.setLevel(level)
    write(
        "alpha",
        """
        import logging, threading
        from escalated.hooks import on_action

        def speak():
            for name in ("foreign", "foreign.child", "foreign.loud", "foreign.alone"):
                logging.getLogger(name).debug("debug of %s", name)
                logging.getLogger(name).warning("warning of %s", name)

        speak()

        @on_action("run")
        def both():
            speak()
            thread = threading.Thread(target=speak)
            thread.start()
            thread.join()
        """,
    )
    workbench = open_workbench()
    (step,) = workbench.fire("run").steps
    expected = ["warning of foreign", "warning of foreign.child", "debug of foreign.loud"]
    expected += ["warning of foreign.loud", "warning of foreign.alone"]
    assert caplog.messages == expected * 3
    warnings = [line.message for line in step.logs]
    assert warnings == [message for message in expected if "debug" not in message] * 2
