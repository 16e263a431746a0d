"""Advisories in the OSV format: which packages they name, and which of their symbols are affected."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Raw
from packageurl import PackageURL

from seamark.intake.reach.model import Target
from seamark.intake.sbom.records import each_record

MOST_SYMBOLS: Final = 2_000
_TYPES: Final = {"pypi": "pypi", "npm": "npm", "maven": "maven", "go": "golang", "golang": "golang"}
_SYMBOL: Final = re.compile(r"[\w$#.:/@\-]{1,300}")
_FUNCTIONS: Final = (
    "affected_functions",
    "affectedFunctions",
    "functions",
    "symbols",
    "vulnerable_functions",
    "affected_symbols",
    "methods",
    "classes",
)


def read_advisories(path: Path) -> list[Target]:
    """Return the packages that OSV records name: of a file (a record, a list, or one a line), a zip, or a folder of these.

    Raises `SeamarkError` where nothing is there, or something is no JSON.
    """
    return list(dict.fromkeys(each_record(path, _taken)))


def _taken(document: bytes | Raw) -> Iterator[Target]:
    value: Any = msgspec.json.decode(document)
    if isinstance(value, dict):
        # What interfaces answer with holds the records in a list.
        inner = next(
            (value[key] for key in ("vulns", "vulnerabilities", "advisories") if isinstance(value.get(key), list)), None
        )
        value = [value] if inner is None else inner
    yield from targets(value if isinstance(value, list) else ())


def targets(records: Iterable[Any]) -> Iterator[Target]:
    """Yield the packages of OSV records whose ecosystem is read; a withdrawn record names none."""
    for record in records:
        if not isinstance(record, dict) or record.get("withdrawn"):
            continue
        affected = record.get("affected")
        for each in affected if isinstance(affected, list) else ():
            package = each.get("package") if isinstance(each, dict) else None
            if not isinstance(package, dict):
                continue
            ecosystem = _TYPES.get(str(package.get("ecosystem", "")).partition(":")[0].lower(), "")
            name = package.get("name")
            if not ecosystem and isinstance(package.get("purl"), str):
                known = from_words(package["purl"])
                ecosystem, name = (known.ecosystem, known.name) if known else ("", "")
            if ecosystem and isinstance(name, str) and name:
                paths, symbols = _affected(each, ecosystem)
                shared = record.get("database_specific")
                more = [] if symbols or not isinstance(shared, dict) else _listed(shared)
                symbols += more if all(more) else []
                yield Target(
                    ecosystem=ecosystem, name=name, advisory=str(record.get("id", ""))[:200],
                    symbols=tuple(dict.fromkeys(symbols))[:MOST_SYMBOLS], paths=tuple(dict.fromkeys(paths))[:MOST_SYMBOLS],
                )  # fmt: skip


def _affected(each: dict[str, Any], ecosystem: str) -> tuple[list[str], list[str]]:
    """Return the packages inside of a module and the symbols that an entry names. A package all of which is affected leaves no symbols."""
    paths: list[str] = []
    symbols: list[str] = []
    whole = False
    for key in ("ecosystem_specific", "database_specific"):
        specific = each.get(key)
        if not isinstance(specific, dict):
            continue
        imports = specific.get("imports")
        for one in imports if isinstance(imports, list) else ():
            if not isinstance(one, dict):
                continue
            if isinstance(one.get("path"), str):
                paths.append(one["path"])
            named = _texts(one.get("symbols"))
            whole |= not all(named) or not named
            symbols += named
        symbols += _listed(specific)
    whole |= not all(symbols)
    return paths if ecosystem == "golang" else [], [] if whole else symbols


def _listed(specific: dict[str, Any]) -> list[str]:
    found: list[str] = []
    for key in _FUNCTIONS:
        value = specific.get(key)
        found += _texts(list(value) if isinstance(value, dict) else value)
    nested = specific.get("affects")
    return found + (_listed(nested) if isinstance(nested, dict) and nested is not specific else [])


def _texts(value: Any) -> list[str]:
    """Return symbols as they are compared; one that cannot be read is an empty text."""
    found = []
    for each in value[:MOST_SYMBOLS] if isinstance(value, list) else ():
        name = each.get("name") if isinstance(each, dict) else each
        found.append(plain_symbol(name) if isinstance(name, str) else "")
    return found


def plain_symbol(text: str) -> str:
    """Return a symbol dotted and without arguments: `::` and `#` are dots; empty where it is none."""
    plain = re.sub(r"^\(\*?([^()]*)\)", r"\1", text.strip())
    bare = re.sub(r"[(<].*", "", plain, flags=re.DOTALL).replace("::", ".").replace("#", ".").strip(". ")
    return bare if _SYMBOL.fullmatch(bare) else ""


def from_words(words: str, ecosystem: str = "") -> Target | None:
    """Return the package that a purl names, or a bare name in an ecosystem; None where neither is given."""
    if words.startswith("pkg:"):
        try:
            purl = PackageURL.from_string(words)
        except ValueError:
            return None
        kind = _TYPES.get(purl.type, "")
        between = ":" if kind == "maven" else "/"
        return (
            Target(ecosystem=kind, name=f"{purl.namespace}{between}{purl.name}" if purl.namespace else purl.name)
            if kind
            else None
        )
    kind = _TYPES.get(ecosystem.lower(), "")
    return Target(ecosystem=kind, name=words) if kind and words else None
