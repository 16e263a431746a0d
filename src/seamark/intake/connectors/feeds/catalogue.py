"""Which feeds there are: where each comes from, who reads it, and when it is old."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from seamark.core.errors import NotFound, UnreadableReport
from seamark.intake.connectors.feeds import (
    csaf,
    cve5,
    epss,
    euvd,
    exploitdb,
    facts,
    github,
    kev,
    metasploit,
    nuclei,
    nvd,
    osv,
    vulncheck,
)  # fmt: skip
from seamark.intake.connectors.feeds.content import Content
from seamark.intake.connectors.feeds.statements import Feed

MEGABYTE = 1024**2


class Checksum(NamedTuple):
    """Where a feed's publisher tells its digest."""

    suffix: str
    """Added to the feed's own address."""
    replaces: str = ""
    """The end of the address that it takes the place of."""
    unpacked: bool = False
    """The digest is of the document within the gzip file."""


class Origin(NamedTuple):
    """Where a feed comes from."""

    name: str
    kind: str
    words: str
    files: tuple[str, ...]
    """What its files are called, here and on a mirror."""
    urls: tuple[str, ...]
    """One for each file; none where its publisher wants a token."""
    days: int
    """After how many days it is old."""
    most: int = 64 * MEGABYTE
    """Largest download, in bytes."""
    usual: bool = True
    """Whether an update without names fetches it; those of many hundred megabytes are fetched when named."""
    checksum: Checksum | None = None


_OSV = ("PyPI", "npm", "Maven", "Go")

ORIGINS: tuple[Origin, ...] = (
    Origin(
        "epss", epss.KIND, "chance of exploitation within 30 days (FIRST)", ("epss_scores-current.csv.gz",),
        ("https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",), 3,
    ),
    Origin(
        "kev", kev.KIND, "known exploited vulnerabilities (CISA)", ("known_exploited_vulnerabilities.json",),
        ("https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",), 14,
    ),
    Origin(
        "euvd", euvd.KIND, "exploited vulnerabilities (ENISA)", ("euvd_exploited.json",),
        ("https://euvdservices.enisa.europa.eu/api/kev/dump",), 14,
    ),
    Origin(
        "vulncheck", vulncheck.KIND, "known exploited vulnerabilities (VulnCheck; its API wants a token)",
        ("vulncheck_known_exploited_vulnerabilities.json",), (), 14,
    ),
    Origin(
        "exploit-db", exploitdb.KIND, "index of exploits", ("files_exploits.csv",),
        ("https://gitlab.com/exploit-database/exploitdb/-/raw/main/files_exploits.csv",), 14,
    ),
    Origin(
        "metasploit", metasploit.KIND, "exploit modules", ("modules_metadata_base.json",),
        ("https://raw.githubusercontent.com/rapid7/metasploit-framework/master/db/modules_metadata_base.json",), 14,
        most=256 * MEGABYTE,
    ),
    Origin(
        "nuclei", nuclei.KIND, "templates that test for a CVE", ("cves.json",),
        ("https://raw.githubusercontent.com/projectdiscovery/nuclei-templates/main/cves.json",), 14,
        checksum=Checksum("-checksum.txt"),
    ),
    Origin(
        "nvd", nvd.KIND, "CVSS of what changed in the last days (NVD); whole years are imported as files",
        ("nvdcve-2.0-modified.json.gz",), ("https://nvd.nist.gov/feeds/json/cve/2.0/nvdcve-2.0-modified.json.gz",), 8,
        checksum=Checksum(".meta", ".json.gz", unpacked=True),
    ),
    Origin(
        "vulnrichment", cve5.KIND, "CVSS and SSVC (CISA)", ("vulnrichment.zip",),
        ("https://github.com/cisagov/vulnrichment/archive/refs/heads/develop.zip",), 14, most=1024 * MEGABYTE, usual=False,
    ),
    Origin(
        "cve", cve5.KIND, "all CVE records", ("cvelistV5.zip",),
        ("https://github.com/CVEProject/cvelistV5/archive/refs/heads/main.zip",), 30, most=2048 * MEGABYTE, usual=False,
    ),
    Origin(
        "osv", osv.KIND, f"advisories of {', '.join(_OSV)} (OSV)", tuple(f"osv-{name}.zip" for name in _OSV),
        tuple(f"https://osv-vulnerabilities.storage.googleapis.com/{name}/all.zip" for name in _OSV), 30,
        most=1024 * MEGABYTE, usual=False,
    ),
    Origin(
        "github", osv.KIND, "GitHub's advisories", ("advisory-database.zip",),
        ("https://github.com/github/advisory-database/archive/refs/heads/main.zip",), 30, most=1024 * MEGABYTE, usual=False,
    ),
    Origin("csaf", csaf.KIND, "vendors' advisories and VEX, of the providers that are chosen", (), (), 14, usual=False),
)  # fmt: skip

_READERS: tuple[tuple[Callable[[bytes], bool], Callable[[Content], Feed]], ...] = (
    (epss.recognises, epss.read), (kev.recognises, kev.read), (exploitdb.recognises, exploitdb.read), (nuclei.recognises, nuclei.read),
    (cve5.recognises, cve5.read), (nvd.recognises, nvd.read), (github.recognises, github.read), (vulncheck.recognises, vulncheck.read),
    (euvd.recognises, euvd.read), (metasploit.recognises, metasploit.read), (osv.recognises, osv.read), (csaf.recognises, csaf.read),
    (facts.recognises, facts.read),
)  # fmt: skip


def origin(name: str) -> Origin:
    """Return the feed of a name, in any case. Raises `NotFound`."""
    for one in ORIGINS:
        if one.name == name.lower():
            return one
    raise NotFound(f"There is no feed {name}", hint=f"there are {', '.join(one.name for one in ORIGINS)}")


def read_feed(path: Path) -> Feed:
    """Return what a file says, whichever feed it is of. Raises `UnreadableReport`."""
    content = Content(path)
    head = content.head
    for recognises, read in _READERS:
        if recognises(head):
            return read(content)
    raise UnreadableReport(
        "This is no feed of exploit intelligence that is known here",
        hint="such as epss_scores-current.csv.gz, known_exploited_vulnerabilities.json",
    )
