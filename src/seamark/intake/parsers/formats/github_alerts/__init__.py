"""GitHub's alerts, as its REST and GraphQL interfaces give them: code scanning, Dependabot, secret scanning."""

from seamark.intake.parsers.formats.github_alerts import code_scanning, dependabot, dependabot_graphql, secret_scanning

__all__ = ["code_scanning", "dependabot", "dependabot_graphql", "secret_scanning"]
