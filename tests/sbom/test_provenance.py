"""Attestations: what they say, in every version, and what their signatures are worth."""

from __future__ import annotations

import base64
import importlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from seamark.core.assets import Found, Relation
from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.sbom import signatures
from seamark.intake.sbom.envelopes import IN_TOTO, pre_authentication
from seamark.intake.sbom.provenance import Provenance, read_provenance, told
from seamark.intake.sbom.signatures import Key, UnusableKey, load_keys, public_key
from tests.parsers.spoiler import spoil

COMMIT = "c" * 40
DIGEST = "d" * 64
SUBJECT = {"name": "ghcr.io/acme/shop", "digest": {"sha256": DIGEST}}
FIRST = {
    "builder": {"id": "https://acme.example/builder"},
    "recipe": {"type": "make", "definedInMaterial": 1, "entryPoint": "ci/build.yml"},
    "metadata": {"buildInvocationId": "run-1", "buildStartedOn": "2026-01-02T03:04:05Z"},
    "materials": [
        {"uri": "git+https://github.com/acme/tools", "digest": {"sha1": "e" * 40}},
        {"uri": "git+https://github.com/acme/shop@refs/tags/v1", "digest": {"sha1": COMMIT}},
    ],
}
SECOND = {
    "builder": {"id": "https://acme.example/builder"},
    "buildType": "workflow",
    "invocation": {
        "configSource": {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"sha1": COMMIT}, "entryPoint": ".github/workflows/release.yml"}
    },
    "metadata": {"buildInvocationID": "run-2"},
    "materials": [],
}  # fmt: skip
THIRD = {
    "buildDefinition": {
        "buildType": "https://actions.example/workflow/v1",
        "externalParameters": {"workflow": {"ref": "refs/heads/main", "repository": "https://github.com/acme/shop", "path": ".github/workflows/release.yml"}},
        "resolvedDependencies": [
            {"uri": "pkg:docker/alpine@3.20", "digest": {"sha256": "f" * 64}},
            {"uri": "git+https://github.com/acme/shop@refs/heads/main", "digest": {"gitCommit": COMMIT}},
        ],
    },
    "runDetails": {
        "builder": {"id": "https://acme.example/runner"},
        "metadata": {"invocationId": "https://github.com/acme/shop/actions/runs/1", "startedOn": "2026-01-02T03:04:05Z", "finishedOn": "2026-01-02T03:05:00Z"},
    },
}  # fmt: skip


def statement(predicate: object, version: str, **changes: Any) -> dict[str, Any]:
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [SUBJECT],
        "predicateType": f"https://slsa.dev/provenance/v{version}",
        "predicate": predicate,
        **changes,
    }


def envelope(payload: object, signatures: list[dict[str, str]] | None = None) -> dict[str, Any]:
    packed = base64.b64encode(json.dumps(payload).encode()).decode()
    return {"payloadType": IN_TOTO, "payload": packed, "signatures": signatures or []}


def read(document: Any, *keys: Key) -> tuple[Provenance, ...]:
    text = document if isinstance(document, str) else json.dumps(document)
    return read_provenance(from_bytes(text.encode(), "x"), keys)


@pytest.mark.parametrize(
    ("version", "predicate", "workflow", "ref", "builder"),
    [
        ("0.1", FIRST, "ci/build.yml", "refs/tags/v1", "https://acme.example/builder"),
        ("0.2", SECOND, ".github/workflows/release.yml", "refs/heads/main", "https://acme.example/builder"),
        ("1", THIRD, ".github/workflows/release.yml", "refs/heads/main", "https://acme.example/runner"),
        ("1.0", THIRD, ".github/workflows/release.yml", "refs/heads/main", "https://acme.example/runner"),
    ],
)
def test_each_version_leads_to_repository_and_commit(
    version: str, predicate: Any, workflow: str, ref: str, builder: str
) -> None:
    (one,) = read(statement(predicate, version))
    assert (one.slsa, one.repository, one.commit) == (version, "github.com/acme/shop", COMMIT)
    assert (one.workflow, one.ref, one.builder) == (workflow, ref, builder)
    assert [(subject.name, subject.digests) for subject in one.subjects] == [("ghcr.io/acme/shop", {"sha256": DIGEST})]
    assert one.invocation
    assert (one.signed, one.verified, one.problems) == (False, None, ("it is not signed",))


@pytest.mark.parametrize(
    ("external", "materials", "repository", "commit"),
    [
        ({"source": "git+https://gitlab.com/acme/shop"}, [{"uri": "git+https://gitlab.com/acme/shop", "digest": {"sha1": COMMIT}}], "gitlab.com/acme/shop", COMMIT),
        ({"source": {"uri": "https://github.com/acme/shop", "digest": {"sha1": COMMIT}}}, [], "github.com/acme/shop", COMMIT),
        ({"buildConfigSource": {"repository": "https://github.com/acme/shop", "path": "cloudbuild.yaml"}}, [], "github.com/acme/shop", ""),
        ({"projecturl": "https://gitlab.com/acme/shop", "commithash": COMMIT}, [], "gitlab.com/acme/shop", COMMIT),
        ({"remotes": ["git@github.com:acme/shop.git"], "commithash": "no commit"}, [], "github.com/acme/shop", ""),
        ({}, [{"uri": "https://github.com/acme/shop", "digest": {"sha1": COMMIT}}], "github.com/acme/shop", COMMIT),
        # Of two repositories none is guessed.
        ({}, [{"uri": "git+https://github.com/acme/shop"}, {"uri": "git+https://github.com/acme/tools"}], "", ""),
        ({"remotes": ["https://github.com/a/b", "https://github.com/c/d"]}, [], "", ""),
        ({"workflow": 7, "source": 8}, ["x", {"uri": 9, "digest": 10}], "", ""),
    ],
)  # fmt: skip
def test_builders_name_their_source_in_several_ways(
    external: Any, materials: Any, repository: str, commit: str
) -> None:
    predicate = {"buildDefinition": {"externalParameters": external, "resolvedDependencies": materials}}
    (one,) = read(statement(predicate, "1"))
    assert (one.repository, one.commit) == (repository, commit)
    assert ("it does not say from which repository the artefact was built" in one.problems) is (not repository)


def test_one_or_many_to_a_file() -> None:
    bare, packed = statement(SECOND, "0.2"), envelope(statement(THIRD, "1"))
    bundle = {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {},
        "dsseEnvelope": packed,
    }
    assert len(read(bundle)) == 1
    assert len(read(json.dumps(packed) + "\n" + json.dumps(bundle) + "\n")) == 2
    assert len(read(json.dumps(bare, indent=2) + "\n" + json.dumps(packed, indent=2))) == 2
    assert len(read([bare, packed])) == 2
    assert len(read({"attestations": [{"bundle": bundle}, {"predicateType": "x", "bundle": bundle}]})) == 2


def test_statements_of_other_types_name_their_artefacts() -> None:
    (one,) = read(statement({"certifier": {}}, "1", predicateType="https://in-toto.io/attestation/certify/v0.1"))
    assert (one.slsa, one.repository, len(one.subjects)) == ("", "", 1)
    assert list(told(one)) == []


def test_what_is_wrong_with_artefacts_is_told() -> None:
    subjects = [{"name": "a", "digest": {"sha256": "abc"}}, {"uri": "pkg:npm/b@1"}]
    (one,) = read(statement(SECOND, "0.2", subject=subjects))
    assert [subject.name for subject in one.subjects] == ["a", "pkg:npm/b@1"]
    assert one.problems[1:] == ("it names artefacts without a digest", "sha256 of 'a' is not as long as it has to be")
    assert read(statement(SECOND, "0.2", subject=[]))[0].problems[1] == "it names no artefact"


@pytest.mark.parametrize(
    ("document", "sentence"),
    [
        ({"hello": 1}, "no in-toto statement, but JSON without a type"),
        ({"_type": "link"}, "JSON of type 'link'"),
        ("{", "no attestation: not valid JSON"),
        ("[]", "There is no attestation"),
        ("[" * 5000, "for an attestation"),
        ({"payloadType": "text/plain", "payload": "aGk="}, "The envelope holds text/plain"),
        ({"payloadType": IN_TOTO, "payload": "*"}, "The payload of the attestation is no base64 text"),
        ({"messageSignature": {}, "mediaType": "x"}, "signs a file"),
        (statement([1], "1"), "is no object"),
        (statement(SECOND, "1", subject=7), "wrongly made"),
    ],
)
def test_what_is_no_attestation_is_refused_with_a_sentence(document: Any, sentence: str) -> None:
    with pytest.raises(UnreadableReport) as refused:
        read(document)
    assert sentence in str(refused.value)


def test_relations_and_facts_of_images() -> None:
    signed = Provenance(
        predicate_type="x", slsa="1", repository="github.com/acme/shop", commit=COMMIT, workflow=".github/workflows/release.yml", verified=True, key="k",
        signed=True, subjects=read(statement(THIRD, "1"))[0].subjects,
    )  # fmt: skip
    image, built, builds = told(signed)
    assert isinstance(image, Found)
    assert (image.ref.key, image.confidence, image.facts["digest"]) == ("ghcr.io/acme/shop", 1.0, f"sha256:{DIGEST}")
    assert (image.facts["source_commit"], image.facts["provenance_verified"], image.facts["provenance_key"]) == (
        COMMIT,
        True,
        "k",
    )
    assert isinstance(built, Relation)
    assert (built.kind.value, built.target.key, built.confidence) == ("built_from", "github.com/acme/shop", 1.0)
    assert isinstance(builds, Relation)
    assert (builds.kind.value, builds.source.key) == ("builds", "github.com/acme/shop//.github/workflows/release.yml")


@pytest.mark.parametrize(
    ("name", "image"),
    [
        ("ghcr.io/acme/shop:1.0@sha256:abc", "ghcr.io/acme/shop"), ("localhost:5000/shop", "localhost:5000/shop"), ("index.docker.io/library/alpine", "alpine"),
        ("pkg:docker/acme/shop@1", "acme/shop"), ("pkg:oci/shop@sha256:1?repository_url=ghcr.io/acme/shop", "ghcr.io/acme/shop"),
        ("pkg:npm/shop@1", ""), ("dist/shop.tar.gz", ""), ("shop", ""), ("git://github.com/acme/shop", ""), ("", ""),
    ],
)  # fmt: skip
def test_only_images_are_related(name: str, image: str) -> None:
    (one,) = read(statement(THIRD, "1", subject=[{"name": name, "digest": {"sha256": DIGEST}}]))
    found = list(told(one))
    assert {row.ref.key for row in found if isinstance(row, Found)} == ({image} if image else set())
    assert {row.confidence for row in found} <= {0.7}


def accepts(signature: bytes) -> Key:
    """Return a key that takes one signature of one message for good."""
    message = pre_authentication(IN_TOTO, json.dumps(statement(THIRD, "1")).encode())
    return Key("ours.pub", lambda given, over: (given, over) == (signature, message))


def test_a_signature_counts_where_a_given_key_verifies_it() -> None:
    document = envelope(
        statement(THIRD, "1"),
        [{"sig": base64.urlsafe_b64encode(b"\xff\xfe other").decode()}, {"sig": base64.b64encode(b"ok").decode()}],
    )
    (one,) = read(document, Key("other", lambda *_: False), accepts(b"ok"))
    assert (one.signed, one.verified, one.key, one.problems) == (True, True, "ours.pub", ())
    assert {row.confidence for row in told(one)} == {1.0}


def test_what_was_changed_after_it_was_signed_leads_nowhere() -> None:
    (one,) = read(envelope(statement(SECOND, "0.2"), [{"sig": base64.b64encode(b"ok").decode()}]), accepts(b"ok"))
    assert (one.signed, one.verified, one.key) == (True, False, "")
    assert "changed after it was signed" in one.problems[0]
    assert list(told(one)) == []


def test_without_key_or_signature_nothing_is_verified() -> None:
    signature = [{"sig": base64.b64encode(b"ok").decode()}]
    assert read(envelope(statement(THIRD, "1"), signature))[0].problems == ("no key was given to verify it with",)
    (one,) = read(envelope(statement(THIRD, "1")), accepts(b"ok"))
    assert (one.signed, one.verified, one.problems) == (False, None, ("the envelope has no signature",))


def test_pre_authentication_encoding_is_that_of_the_specification() -> None:
    assert (
        pre_authentication("http://example.com/HelloWorld", b"hello world")
        == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"
    )


def library(name: str) -> Any:
    return pytest.importorskip(f"cryptography.hazmat.primitives.{name}")


def signer(kind: str) -> Any:
    """Return a private key and the function that signs with it."""
    hashes, padding = library("hashes"), library("asymmetric.padding")
    if kind == "ed25519":
        key = library("asymmetric.ed25519").Ed25519PrivateKey.generate()
        return key, key.sign
    if kind.startswith("p"):
        curve = library("asymmetric.ec")
        key = curve.generate_private_key(
            {"p256": curve.SECP256R1, "p384": curve.SECP384R1, "p521": curve.SECP521R1}[kind[:4]]()
        )
        digest = (
            hashes.SHA256()
            if kind.endswith(("p256", "cosign"))
            else hashes.SHA384()
            if kind == "p384"
            else hashes.SHA512()
        )
        return key, lambda message: key.sign(message, curve.ECDSA(digest))
    key = library("asymmetric.rsa").generate_private_key(65537, 2048)
    if kind == "rsa pss":
        return key, lambda message: key.sign(message, padding.PSS(padding.MGF1(hashes.SHA256()), 32), hashes.SHA256())
    return key, lambda message: key.sign(message, padding.PKCS1v15(), hashes.SHA512())


def public_pem(key: Any) -> bytes:
    forms = library("serialization")
    return bytes(key.public_key().public_bytes(forms.Encoding.PEM, forms.PublicFormat.SubjectPublicKeyInfo))


@pytest.mark.parametrize("kind", ["ed25519", "p256", "p384", "p384 cosign", "p521", "rsa pss", "rsa pkcs1"])
def test_each_algorithm_verifies_and_refuses(kind: str, tmp_path: Path) -> None:
    key, sign = signer(kind)
    payload = json.dumps(statement(THIRD, "1")).encode()
    signature = base64.b64encode(sign(pre_authentication(IN_TOTO, payload))).decode()
    path = tmp_path / "ours.pub"
    path.write_bytes(public_pem(key))
    (known,) = load_keys([path])
    (good,) = read(envelope(statement(THIRD, "1"), [{"sig": signature}]), known)
    assert (good.verified, good.key) == (True, "ours.pub")
    tampered = statement({**THIRD, "extra": 1}, "1")
    (bad,) = read(envelope(tampered, [{"sig": signature}]), known)
    assert bad.verified is False
    other, _ = signer(kind)
    (foreign,) = read(envelope(statement(THIRD, "1"), [{"sig": signature}]), public_key(public_pem(other), "other"))
    assert foreign.verified is False


def test_a_certificate_is_a_key() -> None:
    x509 = pytest.importorskip("cryptography.x509")
    key, sign = signer("p256")
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "acme")])
    now = datetime(2026, 1, 1, tzinfo=UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, now, now + timedelta(days=1))
    certificate = builder.sign(key, library("hashes").SHA256())
    pem = certificate.public_bytes(library("serialization").Encoding.PEM)
    signature = sign(pre_authentication(IN_TOTO, json.dumps(statement(THIRD, "1")).encode()))
    (one,) = read(
        envelope(statement(THIRD, "1"), [{"sig": base64.b64encode(signature).decode()}]), public_key(pem, "cert")
    )
    assert one.verified is True


def test_unusable_keys_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnusableKey, match="keep the private one secret"):
        public_key(b"-----BEGIN EC PRIVATE KEY-----\n", "k")
    with pytest.raises(UnusableKey, match="cannot be read"):
        load_keys([tmp_path / "missing"])
    huge = tmp_path / "huge"
    huge.write_bytes(b"x" * 300_000)
    with pytest.raises(UnusableKey, match="larger than any key"):
        load_keys([huge])


def test_keys_that_sign_no_attestations_are_refused() -> None:
    short = library("asymmetric.rsa").generate_private_key(65537, 1024)
    with pytest.raises(UnusableKey, match="of a sort"):
        public_key(public_pem(short), "short")
    with pytest.raises(UnusableKey, match="no public key"):
        public_key(b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "broken")


def test_without_the_library_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(UnusableKey, match="not installed"):
        public_key(b"-----BEGIN PUBLIC KEY-----", "k")
    assert signatures.load_keys([]) == ()


@pytest.mark.parametrize(
    "document", [envelope(statement(THIRD, "1"), [{"sig": "b2s="}]), statement(FIRST, "0.1")], ids=["envelope", "bare"]
)
def test_spoiled_attestations_are_refused_or_read(document: dict[str, Any]) -> None:
    was_read = 0
    for _, spoiled in spoil(json.dumps(document).encode(), "attestation"):
        if not spoiled:
            continue
        try:
            for one in read_provenance(from_bytes(spoiled, "x"), [accepts(b"ok")]):
                list(told(one))
            was_read += 1
        except UnreadableReport:
            continue
    assert was_read
