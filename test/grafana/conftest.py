import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "integration"))

from database import ROOT, Database, Server  # noqa: E402


@pytest.fixture(scope="session")
def server():
    if not ROOT.exists():
        pytest.exit(f"not built: {ROOT} (make grafana-tests builds it)", returncode=3)
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def database(server):
    """One for all tests: what a test puts in, it takes out again."""
    return Database(server)
