"""What is known about tools that write SARIF: which sort of problem each of them looks for."""

from __future__ import annotations

import re
from functools import cache

from seamark.intake.parsers.kit import Kind

_TOOLS = {
    Kind.SECRET: "gitleaks trufflehog detect-secrets ggshield gitguardian talisman whispers kingfisher nosey-parker noseyparker "
    "ripsecrets secretlint git-secrets credscan credential-scanner betterleaks titus repo-supervisor",
    Kind.MISCONFIGURATION: "checkov kics tfsec terrascan hadolint zizmor trivy-config snyk-iac kube-score kubescape kubeaudit "
    "kube-linter kubelinter polaris datree cfn-nag cfn-lint cfn_nag template-analyzer templateanalyzer psrule dockle scorecard "
    "ossf-scorecard poutine actionlint regula conftest spectral-iac tflint ansible-lint prowler steampipe cloudsploit scoutsuite "
    "keeping-infrastructure-as-code-secure terraform-compliance wiz-iac octoscan",
    Kind.DEPENDENCY: "grype snyk-open-source dependency-check owasp-dependency-check osv-scanner govulncheck npm-audit pip-audit "
    "cargo-audit cargo-deny bundler-audit nancy docker-scout retire retire.js safety auditjs jfrog-xray xray-scanner "
    "black-duck mend whitesource bdba nexus-iq dep-scan depscan vulert debricked",
    Kind.CONTAINER: "snyk-container clair anchore neuvector aquascanner sysdig twistlock prisma-cloud-compute",
    Kind.WEB: "zap owasp-zap burp burp-suite nuclei stackhawk hawkscan mapi mayhem-for-api nikto wapiti arachni dastardly "
    "invicti netsparker acunetix appscan-dynamic brightsec restler schemathesis",
    Kind.HOST: "nessus openvas greenbone tenable nmap",
}
_KIND_OF = {word: kind for kind, words in _TOOLS.items() for word in words.split()}

_TAGS = {
    "secret": Kind.SECRET,
    "secrets": Kind.SECRET,
    "misconfiguration": Kind.MISCONFIGURATION,
    "iac": Kind.MISCONFIGURATION,
    "license": Kind.LICENCE,
    "licence": Kind.LICENCE,
}
_NAMES = {
    "OsPackageVulnerability": Kind.CONTAINER,
    "LanguageSpecificPackageVulnerability": Kind.DEPENDENCY,
    "Misconfiguration": Kind.MISCONFIGURATION,
    "Secret": Kind.SECRET,
    "License": Kind.LICENCE,
}
"""Rule names by which Trivy tells its four sorts of findings apart."""

_SECRET_RULES = ("CKV_SECRET_",)
_VENDOR = re.compile(r"^(?:owasp|microsoft|aqua security|ossf|anchore)\s+")
_SPACE = re.compile(r"[\s_]+")

ONE_LEVEL = frozenset({"checkov"})
"""Tools that write the level `error` wherever they know no severity."""
LISTS_OCCURRENCES = frozenset({"mobsfscan", "nodejsscan", "njsscan"})
"""Tools that write one result a rule, with every occurrence as one of its locations."""
IDENTITY_IS_PERSONAL = frozenset({"author", "email", "date", "commitMessage"})
"""What Gitleaks calls fingerprints and is none."""


@cache
def kind_of_tool(name: str) -> Kind:
    """Return the sort of problem that a tool of this name looks for; code, if nothing else is known."""
    plain = _SPACE.sub("-", name.strip().lower())
    short = _SPACE.sub("-", _VENDOR.sub("", name.strip().lower()))
    for word in (
        plain,
        short,
        plain.split("-", 1)[0] if plain.startswith(("checkov", "gitleaks", "trufflehog")) else "",
    ):
        if word in _KIND_OF:
            return _KIND_OF[word]
    return Kind.CODE


def kind_of_rule(tool: Kind, rule: str, name: str, tags: tuple[str, ...]) -> Kind:
    """Return the sort of problem of a rule, from its own id, name and tags before those of its tool."""
    if rule.startswith(_SECRET_RULES):
        return Kind.SECRET
    if name in _NAMES:
        return _NAMES[name]
    if tool is Kind.CODE:
        for tag in tags:
            if tag.lower() in _TAGS:
                return _TAGS[tag.lower()]
    return tool
