"""Row 12, El Cagette: a new caisse by configuration, and one that lived on paper with its opening balances."""

from dataclasses import dataclass
from pathlib import Path

from clearing.cli.opening import checked, told
from clearing.cli.opening_file import OpeningFile, read_opening_file
from clearing.installation.slips import Slips
from tests.acceptance.schemes.page import Page
from tests.acceptance.schemes.village import Done, Village, village
from tests.house.sources import CLONE

LIST = CLONE / "examples" / "schemes" / "12-opening.toml"


@dataclass
class Begun:
    caisse: Village
    shown: list[str]
    sold: list[Done]
    batch: int


def begun() -> Begun:
    """Founded on Friday, opened by two people, sold to on Saturday, settled on Wednesday."""
    caisse = village("12-new-caisse", "2026-05-01 18:00:00")
    caisse.admit("m-1")
    caisse.admit("m-2", groups=["tariff-b"])
    caisse.stall("shop")
    caisse.stall("dairy")
    file = opening_file(caisse)
    shown = list(told(file, checked(file, caisse.book, caisse.clock.us)))
    caisse.order("propose_opening", by="alix", **file.body)
    caisse.order("accept_opening", by="basile", **file.body)
    caisse.at("2026-05-02 10:00:00")
    sold = [caisse.sell("shop", "m-1", {"bulk": "20.00", "fresh": "14.00"}), caisse.sell("shop", "m-2", {"bulk": "20.00"})]
    caisse.at("2026-05-06 09:00:00")
    return Begun(caisse, shown, sold, caisse.settle("2026-05-06", "2026-05-07"))


def opening_file(caisse: Village, path: Path = LIST) -> OpeningFile:
    slips = Slips()
    file = read_opening_file(path, caisse.book.caisse.calendar.zone, slips)
    slips.end()
    return file


def page() -> Page:
    lived = begun()
    page = Page(12, "12-new-caisse", "El Cagette: a new caisse by configuration, a running one with its balances", """
        Nobody writes a program for a new caisse. Two people fill in one file, with lists of members, producers and
        cards beside it, and `clearing found` founds it; with `--check` it tells every mistake with its line and records
        nothing. What remains to be done is printed, each step as a command. A caisse that lived on paper brings along
        what is in its funds, on its members' cards and owed to its producers: one person proposes the list, another one
        reads the same file and accepts it, and nothing is accepted unless it is what is on the bank account.
    """)  # fmt: skip
    page.heading("What two people compare").says("""
        `clearing opening propose FILE` and `clearing opening accept FILE` show both of them the same:
    """).quotes("\n".join(line[2:] for line in lived.shown[1:]))
    page.heading("What happens then").says("""
        The first member pays from the lot that was brought along; for the second one the tariffs' fund carries a fifth.
    """).sales(("m-1", lived.sold[0]), ("m-2, reduced price", lived.sold[1]))
    return page.heading("What the statement shows").says("""
        What the shop had sold on paper stands on its first statement beside the first market day.
    """).statement(lived.caisse, "shop", lived.batch)
