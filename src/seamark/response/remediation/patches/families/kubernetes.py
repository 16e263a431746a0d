"""Kubernetes: what containers and pods are allowed, in Pods and in everything that makes Pods."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

import yaml

from seamark.response.remediation.editors.notation.source import Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.yaml_ import child, read_yaml, text_of, uses
from seamark.response.remediation.patches.registry import Job, codemod
from seamark.response.remediation.patches.yaml_tree import put

FILES: Final = r"[^/]+\.ya?ml"
_WAYS: Final = {
    "Pod": ("spec",), "CronJob": ("spec", "jobTemplate", "spec", "template", "spec"),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "ReplicationController", "Job"), ("spec", "template", "spec")),
}  # fmt: skip
_QUANTITY: Final = re.compile(r"[0-9]+(?:\.[0-9]+)?(?:m|k|M|G|T|Ki|Mi|Gi|Ti)?")


def pods(job: Job) -> Iterator[tuple[list[yaml.Node], yaml.MappingNode]]:
    """Yield the specifications of the pods that a finding is about, with the roots of the file."""
    roots = read_yaml(job.source)
    waiting = list(roots)
    while waiting:
        root = waiting.pop(0)
        if text_of(child(root, "kind")) == "List" and isinstance(items := child(root, "items"), yaml.SequenceNode):
            waiting = [*items.value, *waiting]
            continue
        spec = child(root, *_WAYS.get(text_of(child(root, "kind")), ("no spec",)))
        if isinstance(spec, yaml.MappingNode) and _about(job, root):
            yield roots, spec


def _about(job: Job, node: yaml.Node) -> bool:
    return job.covers(node.start_mark.line + 1, max(node.end_mark.line, node.start_mark.line + 1))


def containers(job: Job) -> Iterator[tuple[list[yaml.Node], yaml.MappingNode, yaml.MappingNode]]:
    """Yield roots, pod and container for those that a finding is about: all of a pod where its lines are those of none of them."""
    for roots, spec in pods(job):
        mine: list[yaml.MappingNode] = []
        for group in ("initContainers", "containers"):
            found = child(spec, group)
            if isinstance(found, yaml.SequenceNode):
                mine += [each for each in found.value if isinstance(each, yaml.MappingNode)]
        about = [each for each in mine if _about(job, each)]
        for each in about or mine:
            if uses(roots, each) > 1:
                raise UnsafeEdit(f"{job.source.path} uses a container in several places (an anchor).")
            yield roots, spec, each


def _each_container(job: Job) -> Iterator[tuple[list[yaml.Node], yaml.MappingNode]]:
    for roots, _, container in containers(job):
        yield roots, container


def _set(
    where: Callable[[Job], Iterator[tuple[list[yaml.Node], yaml.MappingNode]]], name: str, title: str, about: tuple[str, ...], way: tuple[str, ...],
    value: str, *, note: str = "", checkov: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """Declare a patch that gives one field of each pod, or of each container, a value."""

    def fix(job: Job) -> Iterator[Splice]:
        for roots, node in where(job):
            if why := _hinders(way[-1], node):
                raise UnsafeEdit(f"{job.source.path} {why}")
            yield from put(job.source, roots, node, way, value)

    codemod(name, title=title, files=FILES, about=about, rules={"checkov": checkov}, note=note)(fix)


def _hinders(field: str, node: yaml.Node) -> str:
    """Return why a field of a pod or a container cannot be set, empty where it can."""
    if field == "allowPrivilegeEscalation" and text_of(child(node, "securityContext", "privileged")).lower() == "true":
        return "has a privileged container, which cannot be kept from more rights: take the privileges first."
    account = text_of(child(node, "serviceAccountName"))
    if field == "automountServiceAccountToken" and account not in {"", "default"}:
        return f"runs as {account}, which may be there to speak with the cluster."
    return ""


_on_container = partial(_set, _each_container)
_on_pod = partial(_set, pods)
_on_container(
    "kubernetes-privileged",
    "Take away the privileges of a container",
    ("kube-privileged",),
    ("securityContext", "privileged"),
    "false",
)
_on_container(
    "kubernetes-escalation",
    "Keep a container from getting more rights",
    ("kube-escalation",),
    ("securityContext", "allowPrivilegeEscalation"),
    "false",
)
_on_container(
    "kubernetes-read-only", "Make the root file system read-only", ("kube-read-only-root",), ("securityContext", "readOnlyRootFilesystem"), "true",
    note="What writes files needs a volume (emptyDir) where it writes, /tmp for example.",
)  # fmt: skip
_on_container(
    "kubernetes-pull-policy", "Pull the image at every start", ("kube-pull-policy",), ("imagePullPolicy",), "Always"
)
_on_pod(
    "kubernetes-host-network",
    "Give the pod a network of its own",
    ("kube-host-network",),
    ("hostNetwork",),
    "false",
    note="Ports of the host are not reached any more without a Service.",
)
_on_pod("kubernetes-host-processes", "Hide the host's processes", ("kube-host-processes",), ("hostPID",), "false")
_on_pod("kubernetes-host-ipc", "Keep the pod out of the host's IPC", ("kube-host-ipc",), ("hostIPC",), "false")
_on_pod(
    "kubernetes-service-token",
    "Do not mount the token of the service account",
    ("kube-service-token",),
    ("automountServiceAccountToken",),
    "false",
)
_on_pod(
    "kubernetes-seccomp",
    "Use the runtime's seccomp profile",
    ("kube-seccomp",),
    ("securityContext", "seccompProfile", "type"),
    "RuntimeDefault",
    checkov=("CKV_K8S_29",),
)


@codemod(
    "kubernetes-non-root",
    title="Run as somebody else than root",
    files=FILES,
    about=("kube-run-as-root", "kube-low-user"),
)
def non_root(job: Job) -> Iterator[Splice]:
    """Ask for a user that is not root; where root is asked for now, the new user has to be given."""
    for roots, spec, container in containers(job):
        said = child(container, "securityContext", "runAsUser") or child(spec, "securityContext", "runAsUser")
        if job.about == "kube-low-user" or text_of(said) == "0":
            user = job.need("user", "the image's user has to be given, as a number")
            if not user.isdigit() or int(user) == 0 or (job.about == "kube-low-user" and int(user) < 10_000):
                raise UnsafeEdit(f"{user!r} is no user that fits.")
            yield from put(job.source, roots, container, ("securityContext", "runAsUser"), user)
        if job.about == "kube-run-as-root":
            yield from put(job.source, roots, container, ("securityContext", "runAsNonRoot"), "true")


@codemod(
    "kubernetes-capabilities",
    title="Take the capabilities away",
    files=FILES,
    about=("kube-capabilities", "kube-raw-sockets"),
    note="Add those back that the program needs, by name.",
)
def capabilities(job: Job) -> Iterator[Splice]:
    """Drop all capabilities."""
    for roots, _, container in containers(job):
        dropped = child(container, "securityContext", "capabilities", "drop")
        if isinstance(dropped, yaml.SequenceNode) and any(text_of(each).upper() == "ALL" for each in dropped.value):
            continue
        if dropped is not None:
            raise UnsafeEdit(
                f"{job.source.path} names the capabilities to drop on line {dropped.start_mark.line + 1}: make them ALL, and add those back that are needed."
            )
        yield from put(job.source, roots, container, ("securityContext", "capabilities", "drop"), "[ALL]")


_RESOURCES: Final = {
    "kube-memory-limit": ("limits", "memory"), "kube-processor-limit": ("limits", "cpu"),
    "kube-memory-request": ("requests", "memory"), "kube-processor-request": ("requests", "cpu"),
}  # fmt: skip


@codemod("kubernetes-resources", title="Bound what a container takes", files=FILES, about=_RESOURCES)
def resources(job: Job) -> Iterator[Splice]:
    """Set a limit or request that is missing to the given amount."""
    group, name = _RESOURCES[job.about]
    for roots, _, container in containers(job):
        if child(container, "resources", group, name) is not None:
            continue
        amount = job.need(name, f"how much {name} it may take has to be given")
        if not _QUANTITY.fullmatch(amount):
            raise UnsafeEdit(f"{amount!r} is no amount.")
        yield from put(job.source, roots, container, ("resources", group, name), amount)
