"""CODEOWNERS files, in the dialects of GitHub, GitLab, Bitbucket and Gitea."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final

from msgspec import Struct

from seamark.intake.discovery.owners.patterns import Expression, Index, Pattern, github, gitlab
from seamark.intake.discovery.tree import Tree

LARGEST: Final = 3_000_000
"""Bytes: GitHub loads no larger file."""
MOST_RULES: Final = 100_000


class Dialect(StrEnum):
    """Whose rules a file follows."""

    GITHUB = "github"
    GITLAB = "gitlab"
    BITBUCKET = "bitbucket"
    GITEA = "gitea"


class Section(Struct, frozen=True):
    """A part of a GitLab file. Names are told apart without regard to case; the file's beginning has none."""

    name: str = ""
    optional: bool = False
    approvals: int = 1
    owners: tuple[str, ...] = ()
    """Of entries that name none."""


class Rule(Struct, frozen=True):
    """A line: who owns what matches. Without owners, nobody does."""

    pattern: str
    owners: tuple[str, ...]
    """As written: `@acme/web`, `@ada`, `ada@acme.example`, `@@developer`."""
    line: int
    section: str = ""
    """In lower case."""
    exclusion: bool = False


class Match(Struct, frozen=True):
    """The line that decides on a path, and the part of the file it stands in."""

    rule: Rule
    section: Section
    weight: int
    """How much of the path the pattern names."""


class CodeOwners:
    """A CODEOWNERS file that was read; `problems` are its lines that say nothing, as (line, sentence)."""

    def __init__(self, dialect: Dialect, path: str) -> None:
        self.dialect, self.path = dialect, path
        self.rules: list[Rule] = []
        self.sections: dict[str, Section] = {"": Section()}
        self.problems: list[tuple[int, str]] = []
        self.teams: dict[str, tuple[str, ...]] = {}
        """Teams that the file itself defines, as Bitbucket's `@@@name` does, with their members."""
        self._patterns: list[Pattern | Expression] = []
        self._index: Index | None = None

    def add(self, rule: Rule, pattern: Pattern | Expression) -> None:
        """Take in a line; later ones weigh more."""
        self.rules.append(rule)
        self._patterns.append(pattern)
        self._index = None

    def match(self, path: str) -> tuple[Match, ...]:
        """Return the lines that decide on a file (relative to the root): one at most, in GitLab's dialect one a section, in Gitea's all.

        A line without owners is returned too: it says that nobody owns the file.
        """
        if self._index is None:
            self._index = Index(self._patterns)
        found: dict[str | int, Match] = {}
        shut = set()
        for number in self._index.matching(path):
            rule = self.rules[number]
            if rule.exclusion:
                shut.add(rule.section)
                continue
            place = number if self.dialect is Dialect.GITEA else rule.section
            if place not in found:
                pattern = self._patterns[number]
                weight = pattern.weight if isinstance(pattern, Pattern) else 0
                found[place] = Match(rule, self.sections[rule.section], weight)
                if self.dialect in {Dialect.GITHUB, Dialect.BITBUCKET}:
                    break
        kept = [match for match in found.values() if match.rule.section not in shut]
        return tuple(sorted(kept, key=lambda match: (match.section.optional, -match.weight, match.rule.line)))


_HOMES: Final = {
    Dialect.GITHUB: (".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"),
    Dialect.GITLAB: ("CODEOWNERS", "docs/CODEOWNERS", ".gitlab/CODEOWNERS"),
    Dialect.BITBUCKET: (".bitbucket/CODEOWNERS", "CODEOWNERS"),
    Dialect.GITEA: ("CODEOWNERS", "docs/CODEOWNERS", ".gitea/CODEOWNERS", ".forgejo/CODEOWNERS"),
}
"""Where each looks, in this order; the first file found is the only one."""
_HOSTS: Final = {"github": Dialect.GITHUB, "gitlab": Dialect.GITLAB, "bitbucket": Dialect.BITBUCKET, "gitea": Dialect.GITEA, "codeberg": Dialect.GITEA, "forgejo": Dialect.GITEA}  # fmt: skip
_HEADING: Final = re.compile(r"(\^)?\[([^\]]{1,500})\](?:\[(\d{1,4})\])?((?:\s+\S+)*)\s*")


def dialect_of(tree: Tree) -> Dialect:
    """Return whose CODEOWNERS dialect a tree uses: its host's by name, else what its files show, else GitHub's."""
    host = tree.repository.partition("/")[0].lower()
    for word, dialect in _HOSTS.items():
        if word in host:
            return dialect
    for home, dialect in (
        (".github/CODEOWNERS", Dialect.GITHUB), (".gitlab/CODEOWNERS", Dialect.GITLAB), (".bitbucket/CODEOWNERS", Dialect.BITBUCKET),
        (".gitea/CODEOWNERS", Dialect.GITEA), (".forgejo/CODEOWNERS", Dialect.GITEA), (".gitlab-ci.yml", Dialect.GITLAB),
    ):  # fmt: skip
        if tree.data(home) is not None:
            return dialect
    text = tree.text("CODEOWNERS") or tree.text("docs/CODEOWNERS") or ""
    return Dialect.GITLAB if any(_HEADING.fullmatch(line) for line in text.split("\n")) else Dialect.GITHUB


def find_codeowners(tree: Tree) -> CodeOwners | None:
    """Return the CODEOWNERS file that counts in a tree, None where there is none. What is wrong in it is told as trouble."""
    dialect = dialect_of(tree)
    for home in _HOMES[dialect]:
        data = tree.data(home)
        if data is None:
            continue
        if len(data) > LARGEST:
            tree.trouble(home, "is larger than 3 MB and not in force")
            return None
        found = read_codeowners(data.decode("utf-8-sig", "replace"), dialect, home)
        for line, sentence in found.problems[:50]:
            tree.trouble(f"{home}:{line}", sentence)
        return found
    return None


def read_codeowners(text: str, dialect: Dialect = Dialect.GITHUB, path: str = "CODEOWNERS") -> CodeOwners:
    """Read a CODEOWNERS file. Never raises: lines that the host would skip are skipped, and told in `problems`."""
    found = CodeOwners(dialect, path)
    section = ""
    for number, raw in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        line = raw.strip()
        if not line or line.startswith("#"):
            continue
        if len(found.rules) >= MOST_RULES or len(line) > 10_000:
            found.problems.append((number, "is too long, or one line too many"))
            continue
        heading = _HEADING.fullmatch(line) if dialect is Dialect.GITLAB else None
        if heading:
            section = _open(found, heading)
        elif dialect is Dialect.BITBUCKET and line.startswith("@@@"):
            name, *members = line.partition(" #")[0].split()
            found.teams[name.lstrip("@")] = tuple(members)
        else:
            try:
                _READERS[dialect](found, line, number, section)
            except ValueError as error:
                found.problems.append((number, str(error)))
    return found


def _open(found: CodeOwners, heading: re.Match[str]) -> str:
    """Begin a section, or go on with the one of that name."""
    key = heading[2].strip().lower()
    owners = tuple(word for word in heading[4].split() if _is_owner(word))
    known = found.sections.get(key)
    if known is None:
        found.sections[key] = Section(heading[2].strip(), bool(heading[1]), int(heading[3] or 1), owners)
    elif owners:
        found.sections[key] = Section(known.name, known.optional, known.approvals, owners)
    return key


def _words(line: str) -> list[str]:
    """Split at blanks that no backslash stands before."""
    return re.findall(r"(?:\\.|[^\s\\]|\\$)+", line)


def _plain(found: CodeOwners, line: str, number: int, _: str) -> None:
    """Read a line of GitHub's or Bitbucket's dialect."""
    pattern, *rest = _words(line)
    owners = []
    for word in rest:
        if word.startswith("#"):
            break
        if not _is_owner(word) and not (found.dialect is Dialect.BITBUCKET and re.fullmatch(r"[\w.@/-]+", word)):
            raise ValueError(f"names an owner that is none ({word[:80]}), and is skipped")
        owners.append(word)
    if pattern.startswith(("!", "\\#")):
        raise ValueError("begins with what this dialect does not know, and is skipped")
    if re.search(r"(?<!\\)[\[\]]", pattern):
        raise ValueError("has a character class, which this dialect does not know, and is skipped")
    compiled = github(pattern)
    if compiled is None:
        raise ValueError("has no pattern that can match")
    found.add(Rule(pattern, tuple(owners), number), compiled)


def _gitlab(found: CodeOwners, line: str, number: int, section: str) -> None:
    pattern, *rest = _words(line)
    exclusion = pattern.startswith("!")
    pattern = re.sub(r"\\(\s)", r"\1", pattern.removeprefix("!")).replace("\\#", "#", 1)
    compiled = gitlab(pattern)
    if not pattern or compiled is None:
        raise ValueError("has no pattern")
    # A comment behind the owners is none there: who is named in it is an owner.
    owners = tuple(word for word in rest if _is_owner(word)) or found.sections[section].owners
    found.add(Rule(pattern, () if exclusion else owners, number, section, exclusion), compiled)


def _gitea(found: CodeOwners, line: str, number: int, _: str) -> None:
    pattern, *rest = _words(line)
    owners = []
    for word in rest:
        if word.startswith("#"):
            break
        if not _is_owner(word):
            raise ValueError(f"names an owner that is none ({word[:80]}), and is skipped")
        owners.append(word)
    negated = pattern.startswith("!")
    try:
        # A backslash hides a blank, `#` and itself; what is left is the expression.
        expression = Expression(re.sub(r"\\([\s#\\])", r"\1", pattern.removeprefix("!")), negated=negated)
    except ValueError as error:
        raise ValueError(f"has an expression that {error}") from None
    if owners:
        found.add(Rule(pattern, tuple(owners), number), expression)


_READERS: Final = {Dialect.GITHUB: _plain, Dialect.BITBUCKET: _plain, Dialect.GITLAB: _gitlab, Dialect.GITEA: _gitea}
_OWNER: Final = re.compile(
    r"@{1,2}[A-Za-z0-9_](?:[\w.-]*)(?:/[\w.-]+){0,20}|[^@\s<>]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
)


def _is_owner(word: str) -> bool:
    return len(word) <= 500 and _OWNER.fullmatch(word) is not None
