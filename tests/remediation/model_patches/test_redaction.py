"""Secrets that never leave: taken out of a file, and put back into what comes back."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.model_patches.redaction import MARK, marks, redacted

KEY = "AKIA" + "Q3ZT7LMNB2WXC5VD"
TOKEN = "ghp_" + "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.c2lnbmF0dXJlLW9mLWFkYQ"
PEM = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA7bq\nq9f3k2==\n-----END RSA PRIVATE KEY-----"


@pytest.mark.parametrize(
    ("path", "line", "secret"),
    [
        ("a.py", f'client = boto3.client("s3", aws_access_key_id="{KEY}")', KEY),
        ("a.py", 'password = "hunter2!"', "hunter2!"),
        ("a.py", 'DB_PASSWORD: str = "hunter2!"', "hunter2!"),
        ("a.py", "connect(user='ada', passwd='hunter2!')", "hunter2!"),
        ("a.py", 'if password == "hunter2!":', "hunter2!"),
        ("a.js", "const config = { apiKey: `s3cr3t-value` }", "s3cr3t-value"),
        ("a.java", 'props.put("password", "hunter2!");', "hunter2!"),
        ("a.go", 'secretKey := "hunter2!"', "hunter2!"),
        ("a.rb", ":password => 'hunter2!'", "hunter2!"),
        ("a.yaml", "  password: hunter2!", "hunter2!"),
        ("Dockerfile", "ENV SECRET_KEY=hunter2! OTHER=1", "hunter2!"),
        (".env", "DATABASE_PASSWORD=hunter2!", "hunter2!"),
        ("a.tf", '  master_password = "hunter2!"', "hunter2!"),
        ("a.json", '  "client_secret": "hunter2!",', "hunter2!"),
        ("a.py", f'headers = {{"X": "Bearer {TOKEN}"}}', TOKEN),
        ("a.py", f'verify("{JWT}")', JWT),
        ("a.py", 'url = "postgres://ada:hunter2!@db.example/shop"', "hunter2!"),
        ("a.py", 'salt = "q9Zx7LmN2bWc5VdTfGhJkPq3Rs8Ty1Ua"', "q9Zx7LmN2bWc5VdTfGhJkPq3Rs8Ty1Ua"),
        ("a.py", "x" * 9_000, "x" * 9_000),
    ],
)  # fmt: skip
def test_taken_out_and_put_back(path: str, line: str, secret: str) -> None:
    text = f"first\n{line}\nlast\n"
    found = redacted(path, text)
    assert secret not in found.text
    assert (len(marks(found.text)) > 0, found.text.count("\n")) == (True, 3)
    assert found.restored(found.text) == text


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a.py", "token = get_token(request)"),
        ("a.py", "password = os.environ['PASSWORD_OF_SHOP']".replace("'", "")),
        ("a.py", "session = requests.Session()"),
        ("a.py", "hashlib.md5(password.encode()).hexdigest()"),
        ("a.yaml", "      - uses: actions/checkout@8f4b7f84864484a7bf31766abe9204da3cbe65b3"),
        ("Dockerfile", "FROM node@sha256:" + "ab12" * 16),
        ("a.py", "yaml.load(stream, Loader=yaml.Loader)"),
        ("a.yaml", "  password: ${PASSWORD}"),
    ],
)
def test_code_stays(path: str, line: str) -> None:
    assert redacted(path, line).text == line


def test_keys_of_several_lines_keep_their_lines() -> None:
    text = f'KEY = """{PEM}"""\nprint(KEY)\n'
    found = redacted("a.py", text)
    assert "MIIE" not in found.text
    assert "q9f3k2" not in found.text
    assert found.text.count("\n") == text.count("\n")
    assert found.text.endswith('"""\nprint(KEY)\n')
    assert found.restored(found.text) == text
    # A key without its end hides no more than a key has.
    endless = PEM.partition("\n")[0] + "\nabc\n" * 300
    assert "abc" in redacted("a.py", endless).text


def test_the_same_secret_has_the_same_mark() -> None:
    found = redacted("a.py", 'password = "hunter2!"\ntoken = "other-one"\npasswd = "hunter2!"\n')
    assert marks(found.text) == [f"{MARK}1_", f"{MARK}2_", f"{MARK}1_"]
    assert found.restored(f"{MARK}3_ {MARK}0_ {MARK}99999999999_") == f"{MARK}3_ {MARK}0_ {MARK}99999999999_"


def test_lines_whose_very_place_is_a_secret_tell_no_literal() -> None:
    found = redacted("a.py", 'a = "one"\nb = connect("two", "three")\nc = "four"\n', (2, 2))
    assert found.text == f'a = "one"\nb = connect("{MARK}1_", "{MARK}2_")\nc = "four"\n'


def test_text_like_our_marks_is_refused() -> None:
    with pytest.raises(UnsafeEdit, match="our own marks"):
        redacted("a.py", f"x = '{MARK}1_'\n")


@given(st.text(alphabet="ab=: \"'pasword_key-\n.", max_size=300), st.sampled_from(["a.py", "a.yaml", "Dockerfile"]))
def test_whatever_is_taken_out_is_put_back(text: str, path: str) -> None:
    found = redacted(path, text)
    assert found.restored(found.text) == text
    assert found.text.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "line", ["password" * 900, "pass-." * 1_200, '"' * 7_000, "password=" * 800, "eyJ." * 1_900, "a" * 7_900]
)
def test_hostile_lines_take_no_time(line: str) -> None:
    begin = time.process_time()
    redacted("a.yaml", line)
    assert time.process_time() - begin < 3
