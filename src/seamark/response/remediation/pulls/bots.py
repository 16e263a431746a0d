"""A repository's own Renovate or Dependabot, which upgrades are left to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final

import msgspec

from seamark.response.forges.pulls.contract import Pull
from seamark.response.remediation.editors.notation import yaml_

RENOVATE, DEPENDABOT = "Renovate", "Dependabot"
_RENOVATE: Final = frozenset({
    "renovate.json", "renovate.json5", ".renovaterc", ".renovaterc.json", ".renovaterc.json5", ".github/renovate.json", ".github/renovate.json5",
    ".gitlab/renovate.json", ".gitlab/renovate.json5",
})  # fmt: skip
_DEPENDABOT: Final = (".github/dependabot.yml", ".github/dependabot.yaml")
_ECOSYSTEMS: Final = {
    "pypi": {"pip", "uv", "pip-compile", "pipenv", "poetry"}, "npm": {"npm", "bun"}, "maven": {"maven", "gradle"}, "golang": {"gomod"},
    "gem": {"bundler"}, "nuget": {"nuget"}, "cargo": {"cargo"}, "composer": {"composer"}, "docker": {"docker", "docker-compose"},
    "githubactions": {"github-actions"}, "terraform": {"terraform"},
}  # fmt: skip
_BRANCHES: Final = {RENOVATE: "renovate/", DEPENDABOT: "dependabot/"}
FILES: Final = (*sorted(_RENOVATE), *_DEPENDABOT)
"""Where their settings lie."""


def bot_of(files: Mapping[str, bytes], ecosystems: Collection[str]) -> str:
    """Return who keeps packages of these ecosystems up to date in a repository, empty where nobody does.

    `files` are the settings that are there (see `FILES`), by path.
    """
    if any(path in files and not _is_off(files[path]) for path in _RENOVATE):
        return RENOVATE
    for path in _DEPENDABOT:
        if path in files and _updates(files[path]) & {name for one in ecosystems for name in _ECOSYSTEMS.get(one, ())}:
            return DEPENDABOT
    return ""


def theirs(bot: str, pulls: Iterable[Pull], packages: Collection[str]) -> Pull | None:
    """Return the bot's open pull request about one of these packages, by their names."""
    names = [re.compile(rf"(?<![\w./@-]){re.escape(one.lower())}(?![\w/-])") for one in packages if one]
    for pull in pulls:
        if pull.branch.startswith(_BRANCHES.get(bot, "\0")) and not pull.elsewhere:
            told = pull.title.lower()
            if any(one.search(told) for one in names):
                return pull
    return None


def _is_off(data: bytes) -> bool:
    try:
        found: Any = msgspec.json.decode(data)
    except (msgspec.DecodeError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("enabled") is False


def _updates(data: bytes) -> set[str]:
    """Return the ecosystems that Dependabot opens pull requests for."""
    try:
        found: Any = yaml_.loaded(data.decode("utf-8", "replace"))
    except (ValueError, RecursionError):
        return set()
    told = found[0] if isinstance(found, list) and found else found
    updates = told.get("updates") if isinstance(told, dict) else None
    if not isinstance(updates, list):
        return set()
    return {
        str(one.get("package-ecosystem")) for one in updates
        if isinstance(one, dict) and one.get("open-pull-requests-limit") != 0
    }  # fmt: skip
