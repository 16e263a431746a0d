"""Looks at a live cluster: its lists as the dumps that `kubectl get` would have printed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.api import Api, Refused
from seamark.intake.connectors.clusters.kinds import LISTS, OWNERS, WORKLOADS, Listed
from seamark.intake.connectors.clusters.look import Look, partly
from seamark.intake.discovery.infrastructure.values import mapping, plain, sequence
from seamark.intake.dumps.dump import Said
from seamark.intake.dumps.read import read_dumps

_NAMESPACE: Final = re.compile(r"[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?")
MOST_BYTES: Final = 1024**3
"""Of all lists together, after what nobody reads was left out."""
_PATIENCE: Final = 1
"""Lists in a row that may stay without any answer before no more are asked for."""
_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"


class Answer(Struct):
    """One list, or why there is none."""

    pages: list[bytes] = []
    version: str = ""
    problem: str = ""


def look_at_cluster(
    api: Api, said: Said, namespaces: Sequence[str] = (), *, progress: Callable[[str], None] = lambda _: None
) -> Look:  # fmt: skip
    """Read all lists of a cluster, or those of some namespaces, and return what they say.

    A list that cannot be read whole is left out, and the dump is partial: what it does not tell of stays as it was. Raises
    `RemoteFailure` where nothing could be read, `UnreadableReport` where nothing names the cluster.
    """
    are_namespaces(namespaces)
    return look_of(_Reading(api, namespaces).read(progress), said, namespaces)


def are_namespaces(names: Sequence[str]) -> None:
    """Raise `RemoteFailure` for what is no name of a namespace."""
    for name in names:
        if not _NAMESPACE.fullmatch(name):
            raise RemoteFailure(f"{name[:100]!r} is no name of a namespace", permanent=True)


def look_of(answers: Mapping[str, Answer], said: Said, namespaces: Sequence[str] = ()) -> Look:
    """Return what the lists of a cluster say, by their labels. Raises `RemoteFailure`, `UnreadableReport`."""
    problems = [f"{label}: {answer.problem}" for label, answer in answers.items() if answer.problem]
    failed = frozenset(label for label, answer in answers.items() if answer.problem)
    files = _understood(answers, failed)
    if not files:
        raise RemoteFailure(next(iter(problems), "The cluster tells of nothing"), permanent=False)
    word = "namespace" if len(namespaces) == 1 else "namespaces"
    narrow = [f"only {word} {', '.join(namespaces)} asked for"] if namespaces else []
    whole = not narrow or said.complete
    dumps = read_dumps(files, replace(said, partial=False, complete=whole))
    reasons = [*(["the caller says so"] if said.partial else []), *([] if whole else narrow), *problems]
    return Look(
        dumps=tuple(partly(dump, reasons) for dump in dumps), problems=tuple(problems), failed=failed,
        versions={label: answer.version for label, answer in answers.items() if answer.version},
    )  # fmt: skip


class _Reading:
    def __init__(self, api: Api, namespaces: Sequence[str]) -> None:
        self._api, self._namespaces = api, namespaces
        self._room = MOST_BYTES
        self._silent = 0
        """Lists in a row that nothing answered to."""

    def read(self, progress: Callable[[str], None]) -> dict[str, Answer]:
        groups = self._groups()
        found: dict[str, Answer] = {}
        for listed in LISTS:
            if listed.name == "nodes" and self._namespaces:
                continue  # they are of the whole cluster, which whoever sees some namespaces may not see
            if not listed.everywhere and groups is not None and listed.group not in groups:
                continue
            if self._silent > _PATIENCE:
                found[listed.label] = Answer(problem="not asked for: the cluster has stopped to answer")
                continue
            progress(listed.label)
            answer = self._answer(listed, groups)
            if answer is not None:
                found[listed.label] = answer
        return found

    def _groups(self) -> dict[str, list[str]] | None:
        """Return the versions of the groups that the server has, None where it does not say."""
        try:
            told = self._api.get("/apis")
        except Refused:
            return None
        return {
            plain(one.get("name")): [
                plain(mapping(version).get("version")) for version in sequence(one.get("versions"))[:50]
            ]
            for one in map(mapping, sequence(told.get("groups"))[:2_000])
        }

    def _answer(self, listed: Listed, groups: dict[str, list[str]] | None) -> Answer | None:
        """Return a list; None for one that this cluster does not have."""
        served = (groups or {}).get(listed.group)
        versions = [one for one in listed.versions if served is None or one in served] or list(listed.versions)
        for version in versions:
            try:
                found = self._whole(listed, version)
                self._silent = 0
                return found
            except Refused as refused:
                self._silent = 0
                missing, why = refused.status == 404, str(refused)
                if not missing:
                    return Answer(problem=why)
            except RemoteFailure as failure:
                if failure.permanent:
                    raise
                self._silent += 1
                return Answer(problem=str(failure))
        return Answer(problem=why) if listed.everywhere else None

    def _whole(self, listed: Listed, version: str) -> Answer:
        found = Answer()
        api_version = f"{listed.group}/{version}" if listed.group else version
        if not listed.spaced and self._namespaces:
            for name in self._namespaces:
                self._keep(found, [self._api.get(f"{listed.path(version)}/{name}")], listed.kind, api_version)
            return found
        for namespace in self._namespaces or [""]:
            begin = len(found.pages)
            for page in self._api.pages(listed.path(version, namespace)):
                if not page:
                    del found.pages[begin:]
                    continue
                metadata = mapping(page[0].get("metadata"))
                found.version = plain(metadata.get("resourceVersion"))[:100]
                self._keep(found, page[0]["items"], listed.kind, api_version)
        self._room -= sum(map(len, found.pages))
        return found

    def _keep(self, found: Answer, items: list[Any], kind: str, version: str) -> None:
        found.pages.append(page_of(items, kind, version))
        if sum(map(len, found.pages)) > self._room:
            raise Refused(0, f"the lists are larger than {MOST_BYTES // 1024**2:,} MB together")


def page_of(items: list[Any], kind: str, version: str) -> bytes:
    """Return objects as a list of the API, without what nobody reads."""
    objects = [_slim(each) for each in items if isinstance(each, dict)]
    return msgspec.json.encode({"apiVersion": version, "kind": f"{kind}List", "metadata": {}, "items": objects})


def _slim(each: dict[str, Any]) -> dict[str, Any]:
    """Return an object without what nobody reads and what is often the most of it."""
    metadata = dict(mapping(each.get("metadata")))
    metadata.pop("managedFields", None)
    notes = mapping(metadata.get("annotations"))
    if _APPLIED in notes:
        metadata["annotations"] = {name: text for name, text in notes.items() if name != _APPLIED}
    return {**each, "metadata": metadata}


def _understood(answers: Mapping[str, Answer], failed: frozenset[str]) -> list[tuple[str, bytes]]:
    """Return the lists that can be understood without those that failed: a workload whose pods nobody listed is not one without pods."""
    without = WORKLOADS if "pods" in failed else frozenset()
    gone = {OWNERS[label] for label in failed if label in OWNERS}
    found: list[tuple[str, bytes]] = []
    for label, answer in answers.items():
        if answer.problem or label in without:
            continue
        apart = bool(gone) and label in WORKLOADS
        found += [(label, _disowned(page, gone) if apart else page) for page in answer.pages]
    return found


def _disowned(page: bytes, gone: set[str]) -> bytes:
    """Return a page without the objects whose owners could not be listed, and without those owners."""
    content = msgspec.json.decode(page)
    kind = plain(content["kind"]).removesuffix("List")
    content["items"] = [
        each for each in content["items"] if kind not in gone and not any(plain(mapping(one).get("kind")) in gone for one in sequence(mapping(each.get("metadata")).get("ownerReferences")))
    ]  # fmt: skip
    return msgspec.json.encode(content)
