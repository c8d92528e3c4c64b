"""Plugins' models: an application of their own, gone without a trace when the plugin goes."""

# Model._meta is public: https://docs.djangoproject.com/en/stable/ref/models/meta/

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

from django.apps import AppConfig, apps
from django.core import management
from django.db import models
from django.template import utils as template

from escalated_core.errors import PluginError
from escalated_core.helpdesk.tables import create_missing, drop_existing, has_other_columns
from escalated_core.records import Finding


class PluginApp(AppConfig):
    """The application of one plugin."""

    default_auto_field = "django.db.models.BigAutoField"

    def __init__(self, slug: str, label: str, package: str, module: ModuleType) -> None:
        self.slug = slug
        self.label = label
        self.path = module.__path__[0]
        self.installs: set[object] = set()
        super().__init__(package, module)
        self.apps = apps
        self.models = apps.all_models[label]


def install_models(slug: str, package: str, module: ModuleType) -> Callable[[bool], None]:
    """Make `package` an application labelled by its slug, before its models are imported.

    Installing a slug again shares the application with the first; the last undo removes it. The
    undo is told whether to drop the tables as well.

    Raises:
        PluginError: the label cannot be one, or is taken.
    """
    label = slug.replace("-", "_")
    holder = apps.app_configs.get(label)
    if isinstance(holder, PluginApp) and holder.slug == slug:
        app = holder
        app.module = module
    else:
        _refuse(slug, label, holder, module)
        app = PluginApp(slug, label, package, module)
        apps.app_configs[label] = app
        _look_again()
    install = object()
    app.installs.add(install)

    def undo(drop: bool) -> None:
        if install not in app.installs:
            return
        app.installs.remove(install)
        if not app.installs:
            try:
                if drop:
                    drop_tables(label)
            finally:
                _remove(app)

    return undo


def is_plugin(label: str) -> bool:
    """Whether a plugin's application has this label."""
    return isinstance(apps.app_configs.get(label), PluginApp)


def plugin_labels() -> list[str]:
    """The labels of all plugins' applications."""
    return [label for label in apps.app_configs if is_plugin(label)]


def defines_models(module: ModuleType) -> bool:
    """Whether a module's own code defines models; those it imports do not count."""
    return any(
        isinstance(value, type)
        and issubclass(value, models.Model)
        and value.__module__ == module.__name__
        for value in vars(module).values()
    )


def make_room(label: str) -> dict[str, type[models.Model]]:
    """Let models whose module is no longer loaded be defined again; returns those there were."""
    registered = apps.all_models.get(label, {})
    before = dict(registered)
    for name, model in before.items():
        if model.__module__ not in sys.modules:
            del registered[name]
    apps.clear_cache()
    return before


def take_back(label: str, before: dict[str, type[models.Model]]) -> None:
    """Forget the models that were defined since `make_room`, and bring back those before."""
    registered = apps.all_models.get(label, {})
    for name, model in list(registered.items()):
        if before.get(name) is not model:
            _detach(model)
            del registered[name]
    registered.update(before)
    _look_again()


def create_tables(label: str) -> list[str]:
    """Make the missing tables of a plugin's models; returns their names, sorted."""
    return create_missing(_models(label))


def differing_tables(label: str) -> list[str]:
    """The models of a plugin whose tables have other columns than they, sorted by name."""
    return sorted(model.__name__ for model in _models(label) if has_other_columns(model))


def drop_tables(label: str) -> list[str]:
    """Drop the tables of a plugin's models; returns their names, sorted."""
    return drop_existing(_models(label))


def _models(label: str) -> list[type[models.Model]]:
    """A plugin's models, those with an `app_label` of somebody else included."""
    app = apps.get_app_config(label)
    return [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.app_label == label or f"{model.__module__}.".startswith(f"{app.name}.")
    ]


def _refuse(slug: str, label: str, holder: AppConfig | None, module: ModuleType) -> None:
    """Raise unless the label is free and can be one."""
    if holder is not None:
        owner = f"plugin '{holder.slug}'" if isinstance(holder, PluginApp) else f"'{holder.name}'"
        problem = f"which {owner} has already"
    elif not label.isidentifier():
        problem = "which is not a Python identifier"
    else:
        return
    raise PluginError(
        Finding(
            code="models.label",
            severity="error",
            message=f"The models of '{slug}' need the Django label '{label}', {problem}.",
            cure="Rename the plugin: the label is its slug with '-' as '_'.",
            plugin=slug,
            file=f"{module.__path__[0]}/models.py",
            line=1,
        )
    )


def _remove(app: PluginApp) -> None:
    for model in _models(app.label):
        _detach(model)
        apps.all_models[model._meta.app_label].pop(str(model._meta.model_name))
    apps.all_models.pop(app.label, None)
    del apps.app_configs[app.label]
    # Relations to models that were never defined would be made when somebody else defines them.
    pending: dict[tuple[str, str], Any] = vars(apps)["_pending_operations"]
    for key in [key for key in pending if key[0] == app.label]:
        del pending[key]
    _look_again()


def _detach(model: type[models.Model]) -> None:
    """Take back what the model's relations put on the models of others."""
    for field in (*model._meta.local_fields, *model._meta.local_many_to_many):
        relation: Any = getattr(field, "remote_field", None)
        if relation is None or isinstance(relation.model, str):
            continue
        name = relation.get_accessor_name()
        accessor = getattr(relation.model, name, None) if name else None
        if any(getattr(accessor, its, None) is relation for its in ("rel", "related")):
            delattr(relation.model, name)


def _look_again() -> None:
    """Let Django look again for models, management commands and templates."""
    apps.clear_cache()
    cached: list[Any] = [management.get_commands, template.get_app_template_dirs]
    for function in cached:
        function.cache_clear()
