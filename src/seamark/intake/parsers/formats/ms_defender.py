"""Microsoft Defender for Endpoint: flaws of the software on machines; an answer of its API, or an archive of answers and machines."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Component,
    Finding,
    HostLocation,
    Item,
    Kind,
    Probe,
    Run,
    UnreadableReport,
    cvss,
    json_object,
    moment,
    parser,
    severity,
    variant,
    vulnerability_ids,
)
from seamark.intake.parsers.kit.source import Source
from seamark.intake.parsers.kit.texts import described
from seamark.intake.parsers.kit.unpack import ZIP_FAILURES

_MOST = 256 * 1024**2


class Row(Struct, rename="camel"):
    cve_id: str | None
    machine_id: str
    id: str = ""
    severity: str | None = ""
    product_name: str | None = ""
    product_vendor: str | None = ""
    product_version: str | None = ""
    fixing_kb_id: str | int | None = None


class Answer(Struct):
    value: list[Row]
    next_link: str | None = field(name="@odata.nextLink", default="")


class Machine(Struct, rename="camel"):
    id: str
    computer_dns_name: str | None = ""
    last_ip_address: str | None = ""
    os_platform: str | None = ""
    health_status: str | None = ""


class Machines(Struct):
    value: list[Machine]


def _is_answer(probe: Probe) -> bool:
    row = probe.get("value.0")
    if isinstance(row, dict):
        return {"cveId", "machineId"} <= row.keys()
    # The key holds a dot, so that a path cannot lead to it.
    head = probe.source.head(2048)
    named = b"securitycenter" in head or b"windowsDefenderATP" in head or b"api.security.microsoft" in head
    return probe.get("value") == [] and b"@odata.context" in head and named


@parser(
    "ms-defender",
    title="Microsoft Defender for Endpoint",
    kind=Kind.HOST,
    looks=json_object("value", where=_is_answer),
    made_with="GET https://api.security.microsoft.com/api/vulnerabilities/machinesVulnerabilities",
    url="https://learn.microsoft.com/defender-endpoint/api/get-all-vulnerabilities-by-machines",
    versions="as of 2023 to 2025",
)
def read(answer: Answer) -> Iterator[Item]:
    yield _run(more=bool(answer.next_link))
    yield from _findings(answer.value, {})


def _run(*, more: bool) -> Run:
    return Run(
        tool="Microsoft Defender for Endpoint",
        successful=True,
        complete=False if more else None,
        problems=("More rows are on other pages",) if more else (),
    )


def _findings(rows: Iterable[Row], machines: dict[str, Machine]) -> Iterator[Finding]:
    for row in rows:
        machine = machines.get(row.machine_id, Machine(id=row.machine_id))
        name = row.cve_id or row.id
        yield Finding(
            rule=name,
            title=f"{name} in {row.product_name}" if row.product_name else name,
            severity=severity(row.severity or None),
            severity_given=row.severity or "",
            location=HostLocation(host=machine.computer_dns_name or machine.last_ip_address or row.machine_id),
            component=Component(
                name=row.product_name, version=row.product_version or "", supplier=row.product_vendor or ""
            )
            if row.product_name
            else None,
            description=described(
                ("Machine", row.machine_id),
                ("Address", machine.last_ip_address or ""),
                ("System", machine.os_platform or ""),
            ),
            remedy=f"Install KB{row.fixing_kb_id}" if row.fixing_kb_id else "",
            vulnerabilities=vulnerability_ids(row.cve_id) or ((row.cve_id,) if row.cve_id else ()),
            fixed_versions=(f"KB{row.fixing_kb_id}",) if row.fixing_kb_id else (),
            fingerprints=(("defender", row.id),) if row.id else (),
        )


class Exported(Struct, rename="camel"):
    """A row of the export of software vulnerabilities by machine."""

    cve_id: str | None
    device_id: str
    id: str = ""
    device_name: str | None = ""
    os_platform: str | None = ""
    software_name: str | None = ""
    software_vendor: str | None = ""
    software_version: str | None = ""
    vulnerability_severity_level: str | None = ""
    recommended_security_update_id: str | None = ""
    cvss_score: float | None = None
    exploitability_level: str | None = ""
    disk_paths: list[str] | None = None
    last_seen_timestamp: str | None = ""


class Export(Struct):
    value: list[Exported]
    next_link: str | None = field(name="@odata.nextLink", default="")


def _is_export(probe: Probe) -> bool:
    row = probe.get("value.0")
    return isinstance(row, dict) and {"cveId", "deviceId", "vulnerabilitySeverityLevel"} <= row.keys()


@variant("ms-defender", looks=json_object("value", where=_is_export))
def read_export(export: Export) -> Iterator[Item]:
    yield _run(more=bool(export.next_link))
    for row in export.value:
        # Rows without a CVE only say that a machine was looked at.
        if not row.cve_id:
            continue
        rating = cvss("", row.cvss_score)
        update = row.recommended_security_update_id or ""
        yield Finding(
            rule=row.cve_id,
            title=f"{row.cve_id} in {row.software_name}" if row.software_name else row.cve_id,
            severity=severity(row.vulnerability_severity_level or None),
            severity_given=row.vulnerability_severity_level or "",
            location=HostLocation(host=row.device_name or row.device_id),
            component=Component(
                name=row.software_name, version=row.software_version or "", supplier=row.software_vendor or ""
            )
            if row.software_name
            else None,
            description=described(
                ("Machine", row.device_id), ("System", row.os_platform or ""), ("Paths", ", ".join(row.disk_paths or ())),
                ("Exploit", row.exploitability_level or ""),
            ),
            remedy=f"Install KB{update}" if update.isdecimal() else "",
            vulnerabilities=vulnerability_ids(row.cve_id) or (row.cve_id,),
            cvss=(rating,) if rating else (),
            fixed_versions=(f"KB{update}",) if update.isdecimal() else (),
            fingerprints=(("defender", row.id),) if row.id else (),
            seen_at=moment((row.last_seen_timestamp or "").replace(" ", "T")),
        )  # fmt: skip


def _members(source: Source, folder: str) -> Iterator[bytes]:
    """Yield the JSON files of a folder of the archive, each within bounds."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(bytes(source.data)))
        for entry in archive.infolist():
            parts = entry.filename.lower().split("/")
            if len(parts) > 1 and parts[-2] == folder and parts[-1].endswith(".json") and "__macosx" not in parts:
                with archive.open(entry) as member:
                    data = member.read(_MOST + 1)
                if len(data) > _MOST:
                    raise UnreadableReport(f"{entry.filename[:100]} is larger than {_MOST // 1024**2} MB")
                yield data
    except ZIP_FAILURES as error:
        raise UnreadableReport(f"The archive is damaged: {error}") from None


def _is_archive(probe: Probe) -> bool:
    if probe.form != "zip":
        return False
    try:
        names = zipfile.ZipFile(io.BytesIO(bytes(probe.source.data))).namelist()
    except ZIP_FAILURES:
        return False
    folders = {part for name in names for part in name.lower().split("/")[-2:-1]}
    return "vulnerabilities" in folders


@variant("ms-defender", looks=_is_archive)
def read_archive(source: Source) -> Iterator[Item]:
    answers = [_decoded(data, Answer) for data in _members(source, "vulnerabilities")]
    if not answers:
        raise UnreadableReport("The archive holds no answer in its folder vulnerabilities")
    machines = {one.id: one for data in _members(source, "machines") for one in _decoded(data, Machines).value}
    # Each file is a page of the same list: only the last has no link to a next one.
    yield _run(more=all(answer.next_link for answer in answers))
    for answer in answers:
        yield from _findings(answer.value, machines)


def _decoded(data: bytes, shape: Any) -> Any:
    return msgspec.json.decode(data.removeprefix(b"\xef\xbb\xbf"), type=shape, strict=False)
