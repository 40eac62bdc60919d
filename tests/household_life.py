"""Law: a caisse of households by signed commands alone, in which everything about persons and credits happened once."""

from clearing.values import PersonId
from clearing.wire.requests import Op
from tests.living_caisse import AMINA, BRUNO
from tests.memory_log import Desk, furnished

RULE: dict[str, object] = {
    "rule": "household", "purse": "credit", "fund": "general", "cents_each": 10_000, "months_valid": 1, "who": ["family"],
    "decision": "ag-2026-04", "further_cents": 5_000, "classes": [{"credit_class": "child", "cents": 4_500}],
    "short": "smaller", "lapse_to": "next", "rollover_max_cents": 2_000, "notice_days": 10,
}  # fmt: skip


def join(member: str, eater: str, kind: str = "adult", **more: object) -> dict[str, object]:
    return {"member": member, "eater": eater, "credit_class": kind, **more}


def orders(desk: Desk, *steps: tuple[PersonId, str, dict[str, object]]) -> None:
    for person, verb, body in steps:
        desk.order(person, verb, body)
        desk.pass_time()


def household_life() -> Desk:
    """Founded on 1 May: a household run that is short, parting, leaving, emergencies, limits; ends after 1 July."""
    desk = furnished()
    orders(
        desk,
        (AMINA, "open_fund", {"fund": "next", "kind": "general", "name": "Next year", "advance_cents": 0}),
        (AMINA, "set_household_rules", {"separation": "split", "leaving": "at-once", "decision": "ag-2026-04"}),
        (AMINA, "set_allocation_rule", RULE),
        (AMINA, "set_emergency_rule", {
            "rule": "emergency", "purse": "credit", "fund": "general", "each_max_cents": 5_000, "day_max_cents": 8_000,
            "days_valid": 7, "groups": ["guest"], "decision": "ag-2026-04",
        }),
        (BRUNO, "admit_members", {"members": [{"member": name, "groups": ["family"]} for name in ("h-1", "h-2")]}),
        (BRUNO, "change_groups", {"member": "m-1", "groups": ["family"]}),
        (BRUNO, "join_household", {"eaters": [
            join("h-1", "a"), join("h-1", "b"), join("h-1", "c", "child", next_class="adult", next_period="2026-06"),
        ]}),
        (BRUNO, "join_household", {"eaters": [join("h-2", "d"), join("h-2", "e")]}),
        (BRUNO, "change_class", join("h-2", "e", "child")),
        (AMINA, "grant", {"rule": "household", "period": "2026-05"}),
        (BRUNO, "make_spare_cards", {"cards": [
            {"card": bytes([number]) * 16, "key_version": 1, "alias": f"spare-{number}"} for number in (1, 2, 3)
        ]}),
        (BRUNO, "bind_card", {"alias": "spare-1", "member": "h-1"}),
        (BRUNO, "limit_card", {"alias": "0001", "day_cents": 700}),
        (BRUNO, "give_emergency", {"rule": "emergency", "cents": 3_000, "alias": "spare-3", "member": "e-1"}),
    )  # fmt: skip
    desk.ask(Op.SALE, {"fruit-veg": 500})
    desk.ask(Op.SALE, {"fruit-veg": 500})
    orders(
        desk,
        (BRUNO, "credit_purse", {"member": "h-1", "purse": "own", "cents": 1_001, "reference": "at the desk"}),
        (BRUNO, "separate_household", {
            "member": "h-1", "new_member": "h-3", "eaters": ["b", "c"], "cards": ["spare-1"], "spare": "spare-2",
        }),
        (BRUNO, "leave_household", {"member": "h-2", "eater": "e"}),
        (BRUNO, "leave_caisse", {"member": "h-1", "reason": "moved"}),
    )  # fmt: skip
    desk.tick()
    orders(
        desk,
        (BRUNO, "propose_pay_back", {"member": "h-1", "how": "cash", "reference": "receipt 4"}),
        (AMINA, "confirm_pay_back", {"member": "h-1", "cents": 334}),
        (BRUNO, "limit_card", {"alias": "0001"}),
    )
    for _ in range(7):
        desk.pass_time(days=10)
        desk.tick()
    return desk
