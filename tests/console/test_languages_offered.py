"""The command line offers the languages that pages are in, without loading what pages need."""

from clearing.cli import console
from clearing.console import words


def test_the_command_line_offers_the_languages_of_the_pages() -> None:
    assert console.LANGUAGES == words.LANGUAGES
