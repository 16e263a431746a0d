"""Which parser claims what: exactly one its own samples, none a foreign report or no report at all."""

from __future__ import annotations

import pytest

from seamark.core.errors import UnknownFormat, UnreadableReport
from seamark.intake.parsers.kit.probe import Probe
from seamark.intake.parsers.kit.read import open_bytes, recognise
from seamark.intake.parsers.kit.registry import parsers
from seamark.intake.parsers.kit.source import open_source

from .samples import Sample, all_samples


def test_sample_is_claimed_by_its_parser_alone(sample: Sample) -> None:
    probe = Probe(open_source(sample.path))
    claims = [parser.name for parser in parsers().values() if any(variant.looks(probe) for variant in parser.variants)]
    assert claims == [sample.format]


def test_foreign_sample_is_refused_by_every_other_format(sample: Sample) -> None:
    probe = Probe(open_source(sample.path))
    taken, sentences = [], []
    for name in parsers():
        if name == sample.format:
            continue
        try:
            recognise(probe, name)
        except UnknownFormat:
            raise
        except UnreadableReport as refusal:
            sentences.append(parsers()[name].title in str(refusal))
        else:
            taken.append(name)
    assert not taken
    assert all(sentences)


def test_every_format_has_a_sample() -> None:
    assert {sample.format for sample in all_samples()} == set(parsers())


NO_REPORTS = {
    "nothing": b"",
    "an empty object": b"{}",
    "blanks": b"  \n ",
    "text": b"Scan finished, nothing to report\n",
    "a table": b"a,b,c\n1,2,3\n",
    "an error body": b'{"error": "token expired", "status": 401}',
    "a web page": b"<!doctype html><html><body>502 Bad Gateway</body></html>",
    "cut JSON": b'{"runs": [{"tool"',
    "a number": b"42",
    "null": b"null",
    "nested nothing": b"[[]]",
    "a list of numbers": b"[1, 2]",
    "bytes": bytes(range(256)),
    "an image": b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR",
}


@pytest.mark.parametrize("what", NO_REPORTS)
def test_what_is_no_report_gets_a_sentence(what: str) -> None:
    with pytest.raises(UnreadableReport) as refusal:
        list(open_bytes(NO_REPORTS[what]).items())
    assert len(str(refusal.value)) > 15


@pytest.mark.parametrize("what", NO_REPORTS)
def test_what_is_no_report_is_refused_by_every_format(what: str) -> None:
    for name in parsers():
        if (what, name) == ("null", "gitleaks"):
            continue  # its own way to say that nothing was found: taken on trust where a person names the format
        with pytest.raises(UnreadableReport):
            list(open_bytes(NO_REPORTS[what], format=name).items())


def test_empty_list_needs_a_name() -> None:
    with pytest.raises(UnknownFormat, match="empty list"):
        open_bytes(b" [ ] ")


def test_unknown_name_is_refused() -> None:
    with pytest.raises(UnknownFormat, match="no format called 'nessos'"):
        open_bytes(b"[]", format="nessos")
