"""What registries and databases of flaws answer about the example: a few versions of a few things, written down by us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.remediation.pins.test_registries import references
from tests.remediation.planner.served import Served

CHECKOUT = {"v3": "3" * 40, "v3.6.0": "3" * 40, "v4.2.2": "11bd71901bbe5b1630ceea73d27597364c9af683"}
NODE, SLIM = "sha256:" + "4" * 64, "sha256:" + "5" * 64
_NPM: dict[str, dict[str, dict[str, str]]] = {
    "handlebars": {"4.5.3": {"neo-async": "^2.6.0", "optimist": "^0.6.1", "source-map": "^0.6.1"}, "4.7.7": {"minimist": "^1.2.5", "neo-async": "^2.6.0", "source-map": "^0.6.1", "wordwrap": "^1.0.0"}},
    "minimist": {"0.0.10": {}, "1.2.0": {}, "1.2.8": {}}, "optimist": {"0.6.1": {"minimist": "~0.0.1", "wordwrap": "~0.0.2"}},
    "wordwrap": {"0.0.3": {}, "1.0.0": {}}, "neo-async": {"2.6.2": {}}, "source-map": {"0.6.1": {}}, "uglify-js": {"3.19.3": {}},
}  # fmt: skip
FLAWS: tuple[tuple[str, str, str, tuple[tuple[str, str], ...]], ...] = (
    ("CVE-2021-44906", "npm", "minimist", (("0", "0.2.4"), ("1.0.0", "1.2.6"))), ("CVE-2020-28493", "PyPI", "jinja2", (("0", "2.11.3"),)),
)  # fmt: skip
"""Name, ecosystem, package, and the spans that are flawed."""
SYSTEM = ("CVE-2023-4911", "Debian:12", "glibc", (("0", "2.36-9+deb12u3"),))


def fill(served: Served, locked: dict[str, Any]) -> None:
    """Have a registry at home answer for all ecosystems of the example. `locked` is the storefront's lock."""
    packages: dict[str, dict[str, dict[str, str]]] = {}
    hashes = {}
    for place, told in locked["packages"].items():
        name = place.rpartition("node_modules/")[2]
        if name:
            packages.setdefault(name, {})[told["version"]] = told.get("dependencies", {})
            hashes[name, told["version"]] = told["integrity"]
    for name, versions in _NPM.items():
        packages.setdefault(name, {}).update(versions)
    served.answers |= {
        f"/{name}": json.dumps({"name": name, "dist-tags": {"latest": list(versions)[-1]}, "versions": {
            version: {"name": name, "version": version, "dependencies": needs, "dist": {
                "tarball": f"{served.base}/{name}/-/{name}-{version}.tgz", "integrity": hashes.get((name, version), f"sha512-{'A' * 86}==")}}
            for version, needs in versions.items()}})
        for name, versions in packages.items()
    }  # fmt: skip
    served.answers |= {
        "/jinja2/": json.dumps({"files": [{"filename": f"Jinja2-{one}-py2.py3-none-any.whl", "url": f"/Jinja2-{one}.whl", "hashes": {"sha256": "a" * 64}} for one in ("2.11.2", "2.11.3")]}),
        "/actions/checkout.git/info/refs?service=git-upload-pack": references(CHECKOUT),
        "/v2/library/node/tags/list?n=1000": json.dumps({"tags": ["latest", "22", "22.11.0", "22.12.0", "22-slim"]}),
        "/v2/library/node/manifests/latest": "{}", "/v2/library/node/manifests/22.11.0": "{}", "/v2/library/node/manifests/22.12.0": "{}",
        "/v2/library/python/tags/list?n=1000": json.dumps({"tags": ["3.8-slim-buster", "3.8-slim-bookworm", "3.13-slim-bookworm", "latest"]}),
    }  # fmt: skip
    served.headers |= {
        "/v2/library/node/manifests/latest": {"Docker-Content-Digest": NODE}, "/v2/library/node/manifests/22.12.0": {"Docker-Content-Digest": NODE},
        "/v2/library/node/manifests/22.11.0": {"Docker-Content-Digest": SLIM},
    }  # fmt: skip
    served.respond = respond


def respond(path: str, body: bytes) -> str | None:
    """Answer npm's audit and queries of OSV from the same few flaws."""
    asked = json.loads(body)
    if path.endswith("/advisories/bulk"):
        return json.dumps({
            name: [{"id": 1, "url": "https://github.com/advisories/GHSA-xvch-5gv4-984h", "title": flaw, "severity": "critical", "vulnerable_versions": " || ".join(f">={low} <{high}" for low, high in spans), "cwe": ["CWE-1321"], "cvss": {"score": 9.8, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]
            for flaw, ecosystem, name, spans in FLAWS if ecosystem == "npm" and name in asked
        })  # fmt: skip
    name = asked.get("package", {}).get("name", "").lower()
    found = [record(*one) for one in FLAWS if one[1] == "PyPI" and one[2] == name and asked.get("version") != one[3][0][1]]  # fmt: skip
    return json.dumps({"vulns": found} if found else {})


def record(flaw: str, ecosystem: str, name: str, spans: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Return a record as OSV writes it."""
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": low}, {"fixed": high}]} for low, high in spans]
    return {
        "id": flaw, "modified": "2026-01-01T00:00:00Z", "summary": f"flaw of {name}", "database_specific": {"severity": "CRITICAL"},
        "affected": [{"package": {"ecosystem": ecosystem, "name": name}, "ranges": ranges}],
    }  # fmt: skip


def write_records(folder: Path) -> Path:
    """Write the flaws as OSV records."""
    folder.mkdir()
    for one in (*FLAWS, SYSTEM):
        (folder / f"{one[0]}.json").write_text(json.dumps(record(*one)))
    return folder


def write_inventory(path: Path, glibc: str) -> Path:
    """Write what an image holds: one package of Debian 12."""
    purl = f"pkg:deb/debian/glibc@{glibc}?distro=debian-12"
    parts = [{"type": "library", "name": "glibc", "version": glibc, "purl": purl, "bom-ref": "glibc"}]
    path.write_text(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1, "components": parts}))
    return path
