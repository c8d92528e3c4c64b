"""Notebooks in a real kernel: the example from top to bottom, and what only a kernel shows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parents[2]
EXAMPLE = REPOSITORY / "docs" / "notebook.ipynb"

Cells = Callable[..., list[list[Any]]]
Shown = Callable[[list[Any]], str]


@pytest.fixture
def shown(read_html: Callable[[str], Any]) -> Shown:
    """`shown(outputs)` are the words of the last output of a cell that is HTML."""

    def words(outputs: list[Any]) -> str:
        html = [each.data["text/html"] for each in outputs if "text/html" in each.get("data", {})]
        page = read_html(html[-1])
        assert page.active() == set()
        return page.words

    return words


def test_the_example_is_valid_and_without_outputs() -> None:
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = nbformat.read(EXAMPLE, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert all(cell.outputs == [] and cell.execution_count is None for cell in code)


def test_the_example_runs_from_top_to_bottom(run: Callable[..., Any], shown: Shown) -> None:
    nbformat = pytest.importorskip("nbformat", reason="nbformat is not installed")
    notebook = run(nbformat.read(EXAMPLE, as_version=4))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    wrong = [o for cell in code for o in cell.outputs if o.output_type in ("error", "stream")]
    assert wrong == []
    by_source = {cell.source.splitlines()[-1]: cell.outputs for cell in code}
    expected = {
        "wb": ("Workbench on", "closed", "broken-syntax", "✖ failed"),
        'wb.plugins["triage"]': ("triage 1.2.0", "✔ active"),
        "wb.hooks": ("ticket_data(data, ticket)", "5 normalise triage", "nobody hears"),
        "wb.findings[:5]": ("manifest.invalid-json", "broken-json/plugin.json:7:27"),
        "firing": ("ticket_data", "detect_urgency", "low → urgent", "Changed the value in place"),
        "firing.steps[1].changes": ("priority", "low → urgent"),
        "firing.result": ("'subject': 'Printer is on fire'", "'vip'"),
        "failed.error": ("KeyError: 'platinum'", "return RATES[plan]", "in rate_of"),
        "wb.outbox": ("POST https://hooks.example.com/T0/B0/x", "held simulated"),
        "wb.helpdesk": ("30 tickets", "ESC-00001"),
        'wb.event("ticket.assign", ticket=1, agent=2)': ("ticket.assign", "ticket_assigned"),
        'wb.trace.query("outcome:error")': ("ticket_created", "✖ error KeyError"),
        "wb.trace.compare(firing.id, again.id)": ("Callbacks", "normalise", "Hello"),
        "wb.trace.timings()[:8]": ("tag_vip triage", "22", "p95 ms"),
        "watch": ("are loaded at once", "SyntaxError", "save plugin.py"),
        "watch.wait()": ("triage", "save plugin.py"),
        "watch.wait().error": ("SyntaxError: expected ':'", "def normalise(data, ticket)"),
        "wb.reloads[-3:]": ("triage", "SyntaxError"),
    }
    for source, words in expected.items():
        text = shown(by_source[source])
        assert [each for each in words if each not in text] == [], source
    assert by_source['changed.result["priority"], changed.steps[1].generation'][0].data[
        "text/plain"
    ] == ("('urgent', 2)")
    assert len(by_source["watch"]) == 1, "a reload renews the cell that shows the watch"


def test_running_the_cell_again_closes_the_first_and_errors_are_short(
    cells: Cells, samples: Path, shown: Shown
) -> None:
    opened = f"from escalated_workbench import Workbench\nwb = Workbench({str(samples)!r})"
    outputs = cells(
        f"{opened}\nfirst = wb\nfiring = wb.fire('ticket_created')",
        f"{opened}\nfirst, wb",
        "first.fire('ticket_created')",
        "wb.activate('traige')",
        "Workbench('/nowhere')",
        "wb.fire('user_logout').outcome, firing",
        "[firing, firing], firing.steps, [1, 2]",
        "firing.steps",
        "[1, 'two']",
    )
    assert outputs[0] == []
    assert "closed" in outputs[1][0].data["text/plain"]
    for error in outputs[2:5]:
        assert [each.output_type for each in error] == ["error"]
        assert len(error[0].traceback) <= 2, "no frames of the workbench"
    assert outputs[3][0].traceback == [
        "line 1: wb.activate('traige')",
        f"UsageError: {outputs[3][0].evalue}",
    ]
    assert "Did you mean 'triage'?" in outputs[3][0].evalue
    assert "('ok', #" in outputs[5][0].data["text/plain"], "a wrong path closes nothing"
    assert "text/html" not in outputs[6][0].data
    assert "quote_price" in shown(outputs[7])
    assert outputs[8][0].data == {"text/plain": "[1, 'two']"}


def test_what_a_ticket_says_stays_text_and_output_goes_to_its_step(
    cells: Cells, samples: Path, shown: Shown
) -> None:
    subject = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    outputs = cells(
        f"from escalated_workbench import Workbench\nwb = Workbench({str(samples)!r})",
        f"wb.fire('ticket_data', {{'subject': {subject!r}}}, wb.helpdesk.ticket(1))",
        f"wb.event('ticket.create', subject={subject!r})",
        "wb.helpdesk.rows('ticket')[-1:]",
        "wb.trace[-1].args[0]",
    )
    for each in outputs[1:]:
        assert [output.output_type for output in each] == ["execute_result"]
        shown(each)
    assert subject in shown(outputs[1])
    assert "Hello, ESC-" in shown(outputs[2]) or "Caused" in shown(outputs[2])
    assert "<script>" in shown(outputs[3])
