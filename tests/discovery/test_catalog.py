"""Backstage catalogues: entities, the folders and assets that they are, and what they need."""

from __future__ import annotations

from pathlib import Path

import pytest

from seamark.core.assets import Found, Relation
from seamark.intake.discovery.catalog import entity_id, read_catalog
from seamark.intake.discovery.extractors.catalog import extract
from seamark.intake.discovery.tree import Tree

HEAD = "apiVersion: backstage.io/v1alpha1\n"
NAME = "github.com/acme/shop"


def write(root: Path, files: dict[str, str]) -> Tree:
    for path, text in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return Tree(root, NAME)


def edges(tree: Tree) -> set[tuple[str, str, str]]:
    def short(key: str) -> str:
        return key.removeprefix(f"{NAME}//")

    return {
        (short(each.source.key), each.kind.value, short(each.target.key))
        for each in extract(tree)
        if isinstance(each, Relation)
    }


WHOLE = {
    "catalog-info.yaml": HEAD
    + "kind: Location\nmetadata: {name: all}\nspec:\n  targets: [./svc/*/catalog-info.yaml, https://elsewhere.example/x.yaml, ../out.yaml, org.yaml]\n"
    + "---\n"
    + HEAD
    + "kind: System\nmetadata: {name: shop, title: The Shop}\nspec: {owner: platform, domain: commerce}\n",
    "svc/orders/catalog-info.yaml": HEAD
    + "kind: Component\nmetadata: {name: orders, tags: [go], description: Takes orders}\nspec:\n  type: service\n  lifecycle: production\n  owner: group:default/orders\n  system: shop\n  providesApis: [orders-api]\n  dependsOn: ['resource:orders-db', 'component:missing']\n"
    + "---\n"
    + HEAD
    + "kind: API\nmetadata: {name: orders-api}\nspec: {type: openapi, owner: orders, definition: {$text: ./openapi.yaml}}\n"
    + "---\n"
    + HEAD
    + "kind: Resource\nmetadata: {name: orders-db}\nspec: {type: database, owner: user:ada}\n",
    "svc/orders/openapi.yaml": "openapi: 3.0.0\n",
    "svc/web/catalog-info.yaml": HEAD
    + "kind: Component\nmetadata: {name: web}\nspec: {type: website, owner: guild, consumesApis: [orders-api, far-api], dependsOn: [orders]}\n"
    + "---\n"
    + HEAD
    + "kind: API\nmetadata: {name: far-api}\nspec: {type: grpc, owner: orders, definition: {$text: https://x.example}}\n",
    "org.yaml": HEAD
    + "kind: Group\nmetadata: {name: orders}\nspec: {type: team, members: [ada, ben]}\n---\n"
    + HEAD
    + "kind: User\nmetadata: {name: ada}\nspec: {profile: {email: Ada@acme.example}, memberOf: [orders]}\n",
}


def test_entities_become_assets(tmp_path: Path) -> None:
    found = [each for each in extract(write(tmp_path, WHOLE)) if isinstance(each, Found)]
    assert {(each.ref.kind.value, each.ref.key.removeprefix(f"{NAME}//")) for each in found} == {
        ("application", "shop"), ("service", "svc/orders"), ("service", "svc/web"), ("api", "svc/orders/openapi.yaml"),
        ("api", "svc/web/catalog-info.yaml#far-api"), ("data_store", "svc/orders/catalog-info.yaml#orders-db"), ("team", "orders"), ("person", "ada@acme.example"),
    }  # fmt: skip
    orders = next(each for each in found if each.ref.key.endswith("svc/orders"))
    assert (orders.at, orders.confidence, orders.name) == ("svc/orders/catalog-info.yaml:1", 1.0, "orders")
    assert orders.facts["lifecycle"] == "production"
    assert (orders.facts["system"], orders.facts["business_unit"], orders.facts["tags"]) == ("shop", "commerce", ["go"])


def test_relations(tmp_path: Path) -> None:
    assert edges(write(tmp_path, WHOLE)) == {
        ("platform", "owns", "shop"), ("orders", "owns", "svc/orders"), ("orders", "owns", "svc/orders/openapi.yaml"),
        ("orders", "owns", "svc/web/catalog-info.yaml#far-api"), ("ada@acme.example", "owns", "svc/orders/catalog-info.yaml#orders-db"), ("guild", "owns", "svc/web"),
        ("shop", "contains", "svc/orders"), ("svc/orders", "serves", "svc/orders/openapi.yaml"),
        ("svc/orders", "depends_on", "svc/orders/catalog-info.yaml#orders-db"), ("svc/web", "calls", "svc/orders"), ("svc/web", "depends_on", "svc/orders"),
        ("svc/web", "depends_on", "svc/web/catalog-info.yaml#far-api"), ("orders", "contains", "ada@acme.example"), ("orders", "contains", "@ben"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("annotation", "folder"),
    [
        ("dir:./a/b", "a/b"),
        ("url:https://github.com/acme/shop/tree/main/a/b", "a/b"),
        ("url:https://gitlab.com/acme/shop/-/tree/main/a/b/", "a/b"),
        ("url:https://github.com/acme/shop/tree/main/", ""),
        ("url:https://github.com/acme/shop/tree/main/elsewhere", None),
        ("dir:../../out", None),
        ("dir:.", ""),
    ],
)
def test_where_a_component_stands(tmp_path: Path, annotation: str, folder: str | None) -> None:
    component = HEAD + "kind: Component\nmetadata:\n  name: {0}\n{1}spec: {{type: service}}\n"
    noted = component.format("x", f"  annotations: {{backstage.io/source-location: '{annotation}'}}\n")
    tree = write(tmp_path, {"catalog-info.yaml": noted + "---\n" + component.format("y", ""), "a/b/c.py": ""})
    catalog = read_catalog(tree)
    assert catalog.folder(catalog.entities[0])[0] == folder


def test_a_folder_of_the_components_name(tmp_path: Path) -> None:
    component = HEAD + "kind: Component\nmetadata: {{name: {0}}}\nspec: {{type: service}}\n---\n"
    text = "".join(component.format(name) for name in ("Orders", "twice", "absent"))
    tree = write(
        tmp_path, {"catalog-info.yaml": text, "svc/orders/a": "", "a/twice/x": "", "b/twice/x": "", "a/b/orders/x": ""}
    )
    catalog = read_catalog(tree)
    assert [catalog.folder(each) for each in catalog.entities] == [("svc/orders", 0.9), (None, 1.0), (None, 1.0)]
    assert catalog.ref(catalog.entities[2]).key == f"{NAME}//catalog-info.yaml#absent"


def test_names_in_full() -> None:
    assert entity_id("orders", "group") == "group:default/orders"
    assert entity_id("user:ops/Ada", "group") == "user:ops/ada"
    assert entity_id("ops/x", "component", "here") == "component:ops/x"


@pytest.mark.parametrize(
    "text",
    ["", "- 1", "a: [", HEAD, HEAD + "kind: Component\n", HEAD + "kind: Component\nmetadata: {name: [1]}\nspec: 7\n",
     HEAD + "kind: Component\nmetadata: {name: x, tags: 7, annotations: 3}\nspec: {owner: [1], providesApis: {a: 1}, dependsOn: [null, 7, ':']}\n",
     HEAD + "kind: API\nmetadata: {name: x}\nspec: {definition: [1]}\n", HEAD + "kind: Location\nmetadata: {name: x}\nspec: {targets: 7, target: [1]}\n",
     HEAD + "kind: Location\nmetadata: {name: x}\nspec: {target: ./catalog-info.yaml}\n", "{a: " * 5000],
)  # fmt: skip
def test_spoiled_catalogues_break_nothing(tmp_path: Path, text: str) -> None:
    list(extract(write(tmp_path, {"catalog-info.yaml": text})))
