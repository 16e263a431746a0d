"""Where the registries are: by our own setting, else as each ecosystem's own tool is configured here. No address is built in.

| registry | asked in this order |
|---|---|
| all | `SEAMARK_REGISTRIES`: `npm=https://npm.acme.example,pypi=https://pypi.acme.example/simple` |
| npm | `npm config get registry` |
| PyPI | `PIP_INDEX_URL`, `pip config`, the default that `pip install --help` names |
| Maven | the mirror of `central` or of all in `~/.m2/settings.xml` |
| Go | the first proxy of `GOPROXY`, of `go env GOPROXY` |
| crates | the sparse registry that replaces `crates-io` in Cargo's configuration |
| RubyGems | `gem sources` |
| NuGet | `NuGet.Config` of the user |
| Packagist | `composer config -g repositories` |
| images without a host in their name | the first mirror in Docker's `daemon.json` |
| actions | `GITHUB_SERVER_URL` |
| Terraform modules and providers without a host | by our own setting alone |
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import msgspec
from lxml import etree

from seamark.core.errors import InvalidSetting, RemoteFailure
from seamark.intake.connectors.clusters.process import answer

ECOSYSTEMS: Final = (
    "cargo",
    "composer",
    "docker",
    "gem",
    "githubactions",
    "golang",
    "maven",
    "npm",
    "nuget",
    "pypi",
    "terraform",
)
SETTING: Final = "SEAMARK_REGISTRIES"
_WORDS: Final = {
    "crates": "cargo",
    "rubygems": "gem",
    "packagist": "composer",
    "go": "golang",
    "images": "docker",
    "actions": "githubactions",
}
_ADDRESS = re.compile(r"https?://[^\s'\"<>)]+")
_SECONDS: Final = 20.0

Run = Callable[[list[str]], str]


class _Daemon(msgspec.Struct):
    mirrors: list[str] = msgspec.field(default_factory=list, name="registry-mirrors")


def told(setting: str) -> dict[str, str]:
    """Return the addresses that the setting names, by ecosystem. Raises `InvalidSetting`."""
    found = {}
    for pair in filter(None, (one.strip() for one in setting.split(","))):
        word, equals, address = pair.partition("=")
        ecosystem = _WORDS.get(word.strip().lower(), word.strip().lower())
        if not equals or ecosystem not in ECOSYSTEMS:
            raise InvalidSetting(
                f"{SETTING} has {pair[:80]!r}; it takes pairs such as npm=https://npm.acme.example, for {', '.join(ECOSYSTEMS)}"
            )
        if not _ADDRESS.fullmatch(address.strip()):
            raise InvalidSetting(
                f"{SETTING} has {address.strip()[:80]!r} for {ecosystem}, which is no address of a registry"
            )
        found[ecosystem] = address.strip().rstrip("/")
    return found


def host_of(
    ecosystem: str, *, environment: Mapping[str, str] | None = None, run: Run | None = None, home: Path | None = None
) -> str:
    """Return the base address of an ecosystem's registry; empty where nobody here names one. Raises `InvalidSetting`."""
    variables = os.environ if environment is None else environment
    given = told(variables.get(SETTING, ""))
    if ecosystem in given:
        return given[ecosystem]
    finder = _FINDERS.get(ecosystem)
    found = finder(variables, run or _printed, home or Path.home()) if finder else ""
    return found.rstrip("/") if _ADDRESS.fullmatch(found) else ""


def _printed(words: list[str]) -> str:
    """Return what a program prints, nothing where it is not there or fails."""
    program = shutil.which(words[0])
    if program is None:
        return ""
    try:
        return answer([program, *words[1:]], timeout=_SECONDS, most=1_000_000, folder=str(Path.home())).decode(
            "utf-8", "replace"
        )
    except RemoteFailure:
        return ""


def _first(text: str) -> str:
    found = _ADDRESS.search(text)
    return found[0] if found else ""


def _npm(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001 - all finders are asked alike
    return _first(run(["npm", "config", "get", "registry"]))


def _pypi(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    if found := variables.get("PIP_INDEX_URL", "").strip():
        return found
    listed = re.search(
        r"(?:^|\n)\S*index-url=(\S+)",
        run([sys.executable, "-m", "pip", "config", "list"]).replace("extra-index-url", "extra"),
    )
    if listed:
        return listed[1].strip("'\"")
    named = re.search(
        r"--index-url\b.*?default\s+(https?://[^\s)]+)",
        run([sys.executable, "-m", "pip", "install", "--help"]),
        re.DOTALL,
    )
    return named[1] if named else ""


def _golang(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    return _first(re.split(r"[,|]", variables.get("GOPROXY", ""))[0]) or _first(
        re.split(r"[,|]", run(["go", "env", "GOPROXY"]))[0]
    )


def _cargo(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    folder = Path(variables["CARGO_HOME"]) if variables.get("CARGO_HOME") else home / ".cargo"
    try:
        found = tomllib.loads((folder / "config.toml").read_text("utf-8"))
    except (OSError, ValueError):
        return ""
    sources = found.get("source")
    sources = sources if isinstance(sources, dict) else {}
    name = "crates-io"
    for _ in range(5):
        source = sources.get(name)
        if not isinstance(source, dict):
            return ""
        if isinstance(source.get("replace-with"), str):
            name = source["replace-with"]
            continue
        registry = source.get("registry")
        return registry.removeprefix("sparse+") if isinstance(registry, str) and registry.startswith("sparse+") else ""
    return ""


def _gem(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    return _first(run(["gem", "sources", "--list"]))


def _maven(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    root = _xml(home / ".m2" / "settings.xml")
    for mirror in () if root is None else root.iterfind(".//{*}mirror"):
        of = (mirror.findtext("{*}mirrorOf") or "").split(",")
        if {one.strip() for one in of} & {"*", "central", "external:*"}:
            return (mirror.findtext("{*}url") or "").strip()
    return ""


def _nuget(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    for place in (home / ".nuget" / "NuGet" / "NuGet.Config", home / ".config" / "NuGet" / "NuGet.Config"):
        root = _xml(place)
        for source in () if root is None else root.iterfind(".//packageSources/add"):
            if (found := source.get("value", "")).endswith("/index.json"):
                return str(found).removesuffix("/index.json")
    return ""


def _composer(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    try:
        found = msgspec.json.decode(run(["composer", "config", "--global", "repositories"]) or "{}")
    except msgspec.MsgspecError:
        return ""
    entries = list(found.values()) if isinstance(found, dict) else found if isinstance(found, list) else []
    kept = (one.get("url", "") for one in entries if isinstance(one, dict) and one.get("type") == "composer")
    return next((str(one) for one in kept if one), "")


def _docker(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    for place in (home / ".config" / "docker" / "daemon.json", Path("/etc/docker/daemon.json")):
        with contextlib.suppress(OSError, msgspec.MsgspecError):
            return next(iter(msgspec.json.decode(place.read_bytes(), type=_Daemon).mirrors), "")
    return ""


def _actions(variables: Mapping[str, str], run: Run, home: Path) -> str:  # noqa: ARG001
    return variables.get("GITHUB_SERVER_URL", "").strip()


def _xml(path: Path) -> etree._Element | None:
    try:
        return etree.fromstring(
            path.read_bytes(), etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
        )
    except (OSError, etree.XMLSyntaxError):
        return None


_FINDERS: Final[dict[str, Callable[[Mapping[str, str], Run, Path], str]]] = {
    "cargo": _cargo, "composer": _composer, "docker": _docker, "gem": _gem, "githubactions": _actions, "golang": _golang, "maven": _maven, "npm": _npm, "nuget": _nuget, "pypi": _pypi,
}  # fmt: skip
