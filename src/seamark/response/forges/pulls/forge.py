"""The forges by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from seamark.core.errors import RemoteFailure
from seamark.response.forges.pulls.azure import Azure
from seamark.response.forges.pulls.bitbucket import Bitbucket
from seamark.response.forges.pulls.contract import Home, Pulls
from seamark.response.forges.pulls.gitea import Gitea
from seamark.response.forges.pulls.github import GitHub
from seamark.response.forges.pulls.gitlab import GitLab

FORGES: Final[dict[str, Callable[..., Pulls]]] = {
    "github": GitHub, "gitlab": GitLab, "bitbucket": Bitbucket, "azure": Azure, "gitea": Gitea,
}  # fmt: skip
TITLES: Final = {
    "github": "GitHub", "gitlab": "GitLab", "bitbucket": "Bitbucket Cloud", "azure": "Azure DevOps", "gitea": "Gitea, Forgejo",
}  # fmt: skip


def pulls_of(forge: str, home: Home, **more: Any) -> Pulls:
    """Return a repository's pull requests; `more` goes to its `Caller`. Raises `RemoteFailure`."""
    if forge not in FORGES:
        raise RemoteFailure(f"There is no forge {forge!r}; there are {', '.join(FORGES)}", permanent=True)
    return FORGES[forge](home, **more)
