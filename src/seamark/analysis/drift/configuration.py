"""What runs otherwise than git declares. How many replicas run is nobody's drift: autoscalers change that."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from seamark.analysis.drift.known import Difference, Running

_SWITCHES: Final = (
    ("privileged", "privileged", True), ("run_as_root", "run-as-root", True), ("host_network", "host-network", True), ("host_pid", "host-pid", True),
    ("host_ipc", "host-ipc", True), ("privilege_escalation", "privilege-escalation", True), ("read_only_root", "read-only-root", False),
)  # fmt: skip
"""Facts that are true or false, the names they are told under, and which value is the less safe one."""
_INJECTED: Final = frozenset({"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"})


def differences(running: Running) -> list[Difference]:
    """Return every difference between what runs and its declaration; nothing where it has none. Only what both sides say is compared."""
    if running.declared is None:
        return []
    return [*_images(running), *_switches(running), *_sets(running), *_account(running)]


def _told(running: Running, field: str, runs: str, says: str, *, worse: bool = False) -> Difference:
    assert running.declared is not None  # noqa: S101 - the caller asked
    return Difference(
        workload=running.key, declared=running.declared.key, at=running.declared.at, field=field, runs=runs, says=says, worse=worse
    )  # fmt: skip


def _declared(running: Running) -> dict[str, Any]:
    return running.declared.facts if running.declared is not None else {}


def _by_container(entries: Any) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = {}
    for one in entries if isinstance(entries, list | tuple) else ():
        if isinstance(one, dict) and one.get("name"):
            found.setdefault(str(one.get("container", "")), []).append(one)
    return found


def _images(running: Running) -> Iterator[Difference]:
    runs, says = _by_container(running.images), _by_container(_declared(running).get("images"))
    for container in sorted(says):
        if container not in runs:
            if runs:
                yield _told(running, f"container {container}", "no such container", _references(says[container]))
            continue
        wanted = says[container][0]
        other = [one for one in runs[container] if _differs(one, wanted)]
        if other:
            yield _told(
                running, f"image of {container}" if container else "image", _references(other), _references([wanted])
            )
    for container in sorted(set(runs) - set(says)):
        if says:
            # A sidecar that something put there.
            yield _told(running, f"container {container}", _references(runs[container]), "no such container")


def _differs(runs: dict[str, Any], says: dict[str, Any]) -> bool:
    if says.get("digest"):
        return bool(runs.get("digest")) and (runs["name"], runs["digest"]) != (says["name"], says["digest"])
    return (runs["name"], runs.get("tag", "") or "latest") != (says["name"], says.get("tag", "") or "latest")


def _references(entries: list[dict[str, Any]]) -> str:
    shown = {
        one["name"]
        + (f":{one['tag']}" if one.get("tag") else "")
        + (f"@{one['digest']}" if one.get("digest") and not one.get("tag") else "")
        for one in entries
    }
    return ", ".join(sorted(shown))


def _switches(running: Running) -> Iterator[Difference]:
    says = _declared(running)
    for fact, field, unsafe in _SWITCHES:
        now, wanted = running.facts.get(fact), says.get(fact)
        if isinstance(now, bool) and isinstance(wanted, bool) and now is not wanted:
            yield _told(running, field, _yes(now), _yes(wanted), worse=now is unsafe)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _sets(running: Running) -> Iterator[Difference]:
    says = _declared(running)
    for fact, field in (
        ("variables", "variables"),
        ("ports", "ports"),
        ("capabilities", "capabilities"),
        ("host_paths", "host-paths"),
    ):
        if not isinstance(says.get(fact), list) and not (
            fact in {"capabilities", "host_paths"} and "privileged" in says
        ):
            continue  # whoever read the declaration did not look at it
        now, wanted = _set(running.facts.get(fact)), _set(says.get(fact))
        if fact == "variables":
            now -= _INJECTED
        more, less = sorted(now - wanted), sorted(wanted - now)
        if more or less:
            runs = "; ".join(
                filter(None, (f"also {_list(more)}" if more else "", f"without {_list(less)}" if less else ""))
            )
            yield _told(running, field, runs, _list(sorted(wanted)) or "none", worse=bool(more) and fact != "variables")


def _set(value: Any) -> set[str]:
    return {str(one) for one in value} if isinstance(value, list | tuple) else set()


def _list(words: list[str]) -> str:
    return ", ".join(words[:20]) + (f" and {len(words) - 20} more" if len(words) > 20 else "")


def _account(running: Running) -> Iterator[Difference]:
    now, wanted = running.facts.get("service_account"), _declared(running).get("service_account")
    if isinstance(now, str) and isinstance(wanted, str) and now and wanted and now != wanted:
        yield _told(running, "service-account", now, wanted)
