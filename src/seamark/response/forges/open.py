"""The forges by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from seamark.response.forges.azure import Azure
from seamark.response.forges.bitbucket import Bitbucket
from seamark.response.forges.feedback import Forge
from seamark.response.forges.gitea import Gitea
from seamark.response.forges.github import GitHub
from seamark.response.forges.gitlab import GitLab
from seamark.response.forges.place import Place, place_of

_FORGES: Final[dict[str, Callable[..., Forge]]] = {
    "github": GitHub, "gitlab": GitLab, "bitbucket": Bitbucket, "azure": Azure, "gitea": Gitea,
}  # fmt: skip


def forge_at(name: str, place: Place, **more: Any) -> Forge:
    """Return a pull request whose place is known; `more` goes to its `Caller`."""
    return _FORGES[name](place, **more)


def open_forge(name: str, environment: Mapping[str, str], **more: Any) -> Forge:
    """Return the pull request that a pipeline runs for. Raises `SeamarkError` where the environment does not tell."""
    return forge_at(name, place_of(name, environment), **more)
