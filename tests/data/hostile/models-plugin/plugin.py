"""Hooks: action `plugin_activated_models-plugin` (migrates), filter `models_plugin_run` (dict)."""

from django.core.management import call_command

from escalated.hooks import add_action, add_filter


def on_activate():
    call_command("migrate", "models_plugin")

    from .models import PluginSettings

    PluginSettings.objects.get_or_create(key="default_config", defaults={"value": "{}"})


def add_settings(data):
    from .models import PluginSettings

    return {**data, **dict(PluginSettings.objects.values_list("key", "value"))}


add_action("plugin_activated_models-plugin", on_activate)
add_filter("models_plugin_run", add_settings)
