"""CVSS 2, 3.0, 3.1 and 4.0: base score, score with what is public to exploit it, and score where the asset stands.

The metrics of threat and environment come from what is known of the asset; those that the vector states itself stay as they are, and
what is not known stays undefined.
"""

from __future__ import annotations

from collections.abc import Iterable

from cvss import CVSS2, CVSS3, CVSS4
from cvss.exceptions import CVSSError
from msgspec import Struct

from seamark.analysis.risk.factors import SENSITIVE
from seamark.core.errors import InvalidQuery

_EXPLOIT = {
    "2.0": {"none": "U", "poc": "POC", "template": "F", "weaponised": "H"},
    "3": {"none": "U", "poc": "P", "template": "F", "weaponised": "H"},
    "4.0": {"none": "U", "poc": "P", "template": "P", "weaponised": "A"},
}
_BY_TIER = {1: "H", 2: "M", 3: "M", 4: "L"}
_NEARER = {"internal": ("A", {"N"}), "none": ("L", {"N", "A"})}
"""The attack vector where it is exposed no further, and the vectors that this narrows."""


class Rating(Struct, frozen=True):
    """Scores of a vector, 0.0 to 10.0."""

    version: str
    base: float
    threat: float
    """With the maturity of exploits; temporal before CVSS 4."""
    environmental: float
    """With threat and where the asset stands."""
    vector: str
    """The whole vector that `environmental` is worked out from."""
    added: tuple[str, ...]
    """The metrics that were added, as in `MAV:A`."""


def rate(
    vector: str, *, exploit: str = "", exploited: bool = False, exposure: str = "", criticality: int = 0, data_classes: Iterable[str] = ()
) -> Rating:  # fmt: skip
    """Return the scores of a vector for an asset, in the words of `Facts`. Raises `InvalidQuery` where it is no vector."""
    text = vector.strip().strip("()").removeprefix("CVSS2#")
    version = text[5:8] if text.startswith("CVSS:") else "2.0"
    metrics = _metrics(text)
    words = _EXPLOIT["3" if version.startswith("3") else version if version in _EXPLOIT else "4.0"]
    threat = (
        [f"E:{words[ready]}"]
        if (ready := "weaponised" if exploited else exploit) in words and _open(metrics, "E")
        else []
    )
    around = [
        one
        for one in _environment(version, metrics, exposure, criticality, data_classes)
        if _open(metrics, one.split(":")[0])
    ]
    _scores(text)
    defined = "/".join(part for part in text.split("/") if not _undefined(part))
    whole = "/".join([defined, *threat, *around])
    base = _base(text, version)
    if version == "4.0":
        # One score is worked out from all that is stated: threat is the base with the maturity of exploits alone.
        stated = [part for part in (*defined.split("/"), *threat) if part.startswith("E:")]
        with_threat = _scores("/".join([base, *stated]))[1]
    else:
        with_threat = _scores("/".join([defined, *threat]))[1]
    return Rating(
        version=version, base=_scores(base)[0], threat=with_threat, environmental=_scores(whole)[2], vector=whole, added=(*threat, *around),
    )  # fmt: skip


def _metrics(text: str) -> dict[str, str]:
    return dict(part.split(":", 1) for part in text.split("/") if ":" in part and not part.startswith("CVSS:"))


def _undefined(part: str) -> bool:
    return part.endswith((":X", ":ND"))


def _open(metrics: dict[str, str], name: str) -> bool:
    return metrics.get(name, "X") in {"X", "ND"}


def _environment(
    version: str, metrics: dict[str, str], exposure: str, criticality: int, data_classes: Iterable[str]
) -> list[str]:
    """Return the metrics of where the asset stands."""
    found = []
    classes = {name.upper() for name in data_classes}
    if classes:
        found.append("CR:H" if classes & SENSITIVE else "CR:L")
    if tier := _BY_TIER.get(criticality):
        found += [f"IR:{tier}", f"AR:{tier}"]
    if version != "2.0" and exposure in _NEARER:
        nearer, narrowed = _NEARER[exposure]
        if metrics.get("AV") in narrowed:
            found.append(f"MAV:{nearer}")
    return found


_BASE = {
    "2.0": {"AV", "AC", "Au", "C", "I", "A"},
    "3.0": {"AV", "AC", "PR", "UI", "S", "C", "I", "A"},
    "3.1": {"AV", "AC", "PR", "UI", "S", "C", "I", "A"},
    "4.0": {"AV", "AC", "AT", "PR", "UI", "VC", "VI", "VA", "SC", "SI", "SA"},
}


def _base(text: str, version: str) -> str:
    """Return the vector without what is not of its base."""
    kept = _BASE.get(version, set())
    return "/".join(part for part in text.split("/") if part.startswith("CVSS:") or part.split(":")[0] in kept)


def _scores(text: str) -> tuple[float, float, float]:
    """Return base, threat and environmental score; CVSS 4 has one, of all that the vector states."""
    try:
        if text.startswith("CVSS:4"):
            score = float(CVSS4(text).base_score)
            return score, score, score
        scores = CVSS3(text).scores() if text.startswith("CVSS:3") else CVSS2(text).scores()
    except (CVSSError, ValueError, KeyError, IndexError) as error:
        raise InvalidQuery(f"{text[:120]!r} is no CVSS vector: {error}") from None
    base = float(scores[0])
    # The library says nothing of the groups of CVSS 2 that a vector does not state.
    threat = base if scores[1] is None else float(scores[1])
    return base, threat, threat if scores[2] is None else float(scores[2])
