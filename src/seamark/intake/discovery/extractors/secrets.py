"""Where services take their secrets from: Vault, the clouds' secret managers, SOPS, sealed secrets, files of settings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.code.programs import LARGEST
from seamark.intake.discovery.code.services import services
from seamark.intake.discovery.code.signs import code_language, is_aside
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

NAME: Final = "secrets"


class Store(NamedTuple):
    """A sort of secret store, and by what it is seen in code."""

    kind: str
    title: str
    seen: re.Pattern[str]
    hints: tuple[str, ...]
    """Plain texts of which one stands in every file that uses it: quick to look for."""


_STORES: Final = (
    Store("vault", "HashiCorp Vault", re.compile(r"\bimport hvac\b|\bhvac\.Client\(|require\(['\"]node-vault|from ['\"]node-vault|hashicorp/vault/api|spring\.cloud\.vault|org\.springframework\.vault|\bVaultSharp\b|\bVault::Client\b|\bvaultrs\b"), ("hvac", "vault", "Vault")),
    Store("aws-secrets-manager", "AWS Secrets Manager", re.compile(r"(?:client|resource)\(\s*['\"]secretsmanager['\"]|@aws-sdk/client-secrets-manager|service/secretsmanager|services\.secretsmanager|Amazon\.SecretsManager|Aws::SecretsManager|aws_sdk_secretsmanager"), ("secretsmanager", "secrets-manager", "SecretsManager", "secrets_manager")),
    Store("aws-ssm", "AWS Systems Manager parameters", re.compile(r"(?:client|resource)\(\s*['\"]ssm['\"]|@aws-sdk/client-ssm|service/ssm\b|services\.ssm\b|Amazon\.SimpleSystemsManagement|Aws::SSM|aws_sdk_ssm"), ("ssm", "SSM", "SimpleSystems")),
    Store("gcp-secret-manager", "Google Secret Manager", re.compile(r"google\.cloud(?:\.secretmanager| import secretmanager)|@google-cloud/secret-manager|cloud\.google\.com/go/secretmanager|Google\.Cloud\.SecretManager|com\.google\.cloud\.secretmanager"), ("secretmanager", "secret-manager", "SecretManager")),
    Store("azure-key-vault", "Azure Key Vault", re.compile(r"azure\.keyvault|@azure/keyvault|Azure\.Security\.KeyVault|AddAzureKeyVault|com\.azure\.security\.keyvault|azsecrets"), ("keyvault", "KeyVault", "azsecrets")),
    Store("doppler", "Doppler", re.compile(r"\bdoppler(?:sdk|-sdk)?\b.{0,40}(?:import|require|run)|import .{0,40}doppler"), ("oppler",)),
    Store("keyring", "The system's keyring", re.compile(r"^[ \t]*import keyring\b|require\(['\"]keytar", re.MULTILINE), ("import keyring", "keytar")),
    Store("dotenv", "Files of environment variables", re.compile(r"\bload_dotenv\(|require\(['\"]dotenv|from ['\"]dotenv|import ['\"]dotenv/config|joho/godotenv|\bDotenv\.(?:load|configure)|\bdotenvy?::|Dotenv\\Dotenv"), ("otenv",)),
)  # fmt: skip
_NAMED: Final = re.compile(
    r"(?:SecretId|secret_id|secretName|secret_name|SecretName|Name)\s*[=:]\s*['\"]([\w/+=.@-]{3,200})['\"]"
)
_MOST_NAMES: Final = 50


@extractor(NAME, title="Secret stores: where services take their secrets from")
def extract(tree: Tree) -> Iterator[Found | Relation]:
    """Yield the secret stores that code and files of the tree use, and which service reads them."""
    yield from _in_code(tree)
    yield from _in_files(tree)


def _in_code(tree: Tree) -> Iterator[Found | Relation]:
    seen: set[tuple[str, str]] = set()
    for path in tree.files:
        if not code_language(path) or is_aside(path):
            continue
        service = tree.once(services).of(path)
        text = tree.text(path) if service is not None else None
        if service is None or text is None or len(text) > LARGEST:
            continue
        for store in _STORES:
            if (
                not any(hint in text for hint in store.hints)
                or (service.folder, store.kind) in seen
                or (match := store.seen.search(text)) is None
            ):
                continue
            seen.add((service.folder, store.kind))
            at = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            ref = AssetRef(AssetKind.SECRET_STORE, f"{service.ref.key}#{store.kind}")
            facts: dict[str, Any] = {"kind": store.kind}
            if names := list(dict.fromkeys(_NAMED.findall(text)))[:_MOST_NAMES]:
                facts["secrets"] = names
            yield Found(ref=ref, name=store.title, origin=NAME, at=at, confidence=0.8, facts=facts)
            yield Relation(kind=RelationKind.READS, source=service.ref, target=ref, origin=NAME, at=at, confidence=0.8)


_SEALED: Final = re.compile(r"^kind:\s*[\"']?(SealedSecret|SopsSecret)\b", re.MULTILINE)
_SOPS: Final = re.compile(r"^sops:\s*$|^[ \t]*\"sops\":\s*\{|^sops_version=", re.MULTILINE)


def _in_files(tree: Tree) -> Iterator[Found | Relation]:
    for path in tree.files:
        name = path.rpartition("/")[2]
        if is_aside(path):
            continue
        kind = title = ""
        line = 1
        if name in {".sops.yaml", ".sops.yml"}:
            kind, title = "sops", "SOPS: rules for encrypted files"
        elif name == ".env" or (
            name.startswith(".env.") and not name.endswith((".example", ".sample", ".template", ".dist", ".md"))
        ):
            kind, title = "dotenv", "A file of environment variables that is kept in the repository"
        elif name.endswith((".yaml", ".yml", ".json", ".env", ".enc")):
            text = tree.text(path)
            if (
                text is None
                or len(text) > LARGEST
                or ("sops" not in text and "SealedSecret" not in text and "SopsSecret" not in text)
            ):
                continue
            if match := _SEALED.search(text):
                kind, title = "sealed-secrets", "A sealed secret of Kubernetes"
            elif "ENC[" in text and (match := _SOPS.search(text)):
                kind, title = "sops", "A file encrypted by SOPS"
            line = text.count("\n", 0, match.start()) + 1 if match else 1
        if not kind:
            continue
        ref = tree.ref(AssetKind.SECRET_STORE, path)
        facts: dict[str, Any] = {"kind": kind, "encrypted": kind != "dotenv"}
        if kind == "dotenv":
            text = tree.text(path) or ""
            names = re.findall(r"^[ \t]*(?:export\s+)?([A-Za-z_]\w*)\s*=", text, re.MULTILINE)
            secret = [each for each in names if _SECRET.search(each)]
            if not secret:
                continue
            facts["secrets"] = secret[:_MOST_NAMES]
        yield Found(ref=ref, name=title, origin=NAME, at=f"{path}:{line}", facts=facts)
        service = tree.once(services).of(path)
        if service is not None and service.folder:
            yield Relation(
                kind=RelationKind.READS,
                source=service.ref,
                target=ref,
                origin=NAME,
                at=f"{path}:{line}",
                confidence=0.7,
            )


_SECRET: Final = re.compile(
    r"(?:SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE|CREDENTIAL|_KEY$|_PASS$|DSN$|DATABASE_URL)", re.IGNORECASE
)
