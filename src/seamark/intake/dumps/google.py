"""Answers of Google Cloud: Cloud Run, functions, Kubernetes clusters, databases, as `gcloud … list --format json` prints them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, RelationKind
from seamark.intake.discovery.infrastructure.places import environment_of
from seamark.intake.discovery.infrastructure.values import dig, mapping, plain, sequence
from seamark.intake.dumps.dump import GOES_ON, Dump, Given, Said, Told, image_entry, rows, unique

ORIGIN: Final = "google"
_PROJECT: Final = re.compile(r"projects/([^/\s]{1,100})/(?:locations|regions|zones|global|instances)")
_NAMESPACE: Final = re.compile(r"/namespaces/([^/\s]{1,100})/")
_ANYWHERE: Final = frozenset({"0.0.0.0/0", "::/0"})
_ONE: Final = "it tells of a single resource, not of all"


def sort_of(each: Any) -> str:
    """Return what a row is of: `run`, `revision`, `functions`, `gke`, `sql`; empty for what is none of Google's."""
    if not isinstance(each, dict):
        return ""
    version, kind, name, link = (plain(each.get(word)) for word in ("apiVersion", "kind", "name", "selfLink"))
    if version.startswith("serving.knative.dev/") and kind in {"Service", "Revision"}:
        metadata = mapping(each.get("metadata"))
        marks = {**mapping(metadata.get("labels")), **mapping(metadata.get("annotations"))}
        hosted = any("cloud.googleapis.com" in one or "run.googleapis.com" in one for one in marks)
        return ("run" if kind == "Service" else "revision") if hosted else ""
    if kind == "sql#instance":
        return "sql"
    if name.startswith("projects/"):
        if "/services/" in name and "template" in each:
            return "run"
        return "functions" if "/functions/" in name else ""
    return "gke" if "/clusters/" in link and ("currentMasterVersion" in each or "container.googleapis" in link) else ""


def is_google(value: Any) -> bool:
    """Tell whether a document is an answer of Google Cloud that can be read."""
    return bool(_sort(value))


def _rows(value: Any) -> list[dict[str, Any]]:
    if isinstance(value, dict):
        named = next(
            (value[word] for word in ("clusters", "services", "functions") if isinstance(value.get(word), list)), None
        )
        return rows(named) if named is not None else [value]
    return rows(value)


def _sort(value: Any) -> str:
    found = _rows(value)
    return sort_of(found[0]) if found else ""


class _Reading:
    def __init__(self, said: Said) -> None:
        self._said = said
        self._told: dict[tuple[str, str], Told] = {}
        self._digests: dict[str, dict[str, str]] = {}
        """Digests by revision, then by container."""

    def read(self, given: Sequence[Given]) -> list[Dump]:
        readers: dict[str, Callable[[dict[str, Any], Told, str], None]] = {
            "run": self._run, "functions": self._function, "gke": self._cluster, "sql": self._sql,
        }  # fmt: skip
        for each in given:
            for one in _rows(each.value):
                if sort_of(one) == "revision":
                    self._revision(one)
        for each in given:
            service = _sort(each.value)
            places: set[str] = set()
            for one in _rows(each.value):
                if (sort := sort_of(one)) in readers:
                    project = _project(one) or self._said.account or "unknown"
                    told = self._told.setdefault((project, sort), Told(ORIGIN))
                    readers[sort](one, told, project)
                    places.add(project)
            goes_on = isinstance(each.value, dict) and plain(each.value.get("nextPageToken"))
            single = isinstance(each.value, dict) and sort_of(each.value) != ""
            for project in places:
                self._told[project, service].partial += [GOES_ON] * bool(goes_on) + [_ONE] * single
        return [self._dump(project, sort, told) for (project, sort), told in sorted(self._told.items())]

    def _dump(self, project: str, sort: str, told: Told) -> Dump:
        account = told.add(AssetRef(AssetKind.CLOUD_ACCOUNT, project), project, {"provider": "google"})
        for ref in dict.fromkeys(each.ref for each in told.found):
            if ref.kind in {AssetKind.CLOUD_RESOURCE, AssetKind.DATA_STORE, AssetKind.CLUSTER}:
                told.edge(RelationKind.CONTAINS, account, ref)
        return told.dump(f"google {project} {sort}", runs=sort == "run")

    def _environment(self, each: dict[str, Any], name: str) -> str:
        labels = (
            mapping(each.get("labels"))
            or mapping(dig(each, "metadata", "labels"))
            or mapping(each.get("resourceLabels"))
        )
        return self._said.environment or environment_of(
            plain(labels.get("environment")), plain(labels.get("env")), name
        )

    def _revision(self, each: dict[str, Any]) -> None:
        name = plain(dig(each, "metadata", "name"))
        told = {
            plain(one.get("name")): plain(one.get("imageDigest"))
            for one in rows(dig(each, "status", "containerStatuses"), 50)
        }
        self._digests[name] = {**told, "": plain(dig(each, "status", "imageDigest"))}

    def _run(self, each: dict[str, Any], told: Told, project: str) -> None:
        metadata, second = mapping(each.get("metadata")), plain(each.get("name")).startswith("projects/")
        location = plain(mapping(metadata.get("labels")).get("cloud.googleapis.com/location"))
        key = (
            plain(each.get("name"))
            if second
            else f"projects/{project}/locations/{location}/services/{plain(metadata.get('name'))}"
        )
        template = mapping(each.get("template")) if second else mapping(dig(each, "spec", "template", "spec"))
        latest = (
            plain(each.get("latestReadyRevision")).rpartition("/")[2]
            if second
            else plain(dig(each, "status", "latestReadyRevisionName"))
        )
        ingress = (
            plain(each.get("ingress"))
            if second
            else plain(mapping(metadata.get("annotations")).get("run.googleapis.com/ingress"))
        )
        url = plain(each.get("uri")) if second else plain(dig(each, "status", "url"))
        open_to_all = ingress in {"", "all", "INGRESS_TRAFFIC_ALL", "INGRESS_TRAFFIC_UNSPECIFIED"}
        containers = rows(template.get("containers"), 50)
        name = key.rpartition("/")[2]
        facts: dict[str, Any] = {
            "type": "google_cloud_run_service", "orchestrator": "cloud run", "images": self._images(containers, latest), "ingress": ingress,
            "exposure": "internet" if open_to_all else "internal", "exposure_why": f"its ingress is {ingress or 'all'}", "url": url,
            "service_account": plain(template.get("serviceAccountName") or template.get("serviceAccount")), "environment": self._environment(each, name),
            "variables": sorted({plain(one.get("name")) for box in containers for one in rows(box.get("env"), 2_000)} - {""}),
            "ports": [port for box in containers for one in sequence(box.get("ports"))[:50] if isinstance(port := mapping(one).get("containerPort"), int)],
        }  # fmt: skip
        ref = told.add(AssetRef(AssetKind.CLOUD_RESOURCE, key), name, facts)
        told.runs(ref, facts["images"])
        _answers(url, facts["exposure"], ref, told)

    def _images(self, containers: list[dict[str, Any]], revision: str) -> list[dict[str, Any]]:
        digests = self._digests.get(revision, {})
        alone = len(containers) == 1
        return unique(
            image_entry(
                plain(one.get("image")), container=plain(one.get("name")),
                digest=(digests.get(plain(one.get("name"))) or (digests.get("", "") if alone else "")).rpartition("@")[2],
            )
            for one in containers
        )  # fmt: skip

    def _function(self, each: dict[str, Any], told: Told, _: str) -> None:
        key = plain(each.get("name"))
        config = mapping(each.get("serviceConfig"))
        url = plain(config.get("uri")) or plain(dig(each, "httpsTrigger", "url"))
        settings = plain(config.get("ingressSettings") or each.get("ingressSettings"))
        open_to_all = bool(url) and settings in {"", "ALLOW_ALL", "INGRESS_SETTINGS_UNSPECIFIED"}
        variables = mapping(config.get("environmentVariables")) or mapping(each.get("environmentVariables"))
        exposure = ("internet" if open_to_all else "internal") if url else ""
        facts = {
            "type": "google_cloudfunctions_function", "runtime": plain(dig(each, "buildConfig", "runtime") or each.get("runtime")), "url": url,
            "exposure": exposure, "exposure_why": f"its ingress is {settings or 'ALLOW_ALL'}" if exposure else "", "variables": sorted(variables)[:500],
            "service_account": plain(config.get("serviceAccountEmail") or each.get("serviceAccountEmail")), "environment": self._environment(each, key),
        }  # fmt: skip
        ref = told.add(AssetRef(AssetKind.CLOUD_RESOURCE, key), key.rpartition("/")[2], facts)
        _answers(url, exposure, ref, told)

    def _cluster(self, each: dict[str, Any], told: Told, _: str) -> None:
        name = plain(each.get("name"))
        private = dig(each, "privateClusterConfig", "enablePrivateEndpoint") is True
        limited = dig(each, "masterAuthorizedNetworksConfig", "enabled") is True
        ranges = [
            plain(one.get("cidrBlock")) for one in rows(dig(each, "masterAuthorizedNetworksConfig", "cidrBlocks"), 200)
        ]
        exposure = "internal" if private else "partner" if limited and not _ANYWHERE & set(ranges) else "internet"
        why = (
            "its API has a private address only"
            if private
            else "its API is open to some networks"
            if exposure == "partner"
            else "its API answers on a public address"
        )
        facts = {
            "type": "google_container_cluster", "version": plain(each.get("currentMasterVersion")), "endpoint": plain(each.get("endpoint")), "exposure": exposure,
            "exposure_why": why, "source_ranges": ranges, "location": plain(each.get("location")), "environment": self._environment(each, name), "id": plain(each.get("selfLink")),
        }  # fmt: skip
        told.add(AssetRef(AssetKind.CLUSTER, name), name, facts)

    def _sql(self, each: dict[str, Any], told: Told, project: str) -> None:
        name = plain(each.get("name"))
        network = mapping(dig(each, "settings", "ipConfiguration"))
        ranges = [plain(one.get("value")) for one in rows(network.get("authorizedNetworks"), 200)]
        public = network.get("ipv4Enabled") is True
        exposure = "internet" if public and _ANYWHERE & set(ranges) else "partner" if public and ranges else "internal"
        why = f"open to {', '.join(ranges[:5])}" if ranges and public else "no network of others is let in"
        engine = plain(each.get("databaseVersion")).partition("_")[0].lower()
        facts = {
            "type": "google_sql_database_instance", "engine": {"postgres": "postgresql", "sqlserver": "mssql"}.get(engine, engine), "version": plain(each.get("databaseVersion")),
            "exposure": exposure, "exposure_why": why, "source_ranges": ranges, "environment": self._environment(each, name), "region": plain(each.get("region")),
        }  # fmt: skip
        told.add(AssetRef(AssetKind.DATA_STORE, f"projects/{project}/instances/{name}"), name, facts)


def _project(each: dict[str, Any]) -> str:
    for text in (plain(each.get("name")), plain(each.get("selfLink")), plain(dig(each, "metadata", "selfLink"))):
        found = _PROJECT.search(text) or _NAMESPACE.search(text)
        if found:
            return found[1]
    return plain(each.get("project")) or plain(dig(each, "metadata", "namespace"))


def _answers(url: str, exposure: str, ref: AssetRef, told: Told) -> None:
    host = url.partition("://")[2].partition("/")[0].lower()
    if host:
        domain = told.add(AssetRef(AssetKind.DOMAIN, host), host, {"exposure": exposure})
        told.edge(RelationKind.EXPOSES, domain, ref)


def read_google(given: Sequence[Given], said: Said) -> list[Dump]:
    """Return what the answers say, a dump for each project and service."""
    return _Reading(said).read(given)
