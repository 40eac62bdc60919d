"""Law: one installation serves all tests of the console; each test makes the things it looks at, and whatever any of them
makes a page say has its French.
"""

import traceback
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from clearing.console.words import FRENCH, Words, catalogue
from tests.console.open_house import House, open_house


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    async with open_house(tmp_path_factory.mktemp("till")) as opened:
        yield opened


@pytest.fixture(scope="session", autouse=True)
def nothing_said_without_its_french() -> Iterator[None]:
    """The source is searched too (test_words.py); this hears what is put together or comes from data."""
    unheard, say = dict[str, str](), Words.say

    def heard(words: Words, text: str, **values: object) -> str:
        exact = text.startswith("field ") and "." in text  # the plain name is asked for next
        if text and text not in catalogue("fr") and not exact and FRENCH.refusal(text) == text:
            unheard[text] = "".join(traceback.format_stack(limit=6)[:-1])
        return say(words, text, **values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Words, "say", heard)
        yield
    lacking = "\n".join(f"{text!r}, said by\n{who}" for text, who in unheard.items())
    assert not unheard, f"pages said these, and no catalogue of clearing/console/words has them: {lacking}"


@pytest.fixture(autouse=True)
def officers_proved_it_a_moment_ago(request: pytest.FixtureRequest) -> None:
    """A second factor serves for minutes and the house for all tests: whoever logged in long ago does so again."""
    if "house" in request.fixturenames:
        opened: House = request.getfixturevalue("house")
        opened.ask_again()
