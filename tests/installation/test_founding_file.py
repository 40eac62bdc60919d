"""Law: the example founds a caisse; every slip in a founding file is answered with its place and what to write."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from clearing.authoriser.founding import decide_found
from clearing.events.caisse import CaisseFounded, CharteAdopted
from clearing.events.charte import Span
from clearing.events.cotisations import CotisationRuleSet
from clearing.events.crediting import EmergencyRuleSet
from clearing.events.funds import AllocationRuleSet, FundOpened
from clearing.events.households import HouseholdRulesSet
from clearing.installation.founding_file import FoundingFile, read_charte_file, read_founding_file
from clearing.installation.founding_tables import read_wall_time
from clearing.rules.answers import Declined
from clearing.values import InvalidValue
from clearing.wire.signature import TerminalKey
from tests.house.sources import CLONE

EXAMPLE = CLONE / "examples" / "caisse.toml"
KEYS = {name: TerminalKey.from_seed(name.encode().ljust(32)) for name in ("camille", "dominique", "noor")}
PARIS = ZoneInfo("Europe/Paris")


def read(path: Path = EXAMPLE) -> FoundingFile:
    return read_founding_file(path, lambda person: KEYS[person].public)


def changed(folder: Path, old: str, new: str) -> Path:
    text = EXAMPLE.read_text(encoding="utf-8")
    assert old in text
    path = folder / "caisse.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


def test_the_example_of_a_new_charte_brings_its_vote() -> None:
    body, decisions = read_charte_file(CLONE / "examples" / "charte.toml", PARIS, 2)
    assert body["version"] == 2
    assert [decision["decision"] for decision in decisions] == [body["decision"]]


def test_the_example_founds_a_caisse_with_three_payers() -> None:
    file = read()
    events = decide_found(file.code, file.body, founder_kid=KEYS["camille"].kid, at_us=1)
    assert isinstance(events, tuple), events
    assert isinstance(events[0], CaisseFounded)
    charte = next(event.charte for event in events if isinstance(event, CharteAdopted))
    assert [payer.id for payer in charte.payers] == ["sponsor", "credit", "own-money"]
    assert [(cover.category, cover.rate) for cover in charte.payers[1].covers] == [
        ("fruit-veg", 10_000), ("animal", 7_000), ("staple", 3_000),
    ]  # fmt: skip
    [ceiling] = charte.payers[0].ceilings
    assert (ceiling.span, ceiling.cents, ceiling.per_purse) == (Span.DAY, 40_000, False)
    assert charte.effective_us == 1_512_082_800_000_000  # 1 December 2017 00:00 in Paris
    [rule] = [event for event in events if isinstance(event, AllocationRuleSet)]
    assert (rule.cents_each, rule.months_valid) == (15_000, 2)


HOUSEHOLDS = """months_valid = 1
further = "75.00"
classes = { child = "45.00" }
short = "smaller"
rollover_max = "20.00"
notice_days = 14
"""
PARTING = """
[[household_rules]]
separation = "stay"
leaving = "month-end"
decision = "ag-2017-11"

[[emergency_rules]]
rule = "emergency"
purse = "credit"
fund = "general"
each_max = "50.00"
day_max = "200.00"
days_valid = 30
decision = "ag-2017-11"
"""


def test_a_founding_may_bring_household_credit_parting_and_emergencies(tmp_path: Path) -> None:
    path = changed(tmp_path, "months_valid = 2 ", HOUSEHOLDS)
    path.write_text(path.read_text(encoding="utf-8") + PARTING, encoding="utf-8")
    file = read(path)
    events = decide_found(file.code, file.body, founder_kid=KEYS["camille"].kid, at_us=1)
    assert isinstance(events, tuple), events
    [rule] = [event for event in events if isinstance(event, AllocationRuleSet)]
    assert (rule.cents_each, rule.further_cents, rule.rollover_max_cents, rule.notice_days) == (15_000, 7_500, 2_000, 14)
    assert (rule.classes, rule.short) == ((("child", 4_500),), "smaller")
    [parting] = [event for event in events if isinstance(event, HouseholdRulesSet)]
    assert (parting.separation, parting.leaving) == ("stay", "month-end")
    [emergency] = [event for event in events if isinstance(event, EmergencyRuleSet)]
    assert (emergency.each_max_cents, emergency.day_max_cents, emergency.groups) == (5_000, 20_000, ())


def test_credit_classes_of_a_founding_are_a_table_of_amounts(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r'child = "45\.00"'):
        read(changed(tmp_path, "months_valid = 2 ", 'classes = ["child"]\nmonths_valid = 2 '))


def test_the_caisses_account_never_enters_the_command() -> None:
    file = read()
    assert file.account["iban"].startswith("FR76")
    assert "3000 6000" not in repr(file.body)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('amount = "150.00"', "amount = 150", "two decimals"),
        ("rate = 70", "rate = 62.5", "in percent"),
        ('zone = "Europe/Paris"', 'zone = "Paris"', "Europe/Paris"),
        ("effective = 2017-12-01T00:00:00", "effective = 2017-12-01T00:00:00Z", "without an offset"),
        ('per = "caisse"', 'per = "day"', "per is"),
        ("[[persons]]", "[[people]]", "people"),
        ('iban = "FR76', 'ibam = "FR76', "needs 'name'"),
        ('code = "val-exemple"', 'code = "Val Exemple"', "code"),
        ("[caisse]", "[caisse", "is not TOML"),
        ("rate = 70 }", "rate = 170 }", "at most 100 percent"),
        ('roles = ["operator", "desk"]', 'roles = ["operator"]\nkey = "xyz"', "64 hexadecimal digits"),
    ],
)
def test_a_slip_is_answered_with_what_to_write(tmp_path: Path, old: str, new: str, said: str) -> None:
    with pytest.raises(InvalidValue, match=said):
        read(changed(tmp_path, old, new))


def test_a_field_that_is_not_known_is_named_by_the_writer(tmp_path: Path) -> None:
    file = read(changed(tmp_path, "months_valid = 2", "months_valid = 2\nmonths_vaild = 3"))
    with pytest.raises(InvalidValue, match="months_vaild"):
        decide_found(file.code, file.body, founder_kid=KEYS["camille"].kid, at_us=1)


def test_a_missing_file_names_the_example(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match=r"examples/caisse\.toml"):
        read(tmp_path / "absent.toml")


def test_wall_times_know_summer_and_winter() -> None:
    winter = read_wall_time("2026-01-01T00:00:00", PARIS, what="it")
    summer = read_wall_time("2026-07-01T00:00:00", PARIS, what="it")
    assert (summer - winter) // 1_000_000 == 181 * 86_400 - 3_600
    assert read_wall_time("2026-01-01", PARIS, what="it") == winter


def test_a_charte_file_may_bring_its_vote_with_it(tmp_path: Path) -> None:
    path = tmp_path / "charte.toml"
    path.write_text(
        '[[decisions]]\ndecision = "ag-2"\ntitle = "t"\nbody = "board"\nmethod = "consent"\ntaken_on = 2026-01-05\n'
        'votes_for = 3\nvotes_against = 0\nabstained = 0\n'
        '[charte]\ndecision = "ag-2"\neffective = 2026-02-01T00:00:00\ncategories = ["a"]\n'
        '[[charte.payers]]\nid = "credit"\npurse = "credit"\nuntil = 2026-03-01\n'
        'covers = [{ category = "a", unit = "7.00" }]\n',
        encoding="utf-8",
    )  # fmt: skip
    body, [decision] = read_charte_file(path, PARIS, 2)
    assert decision["taken_on"] == "2026-01-05"
    assert body["version"] == 2
    payers = body["payers"]
    assert isinstance(payers, list)
    assert payers[0]["covers"] == [{"category": "a", "unit_cents": 700}]
    assert payers[0]["condition"] == {"until_us": read_wall_time("2026-03-01", PARIS, what="until")}


def test_a_fund_can_be_founded_bound_and_its_rules_are_checked_with_it(tmp_path: Path) -> None:
    bound = 'until = 2099-12-31\nplaces = ["territory.avesnois"]\nalone = true\n'
    park_too = f'[[funds]]\n{bound}fund = "park"\nkind = "sponsor"\nname = "Park"\n[[funds]]\n'
    path = changed(tmp_path, "[[funds]]\n", park_too)
    file = read(path)
    founded = decide_found(file.code, file.body, founder_kid=KEYS["camille"].public[:8], at_us=1_750_000_000_000_000)
    assert isinstance(founded, tuple), founded
    park = next(event for event in founded if isinstance(event, FundOpened))
    assert (park.earmark.places, park.earmark.alone) == (("territory.avesnois",), True)
    assert park.earmark.until_us == read_wall_time("2099-12-31", PARIS, what="until")
    general = changed(tmp_path, "[[funds]]\n", "[[funds]]\n" + bound)
    refused = read(general)
    declined = decide_found(refused.code, refused.body, founder_kid=KEYS["camille"].public[:8], at_us=1_750_000_000_000_000)
    assert isinstance(declined, Declined)
    assert 'write where = ["territory.avesnois"]' in declined.why
COTISATIONS = """
[[cotisation_rules]]
rule = "cotisation"
fund = "general"
decision = "ag-2017-11"
minimum = "10.00"
step = "5.00"
levels = [{ label = "B", amount = "25.00" }, { label = "C", amount = "60.00" }]
"""


def test_a_founding_may_bring_the_voted_cotisations(tmp_path: Path) -> None:
    path = tmp_path / "caisse.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8") + COTISATIONS, encoding="utf-8")
    file = read(path)
    events = decide_found(file.code, file.body, founder_kid=KEYS["camille"].kid, at_us=1)
    assert isinstance(events, tuple), events
    [rule] = [event for event in events if isinstance(event, CotisationRuleSet)]
    assert (rule.minimum_cents, rule.step_cents, rule.free, rule.over_is_gift) == (1_000, 500, False, False)
    assert rule.levels == (("B", 2_500), ("C", 6_000))
    assert rule.means == ("debit", "transfer", "cash", "cheque")


@pytest.mark.parametrize(("old", "new", "said"), [
    ('minimum = "10.00"', "minimum = 10", "minimum of cotisation rule 'cotisation'"),
    ('amount = "25.00"', 'amount = "25"', "level 'B' of cotisation rule"),
])  # fmt: skip
def test_a_slip_in_the_cotisations_of_a_founding_names_its_place(old: str, new: str, said: str, tmp_path: Path) -> None:
    path = tmp_path / "caisse.toml"
    path.write_text(EXAMPLE.read_text(encoding="utf-8") + COTISATIONS.replace(old, new), encoding="utf-8")
    with pytest.raises(InvalidValue, match=said):
        read(path)
