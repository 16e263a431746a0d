"""Hosts that services call: addresses in code and settings, libraries of third parties, buckets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import islice
from typing import Any, Final, NamedTuple

import yaml

from seamark.core.assets import AssetKind, AssetRef, Found, Relation, RelationKind
from seamark.intake.discovery.code.programs import LARGEST
from seamark.intake.discovery.code.services import Service, services
from seamark.intake.discovery.code.signs import code_language, is_aside
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree

NAME: Final = "hosts"
_MOST_OF_SERVICE: Final = 300
_MOST_OF_FILE: Final = 500
_SETTINGS: Final = (".yaml", ".yml", ".json", ".toml", ".properties", ".ini", ".conf", ".cfg", ".env")
_NO_SETTINGS: Final = re.compile(
    r"(?:^|/)(?:package(?:-lock)?\.json|[^/]*lock[^/]*|tsconfig[^/]*\.json|composer\.json|pyproject\.toml|Cargo\.toml|setup\.cfg|[^/]*compose[^/]*\.ya?ml|Chart\.yaml|values[^/]*\.yaml"
    r"|[^/]*(?:openapi|swagger)[^/]*|[^/]*\.schema\.json|catalog-info\.ya?ml|[^/]*\.sarif|launchSettings\.json|mix\.lock)$|(?:^|/)(?:\.[^/]+|charts?|helm|k8s|kubernetes|kustomize|deploy|deployments?|manifests|templates|locales?|i18n|translations|assets|public|static)/"
)  # fmt: skip
LARGEST_SETTINGS: Final = 200_000
_URL: Final = re.compile(
    r"(?:https?|wss?|grpcs?|ftps?|amqps?|smtps?)://([A-Za-z0-9][A-Za-z0-9.-]{0,252})(?::\d{1,5})?(?=[/\"'`\s?#),;$}<]|$)"
)
_BARE: Final = re.compile(
    r"(?:\b(?:FTP|SMTP|SMTP_SSL|IMAP4|IMAP4_SSL|SSHClient|connect|create_connection|HTTPSConnection|HTTPConnection|dial|Dial|ManagedChannelBuilder\.forAddress|insecure_channel|secure_channel)\(\s*"
    r"(?:['\"]tcp['\"]\s*,\s*)?|\b(?:host|hostname|server|endpoint|smtp_host|ftp_host|smtp_server)\s*[:=]\s*)[\"']([a-z0-9-]+(?:\.[a-z0-9-]+)+)(?::\d{1,5})?[\"']",
    re.IGNORECASE,
)
_BUCKET: Final = re.compile(r"\b(s3|gs)://([a-z0-9][a-z0-9.-]{2,62})(?=[/\"'\s`,)]|$)")
_BUCKET_SETTING: Final = re.compile(
    r"\b(?:s3_?)?bucket(?:_?name)?[\"']?\s*[:=]\s*[\"']?([a-z0-9][a-z0-9-]{3,62})[\"']?\s*(?:#.*)?$",
    re.IGNORECASE | re.MULTILINE,
)
_WRITES: Final = re.compile(r"\bcp\b|\bsync\b|\bput|upload|write|archive|export", re.IGNORECASE)
_CALLS: Final = re.compile(
    r"\b(?:requests|httpx|axios|fetch|http|https|urllib|aiohttp|session|client|got|superagent|HttpClient|RestTemplate|WebClient|OkHttp|Faraday|HTTParty|Net::HTTP|Guzzle|curl|URI|URL|BaseAddress"
    r"|reqwest|Http::|url|uri|endpoint|base_?url|host|api|webhook|server|address|gateway|origin)\w*",
    re.IGNORECASE,
)
_COMMENT: Final = re.compile(r"^[ \t]*(?://|#(?!\w+\s*=)|\*|/\*|<!--|--|;|\"\"\"|''')")
_LICENCE: Final = re.compile(
    r"licen[sc]e|copyright|see |docs?:|documentation|reference|@see|@link|\bdocs?\b|xmlns|\$schema|\$id|href=|homepage|repository|bugs",
    re.IGNORECASE,
)


class Call(NamedTuple):
    """An address that a service names."""

    service: Service
    host: str
    at: str
    confidence: float
    why: str = ""


@cache
def _dictionary() -> dict[str, Any]:
    told: dict[str, Any] = yaml.safe_load(
        files("seamark.intake.discovery.data").joinpath("hosts.yaml").read_text("utf-8")
    )
    return told


@extractor(NAME, title="Hosts that services call: addresses, libraries of third parties, buckets")
def extract(tree: Tree) -> Iterator[Found | Relation]:
    """Yield which domains and buckets services call. Names without a dot are those of other services: the assembler finds them."""
    best: dict[tuple[str, str], Call] = {}
    buckets: dict[tuple[str, str, RelationKind], Relation] = {}
    for path in tree.files:
        if is_aside(path) or path.endswith((".min.js", ".map", ".svg")):
            continue
        language = code_language(path)
        setting = not language and (path.endswith(_SETTINGS) or "/.env" in f"/{path}")
        if not language and (not setting or _NO_SETTINGS.search(path)):
            continue
        service = tree.once(services).of(path)
        text = tree.text(path) if service is not None else None
        if service is None or text is None or len(text) > (LARGEST_SETTINGS if setting else LARGEST):
            continue
        for call in islice(_calls(service, path, text, language), _MOST_OF_FILE):
            known = best.get((service.folder, call.host))
            if known is None or call.confidence > known.confidence:
                best[service.folder, call.host] = call
        for relation in islice(_buckets(service, path, text), _MOST_OF_FILE):
            buckets.setdefault((relation.source.key, relation.target.key, relation.kind), relation)
    counted: dict[str, int] = {}
    for call in best.values():
        counted[call.service.folder] = counted.get(call.service.folder, 0) + 1
        if counted[call.service.folder] > _MOST_OF_SERVICE:
            continue
        domain = AssetRef(AssetKind.DOMAIN, call.host)
        if "." in call.host and not call.host.endswith((".svc", ".local", ".internal")):
            facts: dict[str, Any] = {"third_party": True} | ({"purpose": call.why} if call.why else {})
            yield Found(ref=domain, name=call.host, origin=NAME, at=call.at, confidence=call.confidence, facts=facts)
        yield Relation(
            kind=RelationKind.CALLS,
            source=call.service.ref,
            target=domain,
            origin=NAME,
            at=call.at,
            confidence=call.confidence,
        )
    yield from buckets.values()


def _calls(service: Service, path: str, text: str, language: str) -> Iterator[Call]:
    if language:
        yield from _libraries(service, path, text)
    block = False
    for number, row in enumerate(text.split("\n"), start=1):
        if "://" not in row and not ("." in row and _BARE.search(row[:2000])):
            block = _in_block(row, block)
            continue
        inside, block = block, _in_block(row, block)
        if inside or _COMMENT.match(row) or len(row) > 2000:
            continue
        for match in _URL.finditer(row):
            host = match[1].lower().rstrip(".")
            before = row[: match.start()]
            if _BEHIND.search(before) or (language and not _QUOTES.search(before)) or not _is_callable(host):
                continue
            if _LICENCE.search(before) and not _CALLS.search(before):
                continue
            sure = bool(_CALLS.search(before)) or not language
            yield Call(service, host, f"{path}:{number}", 0.8 if sure else 0.6)
        if bare := _BARE.search(row):
            host = bare[1].lower()
            if _is_callable(host) and not re.fullmatch(r"[\d.]+", host):
                yield Call(service, host, f"{path}:{number}", 0.8)


_QUOTES: Final = re.compile(r"[\"'`]")
_BEHIND: Final = re.compile(r"(?:^|\s)(?://|#)\s")
"""What begins a comment within a row."""
_TRIPLE: Final = re.compile(r"\"\"\"|'''|/\*|\*/")


def _in_block(row: str, block: bool) -> bool:
    """Tell whether a documentation string or a long comment goes on behind a row."""
    for match in _TRIPLE.finditer(row):
        block = match[0] == "/*" if match[0] in {"/*", "*/"} else not block
    return block


_HERE: Final = frozenset({"localhost", "host.docker.internal", "0.0.0.0"})  # noqa: S104 - told apart, not bound


def _is_callable(host: str) -> bool:
    """Tell whether a name is a host that something calls: not this machine, no format's name, no documentation."""
    if host in _HERE or host.startswith(("127.", "10.0.2.2", "192.168.", "169.254.")):
        return False
    if re.fullmatch(r"[\d.]+", host) or not re.fullmatch(
        r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", host
    ):
        return False
    told = _dictionary()
    if host in told["links"]:
        return False
    return not any(host == name or host.endswith("." + name) for name in told["names"])


_IMPORT: Final = re.compile(
    r"^[ \t]*(?:from\s+([\w.]+)\s+import\s+([\w, ]+)|import\s+(?:static\s+)?(?:(?:[\w, ]{0,100}\{[^{}]{0,500}\}|[\w*]+(?:[ \t]+as[ \t]+\w+)?)[ \t]*from[ \t]+)?[\"']?([\w@./-]+)[\"']?|(?:const|let|var)\s[^=\n]{1,200}=\s*(?:await\s+)?(?:require|import)\(\s*[\"']([^\"'\n]+)[\"']"
    r"|require\s+[\"']([\w/-]+)[\"']|using\s+(?:\w+\s*=\s*)?([\w.]+)\s*;|use\s+([\w\\:]+)|(?:\w+\s+)?\"([\w./-]+\.[a-z]{2,6}/[\w./-]+)\")",
    re.MULTILINE,
)
_BOTO: Final = re.compile(r"boto3\.(?:client|resource)\(\s*['\"]([\w-]+)['\"]|@aws-sdk/client-([\w-]+)|aws-sdk-go(?:-v2)?/service/(\w+)|software\.amazon\.awssdk\.services\.(\w+)|Aws::(\w+)::(?:Client|Resource)|Amazon\.(\w+)\s*;")  # fmt: skip


@cache
def _by_import() -> dict[str, tuple[str, str]]:
    return {word: (sdk["host"], sdk["purpose"]) for sdk in _dictionary()["sdks"].values() for word in sdk["imports"]}


def _libraries(service: Service, path: str, text: str) -> Iterator[Call]:
    known = _by_import()
    for match in islice(_IMPORT.finditer(text), _MOST_OF_FILE):
        module = next((each for each in (match[1], *match.groups()[2:]) if each), "")
        candidates = [module, *(f"{module}.{each.strip()}" for each in (match[2] or "").split(",") if each.strip())]
        for name in candidates:
            found = _library(name.replace("\\", ".").replace("::", "."), known)
            if found is not None:
                line = text.count("\n", 0, match.start(0) + len(match[0]) - len(match[0].lstrip())) + 1
                yield Call(service, found[0], f"{path}:{line}", 0.7, found[1])
                break
    for match in islice(_BOTO.finditer(text), 50):
        name = next(each for each in match.groups() if each).lower()
        if 1 < len(name) < 40:
            line = text.count("\n", 0, match.start()) + 1
            yield Call(service, f"{name}.{_dictionary()['aws']}", f"{path}:{line}", 0.8, "cloud")


def _library(name: str, known: dict[str, tuple[str, str]]) -> tuple[str, str] | None:
    """Return what a module's name stands for: itself, or a package that it lies in."""
    while name:
        if name in known:
            return known[name]
        cut = max(name.rfind("."), name.rfind("/"))
        if "/" in name and not name.startswith("@"):
            tail = name.split("/", 1)[1]
            if tail in known:
                return known[tail]
        name = name[:cut] if cut > 0 else ""
    return None


def _buckets(service: Service, path: str, text: str) -> Iterator[Relation]:
    """Yield what a service reads from or writes to in a cloud's object storage."""
    found = (
        [(match[1], match[2], match.start()) for match in _BUCKET.finditer(text)]
        if "s3://" in text or "gs://" in text
        else []
    )
    if ("bucket" in text or "BUCKET" in text) and not path.endswith((".go", ".java", ".kt", ".cs", ".rs")):
        found += [
            ("s3", match[1], match.start()) for match in _BUCKET_SETTING.finditer(text) if not match[1].isdecimal()
        ]
    for cloud, name, position in found:
        start = text.rfind("\n", 0, position) + 1
        row = text[start : text.find("\n", position) if "\n" in text[position:] else len(text)]
        if _COMMENT.match(row):
            continue
        key = f"arn:aws:s3:::{name}" if cloud == "s3" else f"gs://{name}"
        line = text.count("\n", 0, position) + 1
        kind = RelationKind.WRITES if _WRITES.search(text, start, position) else RelationKind.READS
        yield Relation(
            kind=kind, source=service.ref, target=AssetRef(AssetKind.DATA_STORE, key), origin=NAME, at=f"{path}:{line}", confidence=0.7
        )  # fmt: skip
