"""Waivers as code: documents of the kind `Waiver` in a bundle of policies become waivers, with the same rules as everywhere.

Who asks is the author of the commit; who approves stands in the document. And somebody who holds the right to approve has to
synchronise them, who vouches that this approval was given where the bundle is reviewed, and who is not the author either.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
import yaml
from django.conf import settings
from django.db import transaction
from msgspec import Meta, Struct

from seamark.core.errors import NotAllowed
from seamark.governance.policy.bundle import read_folder
from seamark.governance.policy.document import LARGEST
from seamark.governance.policy.kept.git import author_of, read_repository
from seamark.governance.policy.model import Mistake, Name, Source, Text, Word
from seamark.governance.waivers.limits import last_moment
from seamark.governance.waivers.words import Asked
from seamark.pipeline import waiving
from seamark.pipeline.bundles import cache
from seamark.store.access import APPROVES_WAIVERS, visible_to
from seamark.store.models import Application, Bundle, User, Waiver, WaiverLimits
from seamark.store.models.policies import BundleKind
from seamark.store.models.waivers import Scope, WaiverState

MOST: Final = 1_000
_LIVE: Final = (WaiverState.REQUESTED, WaiverState.APPROVED)
Reference = Annotated[str, Meta(pattern=r"^SM-[0-9]{1,15}$")]
Days = Annotated[int, Meta(ge=1, le=3650)]


class _Part(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """Keys are written in camel case; a key that is not known is a mistake."""


class Named(_Part, frozen=True):
    """Who the document is."""

    name: Name


class Wanted(_Part, frozen=True):
    """What is asked for. Exactly one of `issues`, `fix`, `query` and, alone, `policy` says what for."""

    reason: Word
    text: Text
    expires: date
    """The last day on which it counts."""
    approved_by: Word
    """User name."""
    requested_by: Word = ""
    """User name; in a git repository it can be left out, and is the author of the commit."""
    issues: tuple[Reference, ...] = ()
    fix: Annotated[int, Meta(ge=1)] | None = None
    query: Word = ""
    policy: Word = ""
    application: Word = ""
    control: Text = ""
    evidence: Text = ""


class Document(_Part, frozen=True):
    """A waiver as it is written."""

    api_version: Literal["seamark.dev/v1"]
    kind: Literal["Waiver"]
    metadata: Named
    spec: Wanted


class Limits(_Part, frozen=True):
    """The most days for each priority; less than the settings allow, or it has no effect."""

    p0: Days = 3650
    p1: Days = 3650
    p2: Days = 3650
    p3: Days = 3650
    p4: Days = 3650


class LimitsDocument(_Part, frozen=True):
    """Shorter limits, as they are written."""

    api_version: Literal["seamark.dev/v1"]
    kind: Literal["WaiverLimits"]
    spec: Limits
    metadata: Named | None = None


class Taken(Struct, frozen=True, kw_only=True):
    """What came of synchronising."""

    approved: tuple[str, ...] = ()
    revoked: tuple[str, ...] = ()
    """Those whose documents are gone, or were replaced."""
    unchanged: int = 0
    mistakes: tuple[Mistake, ...] = ()
    """Documents that were not taken over, each with the reason."""


def sync(bundle: Bundle, by: User) -> Taken:
    """Take the waivers of a bundle over; `by` vouches for them. What is wrong with one keeps none of the others away.

    Raises `NotAllowed` where `by` may approve nothing, and `SeamarkError` where the bundle cannot be read.
    """
    if by.is_service or not visible_to(by).may_anywhere(APPROVES_WAIVERS):
        raise NotAllowed("Waivers as code are synchronised by a person with the right to approve waivers")
    author, sources = "", []
    if bundle.kind == BundleKind.GIT:
        found = read_repository(
            bundle.location, cache(), branch=bundle.branch, path=bundle.path, token=settings.SEAMARK_POLICY_TOKEN
        )
        author, sources = author_of(bundle.location, cache(), found.commit), found.sources
    elif bundle.kind == BundleKind.FOLDER:
        sources = read_folder(Path(bundle.location))
    documents, limits, mistakes = read(sources)
    _limit(bundle, limits)
    return _Syncing(bundle, by, author, mistakes).run(documents)


def read(sources: Iterable[Source]) -> tuple[dict[str, tuple[str, Document]], Limits | None, list[Mistake]]:
    """Return the waivers of some files by name, each with its file, the limits, and what is wrong."""
    found: dict[str, tuple[str, Document]] = {}
    limits: Limits | None = None
    mistakes: list[Mistake] = []
    for source in sources:
        try:
            for content in _contents(source):
                if content.get("kind") == "WaiverLimits":
                    limits = msgspec.convert(content, LimitsDocument).spec
                    continue
                document = msgspec.convert(content, Document)
                name = document.metadata.name
                if name in found or len(found) >= MOST:
                    mistakes.append(Mistake(source.name, 0, 0, f"there is another waiver {name}", name))
                else:
                    found[name] = source.name, document
        except (msgspec.ValidationError, yaml.YAMLError, ValueError, RecursionError) as error:
            mistakes.append(Mistake(source.name, 0, 0, f"this is no waiver: {str(error).splitlines()[0][:300]}"))
    return found, limits, mistakes


def _contents(source: Source) -> Iterator[dict[str, Any]]:
    """Yield the documents of a file that are about waivers."""
    if len(source.text) > LARGEST:
        return
    if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(source.text, Loader=yaml.SafeLoader)):
        return
    for content in yaml.safe_load_all(source.text):
        if isinstance(content, dict) and content.get("kind") in {"Waiver", "WaiverLimits"}:
            yield content


def _limit(bundle: Bundle, limits: Limits | None) -> None:
    if limits is None:
        WaiverLimits.objects.filter(bundle=bundle).delete()
        return
    days = [limits.p0, limits.p1, limits.p2, limits.p3, limits.p4]
    WaiverLimits.objects.update_or_create(bundle=bundle, defaults={"days": days})


class _Syncing:
    def __init__(self, bundle: Bundle, by: User, author: str, mistakes: list[Mistake]) -> None:
        self._bundle, self._by, self._author = bundle, by, author
        self._mistakes = mistakes

    def run(self, documents: dict[str, tuple[str, Document]]) -> Taken:
        approved: list[str] = []
        revoked: list[str] = []
        unchanged = 0
        # A file that could not be read says nothing of what stands in it.
        whole = not self._mistakes
        for name, (file, document) in sorted(documents.items()):
            code = self._code(document)
            if Waiver.objects.filter(code=code).exists():
                # Whatever became of it: what was revoked or refused stays so until the document changes.
                unchanged += 1
                continue
            try:
                with transaction.atomic():
                    replaced = self._retire(name, "its document was changed")
                    made = self._approve(document, code)
                approved.append(made.reference)
                revoked += replaced
            except NotAllowed as error:
                self._mistakes.append(Mistake(file, 0, 0, str(error), name))
        gone = {name for name, _ in self._live()} - documents.keys()
        for name in sorted(gone) if whole else ():
            try:
                with transaction.atomic():
                    revoked += self._retire(name, "its document was removed")
            except NotAllowed as error:
                self._mistakes.append(Mistake(self._bundle.name, 0, 0, str(error), name))
        return Taken(
            approved=tuple(approved), revoked=tuple(revoked), unchanged=unchanged, mistakes=tuple(self._mistakes)
        )

    def _code(self, document: Document) -> str:
        digest = hashlib.sha256(msgspec.json.encode(document, order="deterministic")).hexdigest()[:12]
        return f"{self._bundle.name}/{document.metadata.name}#{digest}"

    def _live(self) -> list[tuple[str, Waiver]]:
        """Return the waivers of this bundle that count or wait, each with the name of its document."""
        rows = Waiver.objects.filter(code__startswith=f"{self._bundle.name}/", state__in=_LIVE).order_by("pk")
        told = [(row.code.rpartition("#")[0].rpartition("/"), row) for row in rows]
        return [(name, row) for (bundle, _, name), row in told if bundle == self._bundle.name]

    def _retire(self, name: str, why: str) -> list[str]:
        rows = [row for known, row in self._live() if known == name]
        return [waiving.revoke(self._by, row, f"As code: {why}").reference for row in rows]

    def _approve(self, document: Document, code: str) -> Waiver:
        spec = document.spec
        requester = self._requester(spec)
        asked = self._asked(spec)
        if requester.pk == self._by.pk:
            raise NotAllowed("Whoever wrote a waiver does not synchronise it")
        made = waiving.request(requester, asked, code=code)
        if not visible_to(self._by).may(APPROVES_WAIVERS, made.application):
            raise NotAllowed(f"{self._by.get_username()} may not approve waivers of {made.application or 'everything'}")
        approver = _person(spec.approved_by)
        return waiving.approve(approver, made, f"As code, synchronised by {self._by.get_username()}")

    def _requester(self, spec: Wanted) -> User:
        if not self._author:
            if not spec.requested_by:
                raise NotAllowed("requestedBy is needed: a folder does not tell who wrote this")
            return _person(spec.requested_by)
        people = list(User.objects.filter(email__iexact=self._author, is_active=True)[:2])
        if len(people) != 1:
            raise NotAllowed(f"The author of the commit ({self._author}) is not one account's address")
        if spec.requested_by and spec.requested_by != people[0].get_username():
            raise NotAllowed(
                f"requestedBy is {spec.requested_by}, and the author of the commit is {people[0].get_username()}"
            )
        return people[0]

    def _asked(self, spec: Wanted) -> Asked:
        ways = [bool(spec.issues), spec.fix is not None, bool(spec.query)]
        if sum(ways) > 1 or not (any(ways) or spec.policy):
            raise NotAllowed("Say what it is for by one of issues, fix, query or policy")
        scope = Scope.ISSUE if spec.issues else Scope.FIX if spec.fix else Scope.QUERY if spec.query else Scope.POLICY
        application = Application.objects.filter(slug=spec.application).first() if spec.application else None
        if spec.application and application is None:
            raise NotAllowed(f"There is no application {spec.application}")
        return Asked(
            scope, spec.reason, spec.text, last_moment(spec.expires), application=application, fix=spec.fix, policy=spec.policy, query=spec.query,
            issues=tuple(int(one.removeprefix("SM-")) for one in spec.issues), control_text=spec.control, evidence=spec.evidence,
        )  # fmt: skip


def _person(name: str) -> User:
    found = User.objects.filter(username=name).first()
    if found is None:
        raise NotAllowed(f"There is no user {name!r}")
    return found
