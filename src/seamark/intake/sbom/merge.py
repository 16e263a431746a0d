"""Makes one inventory of several, the same whatever their order."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from seamark import __version__
from seamark.core.component import Component, DependsOn, package_key
from seamark.core.sbom import Entry, Sbom, Statement
from seamark.intake.parsers.kit.normalise import moment

TOOL: Final = f"seamark {__version__}"
_NAMESPACE: Final = uuid.UUID("6f1d5f0e-52a5-5b7b-9d5b-3d2f3a1c0e77")
"""Of serial numbers that are made from a document's content."""
_Identity = tuple[str, str, str]


def merge(sboms: Sequence[Sbom], name: str = "", version: str = "", statements: Iterable[Statement] = ()) -> Sbom:
    """Return one inventory of several. A component that is in more of them is in it once, with what each of them says.

    `name` and `version` are those of the whole; without a name, a single document keeps its subject and several have the subject
    "merged". `statements` are added to those of the documents; one that speaks of no component is left out, with a problem.
    """
    if not sboms:
        raise ValueError("there is nothing to merge")
    whole = _Whole()
    for one in sorted(sboms, key=_digest):
        whole.take(one, keep_subject=len(sboms) == 1 and not name)
    refs = whole.references()
    entries = {identity: whole.entry(identity, refs[identity]) for identity in sorted(refs)}
    if len(sboms) == 1 and not name and whole.subject is not None:
        root = refs[whole.subject]
        subject = entries.pop(whole.subject)
    else:
        root = _free(f"{name or 'merged'}@{version}" if version else name or "merged", set(refs.values()))
        subject = Entry(component=Component(name=name or "merged", version=version, ref=root), type="application")
    told, problems = whole.statements(statements, refs)
    merged = Sbom(
        format="cyclonedx",
        name=subject.component.name,
        created=max((found for one in sboms if (found := moment(one.created))), default=""),
        tools=tuple(sorted({TOOL, *(tool for one in sboms for tool in one.tools)})),
        authors=tuple(sorted({author for one in sboms for author in one.authors})),
        subject=subject,
        roots=(root,),
        entries=tuple(entries.values()),
        edges=whole.depends(refs, root, alone=len(sboms) == 1 and not name),
        statements=told,
        problems=tuple(problems),
    )
    return msgspec.structs.replace(merged, serial=f"urn:uuid:{uuid.uuid5(_NAMESPACE, _digest(merged))}")


def _digest(sbom: Sbom) -> str:
    return hashlib.sha256(msgspec.json.encode(sbom)).hexdigest()


def _free(wish: str, taken: set[str]) -> str:
    number, found = 1, wish
    while found in taken:
        number += 1
        found = f"{wish}#{number}"
    return found


class _Whole:
    """What was taken of the documents so far."""

    def __init__(self) -> None:
        self.subject: _Identity | None = None
        self._entries: dict[_Identity, list[Entry]] = {}
        self._edges: dict[_Identity, set[_Identity]] = {}
        self._roots: set[_Identity] = set()
        self._said: list[tuple[Statement, dict[str, _Identity]]] = []
        self._by_purl: dict[str, set[_Identity]] = {}

    def take(self, sbom: Sbom, *, keep_subject: bool) -> None:
        """Take a document."""
        named: dict[str, _Identity] = {}
        if sbom.subject is not None:
            identity = self._add(sbom.subject, named)
            self._roots.add(identity)
            if keep_subject:
                self.subject = identity
        for entry in sbom.entries:
            self._add(entry, named)
        self._roots.update(named[one] for one in sbom.roots if one in named)
        for edge in sbom.edges:
            if edge.ref in named:
                known = {named[one] for one in edge.targets if one in named}
                self._edges.setdefault(named[edge.ref], set()).update(known - {named[edge.ref]})
        self._said += [(one, named) for one in sbom.statements]

    def _add(self, entry: Entry, named: dict[str, _Identity]) -> _Identity:
        component = entry.component
        identity = (component.purl, "", "") if component.purl else (component.name, component.version, entry.type)
        self._entries.setdefault(identity, []).append(entry)
        named.setdefault(component.ref, identity)
        if component.purl:
            for key in (component.purl, package_key(component.purl)):
                self._by_purl.setdefault(key, set()).add(identity)
        return identity

    def references(self) -> dict[_Identity, str]:
        """Return what refers to each component in the whole."""
        refs: dict[_Identity, str] = {}
        taken: set[str] = set()
        for identity in sorted(self._entries):
            name, version, _ = identity
            refs[identity] = _free(f"{name}@{version}" if version else name or "unnamed", taken)
            taken.add(refs[identity])
        return refs

    def entry(self, identity: _Identity, ref: str) -> Entry:
        """Return a component with what all documents say of it."""
        given = self._entries[identity]
        parts = [one.component for one in given]
        first = min(given, key=lambda one: (one.component.name, one.component.version, one.type))
        scopes = {one.scope for one in parts}
        return Entry(
            component=Component(
                name=first.component.name,
                version=first.component.version,
                purl=first.component.purl,
                licences=tuple(sorted({text for one in parts for text in one.licences})),
                ref=ref,
                # What one of them needs when it runs is needed when it runs.
                scope=next((one for one in ("runtime", "", "optional", "development", "test") if one in scopes), ""),
                hashes=tuple(sorted({pair for one in parts for pair in one.hashes})),
                supplier=min((one.supplier for one in parts if one.supplier), default=""),
            ),
            type=max(one.type for one in given),
            given_purl=first.component.purl,
            cpes=tuple(sorted({text for one in given for text in one.cpes})),
            identifiers=tuple(sorted({text for one in given for text in one.identifiers})),
            layer=first.layer,
            source=max(one.source for one in given),
        )

    def depends(self, refs: dict[_Identity, str], root: str, *, alone: bool) -> tuple[DependsOn, ...]:
        """Return the edges; those of the whole lead to what the documents are about."""
        found = {refs[source]: {refs[one] for one in targets} for source, targets in self._edges.items() if targets}
        if not alone or self.subject is None:
            found[root] = {refs[one] for one in self._roots}
        return tuple(DependsOn(source, tuple(sorted(targets))) for source, targets in sorted(found.items()) if targets)

    def statements(
        self, more: Iterable[Statement], refs: dict[_Identity, str]
    ) -> tuple[tuple[Statement, ...], list[str]]:
        """Return what is said of components of the whole, and what was left out."""
        told: dict[bytes, Statement] = {}
        problems: dict[str, None] = {}
        for statement, named in [*self._said, *((one, {}) for one in more)]:
            meant = {
                refs[identity]
                for ref in statement.refs
                for identity in ({named[ref]} if ref in named else self._meant(ref))
            }
            if not meant:
                problems[f"the statement on {statement.vulnerability} speaks of no component of the inventory"] = None
                continue
            kept = msgspec.structs.replace(statement, refs=tuple(sorted(meant)))
            told[msgspec.json.encode(kept)] = kept
        return tuple(told[key] for key in sorted(told)), sorted(problems)[:50]

    def _meant(self, ref: str) -> set[_Identity]:
        """Return the components that a package URL means: of all versions where it names none."""
        found = self._by_purl.get(ref)
        return found if found is not None else self._by_purl.get(package_key(ref), set()) if "@" not in ref.rpartition("/")[2] else set()  # fmt: skip
