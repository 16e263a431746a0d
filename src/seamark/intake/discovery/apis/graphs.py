"""GraphQL schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from seamark.intake.discovery.apis.described import (
    LARGEST,
    MOST_FIELDS,
    MOST_OPERATIONS,
    Description,
    Field,
    Operation,
    braces,
    is_fixture,
)
from seamark.intake.discovery.tree import Tree

_ROOTS: Final = {"Query": "QUERY", "Mutation": "MUTATION", "Subscription": "SUBSCRIPTION"}
_NOISE: Final = re.compile(r'"""[\s\S]*?"""|"(?:[^"\\\n]|\\.)*"|#[^\n]*')
_TYPE: Final = re.compile(r"\b(?:type|input|interface)\s+(\w+)[^{}]{0,500}\{")
_FIELD: Final = re.compile(r"(\w+)\s*(\([^()]*\))?\s*:\s*\[*\s*(\w+)[\]!\s]*((?:@\w+(?:\([^()]*\))?\s*)*)")
_SCHEMA: Final = re.compile(r"\bschema\b[^{}]{0,500}\{([^{}]*)\}")
_ROOT: Final = re.compile(r"\b(query|mutation|subscription)\s*:\s*(\w+)")
_DEFAULT: Final = re.compile(r"=\s*\{[^{}]*\}")
_ARGUMENT: Final = re.compile(r"(\w+)\s*:\s*\[*\s*(\w+)")
_LONGEST_TYPE: Final = 500_000
"""Characters of a type's fields."""
_GUARD: Final = re.compile(
    r"@(?:auth|authenticated|requiresAuth|isAuthenticated|hasRole|hasPermission|aws_(?:iam|auth|cognito)\w*)\b",
    re.IGNORECASE,
)


class Member(NamedTuple):
    """A field of a GraphQL type."""

    name: str
    type: str
    line: int
    arguments: tuple[tuple[str, str], ...]
    directives: str


def graphql(tree: Tree) -> tuple[Description, ...]:
    """Return the GraphQL schemas of a tree that declare queries, mutations or subscriptions; ask with `tree.once(graphql)`."""
    found = []
    for path in tree.matching("*.graphql", "*.graphqls", "*.gql"):
        text = tree.text(path)
        if text is None or len(text) > LARGEST or is_fixture(path):
            continue
        roots = dict(_ROOTS)
        if match := _SCHEMA.search(text):
            roots |= {name: word.upper() for word, name in _ROOT.findall(match[1])}
        types = list(members(text))
        inner = dict(types)
        operations = [
            _operation(roots[name], member, inner) for name, fields in types if name in roots for member in fields
        ]
        if operations:
            found.append(Description(path, "graphql", operations=tuple(operations[:MOST_OPERATIONS])))
    return tuple(found)


def members(text: str) -> Iterator[tuple[str, list[Member]]]:
    """Yield the types of a schema with their fields."""
    plain = _NOISE.sub(lambda match: re.sub(r"[^\n]", " ", match[0]), text)
    line, last = 1, 0
    ends = braces(plain)
    for match in _TYPE.finditer(plain):
        body = plain[match.end() : min(ends[match.end() - 1], match.end() + _LONGEST_TYPE)]
        line += plain.count("\n", last, match.end())
        last = match.end()
        yield (
            match[1],
            [
                Member(
                    each[1],
                    each[3],
                    line + body.count("\n", 0, each.start()),
                    tuple(_ARGUMENT.findall(_DEFAULT.sub("", each[2] or ""))),
                    each[4],
                )
                for each in _FIELD.finditer(body)
            ],
        )


def _operation(method: str, member: Member, types: dict[str, list[Member]]) -> Operation:
    fields: list[Field] = []
    for name, kind in member.arguments:
        fields.append(Field(name, kind))
        fields += [Field(inner.name, inner.type, holder=kind) for inner in types.get(kind, ())]
    asked = tuple(field.name for field in fields)[:MOST_FIELDS]
    fields += [Field(inner.name, inner.type, holder=member.type) for inner in types.get(member.type, ())]
    return Operation(
        method, member.name, member.line, member.name, True if _GUARD.search(member.directives) else None,
        parameters=tuple(name for name, _ in member.arguments), fields=tuple(fields[:MOST_FIELDS]), request_fields=asked,
    )  # fmt: skip
