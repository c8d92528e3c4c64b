"""The schema of `plugin.json`: a valid one, and the shortcut around jsonschema tells the same."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from escalated_core.plugins.schema import broken_rules, known_keys, schema

GOOD: dict[str, Any] = {
    "name": "Good",
    "slug": "good",
    "version": "1.0.0",
    "description": "Nothing is wrong with it",
    "author": "Somebody",
    "main_file": "plugin.py",
    "requires": {"escalated": "1.0.0"},
}
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from(["", "a-b", "a_b", "a\n", "1.0.0", "1.0.0\n", "plugin.py"]),
    st.lists(st.text(), max_size=1),
    st.dictionaries(
        st.sampled_from(["escalated", "python", "php"]), st.sampled_from(["1.0", 1, None])
    ),
)


def test_it_is_a_draft_2020_12_schema_that_knows_the_guides_fields() -> None:
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(schema())
    assert schema()["required"] == ["name", "slug", "version", "description", "author"]
    assert known_keys() == [*schema()["required"], "main_file", "requires"]
    assert known_keys(("requires",)) == ["escalated", "python"]


@settings(max_examples=300)
@given(
    st.dictionaries(st.sampled_from([*GOOD, "author_url", "x"]), VALUES, max_size=2),
    st.just(set[str]()) | st.sets(st.sampled_from([*GOOD])),
)
def test_rules_are_broken_exactly_where_jsonschema_says_so(
    odd: dict[str, Any], absent: set[str]
) -> None:
    data = {key: value for key, value in GOOD.items() if key not in absent or key in odd} | odd
    broken = broken_rules(data)
    assert bool(broken) is not Draft202012Validator(schema()).is_valid(data)
    missing = {path[0] for rule, path in broken if rule == "required"}
    unknown = {path[0] for rule, path in broken if rule == "additionalProperties" and len(path) < 2}
    assert missing == set(schema()["required"]) - set(data)
    assert unknown == set(data) - set(GOOD)
