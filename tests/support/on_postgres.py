"""Runs pytest against PostgreSQL: a given server (SEAMARK_TEST_DATABASE_URL), or a private one from the system's binaries."""

import os
import subprocess
import sys

from tests.support.postgres import find_binaries, private_server


def main(arguments: list[str]) -> int:
    """Return pytest's exit code; without a server 0, or 1 in CI, where one must be there."""
    command = [sys.executable, "-m", "pytest", *arguments]
    if os.environ.get("SEAMARK_TEST_DATABASE_URL"):
        return subprocess.run(command, check=False).returncode
    if find_binaries() is None:
        sys.stderr.write("There is no PostgreSQL on this machine: its tests are left out\n")
        return 1 if os.environ.get("CI") else 0
    with private_server("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60") as url:
        return subprocess.run(command, check=False, env={**os.environ, "SEAMARK_TEST_DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
