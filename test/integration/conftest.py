import pytest

from broker import Broker
from database import ROOT, Database, Server
from replay import replay_path
from telegraf import REPO, VERSIONS, Telegraf, input_path, processor_path


def pytest_configure():
    programs = (processor_path(), input_path(), replay_path(), *(REPO / f"build/telegraf-{version}/telegraf" for version in VERSIONS))
    missing = [path for path in (*programs, ROOT) if not path.exists()]
    if missing:
        pytest.exit(f"not built: {', '.join(map(str, missing))} (make integration builds them)", returncode=3)


@pytest.fixture(params=VERSIONS)
def version(request):
    return request.param


@pytest.fixture
def broker(tmp_path):
    folder = tmp_path / "broker"
    folder.mkdir()
    broker = Broker(folder)
    try:
        broker.start()
        yield broker
    finally:
        broker.close()


@pytest.fixture
def make_telegraf(tmp_path, version):
    """A function that makes a Telegraf; it is ended after the test."""
    made = []

    def make(*args, **kwargs):
        folder = tmp_path / f"telegraf-{len(made) + 1}"
        folder.mkdir()
        made.append(Telegraf(version, folder, *args, **kwargs))
        return made[-1]

    yield make
    for telegraf in made:
        telegraf.close()


@pytest.fixture(scope="session")
def server():
    """A database server for all tests; each makes databases of its own in it."""
    server = Server()
    try:
        server.start()
        yield server
    finally:
        server.remove()


@pytest.fixture
def make_database(server):
    """A function that makes a database, with the schema unless apply=False; it is dropped after the test."""
    made = []

    def make(**how):
        made.append(Database(server, **how))
        return made[-1]

    yield make
    for database in made:
        database.drop()


@pytest.fixture
def database(make_database):
    return make_database()


FIGURES = []


@pytest.fixture
def figures(request):
    """Measured facts, a line each, printed at the end of the run, whichever process the test ran in."""
    lines = []
    yield lines
    request.node.user_properties += [("figure", line) for line in lines]


def pytest_runtest_logreport(report):
    if report.when == "teardown":
        FIGURES.extend(line for name, line in report.user_properties if name == "figure")


def pytest_terminal_summary(terminalreporter):
    if FIGURES:
        terminalreporter.section("figures")
        for line in FIGURES:
            terminalreporter.write_line(line)
