"""Whether a version fits what a manifest asks for, by the grammar of each ecosystem's ranges."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple

from seamark.analysis.software.order import order_key

LONGEST: Final = 1000
"""Characters of a range; longer ones are not understood."""
_NUMBERS = re.compile(r"[0-9]+")
_PRE = {
    "npm": re.compile(r"-"), "cargo": re.compile(r"-"), "nuget": re.compile(r"-"), "golang": re.compile(r"^[^-]*-(?!(?:[0-9A-Za-z.]+\.)?[0-9]{14}-[0-9a-f]{12}$)"),
    "pypi": re.compile(r"(?:a|b|c|rc|alpha|beta|pre|preview|dev)[-_.]?[0-9]*$|\.dev|[0-9](?:a|b|rc)[0-9]", re.IGNORECASE),
    "gem": re.compile(r"[A-Za-z]"), "composer": re.compile(r"(?:^dev-|-?(?:dev|alpha|beta|a|b|rc)[.0-9]*$)", re.IGNORECASE),
    "maven": re.compile(r"(?:^|[.-])(?:alpha|beta|milestone|rc|cr|snapshot|m[0-9]|a[0-9]|b[0-9]|pre|preview|ea)", re.IGNORECASE),
}  # fmt: skip


class Bound(NamedTuple):
    """One comparison: an operator (`<`, `<=`, `>`, `>=`, `=`, `!`, `^=` for "starts with these numbers", `!^` for "does not") and a version."""

    operator: str
    version: str


Alternatives = tuple[tuple[Bound, ...], ...]
"""A range: one of these, in which every bound holds. An empty alternative takes any version."""


class Unclear(ValueError):
    """A range that is none of the ecosystem's, or names no versions: a tag, an address."""


def is_prerelease(ecosystem: str, version: str) -> bool:
    """Tell whether a version is published before its release, by its ecosystem's writing."""
    pattern = _PRE.get(ecosystem)
    return bool(pattern and pattern.search(version.split("+", 1)[0]))


def satisfies(ecosystem: str, wanted: str, version: str) -> bool | None:
    """Tell whether a version fits a range of its ecosystem (a package URL type); None where one of them is not understood.

    What is published before its release only fits where the range names such a version.
    """
    if order_key(ecosystem, version) is None:
        return None
    try:
        alternatives = parse(ecosystem, wanted)
    except Unclear:
        return None
    answers = [_fits(ecosystem, bounds, version) for bounds in alternatives]
    return True if True in answers else None if None in answers else False


def _fits(ecosystem: str, bounds: tuple[Bound, ...], version: str) -> bool | None:
    mine = order_key(ecosystem, version)
    if ecosystem in {"npm", "cargo", "pypi", "gem", "nuget"} and is_prerelease(ecosystem, version):
        near = [one for one in bounds if is_prerelease(ecosystem, one.version) and not one.version.endswith("-0")]
        if ecosystem in {"npm", "cargo"}:
            near = [one for one in near if _numbers(one.version)[:3] == _numbers(version.split("-", 1)[0])[:3]]
        if not near:
            return False
    for operator, text in bounds:
        if operator in {"^=", "!^"}:
            asked = _numbers(text)
            if ((_numbers(version) + (0,) * len(asked))[: len(asked)] == asked) is (operator == "!^"):
                return False
            continue
        theirs = order_key(ecosystem, text)
        if theirs is None:
            return None
        holds = {
            "<": mine < theirs, "<=": mine <= theirs, ">": mine > theirs, ">=": mine >= theirs, "=": mine == theirs, "!": mine != theirs,
        }[operator]  # fmt: skip
        if not holds:
            return False
    return True


@lru_cache(maxsize=65536)
def parse(ecosystem: str, wanted: str) -> Alternatives:
    """Return what a range means. Raises `Unclear`."""
    text = wanted.strip()
    if len(text) > LONGEST:
        raise Unclear(wanted[:60])
    if not text or text in {"*", "x", "X"}:
        return ((),)
    reader = _READERS.get(ecosystem)
    if reader is None:
        raise Unclear(wanted)
    return reader(text)


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(one) for one in _NUMBERS.findall(re.split(r"[-+]", text.strip().lstrip("vV="), maxsplit=1)[0]))


def _upper(numbers: tuple[int, ...], at: int, mark: str) -> str:
    """Return the least version beyond those that agree in the first `at` numbers."""
    kept = [*numbers[: at + 1]]
    kept += [0] * (at + 1 - len(kept))
    kept[at] += 1
    return ".".join(map(str, kept + [0] * (3 - len(kept)))) + mark


_X = re.compile(r"[vV=]*\s*([0-9]+|[xX*])(?:\.([0-9]+|[xX*]))?(?:\.([0-9]+|[xX*]))?(?:\.[0-9]+)?(-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]*)?")  # fmt: skip
_COMPARATOR = re.compile(r"(\^|~>|~|>=|<=|>|<|==|=|!=)?\s*([vV=]*\s*[0-9xX*][0-9A-Za-z.*+-]*)")
_HYPHEN = re.compile(r"\s*([^\s,]+)\s+-\s+([^\s,]+)\s*")


def _known(found: re.Match[str]) -> tuple[int, ...]:
    numbers = []
    for part in found.group(1, 2, 3):
        if part is None or not part.isdigit():
            break
        numbers.append(int(part))
    return tuple(numbers)


def _semantic(operator: str, text: str, *, bare: str, mark: str = "-0") -> list[Bound]:
    """Return the bounds of one comparator; `bare` is what a version without an operator means."""
    found = _X.fullmatch(text)
    if found is None:
        raise Unclear(text)
    numbers, full = _known(found), len(_known(found)) >= 3
    version = text.strip().lstrip("vV= ") if full else ".".join(map(str, (*numbers, 0, 0, 0)[:3]))
    operator = operator or (bare if full or bare == "^" else "=")
    if not numbers:
        return [] if operator in {"", "=", ">=", "<=", "^", "~", "~>", "=="} else [Bound("<", "0.0.0-0")]
    if operator == "^":
        at = next((place for place, one in enumerate(numbers) if one), len(numbers) - 1)
        return [Bound(">=", version), Bound("<", _upper(numbers, at, mark))]
    if operator in {"~", "~>"}:
        return [Bound(">=", version), Bound("<", _upper(numbers, min(1, len(numbers) - 1), mark))]
    if operator in {"=", "=="}:
        return [Bound("=", version)] if full else [Bound(">=", version), Bound("<", _upper(numbers, len(numbers) - 1, mark))]  # fmt: skip
    if not full and operator == ">":
        return [Bound(">=", _upper(numbers, len(numbers) - 1, ""))]
    if not full and operator == "<=":
        return [Bound("<", _upper(numbers, len(numbers) - 1, mark))]
    return [Bound("!" if operator == "!=" else operator, version)]


def _comparators(text: str, *, bare: str, mark: str = "-0") -> tuple[Bound, ...]:
    if found := _HYPHEN.fullmatch(text):
        return (*_semantic(">=", found[1], bare=bare, mark=mark), *_semantic("<=", found[2], bare=bare, mark=mark))
    bounds: list[Bound] = []
    at = 0
    stripped = text.replace(",", " ").strip()
    while at < len(stripped):
        found = _COMPARATOR.match(stripped, at)
        if found is None:
            raise Unclear(text)
        bounds += _semantic(found[1] or "", found[2], bare=bare, mark=mark)
        at = found.end()
        while at < len(stripped) and stripped[at] == " ":
            at += 1
    return tuple(bounds)


def _npm(text: str) -> Alternatives:
    return tuple(_comparators(part, bare="=") for part in text.split("||"))


def _cargo(text: str) -> Alternatives:
    return (tuple(bound for part in text.split(",") if part.strip() for bound in _comparators(part.strip(), bare="^")),)


def _composer(text: str) -> Alternatives:
    return tuple(_composer_part(part.strip()) for part in re.split(r"\|\|?", text))


def _composer_part(text: str) -> tuple[Bound, ...]:
    text = re.sub(r"@(?:stable|rc|beta|alpha|dev)\b", "", text, flags=re.IGNORECASE).strip()
    if text in {"", "*"}:
        return ()
    bounds: list[Bound] = []
    for found in re.finditer(r"~\s*([0-9.]+)", text):
        # Unlike npm's, Composer's tilde lets the last number but one go up.
        numbers = _numbers(found[1])
        bounds += [Bound(">=", found[1]), Bound("<", _upper(numbers, max(len(numbers) - 2, 0), "-dev"))]
    rest = re.sub(r"~\s*[0-9.]+", " ", text).strip(" ,")
    return (*bounds, *(_comparators(rest, bare="=", mark="-dev") if rest else ()))


_PEP440 = re.compile(r"(~=|===?|!=|<=?|>=?)\s*([^\s,;]+)")


def _pypi(text: str) -> Alternatives:
    bounds: list[Bound] = []
    for part in text.strip("() ").split(","):
        if not part.strip():
            continue
        found = _PEP440.fullmatch(part.strip())
        if found is None:
            raise Unclear(text)
        operator, version = found[1], found[2]
        if operator == "~=":
            numbers = _numbers(version)
            if len(numbers) < 2:
                raise Unclear(text)
            bounds += [Bound(">=", version), Bound("^=", ".".join(map(str, numbers[:-1])))]
        elif version.endswith(".*"):
            if operator not in {"==", "!="}:
                raise Unclear(text)
            bounds.append(Bound("^=" if operator == "==" else "!^", version[:-2]))
        else:
            bounds.append(Bound({"==": "=", "===": "=", "!=": "!"}.get(operator, operator), version))
    return (tuple(bounds),)


_GEM = re.compile(r"(~>|>=|<=|!=|>|<|=)?\s*([0-9][0-9A-Za-z.-]*)")


def _gem(text: str) -> Alternatives:
    bounds: list[Bound] = []
    for part in re.split(r"[,&]", text):
        found = _GEM.fullmatch(part.strip().strip("\"'"))
        if found is None:
            raise Unclear(text)
        operator, version = found[1] or "=", found[2]
        if operator == "~>":
            numbers = _numbers(version)
            at = max(len(numbers) - 2, 0)
            bounds += [Bound(">=", version), Bound("<", ".".join(map(str, (*numbers[:at], numbers[at] + 1))) + ".a")]
        else:
            bounds.append(Bound("!" if operator == "!=" else operator, version))
    return (tuple(bounds),)


_INTERVAL = re.compile(r"([\[(])\s*([^,\[\]()]*?)\s*(?:(,)\s*([^,\[\]()]*?)\s*)?([\])])")


def _intervals(text: str, bare: Callable[[str], tuple[Bound, ...]]) -> Alternatives:
    if text[0] not in "[(":
        return (bare(text),)
    found = list(_INTERVAL.finditer(text))
    if not found or "".join(one[0] for one in found) != re.sub(r"(?<=[\])])\s*,\s*(?=[\[(])", "", text):
        raise Unclear(text)
    alternatives = []
    for one in found:
        bounds = []
        if one[3] is None:
            bounds = [Bound("=", one[2])]
        else:
            bounds += [Bound(">=" if one[1] == "[" else ">", one[2])] if one[2] else []
            bounds += [Bound("<=" if one[5] == "]" else "<", one[4])] if one[4] else []
        alternatives.append(tuple(bounds))
    return tuple(alternatives)


def _maven(text: str) -> Alternatives:
    # A version without brackets is a wish: whatever wins over it is taken.
    return _intervals(text, lambda _: ())


def _nuget(text: str) -> Alternatives:
    if "*" in text:
        return (tuple(_semantic("=", text.replace("*", "x"), bare="=")),)
    return _intervals(text, lambda one: (Bound(">=", one),))


def _golang(text: str) -> Alternatives:
    return ((Bound(">=", text.removeprefix(">=").strip()),),)


_READERS: Final[dict[str, Callable[[str], Alternatives]]] = {
    "cargo": _cargo, "composer": _composer, "gem": _gem, "golang": _golang, "maven": _maven, "npm": _npm, "nuget": _nuget, "pypi": _pypi,
}  # fmt: skip
