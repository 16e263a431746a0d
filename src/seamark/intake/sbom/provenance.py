"""Which build made an artefact, from which commit: SLSA provenance 0.1, 0.2 and 1.0 in in-toto statements."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec
from msgspec import Struct

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind, image_name
from seamark.core.component import parse_purl
from seamark.core.errors import UnreadableReport
from seamark.intake.parsers.kit.images import repository_address
from seamark.intake.parsers.kit.normalise import moment
from seamark.intake.parsers.kit.source import Source
from seamark.intake.sbom.envelopes import Digested, Opened, open_all
from seamark.intake.sbom.signatures import Key

_LENGTHS: Final = {"sha1": 40, "gitCommit": 40, "sha256": 64, "sha384": 96, "sha512": 128}
_MOST_PROBLEMS: Final = 50
ORIGIN: Final = "provenance"
VERIFIED, UNVERIFIED = 1.0, 0.7
"""Confidence in what a statement says: with a signature that a given key verified, and without."""
_PROVENANCE: Final = re.compile(r"https://slsa\.dev/provenance/v(0\.1|0\.2|1(?:\.\d+)?)")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_GIT: Final = re.compile(r"^(?:git\+|git:|ssh:|git@)|\.git(?:[@#]|$)")
_REGISTRY: Final = re.compile(r"(?:localhost|[^/]+\.[^/]+|[^/]+:\d+)/.+")


class Subject(Struct, frozen=True):
    """An artefact that a statement is about."""

    name: str
    digests: dict[str, str]


class Provenance(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one statement says, and what its signature is worth."""

    predicate_type: str
    slsa: str = ""
    """Version of SLSA provenance; empty for statements of other types, of which only the subjects are read."""
    subjects: tuple[Subject, ...] = ()
    builder: str = ""
    build_type: str = ""
    workflow: str = ""
    """Path of the pipeline's definition in the repository: `.github/workflows/release.yml`."""
    repository: str = ""
    """`github.com/acme/shop`."""
    commit: str = ""
    ref: str = ""
    """`refs/heads/main`, where it says so."""
    invocation: str = ""
    started: str = ""
    finished: str = ""
    signed: bool = False
    verified: bool | None = None
    """None where it was not tried: no key was given, or nothing is signed."""
    key: str = ""
    problems: tuple[str, ...] = ()


def read_provenance(source: Source, keys: Iterable[Key] = ()) -> tuple[Provenance, ...]:
    """Return what the statements in a file say, each verified by the keys. Raises `UnreadableReport`."""
    return tuple(_provenance(one) for one in open_all(source, keys))


class _Source(Struct):
    repository: str = ""
    commit: str = ""
    ref: str = ""
    workflow: str = ""


def _provenance(opened: Opened) -> Provenance:
    statement = opened.statement
    kind = _PROVENANCE.fullmatch(statement.predicate_type)
    problems = [opened.why] if opened.why else []
    said: dict[str, Any] = {}
    version = kind[1] if kind else ""
    if version:
        predicate = _predicate(statement.predicate)
        said, source = _second(predicate) if version.startswith("1") else _first(predicate)
        said.update(repository=source.repository, commit=source.commit, ref=source.ref, workflow=source.workflow)
        if not source.repository:
            problems.append("it does not say from which repository the artefact was built")
    subjects = tuple(Subject(_name(one), one.digest or {}) for one in statement.subject or ())
    if not subjects:
        problems.append("it names no artefact")
    elif not all(one.digests for one in subjects):
        problems.append("it names artefacts without a digest")
    for one in subjects:
        problems += [
            f"{sort} of {one.name[:100]!r} is not as long as it has to be"
            for sort, digest in one.digests.items()
            if len(digest) != _LENGTHS.get(sort, len(digest))
        ]
    return Provenance(
        predicate_type=statement.predicate_type,
        slsa=version,
        subjects=subjects,
        signed=opened.signed,
        verified=opened.verified,
        key=opened.key,
        problems=tuple(problems[:_MOST_PROBLEMS]),
        **{key: value for key, value in said.items() if value},
    )


def _name(one: Digested) -> str:
    return one.name or one.uri or ""


def _predicate(raw: msgspec.Raw) -> dict[str, Any]:
    try:
        found = msgspec.json.decode(raw) if len(raw) else {}
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableReport(f"The predicate of the attestation is wrongly made: {error}") from None
    if not isinstance(found, dict):
        raise UnreadableReport("The predicate of the attestation is no object")
    return found


def _object(value: Any, *path: str) -> dict[str, Any]:
    """Return the object at a path; an empty one where there is none."""
    for step in path:
        value = value.get(step) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def _text(value: Any, *path: str) -> str:
    """Return the text at a path; an empty one where there is none."""
    found = _object(value, *path[:-1]).get(path[-1])
    return found if isinstance(found, str) else ""


def _first(predicate: dict[str, Any]) -> tuple[dict[str, Any], _Source]:
    """Return what provenance 0.1 and 0.2 say."""
    metadata = _object(predicate, "metadata")
    config = _object(predicate, "invocation", "configSource")
    materials = [one for one in predicate.get("materials") or () if isinstance(one, dict)]
    recipe = _object(predicate, "recipe")
    at = recipe.get("definedInMaterial")
    if not config and isinstance(at, int) and 0 <= at < len(materials):
        config = materials[at]
    entry = _text(predicate, "invocation", "configSource", "entryPoint") or _text(recipe, "entryPoint")
    source = _from_resources([config] if config.get("uri") else [], materials)
    source.workflow = entry if "/" in entry or entry.endswith((".yml", ".yaml")) else ""
    return {
        "builder": _text(predicate, "builder", "id"),
        "build_type": _text(predicate, "buildType") or _text(recipe, "type"),
        "invocation": _text(metadata, "buildInvocationId") or _text(metadata, "buildInvocationID"),
        "started": moment(_text(metadata, "buildStartedOn")),
        "finished": moment(_text(metadata, "buildFinishedOn")),
    }, source


def _second(predicate: dict[str, Any]) -> tuple[dict[str, Any], _Source]:
    """Return what provenance 1.0 says: builders of several kinds each name their source in parameters of their own."""
    definition, details = _object(predicate, "buildDefinition"), _object(predicate, "runDetails")
    external = _object(definition, "externalParameters")
    materials = [one for one in definition.get("resolvedDependencies") or () if isinstance(one, dict)]
    source = _from_resources(_named_sources(external), materials)
    config = _object(external, "workflow") or _object(external, "buildConfigSource")
    source.workflow = _text(config, "path") or _text(external, "ciconfigpath")
    source.ref = source.ref or _text(config, "ref")
    if not source.commit and _COMMIT.fullmatch(commit := _text(external, "commithash")):
        source.commit = commit
    metadata = _object(details, "metadata")
    return {
        "builder": _text(details, "builder", "id"),
        "build_type": _text(definition, "buildType"),
        "invocation": _text(metadata, "invocationId") or _text(metadata, "invocationID"),
        "started": moment(_text(metadata, "startedOn")),
        "finished": moment(_text(metadata, "finishedOn")),
    }, source


def _named_sources(external: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the parameters of a build name as its source, surest first."""
    named: list[dict[str, Any]] = [
        {"uri": _text(external, field, "repository")} for field in ("workflow", "buildConfigSource")
    ]
    for field in ("source", "configSource", "sourceToBuild"):
        value = external.get(field)
        if isinstance(value, dict):
            named.append({"uri": value.get("uri") or value.get("repository"), "digest": value.get("digest")})
        else:
            named.append({"uri": value})
    remotes = external.get("remotes")
    named.append({"uri": external.get("projecturl")})
    named += [{"uri": one} for one in (remotes if isinstance(remotes, list) and len(remotes) == 1 else ())]
    return [one for one in named if isinstance(one["uri"], str) and one["uri"]]


def _from_resources(named: list[dict[str, Any]], materials: list[dict[str, Any]]) -> _Source:
    """Return repository and commit: of what the build names as its source, else of the only git repository among its materials."""
    fetched = [one for one in materials if _is_git(one)]
    addresses = {_address(one) for one in fetched}
    if not named and len(addresses) == 1:
        named = fetched[:1]
    for one in named:
        if address := _address(one):
            same = [one, *(other for other in fetched if _address(other) == address)]
            return _Source(
                repository=address,
                commit=next((commit for other in same if (commit := _commit(other))), ""),
                ref=next((ref for other in same if (ref := _ref(other))), ""),
            )
    return _Source()


def _is_git(resource: dict[str, Any]) -> bool:
    uri = resource.get("uri")
    digest = _object(resource, "digest")
    return isinstance(uri, str) and bool(
        _GIT.search(uri) or (digest.keys() & {"sha1", "gitCommit"} and _address(resource))
    )


def _address(resource: dict[str, Any]) -> str:
    """Return the repository in `git+https://github.com/acme/shop@refs/heads/main`."""
    uri = resource.get("uri")
    if not isinstance(uri, str):
        return ""
    head, mark, tail = uri.rpartition("@")
    return repository_address(head if mark and "/" in head.partition("://")[2] and ":" not in tail else uri)


def _ref(resource: dict[str, Any]) -> str:
    tail = str(resource.get("uri") or "").rpartition("@")[2]
    return tail if tail.startswith("refs/") else ""


def _commit(resource: dict[str, Any]) -> str:
    digest = _object(resource, "digest")
    for name in ("gitCommit", "sha1", "sha256"):
        value = digest.get(name)
        if isinstance(value, str) and _COMMIT.fullmatch(value.lower()):
            return value.lower()
    return ""


def _image(subject: Subject) -> str:
    """Return the image that a subject is, by its registry or its package URL; empty for other artefacts."""
    parsed = parse_purl(subject.name) if subject.name.startswith("pkg:") else None
    if parsed is not None and parsed.type in {"oci", "docker"}:
        qualifiers = parsed.qualifiers if isinstance(parsed.qualifiers, dict) else {}
        path = "/".join(part for part in (parsed.namespace, parsed.name) if part)
        return image_name(qualifiers.get("repository_url", "") or path)
    if parsed is None and "://" not in subject.name and _REGISTRY.fullmatch(subject.name):
        return image_name(subject.name)
    return ""


def told(provenance: Provenance) -> Iterator[Found | Relation]:
    """Yield the images that a statement is about, and what they were built from and by.

    Nothing where a given key did not verify the signature: who changed it may have changed all of it.
    """
    if provenance.verified is False or not provenance.slsa:
        return
    confidence = VERIFIED if provenance.verified else UNVERIFIED
    repository = AssetRef(AssetKind.REPOSITORY, provenance.repository)
    pipeline = AssetRef(AssetKind.PIPELINE, f"{provenance.repository}//{provenance.workflow.lstrip('/')}")
    for subject in provenance.subjects:
        name = _image(subject)
        if not name:
            continue
        image = AssetRef(AssetKind.IMAGE, name)
        digest = subject.digests.get("sha256", "")
        yield Found(
            ref=image,
            origin=ORIGIN,
            confidence=confidence,
            facts={
                key: value
                for key, value in {
                    "digest": f"sha256:{digest}" if digest else "",
                    "source_repository": provenance.repository,
                    "source_commit": provenance.commit,
                    "source_ref": provenance.ref,
                    "builder": provenance.builder,
                    "build_invocation": provenance.invocation,
                    "provenance_verified": provenance.verified is True,
                    "provenance_key": provenance.key,
                }.items()
                if value != ""
            },
        )
        if not provenance.repository:
            continue
        at = provenance.commit
        yield Relation(
            kind=RelationKind.BUILT_FROM, source=image, target=repository, origin=ORIGIN, confidence=confidence, at=at
        )
        if provenance.workflow:
            yield Relation(
                kind=RelationKind.BUILDS, source=pipeline, target=image, origin=ORIGIN, confidence=confidence, at=at
            )
