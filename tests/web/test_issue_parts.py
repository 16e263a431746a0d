"""What the parts of the issue page are made of: ways through code, masked requests, fix options."""

from __future__ import annotations

import time

import pytest

from seamark.core.finding import Exchange, FlowStep
from seamark.core.location import CodeLocation
from seamark.insight.analytics.exchange import LONGEST_BODY, message, shown
from seamark.insight.analytics.flow import MOST_LINES, flow_of
from seamark.insight.analytics.options import breaks, clears_at, distance

SECRET = "s3cr3t-value-0123456789"


def step(path: str, line: int | None, snippet: str = "", words: str = "") -> FlowStep:
    return FlowStep(CodeLocation(path=path, line=line, snippet=snippet), words)


def test_steps_are_marked_on_their_lines_in_their_order() -> None:
    flow = flow_of(
        "CodeQL",
        [step("a.py", 3, "q = get()"), step("b.py", 9, "def run(q):"), step("a.py", 5, "run(q)"), step("a.py", 3)],
        [CodeLocation(path="a.py", line=5, snippet_line=2, snippet="import x\nq = get('q')\n\nrun(q)"), CodeLocation(path="c.py", line=1, snippet="no")],
    )  # fmt: skip
    assert [stretch.path for stretch in flow.stretches] == ["a.py", "b.py"]
    assert [(line.number, line.text, line.steps) for line in flow.stretches[0].lines] == [
        (2, "import x", ()), (3, "q = get('q')", (1, 4)), (4, "", ()), (5, "run(q)", (3,)),
    ]  # fmt: skip
    assert [(one.number, one.role, one.shown) for one in flow.steps] == [
        (1, "source", True), (2, "", True), (3, "", True), (4, "sink", True),
    ]  # fmt: skip


def test_what_no_report_shows_is_said_as_a_gap() -> None:
    flow = flow_of(
        "T", [step("a.py", 3, "one"), step("a.py", 40, "two"), step("a.py", None, "somewhere"), step("b.py", 7)]
    )
    assert [(line.number, line.after_gap) for line in flow.stretches[0].lines] == [(3, False), (40, True)]
    assert len(flow.stretches) == 1
    assert [(one.shown, one.snippet) for one in flow.steps] == [
        (True, ""),
        (True, ""),
        (False, "somewhere"),
        (False, ""),
    ]


def test_a_long_way_is_cut_and_says_so() -> None:
    long = "\n".join("x" for _ in range(MOST_LINES + 50))
    flow = flow_of("T", [step("a.py", 1, long), step("b.py", 1, "y")])
    assert sum(len(one.lines) for one in flow.stretches) == MOST_LINES
    assert flow.more
    assert [one.shown for one in flow.steps] == [True, False]


REQUEST = f"""POST /login?next=/&access_token={SECRET} HTTP/1.1
Host: shop.example
Authorization: Bearer {SECRET}
Cookie: theme=dark-and-long-enough; sessionid={SECRET}
X-Api-Key: {SECRET}
Accept: */*

user=ada&password={SECRET}&remember=1"""


def test_a_request_is_read_in_parts_without_its_secrets() -> None:
    told = message(REQUEST.replace("\n", "\r\n"))
    assert told.first.startswith("POST /login?next=/&access_token=s3cr…(")
    assert ("Host", "shop.example") in told.headers
    assert ("Accept", "*/*") in told.headers
    assert told.body.startswith("user=ada&password=s3cr…(")
    assert told.body.endswith("&remember=1")
    assert SECRET not in str(told)
    assert told.masked == 6


@pytest.mark.parametrize(
    "text",
    [
        f'{{"user": "ada", "password": "{SECRET}"}}', f"{{'apiKey': '{SECRET}'}}", f'{{"nested": {{"refresh_token" : "{SECRET}"}}}}',
        f"<login><password>{SECRET}</password></login>", f'<input type="hidden" name="csrf_token" value="{SECRET}">',
        f"https://ada:{SECRET}@shop.example/", f"?session={SECRET}", f"Set-Cookie: x\n\nauth_token={SECRET}",
        f"HTTP/1.1 200 OK\nSet-Cookie: id={SECRET}; HttpOnly", f"HTTP/1.1 200 OK\nAuthorization: Basic {SECRET}",
        f'{{"password": "quote \\" {SECRET}"}}',
    ],
)  # fmt: skip
def test_secrets_are_masked_by_what_they_are_called(text: str) -> None:
    told = message(text)
    assert SECRET not in str(told)
    assert told.masked >= 1


@pytest.mark.parametrize(
    "token",
    [
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dGhlIHNpZ25hdHVyZQ", "AKIAIOSFODNN7EXAMPLE", "ghp_" + "a1" * 18, "glpat-" + "x" * 20,
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----",
    ],
)  # fmt: skip
def test_tokens_are_masked_wherever_they_stand(token: str) -> None:
    assert token not in message(f"GET /x?y={token} HTTP/1.1\nReferer: {token}\n\nbefore {token} after").body
    told = message(f"<p>{token}</p>")
    assert token not in told.body
    assert told.body.startswith("<p>")


def test_what_is_no_secret_stays() -> None:
    text = "HTTP/1.1 404 Not Found\nContent-Type: text/html\nETag: abc\n\n<h1>Password forgotten?</h1> <p>tokenizer: fast</p>"
    told = message(text)
    assert told.masked == 0
    assert told.headers == [("Content-Type", "text/html"), ("ETag", "abc")]
    assert told.body == "<h1>Password forgotten?</h1> <p>tokenizer: fast</p>"


def test_what_is_no_http_is_all_body() -> None:
    assert message("just text\n\nmore").body == "just text\n\nmore"
    assert message("GET /\nno header here\n\nbody").first == ""
    assert shown(Exchange("", "\r\n")).request is None
    assert shown(Exchange("", "\r\n")).response is None


def test_long_messages_are_cut_behind_the_masking() -> None:
    body = "x" * (LONGEST_BODY - 12) + f"&password={SECRET}"
    told = message(body)
    assert "s3cr3t" not in told.body
    assert len(told.body) == LONGEST_BODY
    assert told.cut > 0


def test_hostile_messages_are_quick() -> None:
    begun = time.process_time()
    for piece in (
        "eyJ",
        '"password":"',
        "<token ",
        "password=",
        "?a",
        "name='password'",
        "://a:",
        "token" * 3,
        "[.-",
        '\\"',
        "-----BEGIN PRIVATE KEY-----",
    ):
        message((piece * 16_000)[:16_000])
        message("GET / HTTP/1.1\nCookie: " + (piece * 16_000)[:16_000].replace("\n", ""))
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("installed", "target", "step_", "breaking"),
    [
        ("2.14.1", "2.15.0", "minor", False), ("2.14.1", "3.0", "major", True), ("1.2.3", "1.2.4", "patch", False),
        ("0.3.1", "0.4.0", "minor", True), ("0.3.1", "0.3.2", "patch", False), ("1.0.0-1", "1.0.0-2", "other", False),
        ("1:2.0", "1:2.1", "minor", False), ("", "1.0", "", False), ("v1.2", "v1.2.0.1", "other", False),
    ],
)  # fmt: skip
def test_how_far_an_upgrade_goes(installed: str, target: str, step_: str, breaking: bool) -> None:
    assert (distance(installed, target), breaks(installed, target)) == (step_, breaking)


@pytest.mark.parametrize(
    ("target", "fixed", "clears"),
    [
        ("2.15.0", ["2.15.0"], True), ("2.16.0", ["2.15.0"], True), ("2.14.0", ["2.15.0"], False),
        ("4.1.3", ["4.1.3", "4.2.1"], True), ("4.2.0", ["4.1.3", "4.2.1"], False), ("4.2.1", ["4.1.3", "4.2.1"], True),
        ("5.0", ["4.1.3", "4.2.1"], True), ("1.0", ["1.0.0"], True),
    ],
)  # fmt: skip
def test_a_version_clears_what_is_fixed_in_its_line(target: str, fixed: list[str], clears: bool) -> None:
    assert clears_at(target, fixed) is clears
