"""Law: a wide table says its columns' heads at every cell, so that a narrow screen shows the row as a card and cuts nothing."""

import re

import pytest

from clearing.console.exports import sheet_of
from clearing.console.phones import COLUMNS_MIN, for_phones
from clearing.console.words import capital
from tests.console.open_house import House
from tests.console.test_sales import buyer, sold

pytestmark = pytest.mark.asyncio(loop_scope="session")
WIDE = (
    '<table><thead><tr><th scope="col">Who</th><th scope="col">A &quot;b&quot;</th><th scope="col" class="sum">C<span> c</span>'
    '</th><th scope="col">D</th></tr></thead><tbody><tr><th scope="row"><a href="/">1</a></th><td></td><td class="sum">2</td>'
    '<td>x<br>y</td></tr></tbody><tfoot><tr><th scope="row" colspan="3">In all</th><td>z</td></tr></tfoot></table>'
)


async def test_each_cell_of_a_wide_table_has_its_columns_head(house: House) -> None:
    made = for_phones(WIDE)
    assert '<td class="sum" role="cell" data-label="C c"><div>2</div></td>' in made
    assert '<td role="cell" data-label="D"><div>x<br>y</div></td>' in made
    assert '<td role="cell" data-label="D"><div>z</div></td>' in made  # past a head that spans three columns
    assert '<td role="cell"></td>' in made  # what is empty says nothing
    assert made.count('role="row"') == 3
    assert sheet_of(made) == sheet_of(WIDE)
    assert for_phones(WIDE.replace("<table>", '<table class="cards">')) == WIDE.replace("<table>", '<table class="cards">')


async def test_a_table_of_few_columns_stays_as_it_is(house: House) -> None:
    few = "<table><thead><tr>" + "<th>A</th>" * (COLUMNS_MIN - 1) + "</tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    assert for_phones(few) == few


async def test_the_list_of_sales_is_read_on_a_phone_with_every_column(house: House) -> None:
    await sold(house, await buyer(house, "p-phone"), 1_111)
    seen = await house.see("tess", "sales")
    labels = set(re.findall(r'data-label="([^"]*)"', seen.html))
    assert {"Day", "Time", "Producer", "Card", "What", "Goods", "Card pays"} <= labels


async def test_words_that_stand_alone_begin_with_a_capital_and_names_do_not(house: House) -> None:
    said = {"paid": "Paid", "échue": "Échue", "": "", "m-12 has left": "m-12 has left", "ag.2": "ag.2", "12 cards": "12 cards"}
    assert {text: capital(text) for text in said} == said
    seen = await house.see("tess", "producers")
    assert "In force" in seen.text
    assert not re.search(r">\s*in force", seen.html)
