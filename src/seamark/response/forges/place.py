"""Which pull request a pipeline runs for, and how its forge is reached: from the environment."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec
from msgspec import Struct

from seamark.core.errors import SeamarkError

_LARGEST: Final = 10_000_000
_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_COMMIT: Final = re.compile(r"[0-9a-f]{7,64}")
_REPOSITORY: Final = re.compile(r"[\w.-]+(/[\w. -]+)*|\{[0-9a-f-]+\}", re.IGNORECASE)


class Place(Struct, frozen=True):
    """A pull request."""

    api: str
    """Address of the forge's API."""
    repository: str
    """`owner/name`; on GitLab its number does as well, on Azure DevOps it is `project/repository`."""
    number: str
    commit: str
    """The head of the pull request."""
    token: str

    def __repr__(self) -> str:
        return f"Place({self.api!r}, {self.repository!r}, {self.number!r}, {self.commit!r})"


def place_of(forge: str, environment: Mapping[str, str]) -> Place:
    """Return the pull request that the environment of a job tells; variables `SEAMARK_FORGE_…` win over those of the CI system.

    Raises `SeamarkError` that names what is missing.
    """
    read, tokens = _READERS[forge]
    told = read(environment)
    own = {
        name: environment.get(f"SEAMARK_FORGE_{name.upper()}", "").strip()
        for name in ("api", "repository", "pull_request", "commit")
    }
    api, repository, number, commit = (
        own[name] or told.get(name, "") for name in ("api", "repository", "pull_request", "commit")
    )
    token = next(
        (environment[name].strip() for name in ("SEAMARK_FORGE_TOKEN", *tokens) if environment.get(name, "").strip()),
        "",
    )
    for value, pattern, name in (
        (repository, _REPOSITORY, "REPOSITORY"), (number, _NUMBER, "PULL_REQUEST"), (commit, _COMMIT, "COMMIT"),
    ):  # fmt: skip
        if not pattern.fullmatch(value) or ".." in value:
            raise SeamarkError(
                f"No pull request is told: the job does not say its {name.lower().replace('_', ' ')}; set SEAMARK_FORGE_{name}"
            )
    if not token:
        raise SeamarkError(
            f"No pull request is told: there is no token; set {' or '.join(('SEAMARK_FORGE_TOKEN', *tokens))}"
        )
    return Place(api=_checked(api), repository=repository, number=number, commit=commit, token=token)


def _checked(api: str) -> str:
    """Return an address that a token may be sent to: encrypted, or on this machine."""
    parts = urlsplit(api)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "localhost", "::1"}):
        return api
    raise SeamarkError(
        f"No pull request is told: {api!r} is no https:// address to send a token to; set SEAMARK_FORGE_API"
    )


def _event(environment: Mapping[str, str]) -> dict[str, str]:
    """Return number and head of the pull request in a workflow's event."""
    path = environment.get("GITHUB_EVENT_PATH", "")
    found: dict[str, str] = {}
    if path:
        try:
            with Path(path).open("rb") as file:
                event: Any = msgspec.json.decode(file.read(_LARGEST))
            request = event["pull_request"]
            found = {"pull_request": str(request["number"]), "commit": str(request["head"]["sha"])}
        except (OSError, msgspec.DecodeError, KeyError, TypeError):
            found = {}
    ref = environment.get("GITHUB_REF", "").split("/")
    if "pull_request" not in found and ref[:2] == ["refs", "pull"] and len(ref) > 2:
        found["pull_request"] = ref[2]
    found.setdefault("commit", environment.get("GITHUB_SHA", ""))
    return found


def _github(e: Mapping[str, str]) -> dict[str, str]:
    return {
        "api": e.get("GITHUB_API_URL", "https://api.github.com"),
        "repository": e.get("GITHUB_REPOSITORY", ""),
        **_event(e),
    }


def _gitea(e: Mapping[str, str]) -> dict[str, str]:
    server = e.get("GITHUB_SERVER_URL", "").rstrip("/")
    return {"api": f"{server}/api/v1" if server else "", "repository": e.get("GITHUB_REPOSITORY", ""), **_event(e)}


def _gitlab(e: Mapping[str, str]) -> dict[str, str]:
    return {
        "api": e.get("CI_API_V4_URL", "https://gitlab.com/api/v4"), "repository": e.get("CI_MERGE_REQUEST_PROJECT_ID") or e.get("CI_PROJECT_ID", ""),
        "pull_request": e.get("CI_MERGE_REQUEST_IID", ""),
        # In pipelines of merged results the commit is one that nobody pushed.
        "commit": e.get("CI_MERGE_REQUEST_SOURCE_BRANCH_SHA") or e.get("CI_COMMIT_SHA", ""),
    }  # fmt: skip


def _bitbucket(e: Mapping[str, str]) -> dict[str, str]:
    return {
        "api": "https://api.bitbucket.org/2.0", "repository": e.get("BITBUCKET_REPO_FULL_NAME", ""), "pull_request": e.get("BITBUCKET_PR_ID", ""),
        "commit": e.get("BITBUCKET_COMMIT", ""),
    }  # fmt: skip


def _azure(e: Mapping[str, str]) -> dict[str, str]:
    project, repository = e.get("SYSTEM_TEAMPROJECT", ""), e.get("BUILD_REPOSITORY_ID", "")
    return {
        "api": (e.get("SYSTEM_COLLECTIONURI") or e.get("SYSTEM_TEAMFOUNDATIONCOLLECTIONURI", "")).rstrip("/"),
        "repository": f"{project}/{repository}" if project and repository else "",
        "pull_request": e.get("SYSTEM_PULLREQUEST_PULLREQUESTID", ""),
        "commit": e.get("SYSTEM_PULLREQUEST_SOURCECOMMITID") or e.get("BUILD_SOURCEVERSION", ""),
    }  # fmt: skip


_READERS: Final[dict[str, tuple[Callable[[Mapping[str, str]], dict[str, str]], tuple[str, ...]]]] = {
    "github": (_github, ("GITHUB_TOKEN", "GH_TOKEN")),
    "gitlab": (_gitlab, ("GITLAB_TOKEN",)),
    "bitbucket": (_bitbucket, ("BITBUCKET_TOKEN",)),
    "azure": (_azure, ("SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_TOKEN")),
    "gitea": (_gitea, ("GITEA_TOKEN", "GITHUB_TOKEN")),
}
