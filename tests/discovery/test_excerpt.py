"""What is gathered of a checkout, sent, and used in its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.checkout import Checkout, Route
from seamark.core.errors import ImportRefused
from seamark.core.finding import Finding
from seamark.core.kind import Kind
from seamark.core.location import CodeLocation, WebLocation
from seamark.core.severity import Severity
from seamark.intake.discovery import excerpt as module
from seamark.intake.discovery.checkout import WorkingTree, enrich
from seamark.intake.discovery.excerpt import Excerpt, decode, encode, gather

APP = """from flask import Flask, request

app = Flask(__name__)


@app.get("/orders")
def orders():
    word = request.args["q"]
    return database.execute(word)


PASSWORD = "correct horse battery staple"
"""


def finding(path: str = "app.py", line: int | None = 9, kind: Kind = Kind.CODE, **rest: object) -> Finding:
    place = CodeLocation(path=path, line=line, **rest)
    return Finding(rule="r", title="t", severity=Severity.LOW, kind=kind, location=place)


FINDINGS = (
    finding(),
    finding(line=8, end_line=9),
    finding("/github/workspace/app.py", 8),
    finding(line=9, scope="said by the report"),
    finding(line=9, snippet="said by the report"),
    finding(line=12, kind=Kind.SECRET),
    finding("none.py"),
    finding(line=None),
    finding(line=7, end_line=3),
    Finding(rule="r", title="t", severity=Severity.LOW, location=WebLocation(url="https://shop.example/orders")),
)


@pytest.fixture
def tree(tmp_path: Path) -> WorkingTree:
    (tmp_path / "app.py").write_text(APP, "utf-8")
    return WorkingTree(tmp_path)


class Told:
    """A checkout that answers what it is told to."""

    def __init__(self, scope: str = "f", code: str = "x", routes: Sequence[Route] = ()) -> None:
        self.answers, self.listed = (scope, code), routes
        self.asked: list[tuple[str, int]] = []

    def scope(self, path: str, line: int) -> str:
        self.asked.append((path, line))
        return self.answers[0]

    def code(self, path: str, line: int, end_line: int | None = None) -> str:
        return self.answers[1]

    def routes(self) -> Sequence[Route]:
        return self.listed


def sent(checkout: Checkout, *findings: Finding) -> Excerpt:
    return decode(encode(gather(checkout, findings)))


@pytest.mark.parametrize("one", FINDINGS)
def test_findings_become_what_the_checkout_itself_makes_of_them(tree: WorkingTree, one: Finding) -> None:
    assert enrich(one, sent(tree, *FINDINGS)) == enrich(one, tree)


def test_what_is_sent(tree: WorkingTree) -> None:
    excerpt = sent(tree, finding(), finding("/github/workspace/app.py", 8))
    assert excerpt.scopes == {"app.py": {9: "orders"}, "/github/workspace/app.py": {8: "orders"}}
    assert excerpt.lines == {
        "app.py": {"9-9": "    return database.execute(word)"},
        "/github/workspace/app.py": {"8-8": '    word = request.args["q"]'},
    }
    assert [(one.path, one.method, one.file, one.scope) for one in excerpt.routes()] == [
        ("/orders", "GET", "app.py", "orders")
    ]
    assert (excerpt.scope("app.py", 9), excerpt.code("app.py", 9), excerpt.code("app.py", 9, 3)) == (
        "orders", "    return database.execute(word)", "    return database.execute(word)",
    )  # fmt: skip
    assert excerpt.scope("app.py", 8) == excerpt.scope("other.py", 9) == ""
    assert excerpt.code("app.py", 9, 10) == excerpt.code("other.py", 9) == ""


def test_only_what_a_report_leaves_out_is_gathered(tree: WorkingTree) -> None:
    excerpt = sent(
        tree, finding(scope="known"), finding(line=8, snippet="known"), finding(line=7, scope="a", snippet="b")
    )
    assert (excerpt.scopes, list(excerpt.lines["app.py"])) == ({"app.py": {8: "orders"}}, ["9-9"])


def test_secrets_are_never_gathered(tree: WorkingTree) -> None:
    digest = msgspec.structs.replace(finding(line=12), secret_digest="d")
    masked = msgspec.structs.replace(finding(line=12), secret="corr…")
    told = encode(gather(tree, [finding(line=12, kind=Kind.SECRET), digest, masked]))
    assert b"staple" not in told
    assert b"staple" in encode(gather(tree, [finding(line=12)]))


def test_places_have_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_PLACES", 3)
    checkout = Told()
    excerpt = sent(checkout, *(finding(line=line) for line in range(1, 9)))
    assert list(excerpt.scopes["app.py"]) == [1, 2, 3]
    assert [line for _, line in checkout.asked] == [1, 2, 3]


def test_findings_to_which_nothing_is_added_are_no_places(monkeypatch: pytest.MonkeyPatch, tree: WorkingTree) -> None:
    monkeypatch.setattr(module, "MOST_PLACES", 1)
    assert gather(tree, [finding("none.py"), finding("none.py", 3), finding()]).scopes == {"app.py": {9: "orders"}}


def test_text_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TEXT", 1000)
    excerpt = sent(Told(code="x" * 300), *(finding(line=line) for line in range(1, 9)))
    assert list(excerpt.lines["app.py"]) == ["1-1", "2-2", "3-3"]
    # What is over is left out, not all that comes after it.
    assert len(excerpt.scopes["app.py"]) > 3
    assert len(encode(excerpt)) < 1200


def test_routes_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_TEXT", 100)
    routes = [Route(path=f"/{at}", file="app.py", line=1) for at in range(9)]
    excerpt = sent(Told(code="x" * 300, routes=routes), finding())
    assert 0 < len(excerpt.routes()) < 9
    assert not excerpt.lines


@pytest.mark.parametrize(
    "route",
    [
        Route(path="/" + "x" * 5000), Route(path="/\0"), Route(path="/", file="\udcff.py"), Route(path="/", line=-1), Route(path="/", end_line=2**40),
        Route(path="/", method="G" * 300), Route(path="/", scope="s" * 3000), Route(path="/", parameters=("p",) * 2000), Route(path="/", parameters=("p" * 300,)),
    ],
)  # fmt: skip
def test_routes_without_measure_are_left_out_and_refused(route: Route) -> None:
    sound = Route(path="/orders")
    assert gather(Told(routes=[route, sound]), []).routes() == (sound,)
    if "\udcff" not in route.file:
        with pytest.raises(ImportRefused, match=r"\$\.routes\[1\]"):
            decode(encode(Excerpt(handlers=(sound, route))))


@pytest.mark.parametrize(("scope", "code"), [("s" * 3000, ""), ("\0", "a\0b"), ("\udcff", "\udcff")])
def test_texts_that_nobody_would_take_are_left_out(scope: str, code: str) -> None:
    assert sent(Told(scope, code), finding()) == Excerpt()


def test_code_is_cut_where_a_findings_own_code_is() -> None:
    long = Told(code="x" * 5000)
    one = enrich(finding(), sent(long, finding()))
    assert one == enrich(finding(), long)
    assert len(one.location.snippet) == 4000  # type: ignore[union-attr]


WORDS = st.text(max_size=30) | st.sampled_from(["\0", "\n" * 4000, "é" * 5000, "\udcff", "\x01" * 3000])


@given(
    WORDS,
    WORDS,
    st.lists(st.builds(finding, path=WORDS, line=st.integers(1, 2**31 - 1), end_line=st.integers(0, 2**31))),
)
def test_whatever_is_gathered_can_be_sent(scope: str, code: str, findings: list[Finding]) -> None:
    gathered = gather(Told(scope, code, [Route(path=code, scope=scope)]), findings)
    assert decode(encode(gathered)) == gathered
    # What a server keeps of what it was sent is never larger than that.
    assert len(encode(decode(encode(gathered)))) <= len(encode(gathered))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b'{"scopes":[]}', r"\$\.scopes"),
        (b'{"scopes":{"a.py":{"0":"f"}}}', ">= 1"),
        (b'{"scopes":{"a.py":{"nine":"f"}}}', "Expected `int`"),
        (b'{"scopes":{"a.py":{"9":5}}}', "got `int`"),
        (b'{"scopes":{"a.py":{"9":"\\u0000"}}}', "matching regex"),
        (b'{"scopes":{"a.py":{"9":"\\ud800"}}}', "truncated|surrogate"),
        (b'{"scopes":{"a.py":{"9":"%s"}}}' % (b"f" * 3000), "length <= 2000"),
        (b'{"scopes":{"%s":{"9":"f"}}}' % (b"a" * 5000), "length <= 4096"),
        (b'{"scopes":{"\xff":{"9":"f"}}}', "utf-8"),
        (b'{"lines":{"a.py":{"9":"x"}}}', "matching regex"),
        (b'{"lines":{"a.py":{"9-9\\n":"x"}}}', "matching regex"),
        (b'{"lines":{"a.py":{"9-9":"%s"}}}' % (b"x" * 5000), "length <= 4000"),
        (b'{"routes":{}}', "Expected `array`"),
        (b'{"routes":[{"method":"GET"}]}', "missing required field `path`"),
        (b'{"more":%s}' % (b"[" * 100_000 + b"]" * 100_000), "too deeply"),
        (b"{} {}", "trailing"),
    ],
)  # fmt: skip
def test_shapes_that_are_refused(sent: bytes, words: str) -> None:
    with pytest.raises(ImportRefused, match=words) as caught:
        decode(sent)
    assert str(caught.value).startswith("The excerpt of the source")
    assert "\n" not in str(caught.value)


def test_what_a_newer_sender_says_besides_is_passed_over() -> None:
    assert decode(b'{"scopes":{"a.py":{"9":"f"}},"history":{"a.py":[1,2]}}') == Excerpt(scopes={"a.py": {9: "f"}})


def test_numbers_that_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    excerpt = Excerpt(
        scopes={"a.py": {1: "f", 2: "f"}, "b.py": {1: "f"}},
        lines={"a.py": {"1-1": "x"}},
        handlers=(Route(path="/"),) * 3,
    )
    assert decode(encode(excerpt)) == excerpt
    for bound, words in (("MOST_PLACES", "more than 2 functions"), ("MOST_ROUTES", "more than 2 routes")):
        with monkeypatch.context() as patch:
            patch.setattr(module, bound, 2)
            with pytest.raises(ImportRefused, match=words):
                decode(encode(excerpt))
    monkeypatch.setattr(module, "MOST_PLACES", 0)
    with pytest.raises(ImportRefused, match="more than 0 pieces of code"):
        decode(encode(Excerpt(lines={"a.py": {"1-1": "x"}})))


def test_a_size_that_is_refused() -> None:
    with pytest.raises(ImportRefused, match="larger than 32 MB"):
        decode(b"{}" + b" " * module.LARGEST)
    assert decode(b"{}" + b" " * (module.LARGEST - 2)) == Excerpt()
