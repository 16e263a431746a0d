"""Kubernetes manifests and kustomizations: workloads, ways in, neighbours, secrets, overlays."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import AssetKind
from tests.discovery.infrastructure.kit import assets, edge, edges, facts_of, grow, known


def workload(name: str, *, kind: str = "Deployment", namespace: str = "", more: str = "", container: str = "") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    version = "batch/v1" if kind == "Job" else "apps/v1"
    return f"apiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}{place}}}\nspec:\n  template:\n    metadata: {{labels: {{app: {name}}}}}\n    spec: {{containers: [{{name: c, image: 'x/{name}:1'{container}}}]{more}}}\n---\n"


def service(name: str, *, kind: str = "ClusterIP", namespace: str = "", annotations: str = "") -> str:
    place = f", namespace: {namespace}" if namespace else ""
    return f"apiVersion: v1\nkind: Service\nmetadata: {{name: {name}{place}, annotations: {{{annotations}}}}}\nspec: {{type: {kind}, selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n---\n"


def reach(root: Path, *parts: str) -> tuple[str | None, set[str]]:
    """Return the exposure of the workload `a`, and what exposes it."""
    facts = facts_of(grow(root, {"k8s/all.yaml": "".join((workload("a"), *parts))}), "kubernetes")
    return known(facts, AssetKind.WORKLOAD, "default/Deployment/a").get("exposure"), {
        each.partition(" ")[0] for each in edges(facts) if " EXPOSES " in each
    }


INGRESS = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i, annotations: {%s}}\nspec: {%s rules: [{host: %s, http: {paths: [{backend: {service: {name: a, port: {number: 80}}}}]}}]}\n---\n"


@pytest.mark.parametrize(
    ("parts", "exposure", "by"),
    [
        ([], None, set()), ([service("a")], None, set()), ([service("a", kind="LoadBalancer")], "internet", {"default/Service/a"}), ([service("a", kind="NodePort")], "internal", {"default/Service/a"}),
        ([service("a", kind="LoadBalancer", annotations="networking.gke.io/load-balancer-type: Internal")], "internal", {"default/Service/a"}),
        ([service("a", kind="LoadBalancer", annotations="external-dns.alpha.kubernetes.io/hostname: a.example")], "internet", {"default/Service/a", "a.example"}),
        ([service("a", kind="LoadBalancer").replace("ports:", "loadBalancerSourceRanges: [10.0.0.0/8], ports:")], "internal", {"default/Service/a"}),
        ([service("a"), INGRESS % ("", "", "A.example")], "internet", {"a.example"}), ([service("a"), INGRESS % ("", "", "a.local")], "internal", {"a.local"}),
        ([service("a"), INGRESS % ("", "ingressClassName: alb,", "a.example")], "internal", {"a.example"}), ([service("a"), INGRESS % ("alb.ingress.kubernetes.io/scheme: internet-facing", "ingressClassName: alb,", "a.example")], "internet", {"a.example"}),
        ([service("a"), INGRESS % ("kubernetes.io/ingress.class: nginx-internal", "", "a.example")], "internal", {"a.example"}), ([INGRESS % ("", "", "a.example")], None, set()),
        ([service("a"), "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: i}\nspec: {backend: {serviceName: a, servicePort: 80}}\n"], "internet", {"default/Ingress/i"}),
        ([service("a"), "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g}\nspec: {listeners: [{hostname: g.example, protocol: HTTPS}]}\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r}\nspec: {parentRefs: [{name: g}], rules: [{backendRefs: [{name: a, port: 80}]}]}\n"], "internet", {"g.example"}),
        ([service("a"), "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nspec: {hosts: [v.example], gateways: [istio-system/gw], http: [{route: [{destination: {host: a.default.svc.cluster.local}}]}]}\n"], "internet", {"v.example"}),
        ([service("a"), "apiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: v}\nspec: {hosts: [a], http: [{route: [{destination: {host: a}}]}]}\n"], None, set()),
        ([service("a"), "apiVersion: route.openshift.io/v1\nkind: Route\nmetadata: {name: r}\nspec: {host: r.example, to: {kind: Service, name: a}}\n"], "internet", {"r.example"}),
        ([service("a"), "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r}\nspec: {routes: [{match: 'Host(`t.example`) && Path(`/`)', services: [{name: a, port: 80}]}]}\n"], "internet", {"t.example"}),
        ([service("a"), "apiVersion: projectcontour.io/v1\nkind: HTTPProxy\nmetadata: {name: r}\nspec: {virtualhost: {fqdn: c.example}, routes: [{services: [{name: a, port: 80}]}]}\n"], "internet", {"c.example"}),
    ],
)  # fmt: skip
def test_ways_in(tmp_path: Path, parts: list[str], exposure: str | None, by: set[str]) -> None:
    assert reach(tmp_path, *parts) == (exposure, by)


def test_the_internet_outweighs_a_node_port(tmp_path: Path) -> None:
    assert reach(tmp_path, service("a", kind="NodePort"), INGRESS % ("", "", "a.example"))[0] == "internet"


def test_neighbours_data_and_secrets(tmp_path: Path) -> None:
    settings = """, envFrom: [{configMapRef: {name: conf}}, {secretRef: {name: keys}}], env: [
      {name: DB_HOST, value: db.data.svc.cluster.local}, {name: USER_ADDR, value: 'b:8080'}, {name: MODE, value: b}, {name: SELF_URL, value: 'http://a'},
      {name: P, valueFrom: {secretKeyRef: {name: pass, key: p}}}, {name: HOST, value: b}, {name: FULL, value: 'http://$(HOST)/x'}]"""
    files = {
        "a.yaml": workload("a", container=settings.replace("\n", " "), more=", serviceAccountName: runner, volumes: [{name: v, persistentVolumeClaim: {claimName: files}}]") + service("a"),
        "b.yaml": workload("b") + service("b"), "db.yaml": workload("db", kind="StatefulSet", namespace="data").replace("x/db:1", "postgres:16") + service("db", namespace="data"),
        "more.yaml": "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: conf}, data: {CACHE: 'redis://cache.example:6380/1'}}\n- {apiVersion: v1, kind: Secret, metadata: {name: pass}, data: {p: eA==}}\n- {apiVersion: v1, kind: ServiceAccount, metadata: {name: runner, annotations: {eks.amazonaws.com/role-arn: 'arn:aws:iam::1:role/r'}}}\n"
        "- {apiVersion: external-secrets.io/v1, kind: ExternalSecret, metadata: {name: keys}, spec: {secretStoreRef: {name: vault, kind: ClusterSecretStore}, data: [{remoteRef: {key: shop/keys}}]}}\n- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, metadata: {name: closed}, spec: {podSelector: {}}}\n",
    }  # fmt: skip
    facts = facts_of(grow(tmp_path, files), "kubernetes")
    mine = "default/Deployment/a"
    assert {each for each in edges(facts) if each.startswith(mine)} == {
        f"{mine} RUNS x/a", f"{mine} CALLS default/Deployment/b", f"{mine} READS data/StatefulSet/db", f"{mine} WRITES data/StatefulSet/db", f"{mine} READS redis://cache.example:6380", f"{mine} WRITES redis://cache.example:6380",
        f"{mine} READS default/Secret/keys", f"{mine} READS default/Secret/pass", f"{mine} READS default/PersistentVolumeClaim/files", f"{mine} WRITES default/PersistentVolumeClaim/files",
    }  # fmt: skip
    assert "default/Secret/keys READS default/ClusterSecretStore/vault" in edges(facts)
    found = known(facts, AssetKind.WORKLOAD, mine)
    assert (found["service_account"], found["cloud_role"], found["network_policies"], found["secrets"]) == (
        "runner",
        "arn:aws:iam::1:role/r",
        ["closed"],
        ["keys", "pass"],
    )
    assert known(facts, AssetKind.DATA_STORE, "data/StatefulSet/db")["engine"] == "postgresql"
    assert edge(facts, f"{mine} CALLS default/Deployment/b").confidence == 0.9
    assert known(facts, AssetKind.SECRET_STORE, "default/Secret/keys")["remote_keys"] == ["shop/keys"]


@pytest.mark.parametrize(
    ("context", "pod", "expected"),
    [
        ("", "", {"privileged": False}), (", securityContext: {privileged: true}", "", {"privileged": True}), (", securityContext: {runAsUser: 0}", "", {"run_as_root": True}),
        (", securityContext: {runAsNonRoot: true, readOnlyRootFilesystem: true}", "", {"run_as_root": False, "read_only_root": True}), ("", ", securityContext: {runAsUser: 10}", {"run_as_root": False}),
        (", securityContext: {capabilities: {add: [NET_ADMIN]}, allowPrivilegeEscalation: false}", ", hostIPC: true", {"capabilities": ["NET_ADMIN"], "privilege_escalation": False, "host_ipc": True}),
        (", resources: {limits: {cpu: 1}}", ", automountServiceAccountToken: false", {"limits": True, "token_mounted": False}),
    ],
)  # fmt: skip
def test_security(tmp_path: Path, context: str, pod: str, expected: dict[str, object]) -> None:
    facts = facts_of(grow(tmp_path, {"a.yaml": workload("a", container=context, more=pod)}), "kubernetes")
    found = known(facts, AssetKind.WORKLOAD, "default/Deployment/a")
    assert {key: found[key] for key in expected} == expected


def test_kinds_that_run_pods(tmp_path: Path) -> None:
    other = "apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: k}\nspec: {template: {spec: {containers: [{image: x/k}]}}}\n---\napiVersion: argoproj.io/v1alpha1\nkind: Rollout\nmetadata: {name: r}\nspec: {template: {spec: {containers: [{image: x/r}]}}}\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{image: x/p}]}\n---\napiVersion: example.dev/v1\nkind: Deployment\nmetadata: {name: no}\nspec: {template: {spec: {containers: [{image: x/no}]}}}\n---\napiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: pg}\nspec: {}\n"
    facts = facts_of(
        grow(tmp_path, {"a.yaml": workload("j", kind="Job") + workload("d", kind="DaemonSet") + other}), "kubernetes"
    )
    assert assets(facts, AssetKind.WORKLOAD) == {
        "default/Job/j",
        "default/DaemonSet/d",
        "default/Service/k",
        "default/Rollout/r",
        "default/Pod/p",
    }
    assert known(facts, AssetKind.WORKLOAD, "default/Service/k")["exposure"] == "internet"
    assert known(facts, AssetKind.DATA_STORE, "default/Cluster/pg")["engine"] == "postgresql"


def test_other_yaml_is_left_alone(tmp_path: Path) -> None:
    tree = grow(
        tmp_path,
        {
            "a.yaml": "kind: x\n",
            "b.yaml": "apiVersion: v1\nkind: Pod\n{{ if x }}\n",
            "c.yml": "apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {name: x}\n",
            "d.json": '{"apiVersion": 3, "kind": "Pod"}',
        },
    )
    assert (facts_of(tree, "kubernetes"), tree.troubles) == ([], [])


def test_overlays(tmp_path: Path) -> None:
    files = {
        "base/kustomization.yaml": "resources: [app.yaml]\nimages: [{name: x/a, newName: registry.example/a}]\nconfigMapGenerator: [{name: conf, literals: ['B_URL=http://b']}]\n",
        "base/app.yaml": workload("a", container=", envFrom: [{configMapRef: {name: conf}}]") + service("a") + workload("b") + service("b"),
        "overlays/prod/kustomization.yaml": "namespace: shop\nnamePrefix: p-\nresources: [../../base]\ncomponents: [../../public]\nimages: [{name: registry.example/a, newTag: '9'}]\nreplicas: [{name: a, count: 5}]\npatches:\n- path: patch.yaml\n- {target: {kind: Deployment, name: b}, patch: '[{op: add, path: /spec/template/spec/hostNetwork, value: true}]'}\n",
        "overlays/prod/patch.yaml": "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: c, securityContext: {privileged: true}}]}}}\n",
        "public/kustomization.yaml": "kind: Component\npatches: [{patch: '[{op: replace, path: /spec/type, value: LoadBalancer}]', target: {kind: Service, name: a}}]\n",
    }  # fmt: skip
    tree = grow(tmp_path, files)
    facts = facts_of(tree, "kustomize")
    assert facts_of(tree, "kubernetes") == []
    assert {each for each in edges(facts) if "RUNS" in each or "EXPOSES" in each or "CALLS" in each} == {
        "shop/Deployment/p-a RUNS registry.example/a", "shop/Deployment/p-b RUNS x/b", "shop/Service/p-a EXPOSES shop/Deployment/p-a",
    }  # fmt: skip
    found = known(facts, AssetKind.WORKLOAD, "shop/Deployment/p-a")
    assert (
        found["environment"],
        found["replicas"],
        found["privileged"],
        found["exposure"],
        found["images"][0]["tag"],
    ) == ("production", 5, True, "internet", "9")
    assert known(facts, AssetKind.WORKLOAD, "shop/Deployment/p-b")["host_network"] is True


def test_what_two_overlays_share_is_in_neither_environment(tmp_path: Path) -> None:
    files = {
        "base/kustomization.yaml": "resources: [a.yaml]\n",
        "base/a.yaml": workload("a"),
        "dev/kustomization.yaml": "resources: [../base]\n",
        "prod/kustomization.yaml": "resources: [../base]\n",
    }
    facts = facts_of(grow(tmp_path, files), "kustomize")
    assert "environment" not in known(facts, AssetKind.WORKLOAD, "default/Deployment/a")


def test_components_that_nobody_asks_for_are_less_sure(tmp_path: Path) -> None:
    facts = facts_of(
        grow(
            tmp_path,
            {"extra/kustomization.yaml": "kind: Component\nresources: [a.yaml]\n", "extra/a.yaml": workload("a")},
        ),
        "kustomize",
    )
    assert edge(facts, "default/Deployment/a RUNS x/a").confidence == 0.6
