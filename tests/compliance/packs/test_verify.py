"""Verifying packs: offline with the script alone, and beside the database. What was changed, anywhere, is found."""

from __future__ import annotations

import base64
import json
import os
import random
import shutil
import subprocess
import sys
import zipfile
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db.models import F
from django.utils import timezone
from msgspec import structs

from seamark.governance.compliance.check import Check, checks
from seamark.governance.ledger.note import new_signer
from seamark.insight.exports.pack import verifier
from seamark.insight.exports.pack.script import verifier as script
from seamark.insight.exports.pack.shapes import Period
from seamark.pipeline.compliance import pack_offline, pack_verify, standing
from seamark.pipeline.compliance.scope import Scope
from seamark.store.access import everything
from seamark.store.models import (
    CheckStanding,
    ComplianceEvidence,
    ComplianceGap,
    EvidenceUse,
    Issue,
    LedgerEntry,
    Sbom,
)
from tests.compliance.packs.conftest import PCI


def files_of(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def run(script_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    # Isolated: no packages, no settings of ours, an empty environment.
    return subprocess.run(
        [sys.executable, "-I", "-S", str(script_path), *arguments],
        capture_output=True, text=True, env={"PATH": os.environ["PATH"]}, timeout=60, check=False,
    )  # fmt: skip


def test_the_script_verifies_a_pack_with_the_standard_library_alone(made: Path, key: str, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "verify.py"
    alone.parent.mkdir()
    alone.write_bytes(script())
    told = run(alone, str(made), "--key", key)
    assert (told.returncode, told.stderr) == (0, "")
    assert told.stdout.startswith("Good: ")
    kept = tmp_path / "ledger.pub"
    kept.write_text(key, "utf-8")
    assert run(alone, str(made), "--key", str(kept)).returncode == 0
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(made) as archive:
        archive.extractall(folder)
    assert run(folder / "verify.py", str(folder), "--key", key).returncode == 0
    (folder / "report.json").write_bytes(b"{}")
    assert run(alone, str(folder), "--key", key).returncode == 1
    assert run(alone, str(alone), "--key", key).returncode == 2, "that is no pack"
    assert run(alone, str(made), "--key", "nonsense+key").returncode == 2


def test_a_change_of_any_file_is_found(made: Path, key: str, tmp_path: Path) -> None:
    files = files_of(made)
    assert pack_offline.offline(made, key).ok
    for name, content in files.items():
        for at in {0, len(content) // 2, len(content) - 1}:
            changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
            other = packed(tmp_path / "other.zip", {**files, name: changed})
            try:
                told = pack_offline.offline(other, key)
            except pack_offline.UnusablePack:
                continue
            assert not told.ok, f"byte {at} of {name}"


def test_a_file_more_or_less_is_found(made: Path, key: str, tmp_path: Path) -> None:
    files = files_of(made)
    for name in files:
        less = packed(tmp_path / "less.zip", {one: content for one, content in files.items() if one != name})
        try:
            assert not pack_offline.offline(less, key).ok, name
        except pack_offline.UnusablePack:
            assert name == "manifest.json"
    more = packed(tmp_path / "more.zip", {**files, "evidence/E-999.json": b"{}"})
    assert pack_offline.offline(more, key).faults == ("evidence/E-999.json is not of this pack",)
    twice = tmp_path / "twice.zip"
    shutil.copy(made, twice)
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(twice, "a") as archive:
        archive.writestr("report.json", b"{}")
    assert any("2 times" in one for one in pack_offline.offline(twice, key).faults)


def test_a_change_with_a_manifest_to_fit_is_found(made: Path, key: str, tmp_path: Path) -> None:
    files = files_of(made)
    files["report.json"] = files["report.json"].replace(b'"fail"', b'"pass"')
    listed = json.loads(files["manifest.json"])
    listed["files"]["report.json"] = {
        "sha256": sha256(files["report.json"]).hexdigest(), "size": len(files["report.json"]),
    }  # fmt: skip
    files["manifest.json"] = json.dumps(listed).encode()
    told = pack_offline.offline(packed(tmp_path / "forged.zip", files), key)
    assert told.faults == ("manifest.json was changed: the ledger has recorded another one",)


def test_a_pack_that_is_sealed_with_another_key_is_found(made: Path, key: str, tmp_path: Path) -> None:
    told = pack_offline.offline(made, str(new_signer("tests.example/ledger").verifier))
    assert any("not signed by tests.example/ledger" in one for one in told.faults)
    files = files_of(made)
    seal = json.loads(files["seal.json"])
    for name, value in (("entry", seal["entry"].replace("compliance_pack", "compliance_peck")), ("index", 0), ("size", 1), ("hashes", [])):  # fmt: skip
        files["seal.json"] = json.dumps({**seal, name: value}).encode()
        assert not pack_offline.offline(packed(tmp_path / "seal.zip", files), key).ok, name


def test_evidence_without_an_entry_is_found(made: Path, key: str, tmp_path: Path) -> None:
    source = verifier.Source(made)
    told = verifier.Verdict()
    hashes = {name: source.digest(name)[0] for name in source.names if name.startswith("evidence/")}
    verifier.check_evidence(source, {**hashes, "evidence/E-77.json": "00"}, told, verifier.read_key(key))
    assert told.faults == ["evidence/E-77.json has no entry in the ledger"]
    assert told.entries == len(hashes) + 1, "the link has an entry too"


CHANGES: dict[str, Any] = {
    "a check's outcome": lambda: CheckStanding.objects.filter(check_name="critical-packages-in-30-days").update(
        yes=9, no=0, outcome="pass"
    ),
    "when a check failed": lambda: CheckStanding.objects.filter(check_name="critical-packages-in-30-days").update(
        since=F("since") - timedelta(days=400)
    ),
    "a gap that is taken out": lambda: ComplianceGap.objects.filter(framework=PCI).delete(),
    "the day a gap was due": lambda: ComplianceGap.objects.order_by("pk").update(due="2999-01-01"),
    "evidence that is renewed without a look": lambda: ComplianceEvidence.objects.filter(kind="file").update(
        renew_by="2999-01-01"
    ),
    "the content of evidence": lambda: ComplianceEvidence.objects.filter(kind="file").update(
        content=ComplianceEvidence.objects.exclude(kind="file").exclude(content=None)[:1].get().content
    ),
    "what evidence is for": lambda: EvidenceUse.objects.filter(control="6.1.1").update(control="6.1.2"),
    "evidence that is taken out": lambda: ComplianceEvidence.objects.filter(kind="link").delete(),
    "an issue's state": lambda: Issue.objects.filter(pk=Issue.objects.order_by("pk")[:1].get().pk).update(
        state=5, resolution="accepted"
    ),
    "an entry of the ledger": lambda: LedgerEntry.objects.filter(kind="evidence").update(actor="nobody"),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_change_of_any_row_behind_it_is_found(
    what: str, decided: None, unguarded: None, made: Path, key: str
) -> None:
    before = pack_verify.beside(everything(), made, key)
    assert (before.faults, before.since) == ((), ())
    assert before.rows
    CHANGES[what]()
    after = pack_verify.beside(everything(), made, key)
    assert not after.ok
    assert after.faults


def test_software_that_goes_on_is_told_and_no_fault(made: Path, payments: Scope, key: str) -> None:
    Issue.objects.filter(component__contains="urllib3").update(justification="")
    assert pack_verify.beside(everything(), made, key).ok
    Sbom.objects.filter(asset__application=payments.application).update(replaced_at=timezone.now())
    told = pack_verify.beside(everything(), made, key)
    assert told.ok
    assert any("sbom.cdx.json" in one for one in told.since)


def test_another_version_of_a_check_is_told_and_no_fault(made: Path, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    newer = {**checks()}
    old = newer["critical-packages-in-30-days"]
    newer[old.name] = Check(structs.replace(old.written, enough=50.0, partly=20.0))
    monkeypatch.setattr(standing, "checks", lambda: newer)
    told = pack_verify.beside(everything(), made, key)
    assert (told.ok, told.since) == (
        True,
        ("The framework or its checks are of another version by now: controls are not compared",),
    )
    ComplianceGap.objects.filter(framework="pci-dss-4").delete()
    assert not pack_verify.beside(everything(), made, key).ok, "the rest is compared still"


def test_the_signature_is_checked_as_the_standard_says() -> None:
    # RFC 8032, section 7.1, tests 1 and 2.
    vectors = (
        ("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
         "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"),
        ("3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
         "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"),
    )  # fmt: skip
    for key, text, signature in vectors:
        assert verifier.signed(bytes.fromhex(key), bytes.fromhex(signature), bytes.fromhex(text))


def test_the_signature_agrees_with_another_implementation() -> None:
    dice = random.Random(7)
    for length in (0, 1, 100):
        secret = Ed25519PrivateKey.from_private_bytes(dice.randbytes(32))
        public, text = secret.public_key().public_bytes_raw(), dice.randbytes(length)
        good = secret.sign(text)
        assert verifier.signed(public, good, text)
        for at in (0, 31, 32, 63):
            bad = good[:at] + bytes([good[at] ^ 4]) + good[at + 1 :]
            assert not verifier.signed(public, bad, text)
        assert not verifier.signed(public, good, text + b"x")
        assert not verifier.signed(public, good[:63], text)
        larger = int.from_bytes(good[32:], "little") + verifier.ORDER
        assert not verifier.signed(public, good[:32] + larger.to_bytes(32, "little"), text), "one signature, one text"


def test_a_key_of_small_order_vouches_for_nothing() -> None:
    neutral = (1).to_bytes(32, "little")
    assert not verifier.signed(neutral, neutral + bytes(32), b"anything")
    assert not verifier.signed(b"\xff" * 32, bytes(64), b"anything"), "this is no point"


def test_what_is_no_key_is_refused() -> None:
    good = str(new_signer("tests.example/ledger").verifier)
    name, identity, blob = good.split("+", 2)
    assert verifier.read_key(good)[0] == "tests.example/ledger"
    for bad in ("", "x", f"{name}+00000000+{blob}", f"{name}+{identity}+{base64.b64encode(b'short').decode()}"):
        with pytest.raises(verifier.Unusable):
            verifier.read_key(bad)


def test_a_pack_of_another_period_speaks_of_its_own(made: Path, period: Period) -> None:
    assert verifier.Source(made).document("manifest.json")["period"]["label"] == period.label
