"""What an FVDL says outside of its vulnerabilities: rules, texts, snippets, shared nodes, and the audit beside it."""

from __future__ import annotations

import copy
import html
import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from seamark.intake.parsers.kit import Rule, Suppression, Xml, cwe_ids, references
from seamark.intake.parsers.kit.shapes import local_name

_PARTS = (
    "Description", "Snippet", "RuleInfo", "UnifiedNodePool", "ContextPool", "EngineVersion", "SourceBasePath",
    "SourceFiles", "CreatedTS", "Errors",
)  # fmt: skip
_TAG = re.compile(r"<[^<>]{0,500}>")
_REPLACE = re.compile(r"""<Replace\s+key="([^"]{1,200})"[^<>]{0,300}/?>""")
_MOST_SNIPPET = 4_000
_ANALYSIS = "87f2364f-dcd4-49e6-861d-f8d3f351686b"
"""The tag that holds the auditor's verdict in every installation."""


class Knowledge:
    """Collected in a first pass, because all of it follows the vulnerabilities in the file."""

    def __init__(self, document: Xml) -> None:
        self.version = ""
        self.base = ""
        self.started = ""
        self.files: list[str] = []
        self.errors: list[str] = []
        self.nodes: dict[str, etree._Element] = {}
        self.contexts: dict[str, str] = {}
        self.snippets: dict[str, tuple[int | None, str]] = {}
        self.groups: dict[str, dict[str, str]] = {}
        self._texts: dict[str, dict[str, str]] = {}
        self._rules: dict[tuple[str, str], Rule] = {}
        for element in document.each(*_PARTS):
            getattr(self, f"_read_{local_name(element).lower()}")(element)

    def rule(self, identifier: str, category: str, kingdom: str) -> Rule:
        """Return the rule with its texts; those name the place only in general words."""
        key = (identifier, category)
        if key not in self._rules:
            texts = self._texts.get(identifier, {})
            said = [plain(_REPLACE.sub("…", texts.get(name, ""))) for name in ("Abstract", "Explanation")]
            remedy = plain(_REPLACE.sub("…", texts.get("Recommendations", "")))
            self._rules[key] = Rule(
                id=identifier,
                title=category,
                description="\n\n".join(part for part in said if part),
                remedy=remedy,
                cwes=cwe_ids(self.groups.get(identifier, {}).get("altcategoryCWE")),
                tags=(kingdom,) if kingdom else (),
                references=references(texts.get("References")),
            )
        return self._rules[key]

    def abstract(self, identifier: str, words: dict[str, str]) -> str:
        """Return what is said of one finding: the rule's summary with the names of this place filled in."""
        template = self._texts.get(identifier, {}).get("Abstract", "")
        if "<Replace" not in template or not words:
            return ""
        return plain(_REPLACE.sub(lambda found: html.escape(words.get(found[1], "")), template))

    def _read_description(self, element: etree._Element) -> None:
        identifier = element.get("classID")
        if identifier:
            self._texts[identifier] = {local_name(child): child.text or "" for child in element if child.text}
            links = [node.text or "" for node in element.iter("{*}Source") if node.text]
            self._texts[identifier]["References"] = "\n".join(links)

    def _read_snippet(self, element: etree._Element) -> None:
        identifier = element.get("id")
        if identifier:
            start = element.findtext("{*}StartLine") or ""
            line = int(start) if start.isdecimal() and len(start) < 10 else None
            self.snippets[identifier] = (line, (element.findtext("{*}Text") or "").rstrip("\n")[:_MOST_SNIPPET])

    def _read_ruleinfo(self, element: etree._Element) -> None:
        for rule in element.iterfind("{*}Rule"):
            groups = rule.iterfind("{*}MetaInfo/{*}Group")
            self.groups[rule.get("id") or ""] = {group.get("name") or "": group.text or "" for group in groups}

    def _read_unifiednodepool(self, element: etree._Element) -> None:
        for node in element.iterfind("{*}Node"):
            self.nodes[node.get("id") or ""] = _copied(node)

    def _read_contextpool(self, element: etree._Element) -> None:
        for context in element.iterfind("{*}Context"):
            self.contexts[context.get("id") or ""] = function_name(context.find("{*}Function"))

    def _read_engineversion(self, element: etree._Element) -> None:
        self.version = self.version or (element.text or "").strip()

    def _read_sourcebasepath(self, element: etree._Element) -> None:
        self.base = (element.text or "").strip()

    def _read_sourcefiles(self, element: etree._Element) -> None:
        self.files.extend(name.text for name in element.iterfind("{*}File/{*}Name") if name.text)

    def _read_createdts(self, element: etree._Element) -> None:
        self.started = self.started or f"{element.get('date', '')}T{element.get('time', '')}"

    def _read_errors(self, element: etree._Element) -> None:
        self.errors.extend(
            " ".join("".join(map(str, error.itertext())).split()) for error in element.iterfind("{*}Error")
        )


def _copied(node: etree._Element) -> etree._Element:
    """Return a node that outlives the pass: the reader empties what it has handed out."""
    copied = etree.Element(str(node.tag))
    if label := node.get("label"):
        copied.set("label", label)
    for child in node:
        if local_name(child) in {"SourceLocation", "Action"}:
            copied.append(copy.deepcopy(child))
    return copied


def function_name(function: etree._Element | None) -> str:
    """Return namespace, class and name of a function, joined by dots."""
    if function is None:
        return ""
    parts = (function.get("namespace"), function.get("enclosingClass"), function.get("name"))
    return ".".join(part for part in parts if part)


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """Return the text of Fortify's own mark-up, which is HTML inside of XML."""
    return html.unescape(_TAG.sub("", text)).strip()


class Verdict:
    """What people decided of one issue."""

    def __init__(self, suppressed: bool, analysis: str, comments: tuple[str, ...]) -> None:
        self.suppressed = suppressed
        self.analysis = analysis
        self.comments = comments

    @property
    def suppression(self) -> Suppression | None:
        """The decision against the issue, where there is one."""
        if not self.suppressed and self.analysis.lower() != "not an issue":
            return None
        said = "\n".join((*([self.analysis] if self.analysis else []), *self.comments))
        return Suppression(origin="tool", justification=said)


def verdicts(audit: Xml) -> Iterator[tuple[str, Verdict]]:
    """Yield the verdicts of an `audit.xml` by the issue's instance id."""
    for issue in audit.each("Issue"):
        tags = {tag.get("id"): tag.findtext("{*}Value") or "" for tag in issue.iterfind("{*}Tag")}
        comments = (comment.text or "" for comment in issue.iterfind("{*}ThreadedComments/{*}Comment/{*}Content"))
        yield (
            issue.get("instanceId") or "",
            Verdict(
                issue.get("suppressed") == "true", tags.get(_ANALYSIS, ""), tuple(text for text in comments if text)
            ),
        )
