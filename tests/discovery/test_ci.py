"""What CI systems say of a build, in the variables that their documentation names."""

from __future__ import annotations

import pytest

from seamark.intake.discovery.ci import Pipeline, detect

SHA = "0123456789abcdef0123456789abcdef01234567"
URL = "https://git.example/acme/shop"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, Pipeline()),
        ({"CI": "true", "GITHUB_REPOSITORY": "acme/shop"}, Pipeline()),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF": "refs/heads/main", "GITHUB_SHA": SHA},
            Pipeline("github", URL, "refs/heads/main", SHA, ""),
        ),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF": "refs/tags/v1"}, Pipeline("github", "https://github.com/acme/shop", "refs/tags/v1", "", "")),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_SERVER_URL": "https://git.example", "GITHUB_REPOSITORY": "acme/shop", "GITHUB_REF": "refs/pull/12/merge", "GITHUB_HEAD_REF": "fix", "GITHUB_SHA": SHA},
            Pipeline("github", URL, "fix", SHA, "12"),
        ),
        ({"GITHUB_ACTIONS": "true"}, Pipeline("github")),
        ({"GITHUB_ACTIONS": "true", "GITHUB_REF": "refs/pull/"}, Pipeline("github")),
        (
            {"GITLAB_CI": "true", "CI_PROJECT_URL": URL, "CI_COMMIT_REF_NAME": "main", "CI_COMMIT_SHA": SHA},
            Pipeline("gitlab", URL, "main", SHA, ""),
        ),
        (
            {"GITLAB_CI": "true", "CI_PROJECT_URL": URL, "CI_COMMIT_REF_NAME": "refs/merge-requests/12/head", "CI_COMMIT_SHA": SHA, "CI_MERGE_REQUEST_IID": "12", "CI_MERGE_REQUEST_SOURCE_BRANCH_NAME": "fix"},
            Pipeline("gitlab", URL, "fix", SHA, "12"),
        ),
        (
            {"JENKINS_URL": "https://ci.example", "GIT_URL": f"{URL}.git", "GIT_BRANCH": "origin/main", "GIT_COMMIT": SHA},
            Pipeline("jenkins", f"{URL}.git", "main", SHA, ""),
        ),
        (
            {"JENKINS_URL": "https://ci.example", "GIT_URL": URL, "BRANCH_NAME": "PR-12", "GIT_BRANCH": "PR-12", "CHANGE_ID": "12", "CHANGE_BRANCH": "fix", "GIT_COMMIT": SHA},
            Pipeline("jenkins", URL, "fix", SHA, "12"),
        ),
        ({"JENKINS_URL": "https://ci.example", "BRANCH_NAME": "release/1", "GIT_URL": URL}, Pipeline("jenkins", URL, "release/1", "", "")),
        (
            {"TF_BUILD": "True", "BUILD_REPOSITORY_URI": URL, "BUILD_SOURCEBRANCH": "refs/heads/main", "BUILD_SOURCEVERSION": SHA},
            Pipeline("azure", URL, "refs/heads/main", SHA, ""),
        ),
        (
            {"TF_BUILD": "True", "BUILD_REPOSITORY_URI": URL, "BUILD_SOURCEBRANCH": "refs/pull/12/merge", "BUILD_SOURCEVERSION": SHA, "SYSTEM_PULLREQUEST_PULLREQUESTNUMBER": "12", "SYSTEM_PULLREQUEST_PULLREQUESTID": "999", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/fix"},
            Pipeline("azure", URL, "refs/heads/fix", SHA, "12"),
        ),
        (
            {"TF_BUILD": "True", "BUILD_REPOSITORY_URI": URL, "BUILD_SOURCEVERSION": SHA, "SYSTEM_PULLREQUEST_PULLREQUESTID": "7", "SYSTEM_PULLREQUEST_SOURCEBRANCH": "refs/heads/fix"},
            Pipeline("azure", URL, "refs/heads/fix", SHA, "7"),
        ),
        ({"TF_BUILD": "True", "SYSTEM_PULLREQUEST_PULLREQUESTID": "7"}, Pipeline("azure", pull_request="7")),
        (
            {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_GIT_HTTP_ORIGIN": URL, "BITBUCKET_BRANCH": "main", "BITBUCKET_COMMIT": SHA},
            Pipeline("bitbucket", URL, "main", SHA, ""),
        ),
        (
            {"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_GIT_HTTP_ORIGIN": URL, "BITBUCKET_BRANCH": "fix", "BITBUCKET_PR_ID": "12", "BITBUCKET_COMMIT": SHA},
            Pipeline("bitbucket", URL, "fix", SHA, "12"),
        ),
        ({"BITBUCKET_BUILD_NUMBER": "1", "BITBUCKET_TAG": "v1"}, Pipeline("bitbucket", ref="v1")),
    ],
)  # fmt: skip
def test_detect(environment: dict[str, str], expected: Pipeline) -> None:
    assert detect(environment) == expected


@pytest.mark.parametrize("switch", ["GITHUB_ACTIONS", "GITLAB_CI", "TF_BUILD", "BITBUCKET_BUILD_NUMBER", "JENKINS_URL"])
def test_a_system_that_says_nothing_more(switch: str) -> None:
    found = detect({switch: "1"})
    assert found.system
    assert (found.repository, found.ref, found.commit, found.pull_request) == ("", "", "", "")
    assert detect({switch: ""}) == Pipeline()
