"""The scanners that can be run on the example, on the `PATH` or in the folders of `SEAMARK_TEST_SCANNERS`."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seamark.core.finding import Finding
from seamark.core.location import CodeLocation
from seamark.pipeline.fixing.tree import findings_of

_CHECKOV = "-d . --skip-download --quiet -o json --framework terraform kubernetes dockerfile github_actions"


class Scanner(NamedTuple):
    """How a tool is run in a tree, and the name of its report."""

    report: str
    words: Callable[[str, Path], list[str]]
    """Of the address of a service at home, and where the report goes; what is printed is the report where the words do not name it."""
    at: str = "."


SCANNERS = {
    "bandit": Scanner("bandit.json", lambda _, out: ["-q", "-r", "services/orders", "-x", "services/orders/tests", "-f", "json", "-o", str(out)]),
    "zizmor": Scanner("zizmor.sarif", lambda *_: ["--offline", "--quiet", "--format", "sarif", "."]),
    "hadolint": Scanner("hadolint.json", lambda *_: ["-f", "json", "services/orders/Dockerfile", "services/storefront/Dockerfile"]),
    "checkov": Scanner("checkov.json", lambda *_: _CHECKOV.split()),
    "npm": Scanner("npm-audit.json", lambda base, _: ["audit", "--json", "--package-lock-only", f"--registry={base}/"], "services/storefront"),
    "pip-audit": Scanner("pip-audit.json", lambda base, _: f"-s osv --osv-url {base}/v1/query -r requirements.txt --no-deps --disable-pip -f json --desc off --aliases on".split(), "services/orders"),
}  # fmt: skip


def program(name: str) -> str | None:
    """Return where a scanner is, None where it is not installed."""
    folders = os.pathsep.join((os.environ.get("SEAMARK_TEST_SCANNERS", ""), os.environ.get("PATH", ""))).strip(os.pathsep)  # fmt: skip
    return shutil.which(name, path=folders)


def scan(name: str, tree: Path, base: str, folder: Path) -> Path:
    """Run a scanner that is installed, and return its report."""
    found, one = program(name), SCANNERS[name]
    assert found is not None
    out = folder / one.report
    environment = {**os.environ, "PATH": f"{Path(found).parent}{os.pathsep}{os.environ['PATH']}", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}  # fmt: skip
    done = subprocess.run([found, *one.words(base, out)], cwd=tree / one.at, capture_output=True, check=False, timeout=300, env=environment)  # fmt: skip
    if not out.exists():
        out.write_bytes(done.stdout)
    return out


def told(report: Path) -> set[tuple[str, str, str]]:
    """Return what a report says: rule or vulnerability, path, and the package where it is about one."""
    return {_one(one) for _, one in findings_of([report])}


def _one(one: Finding) -> tuple[str, str, str]:
    # The place of a package is the lock's business: npm tells of each copy.
    path = one.location.path if isinstance(one.location, CodeLocation) and one.component is None else ""
    return (one.vulnerabilities or (one.rule,))[0], path, one.component.name if one.component else ""
