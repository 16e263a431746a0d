"""Broken, cut, twisted and hostile files: never an exception, and an answer in bounded time."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from seamark.core.assets import Found, Relation
from seamark.intake.discovery.registry import extractors
from tests.discovery.infrastructure.kit import EXTRACTS, NAMES, facts_of, grow

HARBOUR = Path(__file__).parents[3] / "examples" / "harbour"
GOOD = {
    "Dockerfile": b'ARG V=3\nFROM python:${V} AS base\nCOPY . /srv\nRUN <<EOF\necho hi\nEOF\nFROM base\nUSER app\nEXPOSE 80/tcp\nCMD ["run"]\n',
    "compose.yaml": b"services:\n  web:\n    build: .\n    ports: ['80:80', {target: 5, published: 6}]\n    environment: {DB: 'postgres://u:p@db/x'}\n    extends: {service: db}\n  db: {image: 'postgres:16', volumes: ['data:/x']}\n",
    "k8s.yaml": b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec:\n  template:\n    metadata: {labels: {x: y}}\n    spec:\n      containers: [{name: c, image: 'a/b:1', env: [{name: A_URL, value: 'http://b'}], ports: [{containerPort: 1}]}]\n---\napiVersion: v1\nkind: Service\nmetadata: {name: b}\nspec: {type: LoadBalancer, selector: {x: y}, ports: [{port: 1}]}\n---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {rules: [{host: a.example, http: {paths: [{backend: {service: {name: b}}}]}}]}\n",
    "over/kustomization.yaml": b"resources: [base.yaml]\nnamePrefix: x-\nimages: [{name: a, newTag: '2'}]\npatches: [{patch: '[{op: replace, path: /spec/replicas, value: 3}]', target: {kind: Deployment}}]\n",
    "over/base.yaml": b"apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: d}\nspec: {template: {spec: {containers: [{name: c, image: a}]}}}\n",
    "chart/Chart.yaml": b"name: chart\nversion: 1.0.0\ndependencies: [{name: postgresql, version: 1.0.0, repository: 'https://charts.example', condition: pg.on}]\n",
    "chart/values.yaml": b"image: {repository: a/b, tag: 1}\npg: {on: true}\nlist: [1, 2]\n",
    "chart/templates/d.yaml": b'{{- define "n" -}}{{ .Chart.Name | trunc 63 }}{{- end }}\n{{- range $i, $e := .Values.list }}\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: {{ include "n" $ }}-{{ $i }}}\nspec: {template: {spec: {containers: [{name: c, image: "{{ $.Values.image.repository }}:{{ $.Values.image.tag | default "x" }}"}]}}}\n---\n{{- end }}\n',
    "main.tf": b'variable "a" {\n default = "b"\n}\nlocals {\n t = { for k, v in { a = 1 } : k => v }\n}\nresource "aws_s3_bucket" "x" {\n bucket = "${var.a}-${local.t["a"]}"\n dynamic "grant" {\n  for_each = [1, 2]\n  content { id = grant.value }\n }\n}\nmodule "m" {\n source = "./m"\n x = aws_s3_bucket.x.arn\n}\n',
    "m/m.tf": b'variable "x" {}\nresource "aws_lambda_function" "f" {\n environment {\n  variables = { B = var.x }\n }\n}\n',
    "j.tf.json": b'{"resource": {"aws_db_instance": {"d": {"publicly_accessible": true, "engine": "postgres"}}}}',
    "terraform.tfstate": b'{"terraform_version": "1.0", "resources": [{"mode": "managed", "type": "aws_s3_bucket", "name": "x", "instances": [{"attributes": {"arn": "arn:aws:s3:::q", "acl": "public-read"}}]}]}',
    "template.yaml": b"Parameters: {E: {Default: dev}}\nConditions: {P: !Equals [!Ref E, prod]}\nResources:\n  B:\n    Type: AWS::S3::Bucket\n    Condition: P\n    Properties: {BucketName: !Sub '${E}-x', Tags: [{Key: a, Value: !Ref E}]}\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: src, Policies: [{S3ReadPolicy: {BucketName: !Ref B}}], Events: {E: {Type: Api}}}\n",
    "Pulumi.yaml": b"name: x\nruntime: yaml\nconfig: {a: {default: b}}\nresources:\n  bucket:\n    type: aws:s3:Bucket\n    properties: {bucket: '${a}-x'}\n",
}  # fmt: skip
"""One good file of each sort."""


def test_all_are_known_under_their_names() -> None:
    assert {each.name for each in extractors() if each.extract in EXTRACTS.values()} == set(NAMES)


def test_good_files_are_read(tmp_path: Path) -> None:
    facts = facts_of(grow(tmp_path, GOOD), *NAMES)
    assert {each.origin for each in facts if isinstance(each, (Found, Relation))} == set(NAMES)


@pytest.mark.parametrize("path", GOOD)
def test_cut_and_twisted_files_raise_nothing(path: str, tmp_path: Path) -> None:
    content, chance = GOOD[path], random.Random(path)
    spoiled = [content[:at] for at in range(0, len(content), max(len(content) // 8, 1))]
    for _ in range(20):
        broken = bytearray(content)
        for _ in range(chance.randrange(1, 8)):
            at = chance.randrange(len(broken))
            broken[at : at + chance.randrange(4)] = chance.choice(
                [
                    b"{",
                    b"[",
                    b"\n",
                    b": ",
                    b"${",
                    b"}}",
                    b"{{",
                    b"\0",
                    b"null",
                    b"- ",
                    b"<<EOF",
                    b'"',
                    b"\xff",
                    b"!Ref ",
                ]
            )
        spoiled.append(bytes(broken))
    for number, each in enumerate(spoiled):
        facts_of(grow(tmp_path / str(number), {**GOOD, path: each}), *NAMES)


@pytest.mark.parametrize(
    "filler", ["null", "[]", "{}", "7", "text", "[null]", "[[]]", "{a: null}", "[{}]", "true", "{a: [{b: {c: 1}}]}"]
)
@pytest.mark.parametrize("path", [name for name in GOOD if name.endswith((".yaml", ".json"))])
def test_values_of_another_sort_raise_nothing(path: str, filler: str, tmp_path: Path) -> None:
    """Every value of the file is replaced in turn."""
    lines = GOOD[path].decode().split("\n")
    for number, line in enumerate(lines):
        if ":" in line and not path.endswith(".json"):
            changed = [*lines[:number], f"{line.partition(':')[0]}: {filler}", *lines[number + 1 :]]
            facts_of(grow(tmp_path / str(number), {**GOOD, path: "\n".join(changed).encode()}), *NAMES)
    facts_of(grow(tmp_path / "all", {**GOOD, path: filler}), *NAMES)


NESTED = 3_000
HOSTILE = {
    "deep yaml": ("k8s.yaml", b"apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: " + b"[" * NESTED + b"]" * NESTED),
    "deep mapping": ("compose.yaml", b"services:\n  a: " + b"{a: " * NESTED + b"1" + b"}" * NESTED),
    "billion laughs": ("compose.yaml", b"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d]\nservices: {w: {image: x, environment: [*e,*e,*e], ports: *e}}\n"),
    "laughing objects": ("k8s.yaml", b"a: &a {x: y}\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\napiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: *e, volumes: *e}\n"),
    "an alias to itself": ("k8s.yaml", b"&a\napiVersion: v1\nkind: List\nitems: [*a, *a]\nmetadata: {name: x}\nspec: *a\n"),
    "a template in a circle": ("template.yaml", b"Resources:\n  A: &a\n    Type: AWS::S3::Bucket\n    Properties: *a\n"),
    "deep hcl": ("main.tf", b"locals {\n a = " + b"[" * NESTED + b"]" * NESTED + b"\n}\n"),
    "deep calls": ("main.tf", b"locals {\n a = " + b"merge(" * 450 + b")" * 450 + b'\n}\nresource "aws_s3_bucket" "b" {\n tags = local.a\n}\n'),
    "locals in a circle": ("main.tf", b'locals {\n a = local.b\n b = local.a\n}\nresource "aws_s3_bucket" "x" {\n bucket = local.a\n}\n'),
    "growing locals": ("main.tf", b'locals {\n a0 = "xxxxxxxxxx"\n' + b"".join(b' a%d = "${local.a%d}${local.a%d}"\n' % (n + 1, n, n) for n in range(60)) + b'}\nresource "aws_s3_bucket" "x" {\n bucket = local.a60\n}\n'),
    "growing lists": ("main.tf", b"locals {\n a0 = [1, 2]\n" + b"".join(b" a%d = concat(local.a%d, local.a%d)\n" % (n + 1, n, n) for n in range(60)) + b'}\nresource "aws_s3_bucket" "x" {\n bucket = local.a60\n}\n'),
    "a module that calls itself": ("m/m.tf", b'module "a" {\n source = "../m"\n}\nmodule "b" {\n source = "../m"\n}\nresource "aws_sqs_queue" "q" {}\n'),
    "many resources": ("main.tf", b"".join(b'resource "aws_s3_bucket" "b%d" {\n bucket = "b%d"\n}\n' % (n, n) for n in range(3_000))),
    "endless ranges": ("chart/templates/d.yaml", b"{{ range until 1000 }}{{ range until 1000 }}{{ range until 1000 }}x{{ end }}{{ end }}{{ end }}"),
    "includes in a circle": ("chart/templates/d.yaml", b'{{ define "a" }}{{ include "a" . }}{{ include "a" . }}{{ end }}{{ include "a" . }}'),
    "doubling text": ("chart/templates/d.yaml", b'{{ $x := "xxxxxxxxxxxxxxxx" }}' + b"{{ $x = print $x $x }}" * 60 + b"{{ $x }}"),
    "doubling lists": ("chart/templates/d.yaml", b"{{ $x := list 1 2 3 }}" + b"{{ $x = concat $x $x }}" * 60 + b"{{ len $x }}"),
    "deep blocks": ("chart/templates/d.yaml", b"{{ if true }}" * NESTED + b"{{ end }}" * NESTED),
    "deep parentheses": ("chart/templates/d.yaml", b"{{ " + b"(" * NESTED + b"1" + b")" * NESTED + b" }}"),
    "quotes without end": ("chart/templates/d.yaml", b'{{ "' * 20_000),
    "open actions": ("chart/templates/d.yaml", b"{{ " * 50_000),
    "kustomizations in a circle": ("over/kustomization.yaml", b"resources: [../over, ../other]\n"),
    "a long line": ("Dockerfile", b"FROM a\nRUN " + b"x" * 5_000_000),
    "endless continuations": ("Dockerfile", b"FROM a\nRUN x \\\n" + b" y \\\n" * 200_000),
    "many variables": ("Dockerfile", b"FROM a\n" + b"ENV A=$A$A$A$A$A$A$A$A\n" * 2_000),
    "growing variables": ("Dockerfile", b"FROM a\nENV A=xxxxxxxx\n" + b"ENV A=$A$A\n" * 80),
    "many here-documents": ("Dockerfile", b"FROM a\n" + b"RUN <<A <<B <<C\n" * 3_000),
    "growing .env": (".env", b"A0=xxxxxxxxxx\n" + b"".join(b"A%d=${A%d}${A%d}\n" % (n + 1, n, n) for n in range(80))),
    "many services": ("compose.yaml", b"services:\n" + b"".join(b"  s%d: {image: 'a/b:%d', environment: {X_URL: 'http://s%d:80'}, depends_on: [s%d]}\n" % (n, n, n // 2, n // 3) for n in range(1_000))),
    "long addresses": ("compose.yaml", b"services:\n  a:\n    image: b\n    environment:\n      A_URL: '" + b"a:" * 200_000 + b"'\n      B: '" + b"a=b;" * 100_000 + b"'\n"),
    "a huge number": ("main.tf", b"locals {\n a = " + b"9" * 5_000 + b" * " + b"9" * 5_000 + b'\n}\nresource "aws_s3_bucket" "b" {\n bucket = local.a\n}\n'),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_end_soon(name: str, tmp_path: Path) -> None:
    path, content = HOSTILE[name]
    more = {"other/kustomization.yaml": b"resources: [../over]\n"} if "kustom" in name else {}
    start = time.process_time()
    facts_of(grow(tmp_path, {**GOOD, **more, path: content}), *NAMES)
    assert time.process_time() - start < 15


def test_files_of_all_sorts_hold_their_neighbours_names(tmp_path: Path) -> None:
    """A tree whose files lie under each other's names: whatever is inside, nothing is raised."""
    names, contents = list(GOOD), list(GOOD.values())
    for shift in range(1, len(names)):
        facts_of(
            grow(tmp_path / str(shift), dict(zip(names, contents[shift:] + contents[:shift], strict=True))), *NAMES
        )
