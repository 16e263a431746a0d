"""The example application: what a careful reader finds in its Dockerfiles, manifests, compose file and Terraform."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind, Found, Listing, Relation
from seamark.intake.discovery.tree import Tree
from tests.discovery.infrastructure.kit import NAMES, REPOSITORY, assets, edge, edges, facts_of, known

Facts = list[Found | Relation | Listing]
SHOP = "images.shop.example/harbour"
DATABASE = "postgresql://orders-db.shop.example:5432/orders"


@pytest.fixture(scope="module")
def facts() -> Facts:
    tree = Tree(Path(__file__).parents[3] / "examples" / "harbour", REPOSITORY)
    found = facts_of(tree, *NAMES)
    assert tree.troubles == []
    return found


def test_workloads_and_images(facts: Facts) -> None:
    assert assets(facts, AssetKind.WORKLOAD) == {
        "compose/database", "compose/orders", "compose/storefront", "harbour/CronJob/monthly-report", "harbour/Deployment/orders", "harbour/Deployment/storefront",
    }  # fmt: skip
    assert assets(facts, AssetKind.IMAGE) == {
        f"{SHOP}/orders", f"{SHOP}/storefront", "node", "postgres", "python", "services/orders/Dockerfile", "services/storefront/Dockerfile",
    }  # fmt: skip
    assert known(facts, AssetKind.IMAGE, f"{SHOP}/storefront")["tag"] == "2.6.0"


def test_from_the_internet_to_the_sources_and_the_data(facts: Facts) -> None:
    assert {each for each in edges(facts) if "compose" not in each} == {
        "api.shop.example EXPOSES harbour/Deployment/orders", "shop.example EXPOSES harbour/Deployment/storefront", "harbour/Service/storefront EXPOSES harbour/Deployment/storefront",
        f"harbour/Deployment/orders RUNS {SHOP}/orders", f"harbour/Deployment/storefront RUNS {SHOP}/storefront", f"harbour/CronJob/monthly-report RUNS {SHOP}/orders",
        f"{SHOP}/orders BUILT_FROM services/orders", f"{SHOP}/storefront BUILT_FROM services/storefront",
        "services/orders/Dockerfile BUILT_FROM services/orders", "services/storefront/Dockerfile BUILT_FROM services/storefront",
        "services/orders/Dockerfile BASED_ON python", "services/storefront/Dockerfile BASED_ON node",
        "harbour/Deployment/storefront CALLS harbour/Deployment/orders", "harbour/CronJob/monthly-report CALLS harbour/Deployment/orders",
        *(f"harbour/{one} {verb} {DATABASE}" for one in ("Deployment/orders", "CronJob/monthly-report") for verb in ("READS", "WRITES")),
        "terraform#aws_db_instance.orders HANDLES PCI", "terraform#aws_db_instance.orders HANDLES PII", "terraform#aws_ebs_volume.exports HANDLES PII", "terraform#aws_s3_bucket.invoices HANDLES PII",
    }  # fmt: skip


def test_security_of_the_workloads(facts: Facts) -> None:
    orders = known(facts, AssetKind.WORKLOAD, "harbour/Deployment/orders")
    for fact in ("privileged", "run_as_root", "host_network", "cluster_admin", "privilege_escalation"):
        assert orders[fact] is True
    assert orders["host_paths"] == ["/var/lib/harbour", "/var/run/docker.sock"]
    assert (orders["replicas"], orders["ports"], orders["limits"]) == (2, [8000], False)
    storefront = known(facts, AssetKind.WORKLOAD, "harbour/Deployment/storefront")
    assert storefront["privileged"] is False
    assert "run_as_root" not in storefront
    report = known(facts, AssetKind.WORKLOAD, "harbour/CronJob/monthly-report")
    assert (report["schedule"], report["host_pid"]) == ("0 4 1 * *", True)
    assert "exposure" not in report


@pytest.mark.parametrize(
    ("kind", "key", "exposure", "why"),
    [
        (AssetKind.WORKLOAD, "harbour/Deployment/orders", "internet", "Ingress shop sends api.shop.example here"),
        (AssetKind.WORKLOAD, "harbour/Deployment/storefront", "internet", "Ingress shop sends shop.example here"),
        (AssetKind.WORKLOAD, "compose/database", "internal", "publishes 5432 on all addresses of the host"),
        (AssetKind.DATA_STORE, "terraform#aws_s3_bucket.invoices", "internet", "aws_s3_bucket_acl.invoices gives everybody the access public-read"),
        (AssetKind.DATA_STORE, "terraform#aws_s3_bucket.assets", "internal", "nothing makes it public"),
        (AssetKind.DATA_STORE, "terraform#aws_ebs_volume.exports", "none", "reached by the instance that it is attached to only"),
        (AssetKind.DATA_STORE, "terraform#aws_db_instance.orders", "internet", "publicly accessible; aws_security_group.orders opens 22, 8000 to every address, not 5432 itself"),
    ],
)  # fmt: skip
def test_exposure(facts: Facts, kind: AssetKind, key: str, exposure: str, why: str) -> None:
    found = known(facts, kind, key)
    assert (found["exposure"], found["exposure_why"]) == (exposure, why)


def test_a_port_that_is_not_open_lowers_the_confidence(facts: Facts) -> None:
    said = [
        each
        for each in facts
        if isinstance(each, Found) and each.ref.key.endswith("aws_db_instance.orders") and "exposure" in each.facts
    ]
    assert [each.confidence for each in said] == [0.6]


def test_data_stores_and_resources(facts: Facts) -> None:
    assert assets(facts, AssetKind.DATA_STORE) == {
        "compose/database", DATABASE, "terraform#aws_db_instance.orders", "terraform#aws_ebs_volume.exports", "terraform#aws_s3_bucket.assets", "terraform#aws_s3_bucket.invoices", "terraform#aws_sqs_queue.orders",
    }  # fmt: skip
    assert len(assets(facts, AssetKind.CLOUD_RESOURCE)) == 9
    database = known(facts, AssetKind.DATA_STORE, "terraform#aws_db_instance.orders")
    assert (database["engine"], database["database"], database["encrypted"], database["environment"]) == (
        "postgresql",
        "orders",
        False,
        "production",
    )
    assert known(facts, AssetKind.CLOUD_RESOURCE, "terraform#aws_iam_role_policy.orders")["administrator"] is True


def test_no_secret_gets_into_facts(facts: Facts) -> None:
    whole = repr(facts)
    for secret in ("brass-lantern-demo", "wJalrXUtnFEMI", "harbour-demo-jwt-secret", "harbour-demo-session-key"):
        assert secret not in whole


def test_names_of_images_are_less_sure_than_what_files_say(facts: Facts) -> None:
    assert edge(facts, f"{SHOP}/storefront BUILT_FROM services/storefront").confidence == 0.7
    assert edge(facts, "services/storefront/Dockerfile BUILT_FROM services/storefront").confidence == 1.0
