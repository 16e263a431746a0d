"""Python, JavaScript, Go and Java."""

from __future__ import annotations

import pytest

from .made import becomes, refused

PYTHON = """\
import hashlib, os
import subprocess
import tempfile as tmp
import requests
import yaml
# ümlaut
def cache_key(data):
    return "ü", hashlib.md5(data).hexdigest()


def sign_in(password):
    return hashlib.sha1(password).hexdigest()


def work(path, app):
    with open(path) as stream:
        one = yaml.load(stream)
        two = yaml.load(stream, Loader=yaml.FullLoader)
    name = tmp.mktemp(".txt", dir="/srv")
    requests.get("https://x.example", verify=False, timeout=3)
    requests.post(
        "https://x.example",
        json={},
    )
    subprocess.run("ls -l '/srv/a b'", shell=True, check=True)
    subprocess.run("ls | wc", shell=True)
    subprocess.run(path, shell=True)
    app.run(host="a", debug=True)
    return one, two, name, os
"""


@pytest.mark.parametrize(
    ("finding", "line", "old", "new"),
    [
        ("bandit B324", 8, "hashlib.md5(data)", "hashlib.md5(data, usedforsecurity=False)"),
        ("bandit B506", 17, "yaml.load(stream)", "yaml.safe_load(stream)"),
        ("ruff S506", 18, "yaml.load(stream, Loader=yaml.FullLoader)", "yaml.safe_load(stream)"),
        (
            "bandit B306",
            19,
            'tmp.mktemp(".txt", dir="/srv")',
            'tmp.NamedTemporaryFile(suffix=".txt", dir="/srv", delete=False).name',
        ),
        ("bandit B501", 20, "verify=False", "verify=True"),
        ("ruff S113", 21, "json={},", "json={}, timeout=30,"),
        ("bandit B602", 25, "\"ls -l '/srv/a b'\", shell=True", '["ls", "-l", "/srv/a b"], shell=False'),
        ("bandit B201", 28, "debug=True", "debug=False"),
    ],
)
def test_python_is_patched(finding: str, line: int, old: str, new: str) -> None:
    becomes("app.py", PYTHON, old, new, finding, line)


def test_python_is_refused() -> None:
    refused("app.py", PYTHON, "protect something", "bandit B324", 12)
    refused("app.py", PYTHON, "needs a shell", "bandit B602", 26)
    refused("app.py", PYTHON, "computes the command", "bandit B602", 27)
    refused("app.py", PYTHON, "nothing that", "bandit B506", 3)
    refused("app.py", PYTHON, "no line 99", "bandit B506", 99)
    refused("app.py", "print 'x'\n", "no Python", "bandit B506", 1)
    refused("app.py", PYTHON, "no patch for", "bandit B101", 1)
    refused("app.py", "import yaml\nyaml.load(a, Loader=Own)\n", "loader of its own", "bandit B506", 2)
    refused("app.py", "import requests\nrequests.get(a, **more)\n", "in a dictionary", "bandit B113", 2)


@pytest.mark.parametrize(
    ("path", "text", "old", "new", "finding"),
    [
        ("a.js", "https.get({ rejectUnauthorized: false, a: 'ü' });\n", "false", "true", "njsscan node_tls_reject"),
        ("a.ts", "el.innerHTML = 'Saved';\n", "innerHTML", "textContent", "semgrep inner-html"),
        (
            "a.js",
            "const b = new Buffer('abc', 'utf8');\n",
            "new Buffer(",
            "Buffer.from(",
            "eslint security/detect-new-buffer",
        ),
        ("a.js", "const b = new Buffer(12);\n", "new Buffer(", "Buffer.alloc(", "eslint security/detect-new-buffer"),
        (
            "a.js",
            "crypto.pseudoRandomBytes(8);\n",
            "pseudoRandomBytes",
            "randomBytes",
            "eslint security/detect-pseudoRandomBytes",
        ),
        ("a.go", "package a\nvar c = &tls.Config{InsecureSkipVerify: true}\n", "true", "false", "gosec G402"),
        (
            "a.go",
            "package a\nvar c = &tls.Config{ServerName: x}\n",
            "{S",
            "{MinVersion: tls.VersionTLS12, S",
            "gosec G402",
        ),
        ("a.go", "package a\nfunc f() {\n\tos.WriteFile(p, d, 0644)\n}\n", "0644", "0600", "gosec G306"),
        ("a.go", "package a\nfunc f() {\n\tos.MkdirAll(p, 0o777)\n}\n", "0o777", "0o750", "gosec G301"),
        (
            "A.java",
            "class A { void f(Cookie c) { c.setSecure(false); } }\n",
            "(false)",
            "(true)",
            "findsecbugs INSECURE_COOKIE",
        ),
        (
            "A.java",
            "class A { void f(Cookie c) { c.setHttpOnly(false); } }\n",
            "(false)",
            "(true)",
            "findsecbugs HTTPONLY_COOKIE",
        ),
    ],
)
def test_others_are_patched(path: str, text: str, old: str, new: str, finding: str) -> None:
    becomes(path, text, old, new, finding)


def test_others_are_refused() -> None:
    refused("a.js", "el.innerHTML = '<b>' + name;\n", "markup", "semgrep inner-html")
    refused("a.js", "new Buffer(size)\n", "may be a number", "eslint security/detect-new-buffer")
    refused("a.js", "el.innerHTML = = 1", "cannot be read", "semgrep inner-html")
