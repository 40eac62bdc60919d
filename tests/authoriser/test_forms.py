"""Law: each verb has one form; what it lets through is what its JSON Schema describes."""

import pytest
from hypothesis import given, strategies as st

from clearing.authoriser.commands import VERBS
from clearing.authoriser.forms import FORMS, check, described
from clearing.authoriser.forms.fields import Choice, Day, Field, Form, Id, Many, Month, Number, Rows, Share, Table, Text
from clearing.values import InvalidValue

BREAKFAST = {
    "rule": Id(of="rule"), "on": Day(), "month": Month(optional=True), "who": Many(each=Id()),
    "covers": Rows(of={"category": Id(), "rate": Share()}, most=2), "short": Choice(words=("wait", "less"), optional=True),
    "where": Table(of={"place": Text(shortest=0)}),
}  # fmt: skip
BODY = {"rule": "bread", "on": "2026-05-31", "covers": [{"category": "food", "rate": 7_000}]}


def test_each_verb_has_a_form_and_each_form_a_verb() -> None:
    assert set(FORMS) == set(VERBS)


def test_a_body_of_its_form_is_taken_and_what_is_optional_may_be_null() -> None:
    check(BREAKFAST, BODY, "It")
    check(BREAKFAST, {**BODY, "month": None, "who": ["a", "b"], "short": "less", "where": {"place": ""}}, "It")
    assert described(BREAKFAST)["required"] == ["rule", "on"]


@pytest.mark.parametrize(("change", "why"), [
    ({"rule": None}, "It needs the field 'rule'"),
    ({"rule": "Bread"}, "It: 'rule' must be 1 to 40"),
    ({"on": "31/05/2026"}, "It: 'on' must be a day like 2026-05-31, not '31/05/2026'"),
    ({"on": "2026-02-30"}, "must be a day"),
    ({"on": "20260531"}, "must be a day"),
    ({"month": "2026-13"}, "It: 'month' must be a month like 2026-05, not '2026-13'"),
    ({"who": "a"}, "It: 'who' must be a list"),
    ({"covers": [{"category": "food"}]}, "It, covers 1 needs the field 'rate'"),
    ({"covers": [{"category": "food", "rate": True}]}, "It, covers 1: 'rate' must be whole ten-thousandths"),
    ({"covers": [BODY["covers"][0]] * 3}, "It: 'covers' has 3 entries, at most 2"),
    ({"short": "none"}, "It: 'short' must be one of wait, less, not 'none'"),
    ({"where": {"place": "", "why": 1}}, "It, where does not know the field 'why'"),
    ({"where": {"place": "a\nb"}}, "It, where: 'place' must be one line"),
    ({"rate": 7}, "It does not know the field 'rate'"),
])  # fmt: skip
def test_what_is_wrong_is_told_with_its_place(change: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidValue) as told:
        check(BREAKFAST, {**BODY, **change}, "It")
    assert why in str(told.value)


def taken_or_why(form: Form, body: object, verb: str) -> str:
    try:
        check(form, body, verb)
    except InvalidValue as told:
        return str(told)
    return f"{verb} takes it" if isinstance(body, dict) else "taken, though it is no table"


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.binary(max_size=4),
                    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)))
def test_whatever_comes_as_a_body_is_taken_or_refused_with_a_sentence(body: object) -> None:
    for verb, form in FORMS.items():
        assert taken_or_why(form, body, verb).startswith(verb)


def fields_of(form: dict[str, Field]) -> list[Field]:
    found = []
    for field in form.values():
        found.append(field)
        if isinstance(field, Rows | Table):
            found += fields_of(dict(field.of))
    return found


def test_every_field_is_described_by_a_type_and_its_bounds() -> None:
    for verb, form in FORMS.items():
        for field in fields_of(dict(form)):
            said = field.schema()
            assert said["type"] in ("string", "integer", "boolean", "array", "object"), verb
            if isinstance(field, Number):
                assert (said["minimum"], said["maximum"]) == (field.lowest, field.highest), verb
