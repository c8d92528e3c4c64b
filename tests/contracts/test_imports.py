"""Plugins import modules of their own, seen by nobody else, as they are on disk."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]
Open = Callable[..., Workbench]
Until = Callable[[Callable[[], Any]], Any]


HEAVY = "heavy_module.py", "def process(): return 'processed'"


@pytest.mark.parametrize(
    ("imports", "lazy", "expression"),
    [
        ("from .heavy_module import process", "pass", "process()"),
        ("", "from .heavy_module import process", "process()"),
        ("from . import heavy_module", "pass", "heavy_module.process()"),
        ("", "from . import heavy_module", "heavy_module.process()"),
        ("import heavy_module", "pass", "heavy_module.process()"),
        ("", "import heavy_module", "heavy_module.process()"),
        ("from heavy_module import process", "pass", "process()"),
        ("import heavy_module as heavy", "pass", "heavy.process()"),
        ("from heavy_module import *", "pass", "process()"),
    ],
)
def test_a_plugin_imports_its_own_modules_in_every_spelling(
    write: Write,
    open_workbench: Open,
    imports: str,
    lazy: str,
    expression: str,
    saying: Helper,
    answers: Helper,
) -> None:
    write("billing", saying(expression, imports, lazy), *HEAVY)
    assert answers(open_workbench()) == ["processed"]


def test_one_module_is_one_module_in_every_spelling(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    imports = "import heavy_module; from . import heavy_module as other"
    write("billing", saying("heavy_module is other", imports), *HEAVY)
    assert answers(open_workbench()) == [True]


@pytest.mark.parametrize(
    ("imports", "expression"),
    [
        ("import parts.wheel", "parts.wheel.NAME"),
        ("import parts.wheel as wheel", "wheel.NAME"),
        ("from parts import wheel", "wheel.NAME"),
        ("from parts.wheel import NAME", "NAME"),
        ("from .parts import wheel", "wheel.NAME"),
        ("from .parts.wheel import NAME", "NAME"),
        ("from parts.deeper import spoke", "spoke.NAME"),
        ("from .parts.deeper.spoke import NAME", "NAME"),
        ("from bare import stone", "stone.NAME"),
        ("from .bare.stone import NAME", "NAME"),
    ],
)
def test_sub_packages_with_and_without_init(
    write: Write,
    open_workbench: Open,
    imports: str,
    expression: str,
    saying: Helper,
    answers: Helper,
) -> None:
    files = [
        *("parts/__init__.py", ""),
        *("parts/wheel.py", "NAME = 'found'"),
        *("parts/deeper/__init__.py", "from . import spoke"),
        *("parts/deeper/spoke.py", "from ..wheel import NAME"),
        *("bare/stone.py", "from parts.wheel import NAME"),
    ]
    write("billing", saying(expression, imports), *files)
    assert answers(open_workbench()) == ["found"]


def test_the_main_file_may_have_another_name_and_place(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    folder = write("billing", "1/0", main_file="src/main.py")
    (folder / "src").mkdir()
    (folder / "src" / "beside.py").write_text("NAME = 'beside'", "utf-8")
    (folder / "above.py").write_text("NAME = 'above'", "utf-8")
    code = "import beside, above\nfrom . import beside as b\nfrom escalated.hooks import add_filter"
    code += '\nadd_filter("answer", lambda value: [beside.NAME, b.NAME, above.NAME])'
    (folder / "src" / "main.py").write_text(code, "utf-8")
    assert answers(open_workbench()) == [["beside", "beside", "above"]]


def test_the_helpers_of_two_plugins_never_meet(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    for slug in ("alpha", "beta", "a-b", "a_b"):
        both = saying("[helpers.NAME, NAME]", "import helpers", "from .helpers import NAME")
        write(slug, both, "helpers.py", f"NAME = {slug!r}")
    workbench = open_workbench()
    assert answers(workbench) == [[slug, slug] for slug in ("a-b", "a_b", "alpha", "beta")]
    assert len(workbench.plugins) == 4


def test_a_module_named_like_the_standard_librarys_wins_inside_its_plugin_only(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    write("alpha", saying("colorsys.NAME", "import colorsys"), "colorsys.py", "NAME = 'own'")
    write("beta", saying("colorsys.rgb_to_hsv(0, 0, 0)", "import colorsys"))
    write(
        "gamma",
        saying("[colorsys.NAME, json.loads('1')]", "import colorsys, json"),
        *("colorsys.py", "import json\nNAME = 'also own'"),
    )
    workbench = open_workbench()
    assert answers(workbench) == ["own", (0.0, 0.0, 0), ["also own", 1]]
    import colorsys

    assert not hasattr(colorsys, "NAME")


def test_importing_the_main_file_from_a_helper_does_not_run_it_twice(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    write(
        "billing",
        """
        from escalated.hooks import add_filter
        print("runs")
        RATE = 3
        from helpers import answer
        add_filter("answer", answer)
        """,
        "helpers.py",
        """
        import plugin
        from . import plugin as same
        from .plugin import RATE

        def answer(value):
            return [plugin is same, plugin.RATE, RATE]
        """,
    )
    workbench = open_workbench()
    assert answers(workbench) == [[True, 3, 3]]
    assert workbench.reloads[-1].output == "runs\n"


def test_a_plugin_leaves_nothing_behind(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    files = [*HEAVY, "parts/__init__.py", "", "parts/wheel.py", "NAME = 1", "bare/x.py", ""]
    everything = "import heavy_module, parts.wheel, bare.x"
    folder = write("billing", saying("1", everything), *files)
    path, modules = list(sys.path), set(sys.modules)
    workbench = open_workbench()
    assert answers(workbench) == [1]
    assert sys.path == path
    assert "heavy_module" not in sys.modules

    workbench.deactivate("billing")
    assert not [name for name in sys.modules if name.startswith("escalated_plugins.")]
    workbench.close()
    assert sys.path == path
    assert not [name for name in set(sys.modules) - modules if "escalated_plugins" in name]
    held = [getattr(module, "__file__", None) or "" for module in list(sys.modules.values())]
    assert not [file for file in held if file.startswith(str(folder))]


def test_no_bytecode_is_written(
    write: Write, open_workbench: Open, root: Path, saying: Helper, answers: Helper
) -> None:
    files = [*HEAVY, "parts/__init__.py", "", "parts/wheel.py", "NAME = 1"]
    write("billing", saying("1", "import heavy_module, parts.wheel"), *files)
    answers(open_workbench())
    assert not [path for path in root.rglob("*") if "pyc" in path.name]


def test_no_bytecode_is_read(
    write: Write, open_workbench: Open, tmp_path: Path, saying: Helper, answers: Helper
) -> None:
    import py_compile

    folder = write("billing", saying("NAME", "from heavy import NAME"), "heavy.py", "NAME = 'old'")
    source = folder / "heavy.py"
    status = source.stat()
    py_compile.compile(str(source))
    source.write_text("NAME = 'new'", "utf-8")
    os.utime(source, (status.st_atime, status.st_mtime))  # the same size and the same time
    assert answers(open_workbench()) == ["new"]


def test_edits_of_the_same_size_within_a_second_are_seen(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    write("billing", saying("NAME", "from heavy import NAME"), "heavy.py", "NAME = 0")
    workbench = open_workbench()
    for number in range(1, 10):
        write("billing", saying("NAME", "from heavy import NAME"), "heavy.py", f"NAME = {number}")
        workbench.reload("billing")
        assert answers(workbench) == [number]


@pytest.mark.parametrize("where", ["plugin.py", "helpers.py"])
@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import no_such_module", "ModuleNotFoundError: No module named 'no_such_module'"),
        ("from . import no_such", "ImportError: cannot import name 'no_such'"),
        ("from json import no_such", "ImportError: cannot import name 'no_such'"),
        ("def broken(:", "SyntaxError: invalid syntax"),
    ],
)
def test_a_failing_import_is_told_with_its_place(
    write: Write, open_workbench: Open, where: str, code: str, error: str
) -> None:
    files = {"plugin.py": "import helpers", "helpers.py": "", where: f"# first line\n{code}"}
    folder = write("billing", files["plugin.py"], "helpers.py", files["helpers.py"])
    workbench = open_workbench()
    plugin = workbench.plugins["billing"]
    assert plugin.status == "failed"
    assert str(plugin.error).startswith(error)
    (finding,) = workbench.findings
    assert (finding.file, finding.line) == (str(folder / where), 2)
    assert finding.cure


def test_a_cyclic_import_works_as_in_python(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    write(
        "billing",
        saying("one.TWO.ONE.NAME", "import one"),
        *("one.py", "import two as TWO\nNAME = 'round'"),
        *("two.py", "import one as ONE"),
    )
    assert answers(open_workbench()) == ["round"]


def test_standard_and_installed_modules_are_everybodys(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    write("alpha", saying("id(requests)", "import requests, json.decoder"))
    write("beta", saying("id(requests)", "import requests"))
    first, second = answers(open_workbench())
    assert first == second


def distribution(site: Path, name: str, files: dict[str, str]) -> None:
    """Install a distribution by hand, as pip would."""
    info = f"{name.replace('-', '_')}-1.0.0.dist-info"
    files = {**files, f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0.0\n"}
    for path, text in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(text, "utf-8")
    record = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    (site / info / "RECORD").write_text(record, "utf-8")


def manifest(name: str) -> str:
    fields = {"name": name, "slug": name, "version": "1.0.0", "description": "D", "author": "A"}
    return json.dumps(fields)


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "site-packages"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    return folder


PLUGIN = """
from escalated.hooks import add_filter
import helpers
from .helpers import NAME

add_filter("answer", lambda value: [helpers.NAME, NAME])
"""


def test_a_plugin_flat_in_site_packages_has_its_own_files_and_no_others(
    open_workbench: Open, site: Path, answers: Helper
) -> None:
    own = {"plugin.json": manifest("my_custom_plugin"), "plugin.py": PLUGIN}
    distribution(site, "my_custom_plugin", {**own, "helpers.py": "NAME = 'mine'"})
    distribution(site, "somebody-elses", {"others.py": "import colorsys"})
    workbench = open_workbench()
    workbench.activate("my_custom_plugin")
    assert answers(workbench) == [["mine", "mine"]]
    assert "helpers" not in sys.modules

    (site / "plugin.py").write_text("from . import others", "utf-8")
    with pytest.raises(Exception, match="cannot import name 'others'"):
        workbench.reload("my_custom_plugin")


def test_two_distributions_with_packages_of_their_own(
    open_workbench: Open, site: Path, answers: Helper
) -> None:
    for name in ("escalated-billing", "escalated-triage"):
        package = name.replace("-", "_")
        own = {f"{package}/plugin.json": manifest(name), f"{package}/plugin.py": PLUGIN}
        distribution(site, name, {**own, f"{package}/helpers.py": f"NAME = {name!r}"})
    workbench = open_workbench()
    for name in ("escalated-billing", "escalated-triage"):
        workbench.activate(name)
    names = ["escalated-billing", "escalated-triage"]
    assert answers(workbench) == [[name, name] for name in names]


def test_an_installed_plugin_may_import_itself_by_its_package(
    open_workbench: Open, site: Path, answers: Helper
) -> None:
    code = "from escalated_billing.rates import RATE\nfrom escalated.hooks import add_filter\n"
    own = {
        "escalated_billing/__init__.py": "",
        "escalated_billing/plugin.json": manifest("escalated-billing"),
        "escalated_billing/plugin.py": f"{code}add_filter('answer', lambda value: RATE)",
        "escalated_billing/rates.py": "RATE = 1",
    }
    distribution(site, "escalated-billing", own)
    workbench = open_workbench()
    workbench.activate("escalated-billing")
    assert answers(workbench) == [1]

    (site / "escalated_billing" / "rates.py").write_text("RATE = 2", "utf-8")
    workbench.reload("escalated-billing")
    assert answers(workbench) == [2]

    workbench.deactivate("escalated-billing")
    assert not [name for name in sys.modules if "escalated_billing" in name]
    assert not list(site.rglob("*.pyc"))


def test_a_folder_put_on_the_path_is_one_of_the_plugins_own(
    write: Write, open_workbench: Open
) -> None:
    code = """
    import os, sys
    from escalated.hooks import *

    sys.path.insert(0, os.path.join(os.path.dirname(__file__), "vendor"))
    import sidekick

    add_filter("who", lambda value: sidekick.NAME)
    """
    before = list(sys.path)
    for slug in ("alpha", "beta"):
        write(slug, code, "vendor/sidekick.py", f"NAME = {slug!r}")
    workbench = open_workbench()
    firing = workbench.fire("who", None)
    assert [step.after for step in firing.steps] == ["alpha", "beta"]
    folder = write("alpha", code, "vendor/sidekick.py", "NAME = 'gamma'")
    workbench.reload("alpha")
    assert [step.after for step in workbench.fire("who", None).steps] == ["gamma", "beta"]
    assert list(folder.rglob("*.pyc")) == []
    workbench.close()
    assert "sidekick" not in sys.modules
    assert sys.path == before
