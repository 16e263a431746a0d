"""A company's issues by seed: forty applications of very different size, six tools, written straight into the tables.

Everything that lists and scores look at is as an import leaves it; only reports and evidence are empty. Loaded where Django is.
"""

from __future__ import annotations

import itertools
import json
import random
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection, models, transaction
from django.utils import timezone

from seamark.analysis.risk import Facts, load_profile
from seamark.core.assets import AssetKind
from seamark.core.kind import KIND_CODES, Kind
from seamark.core.severity import Severity
from seamark.pipeline.ingest.issues import Scorer, reporters_of
from seamark.pipeline.profiles import active_profile
from seamark.store import writer
from seamark.store.models import (
    Application,
    Asset,
    BusinessUnit,
    EvidencePart,
    Finding,
    Fix,
    Grant,
    Issue,
    Report,
    Rule,
    Scan,
    Stream,
    User,
    Vulnerability,
    VulnerabilityName,
)
from seamark.store.models.issues import State
from seamark.store.models.people import Role

APPLICATIONS = 40
_BATCH = 20_000
_PACKAGES = tuple(
    f"lib{word}{number}"
    for word in ("ssl", "xml", "zip", "curl", "jpeg", "yaml", "http", "auth")
    for number in range(40)
)
_WORDS = ("order", "invoice", "customer", "payment", "session", "search", "export", "basket", "price", "stock")  # fmt: skip
_FLAWS = ("SQL injection", "path traversal", "weak hash", "open redirect", "cross-site scripting", "buffer overflow", "missing check of a length")  # fmt: skip
_CWES = (22, 78, 79, 89, 200, 287, 327, 502, 601, 787, 798, 918)


class _Tool(NamedTuple):
    name: str
    kind: Kind
    share: int
    """How many in a hundred issues it finds first."""
    of_image: bool = False


_TOOLS = (
    _Tool("Trivy", Kind.CONTAINER, 38, of_image=True), _Tool("Grype", Kind.DEPENDENCY, 17), _Tool("Semgrep", Kind.CODE, 22),
    _Tool("CodeQL", Kind.CODE, 9), _Tool("Checkov", Kind.MISCONFIGURATION, 11), _Tool("Gitleaks", Kind.SECRET, 3),
)  # fmt: skip
_STATES = {
    State.OPEN: 78, State.CONFIRMED: 5, State.IN_PROGRESS: 3, State.RESOLVED: 9, State.DISMISSED: 5,
}  # fmt: skip
_SEVERITIES = {Severity.CRITICAL: 5, Severity.HIGH: 25, Severity.MEDIUM: 45, Severity.LOW: 25}


class _Home(NamedTuple):
    """An application with what belongs to it."""

    application: Application
    streams: list[Stream]
    scans: list[Scan]
    fixes: dict[str, int]


def fill(count: int, *, seed: int = 1) -> None:
    """Write `count` issues with their findings into an empty database, and two people who look at them."""
    chance = random.Random(seed)  # noqa: S311 - repeatable, not unpredictable
    with transaction.atomic():
        report = Report.objects.create(digest="0" * 64, name="made.json", format="sarif", size=1)
        part = EvidencePart.objects.create(report=report, data=b"").pk
        rules = [Rule.objects.create(tool=tool.name, code=f"{tool.name}.rule").pk for tool in _TOOLS]
        homes = [_home(number, report, chance) for number in range(APPLICATIONS)]
        flaws = _flaws(max(20, count // 20))
        somebody = _people(homes)
        made = _Maker(chance, homes, flaws, rules, part, somebody)
        for at in range(0, count, _BATCH):
            made.write(min(_BATCH, count - at))
    if connection.vendor == "postgresql":
        # What autovacuum does within a minute of a large import.
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")


def _people(homes: list[_Home]) -> int:
    """Make who sees everything and who sees some, and return the number of the first."""
    everything, some = User(username="everything"), User(username="some")
    User.objects.bulk_create([everything, some])
    Grant.objects.create(user=everything, role=Role.ADMIN)
    for home in homes[5:9]:
        Grant.objects.create(user=some, role=Role.VIEWER, application=home.application)
    return everything.pk


def _home(number: int, report: Report, chance: random.Random) -> _Home:
    unit, _ = BusinessUnit.objects.get_or_create(name=f"Unit {number % 5}")
    name = f"{_WORDS[number % len(_WORDS)].title()} {number:02}"
    application = Application.objects.create(
        name=name, slug=name.lower().replace(" ", "-"), unit=unit, criticality=chance.randrange(5),
        exposure=chance.choice(("internet", "internal", "")), data_classes=["PII"] if number % 3 == 0 else [],
    )  # fmt: skip
    repository = Asset.objects.create(
        kind=AssetKind.REPOSITORY.value, key=f"git.example/company/{application.slug}", application=application
    )
    image = Asset.objects.create(
        kind=AssetKind.IMAGE.value, key=f"registry.example/{application.slug}", application=application
    )
    streams = Stream.objects.bulk_create(
        Stream(application=application, asset=image if tool.of_image else repository, tool=tool.name, ref="main")
        for tool in _TOOLS
    )
    scans = Scan.objects.bulk_create(Scan(stream=stream, report=report) for stream in streams)
    upgrades = Fix.objects.bulk_create(
        Fix(application=application, asset=image, kind="upgrade", key=package, title=f"Upgrade {package}")
        for package in _PACKAGES[::8]
    )
    fixes = {fix.key: fix.pk for fix in upgrades}
    return _Home(application, streams, scans, fixes)


def _flaws(count: int) -> list[tuple[int, str]]:
    numbers, ids = writer.reserve(Vulnerability, count), writer.reserve(VulnerabilityName, count)
    names = [f"CVE-{2015 + at % 11}-{10_000 + at}" for at in range(count)]
    writer.insert(Vulnerability, ["id", "title"], [(number, "") for number in numbers])
    writer.insert(VulnerabilityName, ["id", "name", "group"], list(zip(ids, names, numbers, strict=True)))
    return list(zip(numbers, names, strict=True))


def _defaults(model: type[models.Model]) -> dict[str, Any]:
    """Return every column's own default, so that a new column needs no change here."""
    found = {}
    for field in model._meta.concrete_fields:  # noqa: SLF001 - Django's documented introspection
        value = field.get_default()
        found[field.name] = json.dumps(value) if isinstance(field, models.JSONField) and value is not None else value
    return found


class _Maker:
    """Writes issues by the batch."""

    def __init__(
        self,
        chance: random.Random,
        homes: list[_Home],
        flaws: list[tuple[int, str]],
        rules: list[int],
        part: int,
        somebody: int,
    ) -> None:
        self._chance, self._homes, self._flaws, self._rules, self._part = chance, homes, flaws, rules, part
        self._somebody = somebody
        profile = active_profile()
        self._scorer, self._profile = Scorer(load_profile(profile.content)), profile.pk
        self._now = timezone.now().astimezone(UTC)
        # The largest application has twenty times the issues of the smallest.
        self._sizes = list(itertools.accumulate(1 / (at + 1) ** 0.8 for at in range(len(homes))))
        self._shares = list(itertools.accumulate(tool.share for tool in _TOOLS))
        self._states, self._state_shares = list(_STATES), list(itertools.accumulate(_STATES.values()))
        self._severities, self._severity_shares = list(_SEVERITIES), list(itertools.accumulate(_SEVERITIES.values()))

    def write(self, count: int) -> None:
        """Write issues with one or two findings each."""
        drafts = [self._draft() for _ in range(count)]
        numbers = writer.reserve(Issue, count)
        scored = self._scorer.score([facts for _, facts, _, _ in drafts])
        issues, findings = _defaults(Issue), _defaults(Finding)
        rows, found = [], []
        for number, (row, _, home, tools), (tenths, priority, text) in zip(numbers, drafts, scored, strict=True):
            row |= {"id": number, "risk": tenths, "priority": priority, "facts": text, "profile": self._profile}
            rows.append(tuple({**issues, **row}.values()))
            if row["state"] != State.RESOLVED:
                found += [{**findings, **self._finding(row, home, tool)} for tool in tools]
        writer.insert(Issue, list(issues), rows)
        for number, finding in zip(writer.reserve(Finding, len(found)), found, strict=True):
            finding["id"] = number
        writer.insert(Finding, list(findings), (tuple(finding.values()) for finding in found))

    def _draft(self) -> tuple[dict[str, Any], Facts, _Home, list[int]]:
        """Return an issue without number and score, its facts, where it belongs, and the tools that report it."""
        chance = self._chance
        (home,) = chance.choices(self._homes, cum_weights=self._sizes)
        (at,) = chance.choices(range(len(_TOOLS)), cum_weights=self._shares)
        (state,) = chance.choices(self._states, cum_weights=self._state_shares)
        (severity,) = chance.choices(self._severities, cum_weights=self._severity_shares)
        tool, package, word = _TOOLS[at], chance.choice(_PACKAGES), chance.choice(_WORDS)
        packaged = tool.kind in {Kind.CONTAINER, Kind.DEPENDENCY}
        flaw, name = chance.choice(self._flaws) if packaged else (None, "")
        second = [2, 3][at == 2] if tool.kind is Kind.CODE else (at + 1) % 2 if packaged else at
        tools = [at, second] if chance.random() < 0.15 and second != at else [at]
        opened = self._now - timedelta(minutes=chance.randrange(400 * 24 * 60), seconds=chance.randrange(60))
        elsewhere = chance.random() < 0.03
        facts = Facts(
            severity=severity, kind=tool.kind, cvss=chance.randrange(40, 99) if packaged else None, tools=len(tools),
            epss=flaw % 1000 / 1000 if flaw else None, kev_added="2025-01-01" if flaw and flaw % 97 == 0 else "",
            fixable=packaged and chance.random() < 0.7, criticality=home.application.criticality,
            exposure=home.application.exposure, data_classes=tuple(home.application.data_classes),
        )  # fmt: skip
        path = f"src/{word}/{chance.choice(_WORDS)}_{chance.randrange(400)}.py:{chance.randrange(1, 2000)}"
        row = {
            "application": home.application.pk, "asset": home.streams[at].asset_id, "kind": KIND_CODES[tool.kind],
            "title": f"{chance.choice(_FLAWS)} in {package if packaged else word}", "place": package if packaged else path,
            "component": f"{package} 1.{chance.randrange(20)}" if packaged else "", "rule": name or f"{tool.name}.{word}-{chance.randrange(30)}",
            "vulnerability": flaw, "cwe": chance.choice(_CWES), "severity": severity.value, "state": state.value,
            "open": state <= State.IN_PROGRESS and not elsewhere, "branch_only": elsewhere, "kev": bool(facts.kev_added),
            "fixable": facts.fixable, "regression": chance.random() < 0.02, "tools": len(tools), "opened_at": opened,
            "reporters": "" if state == State.RESOLVED else reporters_of(_TOOLS[one].name for one in tools),
            "owner": f"team-{chance.randrange(12)}" if chance.random() < 0.6 else "", "fix": home.fixes.get(package) if packaged else None,
            "assignee": self._somebody if chance.random() < 0.01 else None,
            "due": _day(opened, chance) if chance.random() < 0.5 else None, "resolved_at": self._now if state >= State.RESOLVED else None,
        }  # fmt: skip
        return row, facts, home, tools

    def _finding(self, issue: dict[str, Any], home: _Home, tool: int) -> dict[str, Any]:
        path, _, line = issue["place"].partition(":")
        return {
            "stream": home.streams[tool].pk, "issue": issue["id"], "rule": self._rules[tool], "opened_in": home.scans[tool].pk,
            "kind": issue["kind"], "severity": issue["severity"], "path": path, "line": int(line) if line else None,
            "component": issue["component"], "fixed_version": "", "report_index": 0, "evidence": self._part, "evidence_index": 0,
            "content": self._chance.getrandbits(63), "block": self._chance.getrandbits(63),
        }  # fmt: skip


def _day(opened: datetime, chance: random.Random) -> Any:
    return (opened + timedelta(days=chance.choice((7, 30, 90, 180, 500)))).date().isoformat()
