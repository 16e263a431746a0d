"""What a pipeline's file says, in one form for all systems."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

MOST: Final = 500
"""Jobs, steps or names taken of one pipeline."""


@dataclass(slots=True)
class Step:
    """Commands that a pipeline runs in one go."""

    text: str
    line: int = 1
    folder: str = ""
    """Where they run, relative to the root of the tree."""
    variables: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Built:
    """An image that a pipeline builds."""

    image: str = ""
    """As written, with its variables filled in where they are known; empty where it has no name."""
    context: str = ""
    dockerfile: str = ""
    tool: str = "docker"
    line: int = 1
    service: str = ""


@dataclass(slots=True)
class Deployed:
    """Something that a pipeline brings out."""

    tool: str
    paths: tuple[str, ...] = ()
    """Files or folders of the tree that say what."""
    target: str = ""
    """A name that the command gives: a function, a service, a release."""
    image: str = ""
    line: int = 1


@dataclass(slots=True)
class Reading:
    """What one pipeline's file says."""

    system: str
    name: str = ""
    triggers: list[str] = field(default_factory=list)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    actions: list[dict[str, Any]] = field(default_factory=list)
    secrets: list[str] = field(default_factory=list)
    permissions: dict[str, Any] | str | None = None
    environments: list[str] = field(default_factory=list)
    runners: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    """Images that the pipeline's own jobs run in."""
    steps: list[Step] = field(default_factory=list)
    built: list[Built] = field(default_factory=list)
    deployed: list[Deployed] = field(default_factory=list)
    scanners: list[str] = field(default_factory=list)
    includes: list[str] = field(default_factory=list)
    """Other pipelines' files that this one calls."""


_SCRIPTS: Final = frozenset({
    "script", "run", "before_script", "after_script", "commands", "command", "bash", "pwsh", "powershell", "inlineScript", "install", "before_install",
    "before_deploy", "after_success", "pre_build", "build", "post_build", "args", "sh", "post",
})  # fmt: skip
_DEEPEST: Final = 30


def strings(value: Any) -> list[str]:
    """Return a string, or the strings of a list, nothing of anything else."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def mapping(value: Any) -> dict[str, Any]:
    """Return a mapping, an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def scripts(node: Any, depth: int = 0) -> Iterator[str]:
    """Yield the commands that stand anywhere in a pipeline's document."""
    if depth > _DEEPEST:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            if key in _SCRIPTS and isinstance(value, str | list):
                yield "\n".join(strings(value))
            if isinstance(value, dict | list):
                yield from scripts(value, depth + 1)
    elif isinstance(node, list):
        for each in node:
            yield from scripts(each, depth + 1)


def values_of(node: Any, name: str, depth: int = 0) -> Iterator[Any]:
    """Yield what stands under a key, anywhere in a document."""
    if depth > _DEEPEST:
        return
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                yield value
            elif isinstance(value, dict | list):
                yield from values_of(value, name, depth + 1)
    elif isinstance(node, list):
        for each in node:
            yield from values_of(each, name, depth + 1)


class Lines:
    """Finds the line on which a command or a word of a file stands; the same text again is looked for further down."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._seen: dict[str, int] = {}

    def of(self, snippet: str) -> int:
        """Return the line of a text's first line that says something; 1 where it is not found."""
        rows = [row.strip() for row in snippet.split("\n")]
        row = next((each for each in rows if len(each) > 1), "")[:200]
        if not row:
            return 1
        position = self._text.find(row, self._seen.get(row, 0))
        if position < 0:
            position = self._text.find(row)
        if position < 0:
            return 1
        self._seen[row] = position + len(row)
        return self._text.count("\n", 0, position) + 1


SCANNERS: Final = (
    "bandit", "brakeman", "bundler-audit", "checkmarx", "checkov", "clair", "codeql", "conftest", "cosign", "dependency-check", "dependency-review", "detect-secrets",
    "dockle", "docker scout", "eslint-plugin-security", "fossa", "gitleaks", "gosec", "govulncheck", "grype", "hadolint", "kics", "kube-bench", "kube-linter", "kubescape",
    "kubesec", "mobsf", "njsscan", "nuclei", "osv-scanner", "pip-audit", "polaris", "prowler", "psalm", "retire", "safety", "scorecard", "scoutsuite", "semgrep",
    "sigstore", "slsa-verifier", "snyk", "sonarqube", "sonar-scanner", "spotbugs", "syft", "tflint", "tfsec", "terrascan", "trivy", "trufflehog", "veracode", "wapiti",
    "zap", "zizmor", "npm audit", "yarn audit", "pnpm audit", "cargo audit", "cargo deny", "composer audit", "dotnet list package --vulnerable", "mvn dependency-check",
)  # fmt: skip
_SCANNER: Final = re.compile(
    r"(?<![\w.-])("
    + "|".join(re.escape(each) for each in sorted(SCANNERS, key=len, reverse=True))
    + r")(?=[\s:@'\"]|$|-action|-scan|[-_]cli|-analysis)"
)
_TEMPLATES: Final = {
    "SAST": "gitlab-sast", "Secret-Detection": "gitlab-secret-detection", "Dependency-Scanning": "gitlab-dependency-scanning", "Container-Scanning": "gitlab-container-scanning",
    "DAST": "gitlab-dast", "IaC": "gitlab-iac",
}  # fmt: skip


def scanners_in(text: str) -> list[str]:
    """Return the scanners that commands name."""
    rows = "\n".join(row for row in text.split("\n") if not row.lstrip().startswith("#"))
    return list(dict.fromkeys(match[1] for match in _SCANNER.finditer(rows)))


_ACTIONS: Final = {
    "github/codeql-action": "codeql", "aquasecurity/trivy-action": "trivy", "anchore/scan-action": "grype", "anchore/sbom-action": "syft", "snyk/actions": "snyk",
    "returntocorp/semgrep-action": "semgrep", "semgrep/semgrep-action": "semgrep", "bridgecrewio/checkov-action": "checkov", "gitleaks/gitleaks-action": "gitleaks",
    "trufflesecurity/trufflehog": "trufflehog", "hadolint/hadolint-action": "hadolint", "ossf/scorecard-action": "scorecard", "actions/dependency-review-action": "dependency-review",
    "google/osv-scanner-action": "osv-scanner", "sonarsource/sonarqube-scan-action": "sonarqube", "sonarsource/sonarcloud-github-action": "sonarqube",
    "zaproxy/action-baseline": "zap", "zaproxy/action-full-scan": "zap", "zaproxy/action-api-scan": "zap", "aquasecurity/tfsec-action": "tfsec", "checkmarx/kics-github-action": "kics",
    "checkmarx/kics-action": "kics", "securego/gosec": "gosec", "golang/govulncheck-action": "govulncheck", "pypa/gh-action-pip-audit": "pip-audit", "zizmorcore/zizmor-action": "zizmor",
    "woodruffw/zizmor-action": "zizmor", "fossas/fossa-action": "fossa", "fossa-contrib/fossa-action": "fossa", "dependency-check/dependency-check_action": "dependency-check",
    "sigstore/cosign-installer": "cosign", "docker/scout-action": "docker scout", "rustsec/audit-check": "cargo audit", "actions-rs/audit-check": "cargo audit",
    "kubescape/github-action": "kubescape", "projectdiscovery/nuclei-action": "nuclei", "presidentbeef/brakeman-action": "brakeman", "pycqa/bandit-action": "bandit",
    "terraform-linters/setup-tflint": "tflint", "stackrox/kube-linter-action": "kube-linter", "veracode/veracode-uploadandscan-action": "veracode",
}  # fmt: skip


def scanner_of_action(name: str) -> str:
    """Return the scanner that a GitHub action runs, empty for none."""
    lowered = name.lower()
    return next(
        (scanner for action, scanner in _ACTIONS.items() if lowered == action or lowered.startswith(action + "/")), ""
    )


def scanner_of_template(name: str) -> str:
    """Return the scanner that a GitLab template brings, empty for none."""
    return next((scanner for word, scanner in _TEMPLATES.items() if word.lower() in name.lower()), "")
