"""Names, texts, terms and conditions by themselves, and git against what leads elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from seamark.core.errors import RemoteFailure
from seamark.response.forges.pulls.contract import Pull, Standing
from seamark.response.remediation.pulls import bots, naming, text
from seamark.response.remediation.pulls.facts import Facts
from seamark.response.remediation.pulls.git import Repository
from seamark.response.remediation.pulls.merging import decide
from seamark.response.remediation.pulls.terms import Freeze, Terms

from .served import TOKEN, Forge

NOW = datetime(2026, 5, 8, 12, tzinfo=UTC)
EARLIER = (NOW - timedelta(days=10)).isoformat()
HEAD = "a" * 40
GOOD = Facts(
    moves=(("x", "1.0.0", "1.0.1", "patch"),), clears=("CVE-1",), proven=True, tests=True, known_since=EARLIER, pushed_at=EARLIER
)  # fmt: skip
STANDS = Standing(state="open", head=HEAD, checks="green", mergeable=True)


def test_all_conditions_met() -> None:
    assert decide(Terms(), GOOD, STANDS, HEAD, NOW).merge
    minor = msgspec.structs.replace(GOOD, moves=(("x", "1.0.0", "1.1.0", "minor"),))
    assert not decide(Terms(), minor, STANDS, HEAD, NOW).merge
    assert decide(Terms(merge_distance="minor"), minor, STANDS, HEAD, NOW).merge
    # A forge that does not say whether there are conflicts refuses itself.
    assert decide(Terms(), GOOD, msgspec.structs.replace(STANDS, mergeable=None), HEAD, NOW).merge
    assert decide(Terms(merge_release_days=0), msgspec.structs.replace(GOOD, known_since=""), STANDS, HEAD, NOW).merge


@pytest.mark.parametrize(
    "change",
    [
        {"made_by": "patch"}, {"made_by": "proposed"}, {"made_by": "model"}, {"moves": ()}, {"moves": (("x", "1", "2", "major"),)},
        {"moves": (("x", "1", "2", "unknown"),)}, {"proven": False}, {"introduced": ("CVE-2",)}, {"tests": False}, {"known_since": ""}, {"pushed_at": ""},
        {"known_since": NOW.isoformat()}, {"pushed_at": NOW.isoformat()},
    ],
)  # fmt: skip
def test_what_is_not_known_or_not_met_keeps_it(change: dict[str, object]) -> None:
    found = decide(Terms(), msgspec.structs.replace(GOOD, **change), STANDS, HEAD, NOW)  # type: ignore[arg-type]
    assert (found.merge, bool(found.missing), sum(not one.met for one in found.conditions)) == (False, True, 1)


@pytest.mark.parametrize("change", [{"checks": "none"}, {"checks": "unknown"}, {"checks": "red"}, {"head": "b" * 40}, {"head": ""}, {"objections": ("ada",)}, {"mergeable": False}])  # fmt: skip
def test_how_it_stands_keeps_it(change: dict[str, object]) -> None:
    assert not decide(Terms(), GOOD, msgspec.structs.replace(STANDS, **change), HEAD, NOW).merge  # type: ignore[arg-type]
    assert not decide(Terms(), GOOD, STANDS, "", NOW).merge


def test_freezes() -> None:
    friday = Freeze(weekdays=(5, 6, 7))
    assert (friday.holds(NOW), friday.holds(NOW + timedelta(days=3))) == (True, False)
    days = Freeze(start=NOW, end=NOW + timedelta(days=1))
    assert [days.holds(NOW + timedelta(hours=hours)) for hours in (-1, 0, 23, 24)] == [False, True, True, False]
    assert Freeze().holds(NOW)
    assert not decide(Terms(freezes=(friday,)), GOOD, STANDS, HEAD, NOW).merge


@pytest.mark.parametrize(
    "wrong",
    [{"author": "a\nb"}, {"author": "<x>"}, {"email": "no"}, {"most_open": 0}, {"merge_distance": "major"}, {"x": 1}, {"freezes": [{"weekdays": [8]}]}],
)  # fmt: skip
def test_terms_that_do_not_fit(wrong: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, Terms)


def test_names() -> None:
    key = naming.key_of("shop", "git.example/shop", "upgrade", "npm/lodash")
    assert key != naming.key_of("shop", "git.example/shop", "upgrade", "npm/lodash-es")
    assert naming.branch_of(key, "@babel/Core.. ") == f"seamark/babel-core-{key}"
    assert naming.branch_of(key, "…") == f"seamark/fix-{key}"
    assert naming.is_ours(f"Title\n\n{naming.trailer(key)}\n", key)
    # Only the last line counts: what a report says cannot pass for it.
    assert not naming.is_ours(f"{naming.trailer(key)}\n\nmore\n", key)
    assert not naming.is_marked("", key)


def test_hostile_words_show_as_they_are() -> None:
    nasty = "x](http://evil) @everyone #1 <img src=x> | ``` \u202e\n[//]: # (seamark-fix:other)"
    told = text.Told(
        key="k", title=nasty, risk=1.5, number=30, issues=(("SM-1", 0, nasty, True),) * 30, evidence=((nasty, nasty, nasty),),
        references=("https://example.org/a", "javascript:alert(1)", "https://x.example/a)b"),
    )  # fmt: skip
    facts = Facts(moves=((nasty, nasty, nasty, "patch"),), titles=(nasty,), files=(nasty,), clears=(nasty,), still=(nasty,), hints=(nasty,), verified=nasty)  # fmt: skip
    body = text.body_of(told, facts, "main")
    outside = "".join(body.split("`")[::2])
    for sign in ("@everyone", "<img", "](http", "javascript:", "\u202e"):
        assert sign not in outside
    assert "\n[//]: # (seamark-fix:other)" not in body
    assert body.count("\n[//]: #") == 1
    assert "and 10 more" in body
    assert "<https://example.org/a>" in body
    assert "https://x.example" not in body
    message = text.message_of(told, facts)
    assert (message.splitlines()[-1], naming.is_ours(message, "k")) == ("Seamark-Fix: k", True)
    assert len(text.title_of(told, facts)) <= 200
    assert "\n" not in text.title_of(told, facts)


def test_the_pull_request_of_a_bot() -> None:
    def pull(number: str, title: str, branch: str, *, elsewhere: bool = False) -> Pull:
        return Pull(number=number, url="", state="open", branch=branch, title=title, elsewhere=elsewhere)

    pulls = [
        pull("1", "Update jinja2-time to v3", "renovate/jinja2-time"), pull("2", "Update jinja2 to v3", "renovate/jinja2", elsewhere=True),
        pull("3", "Update Jinja2 to v3", "feature/jinja2"), pull("4", "Update dependency Jinja2 to v3", "renovate/jinja2-3.x"),
    ]  # fmt: skip
    found = bots.theirs(bots.RENOVATE, pulls, ["jinja2"])
    assert found is not None
    assert found.number == "4"
    assert bots.theirs(bots.DEPENDABOT, pulls, ["jinja2"]) is None
    assert bots.bot_of({"renovate.json": b"no json"}, {"npm"}) == bots.RENOVATE


@pytest.mark.parametrize("url", ["file:///etc", "ssh://x.example/a", "https://u:p@x.example/a", "http://x.example/a", "https://x.example/a?b", "ext::sh -c id"])  # fmt: skip
def test_addresses_that_lead_elsewhere(tmp_path: Path, url: str) -> None:
    with pytest.raises(RemoteFailure):
        Repository(tmp_path, url, ("u", "p"), through=lambda *_: "127.0.0.1")


def test_the_guard_keeps_git_out_of_the_own_network(tmp_path: Path) -> None:
    with pytest.raises(RemoteFailure, match="inside this network"):
        Repository(tmp_path, "https://127.0.0.1/a.git", ("u", "p"))


def test_git_goes_to_the_address_that_was_looked_at(forge: Forge, tmp_path: Path) -> None:
    """A name that leads nowhere by itself: git connects to what the guard let through, and redirects are not followed."""
    folder = tmp_path / "a"
    folder.mkdir()
    port = forge.base.rpartition(":")[2]
    named = forge.remote.replace("127.0.0.1", "forge.invalid")
    git = Repository(
        folder, named, ("x-access-token", TOKEN), {f"forge.invalid:{port}"}, through=lambda *_: "127.0.0.1"
    )
    assert git.tips("main") == forge.branches()
    for branch in ("--upload-pack=x", "a..b", "a b", "", "/x", "x.lock"):
        with pytest.raises(RemoteFailure, match="no name of a branch"):
            git.tips(branch)
    with pytest.raises(RemoteFailure, match="no commit"):
        git.read("--all")


def test_what_is_no_regular_file_is_not_written(forge: Forge, tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    git = Repository(folder, forge.remote, ("x-access-token", TOKEN), {"127.0.0.1"})
    base = git.fetch("main")
    from seamark.response.remediation.pulls.git import Author

    for path in ("new.txt", "../x", ".git/config", "tests"):
        with pytest.raises(RemoteFailure, match="no regular file"):
            git.commit(base, {path: b"x"}, "m", Author("a", "a@b"), NOW)
    one = git.commit(base, {"requirements.txt": b"x"}, "m", Author("a", "a@b"), NOW)
    assert one == git.commit(base, {"requirements.txt": b"x"}, "m", Author("a", "a@b"), NOW)
    git.push("seamark/x", one, "")
    # Somebody else was there in between: nothing is pushed over.
    with pytest.raises(RemoteFailure, match="git push"):
        git.push("seamark/x", base, base)
    assert forge.branches()["seamark/x"] == one
    git.delete("seamark/x", one)
    assert list(forge.branches()) == ["main"]
