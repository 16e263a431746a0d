"""Scaffolds a parser, what `make new-parser NAME=acme` runs: the parser, a sample of its own, its golden file, and its line in the docs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FORMATS = Path("src/seamark/intake/parsers/formats")
SAMPLES = Path("tests/parsers/samples")
NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
MOST = 40

PARSER = '''"""{title}: say in one line what it looks for."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import CodeLocation, Finding, Item, Kind, Run, json_object, parser, severity


class Hit(Struct):
    id: str
    message: str
    file: str
    level: str = ""
    line: int | None = None


class Report(Struct):
    {field}_version: str
    hits: list[Hit]


@parser(
    "{name}",
    title="{title}",
    kind=Kind.CODE,
    looks=json_object("{field}_version", "hits"),
    made_with="{name} scan --format json > {name}.json",
    versions="say which versions you have seen",
)
def read(report: Report) -> Iterator[Item]:
    yield Run(tool="{title}", version=report.{field}_version)
    for hit in report.hits:
        yield Finding(
            rule=hit.id,
            title=hit.message,
            severity=severity(hit.level),
            severity_given=hit.level,
            location=CodeLocation(path=hit.file, line=hit.line),
        )
'''


class NameRefused(ValueError):
    """The name cannot be that of a new format."""


def scaffold(name: str, root: Path = ROOT) -> tuple[Path, Path]:
    """Write the parser and its sample, and return their paths. Raises `NameRefused`, and then writes nothing."""
    if not NAME.fullmatch(name) or len(name) > MOST:
        raise NameRefused(
            f"{name!r} is no name for a format: lower-case words, joined by hyphens, at most {MOST} letters"
        )
    field = name.replace("-", "_")
    module, folder = root / FORMATS / f"{field}.py", root / SAMPLES / name
    for path in (module, module.with_suffix(""), folder):
        if path.exists():
            raise NameRefused(f"{name!r} is there already: {path.relative_to(root)}")
    title = " ".join(word.capitalize() for word in name.split("-"))
    module.write_text(PARSER.format(name=name, field=field, title=title), encoding="utf-8")
    folder.mkdir(parents=True)
    sample = folder / "report.json"
    sample.write_text(json.dumps(_sample(field), indent=2) + "\n", encoding="utf-8")
    return module, sample


def _sample(field: str) -> dict[str, object]:
    return {
        f"{field}_version": "1.0.0",
        "hits": [
            {"id": "weak-hash", "message": "MD5 is broken", "file": "app/login.py", "level": "high", "line": 12},
            {"id": "debug-on", "message": "Debug mode is on", "file": "app/settings.py"},
        ],
    }


def main(arguments: list[str]) -> int:
    """Scaffold, write the golden file and the docs, and say what comes next."""
    if len(arguments) != 1:
        sys.stderr.write("Say its name: make new-parser NAME=acme\n")
        return 2
    try:
        module, sample = scaffold(arguments[0])
    except NameRefused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    golden = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "--golden",
        "tests/parsers/test_golden.py",
        "-k",
        f"{arguments[0]}/",
    ]
    for command in (golden, [sys.executable, "-m", "tests.support.docs"]):
        done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
        if done.returncode:
            sys.stderr.write(done.stdout + done.stderr)
            return 1
    sys.stdout.write(
        f"{module.relative_to(ROOT)}\n{sample.relative_to(ROOT)}, with its golden file\n\n"
        "Put reports of the tool in the sample's place (written by hand or made by running it; never copied), describe them\n"
        "in the parser (docs/parsers.md), and then: make golden && python -m tests.support.docs && pytest tests/parsers\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
