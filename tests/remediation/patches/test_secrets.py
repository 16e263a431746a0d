"""Secrets: what to do, and how they leave the file."""

from __future__ import annotations

import re
import tomllib

import pytest

from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.patches.secrets import KINDS, playbook, protection, remove

SECRET = "brass-lantern-demo"


@pytest.mark.parametrize(
    ("rule", "looks", "kind"),
    [
        ("aws-access-token", "AKIA****", "AWS access key"),
        ("CKV_SECRET_13", "", "private key"),
        ("generic", "ghp_****", "GitHub token"),
        ("B105", "****", "secret"),
        ("hardcoded_jwt_secret", "", "JSON Web Token secret"),
    ],
)
def test_playbook_knows_the_kind(rule: str, looks: str, kind: str) -> None:
    told = playbook(rule, "src/a b.py", looks)
    assert told.kind == kind
    assert kind in told.steps[0]
    assert "git filter-repo --replace-text" in told.purge
    assert "'src/a b.py'" in told.purge


def test_rules_of_protection_are_read_and_find_their_kind() -> None:
    found = {kind.name: tomllib.loads(protection(kind))["rules"][0]["regex"] for kind in KINDS if kind.hook}
    assert re.search(found["AWS access key"], "id = AKIA" + "A" * 16)
    assert re.search(found["private key"], "-----BEGIN RSA " + "PRIVATE KEY-----")
    assert not re.search(found["GitHub token"], "ghp_short")


@pytest.mark.parametrize(
    ("path", "text", "expected"),
    [
        ("a.py", f'import sys\nKEY = "{SECRET}"\n', 'import os\nimport sys\nKEY = os.environ["APP_KEY"]\n'),
        ("a.js", f"const k = '{SECRET}';\n", "const k = process.env.APP_KEY;\n"),
        ("A.java", f'class A {{ String k = "{SECRET}"; }}', 'class A { String k = System.getenv("APP_KEY"); }'),
        (
            "a.go",
            f'package a\nimport "os"\nvar k = "{SECRET}"\n',
            'package a\nimport "os"\nvar k = os.Getenv("APP_KEY")\n',
        ),
        (".env", f'A=1\nKEY="{SECRET}"\n', "A=1\nKEY=\n"),
    ],
)
def test_secret_is_read_from_the_environment(path: str, text: str, expected: str) -> None:
    after = remove(SECRET, {path: text.encode()}, path, "APP_KEY")
    assert after.files[path].decode() == expected
    assert SECRET not in f"{after.title}{after.note}"


@pytest.mark.parametrize(
    ("path", "text", "match"),
    [
        ("a.py", "x = 1\n", "does not hold"),
        ("a.py", f'x = f"{SECRET}"\n', "not edited"),
        ("a.py", f'import os\nx = "https://me:{SECRET}@host"\n', "not edited"),
        ("a.py", f'x = "{SECRET}"\n', "no imports"),
        ("a.tf", f'x = "{SECRET}"\n', "not edited"),
        ("a.go", f'package a\nvar k = "{SECRET}"\n', "does not import os"),
    ],
)
def test_removal_is_refused(path: str, text: str, match: str) -> None:
    with pytest.raises(UnsafeEdit, match=match) as refused:
        remove(SECRET, {path: text.encode()}, path, "APP_KEY")
    assert SECRET not in str(refused.value)
