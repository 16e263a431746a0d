"""The tables: of Nessus (any choice of columns), of Tenable.io, and of Tenable.sc."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct, field
from msgspec.structs import replace

from seamark.intake.parsers.formats.nessus.common import Answer, finding
from seamark.intake.parsers.kit import Csv, Item, Run, csv_header, moment, variant

_STATES = {"fixed": "absent", "new": "new", "active": "unchanged", "resurfaced": "updated", "reopened": "updated"}
_FLAGS = ("TRUE", "true", "Yes", "yes")


class Row(Struct):
    """A row of Nessus or Tenable.io: the columns are chosen by whoever exports."""

    plugin: str = field(name="Plugin ID")
    name: str = field(name="Name")
    host: str = field(name="Host")
    risk: str = field(name="Risk")
    cve: str = field(name="CVE", default="")
    protocol: str = field(name="Protocol", default="")
    port: str = field(name="Port", default="")
    synopsis: str = field(name="Synopsis", default="")
    description: str = field(name="Description", default="")
    solution: str = field(name="Solution", default="")
    links: str = field(name="See Also", default="")
    output: str = field(name="Plugin Output", default="")
    state: str = field(name="Vulnerability State", default="")
    family: str = field(name="Plugin Family", default="")
    cvss: str = field(name="CVSS", default="")
    cvss_base: str = field(name="CVSS Base Score", default="")
    cvss_vector: str = field(name="CVSS Vector", default="")
    cvss2: str = field(name="CVSS v2.0 Base Score", default="")
    cvss2_vector: str = field(name="CVSS v2.0 Vector", default="")
    cvss3: str = field(name="CVSS v3.0 Base Score", default="")
    cvss3_old: str = field(name="CVSS3 Base Score", default="")
    cvss3_vector: str = field(name="CVSS3 Vector", default="")
    cvss3_named_vector: str = field(name="CVSS v3.0 Vector", default="")
    cvss3_web: str = field(name="CVSSv3", default="")
    cvss4: str = field(name="CVSS v4.0 Base Score", default="")
    cvss4_vector: str = field(name="CVSS v4.0 Vector", default="")
    epss: str = field(name="EPSS Score", default="")
    bid: str = field(name="BID", default="")
    crosses: str = field(name="XREF", default="")
    kb: str = field(name="MSKB", default="")
    cpe: str = field(name="CPE", default="")
    metasploit: str = field(name="Metasploit", default="")
    exploit: str = field(name="Exploit Available", default="")
    modification: str = field(name="Modification", default="")
    last: str = field(name="Last Found", default="")

    def answer(self) -> Answer:
        web = not self.port and self.protocol.lower() in {"http", "https"}
        return Answer(
            plugin=self.plugin,
            name=self.name,
            host=f"{self.protocol.lower()}://{self.host}" if web and "://" not in self.host else self.host,
            severity=self.risk,
            port=self.port,
            protocol=self.protocol,
            family=self.family,
            synopsis=self.synopsis,
            description=self.description,
            solution=self.solution,
            output=self.output,
            links=self.links,
            ids=(self.cve,) if self.cve else (),
            crosses=(
                *(f"BID:{text}" for text in self.bid.split(",") if text.strip()),
                *(text.strip() for text in self.crosses.replace("\n", ",").split(",") if text.strip()),
                *(f"MSKB:{text}" for text in self.kb.split(",") if text.strip()),
            ),
            cpe=self.cpe,
            ratings=tuple(
                rating
                for rating in (
                    (self.cvss4_vector, self.cvss4, "4"),
                    (self.cvss3_vector or self.cvss3_named_vector, self.cvss3 or self.cvss3_old or self.cvss3_web, "3"),
                    (self.cvss_vector or self.cvss2_vector, self.cvss_base or self.cvss2 or self.cvss, "2"),
                )
                if rating[0] or rating[1]
            ),
            epss=self.epss,
            tags=tuple(
                label
                for given, label in ((self.exploit, "exploit available"), (self.metasploit, "metasploit"))
                if given in _FLAGS
            ),
            accepted="" if self.modification.upper() == "ACCEPTED" else None,
            baseline=_STATES.get(self.state.lower(), ""),
            seen_at=moment(self.last),
            web=web,
        )


@variant("nessus", looks=csv_header("Plugin ID", "Risk", "Host", "Name"))
def read(rows: Csv[Row]) -> Iterator[Item]:
    yield Run(tool="Nessus")
    for answer in _joined(row.answer() for row in rows):
        yield finding(answer)


def _joined(answers: Iterator[Answer]) -> Iterator[Answer]:
    """Yield each answer once: the tables repeat it for every CVE, and nothing but the CVE and its scores is then different."""
    held: Answer | None = None
    for answer in answers:
        if held is not None and answer.ids and held.ids and _place(held) == _place(answer):
            held.ids = (*held.ids, *answer.ids)
            held.ratings = max(held.ratings, answer.ratings, key=_weight)
            continue
        if held is not None:
            yield held
        held = replace(answer)
    if held is not None:
        yield held


def _place(answer: Answer) -> tuple[str, ...]:
    return (answer.plugin, answer.host, answer.port, answer.protocol, answer.output, answer.baseline)


def _weight(ratings: tuple[tuple[str, str, str], ...]) -> tuple[int, str]:
    return (len(ratings), ratings[0][1].rjust(5) if ratings else "")


class CentreRow(Struct):
    """A row of Tenable.sc (SecurityCenter)."""

    plugin: str = field(name="Plugin")
    name: str = field(name="Plugin Name")
    severity: str = field(name="Severity")
    address: str = field(name="IP Address")
    family: str = field(name="Family", default="")
    protocol: str = field(name="Protocol", default="")
    port: str = field(name="Port", default="")
    exploit: str = field(name="Exploit?", default="")
    dns: str = field(name="DNS Name", default="")
    output: str = field(name="Plugin Output", default="")
    text: str = field(name="Plugin Text", default="")
    synopsis: str = field(name="Synopsis", default="")
    description: str = field(name="Description", default="")
    solution: str = field(name="Solution", default="")
    links: str = field(name="See Also", default="")
    cvss2: str = field(name="CVSS V2 Base Score", default="")
    cvss2_vector: str = field(name="CVSS V2 Vector", default="")
    cvss3: str = field(name="CVSS V3 Base Score", default="")
    cvss3_vector: str = field(name="CVSS V3 Vector", default="")
    cvss4: str = field(name="CVSS V4 Base Score", default="")
    cvss4_vector: str = field(name="CVSS V4 Vector", default="")
    epss: str = field(name="EPSS Score", default="")
    cpe: str = field(name="CPE", default="")
    cve: str = field(name="CVE", default="")
    bid: str = field(name="BID", default="")
    crosses: str = field(name="Cross References", default="")
    last: str = field(name="Last Observed", default="")
    recast: str = field(name="Recast Risk Comment", default="")
    accepted: str = field(name="Accept Risk Comment", default="")

    def answer(self) -> Answer:
        return Answer(
            plugin=self.plugin,
            name=self.name,
            host=self.address or self.dns,
            severity=self.severity,
            port=self.port,
            protocol=self.protocol,
            family=self.family,
            synopsis=self.synopsis,
            description=self.description,
            solution=self.solution,
            output=(self.output or self.text).removeprefix("Plugin Output:").strip(),
            links=self.links,
            ids=(self.cve,) if self.cve else (),
            crosses=(
                *(f"BID:{text.strip()}" for text in self.bid.split(",") if text.strip()),
                *(text.strip().replace(" #", ":") for text in self.crosses.split(",") if text.strip()),
            ),
            cpe=self.cpe.replace("<br/>", "\n"),
            ratings=tuple(
                rating
                for rating in (
                    (self.cvss4_vector, self.cvss4, "4"),
                    (self.cvss3_vector, self.cvss3, "3"),
                    (self.cvss2_vector, self.cvss2, "2"),
                )
                if rating[0] or rating[1]
            ),
            epss=self.epss,
            tags=("exploit available",) if self.exploit in _FLAGS else (),
            accepted=self.accepted or None,
            seen_at=_observed(self.last),
        )


def _observed(text: str) -> str:
    """Return a time such as `Feb 19, 2024 21:01:01 UTC`."""
    parts = text.replace(",", "").split()
    if len(parts) < 4 or parts[0] not in _MONTHS:
        return moment(text)
    return moment(f"{parts[2]}-{_MONTHS[parts[0]]:02}-{parts[1]:0>2}T{parts[3]}+00:00")


_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, start=1)}


@variant("nessus", looks=csv_header("Plugin", "Plugin Name", "Severity", "IP Address"))
def read_centre(rows: Csv[CentreRow]) -> Iterator[Item]:
    yield Run(tool="Nessus")
    for answer in _joined(row.answer() for row in rows):
        yield finding(answer)
