"""The variants of credit and cotisation that real caisses have voted, each from its founding file, to the cent."""

import dataclasses

import pytest

from clearing.events.cotisations import CotisationReceived, TaxReceiptIssued
from clearing.events.crediting import CohortRolled, LapseAnnounced
from clearing.events.funds import AllocationDeclined, AllocationGranted, CohortLapsed
from tests.acceptance.schemes import variants_cotisation, variants_credit, variants_end, variants_short
from tests.acceptance.schemes.variants_credit import FLAT, HOUSEHOLDS, POT, TOPPED, grants, pays
from tests.acceptance.schemes.village import Village


@pytest.mark.parametrize("euros", [50, 60, 90, 100, 150])
async def test_a_flat_credit_is_the_same_for_every_purse_of_its_group_once(euros: int) -> None:
    made = variants_credit.caisse()
    grants(made, f"flat-{euros}")
    assert [made.purse(one) for one in FLAT if one != f"flat-{euros}"] == [0, 0, 0, 0]
    assert made.purse(f"flat-{euros}") == euros * 100
    assert "nobody is credited twice" in made.refused("grant", rule=f"flat-{euros}", period="2026-05")
    await made.proved()


async def test_a_household_gets_150_and_75_or_100_and_50_for_each_further_person() -> None:
    made = variants_credit.caisse()
    variants_credit.households(made)
    grants(made, "household-150-75", "household-100-50")
    assert [made.purse(one) for one in ("household-150-75", "household-100-50")] == [15_000 + 2 * 7_500, 10_000 + 2 * 5_000]
    await made.proved()


async def test_a_child_under_fourteen_adds_45_and_counts_as_an_adult_from_the_month_the_desk_entered() -> None:
    made = variants_credit.caisse()
    variants_credit.households(made)
    assert HOUSEHOLDS["children-45"].count("under-14") == 2
    grants(made, "children-45")
    assert made.purse("children-45") == 15_000 + 2 * 4_500
    made.at("2026-06-01 09:00:00")
    grants(made, "children-45", period="2026-06")
    assert made.purse("children-45") - 24_000 == 2 * 15_000 + 4_500
    await made.proved()


async def test_the_mean_of_what_was_paid_in_goes_to_each_and_the_odd_cent_stays_in_the_fund() -> None:
    made = variants_credit.caisse()
    for member, euros in POT.items():
        pays(made, member, euros)
    before = made.free("general")
    grants(made, "mean")
    assert [made.purse(one) for one in POT] == [5_000, 5_000, 5_000]
    assert before - made.free("general") == 15_000 == (2_000 + 5_000 + 8_001) - 1
    await made.proved()


async def test_a_top_up_to_150_is_paid_by_the_fund_of_the_members_affiliation() -> None:
    made = variants_credit.caisse()
    for member, (_, euros) in TOPPED.items():
        pays(made, member, euros)
    general = made.free("general")
    grants(made, "top-up-caf", "top-up-msa")
    assert [made.purse(one) for one in TOPPED] == [15_000 - 3_000, 15_000 - 4_550, 0]
    assert (made.free("caf"), made.free("msa"), made.free("general")) == (50_000 - 12_000, 50_000 - 10_450, general)
    await made.proved()


async def test_each_wave_of_a_programme_has_its_own_three_months_and_no_other() -> None:
    made = variants_credit.caisse()
    said = variants_credit.programme(made)
    assert [one == "100.00" for one in said["wave-1"]] == [True, True, True, False]
    assert [one == "100.00" for one in said["wave-2"]] == [False, True, True, True]
    assert "voted from 2026-05 to 2026-07" in said["wave-1"][3]
    assert [one.total_cents for one in made.events(AllocationGranted)] == [10_000] * 6
    await made.proved()


async def test_who_has_not_paid_is_credited_the_moment_the_cotisation_arrives_and_only_once() -> None:
    made = variants_credit.caisse()
    pays(made, "pays-before", "5.00")
    grants(made, "after-cotisation")
    assert (made.purse("pays-before"), made.purse("pays-after")) == (10_000, 0)
    pays(made, "pays-after", "5.00")
    pays(made, "pays-after", "5.00", reference="a second transfer")
    assert (made.purse("pays-before"), made.purse("pays-after")) == (10_000, 10_000)
    await made.proved()


async def test_a_free_cotisation_has_the_voted_minimum_and_nothing_below_it() -> None:
    made = variants_cotisation.caisse()
    for euros in (1, 10, 20, 30):
        wanted = variants_cotisation.agreement("ada", f"from-{euros}", f"{euros - 1}.99", "debit")
        assert f"at least {euros}.00 EUR a month" in made.refused("agree_cotisation", **wanted)
        made.order("agree_cotisation", **variants_cotisation.agreement("ada", f"from-{euros}", f"{euros}.00", "debit"))
    await made.proved()


async def test_steps_of_5_and_a_grid_take_their_own_amounts_only() -> None:
    made = variants_cotisation.caisse()
    wanted = variants_cotisation.agreement
    assert "in steps of 5.00 EUR" in made.refused("agree_cotisation", **wanted("eva", "steps", "12.00", "debit"))
    refused = made.refused("agree_cotisation", **wanted("flo", "grid", "30.00", "debit"))
    assert "A 10.00 EUR, B 25.00 EUR, C 60.00 EUR" in refused
    made.order("agree_cotisation", **wanted("eva", "steps", "35.00", "debit"))
    made.order("agree_cotisation", **wanted("flo", "grid", "60.00", "debit"))
    await made.proved()


async def test_a_share_of_ones_means_is_entered_as_an_amount_and_no_income_is_in_the_log() -> None:
    made = variants_cotisation.caisse()
    variants_cotisation.agree(made)
    variants_cotisation.month(made)
    fields = {field.name for event in made.log.events() for field in dataclasses.fields(event)}
    assert "cents" in fields
    assert not {name for name in fields if "income" in name or "salary" in name or name == "percent"}
    assert {member: still for member, _, _, still in variants_cotisation.arrears(made) if member in ("gus", "flo")} == {
        "gus": 4_125 - 2_000 + 4_125, "flo": 2_500
    }  # fmt: skip
    await made.proved()


async def test_cash_and_cheques_lie_in_the_box_and_cash_has_its_receipt_number() -> None:
    made = variants_cotisation.caisse()
    variants_cotisation.month(made)
    assert (made.book.takings.in_box["cash"], made.book.takings.in_box["cheques"]) == (100, 5_000)
    assert [one.receipt for one in made.events(CotisationReceived)] == [1, 0, 0, 0, 0, 0, 0]
    assert (made.account("cash"), made.account("cheques"), made.account("bank")) == (-100, -5_000, -11_743)
    await made.proved()


async def test_what_goes_beyond_the_minimum_is_a_gift_once_two_people_entered_the_legal_basis() -> None:
    made = variants_cotisation.caisse()
    pays(made, "dia", "50.00", "from-30", "cheque")
    made.order("propose_legal_basis", by="alix", **variants_cotisation.BASIS)
    made.refused("enter_legal_basis", by="alix", **variants_cotisation.BASIS)
    made.order("enter_legal_basis", by="basile", **variants_cotisation.BASIS)
    pays(made, "dia", "50.00", "from-30", "cheque", period="2026-06", reference="June")
    assert [one.gift_cents for one in made.events(CotisationReceived)] == [0, 2_000]
    made.order("issue_tax_receipts", year=2026, issued_on="2026-05-02", receipts=[
        {"number": 1, "donor": "member:dia", "cents": 2_000, "sha256": bytes(32)}
    ])  # fmt: skip
    assert [one.cents for one in made.events(TaxReceiptIssued)] == [2_000]
    await made.proved()


def left(made: Village) -> dict[str, list[int]]:
    """Rule -> what is left on each of the days."""
    seen = variants_end.watch(made)
    return {rule: [purses[rule] for _, purses, _, _ in seen] for rule in variants_end.RULES}


async def test_credit_ends_when_it_was_voted_and_a_voted_part_is_carried_over_once() -> None:
    made = variants_end.may()
    assert left(made) == {
        "month-end": [6_000, 0, 0, 0, 0, 0, 0],
        "to-solidarity": [6_000, 6_000, 6_000, 0, 0, 0, 0],
        "kept": [6_000, 2_000, 2_000, 0, 0, 0, 0],
        "nine-months": [6_000, 6_000, 6_000, 6_000, 6_000, 6_000, 0],
    }
    assert [(one.lot, one.cents) for one in made.events(CohortRolled)] == [("kept/2026-05", 2_000)]
    await made.proved()


async def test_lapsed_money_goes_where_it_was_voted_and_no_cent_is_lost() -> None:
    made = variants_end.may()
    left(made)
    assert {one.lot: (str(one.fund), one.cents) for one in made.events(CohortLapsed)} == {
        "month-end/2026-05": ("general", 6_000), "to-solidarity/2026-05": ("solidarity", 6_000),
        "kept/2026-05": ("general", 4_000), "kept/2026-05+": ("general", 2_000), "nine-months/2026-05": ("general", 6_000),
    }  # fmt: skip
    assert (made.free("general"), made.free("solidarity"), made.owed("farm")) == (18_000, 6_000, 16_000)
    await made.proved()


async def test_notice_is_given_forty_days_before_the_end_with_heads_and_cents() -> None:
    made = variants_end.may()
    assert made.at("2026-12-22 23:59:00").events(LapseAnnounced) == []
    [said] = made.at("2026-12-23 00:00:00").events(LapseAnnounced)
    assert (said.lot, said.head_count, said.cents) == ("nine-months/2026-05", 1, 6_000)
    await made.proved()


@pytest.mark.parametrize(
    ("policy", "each", "free", "reserve"),
    [
        ("wait", [0, 0, 0], 20_000, 50_000),
        ("smaller", [6_666, 6_666, 6_666], 2, 50_000),
        ("other", [10_000, 10_000, 10_000], 20_000, 20_000),
        ("advance", [10_000, 10_000, 10_000], 0, 50_000),
    ],
)
async def test_a_late_grant_short_by_a_third_is_met_as_voted(policy: str, each: list[int], free: int, reserve: int) -> None:
    made = variants_short.late()
    assert variants_short.run(made, policy) == each
    assert (made.free(f"late-{policy}"), made.free("reserve")) == (free, reserve)
    assert len(made.events(AllocationDeclined)) == (policy == "wait")
    await made.proved()


async def test_the_run_that_waited_is_given_whole_when_the_money_is_there() -> None:
    made = variants_short.late()
    assert variants_short.run(made, "wait") == [0, 0, 0]
    made.at("2026-05-20 09:00:00").receive("late-wait", "100.00", "last part")
    assert variants_short.run(made, "wait") == [10_000] * 3
    await made.proved()


def test_the_look_says_need_cover_shortfall_and_what_the_vote_does() -> None:
    made = variants_short.late()
    assert [variants_short.look(made, policy)[-1] for policy in variants_short.POLICIES] == [
        "100.00 EUR are missing; as voted nobody is credited until the money is there.",
        "100.00 EUR are missing; as voted everybody gets less alike, 66.66 EUR each: 199.98 EUR in all.",
        "100.00 EUR are missing; as voted the fund reserve carries the whole run.",
        "advance for 2026-05: 300.00 EUR are needed, the fund late-advance can carry 300.00 EUR.",
    ]
