"""Law: one library decides every edge case of Ed25519 and AES-CMAC, as Wycheproof expects: 151 of 151, 311 of 311."""

import json
from collections.abc import Callable
from hmac import compare_digest
from pathlib import Path
from typing import Any

from clearing.wire.signature import signature_holds
from clearing.wire.tap import KEY_BYTES, aes_cmac

SayNotRun = Callable[[str], None]


def cases(folder: Path, name: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """(group, test) of every test in a file; none when this machine has not got it."""
    file = folder / name
    groups = json.loads(file.read_text())["testGroups"] if file.is_file() else []
    return [(group, test) for group in groups for test in group["tests"]]


def test_ed25519_decides_every_case_as_wycheproof_does(wycheproof: Path, not_run: SayNotRun) -> None:
    found = cases(wycheproof, "ed25519_test.json")
    if not found:
        not_run("Wycheproof Ed25519, 151 cases: name the folder of ed25519_test.json in CLEARING_WYCHEPROOF")
    wrong = [
        test["tcId"]
        for group, test in found
        if signature_holds(*(bytes.fromhex(part) for part in (group["publicKey"]["pk"], test["sig"], test["msg"])))
        is not (test["result"] == "valid")
    ]
    assert (len(found), wrong) in [(151, []), (0, [])]


def test_aes_cmac_decides_every_case_as_wycheproof_does(wycheproof: Path, not_run: SayNotRun) -> None:
    found = cases(wycheproof, "aes_cmac_test.json")
    if not found:
        not_run("Wycheproof AES-CMAC, 311 cases: name the folder of aes_cmac_test.json in CLEARING_WYCHEPROOF")
    wrong = [test["tcId"] for _, test in found if cmac_holds(test) is not (test["result"] == "valid")]
    assert (len(found), wrong) in [(311, []), (0, [])]


def cmac_holds(test: dict[str, Any]) -> bool:
    key, message, tag = (bytes.fromhex(test[part]) for part in ("key", "msg", "tag"))
    try:
        return compare_digest(aes_cmac(key, message), tag)
    except ValueError:  # no key of AES
        return False


def test_a_card_key_is_a_key_of_aes_128() -> None:
    assert KEY_BYTES == 16
    assert len(aes_cmac(bytes(KEY_BYTES), b"")) == 16
