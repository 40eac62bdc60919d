"""Law: docs/WIRE.md names every path and every status of the door, and no other."""

import re
from pathlib import Path

from clearing.terminal_gateway import refusals
from clearing.terminal_gateway.refusals import Reason, Refused
from clearing.terminal_gateway.server import BATCH_PATH, ENROL_PATH, PATHS, STREAM_PATH

DOCUMENT = (Path(__file__).parents[2] / "docs/WIRE.md").read_text(encoding="utf-8")


def rows(part: str) -> list[list[str]]:
    found = re.search(rf"<!-- {part} -->\n(.*?)<!-- end of {part} -->", DOCUMENT, re.DOTALL)
    assert found is not None
    return [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in found[1].splitlines()[2:]]


def every_refusal() -> list[Refused]:
    return [
        refusals.unauthorised(Reason.UNKNOWN_KEY), refusals.malformed(ValueError("x")), refusals.too_large(1),
        refusals.wrong_content_type("x"), refusals.too_slow(1), refusals.broken_body(), refusals.not_ready(1),
        refusals.limited(Reason.KEY_LIMIT, 1), refusals.overloaded(1), refusals.outcome_unknown(), refusals.pairing_refused(),
    ]  # fmt: skip


def test_the_document_names_every_path_with_its_operation() -> None:
    told = {row[0]: row[1] for row in rows("paths")}
    others = {ENROL_PATH: "", BATCH_PATH: "batch", STREAM_PATH: ""}
    assert told == {path: op.value for path, op in PATHS.items()} | others


def test_the_document_names_every_status_with_its_outcome() -> None:
    told = {(row[0], row[1]) for row in rows("statuses")}
    assert told == {(str(refused.status), refused.outcome) for refused in every_refusal()}
    assert all(len(row) == 4 and all(row) for row in rows("statuses"))


def test_every_refusal_says_what_to_do_in_a_sentence() -> None:
    for refused in every_refusal():
        assert refused.text.endswith(".")
        assert len(refused.text) < 200
        assert (refused.retry_after_s is not None) == (refused.status in (429, 503))
