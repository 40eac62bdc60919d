"""The API is played from its own description by a program of other hands: no fault, and no answer that it does not promise."""

import asyncio
import json
import re
import sys
from pathlib import Path

import pytest

from clearing.console.api import READS
from clearing.console.openapi import described
from tests.console.open_house import CODE, House

pytestmark = pytest.mark.asyncio(loop_scope="session")
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
EXAMPLES = 3
PLAY_S = 240


async def played(house: House, person: str, folder: Path) -> str:
    """What the program says of this officer's token, in this caisse."""
    said = described(tuple(READS))
    for path in said["paths"].values():
        for operation in path.values():
            next(one for one in operation["parameters"] if one["name"] == "caisse")["schema"] = {"const": CODE}
    description = folder / "openapi.json"
    description.write_text(json.dumps(said), encoding="utf-8")
    token = await house.token(person)
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "run", str(description), "--url", house.url, "--phases", "fuzzing",
        "--header", f"Authorization: Bearer {token}", "--checks", CHECKS, "--max-examples", str(EXAMPLES), "--no-color",
        "--generation-deterministic", cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    async with asyncio.timeout(PLAY_S):
        out, _ = await process.communicate()
    text = out.decode()
    assert process.returncode == 0, text
    return text


async def test_the_api_keeps_what_its_description_promises_and_never_faults(house: House, tmp_path: Path) -> None:
    said = await played(house, "noor", tmp_path)
    found = re.search(r"(\d+) generated, (\d+) passed", said)
    assert found is not None, said
    assert found[1] == found[2]
    assert int(found[1]) >= len(described(tuple(READS))["paths"])
    seen = await house.see("tess", "")
    assert seen.status == 200, "the caisse goes on"


async def test_the_description_is_served_to_whoever_asks(house: House) -> None:
    async with house.browser.get(f"{house.url}/api/v1/openapi.json") as answer:
        assert (answer.status, await answer.json()) == (200, json.loads(json.dumps(described(tuple(READS)))))
