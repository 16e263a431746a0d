"""The XML of one scan (SCAN), as the web interface and the API give it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from seamark.intake.parsers.formats._hosts import flat, said, scanned, service
from seamark.intake.parsers.formats.qualys.common import certainty, level, rating
from seamark.intake.parsers.kit import (
    Finding,
    Item,
    Reading,
    Rule,
    Run,
    UnreadableReport,
    Xml,
    moment,
    references,
    variant,
    vulnerability_ids,
    xml_root,
)
from seamark.intake.parsers.kit.texts import described

_HOST = re.compile(rb"""<IP\s[^>]*?value\s*=\s*["']([^"']{1,100})["']""")
_KEY = re.compile(rb"""<KEY\s+value\s*=\s*["'](\w+)["']\s*>\s*(?:<!\[CDATA\[)?([^<\]]*)""")
_KINDS = {"VULN": "Vuln", "PRACTICE": "Practice", "INFO": "Ig", "SERVICE": "Ig"}
_BROKEN = {"CANCELED", "CANCELLED", "ERROR", "PAUSED", "INTERRUPTED", "QUEUED", "LOADING", "RUNNING", "NOVULNSMATCH"}


@variant(
    "qualys",
    looks=xml_root("SCAN", where=lambda probe: b"<KEY" in probe.source.head() or b"<IP" in probe.source.head()),
)
def read(document: Xml, reading: Reading) -> Iterator[Item]:
    keys = {
        name.decode(): text.decode("utf-8", "replace").strip() for name, text in _KEY.findall(reading.source.head())
    }
    status = keys.get("STATUS", "").upper()
    yield Run(
        tool="Qualys VM",
        successful=None if not status else status not in _BROKEN,
        problems=(f"The scan's state is {keys['STATUS']}",) if status in _BROKEN else (),
        scope=scanned(found.decode("utf-8", "replace") for found in _HOST.findall(reading.source.data)),
        started=moment(keys.get("DATE", "")),
    )
    for element in document.each(*_KINDS):
        if element.get("number"):
            yield _finding(element)
        elif element.tag == "VULN":
            raise UnreadableReport("A detection does not say its number", where=f"line {element.sourceline}")


def _finding(element: etree._Element) -> Finding:
    kind = _KINDS[str(element.tag)]
    host = port = protocol = category = name = ""
    for above in element.iterancestors():
        if above.tag == "CAT":
            category, port, protocol = above.get("value", ""), above.get("port", ""), above.get("protocol", "")
        elif above.tag == "IP":
            host, name = above.get("value", ""), above.get("name", "")
    qid, severity = element.get("number", ""), element.get("severity", "")

    def told(tag: str) -> str:
        return (element.findtext(tag) or "").strip()

    vendors = [
        ((one.findtext("ID") or "").strip(), (one.findtext("URL") or "").strip())
        for one in element.iterfind("VENDOR_REFERENCE_LIST/VENDOR_REFERENCE")
    ]
    ids = [(one.text or "") for one in element.iterfind("CVE_ID_LIST/CVE_ID/ID")]
    ratings = (rating(told("CVSS3_BASE"), "3"), rating(told("CVSS_BASE"), "2"))
    title = told("TITLE") or f"QID {qid}"
    return Finding(
        rule=qid,
        title=title,
        severity=level(severity),
        severity_given=severity,
        location=service(host or name, port, protocol),
        about=Rule(
            id=qid,
            title=title,
            description=described(("", flat(told("DIAGNOSIS"))), ("Impact", flat(said(told("CONSEQUENCE"))))),
            remedy=flat(said(told("SOLUTION"))),
            tags=tuple(
                tag
                for tag in (category, "PCI" if told("PCI_FLAG") == "1" else "", *(text for text, _ in vendors))
                if tag
            )[:50],
            references=references([link for _, link in vendors]),
        ),
        description=described(("", told("RESULT")), ("Host name", name if name != host else "")),
        confidence=certainty(kind),
        vulnerabilities=vulnerability_ids(element.get("cveid", ""), ids),
        cvss=tuple(one for one in ratings if one),
        tags=(kind,),
    )
