"""Telling pull requests: once, at changed lines only, and the same on every forge."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from seamark.core.errors import RemoteFailure, SeamarkError
from seamark.insight.exports.gate.outcome import Asked, Breach, Outcome
from seamark.intake.discovery.changed import Changes
from seamark.response.forges.feedback import Feedback, Forge, feedback_of
from seamark.response.forges.open import open_forge
from seamark.response.forges.place import place_of
from tests.integrations.forges import (
    COMMIT,
    PATCH,
    TOKEN,
    AzureFake,
    BitbucketFake,
    Fake,
    GiteaFake,
    GitHubFake,
    GitLabFake,
    serving,
)

FAKES: dict[str, Callable[[], Fake]] = {
    "github": GitHubFake, "gitlab": GitLabFake, "bitbucket": BitbucketFake, "azure": AzureFake, "gitea": GiteaFake,
}  # fmt: skip
FRESH = Breach(
    policy="owasp-top-10", subject="issue", ref="4f0c", effect="block", severity="high", message="Text of a request is executed",
    issue_severity="critical", path="shop/admin.py", line=7, end_line=7, tools=("Semgrep",), fix="Parse it instead",
)  # fmt: skip
ELSEWHERE = replace(FRESH, ref="77aa", line=40, end_line=40, message="Old and not in the change")
WARNS = replace(
    FRESH,
    policy="no-regressions",
    ref="5e5e",
    effect="warn",
    line=8,
    end_line=8,
    message="@everyone <img src=x> `it` | is back",
)


def outcome(*breaches: Breach, result: str = "block") -> Outcome:
    asked = (
        Asked(name="owasp-top-10", digest="d", mode="enforce", severity="high", remediation="Fix it in this change"),
    )
    return Outcome(
        outcome=result, stage="pull_request", at="2026-11-22T10:00:00Z", bundle="b" * 64, facts="f" * 64, application="shop", issues=3, new=2,
        policies=asked, breaches=breaches,
    )  # type: ignore[arg-type] # fmt: skip


def told(*breaches: Breach, result: str = "block") -> Feedback:
    changes = Changes()
    assert changes.read(PATCH)
    return feedback_of(outcome(*breaches, result=result), changes)


FULL = told(FRESH, ELSEWHERE, WARNS)
CLEAN = told(result="pass")


@pytest.fixture(params=FAKES)
def name(request: pytest.FixtureRequest) -> str:
    forge: str = request.param
    return forge


@pytest.fixture
def fake(name: str) -> Iterator[Fake]:
    with serving(FAKES[name]()) as one:
        yield one


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def forge(name: str, fake: Fake, waits: list[float]) -> Forge:
    return open_forge(name, environment(name, fake.url + fake.root), sleep=waits.append)


def environment(name: str, api: str, token: str = TOKEN) -> dict[str, str]:
    repository = {"gitlab": "42", "azure": "Retail/shop-id"}.get(name, "acme/shop")
    return {
        "SEAMARK_FORGE_API": api, "SEAMARK_FORGE_REPOSITORY": repository, "SEAMARK_FORGE_PULL_REQUEST": "7", "SEAMARK_FORGE_COMMIT": COMMIT,
        "SEAMARK_FORGE_TOKEN": token,
    }  # fmt: skip


def remarks(fake: Fake) -> dict[tuple[str, int], str]:
    """What stands at lines and still holds, whatever the forge calls it."""
    match fake:
        case GitHubFake():
            last = fake.checks[-1]["output"]["annotations"] if fake.checks else []
            return {(one["path"], one["start_line"]): one["message"] for one in last}
        case GitLabFake():
            notes = [one["notes"][0] for one in fake.discussions.values()]
            return {
                (one["position"]["new_path"], one["position"]["new_line"]): one["body"]
                for one in notes
                if not one["resolved"]
            }
        case BitbucketFake():
            rows = [one for report in fake.reports.values() for one in report["annotations"]]
            return {(one["path"], one["line"]): one["details"] for one in rows}
        case AzureFake():
            threads = [one for one in fake.threads.values() if one["threadContext"] and one["status"] == "active"]
            return {
                (one["threadContext"]["filePath"].removeprefix("/"), one["threadContext"]["rightFileStart"]["line"]): one["comments"][0]["content"]
                for one in threads
            }  # fmt: skip
        case GiteaFake():
            rows = [one for review in fake.reviews.values() for one in review["comments"]]
            return {(one["path"], one["new_position"]): one["body"] for one in rows}
    raise AssertionError(fake)


def state(fake: Fake) -> str:
    """Return `good` or `bad`, as the forge shows the commit or pull request."""
    match fake:
        case GitHubFake():
            return "good" if fake.checks[-1]["conclusion"] == "success" else "bad"
        case BitbucketFake():
            return "good" if next(iter(fake.reports.values()))["result"] == "PASSED" else "bad"
    return "good" if fake.statuses[-1]["state"] in {"success", "succeeded"} else "bad"


def test_one_comment_and_notes_at_changed_lines_only(forge: Forge, fake: Fake) -> None:
    published = forge.publish(FULL)
    assert (published.comment, published.failures) == ("made", ())
    assert len(fake.texts()) == 1
    assert "Old and not in the change" in fake.texts()[0]
    assert set(remarks(fake)) == {("shop/admin.py", 7), ("shop/admin.py", 8)}
    assert published.notes == 2
    assert state(fake) == "bad"


def test_a_second_run_changes_nothing(forge: Forge, fake: Fake) -> None:
    forge.publish(FULL)
    before = (fake.texts(), remarks(fake))
    fake.asked.clear()
    again = forge.publish(FULL)
    assert (again.comment, again.notes, again.failures) == ("kept", 0, ())
    assert (fake.texts(), remarks(fake)) == before
    assert all("status" in path for _, path in fake.changes)


def test_what_changes_is_updated_in_place_and_what_is_fixed_goes(forge: Forge, fake: Fake) -> None:
    forge.publish(FULL)
    assert forge.publish(told(WARNS, result="warn")).comment == "changed"
    assert len(fake.texts()) == 1
    assert set(remarks(fake)) == {("shop/admin.py", 8)}
    forge.publish(CLEAN)
    assert len(fake.texts()) == 1
    assert "Passed" in fake.texts()[0]
    assert remarks(fake) == {}
    assert state(fake) == "good"


def test_a_busy_forge_is_asked_again_after_the_pause_it_names(forge: Forge, fake: Fake, waits: list[float]) -> None:
    fake.refused = [(429, {"message": "slow down"}), (503, None)]
    assert forge.publish(FULL).comment == "made"
    assert len(waits) == 2
    assert 5.6 <= waits[0] <= 8.4
    assert len(fake.texts()) == 1


def test_a_forge_that_stays_away_is_given_up(name: str, fake: Fake, forge: Forge, waits: list[float]) -> None:
    fake.refused = [(503, None)] * 50
    with pytest.raises(RemoteFailure) as failure:
        forge.publish(FULL)
    assert not failure.value.permanent
    assert len(waits) == 4


def test_redirects_are_not_followed_and_wrong_tokens_are_told(name: str, fake: Fake, forge: Forge) -> None:
    fake.refused = [(302, None)]
    with pytest.raises(RemoteFailure, match="redirects"):
        forge.publish(FULL)
    wrong = open_forge(name, environment(name, fake.url + fake.root, "wrong"))
    with pytest.raises(RemoteFailure, match="does not accept the token"):
        wrong.publish(FULL)
    assert fake.texts() == []


def test_the_forges_own_patch_tells_the_changed_lines(forge: Forge, fake: Fake) -> None:
    patch = forge.patch()
    if isinstance(fake, BitbucketFake | AzureFake):
        assert patch == ""
        return
    changes = Changes()
    assert changes.read(patch)
    assert [list(span) for span in changes.lines("shop/admin.py")] == [[7, 8]]


def test_a_comment_of_somebody_else_is_passed_over() -> None:
    fake = GitHubFake()
    with serving(fake):
        forge = open_forge("github", environment("github", fake.url))
        forge.publish(FULL)
        mine = next(iter(fake.comments))
        fake.foreign.add(mine)
        fake.comments[mine]["body"] += "\nforged"
        assert forge.publish(FULL).comment == "made"
        assert len(fake.comments) == 2


def test_a_persons_token_sets_a_status_where_only_apps_may_check() -> None:
    fake = GitHubFake()
    fake.apps_only = True
    with serving(fake):
        published = open_forge("github", environment("github", fake.url)).publish(FULL)
    assert published.failures == ()
    assert [one["state"] for one in fake.statuses] == ["failure"]


def test_comments_beyond_the_first_page_are_found() -> None:
    fake = GitHubFake()
    fake.comments = {number: {"id": number, "body": "hello"} for number in range(1, 151)}
    with serving(fake):
        forge = open_forge("github", environment("github", fake.url))
        forge.publish(FULL)
        assert forge.publish(FULL).comment == "kept"


def test_what_people_closed_for_good_stays_closed() -> None:
    fake = AzureFake()
    with serving(fake):
        forge = open_forge("azure", environment("azure", fake.url))
        forge.publish(FULL)
        noted = [one for one in fake.threads.values() if one["threadContext"]]
        noted[0]["status"] = "wontFix"
        forge.publish(FULL)
        assert noted[0]["status"] == "wontFix"


def test_text_of_reports_is_no_mark_up() -> None:
    for text in (FULL.body, *(note.body for note in FULL.notes)):
        assert "<img" not in text
        assert "@everyone" not in text
    assert "<sub>" in FULL.body


def test_no_lines_are_remarked_where_the_change_is_not_known() -> None:
    assert feedback_of(outcome(FRESH, WARNS), None).notes == ()


def test_a_breach_over_several_lines_is_remarked_at_the_first_that_changed() -> None:
    notes = told(replace(FRESH, line=3, end_line=9)).notes
    assert [(one.line, one.end_line) for one in notes] == [(7, 9)]


ENVIRONMENTS: dict[str, dict[str, str]] = {
    "github": {"GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF": "refs/pull/7/merge", "GITHUB_SHA": COMMIT, "GITHUB_TOKEN": TOKEN},
    "gitlab": {"CI_API_V4_URL": "https://git.example/api/v4", "CI_PROJECT_ID": "42", "CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": COMMIT, "GITLAB_TOKEN": TOKEN},
    "bitbucket": {"BITBUCKET_REPO_FULL_NAME": "acme/shop", "BITBUCKET_PR_ID": "7", "BITBUCKET_COMMIT": COMMIT, "BITBUCKET_TOKEN": TOKEN},
    "azure": {
        "SYSTEM_COLLECTIONURI": "https://dev.azure.com/acme/", "SYSTEM_TEAMPROJECT": "Retail", "BUILD_REPOSITORY_ID": "shop-id",
        "SYSTEM_PULLREQUEST_PULLREQUESTID": "7", "SYSTEM_PULLREQUEST_SOURCECOMMITID": COMMIT, "SYSTEM_ACCESSTOKEN": TOKEN,
    },
    "gitea": {"GITHUB_SERVER_URL": "https://gitea.example", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF": "refs/pull/7/head", "GITHUB_SHA": COMMIT, "GITEA_TOKEN": TOKEN},
}  # fmt: skip
ADDRESSES = {
    "github": "https://api.github.com", "gitlab": "https://git.example/api/v4", "bitbucket": "https://api.bitbucket.org/2.0",
    "azure": "https://dev.azure.com/acme", "gitea": "https://gitea.example/api/v1",
}  # fmt: skip


@pytest.mark.parametrize("name", FAKES)
def test_the_pipeline_tells_where_its_pull_request_is(name: str) -> None:
    place = place_of(name, ENVIRONMENTS[name])
    assert (place.api, place.number, place.commit, place.token) == (ADDRESSES[name], "7", COMMIT, TOKEN)
    assert TOKEN not in repr(place)


MISSING = [(name, key) for name, told_of in ENVIRONMENTS.items() for key in told_of if key != "CI_API_V4_URL"]


@pytest.mark.parametrize(("name", "missing"), MISSING)
def test_what_is_missing_is_named(name: str, missing: str) -> None:
    less = {key: value for key, value in ENVIRONMENTS[name].items() if key != missing}
    with pytest.raises(SeamarkError, match="SEAMARK_FORGE_"):
        place_of(name, less)


def test_the_event_tells_the_head_that_was_pushed(tmp_path: Path) -> None:
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"pull_request": {"number": 8, "head": {"sha": "c" * 40}}}))
    place = place_of("github", {**ENVIRONMENTS["github"], "GITHUB_EVENT_PATH": str(event)})
    assert (place.number, place.commit) == ("8", "c" * 40)


@pytest.mark.parametrize(
    "more",
    [
        {"SEAMARK_FORGE_API": "http://git.example/api"}, {"SEAMARK_FORGE_API": "file:///etc"}, {"SEAMARK_FORGE_PULL_REQUEST": "7/../8"},
        {"SEAMARK_FORGE_COMMIT": "main"}, {"SEAMARK_FORGE_REPOSITORY": "acme/../../user"},
    ],
)  # fmt: skip
def test_places_that_are_none_are_refused(more: dict[str, Any]) -> None:
    with pytest.raises(SeamarkError):
        place_of("github", {**ENVIRONMENTS["github"], **more})
