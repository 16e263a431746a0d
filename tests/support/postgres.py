"""A private PostgreSQL server on loopback, from the system's binaries, for as long as it is needed."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")


def find_binaries() -> Path | None:
    """Return the folder with `initdb` and `postgres` of the newest version, or None."""
    found = [Path(path).resolve().parent for path in [shutil.which("initdb")] if path]
    for pattern in _PLACES:
        found += sorted(Path("/").glob(pattern.lstrip("/")), reverse=True)
    wanted = ("initdb", "postgres", "pg_isready", "createdb")
    return next((place for place in found if all((place / name).exists() for name in wanted)), None)


def _account() -> str | None:
    """Return whom to run as: PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        with contextlib.suppress(KeyError):
            return pwd.getpwnam(name).pw_name
    raise RuntimeError("PostgreSQL does not run as root and there is no other account")


@contextlib.contextmanager
def private_server(*settings: str) -> Iterator[str]:
    """Yield the URL of a fresh server's empty database; the server is ended and its files are removed afterwards."""
    binaries = find_binaries()
    if binaries is None:
        raise RuntimeError("there are no PostgreSQL server binaries on this machine")
    account = _account()
    home = Path(tempfile.mkdtemp(prefix="seamark-postgres-"))
    if account is not None:
        shutil.chown(home, account)
    data = home / "data"
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C.UTF-8", "HOME": str(home)}
    kwargs = {"user": account} if account else {}
    subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "seamark", "--auth=trust", "-E", "UTF8", "--no-sync"],
        check=True, capture_output=True, env=environment, cwd=home, **kwargs,
    )  # fmt: skip
    options = [f"port={port}", "listen_addresses=127.0.0.1", f"unix_socket_directories={home}", *settings]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(
            [binaries / "postgres", "-D", data, *(word for option in options for word in ("-c", option))],
            stdout=log, stderr=log, env=environment, cwd=home, **kwargs,
        )  # fmt: skip
        try:
            for _ in range(600):
                ready = subprocess.run(
                    [binaries / "pg_isready", "-h", "127.0.0.1", "-p", str(port)], capture_output=True, check=False
                )
                if ready.returncode == 0:
                    break
                time.sleep(0.05)
                if server.poll() is not None:
                    raise RuntimeError(f"PostgreSQL did not start: {(home / 'log').read_text()[-2000:]}")
            subprocess.run(
                [binaries / "createdb", "-h", "127.0.0.1", "-p", str(port), "-U", "seamark", "seamark"],
                check=True, capture_output=True,
            )  # fmt: skip
            yield f"postgresql://seamark@127.0.0.1:{port}/seamark"
        finally:
            server.terminate()
            try:
                server.wait(20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()
            shutil.rmtree(home, ignore_errors=True)
