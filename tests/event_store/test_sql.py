"""Law: a query's text is complete once it is loaded, and nothing but a caisse's checked name is ever written into it."""

import pytest
from hypothesis import given, strategies as st

from clearing.event_store.migrate import migrations
from clearing.sql import SCHEMA_FORM, Queries, UnknownQuery, for_schema, named_blocks, schema_name, schema_of
from clearing.values import InvalidValue


def test_queries_name_the_schema_of_their_caisse() -> None:
    queries = Queries.load("clearing.event_store", "log.sql", "caisse_north")
    assert "UPDATE caisse_north.log_head" in queries["append_group"]
    assert not [name for name, text in queries.texts.items() if "{schema}" in text]
    with pytest.raises(UnknownQuery, match="no query is named nothing; there are append_group"):
        queries["nothing"]


@given(st.text(max_size=60))
def test_only_a_plain_name_becomes_a_schema(text: str) -> None:
    assert SCHEMA_FORM.fullmatch("caisse_x")
    if SCHEMA_FORM.fullmatch(text):
        assert schema_name(text) == text
    else:
        with pytest.raises(InvalidValue, match="named caisse_"):
            for_schema("SELECT 1 FROM {schema}.events", text)


@pytest.mark.parametrize(
    "text", ["caisse_", "caisse_A", "caisse_x;", "caisse_x\n", "Caisse_x", "caisse_" + "x" * 41, 7, None]
)
def test_a_name_that_could_carry_sql_is_refused(text: object) -> None:
    with pytest.raises(InvalidValue, match="named caisse_"):
        schema_name(text)


def test_a_code_becomes_a_schema() -> None:
    assert schema_of("mont-blanc.2") == "caisse_mont_blanc_2"
    with pytest.raises(InvalidValue, match="named caisse_"):
        schema_of("Mont Blanc")


def test_other_braces_stay_as_they_are() -> None:
    assert for_schema("SELECT '{}'::int[] FROM {schema}.x", "caisse_a") == "SELECT '{}'::int[] FROM caisse_a.x"


def test_a_name_given_twice_or_without_text_is_refused() -> None:
    assert named_blocks("-- for readers\n\n-- name: one\nSELECT 1\n\n-- name: two\nSELECT 2\n") == {
        "one": "SELECT 1",
        "two": "SELECT 2",
    }
    for text in ("-- name: one\nSELECT 1\n-- name: one\nSELECT 2\n", "-- name: one\n\n-- name: two\nSELECT 2\n"):
        with pytest.raises(ValueError, match="the query one is written twice or has no text"):
            named_blocks(text)


def test_migrations_are_numbered_without_gaps() -> None:
    steps = migrations()
    assert [step.name[:4] for step in steps] == [f"{number:04}" for number in range(1, len(steps) + 1)]
    assert all(len(step.sha256) == 32 and "{schema}" in step.text for step in steps)
