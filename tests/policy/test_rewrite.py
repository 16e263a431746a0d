"""Changing single values of a policy's YAML: the value is what was put there, and all the rest stays as it was."""

from __future__ import annotations

import difflib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from seamark.governance.policy.bundle import examine, starter
from seamark.governance.policy.document import read
from seamark.governance.policy.model import Source
from seamark.governance.policy.rewrite import NotOnePolicy, put
from seamark.interfaces.web import policy_form

TEXT = """\
# why we have it
apiVersion: seamark.dev/v1
kind: Policy
metadata: {name: a, owner: x}  # who
spec:
  description: abc  # in words
  # the condition
  match: >-
    issue.severity >= HIGH
    && issue.open
  stages:
    build: block
    # the last stop
    deploy: warn
  newOnly: true
  examples:
    - facts: {issue: {severity: high, open: true}}
      expect: violation
"""


def changed(path: tuple[str, ...], value: Any, text: str = TEXT) -> list[str]:
    """Return the lines that a change takes away and puts there."""
    lines = difflib.unified_diff(text.splitlines(), put(text, path, value).splitlines(), n=0, lineterm="")
    return [one for one in lines if one[0] in "+-" and not one.startswith(("+++", "---"))]


@pytest.mark.parametrize(
    ("path", "value", "lines"),
    [
        (("spec", "description"), "new: one", ["-  description: abc  # in words", '+  description: "new: one"  # in words']),
        (("spec", "description"), "abc", []),
        (("spec", "match"), "issue.kev", ["-  match: >-", "-    issue.severity >= HIGH", "-    && issue.open", "+  match: issue.kev"]),
        (("spec", "match"), "issue.kev\n&& issue.open", ["-    issue.severity >= HIGH", "+    issue.kev"]),
        (("spec", "match"), "issue.severity >= HIGH && issue.open", []),
        (("spec", "stages"), {"monitor": "log"}, ["-  stages:", "-    build: block", "-    # the last stop", "-    deploy: warn", "+  stages: {monitor: log}"]),
        (("spec", "mode"), "off", ['+  mode: "off"']),
        (("spec", "newOnly"), None, ["-  newOnly: true"]),
        (("spec", "newOnly"), True, []),
        (("metadata", "owner"), None, ["-metadata: {name: a, owner: x}  # who", "+metadata: {name: a}  # who"]),
        (("metadata", "name"), None, ["-metadata: {name: a, owner: x}  # who", "+metadata: {owner: x}  # who"]),
        (("metadata", "explanation"), "Because, it", ["-metadata: {name: a, owner: x}  # who", '+metadata: {explanation: "Because, it", name: a, owner: x}  # who']),
        (("spec", "grace"), None, []),
        (("nothing", "there"), None, []),
        (("nothing", "there"), "x", ["+nothing: {there: x}"]),
        (("spec", "schedule"), {"enforce": "2027-01-01"}, ['+  schedule: {enforce: "2027-01-01"}']),
    ],
)  # fmt: skip
def test_only_what_is_meant_changes(path: tuple[str, ...], value: Any, lines: list[str]) -> None:
    assert changed(path, value) == lines


@pytest.mark.parametrize("text", ["", "a", "- a", "a: [", "spec: x", "a: 1\n---\nb: 2\n"])
def test_what_is_no_policy_is_refused(text: str) -> None:
    with pytest.raises(NotOnePolicy):
        put(text, ("spec", "mode"), "log")


def test_a_long_text_goes_on_lines_of_its_own() -> None:
    long = " && ".join(f'issue.rule != "r{number}"' for number in range(20))
    found, mistakes = examine([Source("x", put(TEXT, ("spec", "match"), long))])
    assert mistakes == []
    assert found.policies[0].spec.match == long


WORDS = some.text(some.characters(blacklist_categories=("Cs", "Cc")), max_size=150).map(str.strip)


@settings(max_examples=200, deadline=None)
@given(
    some.sampled_from([one.name for one in starter()]),
    some.sampled_from(["description", "message"]),
    WORDS,
    some.data(),
)
def test_any_words_come_back_out_of_any_policy(file: str, key: str, value: str, data: Any) -> None:
    """Of every policy of the starter bundle, in the layouts in which people write."""
    (source,) = [one for one in starter() if one.name == file]
    one = data.draw(some.sampled_from(read(source)[0]))
    text = source.text[one.node.start_mark.index : one.node.end_mark.index]
    after = put(text, ("spec", key), value or None)
    told = policy_form.values(after)
    before = policy_form.values(text)
    assert told is not None
    assert before is not None
    assert " ".join(told[key].split()) == " ".join(value.split())
    assert {name: each for name, each in told.items() if name != key} == {
        name: each for name, each in before.items() if name != key
    }


@pytest.mark.parametrize("number", range(len(starter())))
def test_a_form_that_is_sent_untouched_changes_nothing(number: int) -> None:
    source = starter()[number]
    for one in read(source)[0]:
        text = source.text[one.node.start_mark.index : one.node.end_mark.index]
        told = policy_form.values(text)
        assert told is not None
        form = {name: value for name, value in told.items() if (name, value) != ("new_only", "false")}
        assert policy_form.applied(text, form) == text
