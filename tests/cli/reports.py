"""Reports that are fine, and reports that are not, as bytes."""

from __future__ import annotations

import gzip
import json
from typing import Any


def hints(number: int = 3, path: str = "Dockerfile", **more: Any) -> list[dict[str, Any]]:
    """Return a Hadolint report."""
    levels = ("error", "warning", "info", "style")
    return [
        {
            "file": path, "line": at + 1, "column": 1, "level": levels[at % 4],
            "code": f"DL{3000 + at}", "message": f"Hint number {at}", **more,
        }
        for at in range(number)
    ]  # fmt: skip


def dependency(name: str = "django", version: str = "3.2.1") -> dict[str, Any]:
    """Return a pip-audit report with one vulnerable package."""
    flaw = {"id": "PYSEC-2021-98", "fix_versions": ["3.2.2"], "aliases": ["CVE-2021-32052"], "description": "A flaw."}
    return {"dependencies": [{"name": name, "version": version, "vulns": [flaw]}], "fixes": []}


def as_bytes(content: Any) -> bytes:
    """Return content as JSON."""
    return json.dumps(content).encode()


GOOD = as_bytes(hints())
BOMB = gzip.compress(gzip.compress(b" " * 1024) + b"[" + b" " * (80 * 1024**2) + b"]", 9)

UNREADABLE = {
    "empty.json": b"",
    "blank.json": b"   \n\t\n",
    "binary.json": bytes(range(256)) * 20,
    "truncated.json": GOOD[: len(GOOD) // 2],
    "wrong type.json": as_bytes([{**hints(1)[0], "line": {"no": "line"}}]),
    "not a number.json": GOOD.replace(b'"line": 1', b'"line": NaN'),
    "bomb.json.gz": BOMB,
    "cut.json.gz": gzip.compress(GOOD)[:-20],
    "nothing inside.json.gz": gzip.compress(b""),
    "entities.xml": b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;">]><OWASPZAPReport>&c;</OWASPZAPReport>',
    "entity of a file.xml": b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/hostname">]><OWASPZAPReport version="2"><site name="&b;"/></OWASPZAPReport>',
    "cut.zip": b"PK\x03\x04" + b"\x00" * 30,
    "packed.json.zst": b"(\xb5/\xfd" + b"\x00" * 30,
    "half UTF-16.json": "[{}]".encode("utf-16") + b"\x00",
    "deep.json": b"[" * 2_000_000,
    "deep objects.json": b'{"a":' * 200_000,
    "deep.xml": b"<a>" * 200_000,
    "text.txt": b"Nothing was found.\n",
}
"""Exit code 2 or 3, and a sentence."""
UNKNOWN = {
    "foreign.json": as_bytes({"error": "token expired", "status": 401}),
    "nothing.json": b"[]",
    "table.csv": b"a,b\n1,2\n",
    "page.html": b"<html><body>502 Bad Gateway</body></html>",
}
"""Exit code 3: whose report it is cannot be told."""
READABLE = {
    "plain.json": GOOD,
    "gzip.json.gz": gzip.compress(GOOD),
    "utf-8 with mark.json": b"\xef\xbb\xbf" + GOOD,
    "utf-16.json": GOOD.decode().encode("utf-16"),
    "utf-16 without mark.json": GOOD.decode().encode("utf-16-be"),
}
