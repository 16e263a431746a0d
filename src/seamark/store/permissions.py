"""What people may do: the rights, and which of them each role has."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Final

from seamark.store.models.people import Grant, Role


class Permission(StrEnum):
    """One right. A role is a set of them; a grant gives a role on everything, in a business unit or on an application."""

    ISSUE_READ = "issue.read"
    ISSUE_TRIAGE = "issue.triage"
    ISSUE_DISMISS = "issue.dismiss"
    ISSUE_MERGE = "issue.merge"
    ASSET_EDIT = "asset.edit"
    GRAPH_READ = "graph.read"
    IMPORT = "import"
    CONTEXT_EDIT = "context.edit"
    WAIVER_REQUEST = "waiver.request"
    WAIVER_APPROVE = "waiver.approve"
    POLICY_EDIT = "policy.edit"
    PROFILE_APPLY = "profile.apply"
    LEDGER_READ = "ledger.read"
    USER_MANAGE = "user.manage"
    TOKEN_MANAGE = "token.manage"  # noqa: S105 - the name of a right


WORDS: Final[dict[Permission, str]] = {
    Permission.ISSUE_READ: "See applications, their issues, findings, fixes, assets and scans",
    Permission.ISSUE_TRIAGE: "Confirm, take up, comment and assign issues",
    Permission.ISSUE_DISMISS: "Dismiss issues and bring them back",
    Permission.ISSUE_MERGE: "Join and split issues, decide about suggestions",
    Permission.ASSET_EDIT: "Say who owns an asset; on everything, name crown jewels too",
    Permission.GRAPH_READ: "Ask how assets hang together",
    Permission.IMPORT: "Send in reports and surveys, and ask the gate",
    Permission.CONTEXT_EDIT: "Say what an application is: criticality, exposure, data",
    Permission.WAIVER_REQUEST: "Ask for waivers",
    Permission.WAIVER_APPROVE: "Decide about waivers of others, and about whatever else could let something pass a gate",
    Permission.POLICY_EDIT: "Write policies and put them in force",
    Permission.PROFILE_APPLY: "Make risk profiles and let them hold",
    Permission.LEDGER_READ: "Read the ledger; counts on everything only",
    Permission.USER_MANAGE: "Grant roles; on everything, manage people, groups and roles too",
    Permission.TOKEN_MANAGE: "Make and revoke the tokens of service accounts; revoke anybody's",
}
"""What each right allows, for those who choose."""

_READS = frozenset({Permission.ISSUE_READ, Permission.GRAPH_READ})
_WORKS = _READS | {Permission.ISSUE_TRIAGE, Permission.WAIVER_REQUEST}
_TRIAGES = _WORKS | {
    Permission.ISSUE_DISMISS,
    Permission.ISSUE_MERGE,
    Permission.ASSET_EDIT,
}
ROLES: Final[dict[Role, frozenset[Permission]]] = {
    Role.VIEWER: _READS,
    Role.DEVELOPER: _WORKS | {Permission.IMPORT},
    Role.ANALYST: _TRIAGES | {Permission.IMPORT, Permission.CONTEXT_EDIT},
    Role.APPROVER: _TRIAGES | {Permission.WAIVER_APPROVE},
    Role.AUDITOR: _READS | {Permission.LEDGER_READ},
    Role.ADMIN: frozenset(Permission),
}
"""The roles that come with the product; they never change. Others are rows of `CustomRole`."""

SCOPES: Final[dict[str, frozenset[Permission]]] = {
    # A preview takes the right to apply, and changes nothing; applying is done at endpoints of the scope `write`.
    "read": _READS | {Permission.LEDGER_READ, Permission.PROFILE_APPLY},
    "import": frozenset({Permission.ISSUE_READ, Permission.IMPORT}),
    "gate": frozenset({Permission.ISSUE_READ, Permission.IMPORT}),
    "write": frozenset(Permission) - {Permission.USER_MANAGE, Permission.TOKEN_MANAGE},
    "admin": frozenset(Permission),
}
"""The most that a token's scopes leave of its owner's rights. Which endpoints a scope opens is said by each endpoint."""


_BY_NAME: Final = {permission.value: permission for permission in Permission}


def permissions_of(grant: Grant) -> frozenset[Permission]:
    """Return the rights that a grant gives."""
    return known(grant.custom.permissions) if grant.custom is not None else ROLES[Role(grant.role)]


def known(names: Iterable[str]) -> frozenset[Permission]:
    """Return the rights of these names; a name that no right has any more gives none."""
    return frozenset(_BY_NAME[name] for name in names if name in _BY_NAME)


def allowed_by(scopes: Iterable[str]) -> frozenset[Permission]:
    """Return the rights that scopes leave."""
    return frozenset(permission for scope in scopes for permission in SCOPES.get(scope, ()))


def needed(permission: Permission, where: object = "everything") -> str:
    """Return the sentence for somebody who lacks a right: which of the product's roles have it, and where it has to be held."""
    roles = [str(role) for role in sorted(ROLES) if permission in ROLES[role]]
    one = f"the role {roles[0]}" if len(roles) == 1 else f"one of the roles {', '.join(roles)}"
    return f"This needs {one} on {where}"
