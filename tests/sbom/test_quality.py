"""The score of an inventory, part by part, and what is an SPDX expression."""

from __future__ import annotations

from typing import Any

import pytest

from seamark.intake.parsers.kit.source import from_bytes
from seamark.intake.sbom.licences import identifier, is_expression
from seamark.intake.sbom.quality import GRADES, PARTS, Quality, quality
from seamark.intake.sbom.read import sbom_in

from .documents import FORMS, cyclonedx, encoded, library


def judged(document: Any) -> Quality:
    return quality(sbom_in(from_bytes(encoded(document), "x")))


def part(found: Quality, name: str) -> tuple[int, int, str]:
    return next((one.met, one.of, one.why) for one in found.parts if one.name == name)


def test_weights_add_up() -> None:
    assert sum(weight for _, weight, _ in PARTS) == 100
    assert GRADES[-1][0] == 0


def test_what_lacks_nothing_is_worth_all() -> None:
    found = judged(cyclonedx())
    assert (found.score, found.grade, [one.why for one in found.parts if one.why]) == (100, "A", [])


@pytest.mark.parametrize("form", FORMS)
def test_no_form_is_worth_less_than_another(form: str) -> None:
    found = judged(FORMS[form])
    # Syft's own form says neither when it was made nor by whom.
    assert found.score == (100 if form != "syft" else 91)


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("supplier", {"supplier": None}, (1, 2, "1 of 2 components name no supplier")),
        ("name", {"name": ""}, (1, 2, "1 of 2 components have no name")),
        ("version", {"version": "unknown"}, (1, 2, "1 of 2 components have no version")),
        ("unique identifier", {"purl": None}, (1, 2, "1 of 2 components have neither package URL, CPE, SWID tag nor another unique identifier")),
        ("valid package URL", {"purl": "pkg:npm"}, (1, 2, "1 of 2 components have no valid package URL; 1 are wrong")),
        ("valid package URL", {"purl": "pkg:npm/lodash@9.9"}, (1, 2, "1 of 2 components have no valid package URL; 1 are wrong")),
        ("valid package URL", {"purl": None}, (1, 2, "1 of 2 components have no valid package URL")),
        ("hash", {"hashes": [{"alg": "SHA-256", "content": "xyz"}]}, (1, 2, "1 of 2 components have no hash")),
        ("licence", {"licenses": [{"license": {"name": "My licence"}}]}, (1, 2, "1 of 2 components have no licence that is an SPDX expression")),
        ("reached from the root", {"bom-ref": "elsewhere"}, (1, 2, "1 of 2 components cannot be reached from the root")),
        ("dependency relationship", {"bom-ref": "elsewhere"}, (1, 2, "1 of 2 components stand in no relationship")),
        ("edges without loose ends", {"bom-ref": "elsewhere"}, (3, 4, "1 ends of edges name no component")),
        ("no duplicates", library("left-pad", "1.3.0"), (1, 2, "1 of 2 components are listed more than once")),
    ],
)  # fmt: skip
def test_each_part_counts_what_lacks(name: str, changes: dict[str, Any], expected: tuple[int, int, str]) -> None:
    spoiled = {key: value for key, value in {**library("lodash", "4.17.20"), **changes}.items() if value is not None}
    found = judged(cyclonedx(components=[library("left-pad", "1.3.0"), spoiled]))
    assert part(found, name) == expected
    assert found.score < 100


@pytest.mark.parametrize(
    ("metadata", "name", "expected"),
    [
        ({"timestamp": "yesterday"}, "timestamp", (0, 1, "'yesterday' is no time of RFC 3339")),
        ({"timestamp": "2026-13-41T00:00:00Z"}, "timestamp", (0, 1, "'2026-13-41T00:00:00Z' is no time of RFC 3339")),
        ({"timestamp": "2999-01-01T00:00:00Z"}, "timestamp", (0, 1, "the document says that it was made in the future")),
        ({}, "timestamp", (0, 1, "the document does not say when it was made")),
        ({"tools": [{"name": "x"}]}, "author of the data", (1, 2, "the document names the tool that made it, but nobody who answers for it")),
        ({}, "author of the data", (0, 1, "the document does not say who made it")),
        ({}, "reached from the root", (0, 1, "the document does not say what it is about, so nothing can be reached from it")),
    ],
)  # fmt: skip
def test_what_is_said_of_the_document(metadata: dict[str, Any], name: str, expected: tuple[int, int, str]) -> None:
    assert part(judged(cyclonedx(metadata=metadata)), name) == expected


def test_an_empty_document_is_worth_little() -> None:
    found = judged(cyclonedx(components=[], dependencies=[]))
    assert (found.score, found.grade) == (12, "F")
    assert part(found, "name") == (0, 1, "the document lists no components")
    # There are no edges: the question whether they have loose ends does not arise.
    assert part(found, "edges without loose ends") == (0, 0, "")


def test_files_are_not_asked_for_licences() -> None:
    found = judged(cyclonedx(components=[library("left-pad", "1.3.0"), {"type": "file", "name": "/etc/passwd"}]))
    assert part(found, "licence") == (1, 1, "")


@pytest.mark.parametrize(
    "text",
    ["MIT", "mit", "Apache-2.0 OR MIT", "(MIT AND (BSD-3-Clause OR GPL-2.0+))", "GPL-2.0-only WITH Classpath-exception-2.0", "LicenseRef-own",
     "DocumentRef-x:LicenseRef-y", "GPL-2.0"],
)  # fmt: skip
def test_expressions(text: str) -> None:
    assert is_expression(text)


@pytest.mark.parametrize(
    "text",
    ["", "NOASSERTION", "NONE", "BSD License", "MIT OR", "OR MIT", "(MIT", "MIT)", "()", "MIT MIT", "MIT/Apache-2.0", "MIT WITH", "MIT WITH MIT",
     "(" * 2000 + "MIT", "MIT " * 2000, "Apache 2.0"],
)  # fmt: skip
def test_no_expressions(text: str) -> None:
    assert not is_expression(text)


def test_identifiers_are_written_as_on_the_list() -> None:
    assert (identifier("apache-2.0"), identifier("Apache 2")) == ("Apache-2.0", "")
