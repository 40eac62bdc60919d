"""Law: a caisse that was founded beside a running installation is taken in by it: nobody stops what sells for the others.

Who founded asks the supervisor over its tube. It asks the process of a writer and one of views, each of which opens the caisse
beside its others; gateways hear of it over the trunk that they hold already, the console reads the directory of caisses.
"""

import asyncio
import json
from typing import Final

from clearing.installation.home import Home
from clearing.values import CaisseCode

TAKING_IN_S: Final = 60.0
SUPERVISOR: Final = "supervisor"


class NotTakenIn(Exception):
    """What serves this home does not serve this caisse; the text says why and what to do."""


class NobodyServes(Exception):
    """Nothing serves this home, or it does not answer."""


async def ask_to_take_in(home: Home, code: CaisseCode, of: str = SUPERVISOR) -> None:
    """of: the process that is asked. Raises NobodyServes, NotTakenIn."""
    try:
        async with asyncio.timeout(TAKING_IN_S):
            reader, writer = await asyncio.open_unix_connection(str(home.speaking_tube(of)))
            try:
                writer.write(f"take in {code}\n".encode())
                said = await reader.read(-1)
            finally:
                writer.close()
        answer = json.loads(said)
    except (OSError, TimeoutError, ValueError):
        raise NobodyServes(f"{of} does not answer; start it with: clearing serve") from None
    if answer.get("fault"):
        raise NotTakenIn(str(answer["fault"]))
