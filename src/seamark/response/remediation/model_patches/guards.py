"""What a machine-made diff may not do, whatever the model was told: each rule refuses with a sentence."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Final

from seamark.intake.discovery.scopes import scopes_of
from seamark.intake.discovery.syntax import language_of
from seamark.response.remediation.editors.notation.source import UnsafeEdit
from seamark.response.remediation.model_patches.diff import Diff, Placed
from seamark.response.remediation.model_patches.redaction import MARK
from seamark.response.remediation.model_patches.sheet import lines_of

MOST_LINES: Final = 60
"""Lines that a diff may add and remove, together."""
MOST_LOST: Final = 15
"""Lines of code that a diff may remove without putting others there."""
MOST_SHARE: Final = 0.5
"""Of the lines of code of a file that may be gone."""
LONGEST: Final = 400
"""Characters of a line that is added."""
_LOOKED_AT: Final = 2_000
"""Characters of a line that are searched for comments; added lines are shorter."""
SILENCING: Final = re.compile(
    r"\bno\s?sec\b|nosec|\bno\s?qa\b|noqa|nosem(?:grep)?|nosonar|nolint|no-?lint|eslint-disable|(?:ts|js|biome|oxlint|deno-lint|dlint)-ignore"
    r"|@ts-(?:nocheck|expect-error)|(?:checkov|bridgecrew|cloudsploit|kics(?:-scan)?|datree|terrascan|snyk|skipcq|bearer|deepsource|sonar|regula|kubescape|polaris)"
    r"[\s:_.-]*(?:skip|ignore|disable|allow|exempt|false)|skipcq|deepcode\s+ignore|(?:trivy|tfsec|tflint|aikido|wiz|cfn-?nag|semgrep|zizmor|brakeman|flawfinder|hadolint|shellcheck"
    r"|actionlint|trufflehog|gitguardian|gitleaks|kube-?linter|kube-score|mobsf|njsscan|devskim|horusec|insider|phpcs|psalm|phpstan|rubocop|pylint|mypy"
    r"|pyright|ruff|bandit|codeql|lgtm|cppcheck|clang-tidy|coverity|gosec|detekt|ktlint|dart|dotnet|roslyn|security)[\s:_./-]{0,3}"
    r"(?:ignore|allow|skip|disable|off|suppress|exempt|nocheck)"
    r"|(?:ggignore|noinspection|lgtm\s*\[|codeql\s*\[|suppressfbwarnings|suppresswarnings|suppressmessage|suppresslint|cppcheck-suppress|phpcs:|@phpstan|@psalm-suppress)"
    r"|pragma\s*:?\s*(?:allowlist|whitelist|no\s?cover|warning\s+(?:disable|push))|(?:type|pyre|pyright|pytype)\s*:\s*(?:ignore|disable)|pyre-(?:ignore|fixme)"
    r"|rubocop\s*:|pylint\s*:|flake8\s*:|isort\s*:|fmt\s*:\s*off|ignore-check\.|allowlist\s+secret|#\s*skip\s*[:=]"
)  # fmt: skip
"""Comments and annotations that make a scanner look away, of those that are known."""
HUSHING: Final = re.compile(
    r"(?:#|//|/\*|<!--|--|;)[^\n]*?\b(?:ignor(?:e|ed|es|ing)|disabl(?:e|ed|es|ing)|suppress\w*|skip\w*|exempt\w*|allow-?list\w*|white-?list\w*)\b"
)
"""Comments that ask for the same in words that any scanner may take."""
_TRAILING: Final = re.compile(r"\s(?:#|//|--\s|/\*|<!--).*")
_COMMENT: Final = re.compile(r"\s*(?:#|//|/\*|\*(?!\w)|--(?!\w)|<!--|;|%|'''|\"\"\"|rem\b)", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"(?i)\b(?:https?|ftp|wss?|ldap|gopher)://[^\s\"'<>)]{1,200}")
_POWERS: Final = re.compile(
    r"(?i)\b(?:eval|exec|system|popen|subprocess|child_process|spawn|runtime\.getruntime|processbuilder|curl|wget|base64|b64decode|marshal|pickle"
    r"|socket|invoke-expression|iex|__import__|importlib|chmod|setuid)\b"
)


def check(diff: Diff, path: str, before: str, made: Placed, shown: tuple[int, int]) -> None:
    """Refuse a diff that does more than mend the finding. `shown` are the first and last line that the model saw. Raises `UnsafeEdit`."""
    added, removed = _lines(diff, "+"), _lines(diff, "-")
    if len(added) + len(removed) > MOST_LINES:
        raise UnsafeEdit(f"The diff changes {len(added) + len(removed)} lines; at most {MOST_LINES} are taken.")
    outside = [start for start, number in made.touched if start < shown[0] or start + number - 1 > shown[1]]
    if outside:
        raise UnsafeEdit("The diff changes lines that the model was not shown.")
    _check_signs(added, removed)
    if any(MARK in line for line in added):
        raise UnsafeEdit("The diff would write a secret to another place, or change a line that holds one.")
    _check_silence(added, removed)
    _check_loss(path, before, made.text, added, removed)


def check_file(diff: Diff, path: str) -> None:
    """Refuse a diff of another file than the finding's own, whatever it is. Raises `UnsafeEdit`."""
    if diff.path != path:
        raise UnsafeEdit(f"The diff changes another file than {path}, which the finding is in.")


def remarks(diff: Diff) -> tuple[str, ...]:
    """Return what a reader should look at: addresses and powers that the diff brings and did not take away."""
    added, removed = "".join(_lines(diff, "+")), "".join(_lines(diff, "-"))
    addresses = dict.fromkeys(one for one in _ADDRESS.findall(added) if one not in removed)
    powers = dict.fromkeys(one.lower() for one in _POWERS.findall(added) if one.lower() not in removed.lower())
    told = [f"It brings an address: {one}" for one in list(addresses)[:5]]
    return (*told, *(f"It brings a use of {one}." for one in list(powers)[:5]))


def _lines(diff: Diff, sign: str) -> list[str]:
    return [line for hunk in diff.hunks for mark, line in hunk.lines if mark == sign]


def _check_signs(added: list[str], removed: list[str]) -> None:
    old = set("".join(removed))
    for line in added:
        if len(line) > LONGEST:
            raise UnsafeEdit(f"The diff adds a line of more than {LONGEST} characters.")
        for sign in line.rstrip("\r\n"):
            # Control and format signs: what is read is not what is run.
            if sign != "\t" and sign not in old and unicodedata.category(sign) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}:
                raise UnsafeEdit("The diff adds signs that nobody sees.")


def _check_silence(added: list[str], removed: list[str]) -> None:
    fresh = Counter(_silences(added))
    fresh.subtract(_silences(removed))
    word = next((one for one, number in fresh.items() if number > 0), "")
    if word:
        raise UnsafeEdit(f"The diff silences a scanner ({word[:40]!r}) instead of mending the code.")


def _silences(lines: list[str]) -> list[str]:
    whole = unicodedata.normalize("NFKC", "\n".join(line[:_LOOKED_AT] for line in lines)).casefold()
    return [found[0] for pattern in (SILENCING, HUSHING) for found in pattern.finditer(whole)]


def _check_loss(path: str, before: str, after: str, added: list[str], removed: list[str]) -> None:
    old, new = _code(lines_of(before)), _code(lines_of(after))
    if old == new:
        raise UnsafeEdit("The diff changes comments or empty lines alone.")
    lost = len(_code(removed)) - len(_code(added))
    if lost > MOST_LOST or (lost > 2 and len(new) < len(old) * MOST_SHARE) or not new:
        raise UnsafeEdit("The diff removes more code than a mend would.")
    language = language_of(path)
    if not language or language == "yaml":
        return
    gone = Counter(one.name for one in scopes_of(before.encode(), language))
    gone.subtract(one.name for one in scopes_of(after.encode(), language))
    name = next((one for one, number in gone.items() if number > 0), "")
    if name:
        raise UnsafeEdit(f"The diff removes or renames {name[:100]}.")


def _code(lines: list[str]) -> list[str]:
    """Return lines without comments and white space, those that hold something else."""
    return ["".join(_TRAILING.sub("", line).split()) for line in lines if line.strip() and not _COMMENT.match(line)]
