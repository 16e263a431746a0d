"""A cluster through kubectl: for those whose credentials only kubectl can make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from seamark.core.errors import RemoteFailure
from seamark.intake.connectors.clusters.kinds import LISTS, Listed
from seamark.intake.connectors.clusters.kubernetes import MOST_BYTES, Answer, are_namespaces, look_of, page_of
from seamark.intake.connectors.clusters.look import Look
from seamark.intake.connectors.clusters.process import answer
from seamark.intake.connectors.clusters.programs import Program
from seamark.intake.discovery.infrastructure.values import plain
from seamark.intake.dumps.dump import Said

_SECONDS: Final = 60.0


def look_with_kubectl(
    said: Said, namespaces: Sequence[str] = (), *, kubeconfig: str = "", context: str = "",
    progress: Callable[[str], None] = lambda _: None,
) -> Look:  # fmt: skip
    """Read all lists of a cluster, or those of some namespaces, and return what they say. Raises `RemoteFailure`, `UnreadableReport`."""
    are_namespaces(namespaces)
    options = [*([f"--kubeconfig={kubeconfig}"] if kubeconfig else []), *([f"--context={context}"] if context else [])]
    program = Program("kubectl", [*options, f"--request-timeout={_SECONDS:g}s", "--output=json"], progress=progress)
    served = _served(program.path, options)
    room = MOST_BYTES
    answers: dict[str, Answer] = {}
    for listed in LISTS:
        name = f"{listed.name}.{listed.group}" if listed.group else listed.name
        if (not listed.everywhere and name not in served) or (listed.name == "nodes" and namespaces):
            continue
        answers[listed.label] = found = _answer(program, listed, name, namespaces)
        room -= sum(map(len, found.pages))
        if room < 0:
            answers[listed.label] = Answer(problem=f"the lists are larger than {MOST_BYTES // 1024**2:,} MB together")
    return look_of(answers, said, namespaces)


def _served(path: str, options: Sequence[str]) -> frozenset[str]:
    """Return the lists that the server has. Raises `RemoteFailure` where it cannot be asked."""
    words = [path, "api-resources", "--verbs=list", "--output=name", f"--request-timeout={_SECONDS:g}s", *options]
    told = answer(words, timeout=_SECONDS * 2, most=4 * 1024**2)
    return frozenset(told.decode("utf-8", "replace").split())


def _answer(program: Program, listed: Listed, name: str, namespaces: Sequence[str]) -> Answer:
    asked = [["--all-namespaces"]] if listed.spaced else [[]]
    if namespaces:
        asked = [[f"--namespace={one}"] if listed.spaced else [one] for one in namespaces]
    found = Answer()
    for more in asked:
        try:
            value: Any = program.must("get", name, *more)
        except RemoteFailure as failure:
            return Answer(problem=str(failure))
        if not isinstance(value, dict):
            return Answer(problem="kubectl answers something that is no list")
        items = value["items"] if isinstance(value.get("items"), list) else [value]
        version = next((plain(one.get("apiVersion")) for one in items if isinstance(one, dict)), "") or "v1"
        found.pages.append(page_of(items, listed.kind, version))
    return found
