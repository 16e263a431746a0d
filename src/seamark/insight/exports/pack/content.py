"""All files of a pack but those that depend on the ledger's signature over them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from seamark.insight.exports.pack import form, oscal, printed, workbook
from seamark.insight.exports.pack.archive import File, as_json
from seamark.insight.exports.pack.script import verifier
from seamark.insight.exports.pack.shapes import Pack, counts, word

PROOFS: Final = "ledger/proofs.json"


def content(
    pack: Pack, evidence: Iterable[File], software: Iterable[File], proofs: dict[str, Any] | None
) -> list[File]:
    """Return the files of a pack: what people read, what tools read, evidence, software, proofs and the verifier.

    `proofs` is what the ledger says of the evidence; None leaves them out, for a pack that nothing vouches for.
    """
    found = [
        File("README.txt", _readme(pack, signed=proofs is not None).encode()),
        File("report.pdf", printed.report(pack)),
        File("report.xlsx", workbook.as_xlsx(pack)),
        File("report.json", as_json(pack)),
        File("oscal/assessment-results.json", oscal.assessment_results(pack)),
        File("oscal/component-definition.json", oscal.component_definition(pack)),
        File("verify.py", verifier()),
        *evidence,
        *software,
    ]
    plan = oscal.plan_of_action(pack)
    if plan is not None:
        found.append(File("oscal/poam.json", plan))
    if pack.framework.slug == form.FRAMEWORK:
        found.append(File("attestation-form.pdf", form.as_pdf(pack)))
        found.append(File("attestation-form.json", as_json(form.filled(pack))))
    if proofs is not None:
        found.append(File(PROOFS, as_json(proofs)))
    return found


def _readme(pack: Pack, *, signed: bool) -> str:
    told = counts(pack)
    lines: Sequence[str] = [
        f"Evidence of compliance: {pack.framework.title}",
        f"Scope: {pack.scope.kind} {pack.scope.name}",
        f"Period: {pack.period.label}, {pack.period.first} to {pack.period.last}",
        f"As of: {pack.as_of}",
        "Controls: " + ", ".join(f"{told[one]} {word(one)}" for one in told if told[one]),
        "",
        "report.pdf       for people",
        "report.xlsx      the same to sort and filter: controls, checks, evidence, plan of action",
        "report.json      the same for programs",
        "oscal/           OSCAL 1.1: assessment results, component definition, plan of action where there are gaps",
        "evidence/        what was frozen, as it was hashed",
        "software/        for each application: inventory (CycloneDX, SPDX) and VEX (OpenVEX, CSAF, CycloneDX)",
        "decisions/       waivers in force at the end, and what gates said in the period",
        "ledger/          proofs that the ledger of decisions has recorded each piece of evidence",
        "manifest.json    every file with its SHA-256",
        "seal.json        proof that the ledger has recorded the manifest",
        "verify.py        checks all of this offline; needs Python 3.8 and nothing else",
        "",
    ]
    how = (
        [
            "To verify: take the ledger's key and verify.py from the installation, not from this pack, and run",
            "    python3 verify.py PACK.zip --key NAME+ID+KEY",
        ]
        if signed
        else ["This pack is NOT sealed: it was made without the ledger's key, and nothing vouches for it."]
    )
    return "\n".join([*lines, *how, *([""] if pack.notes else []), *pack.notes, ""])
