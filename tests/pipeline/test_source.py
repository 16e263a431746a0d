"""What a checkout adds to imports: scopes, the history of lines, routes that let attacks confirm code."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from seamark.core.component import Component
from seamark.core.finding import Finding as Read
from seamark.core.kind import Kind
from seamark.core.location import ImageLocation, WebLocation
from seamark.core.severity import Severity
from seamark.pipeline.imports import import_file
from seamark.pipeline.ingest import Outcome
from seamark.pipeline.ingest.source import Source
from seamark.pipeline.target import Target
from seamark.store import evidence
from seamark.store.models import Asset, Corroboration, Finding, Fix, Issue
from tests.factories import import_findings

from .reports import hit, sarif, write

pytestmark = pytest.mark.django_db

APP = """from flask import Flask, request

app = Flask(__name__)


@app.get("/orders")
def orders():
    word = request.args["q"]
    return database.execute(f"SELECT * FROM orders WHERE name = '{word}'")


@app.get("/health")
def health():
    return database.execute("SELECT 1")
"""
Git = Callable[..., str]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    folder = tmp_path / "tree"
    folder.mkdir()
    (folder / "app.py").write_text(APP, "utf-8")
    return folder


@pytest.fixture
def git(tree: Path) -> Git:
    """Return a function that runs git in the tree, which is a repository with one commit."""
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"]

    def run(*words: str) -> str:
        return subprocess.run(
            ["git", *identity, *words], cwd=tree, check=True, capture_output=True, text=True
        ).stdout.strip()

    run("init", "-q", "-b", "main")
    run("add", ".")
    run("commit", "-q", "-m", "first")
    return run


@pytest.fixture
def load(tmp_path: Path, tree: Path) -> Callable[..., Outcome]:
    counter = iter(range(1000))

    def run(content: Any, *, source: bool = True, **where: Any) -> Outcome:
        target = Target(application="shop", repository="git.example/acme/shop", ref=where.pop("ref", "main"), **where)
        path = write(tmp_path / f"{next(counter)}.sarif", content)
        return import_file(path, target, source=Source.of(tree) if source else None)

    return run


def test_scope_and_code_come_from_the_source(load: Callable[..., Outcome]) -> None:
    load(sarif([hit(line=9)]))
    (finding,) = evidence.read(Finding.objects.all()).values()
    assert finding.location is not None
    assert (finding.location.scope, "SELECT" in finding.location.snippet) == ("orders", True)  # type: ignore[union-attr]


def test_findings_of_one_function_have_one_fix(load: Callable[..., Outcome]) -> None:
    load(sarif([hit(line=8, rule="py/path-injection"), hit(line=9)]))
    assert Fix.objects.get().title == "Change orders in app.py"
    load(sarif([hit(line=8, rule="py/path-injection"), hit(line=9), hit(line=14)]))
    assert Fix.objects.count() == 1
    assert Issue.objects.get(fix=None).fix_key


def test_a_second_issue_of_a_function_brings_the_first_into_its_fix(load: Callable[..., Outcome]) -> None:
    load(sarif([hit(line=9)]))
    assert not Fix.objects.exists()
    load(sarif([hit(line=9), hit(line=8, rule="py/path-injection")]))
    assert set(Issue.objects.values_list("fix", "fix_key")) == {(Fix.objects.get().pk, None)}


def test_the_history_tells_equal_findings_apart_where_nothing_else_does(
    load: Callable[..., Outcome], tree: Path, git: Git
) -> None:
    """Two equal findings, one of them deleted with its lines, and as many lines put in above: only the history knows which is left."""
    lines = [f"line {at}" for at in range(1, 41)]
    (tree / "big.txt").write_text("\n".join(lines), "utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "big")
    before = git("rev-parse", "HEAD")
    places = {"path": "big.txt", "message": "the same words"}
    load(sarif([hit(line=10, **places), hit(line=20, **places)]), source=True, commit=before)
    first = Finding.objects.get(line=10).pk
    lines[14:24] = []
    lines[0:0] = [f"new {at}" for at in range(10)]
    (tree / "big.txt").write_text("\n".join(lines), "utf-8")
    git("add", ".")
    git("commit", "-q", "-m", "moved")
    outcome = load(sarif([hit(line=20, **places)]), source=True, commit=git("rev-parse", "HEAD"))
    assert (outcome.new, outcome.fixed) == (0, 1)
    assert Finding.objects.get(closed_in=None).pk == first


def attack(parameter: str = "q", path: str = "/orders") -> Read:
    return Read(
        rule="sqli", title="SQL injection", severity=Severity.HIGH, kind=Kind.WEB, cwes=(89,),
        location=WebLocation(url=f"https://shop.example{path}?{parameter}=1", method="GET", parameter=parameter),
    )  # fmt: skip


@pytest.mark.parametrize("code_first", [True, False])
def test_an_attack_confirms_the_code_behind_its_route(load: Callable[..., Outcome], *, code_first: bool) -> None:
    def code() -> None:
        load(sarif([hit(line=9), hit(line=14)]))

    def web() -> None:
        import_findings("shop", "ZAP", [attack()], repository="", ref="")

    for step in (code, web) if code_first else (web, code):
        step()
    link = Corroboration.objects.get()
    assert (link.issue.place, link.source, link.witness.kind) == ("app.py:9", "dast", 5)
    assert link.issue.facts["corroborated"] == "dast"
    assert "corroborated" not in Issue.objects.get(place="app.py:14").facts
    assert link.issue.risk > Issue.objects.get(place="app.py:14").risk


def test_what_is_no_longer_attacked_confirms_nothing(load: Callable[..., Outcome]) -> None:
    load(sarif([hit(line=9)]))
    import_findings("shop", "ZAP", [attack()], repository="", ref="")
    confirmed = Issue.objects.get(place="app.py:9").risk
    import_findings("shop", "ZAP", [attack("x", "/other")], repository="", ref="")
    issue = Issue.objects.get(place="app.py:9")
    assert "corroborated" not in issue.facts
    assert issue.risk < confirmed


def test_an_alert_confirms_the_package_it_names() -> None:
    image = "registry.example/shop"
    log4j = Read(
        rule="CVE-2021-44228", title="Log4Shell", severity=Severity.CRITICAL, kind=Kind.CONTAINER, vulnerabilities=("CVE-2021-44228",),
        component=Component(name="log4j-core", version="2.14.1", purl="pkg:maven/org.apache.logging.log4j/log4j-core@2.14.1"),
        location=ImageLocation(image=f"{image}:1", path="app/lib/log4j-core-2.14.1.jar"),
    )  # fmt: skip
    alert = Read(
        rule="suspicious class load", title="A process opened log4j-core", severity=Severity.HIGH, kind=Kind.RUNTIME,
        description=f"proc.name=java file=/app/lib/log4j-core-2.14.1.jar container.image.repository={image}",
        location=ImageLocation(image=f"{image}:1"),
    )  # fmt: skip
    where = {"repository": "", "ref": "", "image": f"{image}:1"}
    import_findings("shop", "Trivy", [log4j], **where)
    import_findings("shop", "Falco", [alert], **where)
    assert Corroboration.objects.get().source == "runtime"
    assert Issue.objects.get(title="Log4Shell").facts["corroborated"] == "runtime"


def test_routes_are_kept_for_later_imports(load: Callable[..., Outcome]) -> None:
    load(sarif([hit(line=9)]))
    assert {route["path"] for route in Asset.objects.get(kind="repository").attributes["routes"]} == {
        "/orders",
        "/health",
    }


def test_absolute_paths_are_told_from_the_repository_s_folder(load: Callable[..., Outcome]) -> None:
    load(sarif([hit(line=9)], tool="Relative"), source=False)
    load(
        sarif([hit(path="file:///home/runner/work/shop/app.py", line=9)], tool="Absolute"),
        source=False,
        root="/home/runner/work/shop/",
    )
    issue = Issue.objects.get()
    assert (issue.tools, issue.place) == (2, "app.py:9")
    load(
        sarif([hit(path="/home/runner/work/shop2/app.py", line=9)], tool="Other"),
        source=False,
        root="/home/runner/work/shop",
    )
    assert Issue.objects.count() == 2
