"""Virtual patches: what keeps a flaw from being used while its fix is on the way. Suggestions for people, never applied from here."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urlsplit

from msgspec import Struct

from seamark.core.finding import Finding
from seamark.core.location import ImageLocation, WebLocation

FIRST_ID: Final = 9_900_000
"""Rules get numbers of a range that no public rule set uses."""
_IDS: Final = 99_999
_NUMBER: Final = re.compile(r"\d+|[0-9a-f]{8}-[0-9a-f-]{27}|[0-9a-f]{24,64}", re.IGNORECASE)
_NAME: Final = re.compile(r"[\w.\-\[\]]{1,100}")
_IMAGE: Final = re.compile(r"[a-z0-9][a-z0-9._/:-]{0,300}(@sha256:[0-9a-f]{64})?", re.IGNORECASE)
_ATTACKS: Final[dict[int, tuple[str, str]]] = {
    89: ("@detectSQLi", "SQL injection"),
    79: ("@detectXSS", "cross-site scripting"),
    22: (r"@rx (?:^|[/\x5c])\.\.(?:[/\x5c]|$)|\x00", "path traversal"),
    78: (r"@rx [;|&`\n]|\$\(", "command injection"),
    917: (r"@rx \$\{|#\{|%\{", "expression language injection"),
    918: (r"@rx (?i)^(?:https?|ftp|file|gopher|dict|ldap)://", "server-side request forgery"),
    601: (r"@rx (?i)^(?:https?:)?[/\x5c]{2}", "open redirect"),
    611: (r"@rx (?i)<!(?:DOCTYPE|ENTITY)", "external XML entities"),
    502: (r"@rx ^(?:rO0AB|aced0005|O:\d+:\x22)", "unsafe deserialisation"),
    113: (r"@rx [\r\n]", "response splitting"),
}
"""By weakness: the operator that tells an attack, and its name."""


class Shield(Struct, frozen=True, kw_only=True):
    """One suggestion."""

    kind: str
    """`waf`, `network` or `admission`."""
    title: str
    text: str
    """The rule or manifest."""
    note: str
    """What to know before it is put in place, and what it does not do."""


def shields(finding: Finding, number: int, weaknesses: tuple[int, ...] = ()) -> tuple[Shield, ...]:
    """Return what may stand in for the fix of a finding, none where nothing of the kind fits.

    `number` is the issue's; `weaknesses` are the finding's CWEs with their ancestors, the finding's own first.
    """
    place = finding.location
    if isinstance(place, WebLocation):
        found = next((one for one in (*finding.cwes, *weaknesses) if one in _ATTACKS), 0)
        rule = _waf(place, found, number) if found else None
        return (*([rule] if rule else []), *((_egress(number),) if found == 918 else ()))
    if isinstance(place, ImageLocation):
        image = f"{place.image.partition('@')[0]}@{place.digest}" if place.digest else place.image
        return (_admission(image, number),) if _IMAGE.fullmatch(image) else ()
    return ()


def _waf(place: WebLocation, weakness: int, number: int) -> Shield | None:
    parts = urlsplit(place.url)
    path = parts.path or "/"
    if not path.isascii() or not path.isprintable() or set(path) & set("\"'\\ "):
        return None
    steps = (
        r"[^/]+" if _NUMBER.fullmatch(one) or one.startswith(("{", ":")) else re.escape(one) for one in path.split("/")
    )
    operator, attack = _ATTACKS[weakness]
    target = (
        f"ARGS:{place.parameter}"
        if _NAME.fullmatch(place.parameter)
        else "ARGS|REQUEST_BODY"
        if weakness == 611
        else "ARGS"
    )
    method = (
        f'SecRule REQUEST_METHOD "@streq {place.method}" "t:none,chain"\n        ' if place.method.isalpha() else ""
    )
    # The actions of a chain stand in its first rule.
    text = (
        f'SecRule REQUEST_FILENAME "@rx ^{"/".join(steps)}$" "id:{FIRST_ID + number % _IDS},phase:2,deny,status:403,log,t:none,t:normalizePath,'
        f"msg:'Seamark SM-{number}: {attack}',tag:'seamark/SM-{number}',chain\"\n    {method}SecRule {target} \"{operator}\" \"t:none,t:urlDecodeUni\"\n"
    )  # fmt: skip
    return Shield(
        kind="waf", title=f"A rule against {attack} at {place.method or 'any method'} {path}", text=text,
        note="For ModSecurity 3 or Coraza. Let it log first (`pass` in place of `deny`) and look at what it hits; it makes an attack harder and removes no flaw.",
    )  # fmt: skip


def _egress(number: int) -> Shield:
    text = f"""apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata:
  name: seamark-sm-{number}
spec:
  podSelector:
    matchLabels:
      app: FILL-IN
  policyTypes: [Egress]
  egress:
    - ports:
        - protocol: UDP
          port: 53
    - to:
        - podSelector: {{}}
"""
    return Shield(
        kind="network", title="Only the own namespace and names may be reached from the service", text=text,
        note="Say which pods it is about (`app`), and add what the service has to reach. Needs a network plug-in that enforces policies.",
    )  # fmt: skip


def _admission(image: str, number: int) -> Shield:
    text = f"""apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: seamark-sm-{number}
spec:
  failurePolicy: Fail
  matchConstraints:
    resourceRules:
      - apiGroups: [""]
        apiVersions: ["v1"]
        operations: [CREATE, UPDATE]
        resources: [pods]
  validations:
    - expression: "object.spec.containers.all(c, c.image != '{image}')"
      message: "SM-{number}: this image is not to be started"
    - expression: "!has(object.spec.initContainers) || object.spec.initContainers.all(c, c.image != '{image}')"
      message: "SM-{number}: this image is not to be started"
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata:
  name: seamark-sm-{number}
spec:
  policyName: seamark-sm-{number}
  validationActions: [Audit]
"""
    return Shield(
        kind="admission", title=f"The image {image} is not started any more", text=text,
        note="It only tells (`Audit`) until the binding says `Deny`. What runs already goes on; a restart of it would then be refused.",
    )  # fmt: skip
