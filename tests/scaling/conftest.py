"""One large installation for the tests that need it; each leaves it whole."""

import os
from collections.abc import Iterator

import pytest

from tests.postgres.server import binaries
from tests.scaling.scaled import Scaled, scaled


@pytest.fixture(scope="session")
def large(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scaled]:
    installed = binaries()
    if installed is None:
        if os.environ.get("CI"):
            pytest.fail("PostgreSQL is not installed: apt-get install postgresql.")
        pytest.skip("PostgreSQL is not installed (apt-get install postgresql).")
    with scaled(tmp_path_factory.mktemp("large"), installed) as running:
        yield running
