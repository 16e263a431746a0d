"""Where a pipeline runs, from the variables that its CI system sets. Pure: takes a mapping, returns a value."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace


class Pipeline(Struct, frozen=True):
    """What a CI system says of the build; empty where it does not say."""

    system: str = ""
    repository: str = ""
    ref: str = ""
    commit: str = ""
    pull_request: str = ""
    root: str = ""
    """The folder that the repository is checked out in."""


def detect(environment: Mapping[str, str]) -> Pipeline:
    """Return what the environment of a CI job says, all empty outside of one.

    Sources: the documentation of predefined variables of GitHub Actions, GitLab CI, Jenkins, Azure Pipelines and
    Bitbucket Pipelines.
    """
    for present, read in (
        ("GITHUB_ACTIONS", _github),
        ("GITLAB_CI", _gitlab),
        ("TF_BUILD", _azure),
        ("BITBUCKET_BUILD_NUMBER", _bitbucket),
        ("JENKINS_URL", _jenkins),
    ):
        if environment.get(present):
            folder = next((environment[name] for name in _FOLDERS if environment.get(name)), "")
            return replace(read(environment), root=folder)
    return Pipeline()


_FOLDERS = ("GITHUB_WORKSPACE", "CI_PROJECT_DIR", "BUILD_SOURCESDIRECTORY", "BITBUCKET_CLONE_DIR", "WORKSPACE")
"""Variables that name the checkout's folder, in the order of the systems above."""


def _github(e: Mapping[str, str]) -> Pipeline:
    server, name = e.get("GITHUB_SERVER_URL", "https://github.com"), e.get("GITHUB_REPOSITORY", "")
    ref, pull_request = e.get("GITHUB_REF", ""), ""
    if ref.startswith("refs/pull/"):
        pull_request = ref.split("/")[2]
        ref = e.get("GITHUB_HEAD_REF", "")
    return Pipeline("github", f"{server}/{name}" if name else "", ref, e.get("GITHUB_SHA", ""), pull_request)


def _gitlab(e: Mapping[str, str]) -> Pipeline:
    pull_request = e.get("CI_MERGE_REQUEST_IID", "")
    ref = e.get("CI_MERGE_REQUEST_SOURCE_BRANCH_NAME") or e.get("CI_COMMIT_REF_NAME", "")
    return Pipeline("gitlab", e.get("CI_PROJECT_URL", ""), ref, e.get("CI_COMMIT_SHA", ""), pull_request)


def _azure(e: Mapping[str, str]) -> Pipeline:
    pull_request = e.get("SYSTEM_PULLREQUEST_PULLREQUESTNUMBER") or e.get("SYSTEM_PULLREQUEST_PULLREQUESTID", "")
    ref = e.get("SYSTEM_PULLREQUEST_SOURCEBRANCH") if pull_request else e.get("BUILD_SOURCEBRANCH")
    return Pipeline(
        "azure", e.get("BUILD_REPOSITORY_URI", ""), ref or "", e.get("BUILD_SOURCEVERSION", ""), pull_request
    )


def _bitbucket(e: Mapping[str, str]) -> Pipeline:
    return Pipeline(
        "bitbucket", e.get("BITBUCKET_GIT_HTTP_ORIGIN", ""), e.get("BITBUCKET_BRANCH") or e.get("BITBUCKET_TAG", ""),
        e.get("BITBUCKET_COMMIT", ""), e.get("BITBUCKET_PR_ID", ""),
    )  # fmt: skip


def _jenkins(e: Mapping[str, str]) -> Pipeline:
    ref = e.get("CHANGE_BRANCH") or e.get("BRANCH_NAME") or e.get("GIT_BRANCH", "").removeprefix("origin/")
    return Pipeline("jenkins", e.get("GIT_URL", ""), ref, e.get("GIT_COMMIT", ""), e.get("CHANGE_ID", ""))
