"""detect-secrets: the baseline of secrets in a working tree."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from seamark.intake.parsers.kit import (
    CodeLocation,
    Confidence,
    Finding,
    Item,
    Kind,
    Probe,
    Rule,
    Run,
    Severity,
    Verification,
    json_object,
    moment,
    parser,
)

TYPES = {
    "ArtifactoryDetector": "Artifactory Credentials",
    "AWSKeyDetector": "AWS Access Key",
    "AzureStorageKeyDetector": "Azure Storage Account access key",
    "Base64HighEntropyString": "Base64 High Entropy String",
    "BasicAuthDetector": "Basic Auth Credentials",
    "CloudantDetector": "Cloudant Credentials",
    "DiscordBotTokenDetector": "Discord Bot Token",
    "GitHubTokenDetector": "GitHub Token",
    "GitLabTokenDetector": "GitLab Token",
    "HexHighEntropyString": "Hex High Entropy String",
    "IbmCloudIamDetector": "IBM Cloud IAM Key",
    "IbmCosHmacDetector": "IBM COS HMAC Credentials",
    "IPPublicDetector": "Public IP (ipv4)",
    "JwtTokenDetector": "JSON Web Token",
    "KeywordDetector": "Secret Keyword",
    "MailchimpDetector": "Mailchimp Access Key",
    "NpmDetector": "NPM tokens",
    "OpenAIDetector": "OpenAI Token",
    "PrivateKeyDetector": "Private Key",
    "PypiTokenDetector": "PyPI Token",
    "SendGridDetector": "SendGrid API Key",
    "SlackDetector": "Slack Token",
    "SoftlayerDetector": "SoftLayer Credentials",
    "SquareOAuthDetector": "Square OAuth Secret",
    "StripeDetector": "Stripe Access Key",
    "TelegramBotTokenDetector": "Telegram Bot Token",
    "TwilioKeyDetector": "Twilio API Key",
}
"""The type of secret that each plug-in reports: findings name the type, the head of a baseline the plug-in."""

GUESSES = frozenset({"Base64 High Entropy String", "Hex High Entropy String", "Secret Keyword"})
"""Types that stand for "looks random" or "is called password", with no shape of a known secret behind them."""


class Potential(Struct):
    type: str
    hashed_secret: str
    line_number: int | None = None
    is_verified: bool = False
    is_secret: bool | None = None


class Plugin(Struct):
    name: str


class Baseline(Struct):
    results: dict[str, list[Potential]]
    plugins_used: list[Plugin]
    version: str = ""
    generated_at: str = ""


def _is_baseline(probe: Probe) -> bool:
    results = probe.get("results")
    return isinstance(results, dict) and isinstance(probe.get("plugins_used"), list)


@parser(
    "detect-secrets",
    title="detect-secrets",
    kind=Kind.SECRET,
    looks=json_object("results", "plugins_used", where=_is_baseline),
    made_with="detect-secrets scan > .secrets.baseline",
    url="https://github.com/Yelp/detect-secrets",
    versions="0.12 to 1.5",
)
def read(baseline: Baseline) -> Iterator[Item]:
    plugins = [plugin.name for plugin in baseline.plugins_used]
    known = all(name in TYPES for name in plugins)
    yield Run(
        tool="detect-secrets",
        version=baseline.version,
        # A plug-in of somebody's own may report any type: the list of rules is then not known in full.
        ruleset=frozenset(TYPES[name] for name in plugins) if known and plugins else None,
        finished=moment(baseline.generated_at),
    )
    rules: dict[str, Rule] = {}
    for path, potentials in baseline.results.items():
        for secret in potentials:
            about = rules.setdefault(secret.type, Rule(id=secret.type, cwes=(798,)))
            yield Finding(
                rule=secret.type,
                title=secret.type,
                severity=Severity.HIGH,
                location=CodeLocation(path=path, line=secret.line_number),
                about=about,
                cwes=(798,),
                confidence=_confidence(secret),
                verification=_verification(secret),
                secret_digest=secret.hashed_secret,
                tags=() if secret.is_secret is None else ("audited",),
            )


def _verification(secret: Potential) -> Verification | None:
    if secret.is_secret is False:
        return Verification.REFUTED
    return Verification.VERIFIED if secret.is_verified else None


def _confidence(secret: Potential) -> Confidence | None:
    if secret.is_secret:
        return Confidence.HIGH
    return Confidence.LOW if secret.type in GUESSES else None
