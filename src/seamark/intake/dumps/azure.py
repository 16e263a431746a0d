"""Answers of Azure: container apps, web and function apps, Kubernetes clusters, databases, as `az … list` prints them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, RelationKind
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import dig, mapping, plain
from seamark.intake.dumps.dump import GOES_ON, Dump, Given, Said, Told, image_entry, rows, unique

ORIGIN: Final = "azure"
_ID: Final = re.compile(r"/subscriptions/([^/\s]{1,100})/resourcegroups/[^/\s]{1,200}/providers/([a-z.]{1,60}/[a-z]{1,40})/[^/\s]{1,200}(/databases/[^/\s]{1,200})?", re.IGNORECASE)  # fmt: skip
_SORTS: Final = {
    "microsoft.app/containerapps": "containerapps", "microsoft.containerservice/managedclusters": "aks", "microsoft.web/sites": "sites",
    "microsoft.sql/servers": "sql", "microsoft.containerinstance/containergroups": "containers",
}  # fmt: skip
_RUNNING: Final = frozenset({"containerapps", "webapps", "functions", "containers"})


def _place(each: Any) -> tuple[str, str]:
    """Return subscription and sort of a row; both empty for what is none of those that are read."""
    found = _ID.fullmatch(plain(each.get("id"))) if isinstance(each, dict) else None
    sort = _SORTS.get(found[2].lower(), "") if found else ""
    if found is None or not sort or (sort == "sql") != bool(found[3]):
        return "", ""
    if sort == "sites":
        sort = "functions" if _is_function(each) else "webapps"
    return found[1], sort


def _rows(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        return rows(value["value"]) if isinstance(value.get("value"), list) else [value]
    return rows(value)


def is_azure(value: Any) -> bool:
    """Tell whether a document is an answer of Azure that can be read."""
    found = _rows(value)
    return bool(found) and bool(_place(found[0])[1])


class _Reading:
    def __init__(self, said: Said) -> None:
        self._said = said
        self._told: dict[tuple[str, str], Told] = {}

    def read(self, given: Sequence[Given]) -> list[Dump]:
        readers: dict[str, Callable[[dict[str, Any], Told, AssetRef], None]] = {
            "containerapps": self._app, "aks": self._cluster, "webapps": self._site, "functions": self._site, "sql": self._database, "containers": self._group,
        }  # fmt: skip
        for document in given:
            places = set()
            for each in _rows(document.value):
                subscription, sort = _place(each)
                if not sort:
                    continue
                told = self._told.setdefault((subscription, sort), Told(ORIGIN))
                kind = {"aks": AssetKind.CLUSTER, "sql": AssetKind.DATA_STORE}.get(sort, AssetKind.CLOUD_RESOURCE)
                key = plain(each.get("name")) if sort == "aks" else plain(each.get("id"))
                readers[sort](each, told, AssetRef(kind, key))
                places.add((subscription, sort))
            for place in places:
                if isinstance(document.value, dict):
                    self._told[place].partial += _gaps(document.value)
        return [self._dump(subscription, sort, told) for (subscription, sort), told in sorted(self._told.items())]

    def _dump(self, subscription: str, sort: str, told: Told) -> Dump:
        account = told.add(AssetRef(AssetKind.CLOUD_ACCOUNT, subscription), subscription, {"provider": "azure"})
        for ref in dict.fromkeys(each.ref for each in told.found):
            if ref.kind in {AssetKind.CLOUD_RESOURCE, AssetKind.DATA_STORE, AssetKind.CLUSTER}:
                told.edge(RelationKind.CONTAINS, account, ref)
        return told.dump(f"azure {subscription} {sort}", runs=sort in _RUNNING)

    def _environment(self, each: dict[str, Any]) -> str:
        tags = mapping(each.get("tags"))
        words = (
            plain(tags.get("environment")),
            plain(tags.get("env")),
            plain(each.get("name")),
            plain(each.get("resourceGroup")),
        )
        return self._said.environment or environment_of(*words)

    def _app(self, each: dict[str, Any], told: Told, ref: AssetRef) -> None:
        properties = mapping(each.get("properties")) or each
        ingress = mapping(dig(properties, "configuration", "ingress"))
        containers = rows(dig(properties, "template", "containers"), 50)
        images = _images(containers)
        exposure = ("internet" if ingress.get("external") is True else "internal") if ingress else "none"
        why = {
            "internet": "its ingress is external",
            "internal": "its ingress is internal",
            "none": "it has no ingress",
        }[exposure]
        facts = {
            "type": "azurerm_container_app", "orchestrator": "container apps", "images": images, "exposure": exposure, "exposure_why": why,
            "environment": self._environment(each), "running_state": plain(properties.get("runningStatus")), "ports": [ingress["targetPort"]] if isinstance(ingress.get("targetPort"), int) else [],
            "variables": sorted({plain(one.get("name")) for box in containers for one in rows(box.get("env"), 2_000)} - {""}),
        }  # fmt: skip
        told.add(ref, plain(each.get("name")), facts)
        if facts["running_state"] not in {"Stopped", "Suspended"}:
            told.runs(ref, images)
        _answers(plain(ingress.get("fqdn")), exposure, ref, told)

    def _cluster(self, each: dict[str, Any], told: Told, ref: AssetRef) -> None:
        properties = mapping(each.get("properties")) or each
        profile = mapping(properties.get("apiServerAccessProfile"))
        ranges = [one for one in profile.get("authorizedIpRanges") or () if isinstance(one, str)][:200]
        private = (
            profile.get("enablePrivateCluster") is True
            or plain(properties.get("publicNetworkAccess")).lower() == "disabled"
        )
        exposure = "internal" if private else "partner" if ranges else "internet"
        why = (
            "its API has no public address"
            if private
            else "its API is open to some networks"
            if ranges
            else "its API answers on a public address"
        )
        facts = {
            "type": "azurerm_kubernetes_cluster", "version": plain(properties.get("currentKubernetesVersion") or properties.get("kubernetesVersion")), "id": plain(each.get("id")),
            "exposure": exposure, "exposure_why": why, "source_ranges": ranges, "endpoint": plain(properties.get("fqdn")), "environment": self._environment(each),
        }  # fmt: skip
        told.add(ref, plain(each.get("name")), facts)

    def _site(self, each: dict[str, Any], told: Told, ref: AssetRef) -> None:
        properties = mapping(each.get("properties")) or each
        version = plain(dig(properties, "siteConfig", "linuxFxVersion"))
        images = unique([image_entry(version.partition("|")[2])] if version.upper().startswith("DOCKER|") else [])
        closed = plain(properties.get("publicNetworkAccess")).lower() == "disabled"
        exposure = "internal" if closed else "internet"
        facts = {
            "type": "azurerm_linux_function_app" if _is_function(each) else "azurerm_linux_web_app", "images": images, "state": plain(properties.get("state")), "exposure": exposure,
            "exposure_why": "public network access is disabled" if closed else "it answers on a public name", "https_only": properties.get("httpsOnly"),
            "runtime": "" if images else version, "environment": self._environment(each),
        }  # fmt: skip
        told.add(ref, plain(each.get("name")), facts, confidence=0.9)
        if facts["state"] in {"", "Running"}:
            told.runs(ref, images)
        _answers(plain(properties.get("defaultHostName")), exposure, ref, told)

    def _group(self, each: dict[str, Any], told: Told, ref: AssetRef) -> None:
        properties = mapping(each.get("properties")) or each
        images = _images(rows(properties.get("containers"), 50))
        address = mapping(properties.get("ipAddress")) or mapping(properties.get("ip_address"))
        exposure = "internet" if plain(address.get("type")) == "Public" else "internal"
        facts = {
            "type": "azurerm_container_group", "images": images, "exposure": exposure, "environment": self._environment(each),
            "exposure_why": f"has the public address {plain(address.get('ip'))}" if exposure == "internet" else "has no public address",
        }  # fmt: skip
        told.add(ref, plain(each.get("name")), facts)
        told.runs(ref, images)

    def _database(self, each: dict[str, Any], told: Told, ref: AssetRef) -> None:
        facts = {
            "type": "azurerm_mssql_database", "engine": "mssql", "server": ref.key.split("/databases/")[0].rpartition("/")[2], "state": plain(each.get("status")),
            "environment": self._environment(each), "sku": plain(each.get("currentServiceObjectiveName") or dig(each, "currentSku", "name")),
        }  # fmt: skip
        told.add(ref, plain(each.get("name")), facts)


def _gaps(value: dict[str, Any]) -> list[str]:
    if plain(value.get("nextLink")):
        return [GOES_ON]
    return ["it tells of a single resource, not of all"] if "id" in value else []


def _is_function(each: dict[str, Any]) -> bool:
    return "functionapp" in plain(each.get("kind")).lower()


def _images(containers: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the images of containers; some answers hold a container's own fields one level deeper."""
    return unique(
        image_entry(plain(one.get("image") or dig(one, "properties", "image")), container=plain(one.get("name")))
        for one in containers
    )


def _answers(host: str, exposure: str, ref: AssetRef, told: Told) -> None:
    if host:
        domain = told.add(AssetRef(AssetKind.DOMAIN, host.lower()), host.lower(), {"exposure": exposure})
        told.edge(RelationKind.EXPOSES, domain, ref)


def read_azure(given: Sequence[Given], said: Said) -> list[Dump]:
    """Return what the answers say, a dump for each subscription and service."""
    return _Reading(said).read(given)
