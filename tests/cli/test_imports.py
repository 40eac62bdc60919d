"""Law: the same list given twice, or a longer one, admits what is new; what differs is told and stays."""

from pathlib import Path

import pytest

from clearing.cli.imports import Item, Plan, Rehearsal, carry_out
from clearing.cli.lists import Row, collect_list
from clearing.cli.members import plan_cards, plan_members
from clearing.cli.producers import COLUMNS, NEEDS, plan_producers
from clearing.installation.slips import Slips
from clearing.people import Record
from clearing.rules.book import Book
from clearing.values import InvalidValue, PersonId
from tests.living_caisse import AMINA, BRUNO
from tests.memory_log import Desk, furnished

IBAN, OTHER = "FR76 3000 6000 0100 0000 0020 134", "FR76 3000 6000 0100 0000 0020 231"


class Room:
    """A furnished caisse (members m-1 with the card 0001, m-2 of the group young; producer field) and a list file."""

    def __init__(self, folder: Path) -> None:
        self.desk: Desk = furnished()
        self.file, self.slips = folder / "list.csv", Slips()
        self.kept: list[Record] = []

    def rows(self, text: str, *needs: str, may: tuple[str, ...] = ()) -> list[Row]:
        self.file.write_text(text, encoding="utf-8")
        self.slips = Slips()
        return collect_list(self.file, self.slips, needs=needs, may=may)

    def rehearsal(self, by: PersonId = AMINA) -> Rehearsal:
        """On a book of its own, as a command reads it from the log."""
        book = Book()
        for row, event in zip(self.desk.log.rows, self.desk.log.events(), strict=True):
            book.apply(event, row.position, row.at_us)
        return Rehearsal(book, by, self.file, self.slips)

    def members(self, text: str, *, update: bool = False, names: dict[str, str] | None = None) -> Plan:
        rows = self.rows(text, "member", may=("groups", "name"))
        return plan_members(rows, self.rehearsal(), names or {}, update=update)

    def producers(self, text: str, *, update: bool = False, kept: dict[str, Record] | None = None) -> Plan:
        rows = self.rows(text, *NEEDS, may=COLUMNS[2:])
        return plan_producers(rows, self.rehearsal(), kept or {}, own_iban="", update=update)

    def cards(self, text: str) -> Plan:
        return plan_cards(self.rows(text, "member", may=("alias",)), self.rehearsal())

    async def carry(self, plan: Plan) -> list[str]:
        """Give the plan's commands to the caisse; the verbs."""
        given: list[str] = []

        async def give(verb: str, body: Item) -> Item:
            given.append(verb)
            return self.desk.order(AMINA, verb, body).out

        async def keep(records: list[Record]) -> list[bytes]:
            self.kept += records
            return [place.to_bytes(32, "big") for place, _ in enumerate(records, start=1)]

        self.slips.end()
        await carry_out(plan, give, keep)
        return given


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


LIST = "member;groups;name\nm-1;;\nm-3;young;Ada\nm-4;;\n"


async def test_a_list_of_members_given_twice_admits_them_once(room: Room) -> None:
    plan = room.members(LIST)
    assert plan.told() == ["2 members new, 1 known already."]
    assert await room.carry(plan) == ["admit_members"]
    assert [record.subject for record in room.kept] == ["member:m-3"]
    again = room.members(LIST, names={"member:m-3": "Ada"})
    assert again.told() == ["0 members new, 3 known already."]
    assert await room.carry(again) == []
    longer = room.members(LIST + "m-5;;\n", names={"member:m-3": "Ada"})
    assert await room.carry(longer) == ["admit_members"]
    assert "m-5" in room.desk.book.members.members


async def test_a_member_whose_line_differs_stays_unless_it_is_to_be_changed(room: Room) -> None:
    text = "member;groups;name\nm-1;;\nm-2;old;\n"
    plan = room.members(text)
    first, second = plan.told()
    assert first == "0 members new, 1 known already, 1 differs and stays as in the caisse:"
    assert second == "  line 3: m-2 is in the groups: young; the list says: old (--update takes the list's)"
    assert await room.carry(plan) == []
    changed = room.members(text, update=True)
    assert changed.told() == ["0 members new, 1 known already, 1 changed."]
    assert await room.carry(changed) == ["change_groups"]
    assert room.desk.book.members.members["m-2"].groups == {"old"}  # type: ignore[index]


def test_a_list_without_groups_says_nothing_about_them(room: Room) -> None:
    assert room.members("member\nm-2\n").told() == ["0 members new, 1 known already."]


def test_nothing_of_a_list_is_given_while_one_of_its_lines_is_wrong(room: Room) -> None:
    room.members("member;groups\nm-7;\nM 8;\nm-7;\nm-9;Old Ones!\n")
    with pytest.raises(InvalidValue) as told:
        room.slips.end()
    lines = str(told.value).splitlines()
    assert lines[0] == "3 mistakes, so nothing was recorded:"
    assert [line.split(": ")[0].rsplit(" ", 1)[1] for line in lines[1:]] == ["3", "4", "5"]


def test_who_may_not_admit_is_told_before_anything(room: Room) -> None:
    rows = room.rows("producer;name;from\nmill;Mill;2026-05-01\n", *NEEDS)
    plan_producers(rows, room.rehearsal(BRUNO), {}, own_iban="")
    with pytest.raises(InvalidValue, match="admit_producers needs one of: treasurer"):
        room.slips.end()


HEAD = "producer;name;from;until;structures;categories;account_name;iban\n"
MILL = f"mill;The mill;2026-05-01;;;staple;THE MILL;{IBAN}\n"


async def test_producers_come_with_conventions_and_accounts_once(room: Room) -> None:
    plan = room.producers(HEAD + MILL)
    assert await room.carry(plan) == ["admit_producers", "sign_conventions", "propose_bank_details"]
    again = room.producers(HEAD + MILL, kept={room.kept[0].subject: room.kept[0]})
    assert again.told() == ["0 producers new, 1 known already."]
    assert await room.carry(again) == []


async def test_another_account_is_entered_only_when_it_is_asked_for(room: Room) -> None:
    await room.carry(room.producers(HEAD + MILL))
    kept = {room.kept[0].subject: room.kept[0]}
    text = HEAD + MILL.replace(IBAN, OTHER)
    plan = room.producers(text, kept=kept)
    assert "line 2: mill has another account in the list, ending in 0231" in plan.told()[1]
    assert await room.carry(plan) == []
    assert await room.carry(room.producers(text, kept=kept, update=True)) == ["propose_bank_details"]


async def test_a_convention_is_never_changed_by_a_list_but_a_new_one_is_signed(room: Room) -> None:
    await room.carry(room.producers(HEAD + MILL))
    kept = {room.kept[0].subject: room.kept[0]}
    other_day = room.producers(HEAD + MILL.replace("2026-05-01", "2026-06-01"), kept=kept, update=True)
    assert "mill-1 of mill is signed with other dates" in other_day.told()[1]
    assert await room.carry(other_day) == []
    named = HEAD.strip() + ";convention\n" + MILL.strip() + ";mill-2\n"
    assert await room.carry(room.producers(named, kept=kept)) == ["sign_conventions"]
    assert [one.convention for one in room.desk.book.producers.producers["mill"].conventions] == ["mill-1", "mill-2"]  # type: ignore[index]


def test_each_member_gets_so_many_cards_as_lines_and_none_twice(room: Room) -> None:
    plan = room.cards("member;alias\nm-1;\nm-2;\nm-2;\nm-2;young-1\nm-1;0001\n")
    assert [tuple(card) for card in plan.cards] == [("m-1", None), ("m-2", None), ("m-2", None), ("m-2", "young-1")]
    assert plan.known == 1
    assert room.cards("member\nm-1\n").told() == ["0 cards new, 1 known already."]


def test_an_alias_of_another_member_is_told_and_no_card_is_made(room: Room) -> None:
    plan = room.cards("member;alias\nm-2;0001\n")
    assert "line 2: the card 0001 is m-1's, not m-2's" in plan.told()[1]
    assert not plan.cards


@pytest.mark.parametrize("alias", ["../key", ".hidden", "a b", "x" * 41])
def test_an_alias_that_is_no_name_of_a_file_is_refused(room: Room, alias: str) -> None:
    room.cards(f"member;alias\nm-2;{alias}\n")
    with pytest.raises(InvalidValue, match="line 2: the alias"):
        room.slips.end()
