"""What rules are about by their own words, and what profiles come of it."""

from __future__ import annotations

from importlib.resources import files

import pytest
import yaml

from seamark.analysis.correlation.evidence import Sighting, concern, likeness, profile
from seamark.analysis.correlation.matching import match
from seamark.analysis.correlation.weakness import specific, weaknesses
from seamark.analysis.correlation.words import by_words

BOOK = yaml.safe_load(files("seamark.analysis.correlation").joinpath("data/words.yaml").read_text(encoding="utf-8"))
TABLE = yaml.safe_load(files("seamark.analysis.correlation").joinpath("data/rules.yaml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("rule", "title", "family"),
    [
        ("sql-injection", "", "sql-injection"),
        ("SQL_INJECTION_JDBC", "", "sql-injection"),
        ("java/sqli", "", "sql-injection"),
        ("SQLInjection", "", "sql-injection"),
        ("R1", "Path Traversal", "path-traversal"),
        ("weak-crypto", "", "weak-cipher"),
        ("insecure-hash", "", "weak-hash"),
        ("PREDICTABLE_RANDOM", "", "weak-random"),
        ("trust-boundary", "", "trust-boundary"),
        ("R1", "LDAP queries should not be open to injection", "ldap-injection"),
        ("R1", "XPath expressions should not be open to injection", "xpath-injection"),
        ("R1", "Cookie without secure flag", "cookie-secure"),
        ("cookies-http-only", "", "cookie-script"),
        ("R1", "XML external entities are resolved", "xml-external-entities"),
        ("ssrf", "", "request-forgery-by-server"),
        ("R1", "Open redirect", "open-redirect"),
        ("unsafe-deserialization", "", "deserialization"),
        ("OS_CMD_INJECTION", "", "command-injection"),
        ("R1", 'use of "eval" is insecure', "code-injection"),
        ("Reflected_XSS_All_Clients", "", "cross-site-scripting"),
        ("R1", "Possible hard-coded password", "hard-coded-secret"),
        ("R1", "Absence of anti-CSRF tokens", "request-forgery-by-browser"),
        ("R1", "HTTP response splitting", "header-injection"),
        ("log-injection", "", "log-injection"),
        ("ReDoS", "", "pattern-denial-of-service"),
        ("R1", "Uncontrolled format string", "format-string"),
        ("NULL_POINTER", "", "null-dereference"),
        ("BufferOverflow", "", "buffer-overflow"),
        ("use-after-free", "", "use-after-free"),
        ("acme.audit.xss.no-direct-writer", "", "cross-site-scripting"),
        ("nosql-injection", "", "nosql-injection"),
        ("R1", "A variable is never used", ""),
        ("R1", "", ""),
    ],
)
def test_words_name_a_problem(rule, title, family):
    found = by_words(rule, title)
    assert (found.family if found else "") == family


def test_what_could_mean_two_things_means_nothing():
    assert by_words("R1", "SQL injection and cross-site scripting") is None
    assert by_words("sqli-or-xss", "SQL injection") is None, "an id in conflict with itself is not rescued by a title"


def test_what_comes_of_a_problem_is_not_the_problem():
    assert by_words("R1", "Avoid pickle, which leads to code execution").family == "deserialization"
    assert by_words("R1", "This may allow SQL injection").family == "sql-injection", "nothing stands before it"


def test_the_id_outweighs_the_title():
    assert by_words("weak-hash", "SQL injection").family == "weak-hash"


def test_a_rule_about_an_import_says_so():
    assert by_words("R1", "Consider implications associated with the subprocess module").role == "imports"
    assert by_words("suspicious-pickle-import").role == "imports"
    assert by_words("non-literal-import").role == "", "here the import is the problem"


def test_every_family_has_a_weakness_and_means_what_the_table_means():
    for family, entry in BOOK["families"].items():
        assert entry["cwe"] in weaknesses(), family
        if "cwe" in TABLE.get(family, {}):
            assert TABLE[family]["cwe"] == entry["cwe"], family


def test_no_phrase_stands_twice():
    seen = [phrase for entry in BOOK["families"].values() for phrase in entry["words"]]
    assert {phrase for phrase in seen if seen.count(phrase) > 1} == set()


def test_every_phrase_alone_is_of_its_family_or_of_a_more_special_one():
    order = list(BOOK["families"])
    for family, entry in BOOK["families"].items():
        for phrase in entry["words"]:
            if ".." in phrase:
                continue
            found = by_words("", phrase.replace("*", ""))
            assert found is not None, (family, phrase)
            assert order.index(found.family) <= order.index(family), (family, phrase, found.family)


def made(cwes=(), rule="r", title="", tool="acme", **more):
    return profile(tool, rule, cwes, **({"secret": False, "configuration": False} | more), title=title)


def test_the_order_of_trust_is_table_report_words():
    assert made((79,), "B608", "Cross-site scripting", tool="bandit").family == "sql-injection"
    assert made((79,), "sql-injection").cwes == (79,)
    assert made((79,), "sql-injection").family == "", "the report's weakness wins"
    assert made((20,), "sql-injection").cwes == (89,), "a weakness that says nothing is none"
    assert made((), "r", "SQL injection")[2:5] == ("sql-injection", "", (89,))


def test_words_choose_among_the_weaknesses_of_a_report():
    found = made((20, 326, 330, 338), "insecure-randomness")
    assert (found.family, found.cwes) == ("weak-random", (330, 338))


def test_in_configuration_words_say_nothing():
    assert made((), "public-sql-injection", configuration=True)[2:5] == ("", "", ())


def test_a_family_by_words_meets_the_table_and_a_bare_weakness():
    words, table, bare = (
        made((), "r", "SQL injection"),
        made((), "B608", tool="bandit"),
        made((564,), "x", tool="other"),
    )
    assert likeness(words, table)[0] == "rules of one family"
    assert likeness(words, bare)[0] == "near weaknesses"


def test_imports_concern_uses_by_family_or_by_weakness_where_the_table_does_not_tell():
    pickle, yaml_load = made((), "B403", tool="bandit"), made((), "B506", tool="bandit")
    assert not concern(pickle, yaml_load)
    assert concern(pickle, made((), "B301", tool="bandit"))
    assert concern(pickle, made((502,), "x"))


def test_titles_make_two_unknown_tools_meet():
    one = Sighting("one", "17", "a.js", 4, title="SQL injection")
    two = Sighting("two", "99", "a.js", 4, title="Query built from user input: SQL injection")
    assert match([one, two]).clusters == [[0, 1]]
    assert match([one, two._replace(title="Cross-site scripting")]).clusters == []
    assert match([one, two._replace(title="")]).clusters == []


def test_specific_weaknesses():
    assert specific((89, 20, 999_999, 79, 89)) == (79, 89)
