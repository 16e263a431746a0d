"""Gradle's build scripts as far as they can be read without running them: dependencies, variables, included projects."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

_TOKEN = re.compile(r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?|"(?:[^"\\\n]++|\\.)*+"?|\'(?:[^\'\\\n]++|\\.)*+\'?|//[^\n]*|/\*', re.DOTALL)  # fmt: skip
_SPACE = re.compile(r"\s+")
_BLOCK = re.compile(r"\b(dependencies|constraints|buildscript|dependencyManagement) ?\{")
_BRACE = re.compile(r'"(?:[^"\\\n]++|\\.)*+"?|\'(?:[^\'\\\n]++|\\.)*+\'?|[{}]')
_WRAPPED = r"(?:(?:platform|enforcedPlatform|testFixtures|variantOf) ?\( ?)?"
_NOTED = re.compile(r"""\b([A-Za-z_]\w*)(?: ?\( ?| )""" + _WRAPPED + r"""["']([^"'\s:]+:[^"'\s:]+(?::[^"'\s]*)?)["'](?: ?\+ ?([A-Za-z_][\w.]*))?""")  # fmt: skip
_MORE = re.compile(r"""\s?,\s?["']([^"'\s:]+:[^"'\s:]+(?::[^"'\s]*)?)["'](?: ?\+ ?([A-Za-z_][\w.]*))?""")
_NAMED = re.compile(
    r"""\b([A-Za-z_]\w*)(?: ?\( ?| )""" + _WRAPPED + r"""\[?group ?[:=] ?["']([^"'\s]+)["'] ?, ?name ?[:=] ?["']([^"'\s]+)["'](?: ?, ?version ?[:=] ?(?:["']([^"'\s]+)["']|([A-Za-z_][\w.]*)))?"""
)  # fmt: skip
_ALIAS = re.compile(
    r"\b([A-Za-z_]\w*+)(?: ?\( ?| )"
    + _WRAPPED
    + r"([A-Za-z]\w*+)\.([A-Za-z]\w*+(?! ?\()(?:\.[A-Za-z0-9]\w*+(?! ?\())*+)"
)
_KOTLIN = re.compile(r"""\b([A-Za-z_]\w*) ?\( ?kotlin ?\( ?["']([\w-]+)["'](?: ?, ?["']([^"'\s]+)["'])?""")
_SET = re.compile(
    r"""(?:(?<![\w.])([A-Za-z_][\w.]*+)["']?\]? ?[=:]|\b(?:set|extra\.set) ?\( ?["']([\w.]+)["'] ?,) ?["']([^"'\n]{1,100})["']"""
)
_ROOT_NAME = re.compile(r"""rootProject\.name ?= ?["']([^"'\n]+)["']""")
_INCLUDED = re.compile(r"""\binclude(?: ?\( ?| )((?:["'][^"'\n]+["'][ ,\n]*)+)""")
_TEXT = re.compile(r"""["']([^"'\n]+)["']""")
_VARIABLE = re.compile(r"\$\{([^${}]{1,100})\}|\$([A-Za-z_]\w*)")
_NO_CONFIGURATION: Final = frozenset({"exclude", "because", "force", "version", "strictly", "prefer", "require", "println", "group", "name", "id", "url", "mavenBom", "include", "apply", "from", "if", "return", "val", "def", "add", "it", "in", "as"})  # fmt: skip
_DEVELOPMENT: Final = (
    "compileonly",
    "annotationprocessor",
    "kapt",
    "ksp",
    "classpath",
    "developmentonly",
    "debug",
    "lint",
    "provided",
)
_RUNTIME: Final = ("implementation", "api", "runtimeonly", "compile", "runtime", "apielements")


class Need(Struct, frozen=True):
    """A dependency of a build script: by its coordinates, or by an alias of a catalogue."""

    configuration: str
    group: str = ""
    artifact: str = ""
    version: str = ""
    catalogue: str = ""
    alias: str = ""


def plain(text: str) -> str:
    """Return a script without comments, with every run of blanks as one: a line feed where there was one."""
    kept: list[str] = []
    place = 0
    while found := _TOKEN.search(text, place):
        kept.append(text[place : found.start()])
        piece, place = found[0], found.end()
        if piece == "/*":
            end = text.find("*/", place)
            place = len(text) if end < 0 else end + 2
            kept.append(" ")
        elif not piece.startswith("//"):
            kept.append(piece)
    kept.append(text[place:])
    return _SPACE.sub(lambda run: "\n" if "\n" in run[0] else " ", "".join(kept))


def needs(script: str) -> Iterator[Need]:
    """Yield the dependencies of a plain script."""
    for block in _blocks(script):
        for found in _NOTED.finditer(block):
            yield _noted(found[1], found[2], found[3])
            # One word may stand before several: `implementation "a:b:1", "c:d:2"`.
            more = _MORE.match(block, found.end())
            while more:
                yield _noted(found[1], more[1], more[2])
                more = _MORE.match(block, more.end())
        for found in _NAMED.finditer(block):
            yield Need(found[1], found[2], found[3], found[4] or (f"${{{found[5]}}}" if found[5] else ""))
        for found in _KOTLIN.finditer(block):
            yield Need(found[1], "org.jetbrains.kotlin", f"kotlin-{found[2]}", found[3] or "")
        for found in _ALIAS.finditer(block):
            yield Need(found[1], catalogue=found[2], alias=found[3].replace("_", ".").removesuffix(".get"))


def _noted(configuration: str, notation: str, variable: str | None) -> Need:
    group, artifact, version = [*notation.partition("@")[0].split(":"), "", ""][:3]
    return Need(configuration, group, artifact, f"${{{variable}}}" if variable and not version else version)


def _blocks(script: str) -> list[str]:
    """Return the insides of `dependencies { … }`, without the constraints in them."""
    found: list[str] = []
    after = 0
    for start in _BLOCK.finditer(script):
        if start[1] != "dependencies" or start.start() < after:
            continue
        after = _end(script, start.end())
        inside = script[start.end() : after]
        if managed := re.search(r"\bconstraints ?\{", inside):
            inside = inside[: managed.start()] + inside[_end(inside, managed.end()) :]
        found.append(inside)
    return found


def _end(script: str, place: int) -> int:
    """Return where the brace that was opened before a place is closed."""
    depth = 1
    for found in _BRACE.finditer(script, place):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        if depth == 0:
            return found.start()
    return len(script)


def is_configuration(word: str) -> bool:
    """Tell whether a word before a dependency may be a configuration."""
    return word not in _NO_CONFIGURATION


def scope(configuration: str) -> str:
    """Return the scope of a configuration by its name: `testImplementation`, `kapt`, `runtimeOnly`."""
    low = configuration.lower()
    if "test" in low:
        return "test"
    if low.startswith(_DEVELOPMENT) or low.endswith(("compileonly", "annotationprocessor")):
        return "development"
    return "runtime" if low.endswith(_RUNTIME) else "development"


def variables(script: str) -> dict[str, str]:
    """Return the texts that a plain script gives names to, by their last names."""
    return {(found[1] or found[2]).rpartition(".")[2]: found[3] for found in _SET.finditer(script)}


def properties(text: str) -> dict[str, str]:
    """Return what a `gradle.properties` says."""
    pairs = (line.partition("=") for line in text.split("\n") if line.strip()[:1] not in {"", "#", "!"})
    return {name.strip(): value.strip()[:200] for name, equals, value in pairs if equals}


def filled(text: str, known: Mapping[str, str]) -> str:
    """Return a text with its variables replaced, those of maps and of properties by their last names."""

    def value(found: re.Match[str]) -> str:
        name = (found[1] or found[2]).strip().rstrip("()")
        name = name[name.find('"') + 1 : name.rfind('"')] if name.count('"') > 1 else name
        return known.get(name) or known.get(name.rpartition(".")[2], found[0])

    text = text[:500]
    for _ in range(5):
        if "$" not in text:
            break
        text = _VARIABLE.sub(value, text)[:500]
    return text


def included(settings: str) -> tuple[str, list[str]]:
    """Return the name and the projects' folders of a plain `settings.gradle`."""
    name = _ROOT_NAME.search(settings)
    texts = (text for found in _INCLUDED.finditer(settings) for text in _TEXT.findall(found[1]))
    return name[1] if name else "", [text.strip(":").replace(":", "/") for text in texts]
