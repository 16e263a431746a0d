"""Compose files: the services they start as workloads, with their images, ports, data and whom they talk to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final

from seamark.core.assets import AssetKind, AssetRef, Found, Listing, Relation, RelationKind
from seamark.intake.discovery.infrastructure.addresses import is_public_name
from seamark.intake.discovery.infrastructure.builds import Builds, builds_of
from seamark.intake.discovery.infrastructure.composefiles import Project, Service, as_mapping, env_file, variables
from seamark.intake.discovery.infrastructure.dockerfiles import fill as fill_arguments
from seamark.intake.discovery.infrastructure.images import engine_of, image_facts, read_image
from seamark.intake.discovery.infrastructure.links import Neighbour, Setting, links, uses
from seamark.intake.discovery.infrastructure.values import is_true, listed, mapping, plain, sequence, without_empty
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of, joined

_NAME: Final = "compose"
_RULE: Final = re.compile(r"Host\(([^()]{1,500})\)")
_HOST: Final = re.compile(r"[`'\"]([A-Za-z0-9*][A-Za-z0-9.*-]{0,250})[`'\"]")
_PORT: Final = re.compile(
    r"(?:(\[[0-9a-fA-F:]+\]|[0-9.]+|localhost):)?(?:([0-9]{0,5})(?:-([0-9]{1,5}))?:)?([0-9]{1,5})(?:-[0-9]{1,5})?(?:/(tcp|udp|sctp))?"
)
_SECURITY: Final = {"privileged": "privileged", "read_only": "read_only_root"}


@extractor(_NAME, title="Compose files: services, images, ports, data")
def extract(tree: Tree) -> Iterator[Found | Relation | Listing]:
    """Yield the workloads of compose files and what they are connected with."""
    builds = builds_of(tree)
    for project in builds.projects:
        for service in project.services.values():
            yield from _Reader(tree, builds, project, service).read()


class _Reader:
    """Reads one service of a project."""

    def __init__(self, tree: Tree, builds: Builds, project: Project, service: Service) -> None:
        self._tree, self._builds, self._project, self._service = tree, builds, project, service
        self._value = service.value
        self._at = f"{service.file}:{service.line}"
        self._ref = self._workload(service.name)
        self._sure = 1.0 if service.whole else 0.7

    def read(self) -> Iterator[Found | Relation]:
        """Yield the workload and its edges."""
        facts = self._facts()
        yield Found(
            ref=self._ref,
            name=self._service.name,
            origin=_NAME,
            at=self._at,
            confidence=self._sure,
            facts=without_empty(facts),
        )
        yield from self._image()
        yield from self._store()
        for name in self._depends():
            if name in self._project.services or name in self._project.around:
                yield self._edge(RelationKind.DEPENDS_ON, self._workload(name))
        settings = [Setting(name, value, self._at) for name, value in self._environment().items()]
        settings += [Setting("", each, self._at) for each in self._command() if "://" in each]
        yield from links(self._ref, settings, self._near, origin=_NAME, confidence=self._sure)
        yield from self._domains()

    def _workload(self, name: str) -> AssetRef:
        return AssetRef(AssetKind.WORKLOAD, f"{self._tree.repository}//compose/{name}")

    def _edge(self, kind: RelationKind, target: AssetRef, confidence: float = 1.0) -> Relation:
        return Relation(
            kind=kind,
            source=self._ref,
            target=target,
            origin=_NAME,
            at=self._at,
            confidence=min(self._sure, confidence),
        )

    def _facts(self) -> dict[str, Any]:
        value = self._value
        published, why = self._published()
        limits = mapping(mapping(mapping(value.get("deploy")).get("resources")).get("limits"))
        user = plain(value.get("user"))
        facts: dict[str, Any] = {
            "orchestrator": "compose", "image": plain(value.get("image")), "environment": self._project.environment, "files": list(self._project.files),
            "ports": self._ports(), "profiles": [plain(each) for each in listed(value.get("profiles"))], "depends_on": self._depends(),
            "replicas": mapping(value.get("deploy")).get("replicas", value.get("scale")), "user": user,
            "run_as_root": user.partition(":")[0] in {"0", "root"} if user else None,
            "host_network": True if value.get("network_mode") == "host" else None, "host_pid": True if value.get("pid") == "host" else None,
            "capabilities": [plain(each) for each in listed(value.get("cap_add"))], "limits": bool(limits or value.get("mem_limit")),
            "variables": sorted(self._environment()), "host_paths": self._host_paths(),
            "exposure": published, "exposure_why": why,
            "secrets": [plain(mapping(each).get("source") if isinstance(each, dict) else each) for each in listed(value.get("secrets"))],
        }  # fmt: skip
        return facts | {name: True for key, name in _SECURITY.items() if is_true(value.get(key))}

    def _image(self) -> Iterator[Found | Relation]:
        reference, build = plain(self._value.get("image")), self._value.get("build")
        if isinstance(build, (str, dict)):
            where = self._builds.said_at(self._at)
            if where is not None and where.dockerfile:
                ref = self._builds.image(where.dockerfile)
                image = read_image(reference)
                facts = {"dockerfile": where.dockerfile, "context": where.context or "."}
                facts |= image.facts if image is not None else {}
                yield Found(ref=ref, name=self._service.name, origin=_NAME, at=self._at, facts=facts)
                yield Relation(
                    kind=RelationKind.BUILT_FROM,
                    source=ref,
                    target=self._builds.service(where),
                    origin=_NAME,
                    at=self._at,
                )
                yield self._edge(RelationKind.RUNS, ref)
                base = read_image(self._base(where.dockerfile, build))
                if base is not None:
                    yield Found(ref=base.ref, name=base.ref.key, origin=_NAME, at=self._at, facts=base.facts)
                    yield Relation(kind=RelationKind.BASED_ON, source=ref, target=base.ref, origin=_NAME, at=self._at)
                return
        image = read_image(reference)
        if image is not None:
            yield from image_facts(image, self._builds, origin=_NAME, at=self._at)
            yield self._edge(RelationKind.RUNS, image.ref)

    def _store(self) -> Iterator[Found | Relation]:
        engine = self._engine(self._service)
        store = self._store_ref(self._service.name)
        if engine:
            variables = self._environment()
            database = next((variables[key] for key in ("POSTGRES_DB", "POSTGRES_USER", "MYSQL_DATABASE", "MARIADB_DATABASE", "MONGO_INITDB_DATABASE") if variables.get(key)), "")  # fmt: skip
            published, why = self._published()
            image = read_image(plain(self._value.get("image")))
            facts = {
                "engine": engine, "database": database, "version": image.tag if image else "", "volumes": self._volumes(),
                "environment": self._project.environment, "exposure": published, "exposure_why": why,
            }  # fmt: skip
            yield Found(ref=store, name=self._service.name, origin=_NAME, at=self._at, facts=without_empty(facts))
            yield from uses(self._ref, store, origin=_NAME, at=self._at, confidence=1.0)
            return
        for name in self._volumes():
            volume = AssetRef(AssetKind.DATA_STORE, f"{self._tree.repository}//compose/volume/{name}")
            yield Found(ref=volume, name=name, origin=_NAME, at=self._at, facts={"engine": "volume"})
            yield from uses(
                self._ref,
                volume,
                origin=_NAME,
                at=self._at,
                confidence=1.0,
                read_only=name in self._read_only_volumes(),
            )

    def _engine(self, service: Service) -> str:
        reference = plain(service.value.get("image"))
        if not reference or service.value.get("build"):
            where = self._builds.said_at(f"{service.file}:{service.line}")
            reference = (self._base(where.dockerfile, service.value.get("build")) if where else "") or reference
        return engine_of(reference)

    def _base(self, dockerfile: str, build: Any) -> str:
        """Return what the last stage of a Dockerfile stands on, with the build arguments of the service."""
        read = self._builds.dockerfiles.get(dockerfile)
        if read is None:
            return ""
        given = {name: plain(value) for name, value in as_mapping(mapping(build).get("args")).items()}
        target = read.named(plain(mapping(build).get("target")))
        return fill_arguments(read.chain(target or read.stages[-1])[-1].base, given)

    def _store_ref(self, name: str) -> AssetRef:
        return AssetRef(AssetKind.DATA_STORE, self._workload(name).key)

    def _near(self, host: str) -> Iterator[Neighbour]:
        for name, service in {**self._project.around, **self._project.services}.items():
            if host in {
                name.lower(),
                plain(service.value.get("hostname")).lower(),
                plain(service.value.get("container_name")).lower(),
                *_aliases(service),
            }:
                yield Neighbour(self._workload(name), self._store_ref(name) if self._engine(service) else None)

    def _depends(self) -> list[str]:
        given = self._value.get("depends_on")
        names = list(mapping(given)) if isinstance(given, dict) else [plain(each) for each in sequence(given)]
        names += [plain(each).partition(":")[0] for each in sequence(self._value.get("links"))]
        return [each for each in dict.fromkeys(names) if each][:200]

    def _environment(self) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in listed(self._value.get("env_file"))[:20]:
            path = joined(
                folder_of(self._service.file), plain(each.get("path")) if isinstance(each, dict) else plain(each)
            )
            if path in self._tree.files:
                found.update(env_file(self._tree.text(path) or ""))
        given = as_mapping(self._value.get("environment"))
        passed = variables(self._tree, self._project.folder) if None in given.values() else {}
        for name, value in given.items():
            found[name] = plain(value) if value is not None else found.get(name) or passed.get(name, "")
        return dict(list(found.items())[:2_000])

    def _command(self) -> list[str]:
        return [
            plain(each) for key in ("entrypoint", "command") for each in listed(self._value.get(key)) if plain(each)
        ][:100]

    def _published(self) -> tuple[str, str]:
        """Return the exposure that the published ports give, and why."""
        wide: list[str] = []
        near: list[str] = []
        for each in sequence(self._value.get("ports"))[:500]:
            host, port = _address(each)
            if port:
                (near if host in {"127.0.0.1", "localhost", "[::1]"} else wide).append(port)
        if wide:
            return "internal", f"publishes {', '.join(wide[:10])} on all addresses of the host"
        if self._value.get("network_mode") == "host":
            return "internal", "shares the host's network"
        return ("none", f"publishes {', '.join(near[:10])} to the host itself only") if near else ("", "")

    def _ports(self) -> list[int]:
        found = []
        for each in [*sequence(self._value.get("ports")), *sequence(self._value.get("expose"))][:500]:
            target = (
                plain(each.get("target"))
                if isinstance(each, dict)
                else (m[4] if (m := _PORT.fullmatch(plain(each))) else "")
            )
            if target.isascii() and target.isdigit() and len(target) < 6:
                found.append(int(target))
        return list(dict.fromkeys(found))

    def _mounts(self) -> Iterator[tuple[str, bool]]:
        """Yield the source of each mount, and whether it is for reading only."""
        for each in sequence(self._value.get("volumes"))[:500]:
            if isinstance(each, dict):
                if each.get("type") != "tmpfs":
                    yield plain(each.get("source")), is_true(each.get("read_only"))
            else:
                parts = plain(each).split(":")
                if len(parts) > 1:
                    yield parts[0], "ro" in parts[-1].split(",")

    def _host_paths(self) -> list[str]:
        return [source for source, _ in self._mounts() if source.startswith(("/", ".", "~", "$"))]

    def _volumes(self) -> list[str]:
        return [source for source, _ in self._mounts() if source and not source.startswith(("/", ".", "~", "$"))]

    def _read_only_volumes(self) -> set[str]:
        return {source for source, read_only in self._mounts() if read_only}

    def _domains(self) -> Iterator[Found | Relation]:
        """Yield the hosts that a proxy's labels route here."""
        hosts = [plain(each) for each in (self._environment().get("VIRTUAL_HOST") or "").split(",")]
        labels = {
            **as_mapping(self._value.get("labels")),
            **as_mapping(mapping(self._value.get("deploy")).get("labels")),
        }
        for key, rule in labels.items():
            if key.startswith("traefik.") and key.endswith(".rule"):
                hosts += [host for inner in _RULE.findall(plain(rule)[:2_000]) for host in _HOST.findall(inner)]
            elif key == "caddy":
                hosts += re.split(r"[,\s]+", plain(rule)[:2_000])
        for host in dict.fromkeys(
            each.lower().removeprefix("https://") for each in hosts if each and "$" not in each and "{" not in each
        ):
            domain = AssetRef(AssetKind.DOMAIN, host)
            yield Found(ref=domain, name=host, origin=_NAME, at=self._at)
            yield Relation(kind=RelationKind.EXPOSES, source=domain, target=self._ref, origin=_NAME, at=self._at)
            if is_public_name(host):
                facts = {"exposure": "internet", "exposure_why": f"the proxy routes {host} here"}
                yield Found(ref=self._ref, origin=_NAME, at=self._at, confidence=0.7, facts=facts)


def _aliases(service: Service) -> set[str]:
    networks = mapping(service.value.get("networks"))
    return {plain(alias).lower() for each in networks.values() for alias in sequence(mapping(each).get("aliases"))}


def _address(port: Any) -> tuple[str, str]:
    """Return the address of the host that a port is published on (empty for all) and the port, both empty where nothing is published."""
    if isinstance(port, dict):
        published = plain(port.get("published")) or plain(port.get("target"))
        return plain(port.get("host_ip")), published
    match = _PORT.fullmatch(plain(port))
    if match is None:
        text = plain(port)
        return ("", text) if "$" in text else ("", "")
    return match[1] or "", match[2] or match[4]
