"""The verdict on one package: what runs, what it imports, what is named; whatever is in doubt is unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Final

from seamark.core.assets import Listing
from seamark.intake.reach.files import Files
from seamark.intake.reach.local import Local
from seamark.intake.reach.model import Answer, Import, Reach, Site, Source, Target
from seamark.intake.reach.names import Names, canonical, import_names, is_standard, matches, owner, word_list
from seamark.intake.reach.packages import Packages
from seamark.intake.reach.roles import Roles
from seamark.intake.reach.uses import bears, hidden, symbols_of, uses

_MOST_CHAIN: Final = 50
_BUNDLERS: Final = re.compile(r"(?:^|/)\.?(?:webpack|rollup|babel|vite|esbuild|metro|tsup)[^/]*$")
_VENDORS: Final = frozenset(
    {
        "_vendor",
        "vendor",
        "vendored",
        "_vendored",
        "vendors",
        "third_party",
        "thirdparty",
        "extern",
        "externals",
        "_extern",
        "_third_party",
        "site-packages",
    }
)
_COMMON: Final = frozenset("requests request debug async click redis got ws ms rich regex validator cookie attrs express marked flask six rsa send serve mail json test cache path events config build start glob colors open next commander yaml packaging image docker color jwt".split())  # fmt: skip  # noqa: SIM905
"""Names that are words as well: as the key of a setting they name no package."""


class Judge:
    """Answers for the packages of one project."""

    def __init__(
        self, files: Files, local: Local, roles: Roles, listings: Iterable[Listing], commands: dict[str, str]
    ) -> None:
        self._files, self._local, self._roles = files, local, roles
        self._listings = tuple(listings)
        self._commands = commands
        self._packages: dict[str, Packages] = {}

    def packages(self, ecosystem: str) -> Packages:
        """Return what is listed of an ecosystem."""
        if ecosystem not in self._packages:
            self._packages[ecosystem] = Packages(self._listings, ecosystem)
        return self._packages[ecosystem]

    def answer(self, target: Target) -> Answer:
        """Return the verdict on a package."""
        names = import_names(target, self._files, self._local)
        found = list(self._importing(target, names, self._alive(target.ecosystem)))
        return self._used(target, names, found) if found else self._unused(target, names)

    def _alive(self, ecosystem: str) -> list[Source]:
        return [
            self._files.sources[path]
            for path in sorted(self._roles.running - self._roles.dead)
            if self._files.sources[path].ecosystem == ecosystem
        ]

    def _importing(self, target: Target, names: Names, sources: Iterable[Source]) -> Iterator[tuple[Source, Import]]:
        for source in sources:
            for each in source.imports:
                if not each.types and self._means(target, names, source, each):
                    yield source, each

    def _means(self, target: Target, names: Names, source: Source, each: Import) -> bool:
        for full in _fulls(source, each):
            if any(matches(target.ecosystem, full, start) for start in names.starts):
                if target.ecosystem == "golang":
                    return self._is_own_module(target, full)
                if target.ecosystem == "pypi":
                    return not full.startswith(".") and not (
                        full.partition(".")[0] == each.module.partition(".")[0]
                        and self._local.shadows(source, full.partition(".")[0])
                    )
                return True
        return False

    def _is_own_module(self, target: Target, full: str) -> bool:
        """Tell whether a Go import belongs to the module, and not to one below it that is listed by itself."""
        if target.paths:
            return full in target.paths
        return owner("golang", full, self.packages("golang").names | {target.name}) == target.name

    # The package is imported by code that runs.

    def _used(self, target: Target, names: Names, found: list[tuple[Source, Import]]) -> Answer:
        source, each = found[0]
        chain = (*self._roles.chain(source.path), Site(source.path, each.line, f"imports {each.module}"))[-_MOST_CHAIN:]
        symbols = symbols_of(target)
        if not symbols:
            return Answer(
                target=target,
                reach=Reach.IMPORTED,
                confidence=0.9,
                why="Code that runs imports it; which of its code is affected is not told.",
                chain=chain,
            )
        sites: list[Site] = []
        members: set[str] = set()
        for path in dict.fromkeys(one.path for one, _ in found):
            use = uses(
                self._files, self._files.sources[path], [imp for one, imp in found if one.path == path], symbols, names
            )
            sites += use.sites
            members |= use.members
        if sites:
            chain = (
                *self._roles.chain(sites[0].path),
                *(Site(one.path, imp.line, f"imports {imp.module}") for one, imp in found if one.path == sites[0].path),
            )[-_MOST_CHAIN:] or chain
            return Answer(
                target=target,
                reach=Reach.REACHABLE,
                confidence=0.9,
                why=f"Code that runs uses {sites[0].text}.",
                chain=chain,
                calls=tuple(sites),
            )
        why = (
            next((why for one in self._alive(target.ecosystem) if (why := bears(target, symbols, one))), "")
            or hidden(target, symbols, members)
            or self._text_names(frozenset(word for one in symbols for word in one.words))
            or self._open(target)
        )
        if why:
            return Answer(
                target=target,
                reach=Reach.IMPORTED,
                confidence=0.6,
                why=f"Code that runs imports it, and no use of an affected symbol is seen, but {why}.",
                chain=chain,
            )
        return Answer(
            target=target,
            reach=Reach.UNREACHABLE,
            confidence=0.75,
            why="It is imported, and none of its affected symbols is named anywhere.",
            chain=chain,
        )

    def _open(self, target: Target) -> str:
        """Return why an imported package's affected symbols may be used out of sight, empty where they are not."""
        spellings = _spellings(target, import_names(target, self._files, self._local))
        for one in self._alive(target.ecosystem):
            if one.computed is not None:
                return f"{one.path}:{one.computed[0]} picks a member at run time ({one.computed[1]})"
            if one.dynamic is not None:
                return f"{one.path}:{one.dynamic[0]} loads code at run time ({one.dynamic[1]})"
            if one.broken and one.language and self._mentions(one, spellings):
                return f"{one.path} cannot be read as a whole"
        if target.ecosystem == "maven" and _works_unseen(target.name):
            return "it calls its own code by configuration"
        return self._blind(target.ecosystem) or self._carried(target)

    def _text_names(self, words: frozenset[str]) -> str:
        for path, text in self._files.texts.items():
            if path not in self._commands and any(
                re.search(rf"(?<![\w$]){re.escape(word)}(?![\w$])", text) for word in words if word in text
            ):
                return f"{path} names it"
        return ""

    # Nothing that runs is seen to import it.

    def _unused(self, target: Target, names: Names) -> Answer:
        if doubt := self._doubt(target, names):
            return Answer(
                target=target,
                reach=Reach.UNKNOWN,
                confidence=0.5,
                why=f"Nothing that runs is seen to import it, but {doubt}.",
            )
        elsewhere = [
            self._files.sources[path]
            for path in sorted(self._files.sources)
            if self._files.sources[path].ecosystem == target.ecosystem
        ]
        for source, each in self._importing(target, names, elsewhere):
            if source.path in self._roles.dead:
                said, sure = "no entry point leads there", 0.7
            elif source.path in self._roles.tests:
                said, sure = "which is a test", 0.85
            else:
                said, sure = "which is a tool, not a part of what runs", 0.75
            site = Site(source.path, each.line, f"imports {each.module}")
            return Answer(
                target=target,
                reach=Reach.UNREACHABLE,
                confidence=sure,
                why=f"It is imported by {source.path} only, {said}.",
                chain=(site,),
            )
        if any(each.types and self._means(target, names, one, each) for one in elsewhere for each in one.imports):
            return Answer(
                target=target,
                reach=Reach.UNREACHABLE,
                confidence=0.8,
                why="It is imported for types only, and gone at run time.",
            )
        return Answer(
            target=target,
            reach=Reach.UNREACHABLE,
            confidence=0.9 if names.sure else 0.75,
            why="Nothing imports it, and nothing that is imported needs it.",
        )

    def _doubt(self, target: Target, names: Names) -> str:
        """Return why a package that nothing imports may run nevertheless, empty where it cannot."""
        alive = self._alive(target.ecosystem)
        if not alive:
            return "no source in its language is known to run"
        if target.ecosystem == "maven" and _works_unseen(target.name):
            return "it is of a sort that works without being imported"
        if target.ecosystem == "golang" and target.name in {"stdlib", "toolchain"}:
            return "all Go code may lead to it"
        words = _spellings(target, names)
        for one in alive:
            if one.dynamic is not None:
                return f"{one.path}:{one.dynamic[0]} loads code at run time ({one.dynamic[1]})"
            if one.broken and self._mentions(one, words):
                return f"{one.path} names it, and cannot be read as code"
            if target.ecosystem != "golang":
                for text, line in one.strings.items():
                    if any(_names_module(text, word, target.ecosystem) for word in words):
                        return f"{one.path}:{line} names it as text"
        return (
            self._blind(target.ecosystem)
            or (self._bundled(words) if target.ecosystem == "npm" else "")
            or ("" if target.ecosystem == "golang" else self._configured(words))
            or ("" if names.sure else self._strangers(target, alive))
            or self._carried(target)
        )

    def _bundled(self, words: Iterable[str]) -> str:
        """Return where a bundler's settings name a package that they do not import themselves: it may be put into what runs."""
        for path in sorted(self._roles.tools):
            if _BUNDLERS.search(path):
                source = self._files.sources[path]
                own = {each.module for each in source.imports}
                for text, line in source.strings.items():
                    if text not in own and any(_names_module(text, word, "npm") for word in words):
                        return f"{path}:{line} names it"
        return ""

    def _mentions(self, source: Source, words: Iterable[str]) -> bool:
        text = (self._files.data(source.path) or b"").replace(b"\0", b"").decode("utf-8", "replace")
        return source.path in self._files.unread or any(
            re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text, re.IGNORECASE) for word in words
        )

    def _blind(self, ecosystem: str) -> str:
        path = next(
            (path for path, kind in self._files.unread.items() if kind == ecosystem and path not in self._roles.tests),
            "",
        )
        if path:
            return f"{path} could not be read"
        return "" if self._files.complete else "not all files were read"

    def _configured(self, words: Iterable[str]) -> str:
        for path, text in [*self._files.texts.items(), *self._commands.items()]:
            lowered = text.lower()
            for word in words:
                if word.lower() not in lowered:
                    continue
                end = "" if "." in word else r"(?![\w-])"
                key = r"(?!\s*[\"']?\s*[:=])" if word.lower() in _COMMON else ""
                if re.search(rf"(?<![\w@-]){re.escape(word)}{end}{key}", text, re.IGNORECASE):
                    return f"{path} names it"
        return ""

    def _strangers(self, target: Target, alive: Iterable[Source]) -> str:
        """Return an import that belongs to no package that is known: it could be this one's."""
        listed = self.packages(target.ecosystem).names - {canonical(target.ecosystem, target.name)}
        for source in alive:
            for each in source.imports:
                if each.types or each.module.startswith(".") or self._is_local(source, each):
                    continue
                if target.ecosystem == "maven":
                    group = target.name.partition(":")[0].split(".")
                    if each.module.split(".")[:2] == group[:2]:
                        return f"{source.path}:{each.line} imports {each.module}, which may be a part of it"
                elif (
                    not is_standard(target.ecosystem, each.module)
                    and owner(target.ecosystem, each.module, listed) not in listed
                ):
                    return f"{source.path}:{each.line} imports {each.module}, and no package is known for it"
        return ""

    def _is_local(self, source: Source, each: Import) -> bool:
        if source.ecosystem == "maven":
            return any(each.module == one or each.module.startswith(f"{one}.") for one in self._java_packages)
        if source.ecosystem == "golang":
            return any(
                each.module == one or each.module.startswith(f"{one}/") for one in self._local.go_modules
            ) or bool(self._local.files_of(source, each))
        return bool(self._local.files_of(source, each))

    @cached_property
    def _java_packages(self) -> frozenset[str]:
        return frozenset(
            each.package for each in self._files.sources.values() if each.ecosystem == "maven" and each.package
        )

    def _carried(self, target: Target) -> str:
        """Return by which other package code that runs may get to this one, empty where none leads there."""
        packages = self.packages(target.ecosystem)
        name = canonical(target.ecosystem, target.name)
        if packages.is_aside(name):
            return ""
        known: dict[str, list[str] | None] = {}
        for carrier, at in self._carriers(target, name):
            if carrier not in known:
                known[carrier] = packages.leads(carrier, name)
            way = known[carrier]
            if way is None:
                return f"{at} uses {carrier}, and what that needs is not known"
            if way:
                return f"{at} uses {carrier}, which needs it ({' → '.join(way)})"
        return ""

    def _carriers(self, target: Target, name: str) -> Iterator[tuple[str, str]]:
        """Yield the other packages that run, each with where that is seen."""
        packages = self.packages(target.ecosystem)
        for source in self._alive(target.ecosystem):
            for each in source.imports:
                if each.types or each.module.startswith(".") or is_standard(target.ecosystem, each.module):
                    continue
                at = f"{source.path}:{each.line}"
                if self._is_local(source, each):
                    continue
                carrier = owner(target.ecosystem, each.module, packages.names)
                if carrier == name:
                    if (
                        target.ecosystem == "golang"
                        and target.paths
                        and each.module not in target.paths
                        and self._sibling(each.module, target.paths)
                    ):
                        yield each.module, at
                    continue
                yield carrier, at
        for other in sorted(packages.names - {name}):
            if target.ecosystem == "maven":
                if _works_unseen(other) and not packages.is_aside(other):
                    yield other, "the class path"
            elif target.ecosystem != "golang" and not packages.is_aside(other) and (said := self._configured([other])):
                yield other, said.removesuffix(" names it")

    @staticmethod
    def _sibling(module: str, paths: Iterable[str]) -> bool:
        """Tell whether a Go package may need another one of its module."""
        from seamark.intake.reach.names import data

        table: dict[str, str] = data("needs")["golang_packages"]
        if module not in table:
            return True
        needed = table[module].split()
        return any(path == each or path.startswith(f"{each}/") for path in paths for each in needed)


def _fulls(source: Source, each: Import) -> Iterator[str]:
    """Yield the whole names of what an import takes."""
    if source.ecosystem == "pypi" and each.names and not each.all:
        yield from (_without_vendor(f"{each.module}.{name}", ".") for name, _ in each.names)
    elif source.ecosystem == "npm":
        yield (
            re.sub(r"(?:\.min)?\.[cm]?js$", "", _without_vendor(each.module, "/"))
            if each.module.startswith(".")
            else each.module
        )
    else:
        yield _without_vendor(each.module, ".") if source.ecosystem == "pypi" else each.module


def _without_vendor(name: str, between: str) -> str:
    """Return the name of a package of which the project keeps a copy: `shop._vendor.yaml` is `yaml`."""
    parts = name.split(between)
    place = next((place for place, part in enumerate(parts[:-1]) if part in _VENDORS), None)
    return between.join(parts[place + 1 :]) if place is not None else name


def _works_unseen(name: str) -> bool:
    """Tell whether a Java artefact is of a sort that works without being imported."""
    plain = name.partition(":")[2].lower()
    artefact = f"{plain}-{re.sub(r'(?<=[a-z])[0-9]+(?=-|$)', '', plain)}"  # `struts2-core` is of the sort `struts`
    kinds = word_list("names", "runtime", "maven")
    return (
        plain in kinds
        or any(each in kinds for each in re.split(r"[-_.]", artefact))
        or any("-" in each and each in artefact for each in kinds)
    )


def _spellings(target: Target, names: Names) -> list[str]:
    """Return how text names a package: as it is imported, and as it is installed."""
    found = [each.removeprefix("~") for each in names.starts if not each.startswith("*") and len(each) > 1]
    if target.ecosystem == "maven":
        return [each for each in found if "." in each]
    return list(
        dict.fromkeys([*found, target.name, *([canonical("pypi", target.name)] if target.ecosystem == "pypi" else [])])
    )


def _names_module(text: str, word: str, ecosystem: str) -> bool:
    """Tell whether a string names a module: `yaml`, `yaml.loader:Loader`, `mysql+pymysql://`, `node_modules/lodash/x`."""
    if word not in text:
        return False
    if ecosystem == "maven":
        return text.startswith(word)
    return bool(
        re.search(
            rf"^{re.escape(word)}(?:$|[./:@\[])|\+{re.escape(word)}(?![\w-])|node_modules/{re.escape(word)}(?:/|$)",
            text,
        )
    )
