"""The JSON Schema of `plugin.json`, and which of its rules a manifest breaks."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jsonschema import Draft202012Validator

FieldPath = tuple[str, ...]


@cache
def schema() -> dict[str, Any]:
    """The shipped schema, draft 2020-12."""
    return json.loads(Path(__file__).with_name("manifest.schema.json").read_bytes())


def known_keys(path: FieldPath = ()) -> list[str]:
    """The keys that the object at `path` may have."""
    rule = schema()
    for key in path:
        rule = rule["properties"][key]
    return list(rule["properties"])


def broken_rules(data: dict[str, Any]) -> dict[tuple[str, FieldPath], Any]:
    """Each broken keyword of the schema with the path of the field it is about, and its value.

    `required` and `additionalProperties` are about the missing or the surplus field itself.
    """
    if _conforms(data, schema()):
        return {}
    broken: dict[tuple[str, FieldPath], Any] = {}
    errors: Iterable[Any] = _validator().iter_errors(data)  # pyright: ignore[reportUnknownMemberType]
    for error in errors:
        path = tuple(str(part) for part in error.absolute_path)
        value: Any = error.instance
        if error.validator == "required":
            absent = [key for key in error.validator_value if key not in value]
            broken.update({("required", (*path, key)): None for key in absent})
        elif error.validator == "additionalProperties":
            surplus = [key for key in value if key not in known_keys(path)]
            broken.update({(error.validator, (*path, key)): value[key] for key in surplus})
        else:
            broken[(error.validator, path)] = value
    return broken


@cache
def _validator() -> Draft202012Validator:
    from jsonschema import Draft202012Validator  # 0.1 s, and only needed where something is wrong

    return Draft202012Validator(schema())


def _conforms(value: Any, rule: dict[str, Any]) -> bool:
    """Whether nothing is broken: spares the start with good manifests the import of jsonschema.

    Knows the keywords that our own schema uses, no more.
    """
    if rule["type"] == "string":
        pattern, least = rule.get("pattern", ""), rule.get("minLength", 0)
        return isinstance(value, str) and len(value) >= least and bool(re.search(pattern, value))
    properties = rule["properties"]
    return (
        isinstance(value, dict)
        and all(key in value for key in rule.get("required", ()))
        and all(
            key in properties and _conforms(item, properties[key])
            for key, item in cast("dict[str, Any]", value).items()
        )
    )
