"""By which names packages are imported, and what common ones need: data files beside this module."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import cache
from importlib.resources import files as resources
from typing import Any, Final

from msgspec import Struct

from seamark.intake.reach.files import Files
from seamark.intake.reach.local import Local
from seamark.intake.reach.model import Target

NODE: Final = frozenset("assert async_hooks buffer child_process cluster console constants crypto dgram diagnostics_channel dns domain events fs http http2 https inspector module net os path perf_hooks process punycode querystring readline repl sea sqlite stream string_decoder sys test timers tls trace_events tty url util v8 vm wasi worker_threads zlib".split())  # fmt: skip  # noqa: SIM905
JAVA: Final = (
    "java",
    "javax",
    "jdk",
    "sun",
    "kotlin",
    "com.sun",
    "org.w3c.dom",
    "org.xml.sax",
    "org.ietf",
    "android",
    "dalvik",
)


class Names(Struct, frozen=True):
    """What imports of a package begin with, and whether that is known rather than guessed."""

    starts: tuple[str, ...]
    sure: bool


@cache
def data(name: str) -> dict[str, Any]:
    """Return one of the data files."""
    return tomllib.loads((resources("seamark.intake.reach") / f"{name}.toml").read_text("utf-8"))


@cache
def word_list(file: str, section: str, ecosystem: str) -> frozenset[str]:
    """Return a list of names that is written as one text."""
    return frozenset(data(file)[section].get(ecosystem, "").split())


def canonical(ecosystem: str, name: str) -> str:
    """Return a package's name as it is compared."""
    if ecosystem == "pypi":
        return re.sub(r"[-_.]+", "-", name.partition("[")[0]).lower()
    if ecosystem == "maven":
        return name.replace("/", ":")
    return name


def import_names(target: Target, files: Files, local: Local) -> Names:
    """Return how a package is imported in a project: by what is known of it, and what the project says."""
    name = canonical(target.ecosystem, target.name)
    match target.ecosystem:
        case "pypi":
            return _python(name, files)
        case "npm":
            return Names((name, *_aliases(name, local)), sure=True)
        case "golang":
            return Names(tuple(target.paths) or (name,), sure=True)
        case "maven":
            return _maven(name)
    return Names((name,), sure=False)


def _python(name: str, files: Files) -> Names:
    told = _told(name, files)
    known = data("names")["pypi"].get(name)
    if known is not None or told:
        return Names(tuple(dict.fromkeys([*(known or ()), *told])), sure=True)
    plain = name.replace("-", "_")
    if plain in _same():
        return Names((plain,), sure=True)
    guesses = [plain, name.replace("-", "."), plain.removeprefix("python_"), plain.removesuffix("_python"), plain.removeprefix("py"), plain.removeprefix("py_"), plain.removesuffix("_py"), f"py{plain}"]  # fmt: skip
    return Names(tuple(each for each in dict.fromkeys(guesses) if len(each) > 1), sure=False)


@cache
def _same() -> frozenset[str]:
    return frozenset(each.lower() for each in word_list("names", "same", "pypi"))


def _told(name: str, files: Files) -> list[str]:
    """Return the names in the metadata of an installed copy that stands in the tree."""
    found: list[str] = []
    spelled = "[-_.]+".join(re.escape(part) for part in name.split("-"))
    pattern = re.compile(rf"(?:^|/){spelled}-[^/]*\.(?:dist|egg)-info/top_level\.txt$", re.IGNORECASE)
    for path in files.names:
        if path.endswith("/top_level.txt") and pattern.search(path) and (text := files.data(path)):
            found += text.decode("utf-8", "replace").split()[:20]
    return found


def _aliases(name: str, local: Local) -> list[str]:
    """Return other names under which an npm package is installed: `"x": "npm:name@1"`, or a folder or address that ends so."""
    found: list[str] = []
    pattern = re.compile(rf"^npm:{re.escape(name)}(?:@|$)|(?:^|[/:]){re.escape(name)}(?:\.git)?(?:#|$)")
    for _, package in local.json_files("package.json"):
        for key in (
            "dependencies",
            "devDependencies",
            "optionalDependencies",
            "peerDependencies",
            "imports",
            "_moduleAliases",
        ):
            given = package.get(key)
            for alias, wanted in given.items() if isinstance(given, dict) else ():
                if isinstance(wanted, str) and alias != name and pattern.search(wanted):
                    found.append(alias)
    return list(dict.fromkeys(found))


def _maven(name: str) -> Names:
    known = data("names")["maven"].get(name)
    group, _, artefact = name.partition(":")
    if known is not None:
        return Names(tuple(known), sure=True)
    parts = group.split(".")
    starts = [f"~{group}"] if len(parts) > 1 else []
    if len(parts) > 2:
        starts.append(
            "~" + ".".join(parts[:2])
            if parts[:2] not in (["org", "apache"], ["com", "google"], ["com", "github"], ["io", "github"])
            else "~" + ".".join(parts[:3])
        )
    bare = re.sub(r"[^a-z0-9.]", "", artefact.lower())
    tails = {part for part in re.split(r"[-_.]", artefact.lower()) if len(part) > 3}
    return Names(
        tuple(dict.fromkeys([*starts, *(f"*{each}" for each in sorted({bare, *tails}) if len(each) > 3)])), sure=False
    )


def matches(ecosystem: str, full: str, start: str) -> bool:
    """Tell whether an imported name is a package's, or a namespace around it.

    A guessed start stands after `~`, and a word that may be anywhere in the name after `*`.
    """
    if ecosystem == "npm":
        if "://" in full:
            return (
                start in re.sub(r"@[\d^~v][^/]*", "", full) and f"/{start}/" in re.sub(r"@[\d^~v][^/]*", "", full) + "/"
            )
        bare = full.removeprefix("npm:").partition("?")[0].rpartition("!")[2]
        bare = bare.rpartition("node_modules/")[2] if "node_modules/" in bare else bare
        bare = (
            re.sub(r"^(\S[^/]*(?:/[^@/]+)?)@[\d^~][^/]*", r"\1", bare) if not bare.startswith(("./", "../")) else bare
        )
        return bare == start or bare.startswith(f"{start}/")
    if ecosystem == "golang":
        if full == start:
            return True
        return full.startswith(f"{start}/") and not re.match(r"v\d+(?:/|$)", full[len(start) + 1 :])
    if start.startswith("~"):
        return full.startswith(start[1:])
    if start.startswith("*"):
        return start[1:] in re.split(r"[._]", full.lower())
    return full == start or full.startswith(f"{start}.") or start.startswith(f"{full}.")


def is_standard(ecosystem: str, full: str) -> bool:
    """Tell whether an import belongs to the language itself."""
    match ecosystem:
        case "pypi":
            return full.partition(".")[0] in sys.stdlib_module_names
        case "npm":
            return full.startswith(("node:", "bun:", "cloudflare:")) or full.partition("/")[0] in NODE
        case "golang":
            return "." not in full.partition("/")[0]
        case _:
            return any(full == each or full.startswith(f"{each}.") for each in JAVA)


def owner(ecosystem: str, full: str, listed: frozenset[str]) -> str:
    """Return the package that an import probably belongs to: a listed one where it fits, else by its name."""
    match ecosystem:
        case "npm":
            parts = full.split("/")
            return "/".join(parts[: 2 if full.startswith("@") else 1])
        case "golang":
            fitting = [each for each in listed if full == each or full.startswith(f"{each}/")]
            return (
                max(fitting, key=len)
                if fitting
                else "/".join(
                    full.split("/")[
                        : 3
                        if full.partition("/")[0]
                        in {"github.com", "golang.org", "gitlab.com", "bitbucket.org", "google.golang.org"}
                        else 2
                    ]
                )
            )
        case "pypi":
            fitting = [
                name
                for name, starts in data("names")["pypi"].items()
                if any(full == each or full.startswith(f"{each}.") for each in starts)
            ]
            own = canonical("pypi", full.partition(".")[0])
            if own in listed:
                return own
            return next((each for each in fitting if each in listed), fitting[0] if fitting else own)
        case _:
            fitting = [
                name
                for name, starts in data("names")["maven"].items()
                if name in listed and any(full == each or full.startswith(f"{each}.") for each in starts)
            ]
            if fitting:
                return fitting[0]
            groups = [each for each in sorted(listed) if full.startswith(each.partition(":")[0] + ".")]
            return max(groups, key=lambda each: len(each.partition(":")[0])) if groups else full
