"""Charts: what templates give with the values of the tree, layers of values, charts inside of charts."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind, Listing
from seamark.intake.discovery.infrastructure.helm.render import Renderer
from seamark.intake.discovery.infrastructure.helm.syntax import TemplateFailure, parse
from tests.discovery.infrastructure.kit import assets, edge, edges, facts_of, grow, known

HELPERS = '{{- define "shop.fullname" -}}\n{{- if .Values.fullnameOverride }}{{ .Values.fullnameOverride | trunc 63 }}{{ else }}{{- $name := default .Chart.Name .Values.nameOverride -}}\n{{ printf "%s-%s" .Release.Name $name | trimSuffix "-" }}{{ end }}\n{{- end }}\n{{- define "shop.labels" -}}\napp: {{ include "shop.fullname" . }}\n{{- end }}\n'
DEPLOYMENT = """
# {{/* a comment */}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "shop.fullname" . }}
spec:
  {{- if not .Values.autoscaling.enabled }}
  replicas: {{ .Values.replicas }}
  {{- end }}
  template:
    metadata:
      labels:
        {{- include "shop.labels" . | nindent 8 }}
    spec:
      containers:
        - name: {{ .Chart.Name }}
          image: "{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"
          {{- with .Values.security }}
          securityContext:
            {{- toYaml . | nindent 12 }}
          {{- end }}
          env:
          {{- range $key, $value := .Values.env }}
            - name: {{ $key | upper | quote }}
              value: {{ tpl $value $ | quote }}
          {{- end }}
"""
INGRESS = """
{{- if .Values.ingress.enabled }}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: {{ include "shop.fullname" $ }}}
spec:
  rules:
  {{- range .Values.ingress.hosts }}
  - host: {{ . | quote }}
    http: {paths: [{backend: {service: {name: {{ include "shop.fullname" $ }}}}}]}
  {{- end }}
{{- end }}
"""
SERVICE = 'apiVersion: v1\nkind: Service\nmetadata:\n  name: {{ include "shop.fullname" . }}\nspec:\n  selector: {{- include "shop.labels" . | nindent 4 }}\n'
CHART = {
    "chart/Chart.yaml": "name: shop\nversion: 1.2.3\nappVersion: '7'\ndependencies:\n- {name: postgresql, version: 12.1.0, repository: 'https://charts.example', condition: postgresql.enabled}\n- {name: redis, version: ~17, repository: 'https://charts.example', condition: redis.enabled}\n- {name: worker, repository: 'file://../worker'}\n",
    "chart/values.yaml": "replicas: 2\nautoscaling: {enabled: false}\nimage: {registry: registry.example, repository: acme/shop}\nsecurity: {privileged: true}\nenv: {db_url: 'postgres://u@{{ .Release.Name }}-db.shop.example/x'}\ningress: {enabled: false, hosts: []}\npostgresql: {enabled: true, auth: {database: shop}}\nredis: {enabled: false}\nworker: {tag: '3'}\n",
    "chart/values-prod.yaml": "replicas: 9\ningress: {enabled: true, hosts: [shop.example]}\n", "chart/templates/_helpers.tpl": HELPERS, "chart/templates/deployment.yaml": DEPLOYMENT, "chart/templates/ingress.yaml": INGRESS, "chart/templates/service.yaml": SERVICE,
    "worker/Chart.yaml": "name: worker\nversion: 0.1.0\n", "worker/values.yaml": "tag: '1'\n", "worker/templates/job.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: work}\nspec: {template: {spec: {containers: [{name: c, image: 'acme/worker:{{ .Values.tag }}'}]}}}\n",
}  # fmt: skip


def test_a_chart(tmp_path: Path) -> None:
    tree = grow(tmp_path, CHART)
    facts = facts_of(tree, "helm")
    me, store = "default/Deployment/shop-shop", "postgresql://shop-db.shop.example:5432/x"
    assert tree.troubles == []
    assert edges(facts) == {
        f"{me} RUNS registry.example/acme/shop",
        f"{me} READS {store}",
        f"{me} WRITES {store}",
        f"shop.example EXPOSES {me}",
        "default/Job/work RUNS acme/worker",
    }
    found = known(facts, AssetKind.WORKLOAD, me)
    assert (
        found["images"][0]["tag"],
        found["privileged"],
        found["replicas"],
        found["environment"],
        found["exposure"],
    ) == ("7", True, 9, "production", "internet")
    assert known(facts, AssetKind.WORKLOAD, "default/Job/work")["images"][0]["tag"] == "3"
    assert edge(facts, f"{me} RUNS registry.example/acme/shop").at == "chart/templates/deployment.yaml:3"
    assert edge(facts, f"{me} RUNS registry.example/acme/shop").confidence == 0.85
    assert {key for key in assets(facts, AssetKind.DATA_STORE) if "#" in key} == {"chart#postgresql"}
    assert known(facts, AssetKind.DATA_STORE, "chart#postgresql")["database"] == "shop"
    assert facts_of(tree, "kubernetes") == []


def test_dependencies_are_listed(tmp_path: Path) -> None:
    lock = "dependencies:\n- {name: postgresql, version: 12.1.9, repository: 'https://charts.example'}\n"
    facts = facts_of(grow(tmp_path, {**CHART, "chart/Chart.lock": lock}), "helm")
    listings = {each.manifest.key.rpartition("//")[2]: each for each in facts if isinstance(each, Listing)}
    assert [(one.name, one.version) for one in listings["chart/Chart.yaml"].components] == [
        ("postgresql", "12.1.0"),
        ("redis", ""),
    ]
    assert [(one.purl, listings["chart/Chart.lock"].locked) for one in listings["chart/Chart.lock"].components] == [
        ("pkg:helm/postgresql@12.1.9", True)
    ]


@pytest.mark.parametrize(
    ("template", "text"),
    [
        ("{{ .a.b }}{{- /* x */ -}} c", "1c"), ("{{ if eq .a.b 1 }}y{{ else if true }}z{{ else }}n{{ end }}", "y"), ("{{ if and .a .no }}y{{ else }}n{{ end }}", "n"), ("{{ range $i, $e := .l }}{{ $i }}{{ $e }},{{ else }}none{{ end }}", "0x,1y,"),
        ("{{ range .none }}x{{ else }}none{{ end }}", "none"), ("{{ with .a }}{{ .b }}{{ $.l }}{{ end }}", "1[x y]"), ("{{ $x := 1 }}{{ if true }}{{ $x = 2 }}{{ end }}{{ $x }}", "2"), ("{{ (index .l 1) | upper | quote }}", '"Y"'), ('{{ (dict "k" 7).k }}', "7"),
        ('{{ ternary "a" "b" false }}{{ coalesce .none "c" }}{{ default 5 .none }}', "bc5"), ("{{ .none.deeper.still }}", ""), ('{{ printf "%s:%d%%" "a" 3 }}', "a:3%"), ("{{ toYaml .a | nindent 2 }}", "\n  b: 1"), ("{{ `raw {{ x }}` }}", "raw {{ x }}"),
        ("{{ unheardOf 1 | quote }}x", "x"), ('{{ list "a" "b" | join "-" }}{{ "a-b" | replace "-" "." | trunc 2 }}', "a-ba."), ('{{ hasKey .a "b" }}{{ .l | len }}{{ has "x" .l }}', "true2true"), ('{{ template "t" 3 }}{{ define "t" }}<{{ . }}>{{ end }}', "<3>"),
    ],
)  # fmt: skip
def test_templates(template: str, text: str) -> None:
    nodes, defined = parse(template)
    assert Renderer(defined).render(nodes, {"a": {"b": 1}, "l": ["x", "y"]}) == text


@pytest.mark.parametrize("template", ["{{ if }}", "{{ ( }}", "{{ | }}", "{{ & }}", "{{ a b", '{{ "a }}'])
def test_broken_templates(template: str) -> None:
    with pytest.raises(TemplateFailure):
        parse(template)


def test_a_broken_template_is_told(tmp_path: Path) -> None:
    tree = grow(tmp_path, {**CHART, "chart/templates/bad.yaml": "apiVersion: v1\n{{ if ( }}\n"})
    facts = facts_of(tree, "helm")
    assert {each.at for each in tree.troubles} == {"chart/templates/bad.yaml"}
    assert "default/Deployment/shop-shop" in assets(facts, AssetKind.WORKLOAD)
