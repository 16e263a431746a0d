"""Where the affected symbols of a package are used, and by which names they could be."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from seamark.intake.discovery import syntax
from seamark.intake.reach.advisories import plain_symbol
from seamark.intake.reach.files import Files
from seamark.intake.reach.golang import local_names
from seamark.intake.reach.model import Import, Site, Source, Target
from seamark.intake.reach.names import Names, data, matches
from seamark.intake.reach.tokens import Token, TooLong, tokens

MOST_SITES: Final = 50
_HELPER: Final = re.compile(r"(?:Utils?|Helpers?|Strings|Lists|Maps|Sets|Iterables|Iterators|Joiner|Splitter|Optional|Preconditions|Charsets|Base64|Hex|Constants|Exception|Ints|Longs|Ordering|CharMatcher|Objects|Pair|Triple|(?:Immutable|Multi|Hash)\w+)$")  # fmt: skip
"""Java classes of plain helpers: what they need stands in themselves."""
_BUILDS: Final = frozenset(
    {"__init__", "__new__", "__call__", "constructor", "<init>", "init", "new", "default", "exports", "module", "main"}
)
"""Last parts of symbols that code uses by the name before."""
_IMPLICIT: Final = re.compile(
    r"__\w+__|Read|Write|Close|String|GoString|Error|ServeHTTP|(?:Unm|M)arshal(?:JSON|Text|Binary|XML|YAML|BSON)?|Len|Less|Swap|Scan|Value|Format|RoundTrip|Seek|ReadFrom|WriteTo|ReadAt|WriteAt|Next|Is|As|Unwrap"
    r"|Accept|Dial|DialContext|Header|Flush|Hijack|Get|Set|Open|Stat|Lookup|Visit|Handle|Do|Run|Hash|Sum|Reset|Size|ReadByte|ReadRune|WriteByte|WriteString|Encode|Decode|Sign|Verify|Public|Lock|Unlock|Done|Err"
    r"|toString|hashCode|equals|compareTo|close|run|call|get|apply|accept|test|readObject|readResolve|writeReplace|finalize|iterator|next|then|toJSON|valueOf|inspect|lookup|invoke|execute|process|handle|doFilter|doGet|doPost|service|filter|intercept|convert|format|parse"
)
"""Methods that libraries call on what they are given: nobody has to name them."""


class Symbol(Struct, frozen=True):
    """An affected symbol by its parts."""

    last: str
    before: str
    """The class or module that it belongs to, empty where it has none."""
    written: str

    @property
    def words(self) -> frozenset[str]:
        """Return the names of which one is written wherever it is used."""
        if self.last in _BUILDS or not self.last:
            return frozenset({self.before, self.last} - {""})
        return frozenset({self.last})

    @property
    def of_class(self) -> bool:
        """Tell whether it is a method."""
        return bool(re.match(r"[_$]*[A-Z]", self.before))


def symbols_of(target: Target) -> list[Symbol]:
    """Return the affected symbols by their parts; none where one of them cannot be read."""
    found = []
    for text in target.symbols:
        parts = [each for each in re.split(r"[./:@]", plain_symbol(text)) if each]
        if not parts:
            return []
        before = parts[-2] if len(parts) > 1 else ""
        found.append(Symbol(parts[-1], before, text))
    return found


def bears(target: Target, symbols: Iterable[Symbol], source: Source) -> str:
    """Return why a file may use an affected symbol although no use is seen, empty where it does not."""
    for each in symbols:
        if each.words & source.words:
            return f"{each.written} is named in {source.path}"
        if (
            each.of_class
            and each.before in source.words
            and (target.ecosystem != "golang" or _IMPLICIT.fullmatch(each.last))
        ):
            return f"{each.before} is used in {source.path}, and may call {each.last}"
    return ""


def hidden(target: Target, symbols: Iterable[Symbol], members: Iterable[str]) -> str:
    """Return why an affected symbol may run without being named, empty where it has to be named."""
    taken = {frozenset(_pieces(each)) for each in members if not _is_safe(each)}
    for each in symbols:
        if each.last.startswith("_") and each.last not in _BUILDS and not each.last.startswith("__"):
            return f"{each.written} is called by the package itself"
        if target.ecosystem == "golang" and each.last[:1].islower():
            return f"{each.written} is called by the package itself"
        if each.last in _BUILDS and not each.before:
            return f"{each.written} runs with the package"
        if each.of_class and _IMPLICIT.fullmatch(each.last):
            return f"{each.written} may be called by others"
        if target.ecosystem != "golang" and members and (why := _inner(target, each, members)):
            return why
        pieces = frozenset(_pieces(each.last))
        if pieces and any(pieces <= other for other in taken):
            return f"a kin of {each.written} is used"
    return ""


def _inner(target: Target, symbol: Symbol, members: Iterable[str]) -> str:
    """Return why a package's own code may lead to a symbol that the project does not name, empty where that is not likely."""
    apart = data("needs")["apart"].get(target.ecosystem, ())
    if any(symbol.written == each or symbol.written.startswith(f"{each}.") for each in apart):
        return ""
    if target.ecosystem == "maven":
        simple = all(_HELPER.search(each) or each[:1].islower() for each in members)
        return "" if simple else f"what is used may lead to {symbol.written}"
    if symbol.of_class or symbol.last[:1].isupper():
        return f"what is used may lead to {symbol.written}"
    if target.ecosystem == "pypi" and symbol.written.count(".") > 1 and symbol.before not in members:
        return f"what is used may lead to {symbol.written}"
    return ""


def _is_safe(name: str) -> bool:
    pieces = _pieces(name)
    return "safe" in pieces and "unsafe" not in pieces


def _pieces(name: str) -> list[str]:
    return [each.lower() for each in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+", name)]


class Use(Struct):
    """What a file does with a package."""

    sites: list[Site] = []
    members: set[str] = set()
    """Names that it takes from the package."""


def uses(files: Files, source: Source, found: Iterable[Import], symbols: list[Symbol], names: Names) -> Use:
    """Return where a file that imports a package uses its affected symbols, and what it takes from the package at all."""
    use = Use(sites=[], members=set())
    imports = list(found)
    modules, taken = _bound(source, imports, names)
    raw = files.data(source.path) if source.language else None
    if raw is None or syntax.is_tangled(raw):
        return use
    try:
        row = tokens(syntax.parse(raw, source.language))
    except TooLong:
        return use
    use.members.update(taken.values())
    lines = {each.line for each in imports}
    for place, each in enumerate(row):
        if each.sort != "w":
            continue
        before = row[place - 1].text if place else ""
        if before in {".", "?.", "::", "->"}:
            owner = row[place - 2].text if place > 1 else ""
            if owner in modules:
                use.members.add(each.text)
            if site := _member(source, row, place, symbols, owner in modules or owner in taken):
                use.sites.append(site)
        elif each.text in taken and not (each.line in lines and _in_import(row, place)):
            if any(taken[each.text] in one.words or (taken[each.text] == one.last) for one in symbols):
                use.sites.append(_site(source, row, place))
        elif (
            each.text in modules
            and each.line not in lines
            and _called(row, place)
            and any(one.last in _BUILDS or one.last in {each.text, *names.starts} for one in symbols)
        ) or (
            any(one.all and not one.bound for one in imports)
            and _called(row, place)
            and any(each.text in one.words for one in symbols)
        ):
            use.sites.append(_site(source, row, place))
        if len(use.sites) >= MOST_SITES:
            break
    return use


def _bound(source: Source, imports: Iterable[Import], names: Names) -> tuple[set[str], dict[str, str]]:
    """Return the local names of a package's modules, and of what is taken from them by its own name."""
    modules: set[str] = set()
    taken: dict[str, str] = {}
    for each in imports:
        taken.update({local: name for name, local in each.names})
        if source.ecosystem == "golang":
            modules |= {each.bound} if each.bound else local_names(each.module)
        elif each.bound:
            modules.add(each.bound)
            last = re.split(r"[/.]", each.module)[-1]
            if source.ecosystem == "npm" and last:
                taken.setdefault(each.bound, last)
        if source.ecosystem == "pypi":
            modules.update(
                local
                for name, local in each.names
                if any(matches("pypi", f"{each.module}.{name}", start) for start in names.starts)
            )
    return modules - {""}, taken


def _member(source: Source, row: list[Token], place: int, symbols: Iterable[Symbol], ours: bool) -> Site | None:
    """Return a use of `owner.symbol`: of the package's own names, or of a method on any value."""
    text = row[place].text
    for one in symbols:
        if text in one.words and (ours or (one.of_class and text == one.last and _called(row, place))):
            return _site(source, row, place, 2)
    return None


def _called(row: list[Token], place: int) -> bool:
    return place + 1 < len(row) and row[place + 1].text in {"(", "{", "<", "`", "["}


def _in_import(row: list[Token], place: int) -> bool:
    """Tell whether a name stands in the statement that imports it."""
    here = place
    while here > 0 and row[here].line == row[place].line:
        if row[here].text in {"import", "from", "export"} or (
            row[here].text in {"const", "let", "var"}
            and any(each.text == "require" for each in row[place : place + 40] if each.line == row[place].line)
        ):
            return True
        here -= 1
    return False


def _site(source: Source, row: list[Token], place: int, back: int = 0) -> Site:
    words = "".join(each.text for each in row[max(0, place - back) : place + 1])
    return Site(
        source.path, row[place].line, f"{words}(…)" if _called(row, place) and row[place + 1].text == "(" else words
    )
