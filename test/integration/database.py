"""A real PostgreSQL 17 with TimescaleDB (Apache edition) of the tests' own, out of build/trixie, on a free port of the loopback
interface. One server a test session; every test gets a database of its own."""

import os
import subprocess
import uuid

from process import free_port
from telegraf import REPO
from waiting import wait_until

ROOT = REPO / "build/trixie"
PROGRAMS = "/usr/lib/postgresql/17/bin"
WRITER_PASSWORD = "wr'iter \\ pass$word 密"
READER_PASSWORD = "reader\"%pass"
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "-n"]

CONFIG = """
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
shared_preload_libraries = 'timescaledb'
timescaledb.telemetry_level = off
shared_buffers = 256MB
max_connections = 60
password_encryption = 'scram-sha-256'
log_line_prefix = '%m %u '
"""

# The superuser comes in without a password, the roles under test only with theirs.
ACCESS = """
host all postgres 127.0.0.1/32 trust
host all all      127.0.0.1/32 scram-sha-256
"""


class Server:
    def __init__(self):
        self.port = free_port()
        self.home = f"/srv/{uuid.uuid4().hex}"  # within the root
        self.data = f"{self.home}/data"
        self.run_in_root("mkdir", "-p", self.home)
        self.run_in_root("chown", "postgres:postgres", self.home)
        self.as_postgres(f"{PROGRAMS}/initdb", "-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.write("postgresql.conf", CONFIG.format(port=self.port))
        self.write("pg_hba.conf", ACCESS)

    def run_in_root(self, *command, user=None, **how):
        chroot = ["chroot", f"--userspec={user}:{user}"] if user else ["chroot"]
        done = subprocess.run([*AS_ROOT, *chroot, str(ROOT), *command], capture_output=True, text=True, cwd="/", **how)
        assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
        return done.stdout

    def as_postgres(self, *command, **how):
        return self.run_in_root(*command, user="postgres", **how)

    def write(self, name, text):
        self.as_postgres("tee", f"{self.data}/{name}", input=text)

    def control(self, *what):
        # Its output goes to a file: the server would inherit a pipe and keep it open.
        self.as_postgres("sh", "-c", f"{PROGRAMS}/pg_ctl -D {self.data} -l {self.home}/log -w -t 60 {' '.join(what)} >{self.home}/pg_ctl 2>&1")

    def start(self):
        self.control("start")

    def stop(self, mode="fast"):
        """fast: as a container's SIGINT; immediate: as a crash."""
        self.control("stop", "-m", mode)

    def log(self):
        return self.as_postgres("cat", f"{self.home}/log")

    def remove(self):
        try:
            self.stop("immediate")
        except AssertionError:
            pass  # it was stopped already
        self.run_in_root("rm", "-rf", self.home)

    def environment(self, database, user="postgres", password=None):
        """The variables by which psql and Telegraf find the database."""
        variables = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": user, "PGDATABASE": database, "PGSSLMODE": "disable"}
        return variables | ({"PGPASSWORD": password} if password else {})


class Database:
    """A database with the project's schema in it."""

    def __init__(self, server, apply=True):
        self.server = server
        self.name = f"test_{uuid.uuid4().hex[:12]}"
        Database.sql_in(server, "postgres", f"CREATE DATABASE {self.name}")
        self.notices = self.apply() if apply else ""

    def apply(self):
        """Applies schema/ as an operator does; returns what it said."""
        environment = {
            **os.environ,
            **self.server.environment(self.name),
            "VENDING_WRITER_PASSWORD": WRITER_PASSWORD,
            "VENDING_READER_PASSWORD": READER_PASSWORD,
        }
        done = subprocess.run([REPO / "schema/apply.sh"], env=environment, capture_output=True, text=True)
        assert done.returncode == 0, f"apply.sh failed:\n{done.stdout}{done.stderr}"
        return done.stderr

    @staticmethod
    def sql_in(server, database, text, user="postgres", password=None):
        environment = {**os.environ, **server.environment(database, user, password)}
        command = ["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-P", "null=NULL", "-v", "ON_ERROR_STOP=1"]
        done = subprocess.run(command, env=environment, input=text, capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip())
        return [line.split("\t") for line in done.stdout.splitlines()]

    def sql(self, text, user="postgres", password=None):
        """Rows as lists of texts, NULL as "NULL". Raises RuntimeError with psql's words."""
        return self.sql_in(self.server, self.name, text, user, password)

    def value(self, text, **who):
        ((value,),) = self.sql(text, **who)
        return value

    def count(self, table, where="true"):
        return int(self.value(f"SELECT count(*) FROM {table} WHERE {where}"))

    def wait_for_count(self, table, count, where="true", patience=60.0):
        wait_until(
            lambda: self.count(table, where) >= count,
            lambda: f"{count} rows in {table} where {where} ({self.count(table, where)} are there)",
            patience,
        )

    def telegraf_environment(self):
        return self.server.environment(self.name, "vending_writer", WRITER_PASSWORD)

    def drop(self):
        self.sql_in(self.server, "postgres", f"DROP DATABASE IF EXISTS {self.name} WITH (FORCE)")
