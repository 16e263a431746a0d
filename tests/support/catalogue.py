"""The catalogue of translations: what is marked in templates and code, and its compiled form.

`python -m tests.support.catalogue` reads the marks anew, keeps the translations that are there, and writes `django.po` and
`django.mo` of each language. New texts have an empty translation, which `tests/web/test_frame_words.py`
refuses on the pages that every language has in full.
"""

from __future__ import annotations

import ast
import json
import os
import re
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
WEB = ROOT / "src" / "seamark" / "interfaces" / "web"
ROOMS = (ROOT / "src" / "seamark" / "insight", ROOT / "src" / "seamark" / "pipeline" / "metrics")
"""Rooms below the pages that mark texts as well: measures, their sentences and the board's report."""
LOCALE = WEB / "locale"
PLURAL = "nplurals=2; plural=(n != 1);"
CALLS = {
    "gettext": 1,
    "gettext_lazy": 1,
    "gettext_noop": 1,
    "_": 1,
    "ngettext": 2,
    "ngettext_lazy": 2,
    "pgettext": -1,
    "pgettext_lazy": -1,
}
"""Functions that mark a text: how many texts they take, or that a context stands in front."""


class Text(NamedTuple):
    """A text to be translated."""

    context: str
    singular: str
    plural: str = ""

    @property
    def key(self) -> str:
        """Return what a compiled catalogue looks it up by."""
        named = f"{self.context}\x04{self.singular}" if self.context else self.singular
        return f"{named}\0{self.plural}" if self.plural else named


_ARGUMENT = re.compile(r'=_\("([^"]+)"\)')
"""A text that is handed to another template: `label=_("Undo")`."""
Catalogue = dict[Text, tuple[str, ...]]
"""Texts with their translations: one, or the one for 1 and the one for all else."""


def of_templates(paths: Iterable[Path]) -> Iterator[Text]:
    """Yield what templates mark. Django has to be set up."""
    from django.template import Engine

    engine = Engine.get_default()
    for path in paths:
        source = path.read_text("utf-8")
        yield from _of_nodes(engine.from_string(source).nodelist)
        yield from (Text("", one) for one in _ARGUMENT.findall(source))


def _of_nodes(nodes: Iterable[object]) -> Iterator[Text]:
    from django.templatetags.i18n import BlockTranslateNode, TranslateNode

    for node in nodes:
        if isinstance(node, TranslateNode):
            said = node.filter_expression.var
            if isinstance(said, str):
                yield Text(_context(node), said)
            elif getattr(said, "literal", None) is not None:
                yield Text(_context(node), str(said.literal))
        elif isinstance(node, BlockTranslateNode):
            singular, _ = node.render_token_list(node.singular)
            plural = node.render_token_list(node.plural)[0] if node.plural and node.countervar else ""
            yield Text(_context(node), *(_trimmed(one, node.trimmed) for one in (singular, plural)))
        for name in (*getattr(node, "child_nodelists", ()), "nodelist_true"):
            yield from _of_nodes(getattr(node, name, None) or ())
        for _condition, inner in getattr(node, "conditions_nodelists", ()):
            yield from _of_nodes(inner)


def _context(node: object) -> str:
    found = getattr(node, "message_context", None)
    literal = getattr(getattr(found, "var", None), "literal", None)
    said = getattr(found, "var", "") if literal is None else literal
    return said if isinstance(said, str) else ""


def _trimmed(text: str, trimmed: bool) -> str:
    from django.utils.translation import trim_whitespace

    return trim_whitespace(text) if trimmed else text


def of_code(paths: Iterable[Path]) -> Iterator[Text]:
    """Yield what Python marks."""
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = getattr(getattr(node, "func", None), "id", "")
            if not isinstance(node, ast.Call) or name not in CALLS:
                continue
            texts = [one.value for one in node.args if isinstance(one, ast.Constant) and isinstance(one.value, str)]
            wanted = CALLS[name]
            if len(texts) >= abs(wanted):
                yield Text(texts[0], texts[1]) if wanted < 0 else Text("", *texts[:wanted])


def of_tables() -> Iterator[Text]:
    """Yield the words of tables that other modules keep, and that templates write through the filter `translated`."""
    from seamark.analysis.correlation.fixes import KINDS
    from seamark.analysis.graph.question import QUESTIONS
    from seamark.core.assets import AssetKind
    from seamark.core.kind import Kind
    from seamark.core.severity import Severity
    from seamark.governance.triage.context import EXPOSURES
    from seamark.governance.triage.lifecycle import JUSTIFICATIONS, RESOLUTION_WORDS
    from seamark.governance.waivers import reading
    from seamark.governance.waivers.words import REASONS
    from seamark.interfaces.web import facets, fixes, groups, search, today, ui, views
    from seamark.store.models.inventory import Criticality
    from seamark.store.models.issues import State
    from seamark.store.models.outbox import ActState
    from seamark.store.models.profiles import Rescoring
    from seamark.store.models.pulls import PullState
    from seamark.store.models.tickets import TicketState
    from seamark.store.models.violations import Standing
    from seamark.store.permissions import WORDS

    said: list[str] = [
        *KINDS.values(),
        *RESOLUTION_WORDS.values(),
        *(one.replace("_", " ") for one in RESOLUTION_WORDS),
        *(one.lower() for one in RESOLUTION_WORDS.values()),
        *JUSTIFICATIONS.values(),
        *REASONS.values(),
        *(one.replace("_", " ") for one in reading.STATES),
        *QUESTIONS.values(),
        *WORDS.values(),
        "fixed",
        "suppressed",
    ]
    said += [one.word for one in Severity] + [one.word.capitalize() for one in Severity]
    said += [one.value for one in Kind] + [one.value.capitalize() for one in Kind]
    said += [
        str(one.label) for one in (*State, *TicketState, *Criticality, *PullState, *Standing, *Rescoring, *ActState)
    ]
    said += [one.value.replace("_", " ") for one in AssetKind] + [*EXPOSURES, *EXPOSURES.values()]
    said += [*facets._FLAGS, "Priority", "Evidence", "Kind", "Severity", "Application"]
    said += [one.title for one in groups.BY.values()] + [one.without for one in groups.BY.values()] + ["Nothing"]
    said += [*views.COLUMNS.values(), *(label for label, _ in views.MOVES.values())]
    said += [
        *today.WORDS.values(),
        *search.TITLES.values(),
        *fixes.ORDERS.values(),
        *(one.title() for one in ui.THEMES),
    ]
    said += [one for label, _page, _query, hint in search.COMMANDS for one in (label, hint) if one]
    said += ["small", "medium", "large", "major", "minor", "patch", *PRESETS, *NUMBERS, *WAITING, *STEPS, *STATUSES]
    yield from (Text("", one) for one in said)


PRESETS = ("To do first", "Mine", "Known exploited", "New this week", "Fixable", "All open")
"""Views of the list: `Counts.views`."""
NUMBERS = ("New issues", "New and urgent", "Overdue", "Due within a week", "Known exploited", "Assigned to you")
"""Numbers of Today: `insight.analytics.today.numbers`."""
STEPS = ("Requested", "Approved", "Refused", "Revoked", "Expired", "Renewed", "Reminded")
"""What happened to a waiver: its steps."""
STATUSES = ("affected", "not affected", "fixed", "under investigation")
"""What a vendor says of a package, in VEX's words."""
WAITING = ("Waivers to decide", "Waivers that end soon", "Suggested merges to review")


def every_text() -> set[Text]:
    """Return all texts that are marked."""
    templates = sorted((WEB / "templates").rglob("*.html"))
    return {
        *of_templates(templates),
        *of_code(sorted(path for room in (WEB, *ROOMS) for path in room.rglob("*.py"))),
        *of_tables(),
    } - {Text("", "")}


PAGES = ("base.html", "alone.html", "_*.html", "login.html", "locked.html", "issues/*.html", "issue/*.html", "today/*.html", "fixes/*.html",
         "access/_password.html", "account/_locale.html", "waivers/_of_issue.html")  # fmt: skip
"""Templates of the frame, the log-in, the lists and pages of issues and fixes, and Today: every language has all of their texts."""
MODULES = ("navigation.py", "locale.py", "frame.py", "fixes.py", "issues.py", "issue.py", "views.py", "triage.py", "today.py", "search.py",
           "evidence.py", "history.py", "merging.py", "templatetags/*.py")  # fmt: skip


def templates_of_pages() -> list[Path]:
    """Return the templates that every language has in full."""
    return sorted({path for one in PAGES for path in (WEB / "templates" / "web").glob(one)})


def texts_of_pages() -> set[Text]:
    """Return the texts that every language has to have."""
    modules = {path for one in MODULES for path in WEB.glob(one)}
    return {*of_templates(templates_of_pages()), *of_code(sorted(modules)), *of_tables()} - {Text("", "")}


_LINE = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d)\])?) (".*")|(".*")')


def read(path: Path) -> Catalogue:
    """Read a catalogue as `write` writes it, or as a translator's program does."""
    found: Catalogue = {}
    parts: dict[str, str] = {}
    at = ""
    for line in [*path.read_text("utf-8").splitlines(), ""]:
        match = _LINE.fullmatch(line.strip())
        if match is not None and match[1]:
            at = match[1]
            parts[at] = json.loads(match[3])
        elif match is not None:
            parts[at] += json.loads(match[4])
        elif not line.strip() and parts:
            said = tuple(parts[name] for name in ("msgstr", "msgstr[0]", "msgstr[1]") if name in parts)
            if parts["msgid"]:
                found[Text(parts.get("msgctxt", ""), parts["msgid"], parts.get("msgid_plural", ""))] = said
            parts = {}
    return found


def _header(language: str) -> str:
    return f"Language: {language}\nMIME-Version: 1.0\nContent-Type: text/plain; charset=UTF-8\nContent-Transfer-Encoding: 8bit\nPlural-Forms: {PLURAL}\n"


def write(path: Path, language: str, known: Catalogue) -> None:
    """Write a catalogue, in the order of its texts."""
    lines = ['msgid ""', 'msgstr ""', *(_quoted(f"{line}\n") for line in _header(language).splitlines()), ""]
    for text in sorted(known, key=lambda one: (one.singular.casefold(), one)):
        said = known[text]
        lines += [f"msgctxt {_quoted(text.context)}"] if text.context else []
        lines += [f"msgid {_quoted(text.singular)}"]
        if text.plural:
            lines += [
                f"msgid_plural {_quoted(text.plural)}",
                *(f"msgstr[{at}] {_quoted(one)}" for at, one in enumerate(said)),
            ]
        else:
            lines += [f"msgstr {_quoted(said[0])}"]
        lines += [""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines), "utf-8")


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def compiled(language: str, known: Catalogue) -> bytes:
    """Return a catalogue in the form that `gettext` reads: without what has no translation."""
    rows = {b"": _header(language).encode()}
    rows |= {text.key.encode(): "\0".join(said).encode() for text, said in known.items() if all(said)}
    keys = sorted(rows)
    start = 7 * 4 + 16 * len(keys)
    texts = b"".join(key + b"\0" for key in keys)
    places, at = [], start
    for key in keys:
        places.append((len(key), at))
        at += len(key) + 1
    values = []
    for key in keys:
        values.append((len(rows[key]), at))
        at += len(rows[key]) + 1
    table = [number for pair in (*places, *values) for number in pair]
    head = struct.pack("<7I", 0x950412DE, 0, len(keys), 28, 28 + 8 * len(keys), 0, start)
    return head + struct.pack(f"<{len(table)}I", *table) + texts + b"".join(rows[key] + b"\0" for key in keys)


def main() -> int:
    """Bring all catalogues up to date and say what lacks a translation."""
    texts, lacking = every_text(), 0
    for folder in sorted(path for path in LOCALE.iterdir() if path.is_dir()):
        path = folder / "LC_MESSAGES" / "django.po"
        before = read(path) if path.exists() else {}
        known = {text: before.get(text, ("", "") if text.plural else ("",)) for text in texts}
        write(path, folder.name, known)
        path.with_suffix(".mo").write_bytes(compiled(folder.name, known))
        empty = {text for text, said in known.items() if not all(said)}
        needed = empty & texts_of_pages()
        lacking += len(needed)
        sys.stdout.write(
            f"{folder.name}: {len(known)} texts, {len(empty)} without a translation, {len(needed)} of them needed\n"
        )
        sys.stdout.writelines(f"  {json.dumps(text, ensure_ascii=False)}\n" for text in sorted(needed))
    return 1 if lacking else 0


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "seamark.site.settings")
    import django

    django.setup()
    sys.exit(main())
