"""The stack's tests run the files that the containers mount, with the helpers and fixtures of test/integration."""

import importlib.util
import pathlib
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
INTEGRATION = HERE.parent / "integration"
sys.path.insert(0, str(INTEGRATION))

spec = importlib.util.spec_from_file_location("integration_fixtures", INTEGRATION / "conftest.py")
integration = importlib.util.module_from_spec(spec)
spec.loader.exec_module(integration)
server, make_database, database = integration.server, integration.make_database, integration.database
figures = integration.figures
pytest_runtest_logreport, pytest_terminal_summary = integration.pytest_runtest_logreport, integration.pytest_terminal_summary

from stack import StackBroker, StackTelegraf, make_secrets  # noqa: E402


def pytest_collection_modifyitems(items):
    """The stack in Docker takes longest: first, so that it does not run alone at the end."""
    items.sort(key=lambda item: item.path.name != "test_stack.py")


@pytest.fixture
def secrets(tmp_path):
    """What `make up` makes, in a folder of the test's own."""
    root = tmp_path / "root"
    root.mkdir()
    return make_secrets(root, "demo")


@pytest.fixture
def broker(tmp_path, secrets):
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = StackBroker(folder, secrets)
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


@pytest.fixture
def make_telegraf(tmp_path, secrets):
    """A function that makes a Telegraf as its container runs it; all of them share a volume."""
    made = []

    def make(version, server, database, **environment):
        made.append(StackTelegraf(version, tmp_path, secrets, server, database, len(made) + 1, **environment))
        return made[-1]

    yield make
    for telegraf in made:
        telegraf.close()
