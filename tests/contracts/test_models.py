"""Django models of plugins: tables, migrations, reloads, labels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from escalated_workbench import Workbench

Write = Callable[..., Path]
Helper = Callable[..., Any]
Open = Callable[..., Workbench]


MODELS = """
    from django.db import models

    class Setting(models.Model):
        key = models.CharField(max_length=100)
        {more}
"""


COUNT = """
    from escalated.hooks import on_filter

    @on_filter("answer")
    def answer(value):
        from django.db import connection
        from .models import Setting
        Setting.objects.create(key="k")
        return [Setting.objects.count(), Setting._meta.db_table, id(Setting)]
    # {}
"""


def models(more: str = "") -> tuple[str, str]:
    return "models.py", MODELS.format(more=more)


def test_the_models_of_a_plugin_have_tables_when_it_is_loaded(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    write("a-b", COUNT, *models())
    ((count, table, _),) = answers(open_workbench())
    assert (count, table) == (1, "a_b_setting")


def test_the_guides_migration_in_an_activation_hook_succeeds(
    write: Write, open_workbench: Open
) -> None:
    write(
        "my-plugin",
        """
        from django.core.management import call_command
        from escalated.hooks import add_action

        def on_activate():
            call_command('migrate', 'my_plugin')
            from .models import Setting
            Setting.objects.get_or_create(key='default_config')

        add_action("plugin_activated_my-plugin", on_activate)
        """,
        *models(),
    )
    workbench = open_workbench()
    (step,) = workbench.trace[-1].steps
    assert step.error is None, step.error
    assert workbench.findings == []


def test_an_unchanged_module_of_models_is_kept_across_reloads(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    write("billing", COUNT, *models())
    workbench = open_workbench()
    ((_, _, before),) = answers(workbench)
    for number in range(3):
        write("billing", COUNT.format(number), *models())
        workbench.reload("billing")
    assert answers(workbench) == [[2, "billing_setting", before]]
    assert workbench.findings == []


def test_changed_models_need_a_restart_until_they_are_as_they_were(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    folder = write("billing", COUNT, *models())
    workbench = open_workbench()
    write("billing", COUNT, *models("value = models.TextField()"))
    workbench.reload("billing")

    (finding,) = workbench.findings
    assert (finding.code, finding.plugin) == ("reload.needs-restart", "billing")
    assert finding.file == str(folder / "models.py")
    assert "models.py" in finding.message
    assert answers(workbench)[0][0] == 1
    write("billing", COUNT.format("again"), *models("value = models.TextField()"))
    workbench.reload("billing")
    assert workbench.findings == [finding]

    write("billing", COUNT, *models())
    workbench.reload("billing")
    assert workbench.findings == []


def test_changed_models_are_live_after_a_restart(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    write("billing", COUNT, *models())
    answers(open_workbench())
    write(
        "billing",
        COUNT.replace('key="k"', 'key="k", value="v"'),
        *models("value = models.TextField()"),
    )
    workbench = open_workbench()
    assert answers(workbench)[0][0] == 1
    assert workbench.findings == []


def test_the_models_of_a_load_that_fails_are_forgotten(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    write("billing", saying("1"))
    workbench = open_workbench()
    for _ in range(2):
        write("billing", "from .models import Setting\n1/0", *models())
        workbench.fire("ticket_created")  # opens the help desk
        with pytest.raises(Exception, match="ZeroDivisionError"):
            workbench.reload("billing")
        assert answers(workbench) == [1]
    write("billing", COUNT, *models("value = models.TextField(default='')"))
    workbench.reload("billing")
    assert answers(workbench)[0][0] == 1
    assert workbench.findings == []


def test_models_in_the_main_file_are_defined_again_by_a_reload(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    code = (
        MODELS.format(more="")
        + """
    from escalated.hooks import add_filter
    add_filter("answer", lambda value: Setting.objects.create(key={}).key)
    """
    )
    write("billing", code.format("'a'"))
    workbench = open_workbench()
    assert answers(workbench) == ["a"]
    write("billing", code.format("'b'"))
    workbench.reload("billing")
    assert answers(workbench) == ["b"]
    write("billing", code.format("'c'") + "1/0\n")
    with pytest.raises(Exception, match="ZeroDivisionError"):
        workbench.reload("billing")
    assert answers(workbench) == ["b"]


def test_models_split_over_a_package_are_kept_too(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    split = ["models/__init__.py", "from .setting import Setting"]
    split += ["models/setting.py", MODELS.format(more="")]
    write("billing", COUNT, *split)
    workbench = open_workbench()
    ((_, _, before),) = answers(workbench)
    workbench.reload("billing")
    assert answers(workbench)[0][2] == before


def test_a_clash_of_labels_is_a_finding(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    write("a-b", COUNT, *models())
    folder = write("a_b", COUNT, *models())
    workbench = open_workbench()
    assert workbench.plugins["a-b"].status == "active"
    assert workbench.plugins["a_b"].status == "failed"
    (finding,) = [f for f in workbench.findings if f.severity == "error"]
    assert (finding.code, finding.plugin) == ("models.label", "a_b")
    assert finding.file == str(folder / "models.py")
    assert "'a_b'" in finding.message
    assert "'a-b'" in finding.message
    assert answers(workbench)[0][1] == "a_b_setting"


def test_plugins_without_models_share_a_label_in_peace(
    write: Write, open_workbench: Open, saying: Helper, answers: Helper
) -> None:
    for slug in ("a-b", "a_b"):
        write(slug, saying("settings.USE_TZ", "from django.conf import settings"))
    assert answers(open_workbench()) == [True, True]


def test_a_deactivated_plugin_keeps_its_rows_and_an_uninstalled_one_does_not(
    write: Write, open_workbench: Open, answers: Helper
) -> None:
    write("billing", COUNT, *models())
    workbench = open_workbench()
    for count in (1, 2, 3):
        assert answers(workbench)[0][0] == count
        workbench.deactivate("billing")
        workbench.activate("billing")
    workbench.uninstall("billing")
    from django.apps import apps

    assert "billing" not in apps.app_configs
    assert [model for model in apps.get_models() if model.__name__ == "Setting"] == []


@pytest.mark.parametrize("where", ["models.py", "plugin.py"])
def test_models_changed_behind_the_workbenchs_back_need_a_restart(
    write: Write, open_workbench: Open, where: str
) -> None:
    old, new = MODELS.format(more=""), MODELS.format(more="value = models.TextField()")
    write("billing", "", where, old)
    workbench = open_workbench()
    assert workbench.findings == []
    workbench.deactivate("billing")
    write("billing", "", where, new)
    workbench.activate("billing")
    (finding,) = workbench.findings
    assert finding.code == "reload.needs-restart"
    assert "Setting" in finding.message
