"""Law: a producer's papers are made of the batch's own events when they are asked for: the same bytes each time.

An advice says what is paid and why; a statement has every sale at gross price below it. Neither names a card or a member.
"""

import asyncio
import re
from typing import Final

from aiohttp import web

from clearing.books.words import Words as PaperWords
from clearing.console.apart import SALES
from clearing.console.pages import Answer, Download, Shows, Visit, page
from clearing.console.rooms.batches import CANT_PAY
from clearing.console.rooms.producers import producer_at
from clearing.installation.fonts import FontMissing, find_fonts
from clearing.installation.payment import make_files

PAPERS: Final = ("advice", "statement")
_NAME: Final = re.compile(r"(advice|statement)-(fr|en)\.pdf")


@page("producers/{producer}/papers/{batch}/{name}", "Paper of a producer", roles=SALES, shows=Shows.PURCHASES)
async def paper(visit: Visit) -> Answer:
    from clearing.books.papers import producer_statement, remittance_advice

    producer, text, name = producer_at(visit), visit.asked("batch"), _NAME.fullmatch(visit.asked("name"))
    if name is None or not text.isdecimal() or len(text) > 8:
        raise web.HTTPNotFound(reason="There is no such paper.")
    try:
        fonts, made = find_fonts(), await make_files(visit.console.installation, visit.code, int(text))
    except (FontMissing, *CANT_PAY) as fault:
        return Answer("problem.html", {"text": visit.words.refusal(str(fault))}, status=409)
    said = made.statements.get(producer.producer)
    if said is None:
        raise web.HTTPNotFound(reason="This batch pays nothing to this producer.")
    write = remittance_advice if name[1] == PAPERS[0] else producer_statement
    content = await asyncio.to_thread(write, *said, fonts, PaperWords(name[2]))
    return Answer(file=Download(f"{visit.code}-{text}-{producer.producer}-{name[0]}", content, "application/pdf"))
