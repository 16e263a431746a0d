"""Terraform: expressions, modules, plans and states; exposure with its proof; who reads and writes what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from seamark.core.assets import AssetKind
from seamark.intake.discovery.infrastructure.hcl import Evaluator, read_hcl
from seamark.intake.discovery.infrastructure.hclfunctions import Unknown
from tests.discovery.infrastructure.kit import assets, edge, edges, facts_of, grow, known


def unknown(way: list[Any]) -> Any:
    raise Unknown("${" + ".".join(map(str, way)) + "}")


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("1 + 2 * 3", 7), ('"a${1}b"', "a1b"), ('merge({a = 1}, {"b" : 2})', {"a": 1, "b": 2}), ('[for s in ["a", "b"] : upper(s)]', ["A", "B"]), ("{for k, v in {a = 1} : k => v if v == 1}", {"a": 1}), ('true ? "y" : "n"', "y"), ('var.x == "p" ? 1 : 2', "${var.x == p ? 1 : 2}"),
        ('"${aws_s3_bucket.b.arn}/*"', "${aws_s3_bucket.b.arn}/*"), ("aws_s3_bucket.b.id", "${aws_s3_bucket.b.id}"), ("[aws_x.y.id, 1]", ["${aws_x.y.id}", 1]), ("<<EOT\nhi ${1}\nEOT\n", "hi 1\n"), ("-5", -5), ("!false && true", True), ("null", None), ("{a = {b = [1, 2]}}.a.b[1]", 2), ('lookup({a = 1}, "z", 9)', 9),
        ('coalesce("", "x")', "x"), ('try(unheard_of(1), "d")', "d"), ("jsondecode(jsonencode({a = [1]})).a[0]", 1), ('format("%s-%d", "a", 1)', "a-1"), ('join(",", concat(["a"], ["b"]))', "a,b"), ("unheard_of(aws_x.y.id)", "${aws_x.y.id}"), ("aws_x.y[0].id", "${aws_x.y.0.id}"), ('"$${x}"', "${x}"),
    ],
)  # fmt: skip
def test_expressions(expression: str, value: object) -> None:
    block = read_hcl(f"locals {{\n  v = {expression}\n}}\n".encode())[0]
    assert Evaluator(unknown).value(block.attributes["v"]) == value


def of(root: Path, text: str, **more: str) -> list[Any]:
    return facts_of(
        grow(
            root,
            {
                "infra/main.tf": text,
                **{name.replace("__", "/").replace("_tf", ".tf"): each for name, each in more.items()},
            },
        ),
        "terraform",
    )


def exposure(root: Path, text: str, key: str, kind: AssetKind) -> tuple[str | None, str | None]:
    found = known(of(root, text), kind, f"infra#{key}")
    return found.get("exposure"), found.get("exposure_why")


GROUP = 'resource "aws_security_group" "g" {\n ingress {\n  from_port = %s\n  to_port = %s\n  protocol = "tcp"\n  cidr_blocks = ["%s"]\n }\n}\n'
STORE, RESOURCE = AssetKind.DATA_STORE, AssetKind.CLOUD_RESOURCE


@pytest.mark.parametrize(
    ("text", "key", "kind", "level", "why"),
    [
        ('resource "aws_db_instance" "d" {\n publicly_accessible = true\n engine = "postgres"\n vpc_security_group_ids = [aws_security_group.g.id]\n}\n' + GROUP % (5432, 5432, "0.0.0.0/0"), "aws_db_instance.d", STORE, "internet", "publicly accessible; aws_security_group.g opens 5432 to every address"),
        ('resource "aws_db_instance" "d" {\n publicly_accessible = true\n engine = "postgres"\n vpc_security_group_ids = [aws_security_group.g.id]\n}\n' + GROUP % (5432, 5432, "10.0.0.0/8"), "aws_db_instance.d", STORE, "internal", "publicly accessible, but aws_security_group.g lets nobody in from every address"),
        ('resource "aws_db_instance" "d" {\n engine = "mysql"\n}\n', "aws_db_instance.d", STORE, "internal", "not publicly accessible"),
        ('resource "aws_rds_cluster" "c" {}\nresource "aws_rds_cluster_instance" "i" {\n cluster_identifier = aws_rds_cluster.c.id\n publicly_accessible = true\n}\n', "aws_rds_cluster.c", STORE, "internet", "publicly accessible"),
        ('resource "aws_s3_bucket" "b" {}\nresource "aws_s3_bucket_acl" "a" {\n bucket = aws_s3_bucket.b.id\n acl = "public-read"\n}\nresource "aws_s3_bucket_public_access_block" "p" {\n bucket = aws_s3_bucket.b.id\n ignore_public_acls = true\n restrict_public_buckets = true\n}\n', "aws_s3_bucket.b", STORE, "internal", "public access is blocked"),
        ('resource "aws_s3_bucket" "b" {}\nresource "aws_s3_bucket_policy" "p" {\n bucket = aws_s3_bucket.b.id\n policy = jsonencode({Statement = [{Effect = "Allow", Principal = "*", Action = "s3:GetObject", Resource = "${aws_s3_bucket.b.arn}/*"}]})\n}\n', "aws_s3_bucket.b", STORE, "internet", "aws_s3_bucket_policy.p lets everybody in"),
        ('resource "aws_s3_bucket" "b" {}\ndata "aws_iam_policy_document" "d" {\n statement {\n  actions = ["s3:*"]\n  principals {\n   type = "*"\n   identifiers = ["*"]\n  }\n }\n}\nresource "aws_s3_bucket_policy" "p" {\n bucket = aws_s3_bucket.b.id\n policy = data.aws_iam_policy_document.d.json\n}\n', "aws_s3_bucket.b", STORE, "internet", "aws_s3_bucket_policy.p lets everybody in"),
        ('resource "aws_instance" "i" {\n associate_public_ip_address = true\n vpc_security_group_ids = [aws_security_group.g.id]\n}\n' + 'resource "aws_security_group" "g" {}\nresource "aws_security_group_rule" "r" {\n type = "ingress"\n from_port = 22\n to_port = 22\n cidr_blocks = ["0.0.0.0/0"]\n security_group_id = aws_security_group.g.id\n}\n', "aws_instance.i", RESOURCE, "internet", "has a public address; aws_security_group.g opens 22 to every address"),
        ('resource "aws_lb" "l" {\n internal = true\n}\n', "aws_lb.l", RESOURCE, "internal", "an internal load balancer"), ('resource "aws_lambda_function" "f" {}\nresource "aws_lambda_function_url" "u" {\n function_name = aws_lambda_function.f.arn\n authorization_type = "NONE"\n}\n', "aws_lambda_function.f", RESOURCE, "internet", "aws_lambda_function_url.u calls it"),
        ('resource "aws_eks_cluster" "k" {\n vpc_config {\n  public_access_cidrs = ["192.0.2.0/24"]\n }\n}\n', "aws_eks_cluster.k", RESOURCE, "internal", "the endpoint of its API is open to 192.0.2.0/24 only"), ('resource "aws_sqs_queue" "q" {}\nresource "aws_sqs_queue_policy" "p" {\n queue_url = aws_sqs_queue.q.id\n policy = jsonencode({Statement = {Effect = "Allow", Principal = {AWS = "*"}}})\n}\n', "aws_sqs_queue.q", STORE, "internet", "the policy of aws_sqs_queue_policy.p lets everybody in"),
        ('resource "aws_opensearch_domain" "o" {\n vpc_options {\n  subnet_ids = ["s"]\n }\n}\n', "aws_opensearch_domain.o", STORE, "internal", "inside a VPC"), ('resource "aws_mq_broker" "m" {\n publicly_accessible = true\n}\n', "aws_mq_broker.m", STORE, "internet", "publicly accessible"), ('resource "aws_ecs_service" "s" {\n network_configuration {\n  assign_public_ip = true\n }\n}\n', "aws_ecs_service.s", RESOURCE, "internet", "its tasks have public addresses"),
        ('resource "aws_api_gateway_rest_api" "a" {\n endpoint_configuration {\n  types = ["PRIVATE"]\n }\n}\n', "aws_api_gateway_rest_api.a", RESOURCE, "internal", "a private API"), ('resource "aws_apprunner_service" "a" {}\n', "aws_apprunner_service.a", RESOURCE, "internet", "App Runner services have a public endpoint unless told otherwise"),
        ('resource "google_storage_bucket" "b" {}\nresource "google_storage_bucket_iam_member" "m" {\n bucket = google_storage_bucket.b.name\n member = "allUsers"\n}\n', "google_storage_bucket.b", STORE, "internet", "google_storage_bucket_iam_member.m gives everybody access"), ('resource "google_storage_bucket" "b" {\n public_access_prevention = "enforced"\n}\n', "google_storage_bucket.b", STORE, "internal", "public access is prevented"),
        ('resource "google_sql_database_instance" "d" {\n settings {\n  ip_configuration {\n   authorized_networks {\n    value = "0.0.0.0/0"\n   }\n  }\n }\n}\n', "google_sql_database_instance.d", STORE, "internet", "has a public address that every network is let in on"), ('resource "google_cloud_run_service" "r" {}\nresource "google_cloud_run_service_iam_member" "m" {\n service = google_cloud_run_service.r.name\n member = "allUsers"\n}\n', "google_cloud_run_service.r", RESOURCE, "internet", "google_cloud_run_service_iam_member.m lets everybody call it"),
        ('resource "google_compute_instance" "i" {\n tags = ["web"]\n network_interface {\n  access_config {}\n }\n}\nresource "google_compute_firewall" "f" {\n source_ranges = ["0.0.0.0/0"]\n target_tags = ["web"]\n allow {\n  ports = ["80"]\n }\n}\n', "google_compute_instance.i", RESOURCE, "internet", "has a public address, and google_compute_firewall.f lets every address in"), ('resource "google_container_cluster" "k" {\n master_authorized_networks_config {\n  cidr_blocks {\n   cidr_block = "192.0.2.0/24"\n  }\n }\n}\n', "google_container_cluster.k", RESOURCE, "internal", "the endpoint of its API lets in named networks only"),
        ('resource "google_cloudfunctions_function" "f" {\n trigger_http = true\n}\n', "google_cloudfunctions_function.f", RESOURCE, "internal", "its public endpoint is for callers with a role"), ('resource "google_compute_forwarding_rule" "f" {\n load_balancing_scheme = "INTERNAL"\n}\n', "google_compute_forwarding_rule.f", RESOURCE, "internal", "an internal load balancer"), ('resource "google_bigquery_dataset" "d" {\n access {\n  special_group = "allAuthenticatedUsers"\n }\n}\n', "google_bigquery_dataset.d", STORE, "internet", "everybody has access"),
        ('resource "azurerm_mssql_server" "s" {}\nresource "azurerm_mssql_firewall_rule" "f" {\n server_id = azurerm_mssql_server.s.id\n start_ip_address = "0.0.0.0"\n end_ip_address = "255.255.255.255"\n}\nresource "azurerm_mssql_database" "d" {\n server_id = azurerm_mssql_server.s.id\n}\n', "azurerm_mssql_database.d", STORE, "internet", "on azurerm_mssql_server.s: azurerm_mssql_firewall_rule.f lets every address in"), ('resource "azurerm_storage_account" "a" {}\nresource "azurerm_storage_container" "c" {\n storage_account_name = azurerm_storage_account.a.name\n container_access_type = "blob"\n}\n', "azurerm_storage_account.a", STORE, "internet", "azurerm_storage_container.c may be read by everybody"),
        ('resource "azurerm_linux_web_app" "w" {\n public_network_access_enabled = false\n}\n', "azurerm_linux_web_app.w", RESOURCE, "internal", "public network access is off"), ('resource "azurerm_container_app" "c" {\n ingress {\n  external_enabled = true\n }\n}\n', "azurerm_container_app.c", RESOURCE, "internet", "takes traffic from outside"), ('resource "azurerm_kubernetes_cluster" "k" {\n private_cluster_enabled = true\n}\n', "azurerm_kubernetes_cluster.k", RESOURCE, "internal", "the endpoint of its API is private"),
        ('resource "azurerm_public_ip" "p" {}\nresource "azurerm_network_interface" "n" {\n ip_configuration {\n  public_ip_address_id = azurerm_public_ip.p.id\n }\n}\nresource "azurerm_network_security_group" "g" {\n security_rule {\n  direction = "Inbound"\n  access = "Allow"\n  source_address_prefix = "*"\n  destination_port_range = "22"\n }\n}\nresource "azurerm_network_interface_security_group_association" "a" {\n network_interface_id = azurerm_network_interface.n.id\n network_security_group_id = azurerm_network_security_group.g.id\n}\nresource "azurerm_linux_virtual_machine" "v" {\n network_interface_ids = [azurerm_network_interface.n.id]\n}\n', "azurerm_linux_virtual_machine.v", RESOURCE, "internet", "azurerm_public_ip.p is its address, and azurerm_network_security_group.g opens 22 to every address"),
        (GROUP % (0, 65535, "0.0.0.0/0"), "aws_security_group.g", RESOURCE, None, None), ('resource "aws_lb" "l" {\n count = 0\n}\n', "aws_lb.l", RESOURCE, None, None),
    ],
)  # fmt: skip
def test_exposure(tmp_path: Path, text: str, key: str, kind: AssetKind, level: str | None, why: str | None) -> None:
    assert exposure(tmp_path, text, key, kind) == (level, why)


CONTAINERS = """
variable "tag" { default = "1.4" }
locals { image = "registry.example/acme/orders:${var.tag}" }
resource "aws_lb" "shop" {}
resource "aws_lb_listener" "https" {
  load_balancer_arn = aws_lb.shop.arn
  default_action {
    target_group_arn = aws_lb_target_group.orders.arn
  }
}
resource "aws_lb_target_group" "orders" {}
resource "aws_route53_record" "shop" {
  name = "www.shop.example"
  type = "A"
  alias { name = aws_lb.shop.dns_name }
}
resource "aws_ecs_task_definition" "orders" {
  task_role_arn         = aws_iam_role.orders.arn
  container_definitions = jsonencode([{ name = "o", image = local.image, environment = [{ name = "QUEUE", value = aws_sqs_queue.jobs.url }] }])
}
resource "aws_ecs_service" "orders" {
  task_definition = aws_ecs_task_definition.orders.arn
  network_configuration { assign_public_ip = false }
  load_balancer { target_group_arn = aws_lb_target_group.orders.arn }
}
resource "aws_iam_role" "orders" {}
resource "aws_iam_role_policy" "orders" {
  role   = aws_iam_role.orders.id
  policy = jsonencode({ Statement = [
    { Effect = "Allow", Action = ["dynamodb:GetItem", "dynamodb:Query"], Resource = aws_dynamodb_table.orders.arn },
    { Effect = "Allow", Action = "s3:PutObject", Resource = "arn:aws:s3:::acme-files/*" },
    { Effect = "Allow", Action = "secretsmanager:GetSecretValue", Resource = aws_secretsmanager_secret.key.arn },
    { Effect = "Deny", Action = "s3:*", Resource = aws_s3_bucket.other.arn },
  ] })
}
resource "aws_dynamodb_table" "orders" { name = "orders" }
resource "aws_sqs_queue" "jobs" {}
resource "aws_s3_bucket" "files" { bucket = "acme-files" }
resource "aws_s3_bucket" "other" {}
resource "aws_secretsmanager_secret" "key" {}
"""


def test_from_the_domain_to_the_image_and_the_data(tmp_path: Path) -> None:
    facts = of(tmp_path, CONTAINERS)
    assert {each.replace("infra#", "") for each in edges(facts)} == {
        "www.shop.example EXPOSES aws_lb.shop", "aws_lb.shop EXPOSES aws_ecs_service.orders", "aws_ecs_service.orders RUNS registry.example/acme/orders", "aws_ecs_task_definition.orders RUNS registry.example/acme/orders",
        *(f"aws_ecs_{one}.orders {what}" for one in ("service", "task_definition") for what in ("READS aws_dynamodb_table.orders", "WRITES aws_s3_bucket.files", "READS aws_secretsmanager_secret.key")),
        "aws_ecs_service.orders READS aws_sqs_queue.jobs", "aws_ecs_service.orders WRITES aws_sqs_queue.jobs",
    }  # fmt: skip
    assert (
        known(facts, RESOURCE, "infra#aws_ecs_service.orders")["exposure_why"]
        == "through aws_lb.shop: an internet-facing load balancer"
    )
    assert edge(facts, "infra#aws_ecs_service.orders READS infra#aws_sqs_queue.jobs").confidence == 0.7
    assert assets(facts, AssetKind.SECRET_STORE) == {"infra#aws_secretsmanager_secret.key"}


def test_modules_of_the_tree(tmp_path: Path) -> None:
    files = {
        "infra/main.tf": 'module "data" {\n source = "../modules/data"\n name = "shop"\n reader = module.app.role\n}\nmodule "app" {\n source = "../modules/app"\n table = module.data.table\n}\nmodule "cache" {\n source = "terraform-aws-modules/elasticache/aws"\n version = "1.2.0"\n}\nmodule "elsewhere" {\n source = "git::https://git.example/x.git"\n}\n',
        "infra/terraform.tfvars": 'unused = "x"\n',
        "modules/data/main.tf": 'variable "name" {}\nvariable "reader" {}\nresource "aws_dynamodb_table" "t" {\n name = "${var.name}-table"\n tags = { reader = var.reader }\n}\noutput "table" {\n value = aws_dynamodb_table.t.name\n}\n',
        "modules/app/main.tf": 'variable "table" {}\nresource "aws_iam_role" "r" {}\nresource "aws_lambda_function" "f" {\n environment {\n  variables = { TABLE = var.table }\n }\n}\noutput "role" {\n value = aws_iam_role.r.name\n}\n',
    }  # fmt: skip
    facts = facts_of(grow(tmp_path, files), "terraform")
    table = "infra#module.data.aws_dynamodb_table.t"
    assert assets(facts, STORE) == {table, "infra#module.cache"}
    assert edges(facts) == {f"infra#module.app.aws_lambda_function.f {verb} {table}" for verb in ("READS", "WRITES")}
    assert known(facts, STORE, table)["name"] == "shop-table"
    assert assets(facts, RESOURCE) == {
        "infra#module.app.aws_iam_role.r",
        "infra#module.app.aws_lambda_function.f",
        "infra#module.elsewhere",
    }


def test_other_files_of_a_configuration(tmp_path: Path) -> None:
    state = {
        "terraform_version": "1.9",
        "resources": [
            {
                "mode": "managed",
                "type": "aws_s3_bucket",
                "name": "b",
                "instances": [{"attributes": {"arn": "arn:aws:s3:::b", "id": "b-bucket", "bucket": "b-bucket"}}],
            },
            {
                "mode": "managed",
                "module": "module.x[0]",
                "type": "aws_s3_bucket_acl",
                "name": "a",
                "instances": [{"attributes": {"bucket": "b-bucket", "acl": "public-read"}}],
            },
        ],
    }
    plan = {
        "format_version": "1.2",
        "terraform_version": "1.9",
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_db_instance.d[0]",
                        "mode": "managed",
                        "type": "aws_db_instance",
                        "name": "d",
                        "values": {"engine": "mysql"},
                    }
                ]
            }
        },
    }
    files = {
        "s/terraform.tfstate": json.dumps(state),
        "p/tfplan.json": json.dumps(plan),
        "j/a.tf.json": '{"variable": {"n": {"default": "q"}}, "resource": {"aws_sqs_queue": {"q": {"name": "${var.n}-1"}}}}',
        "o/plan.json": '{"a": 1}',
        "bad/x.tfstate": '{"terraform_version"',
    }
    tree = grow(tmp_path, files)
    facts = facts_of(tree, "terraform")
    assert assets(facts, STORE) == {"s#aws_s3_bucket.b", "p#aws_db_instance.d", "j#aws_sqs_queue.q"}
    assert known(facts, STORE, "s#aws_s3_bucket.b")["exposure"] == "internet"
    assert known(facts, STORE, "s#aws_s3_bucket.b")["arn"] == "arn:aws:s3:::b"
    assert known(facts, STORE, "j#aws_sqs_queue.q")["name"] == "q-1"
    assert [each.at for each in tree.troubles] == ["bad/x.tfstate"]


def test_grants_of_google(tmp_path: Path) -> None:
    text = 'resource "google_service_account" "a" {}\nresource "google_cloud_run_v2_service" "r" {\n template {\n  service_account = google_service_account.a.email\n  containers {\n   image = "eu.example/p/r:2"\n  }\n }\n}\nresource "google_storage_bucket" "b" {}\nresource "google_storage_bucket_iam_member" "m" {\n bucket = google_storage_bucket.b.name\n role = "roles/storage.objectViewer"\n member = "serviceAccount:${google_service_account.a.email}"\n}\n'
    run = "infra#google_cloud_run_v2_service.r"
    assert edges(of(tmp_path, text)) == {f"{run} RUNS eu.example/p/r", f"{run} READS infra#google_storage_bucket.b"}
