"""ripsecrets: the lines of source files that hold a secret, as `path:line:text`.

It prints like any search for text does. So its output is recognised only where every line holds what one of its patterns
finds. With `--format ripsecrets` one such line is enough, and that of `--only-matching`: the others are of patterns of one's
own. The text of a line is never kept, because it may hold two secrets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from seamark.intake.parsers.kit import (
    CodeLocation,
    Finding,
    Item,
    Kind,
    Probe,
    Run,
    Severity,
    Text,
    UnreadableReport,
    parser,
)

_LINE: Final = re.compile(r"(?P<path>[^\s:][^:]*(?::[\\/][^:]*)?):(?P<line>\d{1,9}):(?P<text>.*)")
_BARE: Final = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])\S{15,200}")
"""What `--only-matching` leaves of a line."""
_LONGEST: Final = 2_000
"""Characters of a line that are searched: a line of generated code has no end."""
_GLANCE: Final = 64 * 1024
_RANDOM: Final = "assigned-secret"
_KEY: Final = "private-key"
_SORTS: Final = {
    "url-password": r"(?<![A-Za-z])[A-Za-z]{1,30}://\S{3,50}:(?P<password>\S{8,50})@[\w#%&+./:=?~-]+",
    "jwt": r"\beyJ[\dA-Za-z=_-]+(?:\.[\dA-Za-z=_-]{3,}){1,4}",
    "github-token": r"(?:gh[oprsu]|github_pat)_[\dA-Za-z_]{36}",
    "gitlab-token": r"glpat-[\dA-Za-z_=-]{20,22}",
    "stripe-key": r"[rs]k_live_[\dA-Za-z]{24,247}",
    "square-key": r"sq0(?:i[a-z]{2}-[\dA-Za-z_-]{22,43}|c[a-z]{2}-[\dA-Za-z_-]{40,50})|EAAA[\dA-Za-z+=-]{60}",
    "azure-storage-key": r"AccountKey=[\d+/=A-Za-z]{88}",
    "google-api-key": r"AIzaSy[\dA-Za-z_-]{33}",
    "npm-token": r"npm_[\dA-Za-z]{36}|//.{1,200}/:_authToken=[\dA-Za-z_-]+",
    "slack": r"xox[aboprs]-(?:\d{1,50}-){1,9}[\da-z]+|https://hooks\.slack\.com/services/T\w{1,50}/B\w{1,50}/\w+",
    "maven-master-password": r"<master>\{[\dA-Za-z]+\\?\}</master>",
    "sendgrid-key": r"SG\.[\dA-Za-z_-]{22}\.[\dA-Za-z_-]{43}",
    "twilio-key": r"(?:AC|SK)[\da-z]{32}",
    "mailchimp-key": r"[\da-f]{32}-us\d{1,2}",
    "intra42-key": r"s-s4t2(?:af|ud)-[\da-f]{64}",
    "age-key": r"AGE-SECRET-KEY-1[\dA-Z]{58}",
    _KEY: r"PuTTY-User-Key-File-2|-{5}BEGIN (?:(?:DSA|EC|OPENSSH|RSA) PRIVATE KEY|PRIVATE KEY|PGP PRIVATE KEY BLOCK"
    r"|SSH2 ENCRYPTED PRIVATE KEY)-{5}(?:[^-]{63,}-{5}END)?",
    _RANDOM: r"(?i:key|token|secret|password)\w{0,50}[\"']?\]?\s{0,20}(?::=|=>|<-|[:=>])\s{0,20}[\"'`]?"
    r"(?P<random>[\w+./=~\\`^-]{15,90})(?:[\s\"'`]|</|$)",
}
_SECRET: Final = re.compile(
    "|".join(f"(?P<{name.replace('-', '_')}>{pattern})" for name, pattern in _SORTS.items()), re.ASCII
)


class Hit(NamedTuple):
    """A secret in a line, and what it is; the text is empty where the line does not hold the secret itself."""

    sort: str
    text: str


def _sort(match: re.Match[str]) -> str:
    return next(name for name in _SORTS if match[name.replace("-", "_")] is not None)


def _hits(text: str) -> Iterator[Hit]:
    for match in _SECRET.finditer(text[:_LONGEST]):
        sort = _sort(match)
        found = match["password"] or match["random"] or match[0]
        if sort == _RANDOM and (known := _SECRET.fullmatch(found)):
            sort = _sort(known)
        # The first line of a key tells that there is one, and is the same for all.
        yield Hit(sort, "" if sort == _KEY and "-END" not in found else found)


def _is_certain(hit: Hit) -> bool:
    """Tell what only a secret looks like from what merely stands behind a word such as `token`: it must look random."""
    letters = sum(letter.isalpha() for letter in hit.text)
    return hit.sort != _RANDOM or (letters > 0 and any(letter.isdecimal() for letter in hit.text))


def _is_ripsecrets(probe: Probe) -> bool:
    if probe.form not in {"text", "csv"}:
        return False
    head = probe.source.head(_GLANCE)
    lines = head.decode("utf-8", "replace").splitlines()
    if len(head) == _GLANCE:
        lines = lines[:-1]
    found = [_LINE.fullmatch(line.rstrip()) for line in lines if line.strip()]
    if not found or not all(found):
        return False
    texts = [match["text"].strip() for match in found if match]
    if probe.named:
        return any(_BARE.fullmatch(text) or next(_hits(text), None) for text in texts)
    return all(any(_is_certain(hit) for hit in _hits(text)) for text in texts)


@parser(
    "ripsecrets",
    title="ripsecrets",
    kind=Kind.SECRET,
    looks=_is_ripsecrets,
    made_with="ripsecrets --strict-ignore > ripsecrets.txt",
    url="https://github.com/sirwart/ripsecrets",
)
def read(lines: Text) -> Iterator[Item]:
    yield Run(tool="ripsecrets")
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        match = _LINE.fullmatch(line.rstrip())
        if match is None:
            raise UnreadableReport("This line is not a path, a number and a text", where=f"line {number}")
        text = match["text"].strip()
        # What none of the known patterns finds, one of the user's own has found: all of it may be the secret.
        for hit in dict.fromkeys(_hits(text)) or [Hit("custom-pattern", text)]:
            yield Finding(
                rule=hit.sort,
                title=f"Secret: {hit.sort.replace('-', ' ')}",
                severity=Severity.HIGH,
                location=CodeLocation(path=match["path"], line=int(match["line"])),
                secret=hit.text,
            )
