"""Drift of everything that runs, as values and as findings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from seamark.analysis.drift.configuration import differences
from seamark.analysis.drift.images import judge
from seamark.analysis.drift.known import Difference, Drift, Image, Judged, Running, State
from seamark.core.finding import Finding, Rule
from seamark.core.kind import Kind
from seamark.core.location import ResourceLocation
from seamark.core.severity import Severity

TOOL: Final = "Seamark drift"
IDLE: Final = "drift/runs-nowhere"
_RULES: Final = {
    State.ATTESTATION_INVALID: (
        "An image runs whose attestation does not verify", Severity.CRITICAL,
        "Somebody changed the image or its attestation, or it was signed with a key that is not yours. Find out who pushed this digest; deploy one that verifies.",
    ),
    State.NEVER_SCANNED: (
        "An image runs that was never scanned", Severity.HIGH, "Scan the very digest that runs, and import the report with --image NAME@sha256:DIGEST.",
    ),
    State.SBOM_OF_ANOTHER_BUILD: (
        "The inventory of a running image is of another build", Severity.MEDIUM, "Make the SBOM from the digest that runs, and import it with --image NAME@sha256:DIGEST.",
    ),
    State.OLDER_THAN_CLEAN_BUILD: (
        "An image runs although a newer build is clean", Severity.MEDIUM, "Roll out the newer build.",
    ),
    State.ATTESTATION_MISSING: (
        "An image runs without an attestation of its origin", Severity.LOW, "Let the pipeline attest its builds (SLSA provenance), and sign them.",
    ),
}  # fmt: skip
_REMEDY: Final = (
    "Change it in git and roll that out, or put what was changed by hand back: the next roll-out overwrites it unasked."
)


def drift(running: Iterable[Running], known: Mapping[str, Image], *, idle: Iterable[Image] = ()) -> Drift:
    """Return how what runs differs from what is known. `idle` are the scanned images that run nowhere, where all that runs is known."""
    images: list[Judged] = []
    found: list[Difference] = []
    for one in running:
        images += judge(one, known)
        found += differences(one)
    return Drift(images=tuple(images), differences=tuple(found), idle=tuple(sorted(idle, key=lambda one: one.name)))


def findings(found: Drift, known: Mapping[str, Image], exposed: Iterable[str] = ()) -> Iterator[Finding]:
    """Yield drift as findings: one for each state of each image of a workload, each difference, each idle image.

    `exposed` are the keys of workloads that the internet reaches: there, what is not scanned weighs more.
    """
    open_to_all = set(exposed)
    told: set[tuple[str, str, State]] = set()
    for each in found.images:
        for state in each.states:
            # Two builds of one image in one workload, as during a roll-out, are one thing to mend.
            if state not in _RULES or (each.workload, each.image, state) in told:
                continue
            told.add((each.workload, each.image, state))
            if state is State.ATTESTATION_MISSING and not _is_attested(known.get(each.image)):
                continue
            yield _of_image(each, state, exposed=each.workload in open_to_all)
    for difference in found.differences:
        yield _of_difference(difference)
    for image in found.idle:
        yield _of_idle(image)


def _is_attested(image: Image | None) -> bool:
    """Tell whether an image is one that should have an attestation: others attest theirs as they see fit."""
    return image is not None and (image.own or bool(image.attestations))


def _of_image(each: Judged, state: State, *, exposed: bool) -> Finding:
    title, severity, remedy = _RULES[state]
    if state is State.NEVER_SCANNED and exposed:
        severity = Severity.CRITICAL
    return Finding(
        rule=f"drift/{state.value}", title=f"{title}: {each.image}"[:500], severity=severity, severity_given=severity.word, kind=Kind.MISCONFIGURATION,
        about=Rule(id=f"drift/{state.value}", title=title, remedy=remedy), location=ResourceLocation(resource=each.workload, type="workload"),
        description=f"{each.workload} runs {each.image}{':' + each.tag if each.tag else ''}@{each.digest}. {each.reasons[state.value]}.",
        remedy=remedy, fingerprints=(("drift/v1", f"{each.workload} {each.image}"),),
    )  # fmt: skip


def _of_difference(each: Difference) -> Finding:
    field = each.field.partition(" ")[0]
    severity = Severity.HIGH if each.worse and field in {"privileged", "host-network", "host-pid", "host-paths", "capabilities"} else Severity.MEDIUM if each.worse or field in {"image", "container", "service-account"} else Severity.LOW  # fmt: skip
    rule, title = f"drift/configuration-{field}", f"What runs is not what git declares: {field}"
    where = f"{each.at} ({each.declared})" if each.at else each.declared
    return Finding(
        rule=rule, title=f"What runs is not what git declares: {each.field}"[:500], severity=severity, severity_given=severity.word, kind=Kind.MISCONFIGURATION,
        about=Rule(id=rule, title=title, remedy=_REMEDY), location=ResourceLocation(resource=each.workload, type="workload"),
        description=f"{each.workload}: {each.field} runs as {each.runs}; {where} says {each.says}."[:16_000], remedy=_REMEDY,
        fingerprints=(("drift/v1", f"{each.workload} {each.field}"),),
    )  # fmt: skip


def _of_idle(image: Image) -> Finding:
    title = "An image is scanned and runs nowhere"
    remedy = "Stop building and scanning it, or find out why it is not deployed."
    return Finding(
        rule=IDLE, title=f"{title}: {image.name}"[:500], severity=Severity.INFO, severity_given="info", kind=Kind.MISCONFIGURATION,
        about=Rule(id=IDLE, title=title, remedy=remedy), location=ResourceLocation(resource=image.name, type="image"),
        description=f"No complete dump shows {image.name}. {len({one.digest for one in image.scans})} of its builds were scanned.", remedy=remedy,
        fingerprints=(("drift/v1", image.name),),
    )  # fmt: skip
