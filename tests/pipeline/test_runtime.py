"""What runs, into the store: recorded, joined to git and to images, and its drift imported like any report."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seamark.analysis.drift.known import State, Verdict
from seamark.core.assets import AssetKind, AssetRef, Discovery, Found
from seamark.core.severity import Severity
from seamark.intake.dumps.dump import Said
from seamark.intake.dumps.read import read_dumps
from seamark.pipeline.imports import import_file
from seamark.pipeline.ingest import Outcome
from seamark.pipeline.runtime import Statement, Taken, take
from seamark.pipeline.surveys import record
from seamark.pipeline.target import Target
from seamark.pipeline.trees import survey_tree
from seamark.store.models import Application, Asset, Finding, Issue, Relation, Scan, Stream, Survey
from seamark.store.models.issues import State as IssueState
from tests.dumps.clouds import ACCOUNT, AWS, REGION, REGISTRY
from tests.dumps.harbour import (
    CLUSTER,
    ORDERS,
    STOREFRONT,
    as_json,
    as_yaml,
    deployment,
    digest,
    objects,
    of_deployment,
    replica_set,
    system_pod,
)
from tests.factories import import_findings, package

pytestmark = pytest.mark.django_db
HARBOUR = Path(__file__).parents[2] / "examples" / "harbour"
MAY = datetime(2026, 5, 21, tzinfo=UTC)


def run(data: bytes | None = None, *, day: int = 0, said: dict[str, Any] | None = None, **more: Any) -> Taken:
    """Take over a dump of the cluster, the example's by default."""
    dumps = read_dumps([("dump.json", data or as_json(objects()))], Said(**{"cluster": CLUSTER, **(said or {})}))
    (taken,) = take(dumps, now=MAY + timedelta(days=day), **more)
    return taken


def scan(
    image: str, letter: str, *findings: Any, at: str = "2026-05-02T00:00:00Z", tool: str = "Trivy", **run: Any
) -> Outcome:
    return import_findings(
        "Harbour",
        tool,
        findings,
        repository="",
        ref="",
        image=f"{image}@{digest(letter)}",
        scanned_at=at,
        run={"successful": True, **run},
    )


def flaw(severity: Severity = Severity.CRITICAL) -> Any:
    return package("CVE-2024-35195", "pypi/requests", "2.31.0", "2.32.0", severity, 9.1, "Certificate check stays off")


def states(taken: Taken) -> dict[str, State]:
    return {one.workload.removeprefix(f"{CLUSTER}/"): one.state for one in taken.drift.images}


def drifted(*, open_only: bool = True) -> dict[tuple[str, str], bool]:
    """Return rule and place of what drift found, with whether it is open."""
    rows = Finding.objects.filter(stream__tool="Seamark drift").select_related("rule")
    return {
        (row.rule.code, row.path): row.closed_in_id is None for row in rows if row.closed_in_id is None or not open_only
    }


def asset(kind: str, key: str) -> Asset:
    return Asset.objects.get(kind=kind, key=key)


ORDERS_KEY = f"{CLUSTER}/harbour/Deployment/orders"
STOREFRONT_KEY = f"{CLUSTER}/harbour/Deployment/storefront"


def test_the_example_is_joined_to_its_repository() -> None:
    survey_tree(HARBOUR, now=MAY)
    taken = run()
    assert (taken.complete, len(taken.running)) == (True, 4)
    assert taken.applications == {
        ORDERS_KEY: "Harbour",
        STOREFRONT_KEY: "Harbour",
        f"{CLUSTER}/harbour/CronJob/monthly-report": "Harbour",
    }
    edge = Relation.objects.get(kind="declared_in", source__key=ORDERS_KEY)
    assert (edge.target.key, edge.confidence) == ("github.com/harbour-shop/harbour//harbour/Deployment/orders", 1.0)
    assert edge.at.startswith("deploy/k8s/orders.yaml:")
    assert {
        row.source.key for row in Relation.objects.filter(kind="runs", target__key=ORDERS, said_in=taken.source)
    } == {ORDERS_KEY, f"{CLUSTER}/harbour/CronJob/monthly-report"}
    assert (asset("workload", ORDERS_KEY).exposure, asset("workload", ORDERS_KEY).environment) == (
        "internet",
        "production",
    )
    assert asset("workload", f"{CLUSTER}/kube-system/Deployment/coredns").application is None


def test_a_faithful_dump_of_the_example_differs_in_nothing_from_git() -> None:
    survey_tree(HARBOUR, now=MAY)
    assert run().drift.differences == ()


def test_what_was_changed_by_hand_is_named() -> None:
    survey_tree(HARBOUR, now=MAY)
    items = objects(orders_box={"securityContext": {"privileged": False, "runAsUser": 1000}})
    storefront = next(
        item for item in items if item["metadata"]["name"] == "storefront" and item["kind"] == "Deployment"
    )
    storefront["spec"]["template"]["spec"] |= {"serviceAccountName": "breakglass", "hostNetwork": True}
    for item in items:
        box = item["spec"]["containers"][0] if item["kind"] == "Pod" else {}
        if box.get("name") == "storefront":
            box["image"] = f"{STOREFRONT}:2.5.9"
    taken = run(as_json(items))
    assert {(one.workload.rpartition("/")[2], one.field, one.worse) for one in taken.drift.differences} == {
        ("orders", "privileged", False), ("orders", "run-as-root", False),
        ("storefront", "image of storefront", False), ("storefront", "host-network", True), ("storefront", "service-account", False),
    }  # fmt: skip
    told = {rule for rule, place in drifted() if place == STOREFRONT_KEY}
    assert told == {
        "drift/never-scanned",
        "drift/attestation-missing",
        "drift/configuration-image",
        "drift/configuration-host-network",
        "drift/configuration-service-account",
    }
    # Each is a thing of its own to decide on.
    assert Issue.objects.filter(place__startswith=STOREFRONT_KEY).count() == len(told)


@pytest.mark.parametrize("write", [as_json, as_yaml])
def test_each_state_comes_from_dumps(write: Callable[[Any], bytes]) -> None:
    def one(name: str, letter: str) -> list[Any]:
        made = deployment(name, f"images.shop.example/harbour/{name}:1.0")
        return [made, replica_set(f"{name}-6f9d8", name), of_deployment(made, 0, letter)]

    names = {"never": "a", "scanned": "b", "listed": "c", "forged": "d", "behind": "e", "bare": "f"}
    items = [part for name, letter in names.items() for part in one(name, letter)] + [system_pod()]
    image = "images.shop.example/harbour/{}".format
    for name in ("scanned", "listed", "forged", "behind", "bare"):
        scan(image(name), names[name], flaw())
    scan(image("never"), "1", flaw())
    scan(image("behind"), "2", at="2026-05-09T00:00:00Z")
    sbom(image("listed"), digest("9"))
    verdicts = {
        "scanned": Verdict.VERIFIED,
        "listed": Verdict.VERIFIED,
        "forged": Verdict.INVALID,
        "behind": Verdict.VERIFIED,
    }
    taken = run(
        write(items),
        application="Harbour",
        attestations=[Statement(digest(names[name]), verdict) for name, verdict in verdicts.items()],
    )
    assert {key.rpartition("/")[2]: state for key, state in states(taken).items() if "harbour/" in key} == {
        "never": State.NEVER_SCANNED, "scanned": State.SCANNED, "listed": State.SBOM_OF_ANOTHER_BUILD, "forged": State.ATTESTATION_INVALID,
        "behind": State.OLDER_THAN_CLEAN_BUILD, "bare": State.ATTESTATION_MISSING,
    }  # fmt: skip
    told = {(rule, place.rpartition("/")[2]) for rule, place in drifted() if "harbour/" in place}
    assert told == {
        ("drift/never-scanned", "never"), ("drift/sbom-of-another-build", "listed"), ("drift/attestation-invalid", "forged"), ("drift/older-than-clean-build", "behind"),
    }  # fmt: skip


def sbom(image: str, of: str) -> None:
    """Import an inventory of a build as tools write it."""
    component = {
        "type": "library",
        "name": "flask",
        "version": "3.0.0",
        "purl": "pkg:pypi/flask@3.0.0",
        "bom-ref": "flask",
    }
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"tools": [{"name": "syft"}]},
        "components": [component],
    }
    imported(content, image=f"{image}@{of}")


def imported(content: Any, **target: Any) -> None:
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(json.dumps(content).encode())
        file.flush()
        import_file(Path(file.name), Target(application="Harbour", **target))


def test_digests_of_scans_are_kept_by_word_of_caller_and_report() -> None:
    scan(ORDERS, "a", flaw())
    import_findings(
        "Harbour", "Grype", [flaw()], repository="", image="", run={"image": ORDERS, "image_digest": digest("b")}
    )
    import_findings("Harbour", "Clair", [flaw()], repository="", image="", run={"image": f"{ORDERS}@{digest('c')}"})
    import_findings(
        "Harbour", "Other", [flaw()], repository="", image="", run={"image": ORDERS, "image_digest": "sha256:short"}
    )
    assert list(Scan.objects.order_by("id").values_list("image_digest", flat=True)) == [
        digest("a"),
        digest("b"),
        digest("c"),
        "",
    ]


def test_scanning_what_runs_closes_the_finding_by_proof() -> None:
    taken = run(application="Harbour")
    assert states(taken)["harbour/Deployment/orders"] is State.NEVER_SCANNED
    place = ("drift/never-scanned", ORDERS_KEY)
    assert place in drifted()
    issue = Issue.objects.get(place__startswith=ORDERS_KEY, rule="drift/never-scanned")
    assert (issue.open, issue.application.name) == (True, "Harbour")
    scan(ORDERS, "a", flaw())
    again = run(day=1, application="Harbour")
    assert again.outcomes[0].fixed == 1
    assert place not in drifted()
    issue.refresh_from_db()
    assert (issue.open, issue.state) == (False, IssueState.RESOLVED)


def test_a_partial_dump_ends_nothing_and_closes_nothing() -> None:
    run(application="Harbour")
    before = (drifted(), set(Relation.objects.filter(until=None).values_list("id", flat=True)))
    part = [item for item in objects() if item["metadata"].get("namespace") == "kube-system"]
    taken = run(as_json(part), day=1, application="Harbour")
    assert (taken.complete, taken.ended) == (False, 0)
    assert (drifted(), set(Relation.objects.filter(until=None).values_list("id", flat=True))) == before
    assert asset("workload", ORDERS_KEY).gone_at is None
    assert any("one namespace only" in note for outcome in taken.outcomes for note in outcome.notes)
    declared = run(as_json([system_pod()]), day=2, said={"partial": True}, application="Harbour")
    assert (declared.ended, drifted()) == (0, before[0])


def test_a_complete_dump_ends_what_is_gone_and_closes_its_drift() -> None:
    run(application="Harbour")
    assert len(drifted()) == 3
    rest = [item for item in objects() if item["metadata"]["name"].partition("-")[0] != "orders"]
    taken = run(as_json(rest), day=1, application="Harbour")
    assert taken.complete
    assert asset("workload", ORDERS_KEY).gone_at == MAY + timedelta(days=1)
    assert ("drift/never-scanned", ORDERS_KEY) not in drifted()
    assert ("drift/never-scanned", STOREFRONT_KEY) in drifted()


def test_an_application_of_which_nothing_runs_any_more_is_told_so() -> None:
    scan(ORDERS, "1")
    run()
    assert set(drifted()) == {("drift/never-scanned", ORDERS_KEY)}
    rest = [item for item in objects() if item["metadata"]["name"].partition("-")[0] not in {"orders", "monthly"}]
    run(as_json(rest), day=1)
    assert set(drifted()) == {("drift/runs-nowhere", ORDERS)}


def test_the_same_dump_again_writes_nothing_but_its_rows() -> None:
    run(application="Harbour")
    count = (Finding.objects.count(), Relation.objects.count(), Issue.objects.count())
    taken = run(day=1, application="Harbour")
    assert (taken.added, taken.ended) == (0, 0)
    assert all(outcome.repeated for outcome in taken.outcomes)
    assert (Finding.objects.count(), Relation.objects.count(), Issue.objects.count()) == count


def test_what_belongs_to_nobody_is_kept_and_not_imported() -> None:
    taken = run()
    assert (taken.applications, taken.outcomes) == ({}, ())
    assert states(taken)["harbour/Deployment/orders"] is State.NEVER_SCANNED
    assert Survey.objects.get(source=taken.source).assets > 5
    assert not Stream.objects.exists()


def test_an_image_s_application_is_that_of_what_runs_it() -> None:
    scan(ORDERS, "a", flaw())
    taken = run(application="Everything else")
    assert taken.applications[ORDERS_KEY] == "Harbour"
    assert taken.applications[STOREFRONT_KEY] == "Everything else"
    assert asset("workload", ORDERS_KEY).application == Application.objects.get(name="Harbour")


def test_scanned_images_that_run_nowhere_are_told_when_all_is_known() -> None:
    scan("images.shop.example/harbour/old", "9", flaw())
    partial = run(as_json(objects()), said={"partial": True})
    assert partial.drift.idle == ()
    assert "running" not in asset("image", "images.shop.example/harbour/old").attributes
    taken = run(day=1)
    assert [image.name for image in taken.drift.idle] == ["images.shop.example/harbour/old"]
    assert asset("image", "images.shop.example/harbour/old").attributes["running"] is False
    assert asset("image", ORDERS).attributes["running"] is True
    place = ("drift/runs-nowhere", "images.shop.example/harbour/old")
    assert place in drifted()
    more = [*objects(), *_old()]
    run(as_json(more), day=2)
    assert asset("image", "images.shop.example/harbour/old").attributes["running"] is True
    assert place not in drifted()


def _old() -> list[Any]:
    made = deployment("old", "images.shop.example/harbour/old:1")
    return [made, replica_set("old-6f9d8", "old"), of_deployment(made, 0, "9")]


def test_a_partial_dump_takes_back_only_what_it_shows_to_run() -> None:
    scan("images.shop.example/harbour/old", "9", flaw())
    scan("images.shop.example/harbour/older", "8", flaw())
    run()
    run(as_json(_old()), day=1)
    assert asset("image", "images.shop.example/harbour/old").attributes["running"] is True
    assert asset("image", "images.shop.example/harbour/older").attributes["running"] is False


def test_the_registry_s_builds_say_which_is_newer() -> None:
    (built,) = read_dumps([("ecr.json", _json(AWS["ecr describe-images"]))], Said(account=f"{ACCOUNT}/{REGION}"))
    take([built], now=MAY)
    image = f"{REGISTRY}/orders"
    scan(image, "a", flaw(), at="2026-05-19T00:00:00Z")
    scan(image, "b", at="2026-05-19T00:00:00Z")
    dumps = read_dumps([(name, _json(AWS[name])) for name in AWS if name.startswith("ecs")])
    (taken,) = take(dumps, now=MAY, application="Harbour")
    (one,) = taken.drift.images
    assert (one.state, one.states) == (
        State.OLDER_THAN_CLEAN_BUILD,
        (State.OLDER_THAN_CLEAN_BUILD, State.ATTESTATION_MISSING),
    )
    assert "1.5" in one.reasons["older-than-clean-build"]


def _json(value: Any) -> bytes:
    return json.dumps(value).encode()


def test_declarations_that_several_repositories_hold_are_told_apart_by_image() -> None:
    for repository, image in (("code.example/a", ORDERS), ("code.example/b", "images.shop.example/other")):
        facts = {
            "images": [{"container": "orders", "name": image, "tag": "latest"}],
            "privileged": True,
            "variables": ["ORDERS_DB"],
            "host_paths": ["/var/lib/harbour", "/var/run/docker.sock"],
        }
        ref = AssetRef(AssetKind.WORKLOAD, f"{repository}//harbour/Deployment/orders")
        record(
            Discovery(assets=(Found(ref=ref, name="orders", origin="kubernetes", facts=facts),)),
            f"discovery {repository}",
            now=MAY,
        )
    items = objects()
    box = next(item for item in items if item["kind"] == "Deployment" and item["metadata"]["name"] == "orders")["spec"][
        "template"
    ]["spec"]["containers"][0]
    box["env"] = [{"name": "ORDERS_DB", "value": "x"}, {"name": "DEBUG", "value": "1"}]
    taken = run(as_json(items))
    assert Relation.objects.get(kind="declared_in").target.key == "code.example/a//harbour/Deployment/orders"
    assert [(one.field, one.runs) for one in taken.drift.differences] == [("variables", "also DEBUG")]


def test_an_ambiguous_declaration_is_none() -> None:
    for repository in ("code.example/a", "code.example/b"):
        ref = AssetRef(AssetKind.WORKLOAD, f"{repository}//harbour/Deployment/orders")
        record(
            Discovery(assets=(Found(ref=ref, name="orders", origin="kubernetes", facts={"privileged": False}),)),
            f"discovery {repository}",
            now=MAY,
        )
    assert run().drift.differences == ()
    assert not Relation.objects.filter(kind="declared_in").exists()


def test_imported_provenance_counts_as_an_attestation_nobody_verified() -> None:
    statement = {
        "_type": "https://in-toto.io/Statement/v1", "predicateType": "https://slsa.dev/provenance/v1",
        "subject": [{"name": ORDERS, "digest": {"sha256": "a" * 64}}],
        "predicate": {"buildDefinition": {"externalParameters": {"workflow": {"repository": "https://github.com/harbour-shop/harbour", "path": ".github/workflows/x.yml"}}}},
    }  # fmt: skip
    scan(ORDERS, "a", flaw())
    assert State.ATTESTATION_MISSING in _all(run())
    imported(statement)
    assert _all(run(day=1)) == (State.SCANNED,)


def _all(taken: Taken) -> tuple[State, ...]:
    return next(one.states for one in taken.drift.images if one.workload == ORDERS_KEY)
