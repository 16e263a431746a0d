"""Options and plans for pins: what each clears and brings, or that nobody knows."""

from __future__ import annotations

import pytest

from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation
from seamark.core.severity import Severity
from seamark.response.remediation.change import ChangeKind
from seamark.response.remediation.flaws import Flaw
from seamark.response.remediation.impact import Distance
from seamark.response.remediation.options import Choice, Option
from seamark.response.remediation.pins.known import Known, complaints, reference
from seamark.response.remediation.pins.pin import Pin
from seamark.response.remediation.pins.plan import Planner
from seamark.response.remediation.plan.make import Plan

from .made import Shelf, action, advisory, deb, image

ZLIB, SSL = Flaw("deb/debian/zlib", "CVE-2026-0001"), Flaw("deb/debian/openssl", "CVE-2026-0002")
NEW = Flaw("deb/debian/curl", "CVE-2026-0003")
ADVISORIES = (advisory(1, "deb/debian/zlib", "1.3-1"), advisory(2, "deb/debian/openssl", "3.0.15-1", 9.0), advisory(3, "deb/debian/curl", ""))  # fmt: skip
CONTENTS = {
    "python:3.8-slim-buster": (deb("zlib", "1.2-1"), deb("openssl", "1.1.1-1")),
    "python:3.8-slim-bookworm": (deb("zlib", "1.3-1"), deb("openssl", "3.0.9-1")),
    "python:3.13-slim-bookworm": (deb("zlib", "1.3-1"), deb("openssl", "3.0.15-1")),
    "python:3.14-slim-bookworm": (deb("zlib", "1.3-1"), deb("openssl", "3.0.15-1"), deb("curl", "8.0-1")),
}
TAGS = ("3.8-slim-buster", "3.8-slim-bookworm", "3.9-slim-bookworm", "3.13-slim-bookworm", "3.14-slim-bookworm", "latest", "3.13-alpine")  # fmt: skip


def said(tool: str, rule: str, path: str, line: int) -> tuple[str, Finding]:
    return tool, Finding(rule=rule, title="t", severity=Severity.HIGH, kind=Kind.MISCONFIGURATION, location=CodeLocation(path=path, line=line))  # fmt: skip


def options(plan: Plan) -> dict[str, Option]:
    return {one.move.version: one for each in plan.offered for one in each.options}


def test_a_base_image_by_what_each_holds() -> None:
    plan = Planner(Known(advisories=ADVISORIES, contents=CONTENTS), Shelf({"python": TAGS})).plan(image("python", "3.8-slim-buster"), "//Dockerfile:1")  # fmt: skip
    found = options(plan)
    assert {version: one.choices for version, one in found.items()} == {
        "3.8-slim-bookworm": (Choice.LEAST,), "3.13-slim-bookworm": (Choice.LEAST_CLEARING_ALL,), "3.14-slim-bookworm": (Choice.LATEST_MINOR, Choice.LATEST),
    }  # fmt: skip
    least, best, newest = (found[one] for one in ("3.8-slim-bookworm", "3.13-slim-bookworm", "3.14-slim-bookworm"))
    assert (least.clears, least.leaves, least.distance) == ((ZLIB,), (SSL,), Distance.MINOR)
    assert (best.clears, best.introduces, best.unknown) == ((SSL, ZLIB), (), "")
    assert (newest.clears, newest.introduces) == ((SSL, ZLIB), (NEW,))
    assert "another release of debian" in best.hints[0]
    (step,) = plan.steps
    assert (step.change.name, step.change.from_version, step.change.to_version, step.change.kind) == ("python", "3.8-slim-buster", "3.13-slim-bookworm", ChangeKind.IMAGE)  # fmt: skip
    assert (plan.flaws, plan.risk_before, plan.risk_after, plan.unfixed) == (2, 165.0, 0.0, ())


def test_what_a_candidate_holds_is_not_known() -> None:
    known = Known(advisories=ADVISORIES, contents={"python:3.8-slim-buster": CONTENTS["python:3.8-slim-buster"]})
    plan = Planner(known, Shelf({"python": TAGS})).plan(image("python", "3.8-slim-buster"), "p")
    newest = options(plan)["3.14-slim-bookworm"]
    assert (newest.clears, newest.introduces, newest.gain) == ((), (), 0.0)
    assert newest.unknown == "what it holds is not known: no inventory of it is given"
    assert plan.steps == ()
    assert [one.flaw for one in plan.unfixed] == [SSL, ZLIB]
    assert plan.unfixed[0].why == "3.14-slim-bookworm is there, but what it holds is not known: no inventory of it is given"  # fmt: skip


def test_nothing_is_known_of_the_present_one() -> None:
    plan = Planner(Known(contents={"python:3.13-slim-bookworm": CONTENTS["python:3.13-slim-bookworm"]}), Shelf({"python": TAGS})).plan(image("python", "3.8-slim-buster"), "p")  # fmt: skip
    assert options(plan)["3.14-slim-bookworm"].unknown
    assert (plan.flaws, plan.steps) == (0, ())


def test_without_a_registry_the_given_inventories_are_the_candidates() -> None:
    plan = Planner(Known(advisories=ADVISORIES, contents=CONTENTS)).plan(image("python", "3.8-slim-buster"), "p")
    assert plan.steps[0].move.version == "3.13-slim-bookworm"
    assert Choice.LATEST not in {choice for one in options(plan).values() for choice in one.choices}


def test_a_digest_stays_one() -> None:
    digest, known = "sha256:" + "b" * 64, Known(advisories=ADVISORIES, contents={**CONTENTS, "python@sha256:" + "a" * 64: CONTENTS["python:3.8-slim-buster"]})  # fmt: skip
    pin = image("python", "3.8-slim-buster", "sha256:" + "a" * 64)
    held = Planner(known, Shelf({"python": TAGS}, {("python", "3.13-slim-bookworm"): digest})).plan(pin, "p")
    assert held.steps[0].change.integrity == (("digest", digest),)
    bare = Planner(known, Shelf({"python": TAGS})).plan(pin, "p")
    assert bare.steps == ()
    assert "it is held by its digest, and that of" in bare.unfixed[0].why


def test_a_moving_tag_is_named_as_what_it_is_today() -> None:
    known = Known(complaints=complaints([said("hadolint", "DL3007", "Dockerfile", 1), said("checkov", "CKV_DOCKER_7", "Dockerfile", 1)]))  # fmt: skip
    tags = {"node": ("latest", "20", "20.18.0", "22.11.0", "22.12.0", "22-slim")}
    same = {("node", "latest"): "sha256:" + "1" * 64, ("node", "22.11.0"): "sha256:" + "1" * 64}
    plan = Planner(known, Shelf(tags, same)).plan(image("node", "latest"), "p")
    assert plan.steps[0].move.version == "22.11.0"
    assert options(plan)["22.11.0"].choices == (Choice.PINNED,)
    assert {flaw.name for flaw in plan.steps[0].clears} == {"DL3007", "CKV_DOCKER_7"}
    # Where nobody knows which one it is today, any exact version clears the rule, and what that brings is not known.
    blind = Planner(known, Shelf(tags)).plan(image("node", "latest"), "p")
    assert (blind.steps[0].move.version, bool(blind.steps[0].unknown)) == ("22.12.0", True)


def test_an_action_is_held_by_the_commit_of_its_tag() -> None:
    known = Known(complaints=complaints([said("zizmor", "zizmor/unpinned-uses", ".github/workflows/ci.yml", 5)]))
    shelf = Shelf({"actions/checkout": ("v3", "v3.6.0", "v4", "v4.2.2")}, {("actions/checkout", one): f"{at}" * 40 for at, one in enumerate(("v3", "v4.2.2"))})  # fmt: skip
    plan = Planner(known, shelf).plan(action("actions/checkout", "v3"), "p")
    (step,) = plan.steps
    assert (step.change.to_version, step.change.integrity, step.distance) == ("v3", (("commit", "0" * 40),), Distance.PATCH)  # fmt: skip
    assert step.clears == (Flaw("githubactions/actions/checkout", "zizmor/unpinned-uses"),)
    newest = options(plan)["v4.2.2"]
    assert (newest.choices, newest.distance) == ((Choice.LEAST, Choice.LEAST_CLEARING_ALL, Choice.LATEST), Distance.MAJOR)  # fmt: skip


@pytest.mark.parametrize(
    ("version", "flawed", "to"),
    [("v45", True, "v46.0.1"), ("v45.0.7", True, "v46.0.1"), ("v46", False, ""), ("v46.0.1", False, "")],
)
def test_advisories_about_actions(version: str, *, flawed: bool, to: str) -> None:
    known = Known(advisories=(advisory(9, "githubactions/acme/changed-files", "46.0.1"),))
    for shelf in (None, Shelf({"acme/changed-files": ("v45", "v45.0.7", "v46", "v46.0.1")})):
        plan = Planner(known, shelf).plan(action("acme/changed-files", version), "p")
        assert bool(plan.flaws) is flawed
        assert [one.move.version for one in plan.steps] == ([to] if to else [])


def test_a_commit_without_a_tag_says_no_version() -> None:
    known = Known(advisories=(advisory(9, "githubactions/acme/changed-files", "46.0.1"),))
    plan = Planner(known, Shelf({"acme/changed-files": ("v46.0.1",)})).plan(action("acme/changed-files", "", "3" * 40), "p")  # fmt: skip
    assert (plan.flaws, plan.steps) == (0, ())


def test_modules_and_charts() -> None:
    known = Known(advisories=(advisory(5, "terraform/acme/vpc/aws", "3.0.1"), advisory(6, "helm/charts.acme.example/redis", "18.0.0")))  # fmt: skip
    shelf = Shelf({"acme/vpc/aws": ("2.1.0", "3.0.0", "3.0.1", "3.2.0", "4.0.0-rc1"), "https://charts.acme.example/redis": ("17.1.0", "18.0.0")})  # fmt: skip
    module = Pin(kind=ChangeKind.MODULE, name="acme/vpc/aws", version="2.1.0", places=(("main.tf", 1),))
    chart = Pin(kind=ChangeKind.CHART, name="https://charts.acme.example/redis", version="17.1.0", places=(("Chart.yaml", 3),), beside=("Chart.lock",))  # fmt: skip
    made = Planner(known, shelf).plan(module, "p")
    assert made.steps[0].change.to_version == "3.0.1"
    assert options(made)["3.2.0"].choices == (Choice.LATEST,)
    (step,) = Planner(known, shelf).plan(chart, "p").steps
    assert step.change.to_version == "18.0.0"
    assert "the lock beside it is to be made anew by Helm" in step.hints


def test_references_name_one_thing_one_way() -> None:
    assert reference("docker.io/library/python") == reference("python:latest") == "python:latest"
    assert reference("python:3@sha256:" + "a" * 64) == "python@sha256:" + "a" * 64
    assert reference("localhost:5000/a/b") == "localhost:5000/a/b:latest"
