"""Law: the demo's bank is another program (mock-bank), on loopback, in a process that ends with the demo; its word is taken in
like any bank's.

It pays the market's batch and sends one payment back some days later. Where the program is not installed there is no bank, and
the demo says so.
"""

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import aiohttp

from clearing.bank.pain002 import StatusReport
from clearing.bank.reading import read_file
from clearing.demo.caisse import CAMILLE, Market
from clearing.demo.settle import Settled
from clearing.installation.bank_import import answers_of, import_statement
from clearing.installation.home import write_private
from clearing.installation.payment import ACCOUNT_OF_THE_CAISSE, BANK
from clearing.rules.book import Book
from clearing.rules.ledger.postings import BANK as BANK_ACCOUNT
from clearing.rules.stalls.payouts import Answer
from clearing.rules.treasury.bank_matching import proposals

PROGRAM: Final = "mockbank"
OPENS_AT: Final = "2017-12-24T08:00"
SENT_BACK: Final = {"days": 2, "reason": "AC04"}
DAYS: Final = 9
TOLD_AT: Final = "2018-01-02T09:00:00"
ANSWER_S: Final = 60
_ACCOUNT: Final = "CAISSE"
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Banked:
    """What the bank did. balance_cents: at its own books; ledger_cents: of the account in ours. returned_cents: came back."""

    payouts: int
    returned: int
    returned_cents: int
    waiting: int
    balance_cents: int
    ledger_cents: int


@dataclass(frozen=True, slots=True)
class _Bank:
    """A running bank."""

    session: aiohttp.ClientSession
    url: str

    async def ask(self, method: str, path: str, body: bytes | None = None) -> Any:
        headers = {"Content-Type": "application/json", "Accept": "application/json"}
        async with self.session.request(method, self.url + path, data=body, headers=headers) as answer:
            return await answer.json(content_type=None)


async def bank(market: Market, settled: Settled, say: Say) -> Banked | None:
    """Hand the file over, let some days pass, and take in what the bank sends; None where there is no bank."""
    if find_spec(PROGRAM) is None:
        say("no bank is installed here (pip install mock-bank), so nobody executes the file")
        return None
    async with _opened() as at_bank:
        before = await _ledger_cents(market)
        await _hold(market, at_bank, before, settled)
        answer = await at_bank.ask("POST", "/payments", settled.path.read_bytes())
        say(f"the bank takes the file: {answer['accepted']} transfers accepted, {answer['rejected']} rejected")
        await at_bank.ask("POST", f"/_mock/advance?days={DAYS}", b"")
        market.at(TOLD_AT)
        paths = await _collect(market, at_bank)
        banked = await _take_in(market, paths, await _balance(at_bank))
    say(f"its {len(paths)} messages are taken in: {banked.payouts} payouts executed, {banked.returned} sent back (AC04, the "
        "account is closed) and owed again")  # fmt: skip
    return banked


@asynccontextmanager
async def _opened() -> AsyncIterator[_Bank]:
    command = [sys.executable, "-m", PROGRAM, "--port", "0", "--clock", OPENS_AT, "--timezone", "Europe/Paris"]
    process = await asyncio.create_subprocess_exec(
        *command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        greeting = (await asyncio.wait_for(process.stderr.readline(), ANSWER_S)).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", greeting)
        if found is None:
            raise RuntimeError(f"the bank did not open: {greeting.strip()}")
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(ANSWER_S)) as session:
            yield _Bank(session, found[0])
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def _hold(market: Market, at_bank: _Bank, cents: int, settled: Settled) -> None:
    """The caisse's account with what is on it, and one payment that comes back."""
    async with market.running.installation.people_of(market.code) as people:
        own = await people.newest(ACCOUNT_OF_THE_CAISSE, BANK)
    assert own is not None
    ids = re.findall(rb"<EndToEndId>([^<]+)</EndToEndId>", settled.path.read_bytes())
    account = {
        "id": _ACCOUNT, "name": own.fields["name"], "iban": own.fields["iban"], "currency": "EUR", "balance": cents,
        "behaviour": "return-later", "parameters": {**SENT_BACK, "end_to_end_id": ids[-1].decode()},
    }
    made = await at_bank.ask("POST", "/_mock/accounts", json.dumps(account).encode())
    if made.get("id") != _ACCOUNT:
        raise RuntimeError(f"the bank opens no account: {made}")


async def _balance(at_bank: _Bank) -> int:
    return int((await at_bank.ask("GET", f"/_mock/accounts/{_ACCOUNT}"))["balance"])


async def _collect(market: Market, at_bank: _Bank) -> list[Path]:
    """Its messages as files beside the batch's, in the order in which it sent them."""
    folder, found = market.home.batch(market.code, 1) / "from-the-bank", list[Path]()
    folder.mkdir(mode=0o700, exist_ok=True)
    for message in await at_bank.ask("GET", "/_mock/messages"):
        if message["account"] == _ACCOUNT and not message["type"].startswith("pacs."):
            path = folder / f"{message['id']:03d}-{message['type']}.xml"
            write_private(path, str(message["body"]).encode())
            found.append(path)
    return found


def _book(market: Market) -> Book:
    return market.running.writers[market.code].book


async def _take_in(market: Market, paths: list[Path], balance_cents: int) -> Banked:
    async def give(body: dict[str, object]) -> dict[str, object]:
        return await market.order(CAMILLE, "import_statement", body)

    for path in paths:
        read = read_file(path.read_bytes())
        if isinstance(read, StatusReport):
            assert not [row for row in answers_of(read, _book(market)).rows if row.state is not Answer.ACCEPTED]
            continue
        for statement in read:
            async with market.running.installation.people_of(market.code) as people:
                await import_statement(statement, book=_book(market), people=people, give=give)
    counts = {"payout": 0, "payout_returned": 0}
    back_cents = 0
    for kind in counts:  # what came back can only be said of what was paid
        found = [one for one in proposals(_book(market).bank, _book(market).settlement, ()) if one.kind == kind]
        lines = _book(market).bank.lines
        back_cents += sum(lines[one.line].said.cents for one in found if kind == "payout_returned")
        if found:
            await market.order(CAMILLE, "match_lines", {"matches": [{"lines": [one.line], "kind": kind} for one in found]})
        counts[kind] = len(found)
    await market.running.caught_up(market.code)
    return Banked(
        payouts=counts["payout"], returned=counts["payout_returned"], returned_cents=back_cents,
        waiting=len(_book(market).bank.waiting), balance_cents=balance_cents, ledger_cents=await _ledger_cents(market),
    )


async def _ledger_cents(market: Market) -> int:
    """What the account holds by our double entry."""
    await market.running.caught_up(market.code)
    async with market.running.installation.asking(market.code) as views:
        return sum(account.cents for account in await views.accounts() if account.account == BANK_ACCOUNT)
