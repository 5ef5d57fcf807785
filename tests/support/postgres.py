"""A PostgreSQL cluster of one test: on a free port of the loopback, run by a user without rights."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
from pathlib import Path

from support.ports import lease_port
from support.wait import until

# Debian keeps the programs of each version apart and off the path.
VERSIONS = Path("/usr/lib/postgresql")
READY_S = 60.0
USER, PASSWORD, DATABASE = "mlflow", "s3cret", "mlflow"


def program(name: str) -> str:
    """Returns the path of one of PostgreSQL's programs, of the newest version."""
    found = sorted(VERSIONS.glob(f"*/bin/{name}"), key=lambda path: float(path.parts[-3]))
    path = str(found[-1]) if found else shutil.which(name)
    assert path, f"PostgreSQL is not installed: no {name} below {VERSIONS} or on the path (apt install postgresql)"
    return path


class Postgres:
    """One cluster with one database, its files below `folder`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = lease_port()
        self._process: subprocess.Popen | None = None
        # It refuses to run as root.
        self._user = {"user": "postgres"} if os.geteuid() == 0 else {}
        self.uri = f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self._port}/{DATABASE}"
        # As MLflow wants it, which has to be told the driver.
        self.sqlalchemy_uri = self.uri.replace("://", "+psycopg2://", 1)

    def start(self) -> Postgres:
        """Makes the cluster, starts it and returns once it answers."""
        self._folder.mkdir(parents=True)
        if self._user:
            owner = pwd.getpwnam("postgres")
            os.chown(self._folder, owner.pw_uid, owner.pw_gid)
            for parent in self._folder.parents:
                if parent.is_relative_to("/tmp/"):
                    parent.chmod(parent.stat().st_mode | 0o011)
        data = self._folder / "data"
        password = self._folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        self._run("initdb", "-D", data, "-U", USER, "-A", "scram-sha-256", f"--pwfile={password}", "-E", "UTF8")
        settings = ["fsync=off", "listen_addresses=127.0.0.1", f"port={self._port}", f"unix_socket_directories={data}"]
        with open(self._folder.parent / "postgres.log", "ab") as log:
            self._process = subprocess.Popen(
                [program("postgres"), "-D", str(data), *(part for one in settings for part in ("-c", one))],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                **self._user,
            )
        address = ["-h", "127.0.0.1", "-p", str(self._port), "-U", USER]
        until(lambda: self._try("pg_isready", *address) == 0, "PostgreSQL is ready", READY_S)
        self._run("createdb", *address, DATABASE)
        return self

    def _run(self, name: str, *args: object) -> None:
        done = self._call(name, *args)
        assert done.returncode == 0, f"{name} ended with {done.returncode}: {done.stderr.decode(errors='replace')}"

    def _try(self, name: str, *args: object) -> int:
        return self._call(name, *args).returncode

    def _call(self, name: str, *args: object) -> subprocess.CompletedProcess:
        return subprocess.run(
            [program(name), *map(str, args)],
            env={**os.environ, "PGPASSWORD": PASSWORD, "LC_ALL": "C.UTF-8"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd="/",
            timeout=READY_S,
            **self._user,
        )

    def stop(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=READY_S)
