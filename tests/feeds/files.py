"""Small hand-made files of every feed, in the form in which each is published."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

from . import advisories


def as_json(value: Any) -> bytes:
    """Return a value as JSON."""
    return json.dumps(value).encode()


def as_zip(**documents: Any) -> bytes:
    """Return an archive of JSON documents; `__` in a name stands for a slash."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, document in documents.items():
            archive.writestr(name.replace("__", "/") + ".json", json.dumps(document))
    return file.getvalue()


def cve_record(name: str, *, state: str = "PUBLISHED", ssvc: str = "poc", score: float = 9.8) -> dict[str, Any]:
    """Return a CVE record with a score of its own and CISA's decision."""
    return {
        "dataType": "CVE_RECORD", "dataVersion": "5.1",
        "cveMetadata": {"cveId": name, "state": state, "datePublished": "2025-01-01T00:00:00Z", "dateUpdated": "2025-02-03T00:00:00Z"},
        "containers": {
            "cna": {"metrics": [{"cvssV3_1": {"baseScore": score, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]},
            "adp": [{"title": "CISA ADP Vulnrichment", "metrics": [{"other": {"type": "ssvc", "content": {
                "timestamp": "2025-02-01T10:00:00Z",
                "options": [{"Exploitation": ssvc}, {"Automatable": "yes"}, {"Technical Impact": "total"}],
            }}}]}],
        },
    }  # fmt: skip


EPSS = (
    b"#model_version:v2025.03.14,score_date:2026-11-02T00:00:00+0000\n"
    b"cve,epss,percentile\nCVE-2020-0001,0.93,0.99\ncve-1999-0001,0.1,0.2\n"
)
KEV_ROW = {
    "cveID": "CVE-2020-0001",
    "dateAdded": "2026-10-30",
    "dueDate": "2026-11-20",
    "knownRansomwareCampaignUse": "Known",
}
KEV = as_json({"catalogVersion": "2026.11.01", "dateReleased": "2026-11-01T00:00:00Z", "vulnerabilities": [KEV_ROW]})
KEV_CSV = (
    b"cveID,vendorProject,product,dateAdded,dueDate,knownRansomwareCampaignUse,notes\n"
    b'CVE-2020-0001,Acme,"Shop, big",2026-10-30,2026-11-20,Known,"two\nlines"\nCVE-2020-0002,Acme,Till,2026-10-31,,Unknown,\n'
)
EUVD = as_json({"total": 2, "items": [
    {"id": "EUVD-2020-1", "enisaUuid": "x", "aliases": "CVE-2020-0001\nGHSA-aaaa-bbbb-cccc\n", "baseScore": 9.8, "exploitedSince": "May 13, 2025, 12:00:00 AM"},
    {"id": "EUVD-2020-2", "enisaUuid": "y", "aliases": "CVE-2020-0002\n", "exploitedSince": None},
]})  # fmt: skip
EUVD_CSV = b"euvdID,cveID,dateReported\nEUVD-2020-1,CVE-2020-0001,2025-05-13\n"
VULNCHECK = as_json({"_benchmark": 0.1, "data": [
    {"cve": ["CVE-2020-0001", "CVE-2020-0003"], "date_added": "2025-04-01T00:00:00Z", "dueDate": None, "knownRansomwareCampaignUse": "Unknown",
     "vulncheck_xdb": [{"xdb_id": "1"}]},
]})  # fmt: skip
NVD = as_json({"format": "NVD_CVE", "version": "2.0", "timestamp": "2026-11-01T00:00:00.000", "vulnerabilities": [
    {"cve": {"id": "CVE-2020-0001", "published": "2020-01-01T00:00:00", "lastModified": "2026-10-01T00:00:00", "vulnStatus": "Analyzed", "metrics": {
        "cvssMetricV2": [{"type": "Primary", "cvssData": {"baseScore": 5.0, "vectorString": "AV:N/AC:L/Au:N/C:P/I:N/A:N"}}],
        "cvssMetricV31": [
            {"type": "Secondary", "cvssData": {"baseScore": 9.1, "vectorString": "x"}},
            {"type": "Primary", "cvssData": {"baseScore": 7.5, "vectorString": "y"}},
        ]}}},
    {"cve": {"id": "CVE-2020-0009", "vulnStatus": "Rejected"}},
]})  # fmt: skip
NVD_CSV = b"\xef\xbb\xbfID,Published,Modified,Score,Severity\nCVE-2020-0001,2025-07-31T00:15:26,2025-08-06T16:54:00,6.5,MEDIUM\nCVE-2020-0002,2025-08-01,2025-08-02,,\n"
CVE_ZIP = as_zip(
    list__cves__CVE_1=cve_record("CVE-2020-0001"), list__cves__CVE_2=cve_record("CVE-2020-0002", state="REJECTED"),
    list__cves__delta={"fetchTime": "2025", "new": []}, list__cves__CVE_3=cve_record("CVE-2020-0003", ssvc="active", score=4.0),
)  # fmt: skip
VULNRICHMENT_CSV = (
    b"cve,state,published,cvss_source,cvss_version,base_score,vector,cwes,ssvc_exploitation,ssvc_automatable,ssvc_technical_impact,ssvc_timestamp,kev_date_added\n"
    b"CVE-2020-0001,PUBLISHED,2025-01-01,adp,cvssV3_1,9.8,CVSS:3.1/AV:N,CWE-125,PoC,yes,total,2024-08-01T18:51:01Z,\n"
    b"CVE-2020-0002,REJECTED,2025-01-01,,,,,,,,,,\n"
)
OSV_ZIP = as_zip(
    one={"schema_version": "1.6", "id": "GHSA-aaaa-bbbb-cccc", "modified": "2026-01-02T00:00:00Z", "affected": [],
         "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}]},
    two={"schema_version": "1.6", "id": "PYSEC-2020-1", "modified": "2026-01-03T00:00:00Z", "withdrawn": "2026-01-03T00:00:00Z", "affected": []},
    three={"schema_version": "1.6", "id": "PYSEC-2020-2", "modified": "2026-01-01T00:00:00Z", "affected": []},
)  # fmt: skip
GITHUB = as_json([
    {"ghsa_id": "GHSA-aaaa-bbbb-cccc", "cve_id": "CVE-2020-0001", "updated_at": "2026-01-02T00:00:00Z", "cvss": {"score": 8.1, "vector_string": "CVSS:3.1/x"}},
    {"ghsa_id": "GHSA-dddd-eeee-ffff", "cve_id": None, "updated_at": "2026-01-03T00:00:00Z", "cvss": {"score": 0.0, "vector_string": None}},
    {"ghsa_id": "GHSA-gggg-hhhh-jjjj", "withdrawn_at": "2026-01-04T00:00:00Z"},
])  # fmt: skip
EXPLOIT_DB = (
    b"id,file,description,date_published,author,type,platform,port,date_added,date_updated,verified,codes,tags\n"
    b'1,exploits/x/1.py,"A, B",2024-02-03,me,remote,linux,,2024-02-03,2024-03-01,1,CVE-2020-0001;OSVDB-77,\n'
    b"2,exploits/x/2.py,C,2023-01-01,me,local,linux,,2023-01-01,,0,CVE-2020-0001;CVE-2020-0002,\n"
    b"3,exploits/x/3.py,D,2023-01-01,me,local,linux,,2023-01-01,,0,,\n"
)
METASPLOIT = as_json({
    "exploit_linux/x": {"name": "X", "fullname": "exploit/linux/x", "rank": 600, "type": "exploit", "references": ["CVE-2020-0001", "URL-https://x.example"], "mod_time": "2026-01-05 10:00:00 +0000"},
    "post_linux/y": {"name": "Y", "fullname": "post/linux/y", "rank": 300, "type": "post", "references": ["CVE-2020-0002"], "mod_time": None},
})  # fmt: skip
NUCLEI = (
    b'{"ID":"CVE-2020-0001","Info":{"Name":"X","Severity":"high"},"file_path":"http/cves/2020/CVE-2020-0001.yaml"}\n'
    b'{"ID":"other-check","Info":{"Name":"Y"},"file_path":"http/y.yaml"}\n'
)
FACTS = as_json({
    "sources": [{"name": "EPSS", "date": "2026-11-03"}], "cves": {"CVE-2020-0001": {"epss": 0.5, "percentile": 0.6}},
})  # fmt: skip

ALL: dict[str, bytes] = {
    "epss": EPSS, "kev": KEV, "kev csv": KEV_CSV, "euvd": EUVD, "euvd csv": EUVD_CSV, "vulncheck": VULNCHECK, "nvd": NVD, "nvd csv": NVD_CSV,
    "cve zip": CVE_ZIP, "cve": as_json(cve_record("CVE-2020-0001")), "vulnrichment csv": VULNRICHMENT_CSV, "osv zip": OSV_ZIP, "github": GITHUB,
    "exploit-db": EXPLOIT_DB, "metasploit": METASPLOIT, "nuclei": NUCLEI, "csaf": advisories.made(), "facts": FACTS,
}  # fmt: skip
