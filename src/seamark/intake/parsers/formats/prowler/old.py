"""Prowler 2, the shell script: CSV and JSON lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct, field

from seamark.intake.parsers.formats.prowler.common import Outcome, items
from seamark.intake.parsers.kit import Csv, Item, JsonLines, csv_header, json_lines, json_rows, variant

_CONTROL = re.compile(r"^\[(\w+)\]\s*(.*?)(?:\s*\((?:Not )?Scored\))?(?:\s*\(Not part of CIS benchmark\))?\s*$")


class Control(Struct):
    """A row, of the CSV or of the JSON."""

    title: str
    status: str
    number: str = ""
    message: str = ""
    severity: str = ""
    region: str = ""
    account: str | int = ""
    resource: str = ""
    type: str = ""
    risk: str = ""
    remedy: str = ""
    link: str = ""
    compliance: str = ""
    service: str = ""
    time: str = ""

    @property
    def check(self) -> str:
        """The name of the check, which stands in front of the title (`[check11] …`)."""
        found = _CONTROL.match(self.title)
        return found[1] if found else self.number or self.title


def _items(rows: Csv[TableRow] | JsonLines[JsonRow] | list[JsonRow]) -> Iterator[Item]:
    names = [(control.check, control.status) for control in (row.control() for row in rows)]
    yield from items((_outcome(row.control()) for row in rows), names)


def _outcome(control: Control) -> Outcome:
    found = _CONTROL.match(control.title)
    return Outcome(
        check=control.check,
        title=found[2] if found else control.title,
        status=control.status,
        severity=control.severity,
        detail=control.message,
        provider="aws",
        resource=control.resource,
        name=control.resource,
        type=control.type,
        region=control.region,
        account=str(control.account),
        time=control.time,
        risk=control.risk,
        remedy=control.remedy,
        links=(control.link,),
        tags=tuple(word for word in (control.number, control.service, control.compliance) if word),
    )


class TableRow(Struct, rename="upper"):
    title_text: str
    check_result: str
    title_id: str = ""
    check_result_extended: str = ""
    account_num: str = ""
    region: str = ""
    check_severity: str = ""
    check_servicename: str = ""
    check_asff_resource_type: str = ""
    check_asff_compliance_type: str = ""
    check_risk: str = ""
    check_remediation: str = ""
    check_doc: str = ""
    resource_id: str = field(name="CHECK_RESOURCE_ID", default="")
    time: str = field(name="PROWLER_START_TIME", default="")

    def control(self) -> Control:
        return Control(
            title=self.title_text,
            status=self.check_result,
            number=self.title_id,
            message=self.check_result_extended,
            severity=self.check_severity,
            region=self.region,
            account=self.account_num,
            resource=self.resource_id,
            type=self.check_asff_resource_type,
            risk=self.check_risk,
            remedy=self.check_remediation,
            link=self.check_doc,
            compliance=self.check_asff_compliance_type,
            service=self.check_servicename,
            time=self.time,
        )


@variant("prowler", looks=csv_header("ACCOUNT_NUM", "TITLE_ID", "CHECK_RESULT", "TITLE_TEXT"))
def read_csv(rows: Csv[TableRow]) -> Iterator[Item]:
    yield from _items(rows)


class JsonRow(Struct):
    control_text: str = field(name="Control")
    status: str = field(name="Status")
    account: str | int = field(name="Account Number", default="")
    message: str = field(name="Message", default="")
    severity: str = field(name="Severity", default="")
    number: str | float = field(name="Control ID", default="")
    region: str = field(name="Region", default="")
    time: str = field(name="Timestamp", default="")
    compliance: str = field(name="Compliance", default="")
    service: str = field(name="Service", default="")
    risk: str = field(name="Risk", default="")
    remedy: str = field(name="Remediation", default="")
    link: str = field(name="Doc link", default="")
    resource: str = field(name="Resource ID", default="")

    def control(self) -> Control:
        return Control(
            title=self.control_text,
            status=self.status,
            number=str(self.number),
            message=self.message,
            severity=self.severity,
            region=self.region,
            account=self.account,
            resource=self.resource,
            risk=self.risk,
            remedy=self.remedy,
            link=self.link,
            compliance=self.compliance,
            service=self.service,
            time=self.time,
        )


@variant("prowler", looks=json_lines("Control", "Control ID", "Status", "Account Number"))
def read_lines(rows: JsonLines[JsonRow]) -> Iterator[Item]:
    yield from _items(rows)


@variant("prowler", looks=json_rows("Control", "Control ID", "Status", "Account Number"))
def read_list(rows: list[JsonRow]) -> Iterator[Item]:
    yield from _items(rows)
