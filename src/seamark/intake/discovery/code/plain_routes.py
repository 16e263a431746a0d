"""Routes of frameworks whose addresses stand in one line: Sinatra, Slim, Phoenix, Actix, Rocket, Axum, Next.js, and others' odd forms."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final

from seamark.core.checkout import Route
from seamark.intake.discovery.code.programs import LARGEST
from seamark.intake.discovery.code.signs import is_aside
from seamark.intake.discovery.routes import template
from seamark.intake.discovery.tree import Tree

MOST: Final = 20_000
_MOST_OF_FILE: Final = 2_000
_LONGEST: Final = 120
"""Lines after the first that are taken for a handler's."""
Rows = Iterator[tuple[str, str, int, str]]
"""Method, path as written, position, and the handler's name."""


def plain_routes(tree: Tree) -> tuple[Route, ...]:
    """Return the routes that these frameworks declare; ask with `tree.once(plain_routes)`."""
    return tuple(islice(_all(tree), MOST))


def _all(tree: Tree) -> Iterator[Route]:
    for path in tree.files:
        ending = path.rpartition(".")[2]
        readers = _READERS.get(ending, ())
        if not readers or is_aside(path):
            continue
        text = tree.text(path)
        if text is None or len(text) > LARGEST:
            continue
        for origin, hint, read in readers:
            if not hint.search(text):
                continue
            last = text.count("\n") + 1
            for method, written, position, handler in islice(read(path, text), _MOST_OF_FILE):
                line = text.count("\n", 0, position) + 1
                whole = template(written)
                yield Route(
                    path=whole, method=method, file=path, line=line, end_line=min(_end(text, position, line), last), scope=handler, origin=origin,
                    parameters=tuple(dict.fromkeys(re.findall(r"\{(\w+)\}", whole))),
                )  # fmt: skip


_NEXT_BLOCK: Final = re.compile(r"\n(?=\S)")


def _end(text: str, position: int, line: int) -> int:
    """Return the last line of what begins at a position: up to the next line that is not indented, within bounds."""
    end = line
    for match in islice(_NEXT_BLOCK.finditer(text, position), 2):
        end = text.count("\n", 0, match.start()) + 1
        if end > line:
            break
    return min(end, line + _LONGEST)


_SINATRA: Final = re.compile(
    r"^[ \t]*(get|post|put|patch|delete|options|head)\s*\(?\s*['\"](/[^'\"\n]*)['\"][^\n]*\bdo\b", re.MULTILINE
)
_SLIM: Final = re.compile(r"\$\w+->(get|post|put|patch|delete|options|any)\(\s*['\"](/?[^'\"\n]*)['\"]\s*,")
_SLIM_GROUP: Final = re.compile(r"\$\w+->group\(\s*['\"](/[^'\"\n]*)['\"]")
_ATTRIBUTE: Final = re.compile(
    r"^[ \t]*#\[(?:\w+::)?(get|post|put|patch|delete|head|options)\(\s*\"(/[^\"\n]*)\"[^\n]*\](?:\s*#\[[^\n]*\])*\s*(?:pub\s+)?(?:async\s+)?fn\s+(\w+)",
    re.MULTILINE,
)
_AXUM: Final = re.compile(
    r"\.route\(\s*\"(/[^\"\n]*)\"\s*,\s*((?:(?:axum::routing::|web::)?(?:get|post|put|patch|delete|head|options|any)\b[^,;\n]{0,200}))"
)
_AXUM_METHOD: Final = re.compile(r"\b(get|post|put|patch|delete|head|options|any)\(\s*\)?")
_AXUM_HANDLER: Final = re.compile(r"(?:\(|\.to\()\s*([\w:]+)\s*\)")
_GO: Final = re.compile(
    r"\.(HandleFunc|Handle|GET|POST|PUT|PATCH|DELETE|Get|Post|Put|Patch|Delete|Any)\(\s*[\w.]+\s*\+\s*\"(/[^\"\n]*)\"\s*,\s*([\w.]+)?([^\n]*)"
)
_GO_METHODS: Final = re.compile(r"\.Methods\(([^)\n]*)\)")
_GO_WORD: Final = re.compile(r"http\.Method(\w+)|\"([A-Z]+)\"")
_SCOPE: Final = re.compile(r"^([ \t]*)scope\s*\(?\s*(?:path:\s*)?\"(/[^\"\n]*)\"", re.MULTILINE)
_PHOENIX: Final = re.compile(
    r"^([ \t]*)(get|post|put|patch|delete|options|head|live|resources)\s*\(?\s*\"(/[^\"\n]*)\"\s*,\s*([\w.]+)(?:\s*,\s*:(\w+))?",
    re.MULTILINE,
)
_RESOURCES: Final = (
    ("GET", "", "index"),
    ("GET", "/{id}", "show"),
    ("POST", "", "create"),
    ("PUT", "/{id}", "update"),
    ("DELETE", "/{id}", "delete"),
)


def _sinatra(_: str, text: str) -> Rows:
    for match in _SINATRA.finditer(text):
        yield match[1].upper(), match[2], match.start(1), f"{match[1]} {match[2]}"


def _slim(_: str, text: str) -> Rows:
    groups = list(_SLIM_GROUP.finditer(text))
    for match in _SLIM.finditer(text):
        # A group lasts as long as what follows is indented further than itself.
        prefix = "".join(
            group[1] for group in groups if group.start() < match.start() and _indent(text, group.start()) < _indent(text, match.start())
            and not re.search(rf"\n[ \t]{{0,{_indent(text, group.start())}}}\}}", text[group.end() : match.start()])
        )  # fmt: skip
        yield match[1].upper().replace("ANY", ""), prefix + "/" + match[2].lstrip("/"), match.start(), ""


def _indent(text: str, position: int) -> int:
    row = text[text.rfind("\n", 0, position) + 1 : position]
    return len(row) - len(row.lstrip())


def _rust(_: str, text: str) -> Rows:
    for match in _ATTRIBUTE.finditer(text):
        yield match[1].upper(), re.sub(r"<(\w+)(?:\.\.)?>", r"{\1}", match[2]), match.start(1), match[3]
    for match in _AXUM.finditer(text):
        handlers = _AXUM_HANDLER.findall(match[2])
        for place, method in enumerate(dict.fromkeys(_AXUM_METHOD.findall(match[2]))):
            name = handlers[place] if place < len(handlers) else ""
            yield method.upper().replace("ANY", ""), match[1], match.start(), name.rpartition("::")[2]


def _go(_: str, text: str) -> Rows:
    for match in _GO.finditer(text):
        word = match[1].upper()
        methods = [word] if word in {"GET", "POST", "PUT", "PATCH", "DELETE"} else [""]
        if given := _GO_METHODS.search(match[4] or ""):
            methods = [(one or other).upper() for one, other in _GO_WORD.findall(given[1])] or methods
        for method in methods:
            yield method, match[2], match.start(), (match[3] or "").rpartition(".")[2]


def _phoenix(_: str, text: str) -> Rows:
    scopes = [(match.start(), len(match[1]), match[2]) for match in _SCOPE.finditer(text)]
    for match in _PHOENIX.finditer(text):
        around: list[tuple[int, str]] = []
        for start, indent, prefix in scopes:
            if start > match.start():
                break
            around = [each for each in around if each[0] < indent]
            around.append((indent, prefix))
        prefix = "".join(each.rstrip("/") for indent, each in around if indent < len(match[1]))
        holder = match[4].rpartition(".")[2]
        if match[2] == "resources":
            for method, tail, action in _RESOURCES:
                yield method, prefix + match[3] + tail, match.start(2), f"{holder}.{action}"
        else:
            name = f"{holder}.{match[5]}" if match[5] else holder
            yield ("GET" if match[2] == "live" else match[2].upper()), prefix + match[3], match.start(2), name


_PAGES: Final = re.compile(r"(?:^|.*/)(?:src/)?pages/(api/.+|api)\.(?:js|ts|jsx|tsx)")
_APP: Final = re.compile(r"(?:^|.*/)(?:src/)?app/((?:.+/)?)route\.(?:js|ts)")
_EXPORTED: Final = re.compile(
    r"^export\s+(?:async\s+)?(?:function|const)\s+(GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS)\b", re.MULTILINE
)
_ASKED: Final = re.compile(
    r"\bcase\s+['\"](GET|POST|PUT|PATCH|DELETE)['\"]|method\s*={2,3}\s*['\"](GET|POST|PUT|PATCH|DELETE)['\"]"
)


def _next(path: str, text: str) -> Rows:
    """Next.js takes the addresses from the names of files."""
    if match := _PAGES.fullmatch(path):
        name = re.sub(r"\[\[?(?:\.\.\.)?(\w+)\]?\]", r"{\1}", match[1]).removesuffix("/index")
        position = max(text.find("export default"), 0)
        methods = list(dict.fromkeys(one or other for one, other in _ASKED.findall(text)))
        for method in methods or [""]:
            yield method, f"/{name}", position, "handler"
    elif match := _APP.fullmatch(path):
        parts = [part for part in match[1].split("/") if part and not part.startswith(("(", "@"))]
        name = "/".join(re.sub(r"\[\[?(?:\.\.\.)?(\w+)\]?\]", r"{\1}", part) for part in parts)
        for found in _EXPORTED.finditer(text):
            yield found[1], f"/{name}", found.start(), found[1]


_CALLED: Final = re.compile(
    r"\.(get|post|put|patch|delete|api_route)\(\s*['\"](/[^'\"\n]*)['\"][^()\n]*\)\(\s*([\w.]+)"
)
_MAPPED: Final = re.compile(
    r"\.Map(?:Methods\(\s*\"(/?[^\"\n]*)\"\s*,\s*(?:new\s*(?:string)?\[\]\s*\{|\[)([^\]}\n]*)|Forwarder\(\s*\"(/[^\"\n]*)\")"
)
_MAPPED_METHOD: Final = re.compile(r"HttpMethods\.(\w+)|\"(\w+)\"")
_CONTROLLER: Final = re.compile(
    r"((?:^[ \t]*\[[^\n]*\][ \t]*\r?\n){0,12})^[ \t]*public\s+(?:sealed\s+|partial\s+)*class\s+(\w+)Controller\b[^{\n]*:[^{\n]*\bController\b",
    re.MULTILINE,
)
_ACTION: Final = re.compile(
    r"((?:^[ \t]*\[[^\n]*\][ \t]*\r?\n){0,12})^[ \t]*public\s+(?:async\s+|virtual\s+|override\s+)*(?:Task<)?(?:I?ActionResult|ViewResult|JsonResult|RedirectResult|FileResult)\b[^\n(]*?>?\s(\w+)\s*\(",
    re.MULTILINE,
)
_VERB: Final = re.compile(r"\[Http(Get|Post|Put|Delete|Patch)\s*(\(?)")


def _called(_: str, text: str) -> Rows:
    """`app.post("/x")(handler)`: a decorator that is called."""
    for match in _CALLED.finditer(text):
        yield match[1].upper().replace("API_ROUTE", ""), match[2], match.start(), match[3].rpartition(".")[2]


def _aspnet(_: str, text: str) -> Rows:
    """ASP.NET's methods without a word of their own, and controllers that are reached by their names."""
    for match in _MAPPED.finditer(text):
        if match[3]:
            yield "", match[3], match.start(), ""
        for one, other in _MAPPED_METHOD.findall(match[2] or ""):
            yield (one or other).upper(), match[1], match.start(), ""
    controllers = list(_CONTROLLER.finditer(text))
    for place, match in enumerate(controllers):
        if "[Route" in match[1] or "[ApiController" in match[1]:
            continue
        end = controllers[place + 1].start() if place + 1 < len(controllers) else len(text)
        for action in _ACTION.finditer(text, match.end(), end):
            verb = _VERB.search(action[1])
            if "[Route" in action[1] or "[NonAction" in action[1] or (verb and verb[2]):
                continue
            tail = "" if action[2] == "Index" else f"/{action[2]}"
            yield (
                verb[1].upper() if verb else "GET",
                f"/{match[2]}{tail}",
                action.start(2),
                f"{match[2]}Controller.{action[2]}",
            )


Reader = tuple[str, re.Pattern[str], Callable[[str, str], Rows]]
_NEXTJS: Final[Reader] = ("next", re.compile(r"\bNext(?:Api)?Re(?:quest|sponse)|\bexport\b"), _next)
_READERS: Final[dict[str, tuple[Reader, ...]]] = {
    "py": (("fastapi", re.compile(r"fastapi|starlette"), _called),),
    "cs": (("aspnet", re.compile(r"\bMap(?:Methods|Forwarder)\(|\bController\b"), _aspnet),),
    "rb": (("sinatra", re.compile(r"sinatra|Sinatra::"), _sinatra),),
    "php": (("slim", re.compile(r"\bSlim\\"), _slim),),
    "ex": (("phoenix", re.compile(r":router\b|Phoenix\.Router"), _phoenix),),
    "rs": (("rust", re.compile(r"#\[(?:\w+::)?(?:get|post|put|patch|delete)\(|\.route\("), _rust),),
    "go": (("go", re.compile(r"\(\s*[\w.]+\s*\+\s*\"/"), _go),),
    "ts": (_NEXTJS,), "tsx": (_NEXTJS,), "js": (_NEXTJS,), "jsx": (_NEXTJS,),
}  # fmt: skip
