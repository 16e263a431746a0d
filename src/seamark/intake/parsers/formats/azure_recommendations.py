"""Microsoft Defender for Cloud (Azure Security Center): recommendations; CSV."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.formats._hosts import flat
from seamark.intake.parsers.kit import (
    Csv,
    Finding,
    Item,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    csv_header,
    moment,
    parser,
    references,
    severity,
)


class Row(Struct, rename="camel"):
    recommendation_id: str
    state: str
    severity: str = ""
    recommendation_name: str = ""
    recommendation_display_name: str = ""
    exported_timestamp: str = ""
    subscription_id: str = ""
    subscription_name: str = ""
    resource_group: str = ""
    resource_type: str = ""
    resource_name: str = ""
    resource_id: str = ""
    description: str = ""
    remediation_steps: str = ""
    status_change_date: str = ""
    controls: str = ""
    azure_portal_recommendation_link: str = ""
    native_cloud_account_id: str = ""


@parser(
    "azure-recommendations",
    title="Microsoft Defender for Cloud",
    kind=Kind.CLOUD,
    looks=csv_header("recommendationId", "recommendationDisplayName", "resourceId", "state", "subscriptionId"),
    made_with="Recommendations, Download CSV report in the Azure portal",
    url="https://learn.microsoft.com/azure/defender-for-cloud/review-security-recommendations",
    versions="as of 2021 to 2025",
)
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Microsoft Defender for Cloud")
    for row in rows:
        if row.state.strip().lower() != "unhealthy":
            continue
        # The id names one assessment of one resource; what it ends in, or the name, is the recommendation itself.
        rule = row.recommendation_name or row.recommendation_id.rpartition("/")[2]
        account = row.subscription_id or row.native_cloud_account_id
        yield Finding(
            rule=rule,
            title=row.recommendation_display_name or rule,
            severity=severity(row.severity or None),
            severity_given=row.severity,
            location=ResourceLocation(
                resource=row.resource_id or row.resource_name or row.subscription_name or account,
                type=row.resource_type,
                account=account,
            ),
            about=Rule(
                id=rule,
                title=row.recommendation_display_name,
                description=flat(row.description),
                remedy=flat(row.remediation_steps),
            ),
            fingerprints=(("azure", row.recommendation_id),) if "/" in row.recommendation_id else (),
            references=references(row.azure_portal_recommendation_link),
            tags=tuple(tag for tag in (row.subscription_name, row.resource_group) if tag),
            seen_at=moment(row.exported_timestamp),
        )
