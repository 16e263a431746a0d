"""Each forge's calls: GitHub's against its published description, the others against the shapes that they document."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import httpx2
import jsonschema
import pytest

from seamark.core.errors import RemoteFailure
from seamark.response.forges.pulls.contract import Draft, Home
from seamark.response.forges.pulls.forge import FORGES, TITLES, pulls_of
from tests.channels.descriptions import github, operation, resolved

HEAD = "a" * 40
DRAFT = Draft(title="Security: x", body="text", branch="seamark/x-1", base="main", labels=("security",), reviewers=("ada", "harbour/payments", "{11111111-2222-3333-4444-555555555555}", "11111111-2222-3333-4444-555555555555"))  # fmt: skip
Sent = list[tuple[str, str, dict[str, str], Any]]
GITHUB = {
    "number": 7, "html_url": "https://forge/7", "state": "open", "title": "t", "body": "b", "mergeable": True,
    "head": {"ref": "seamark/x-1", "sha": HEAD, "repo": {"full_name": "harbour/shop"}},
}  # fmt: skip
GITLAB = {
    "iid": 7, "web_url": "https://forge/7", "state": "opened", "title": "t", "description": "b", "source_branch": "seamark/x-1", "sha": HEAD,
    "source_project_id": 1, "target_project_id": 1, "detailed_merge_status": "mergeable", "head_pipeline": {"status": "success", "sha": HEAD},
    "blocking_discussions_resolved": True,
}  # fmt: skip
BITBUCKET = {
    "id": 7, "links": {"html": {"href": "https://forge/7"}}, "state": "OPEN", "title": "t", "description": "b", "participants": [],
    "source": {"branch": {"name": "seamark/x-1"}, "commit": {"hash": HEAD[:12]}, "repository": {"full_name": "harbour/shop"}},
}  # fmt: skip
AZURE = {
    "pullRequestId": 7, "repository": {"webUrl": "https://forge", "project": {"id": "p1"}}, "status": "active", "title": "t", "description": "b",
    "sourceRefName": "refs/heads/seamark/x-1", "lastMergeSourceCommit": {"commitId": HEAD}, "mergeStatus": "succeeded", "reviewers": [{"vote": 10}],
}  # fmt: skip
GITEA = {
    "number": 7, "html_url": "https://forge/7", "state": "open", "title": "t", "body": "b", "merged": False, "mergeable": True,
    "head": {"ref": "seamark/x-1", "sha": HEAD, "repo_id": 1}, "base": {"repo_id": 1},
}  # fmt: skip
ANSWERS: dict[str, list[tuple[str, Any]]] = {
    "github": [
        (r"GET .*/check-runs", {"check_runs": [{"status": "completed", "conclusion": "success"}]}), (r"GET .*/status", {"statuses": []}),
        (r"GET .*/(reviews|comments)", []), (r"GET .*/pulls\?", [GITHUB]), (r".* .*/pulls.*", GITHUB), (r"POST .*/issues/.*", {}), (r"GET .*", {"default_branch": "main"}),
    ],
    "gitlab": [
        (r"GET /users", [{"id": 5}]), (r"GET .*/notes", []), (r"GET .*/merge_requests\?", [GITLAB]), (r".* .*/merge_requests.*", GITLAB),
        (r"GET .*", {"default_branch": "main"}),
    ],
    "bitbucket": [
        (r"GET .*/statuses", {"values": [{"state": "SUCCESSFUL"}]}), (r"GET .*/comments", {"values": []}), (r"GET .*/pullrequests\?", {"values": [BITBUCKET]}),
        (r".* .*/pullrequests.*", BITBUCKET), (r"GET .*", {"mainbranch": {"name": "main"}}),
    ],
    "azure": [
        (r"GET .*/statuses", {"value": []}), (r"GET .*/threads", {"value": []}),
        (r"GET .*/evaluations", {"value": [{"status": "approved", "configuration": {"isBlocking": True}}]}),
        (r"GET .*/pullrequests\?search", {"value": [AZURE]}), (r".* .*/pullrequests.*", AZURE), (r"GET .*", {"defaultBranch": "refs/heads/main"}),
    ],
    "gitea": [
        (r"GET .*/status", {"state": "success", "total_count": 1}), (r"GET .*/labels", [{"id": 3, "name": "security"}]), (r"GET .*/(reviews|comments)", []),
        (r"GET .*/pulls\?", [GITEA]), (r".* .*/pulls.*", GITEA), (r"POST .*/issues/.*", {}), (r"GET .*", {"default_branch": "main"}),
    ],
}  # fmt: skip


def far(name: str, sent: Sent, change: Callable[[Any], Any] = lambda body: body) -> Any:
    """Return a forge whose answers are given; lists have one page."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        params = dict(request.url.params)
        sent.append(
            (request.method, request.url.path, params, json.loads(request.content) if request.content else None)
        )
        asked = f"{request.method} {request.url.raw_path.decode()}"
        body = next(body for pattern, body in ANSWERS[name] if re.match(pattern, asked, re.IGNORECASE))
        if params.get("page", "1") != "1":
            body = {"values": []} if name == "bitbucket" else []
        return httpx2.Response(201 if request.method == "POST" else 200, json=change(body))

    home = Home(api="https://forge.example", name="harbour/shop", token="t0ken")
    return pulls_of(name, home, transport=httpx2.MockTransport(answer))


def live(forge: Any) -> None:
    """Lead a pull request through its life."""
    assert forge.default_branch() == "main"
    for one in (forge.of_branch("seamark/x-1")[0], forge.all_open()[0], forge.open(DRAFT)):
        assert (one.number, one.url.startswith("https://forge"), one.state, one.branch) == (
            "7",
            True,
            "open",
            "seamark/x-1",
        )
        assert (one.title, one.body, one.elsewhere, HEAD.startswith(one.head)) == ("t", "b", False, True)
    forge.change("7", "t2", "b2")
    assert forge.comments("7") == []
    forge.comment("7", "hello")
    standing = forge.standing("7")
    assert (standing.state, standing.checks, standing.objections) == ("open", "green", ())
    assert standing.mergeable in {True, None}
    forge.merge("7", HEAD)
    forge.close("7")
    assert all(forge.login())


@pytest.mark.parametrize("name", FORGES)
def test_life_of_a_pull_request(name: str) -> None:
    sent: Sent = []
    live(far(name, sent))
    asked = {(method, path): body for method, path, _, body in sent if body is not None}
    for call, body in EXPECTED[name].items():
        method, _, path = call.partition(" ")
        assert asked[method, path] == body
    assert name in TITLES


EXPECTED: dict[str, dict[str, Any]] = {
    "github": {
        "POST /repos/harbour/shop/pulls": {"title": "Security: x", "body": "text", "head": "seamark/x-1", "base": "main"},
        "PUT /repos/harbour/shop/pulls/7/merge": {"sha": HEAD, "merge_method": "squash"},
        "PATCH /repos/harbour/shop/pulls/7": {"state": "closed"},
    },
    "gitlab": {
        "POST /projects/harbour/shop/merge_requests": {
            "source_branch": "seamark/x-1", "target_branch": "main", "title": "Security: x", "description": "text", "labels": "security",
            "remove_source_branch": True, "reviewer_ids": [5, 5, 5],
        },
        "PUT /projects/harbour/shop/merge_requests/7/merge": {"sha": HEAD, "should_remove_source_branch": True},
        "PUT /projects/harbour/shop/merge_requests/7": {"state_event": "close"},
    },
    "bitbucket": {
        "POST /repositories/harbour/shop/pullrequests": {
            "title": "Security: x", "description": "text", "source": {"branch": {"name": "seamark/x-1"}}, "destination": {"branch": {"name": "main"}},
            "close_source_branch": True, "reviewers": [{"uuid": "{11111111-2222-3333-4444-555555555555}"}],
        },
        "POST /repositories/harbour/shop/pullrequests/7/merge": {"close_source_branch": True, "merge_strategy": "squash"},
        "POST /repositories/harbour/shop/pullrequests/7/comments": {"content": {"raw": "hello"}},
    },
    "azure": {
        "POST /harbour/_apis/git/repositories/shop/pullrequests": {
            "sourceRefName": "refs/heads/seamark/x-1", "targetRefName": "refs/heads/main", "title": "Security: x", "description": "text",
            "labels": [{"name": "security"}], "reviewers": [{"id": "11111111-2222-3333-4444-555555555555"}],
        },
        "PATCH /harbour/_apis/git/repositories/shop/pullrequests/7": {"status": "abandoned"},
    },
    "gitea": {
        "POST /repos/harbour/shop/pulls": {"title": "Security: x", "body": "text", "head": "seamark/x-1", "base": "main", "labels": [3]},
        "POST /repos/harbour/shop/pulls/7/merge": {"Do": "squash", "head_commit_id": HEAD, "delete_branch_after_merge": True},
        "PATCH /repos/harbour/shop/pulls/7": {"state": "closed"},
    },
}  # fmt: skip


@pytest.mark.parametrize(
    ("name", "change", "expected"),
    [
        ("github", {"merged_at": "2026-05-01T00:00:00Z", "state": "closed"}, ("merged", "green", True)),
        ("github", {"mergeable": False}, ("open", "green", False)),
        ("github", {"mergeable": None}, ("open", "green", None)),
        ("gitlab", {"state": "merged"}, ("merged", "green", True)),
        ("gitlab", {"head_pipeline": {"status": "failed", "sha": HEAD}}, ("open", "red", True)),
        ("gitlab", {"head_pipeline": {"status": "success", "sha": "b" * 40}}, ("open", "running", True)),
        ("gitlab", {"head_pipeline": None}, ("open", "none", True)),
        ("gitlab", {"detailed_merge_status": "conflict"}, ("open", "green", False)),
        ("bitbucket", {"state": "DECLINED"}, ("closed", "green", None)),
        ("azure", {"status": "completed"}, ("merged", "green", True)),
        ("azure", {"mergeStatus": "conflicts"}, ("open", "green", False)),
        ("azure", {"mergeStatus": "queued"}, ("open", "green", None)),
        ("gitea", {"merged": True, "state": "closed"}, ("merged", "green", True)),
        ("gitea", {"state": "closed"}, ("closed", "green", True)),
    ],
)  # fmt: skip
def test_standing(name: str, change: dict[str, Any], expected: tuple[Any, ...]) -> None:
    told = far(
        name, [], lambda body: {**body, **change} if isinstance(body, dict) and "title" in body else body
    ).standing("7")
    assert (told.state, told.checks, told.mergeable) == expected


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("gitlab", {"detailed_merge_status": "requested_changes"}), ("gitlab", {"blocking_discussions_resolved": False}),
        ("bitbucket", {"participants": [{"state": "changes_requested", "user": {"display_name": "Grace"}}]}),
        ("azure", {"reviewers": [{"vote": -5, "displayName": "Grace"}]}),
    ],
)  # fmt: skip
def test_objections(name: str, change: dict[str, Any]) -> None:
    assert (
        far(name, [], lambda body: {**body, **change} if isinstance(body, dict) and "title" in body else body)
        .standing("7")
        .objections
    )


def test_bitbucket_merges_only_what_was_seen() -> None:
    with pytest.raises(RemoteFailure, match="changed meanwhile"):
        far("bitbucket", []).merge("7", "b" * 40)


def test_long_texts_keep_their_mark_on_azure() -> None:
    sent: Sent = []
    far("azure", sent).change("7", "t", "x" * 9_000 + "\n\n[//]: # (seamark-fix:k)\n")
    told = sent[-1][3]["description"]
    assert len(told) <= 4_000
    assert told.endswith("[//]: # (seamark-fix:k)\n")


def test_odd_answers_break_nothing() -> None:
    for name in FORGES:
        for odd in (None, [], {}, [None, 3], {"values": 3, "value": "x", "check_runs": {}}):
            forge = far(name, [], lambda _, odd=odd: odd)  # type: ignore[misc]
            assert forge.of_branch("seamark/x-1") == []
            assert forge.standing("7").state == "closed"


def test_unknown_forge_and_installation() -> None:
    with pytest.raises(RemoteFailure, match="There is no forge"):
        pulls_of("sourceforge", Home(api="https://x.example", name="a/b"))
    with pytest.raises(RemoteFailure, match="told by its number"):
        pulls_of("github", Home(api="https://x.example", name="a/b", app="1", installation="x"))


def test_an_app_of_github_gets_a_token_of_its_installation() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    key = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    seen: list[tuple[str, str]] = []

    def answer(request: httpx2.Request) -> httpx2.Response:
        seen.append((request.url.path, request.headers["Authorization"]))
        return httpx2.Response(
            201, json={"token": "ghs_1"} if "access_tokens" in request.url.path else {"default_branch": "main"}
        )

    class Kept(httpx2.MockTransport):
        def close(self) -> None:
            """Stay open: two callers share it here."""

    forge = pulls_of(
        "github", Home(api="https://x.example", name="a/b", app="1", installation="12", key=key), transport=Kept(answer)
    )
    assert forge.default_branch() == "main"
    assert [path for path, _ in seen] == ["/app/installations/12/access_tokens", "/repos/a/b"]
    assert seen[1][1] == "Bearer ghs_1"
    assert forge.login() == ("x-access-token", "ghs_1")


def test_github_describes_every_request() -> None:
    sent: Sent = []
    live(far("github", sent))
    for method, path, params, body in sent:
        name, described = operation(method, path)
        known = {resolved(one)["name"] for one in described.get("parameters", ())}
        assert set(params) <= known, (method, name, params)
        if body is not None:
            schema = resolved(described["requestBody"]["content"]["application/json"]["schema"])
            jsonschema.validate(body, {**schema, "components": github()["components"]})
            assert set(body) <= set(schema.get("properties") or body), (method, name)
    assert len({(method, operation(method, path)[0]) for method, path, _, _ in sent}) == 13
