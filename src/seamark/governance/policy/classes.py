"""What the number of a weakness and the words of a path say: OWASP classes, and code that deserves a second look."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from seamark.analysis.correlation.weakness import ancestors
from seamark.governance.policy.facts import PathClass

_OWASP: Final[dict[str, tuple[int, ...]]] = {
    "A01": (
        22, 23, 35, 59, 200, 201, 219, 264, 275, 276, 284, 285, 352, 359, 377, 402, 425, 441, 497, 538, 540, 548, 552, 566, 601, 639, 651, 668,
        706, 862, 863, 913, 922, 1275,
    ),
    "A02": (
        261, 296, 310, 319, 321, 322, 323, 324, 325, 326, 327, 328, 329, 330, 331, 335, 336, 337, 338, 340, 347, 523, 720, 757, 759, 760, 780,
        818, 916,
    ),
    "A03": (
        20, 74, 75, 77, 78, 79, 80, 83, 87, 88, 89, 90, 91, 93, 94, 95, 96, 97, 98, 99, 100, 113, 116, 138, 184, 470, 471, 564, 610, 643, 644,
        652, 917,
    ),
    "A04": (
        73, 183, 209, 213, 235, 256, 257, 266, 269, 280, 311, 312, 313, 316, 419, 430, 434, 444, 451, 472, 501, 522, 525, 539, 579, 598, 602,
        642, 646, 650, 653, 656, 657, 799, 807, 840, 841, 927, 1021, 1173,
    ),
    "A05": (2, 11, 13, 15, 16, 260, 315, 520, 526, 537, 541, 547, 611, 614, 756, 776, 942, 1004, 1032, 1174),
    "A06": (937, 1035, 1104),
    "A07": (255, 259, 287, 288, 290, 294, 295, 297, 300, 302, 304, 306, 307, 346, 384, 521, 613, 620, 640, 798, 940, 1216),
    "A08": (345, 353, 426, 494, 502, 565, 784, 829, 830, 915),
    "A09": (117, 223, 532, 778),
    "A10": (918,),
}  # fmt: skip
"""CWEs that the OWASP Top 10 of 2021 maps to each of its classes."""
_CLASS_OF: Final = {number: name for name, numbers in _OWASP.items() for number in numbers}
_TOO_GENERAL: Final = frozenset({20, 74, 200, 264, 275, 284, 285, 310, 345, 610, 668, 706, 913})
"""Weaknesses that are classes themselves, but hand theirs down to nothing: too much lies below them."""


@lru_cache(maxsize=4096)
def owasp(cwe: int) -> str | None:
    """Return the class of the OWASP Top 10 (2021) of a weakness: its own, else that of what lies closest above it."""
    if cwe in _CLASS_OF:
        return _CLASS_OF[cwe]
    above = sorted(
        (steps, number)
        for number, steps in ancestors(cwe).items()
        if number in _CLASS_OF and number not in _TOO_GENERAL
    )
    return _CLASS_OF[above[0][1]] if above else None


_PATHS: Final[tuple[tuple[PathClass, str], ...]] = (
    ("authentication", r"auth|authn|authentication|login|logins|signin|signup|session|sessions|password|passwords|oauth|oauth2|oidc|saml|sso|jwt|mfa|otp|identity"),
    ("authorisation", r"authz|authorization|authorisation|permission|permissions|rbac|acl|roles?|access|policy|policies|guard|guards"),
    ("cryptography", r"crypto|cryptography|cipher|ciphers|encryption|encrypt|decrypt|signing|signature|signatures|hashing|tls|ssl|keys?|kms"),
    ("payment", r"payment|payments|billing|checkout|invoice|invoices|charge|charges|card|cards|stripe|paypal|ledger|refund|refunds|wallet"),
    ("personal_data", r"pii|gdpr|privacy|personal|customer|customers|patient|patients|kyc|profile|profiles"),
    ("secrets", r"secret|secrets|credential|credentials|vault|tokens?"),
    ("infrastructure", r"terraform|infra|infrastructure|k8s|kubernetes|helm|charts|dockerfile|cloudformation|pulumi|ansible|tf"),
    ("pipeline", r"github|gitlab|workflows|jenkinsfile|ci|circleci|pipelines?"),
    ("test", r"test|tests|testing|spec|specs|fixtures|mocks?|examples?"),
)  # fmt: skip
_PATTERNS: Final = tuple((name, re.compile(f"(?:{words})")) for name, words in _PATHS)
_WORDS: Final = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+")


@lru_cache(maxsize=16384)
def path_classes(path: str) -> tuple[PathClass, ...]:
    """Return what the words of a file's path say of the code in it: `src/auth/LoginForm.ts` is about authentication."""
    words = {word.lower() for word in _WORDS.findall(path[:1000])}
    return tuple(name for name, pattern in _PATTERNS if any(pattern.fullmatch(word) for word in words))
