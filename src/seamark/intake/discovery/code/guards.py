"""Whether code lets only people pass who are signed in: decorators, annotations, middleware and checks of handlers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final, NamedTuple

from seamark.core.checkout import Route
from seamark.intake.discovery import syntax
from seamark.intake.discovery.tree import Tree


class Guard(NamedTuple):
    """What was seen, and where."""

    authenticated: bool
    why: str
    confidence: float


_WORD: Final = r"\w*(?:auth(?!or\b|ors\b)|login|jwt|signed_?in|session_required|permission|role|admin|token)\w*"
_DECORATED: Final = {
    "python": re.compile(
        r"@(?:\w+\.){0,3}(?:\w*(?:login|auth|admin|token|jwt|permissions?|roles?|scopes?|staff_member|user)_?(?:required|accepted)|requires?_\w*(?:auth|login|admin|role|user|token|scope|permission)\w*"
        r"|requires|authenticated|user_passes_test|protected|secured)\b"
    ),
    "java": re.compile(r"@(?:PreAuthorize|PostAuthorize|Secured|RolesAllowed|Authenticated|RequiresPermissions|RequiresRoles|DenyAll)\b"),
    "csharp": re.compile(r"\[(?:[\w, ()\"=]{0,200}\b)?Authorize\b"),
    "typescript": re.compile(r"@(?:UseGuards\(|Auth(?:orized|enticated)?\(|Roles\()"),
}  # fmt: skip
_OPEN: Final = {
    "java": re.compile(r"@PermitAll\b|@PreAuthorize\(\s*\"permitAll"),
    "csharp": re.compile(r"\[AllowAnonymous\b"),
    "typescript": re.compile(r"@(?:Public|AllowAnonymous|SkipAuth)\("),
    "python": re.compile(r"permission_classes\s*=\s*[\[(]\s*(?:\w+\.)?AllowAny"),
}
_INJECTED: Final = re.compile(
    r"(?:Depends|Security)\(\s*[\w.]{0,80}(?:user|auth|token|jwt|admin|principal|permission|scope|api_?key|verify|session|account)\w*|\bCurrentUser\b|Security\("
)
_CLASS: Final = re.compile(
    r"(?:LoginRequired|PermissionRequired|UserPassesTest|AccessControl)Mixin|permission_classes\s*=\s*[\[(][^\])]{0,200}\b(?:Is\w+|\w*Permission)|authentication_classes\s*=\s*[\[(]\s*\w"
)
_MIDDLEWARE: Final = re.compile(
    r"\.(?:get|post|put|patch|delete|all|use)\(\s*['\"`][^'\"`\n]{0,300}['\"`]\s*,(?:\s*[\w.()'\"{}: \[\],]{0,300}?)\b((?:passport\.authenticate|"
    r"(?:is|ensure|require|check|verify|must|needs?|validate|has)_?(?:Be)?\w*(?:[Aa]uth|[Ll]ogin|[Ll]ogged|[Aa]dmin|[Tt]oken|[Jj]wt|[Uu]ser|[Rr]ole|[Pp]ermission|[Ss]ession|[Ss]igned)\w*|auth\w*|jwt\w*|protect|guard)\b)"
)
_USED: Final = re.compile(r"\.use\(\s*(?:['\"`][^'\"`\n]{0,300}['\"`]\s*,\s*)?([\w.]{1,100})\s*[(),]")
_USED_INLINE: Final = re.compile(r"\.use\(\s*(?:async\s*)?(?:function\s*\w*\s*)?\(\s*(\w+\s*,\s*\w+\s*,\s*next)\s*\)")
_REFUSES: Final = re.compile(r"\b(?:401|403)\b|Unauthorized|Forbidden|UNAUTHENTICATED|PERMISSION_DENIED")
_CALLS: Final = re.compile(
    r"\b(?:(?:require|ensure|check|assert|verify|authorize|authenticate)_?(?:is_)?(?:admin|auth\w*|login|user|role|permissions?|token|session|signed_in|current_user|account|customer)?!?\s*\("
    r"|(?:get_)?current_(?:user|customer|account|member|admin)\w*\()",
    re.IGNORECASE,
)
_SIGNS_IN: Final = re.compile(
    r"log_?in|sign_?(?:in|up)|session|token|auth|register|password|callback|webhook", re.IGNORECASE
)
_RAILS: Final = re.compile(r"^[ \t]*before_action\s+:?(?:->\s*\{\s*)?((?:authenticate|require|authorize|doorkeeper_authorize|ensure)\w*!?)([^\n]{0,300})", re.MULTILINE)  # fmt: skip
_HANDLER: Final = 200
"""Lines of a handler that are looked at."""


def guard(tree: Tree, route: Route) -> Guard | None:
    """Return what the code says of who may call a route; None where it says nothing that is understood."""
    text = tree.text(route.file)
    language = syntax.language_of(route.file)
    if text is None or not route.line:
        return None
    rows = _rows(text)
    last = min(max(route.end_line, route.line), route.line + _HANDLER)
    body = "\n".join(rows[route.line - 1 : last])
    if language == "python":
        return _python(text, rows, route, body)
    if language in {"javascript", "typescript", "tsx"}:
        return _script(text, rows, route, body)
    if language in {"java", "kotlin"}:
        return _annotated("java", rows, route, body)
    if language == "csharp":
        found = _annotated("csharp", rows, route, body)
        if found is None and ".RequireAuthorization(" in "\n".join(rows[route.line - 1 : last + 3]):
            return Guard(True, "RequireAuthorization", 1.0)
        return found
    if language == "ruby":
        return _rails(text, route)
    return _checks(route, body)


@lru_cache(maxsize=64)
def _rows(text: str) -> list[str]:
    return text.split("\n")


def _head(body: str, mark: str) -> tuple[str, str]:
    """Part a handler into what stands before its own code, and that code."""
    position = body.find(mark)
    return (body[:position], body[position:]) if position >= 0 else ("", body)


def _python(text: str, rows: list[str], route: Route, body: str) -> Guard | None:
    head, rest = _head(body, "def ") if "def " in body else _head(body, "class ")
    if match := _DECORATED["python"].search(head):
        return Guard(True, match[0], 1.0)
    signature = rest[: rest.find("):") if "):" in rest else 2000][:4000]
    if match := _INJECTED.search(signature) or _INJECTED.search(head):
        return Guard(True, match[0], 0.95)
    around = body if body.lstrip().startswith("class ") else _class_above(rows, route.line)
    if match := _OPEN["python"].search(around):
        return Guard(False, match[0], 1.0)
    if match := _CLASS.search(around):
        return Guard(True, match[0], 0.95)
    if match := re.search(r"APIRouter\([^)]{0,500}dependencies\s*=\s*\[\s*(?:Depends|Security)\([^)]{0,100}", text):
        return Guard(True, match[0][-100:], 0.8)
    return _checks(route, rest)


def _class_above(rows: list[str], line: int) -> str:
    """Return the head of the class that a method stands in."""
    indent = len(rows[line - 1]) - len(rows[line - 1].lstrip()) if 0 < line <= len(rows) else 0
    if not indent:
        return ""
    for number in range(line - 2, max(line - 400, -1), -1):
        row = rows[number]
        if row.lstrip().startswith("class ") and len(row) - len(row.lstrip()) < indent:
            return "\n".join(rows[number : number + 15])
    return ""


def _script(text: str, rows: list[str], route: Route, body: str) -> Guard | None:
    start = route.line - 1
    for back in range(8):
        if start - back >= 0 and re.search(r"\.(?:get|post|put|patch|delete|all|route)\(", rows[start - back]):
            start -= back
            break
    statement = "\n".join(rows[start : start + 10])
    if match := _MIDDLEWARE.search(statement):
        return Guard(True, match[1], 0.95)
    before = "\n".join(rows[max(start - 6, 0) : start + 1])
    if match := _OPEN["typescript"].search(before):
        return Guard(False, match[0], 1.0)
    if match := _DECORATED["typescript"].search(before) or (_DECORATED["typescript"].search(_above_class(text))):
        return Guard(True, match[0], 0.95)
    above = "\n".join(rows[:start])
    for match in _USED.finditer(above):
        if re.fullmatch(rf"(?:\w+\.)?{_WORD}", match[1], re.IGNORECASE) and "Router" not in match[1]:
            return Guard(True, f"use({match[1]})", 0.8)
    for match in _USED_INLINE.finditer(above):
        if _REFUSES.search(above, match.end(), match.end() + 600):
            return Guard(True, "a middleware of the file refuses with 401 or 403", 0.8)
    return _checks(route, body)


def _above_class(text: str) -> str:
    position = text.find("export class ")
    return text[max(position - 300, 0) : position] if position > 0 and "@Controller" in text else ""


def _annotated(language: str, rows: list[str], route: Route, body: str) -> Guard | None:
    head = body.partition("{")[0]
    near = "\n".join(rows[max(route.line - 8, 0) : route.line - 1])
    near = re.split(r"[};]\s*\n(?!\s*[@\[])", near)[-1]
    for part in (head, near):
        if match := _OPEN[language].search(part):
            return Guard(False, match[0], 1.0)
        if match := _DECORATED[language].search(part):
            return Guard(True, match[0], 1.0)
    for number in range(min(route.line, len(rows)) - 1, max(route.line - 600, -1), -1):
        if re.search(r"\bclass\s+\w+", rows[number]):
            above = "\n".join(rows[max(number - 10, 0) : number])
            above = re.split(r"[};]\s*\n", above)[-1]
            match = _DECORATED[language].search(above)
            return Guard(True, f"{match[0]} on the class", 0.95) if match else None
    return None


def _rails(text: str, route: Route) -> Guard | None:
    action = re.split(r"[.#]", route.scope)[-1]
    for match in _RAILS.finditer(text):
        only, skipped = re.search(r"only:\s*([^\n]+)", match[2]), re.search(r"except:\s*([^\n]+)", match[2])
        named = re.compile(rf"\b{re.escape(action)}\b")
        if (only and not named.search(only[1])) or (skipped and named.search(skipped[1])):
            continue
        return Guard(True, f"before_action {match[1]}", 0.95)
    return None


def _checks(route: Route, body: str) -> Guard | None:
    """A handler that asks who is there itself; those by which people sign in refuse as well, and are open."""
    if match := _CALLS.search(body):
        return Guard(True, match[0].strip() + ")", 0.8)
    if _REFUSES.search(body) and not _SIGNS_IN.search(route.path + " " + route.scope):
        return Guard(True, "the handler refuses with 401 or 403", 0.7)
    return None
