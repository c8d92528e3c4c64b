"""JSON with places: judged as `json` judges it, and every span points at what it says."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from escalated_core.plugins.positions import MAX_DEPTH, parse, pointer

# The first run builds hypothesis's tables of characters, which takes its time.
thorough = settings(max_examples=300)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip
DOCUMENTS = st.builds(
    lambda value, indent, ascii_only: json.dumps(value, indent=indent, ensure_ascii=ascii_only),
    JSON_VALUES,
    st.sampled_from([None, 0, 2, "\t", "\r\n "]),
    st.booleans(),
)


def loads(text: str) -> Any:
    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(text, parse_constant=refuse)


def assert_agrees_with_json(text: str) -> None:
    try:
        expected = loads(text)
    except ValueError:
        with pytest.raises(json.JSONDecodeError):
            parse(text)
    else:
        assert repr(parse(text).value) == repr(expected)


def inside(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[tuple[str | int, ...], Any]]:
    """Every value in `value` with its path, itself included."""
    items: Any = ()
    if isinstance(value, dict | list):
        items = value.items() if isinstance(value, dict) else enumerate(value)
    return [(path, value), *(found for key, item in items for found in inside(item, (*path, key)))]


class TestPositions:
    @thorough
    @given(DOCUMENTS)
    def test_spans_point_at_the_values_and_their_keys(self, text: str) -> None:
        value, spans, duplicates = parse(text)
        assert repr(value) == repr(loads(text))
        assert duplicates == []
        places = inside(value)
        assert len(spans) == len(places)
        for path, item in places:
            span = spans[pointer(*path)]
            assert repr(loads(text[span.start : span.end])) == repr(item)
            assert text[span.start : span.end].strip() == text[span.start : span.end]
            if path and isinstance(path[-1], str):
                assert span.key is not None
                key, _ = json.JSONDecoder().raw_decode(text, span.key)
                assert key == path[-1]
            else:
                assert span.key is None

    @thorough
    @given(DOCUMENTS, st.randoms(use_true_random=False))
    def test_broken_documents_are_refused_as_json_does(
        self, text: str, chance: random.Random
    ) -> None:
        for _ in range(4):
            at = chance.randrange(len(text) + 1)
            piece = chance.choice(
                ["", *'{}[]",:\\0-.e \n\tx', "null", "NaN", "\x00", "\ufeff", "٣"]
            )
            assert_agrees_with_json(text[:at] + piece + text[at:])
            assert_agrees_with_json(text[:at] + piece + text[at + 1 :])

    @thorough
    @given(st.text(alphabet='{}[]",:\\u0123e+-.truefalsn \n٣'))
    def test_any_text_is_judged_as_json_does(self, text: str) -> None:
        assert_agrees_with_json(text)

    @pytest.mark.parametrize(
        "text",
        [
            "1" * 5000,
            "-Infinity",
            "[NaN]",
            "1٣",
            "\ufeff{}",
            "01",
            "1.",
            ".5",
            '"\t"',
            "tru",
            "[1,]",
        ],
    )
    def test_corners(self, text: str) -> None:
        assert_agrees_with_json(text)

    def test_duplicates_are_listed_with_the_offset_of_the_repeated_key(self) -> None:
        text = '{"a": {"b/c": 1, "b/c": 2}, "a": 3, "a": 4}'
        value, spans, duplicates = parse(text)
        assert value == {"a": 4}
        assert duplicates == [
            ("/a/b~1c", 17),
            ("/a", text.index('"a": 3')),
            ("/a", text.index('"a": 4')),
        ]
        assert spans["/a"].start == text.index("4")

    def test_depth(self) -> None:
        deepest = "[" * MAX_DEPTH + "1" + "]" * MAX_DEPTH
        assert parse(deepest).value == json.loads(deepest)
        with pytest.raises(json.JSONDecodeError, match="Nested more than") as refused:
            parse(f"[{deepest}]")
        assert refused.value.pos == MAX_DEPTH

    def test_lines_and_columns_count_from_one(self) -> None:
        text = '{\n  "a": [1,\r\n\t2]\n}'
        spans = parse(text).spans
        assert spans[""].line_col(text) == (1, 1)
        assert spans["/a"].line_col(text) == (2, 8)
        assert spans["/a/0"].line_col(text) == (2, 9)
        assert spans["/a/1"].line_col(text) == (3, 2)
