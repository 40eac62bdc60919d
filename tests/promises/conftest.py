"""Law: promises are kept on a real server, with processes that really die; one server for all of these tests."""

from collections.abc import Iterator

import pytest

from clearing.postgres import Embedded
from tests.postgres_server import running_server


@pytest.fixture(scope="session")
def server() -> Iterator[Embedded]:
    with running_server() as running:
        yield running
