"""Terraform, Kubernetes and Dockerfiles."""

from __future__ import annotations

import pytest

from seamark.analysis.correlation.equivalence import _table
from seamark.core.location import CodeLocation
from seamark.response.remediation.patches.families.terraform import COMPANIONS, SETTINGS
from seamark.response.remediation.patches.patch import patch

from .made import becomes, patched, refused

DATABASE = """\
resource "aws_db_instance" "orders" {
  identifier          = "orders"
  publicly_accessible = true # for now
  storage_encrypted   = false
}

resource "aws_db_instance" "other" {
  publicly_accessible = var.public
}
"""


def test_attribute_is_set_or_added() -> None:
    becomes(
        "db.tf", DATABASE, "true # for now", "false # for now", "checkov CKV_AWS_17", 1, scope="aws_db_instance.orders"
    )
    becomes("db.tf", DATABASE, "encrypted   = false", "encrypted   = true", "trivy AVD-AWS-0080", 4)
    added = "encrypted   = false\n  deletion_protection = true"
    becomes("db.tf", DATABASE, "encrypted   = false", added, "checkov CKV_AWS_293", 1, scope="aws_db_instance.orders")


def test_computed_value_is_refused() -> None:
    refused("db.tf", DATABASE, "computes", "checkov CKV_AWS_17", 8)
    refused("db.tf", "resource {{", "no HCL", "checkov CKV_AWS_17", 1)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda each: f"{each.about}-{each.types[0]}")
def test_every_setting_is_added(setting) -> None:
    rule = setting.rules[0] if setting.rules else ""
    tool_rule = f"checkov {rule}" if rule else _rule(setting.about)
    before = (
        f'resource "{setting.types[0]}" "it" {{\n  name = "x"\n'
        + ('  acl  = "public-read"\n' if setting.name == "acl" else "")
        + "}\n"
    )
    after = patched("main.tf", before, tool_rule, 1)
    assert f"{setting.name} = {setting.value}" in " ".join(after.split())
    assert not setting.block or f"  {setting.block} {{\n" in after


def _rule(about: str) -> str:
    return next(
        f"{tool} {rule.upper()}"
        for (tool, rule), meaning in _table().exact.items()
        if meaning.family == about and tool == "checkov"
    )


BUCKET = 'resource "aws_s3_bucket" "logs" {\n  bucket = "logs"\n}\n\nresource "aws_sns_topic" "t" {}\n'


@pytest.mark.parametrize(
    ("finding", "kind"),
    [
        ("checkov CKV2_AWS_6", "aws_s3_bucket_public_access_block"),
        ("checkov CKV_AWS_21", "aws_s3_bucket_versioning"),
        ("trivy AWS-0088", "aws_s3_bucket_server_side_encryption_configuration"),
    ],
)
def test_bucket_gets_its_companion(finding: str, kind: str) -> None:
    after = patched("s3.tf", BUCKET, finding, 1)
    assert after.startswith(
        'resource "aws_s3_bucket" "logs" {\n  bucket = "logs"\n}\n\nresource "' + kind + '" "logs" {\n'
    )
    assert "= aws_s3_bucket.logs.id\n" in after
    assert after.endswith('}\n\nresource "aws_sns_topic" "t" {}\n')
    assert {name for name, _ in COMPANIONS.values()} >= {kind}
    refused("s3.tf", BUCKET.replace('bucket = "logs"', "count = 2"), "several buckets", finding, 1)


GROUP = """\
resource "aws_security_group" "web" {
  ingress {
    from_port   = 22
    to_port     = 22
    cidr_blocks = ["0.0.0.0/0"]
  }
  ingress {
    from_port   = 443
    to_port     = 443
    cidr_blocks = ["0.0.0.0/0"] # all
  }
}
"""


def test_port_is_closed_only_to_given_addresses() -> None:
    refused("sg.tf", GROUP, "who may still come in", "checkov CKV_AWS_24", 1)
    becomes("sg.tf", GROUP, '["0.0.0.0/0"]\n', '["10.0.0.0/8"]\n', "checkov CKV_AWS_24", 1, cidr="10.0.0.0/8")
    refused("sg.tf", GROUP, "open to all", "checkov CKV_AWS_24", 1, cidr="0.0.0.0/0")
    refused("sg.tf", GROUP, "nothing", "checkov CKV_AWS_25", 1, cidr="10.0.0.0/8")


POD = """\
apiVersion: apps/v1
kind: Deployment
spec:
  template:
    spec:
      hostNetwork: true # why
      containers:
        - name: web
          image: web:1
          args:
            - serve   # the rest
        # the second
        - name: side
          image: side:1
          securityContext:
            privileged: true
            runAsUser: 0
---
apiVersion: v1
kind: Service
"""


@pytest.mark.parametrize(
    ("finding", "line", "old", "new"),
    [
        ("checkov CKV_K8S_16", 13, "privileged: true", "privileged: false"),
        ("checkov CKV_K8S_19", 2, "hostNetwork: true #", "hostNetwork: false #"),
        (
            "trivy KSV014",
            8,
            "# the rest\n",
            "# the rest\n          securityContext:\n            readOnlyRootFilesystem: true\n",
        ),
        (
            "trivy AVD-KSV-0001",
            8,
            "# the rest\n",
            "# the rest\n          securityContext:\n            allowPrivilegeEscalation: false\n",
        ),
        (
            "checkov CKV_K8S_37",
            14,
            "runAsUser: 0\n",
            "runAsUser: 0\n            capabilities:\n              drop: [ALL]\n",
        ),
        ("checkov CKV_K8S_38", 2, "runAsUser: 0\n", "runAsUser: 0\n      automountServiceAccountToken: false\n"),
        (
            "checkov CKV_K8S_31",
            2,
            "runAsUser: 0\n",
            "runAsUser: 0\n      securityContext:\n        seccompProfile:\n          type: RuntimeDefault\n",
        ),
        (
            "checkov CKV_K8S_23",
            8,
            "# the rest\n",
            "# the rest\n          securityContext:\n            runAsNonRoot: true\n",
        ),
        ("checkov CKV_K8S_15", 8, "# the rest\n", "# the rest\n          imagePullPolicy: Always\n"),
    ],
)
def test_container_is_bounded(finding: str, line: int, old: str, new: str) -> None:
    tool, rule = finding.split()
    for end in ("\n", "\r\n"):
        text = POD.replace("\n", end).encode()
        location = CodeLocation(path="deploy.yaml", line=line)
        after = patch(tool, rule, {"deploy.yaml": text}, location).files["deploy.yaml"]
        assert after.decode() == POD.replace(old, new).replace("\n", end)


def test_container_is_refused() -> None:
    refused("deploy.yaml", POD, "user has to be given", "checkov CKV_K8S_23", 13)
    refused("deploy.yaml", POD, "take the privileges first", "checkov CKV_K8S_20", 13)
    refused("deploy.yaml", POD, "has to be given", "checkov CKV_K8S_13", 8)
    refused(
        "deploy.yaml",
        POD.replace("hostNetwork: true", "serviceAccountName: robot"),
        "speak with the cluster",
        "checkov CKV_K8S_38",
        2,
    )
    refused("templates/deploy.yaml", POD.replace("web:1", "{{ .x }}{% if %}"), "template", "checkov CKV_K8S_16", 2)
    shared = "kind: Pod\nspec:\n  containers:\n    - &c {name: a}\n    - *c\n"
    refused("pod.yaml", shared, "an anchor", "checkov CKV_K8S_16", 1)


def test_resources_are_bounded_as_given() -> None:
    added = "# the rest\n          resources:\n            limits:\n              memory: 256Mi\n"
    becomes("deploy.yaml", POD, "# the rest\n", added, "checkov CKV_K8S_13", 8, memory="256Mi")
    one = "kind: Pod\nspec:\n  containers:\n    - name: a\n      resources: {limits: {cpu: 1}}\n"
    becomes("pod.yaml", one, "{cpu: 1}", "{cpu: 1, memory: 256Mi}", "checkov CKV_K8S_13", 4, memory="256Mi")
    becomes(
        "pod.yaml",
        one,
        "{limits: {cpu: 1}}",
        "{limits: {cpu: 1}, requests: {cpu: 100m}}",
        "checkov CKV_K8S_10",
        4,
        cpu="100m",
    )
    refused("pod.yaml", one, "no amount", "checkov CKV_K8S_13", 4, memory="much")


DOCKERFILE = """\
FROM python AS build
FROM python:3.12-slim
# tools
RUN apt-get update && \\
    apt-get -y install curl
ADD . /srv
RUN pip install -r requirements.txt
RUN sudo chmod 755 /srv && curl -s https://x.example/a | tar x
CMD python run.py
"""


@pytest.mark.parametrize(
    ("finding", "old", "new"),
    [
        ("hadolint DL3002", "CMD python", "USER 10001:10001\nCMD python"),
        ("hadolint DL3006", "FROM python AS", "FROM python:3.12 AS"),
        ("checkov CKV_DOCKER_4", "ADD .", "COPY ."),
        ("hadolint DL3015", "-y install curl", "-y install --no-install-recommends curl"),
        ("hadolint DL3009", "install curl", "install curl \\\n    && rm -rf /var/lib/apt/lists/*"),
        ("hadolint DL3042", "pip install", "pip install --no-cache-dir"),
        ("hadolint DL3025", "CMD python run.py", 'CMD ["python", "run.py"]'),
        ("hadolint DL4006", "RUN sudo", 'SHELL ["/bin/bash", "-o", "pipefail", "-c"]\nRUN sudo'),
        ("checkov CKV_DOCKER_2", "CMD python", "HEALTHCHECK CMD curl -f http://localhost/\nCMD python"),
        ("hadolint DL3004", "RUN sudo chmod", "RUN chmod"),
    ],
)
def test_dockerfile_is_patched(finding: str, old: str, new: str) -> None:
    becomes("Dockerfile", DOCKERFILE, old, new, finding, tag="3.12", command="curl -f http://localhost/")


def test_dockerfile_is_refused() -> None:
    refused("Dockerfile", DOCKERFILE, "which tag", "hadolint DL3006")
    refused("Dockerfile", DOCKERFILE, "health is seen", "checkov CKV_DOCKER_2")
    refused("Dockerfile", "FROM a\nADD https://x.example/a.tar.gz /\n", "fetches or unpacks", "hadolint DL3020")
    refused("Dockerfile", "FROM alpine:3\nRUN a | b\n", "no bash", "hadolint DL4006")
    refused("Dockerfile", "FROM a\nCMD a && b\n", "needs a shell", "hadolint DL3025")
    refused("Dockerfile", "FROM a\nUSER app\nRUN sudo a\n", "another user", "hadolint DL3004")
    refused("Dockerfile", "FROM a\nRUN apt-get update\n", "join the two", "hadolint DL3009")
    becomes("Dockerfile", "FROM a\nUSER root\nCMD x\n", "USER root", "USER 7:7", "hadolint DL3002", user="7:7")
