"""Law: who may give a command, in what form, and with whom else; what is declined is recorded, what is unreadable is not."""

from typing import Any

import pytest

from clearing.authoriser import commands
from clearing.events.caisse import CommandDeclined, PersonNamed
from clearing.events.codes import Code
from clearing.events.members import CardIssued, MemberAdmitted
from clearing.postgres import Embedded
from clearing.rules.voted.offices import ALLOWED_ROLES, ROLES
from clearing.values import PersonId
from clearing.wire.commands import CommandReply, parse_command_reply, person_number
from clearing.wire.signature import TerminalKey
from tests.authoriser.asking import at_once, logged, logged_of, request_of, restart
from tests.living_caisse import AMINA, BRUNO, KEYS, Caisse, founding, living_caisse, payload_of

CHLOE = PersonId("chloe")
CHLOES_KEY = TerminalKey.from_seed(b"c" * 32)


def told(raw: bytes) -> CommandReply:
    return parse_command_reply(payload_of(raw))


async def declined(caisse: Caisse, person: PersonId, verb: str, body: dict[str, object]) -> CommandReply:
    """A command that is declined, and recorded as such with its reason."""
    position = caisse.writer.book.position
    done = await caisse.command(person, verb, body)
    [event] = await logged(caisse, position)
    assert isinstance(event, CommandDeclined)
    assert (event.verb, event.code, event.why) == (verb, done.rc, done.why)
    return done


async def unreadable(caisse: Caisse, person: PersonId, verb: str, body: dict[str, object]) -> str:
    """The text of a refusal that leaves nothing in the log."""
    head = caisse.log.head
    done = await caisse.command(person, verb, body)
    assert done.rc is Code.SCHEMA
    assert await caisse.log.stored_head() == head
    assert done.why.endswith("Nothing was recorded.")
    return done.why


def test_each_verb_has_roles_and_each_entry_of_roles_a_verb() -> None:
    assert set(commands.VERBS) == set(ALLOWED_ROLES)
    assert all(roles and set(roles) <= set(ROLES) for roles in ALLOWED_ROLES.values())


async def test_each_verb_is_refused_to_a_person_without_its_roles(caisse: Caisse) -> None:
    await name_chloe(caisse, ["auditor"])
    for verb, roles in ALLOWED_ROLES.items():
        if "auditor" in roles:
            continue  # her own passkeys
        done = await declined(caisse, CHLOE, verb, {})
        assert (done.rc, done.why) == (
            Code.NOT_ALLOWED_NOW, f"chloe has the roles auditor; {verb} needs one of: {', '.join(roles)}."
        )


async def name_chloe(caisse: Caisse, roles: list[str], *, key: TerminalKey = CHLOES_KEY) -> None:
    KEYS[CHLOE] = key
    body: dict[str, object] = {"person": CHLOE, "key": key.public, "roles": roles}
    assert (await caisse.command(AMINA, "propose_person", body)).rc is Code.APPROVED
    assert (await caisse.command(BRUNO, "confirm_person", body)).rc is Code.APPROVED


@pytest.fixture(autouse=True)
def _only_founders_have_keys() -> Any:
    yield
    KEYS.pop(CHLOE, None)


async def test_an_unknown_verb_is_named_and_leads_to_the_help(caisse: Caisse) -> None:
    assert "there is no command 'give_all'; `clearing --help` lists them" in await unreadable(caisse, AMINA, "give_all", {})


BAD_BODIES: list[tuple[str, dict[str, object], str]] = [
    ("grant", {"rule": "monthly"}, "The command grant needs the field 'period'"),
    ("grant", {"rule": "monthly", "period": 202605}, "'period' must be a month like 2026-05"),
    ("grant", {"rule": "monthly", "period": "2026-06", "twice": True}, "does not know the field 'twice'"),
    ("grant", {"rule": "monthly", "period": "June"}, "June"),
    ("receive_money", {"fund": "general", "cents": "12", "reference": "r"}, "'cents'"),
    ("receive_money", {"fund": "general", "cents": -1, "reference": "r"}, "'cents'"),
    ("receive_money", {"fund": "general", "cents": True, "reference": "r"}, "'cents'"),
    ("receive_money", {"fund": "NO SUCH ID", "cents": 1, "reference": "r"}, "'fund'"),
    ("receive_money", {"fund": "general", "cents": 1, "reference": ""}, "'reference' must be a text of 1 to"),
    ("enrol_terminals", {"terminals": [{"terminal": b"short"}]}, "terminals 1: 'terminal' must be 8 bytes"),
    ("enrol_terminals", {"terminals": "all"}, "'terminals' must be a list"),
    ("admit_producers", {"producers": [["field"]]}, "producers 1 must be a table of named fields"),
    ("close_batch", {"closed_on": "1 May"}, "1 May"),
    ("open_fund", {"fund": "f", "kind": "general", "name": "n" * 201, "advance_cents": 0}, "'name'"),
    ("adopt_charte", {"version": 0}, "'version' must be a whole number from 1"),
]


async def test_a_wrong_body_is_refused_with_the_name_of_its_field(caisse: Caisse) -> None:
    for verb, body, text in BAD_BODIES:
        assert text in await unreadable(caisse, AMINA, verb, body), verb


async def test_several_items_are_taken_whole_or_not_at_all(caisse: Caisse) -> None:
    items = [{"member": "m-2", "groups": []}, {"member": "m-1", "groups": []}, {"member": "m-3", "groups": []}]
    done = await declined(caisse, BRUNO, "admit_members", {"members": items})
    assert done.why == "Item 2: Member m-1 is admitted already."
    done = await declined(caisse, BRUNO, "admit_members", {"members": [items[0], items[0]]})
    assert done.why.startswith("Item 2 comes twice")
    assert (await declined(caisse, BRUNO, "admit_members", {"members": []})).why.startswith("The list is empty")
    assert "members 2" in await unreadable(caisse, BRUNO, "admit_members", {"members": [items[0], {"member": "m-3 "}]})
    assert list(caisse.writer.book.members.members) == ["m-1"]
    done = await caisse.command(BRUNO, "admit_members", {"members": [items[0], items[2]]})
    assert (done.rc, done.out) == (Code.APPROVED, {"events": 2})
    assert [event.member for event in await logged_of(caisse, MemberAdmitted)] == ["m-1", "m-2", "m-3"]
    await restart(caisse)
    assert set(caisse.writer.book.members.members) == {"m-1", "m-2", "m-3"}


async def test_one_card_twice_in_a_list_is_declined(caisse: Caisse) -> None:
    cards = [{"card": b"x" * 16, "key_version": 1, "member": "m-1", "alias": alias} for alias in ("0002", "0003")]
    done = await declined(caisse, BRUNO, "issue_cards", {"cards": cards})
    assert "One card is in the list twice" in done.why
    assert len(await logged_of(caisse, CardIssued)) == 1


async def test_who_closed_a_batch_cannot_approve_it(caisse: Caisse) -> None:
    await name_chloe(caisse, ["treasurer", "approver"])
    await caisse.sell({"fruit-veg": 500})
    assert (await caisse.command(CHLOE, "close_batch", {"closed_on": "2026-05-01"})).rc is Code.APPROVED
    approval: dict[str, object] = {"batch": 1, "execution_on": "2026-05-04"}
    done = await declined(caisse, CHLOE, "approve_batch", approval)
    assert done.why.startswith("Who closed a batch can't approve it")
    exported = await declined(caisse, CHLOE, "export_batch", {"batch": 1, "message_id": "m", "file_sha256": bytes(32)})
    assert "another person than chloe has to approve it" in exported.why
    assert (await caisse.command(BRUNO, "approve_batch", approval)).rc is Code.APPROVED


async def test_who_proposed_a_person_cannot_confirm_and_nor_can_the_person(caisse: Caisse) -> None:
    await name_chloe(caisse, ["clerk"])
    proposal: dict[str, object] = {"person": CHLOE, "key": CHLOES_KEY.public, "roles": ["treasurer"]}
    assert (await caisse.command(AMINA, "propose_person", proposal)).rc is Code.APPROVED
    for person in (AMINA, CHLOE):
        assert "needs two people" in (await declined(caisse, person, "confirm_person", proposal)).why


async def test_bank_details_are_approved_by_another_person(caisse: Caisse) -> None:
    await name_chloe(caisse, ["treasurer", "approver"])
    details: dict[str, object] = {"details": [{"producer": "field", "digest": b"e" * 32}]}
    assert (await caisse.command(CHLOE, "propose_bank_details", details)).rc is Code.APPROVED
    seen: dict[str, object] = {"producers": [{"producer": "field", "digest": b"e" * 32}]}
    assert "need two people" in (await declined(caisse, CHLOE, "approve_bank_details", seen)).why
    other: dict[str, object] = {"details": [{"producer": "field", "digest": b"f" * 32}]}
    assert (await caisse.command(CHLOE, "propose_bank_details", other)).rc is Code.APPROVED
    assert "entered meanwhile; look again" in (await declined(caisse, BRUNO, "approve_bank_details", seen)).why
    again: dict[str, object] = {"producers": [{"producer": "field", "digest": b"f" * 32}]}
    assert (await caisse.command(BRUNO, "approve_bank_details", again)).rc is Code.APPROVED


async def test_a_proposal_that_was_changed_is_not_what_the_second_officer_agreed_to(caisse: Caisse) -> None:
    seen: dict[str, object] = {"person": CHLOE, "key": CHLOES_KEY.public, "roles": ["desk"]}
    assert (await caisse.command(AMINA, "propose_person", seen)).rc is Code.APPROVED
    for change in ({"roles": ["treasurer"]}, {"key": TerminalKey.from_seed(b"x" * 32).public}):
        assert (await caisse.command(AMINA, "propose_person", seen | change)).rc is Code.APPROVED
        assert "another key or other roles by now" in (await declined(caisse, BRUNO, "confirm_person", seen)).why


async def test_a_replaced_key_commands_nothing_more(caisse: Caisse) -> None:
    await name_chloe(caisse, ["desk"])
    old = caisse.commanded(CHLOE, "admit_members", {"members": [{"member": "m-7", "groups": []}]})
    newer = TerminalKey.from_seed(b"C" * 32)
    proposal: dict[str, object] = {"person": CHLOE, "key": newer.public, "roles": ["desk"]}
    await caisse.command(AMINA, "propose_person", proposal)
    assert (await caisse.command(BRUNO, "confirm_person", proposal)).rc is Code.APPROVED
    done = told(await caisse.writer.submit(old))
    assert (done.rc, "key was replaced" in done.why) == (Code.NOT_ALLOWED_NOW, True)
    assert "m-7" not in caisse.writer.book.members.members


async def test_a_removed_person_commands_nothing_more(caisse: Caisse) -> None:
    await name_chloe(caisse, ["desk"])
    assert (await caisse.command(AMINA, "remove_person", {"person": CHLOE})).rc is Code.APPROVED
    done = await declined(caisse, CHLOE, "admit_members", {"members": [{"member": "m-7", "groups": []}]})
    assert "no office in this caisse" in done.why


async def test_the_same_key_is_enrolled_once_even_within_one_group(caisse: Caisse) -> None:
    key = TerminalKey.from_seed(b"t" * 32).public
    orders = [
        caisse.commanded(AMINA, "enrol_terminals", {
            "terminals": [{"terminal": name, "epoch": 1, "producer": "field", "key": key}]
        })
        for name in (b"stall-02", b"stall-03")
    ]
    first, second = (told(raw) for raw in await at_once(caisse, orders))
    assert (first.rc, second.rc) == (Code.APPROVED, Code.NOT_ALLOWED_NOW)
    assert "same first 8 bytes" in second.why
    persons: dict[str, object] = {"person": "dora", "key": key, "roles": ["desk"]}
    await caisse.command(AMINA, "propose_person", persons)
    assert "same first 8 bytes" in (await declined(caisse, BRUNO, "confirm_person", persons)).why


async def test_a_caisse_is_founded_once(caisse: Caisse) -> None:
    done = await declined(caisse, AMINA, "found", founding())
    assert done.why.startswith("Caisse de la Brume is founded already")
    assert len(await logged_of(caisse, PersonNamed)) == 2


async def test_a_founding_that_is_refused_leaves_an_empty_log_and_may_be_corrected(server: Embedded) -> None:
    async with living_caisse(server, founded=False) as empty:
        alone = founding() | {"persons": [
            {"person": AMINA, "key": KEYS[AMINA].public, "roles": ["treasurer", "approver"]}
        ]}
        assert "who are two people" in await unreadable(empty, AMINA, "found", alone)
        assert "not founded yet" in await unreadable(empty, AMINA, "grant", {"rule": "monthly", "period": "2026-05"})
        assert "'zone' must be an IANA time zone" in await unreadable(empty, AMINA, "found", founding() | {"zone": "Paris"})
        assert "does not know the field 'motto'" in await unreadable(empty, AMINA, "found", founding() | {"motto": "x"})
        no_vote = founding() | {"decisions": []}
        assert "ag-2026-04 is not recorded" in await unreadable(empty, AMINA, "found", no_vote)
        assert (await empty.command(AMINA, "found", founding())).rc is Code.APPROVED
        assert (await empty.log.read(0, 1))[0].position == 1


async def test_an_unreadable_command_keeps_its_number_free(caisse: Caisse) -> None:
    wrong = caisse.commanded(BRUNO, "admit_members", {"members": [{"member": "m-2"}], "extra": 1})
    assert told(await caisse.writer.submit(wrong)).rc is Code.SCHEMA
    right = caisse.commanded(BRUNO, "admit_members", {"members": [{"member": "m-2"}]}, n=request_of(wrong).n)
    assert told(await caisse.writer.submit(right)).rc is Code.APPROVED


async def test_a_single_events_fields_come_back_to_the_person(caisse: Caisse) -> None:
    done = await caisse.command(AMINA, "receive_money", {"fund": "general", "cents": 250, "reference": "gift"})
    assert done.out == {
        "event": "MoneyReceived", "fund": "general", "cents": 250, "reference": "gift", "by": "amina", "clears_cents": 0,
        "on": "", "another": False,
    }


@pytest.mark.parametrize("reference", ["bank\x00line", "two\nlines", "\x9b31m"])
async def test_a_text_is_one_line_that_every_view_can_keep(caisse: Caisse, reference: str) -> None:
    body: dict[str, object] = {"fund": "general", "cents": 100, "reference": reference}
    assert "control characters" in await unreadable(caisse, AMINA, "receive_money", body)


async def test_no_terminal_is_enrolled_under_the_number_of_a_person(caisse: Caisse) -> None:
    key = TerminalKey.from_seed(b"t" * 32).public
    taken: dict[str, object] = {"terminal": person_number(BRUNO), "epoch": 1, "producer": "field", "key": key}
    done = await declined(caisse, AMINA, "enrol_terminals", {"terminals": [taken]})
    assert "a person's number" in done.why
