"""GitHub secret scanning alerts."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.formats.github_alerts.common import dismissal, repository_of, text
from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Verification,
    json_rows,
    moment,
    parser,
    references,
)

VALIDITY = {"active": Verification.VERIFIED, "inactive": Verification.REFUTED, "unknown": Verification.UNVERIFIED}
PUT_RIGHT = {"revoked", "pattern_deleted"}


class Place(Struct):
    path: str | None = ""
    start_line: int | None = None
    end_line: int | None = None
    start_column: int | None = None
    end_column: int | None = None
    commit_sha: str | None = ""
    issue_title_url: str | None = ""
    issue_body_url: str | None = ""
    issue_comment_url: str | None = ""
    pull_request_title_url: str | None = ""
    pull_request_body_url: str | None = ""
    pull_request_comment_url: str | None = ""
    discussion_body_url: str | None = ""

    def links(self) -> list[str]:
        """Return the addresses of issues and the like that hold the secret."""
        given = (
            self.issue_title_url, self.issue_body_url, self.issue_comment_url, self.pull_request_title_url,
            self.pull_request_body_url, self.pull_request_comment_url, self.discussion_body_url,
        )  # fmt: skip
        return [url for url in given if url]


class Repository(Struct):
    full_name: str = ""


class Alert(Struct):
    number: int
    state: str
    secret_type: str
    secret: str | None = ""
    secret_type_display_name: str | None = ""
    resolution: str | None = ""
    resolution_comment: str | None = ""
    validity: str | None = ""
    html_url: str | None = ""
    created_at: str | None = ""
    publicly_leaked: bool | None = None
    multi_repo: bool | None = None
    push_protection_bypassed: bool | None = None
    repository: Repository | None = None
    first_location_detected: Place | None = None
    has_more_locations: bool | None = None


def _is_alerts(probe: Probe) -> bool:
    return bool({"locations_url", "secret_type_display_name", "resolution"} & probe.first)


@parser(
    "github-secret-scanning",
    title="GitHub secret scanning",
    kind=Kind.SECRET,
    looks=json_rows("secret_type", "state", "number", where=_is_alerts),
    made_with="gh api --paginate repos/OWNER/NAME/secret-scanning/alerts",
    url="https://docs.github.com/en/rest/secret-scanning/secret-scanning",
)
def read(alerts: list[Alert]) -> Iterator[Item]:
    groups: dict[str, list[Alert]] = {}
    for alert in alerts:
        name = alert.repository.full_name if alert.repository else repository_of(alert.html_url or "")
        groups.setdefault(name, []).append(alert)
    for repository, group in groups.items():
        yield Run(tool="GitHub secret scanning", repository=repository)
        for alert in group:
            if not (alert.state.lower() == "resolved" and text(alert.resolution) in PUT_RIGHT):
                yield _finding(alert)


def _finding(alert: Alert) -> Finding:
    name = text(alert.secret_type_display_name) or alert.secret_type
    place = alert.first_location_detected
    commit = text(place.commit_sha) if place else ""
    parts = [f"Commit: {commit}"] if commit else []
    if alert.has_more_locations:
        parts.append("GitHub knows more places of this secret")
    return Finding(
        rule=alert.secret_type,
        title=name,
        severity=Severity.HIGH,
        location=_location(place),
        about=Rule(id=alert.secret_type, title=name, cwes=(798,)),
        description="\n".join(parts),
        cwes=(798,),
        verification=VALIDITY.get(text(alert.validity)),
        suppression=dismissal(alert.resolution, alert.resolution_comment)
        if alert.state.lower() == "resolved"
        else None,
        secret=_plain(text(alert.secret)),
        references=references(alert.html_url, place.links() if place else None),
        tags=_tags(alert),
        seen_at=moment(text(alert.created_at)),
    )


def _plain(secret: str) -> str:
    """Return the secret, or stars where it was asked for without its text."""
    return "*****" if secret.lower() in {"redacted", "[redacted]", "hidden"} else secret


def _location(place: Place | None) -> CodeLocation | None:
    if place is None or not place.path:
        return None
    return CodeLocation(
        path=place.path.lstrip("/"),
        line=place.start_line,
        column=place.start_column,
        end_line=place.end_line,
        end_column=place.end_column,
    )


def _tags(alert: Alert) -> tuple[str, ...]:
    flags = (
        ("publicly-leaked", alert.publicly_leaked),
        ("multi-repo", alert.multi_repo),
        ("push-protection-bypassed", alert.push_protection_bypassed),
    )
    return tuple(tag for tag, said in flags if said)
