"""What versions a manifest asks for, raised to another one in the words that it already uses."""

from __future__ import annotations

import re
from typing import Final

from seamark.analysis.software.order import compare
from seamark.response.remediation.editors.notation.source import UnsafeEdit

_CLAUSE: Final = re.compile(
    r"(?P<sign>===|==|=|!=|~=|~>|>=|<=|>|<|\^|~)?(?P<space>\s*)(?P<version>v?[0-9][A-Za-z0-9.+_*-]*)"
)
_BETWEEN: Final = re.compile(r"\s*(?:,\s*|\s+)|\s*")
_EXACT: Final = frozenset({"", "=", "==", "==="})
_BARE_IS_CARET: Final = frozenset({"cargo"})
"""Ecosystems where a version without a sign allows newer ones."""
_LAST_PART_MOVES: Final = {"pypi": "~=", "gem": "~>", "terraform": "~>", "composer": "~", "helm": ""}
"""Signs whose last part is the one that may grow: `~> 5.0` allows 5.9, `~> 5.0.0` does not."""
_WILD: Final = re.compile(r"(?:^|\.)(?:[xX*])(?:\.|$)")


def raised(text: str, *, ecosystem: str, name: str, current: str, wanted: str) -> str | None:
    """Return a requirement that asks for `wanted`, written as `text` is; None where nothing is to be changed.

    Nothing is changed where another version than `current` is pinned, or `wanted` or newer is already asked for. Raises `UnsafeEdit` where
    the requirement leaves `wanted` out on purpose, or is of a form that cannot be raised without guessing.
    """
    if _named_otherwise(text):
        raise UnsafeEdit(f"{name} is asked for as {text.strip()!r}, which names no version that could be raised.")
    clauses = _clauses(text, name)
    moved = [each for each in clauses if (each["sign"] or "") not in {"!=", "<", "<="}]
    for each in clauses:
        _allow(each, wanted, ecosystem, name, text)
    if len(moved) != 1:
        raise UnsafeEdit(f"{name} is asked for as {text.strip()!r}: it is not clear which of its parts to raise.")
    clause = moved[0]
    sign, version = clause["sign"] or "", clause["version"]
    if _WILD.search(version):
        return _raised_wild(text, clause, ecosystem=ecosystem, name=name, wanted=wanted)
    order = compare(_order(ecosystem), version, wanted)
    if order is None:
        raise UnsafeEdit(f"{name} is asked for as {text.strip()!r}, and that cannot be compared with {wanted}.")
    exact = sign in _EXACT and not (not sign and ecosystem in _BARE_IS_CARET)
    if order >= 0 or (exact and current and compare(_order(ecosystem), version, current) != 0):
        return None
    return _written(text, clause, sign, version, ecosystem, wanted)


def _order(ecosystem: str) -> str:
    return {"terraform": "gem", "helm": "semver", "docker": "generic", "packagist": "composer"}.get(
        ecosystem, ecosystem
    )


def _named_otherwise(text: str) -> bool:
    return not text.strip() or bool(re.search(r"\|\||://|^\s*(?:[a-z]+:|\*|[xX]$|latest|@|\$|[\[(])|\s-\s", text))


def _clauses(text: str, name: str) -> list[re.Match[str]]:
    found, at = [], len(text) - len(text.lstrip())
    end = len(text.rstrip())
    while at < end:
        clause = _CLAUSE.match(text, at, end)
        if clause is None:
            raise UnsafeEdit(f"{name} is asked for as {text.strip()!r}, which cannot be raised safely.")
        found.append(clause)
        between = _BETWEEN.match(text, clause.end(), end)
        at = between.end() if between else clause.end()
    return found


def _allow(clause: re.Match[str], wanted: str, ecosystem: str, name: str, text: str) -> None:
    """Raise where a clause leaves the wanted version out: somebody wrote it for a reason."""
    sign = clause["sign"] or ""
    if sign not in {"<", "<=", "!="}:
        return
    order = compare(_order(ecosystem), wanted, clause["version"].replace(".*", ""))
    same_line = sign == "!=" and clause["version"].endswith(".*") and wanted.startswith(clause["version"][:-1])
    if (
        order is None
        or (sign == "<" and order >= 0)
        or (sign == "<=" and order > 0)
        or (sign == "!=" and (order == 0 or same_line))
    ):
        raise UnsafeEdit(f"{name} is asked for as {text.strip()!r}, which leaves {wanted} out.")


def _raised_wild(text: str, clause: re.Match[str], *, ecosystem: str, name: str, wanted: str) -> str | None:
    """Raise `1.x` and `==1.2.*`: to the same line from `wanted` on where the ecosystem has a sign for that."""
    sign, version = clause["sign"] or "", clause["version"]
    fixed = re.split(r"\.?[xX*]", version)[0].split(".")
    caret = {"npm": ("^", "~"), "cargo": ("^", "~"), "composer": ("^", "~")}.get(ecosystem)
    if caret is None or sign or len(fixed) not in {1, 2} or wanted.split(".")[: len(fixed)] != fixed:
        raise UnsafeEdit(
            f"{name} is asked for as {text.strip()!r}, which cannot be raised to {wanted} and stay what it is."
        )
    return text[: clause.start()] + caret[len(fixed) - 1] + wanted + text[clause.end() :]


def _written(text: str, clause: re.Match[str], sign: str, version: str, ecosystem: str, wanted: str) -> str:
    v = "v" if version.startswith("v") and not wanted.startswith("v") else ""
    new, extra = wanted, ""
    parts = version.removeprefix("v").split(".")
    if (
        sign
        and _LAST_PART_MOVES.get(ecosystem) == sign
        and len(parts) < len(wanted.split("."))
        and re.fullmatch(r"[0-9.]+", wanted)
    ):
        # One part shorter than the wanted version: to write all of it would forbid what is allowed now.
        kept = wanted.split(".")[: len(parts)]
        rest = wanted.split(".")[len(parts) :]
        new = ".".join(kept)
        if any(int(each) for each in rest):
            comma = " " if ecosystem == "composer" else ", " if ecosystem != "pypi" or ", " in text else ","
            extra = f"{comma}>={' ' if clause['space'] else ''}{wanted}"
    if sign == ">":
        sign = ">="
    return text[: clause.start()] + sign + clause["space"] + v + new + extra + text[clause.end() :]
