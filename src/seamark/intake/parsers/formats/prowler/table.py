"""Prowler's CSV of versions 3, 4 and 5."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.formats.prowler.common import Outcome, items
from seamark.intake.parsers.kit import Csv, Item, csv_header, variant


class Row(Struct, rename="upper"):
    check_id: str
    status: str
    status_extended: str
    check_title: str = ""
    severity: str = ""
    provider: str = ""
    muted: str = ""
    finding_uid: str = ""
    finding_unique_id: str = ""
    timestamp: str = ""
    assessment_start_time: str = ""
    account_uid: str = ""
    account_id: str = ""
    subscription: str = ""
    project_id: str = ""
    resource_type: str = ""
    resource_uid: str = ""
    resource_arn: str = ""
    resource_id: str = ""
    resource_name: str = ""
    region: str = ""
    location: str = ""
    description: str = ""
    risk: str = ""
    related_url: str = ""
    remediation_recommendation_text: str = ""
    remediation_recommendation_url: str = ""
    compliance: str = ""
    categories: str = ""
    prowler_version: str = ""
    additional_urls: str = ""


@variant("prowler", looks=csv_header("CHECK_ID", "CHECK_TITLE", "STATUS", "STATUS_EXTENDED"))
def read(rows: Csv[Row]) -> Iterator[Item]:
    names, version = [], ""
    for row in rows:
        names.append((row.check_id, row.status))
        version = row.prowler_version
    yield from items((_outcome(row) for row in rows), names, version)


def _outcome(row: Row) -> Outcome:
    tags = (*row.compliance.split("|"), *row.categories.replace("|", ",").split(","))
    return Outcome(
        check=row.check_id,
        title=row.check_title,
        status=row.status,
        severity=row.severity,
        detail=row.status_extended,
        provider=row.provider,
        resource=row.resource_uid or row.resource_arn or row.resource_id,
        name=row.resource_name or row.resource_id,
        type=row.resource_type,
        region=row.region or row.location,
        account=row.account_uid or row.account_id or row.subscription or row.project_id,
        muted=row.muted.lower() == "true",
        uid=row.finding_uid or row.finding_unique_id,
        time=row.timestamp or row.assessment_start_time,
        description=row.description,
        risk=row.risk,
        remedy=row.remediation_recommendation_text,
        links=(row.remediation_recommendation_url, row.related_url, *row.additional_urls.split("|")),
        tags=tuple(tag.strip() for tag in tags if tag.strip()),
    )
