"""House rules that no linter knows."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from seamark.interfaces.cli.main import COMMANDS

from .tree import ROOT, SRC, imports, module_name, sources, texts

MOST_LINES = 450
OPEN_ENDS = re.compile(r"\b(TODO|FIXME|XXX)\b|raise NotImplementedError")
MAY_QUERY: dict[str, str] = {}
"""Files of the showing rooms that start a query of their own, each with the reason."""
REACHED_BY_NAME = {
    **{
        f"seamark.interfaces.cli.commands.{name}_": "the command line imports the command that is called"
        for name in COMMANDS
    },
    "seamark.interfaces.web.apps": "Django imports an application's configuration",
    "seamark.interfaces.web.urls": "the site's addresses include it by name",
    "seamark.interfaces.web.formats": "FORMAT_MODULE_PATH names it",
    "seamark.interfaces.web.formats.de": "FORMAT_MODULE_PATH names it",
    "seamark.interfaces.web.formats.de.formats": "FORMAT_MODULE_PATH names it",
    "seamark.interfaces.web.templatetags.navigation": "templates load it",
    "seamark.interfaces.web.templatetags.web": "templates load it",
    "seamark.site.settings": "DJANGO_SETTINGS_MODULE names it",
    "seamark.site.urls": "ROOT_URLCONF names it",
    "seamark.site.wsgi": "WSGI_APPLICATION names it, and servers do",
    "seamark.store.apps": "Django imports an application's configuration",
}


def test_files_are_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(SRC)): count
        for path in sources()
        if (count := len(path.read_text("utf-8").splitlines())) > MOST_LINES
    }
    assert not long


def test_nothing_is_left_open() -> None:
    found = [
        f"{path.relative_to(SRC)}:{number}: {line.strip()}"
        for path in sources()
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1)
        if OPEN_ENDS.search(line)
    ]
    assert not found


def managers(code: str) -> list[int]:
    """Return the lines on which a query starts at a model's manager."""
    return [
        node.lineno
        for node in ast.walk(ast.parse(code))
        if isinstance(node, ast.Attribute) and node.attr in {"objects", "_default_manager", "_base_manager"}
    ]


def test_rooms_that_show_start_their_reads_at_the_access_rules() -> None:
    showing = [
        path for path in sources() if module_name(path).startswith(("seamark.interfaces.", "seamark.insight.exports"))
    ]
    assert len(showing) > 30
    found = {str(path.relative_to(SRC)): lines for path in showing if (lines := managers(path.read_text("utf-8")))}
    assert set(found) == set(MAY_QUERY), found


def test_managers_are_seen() -> None:
    assert managers("rows = Issue.objects.all()\nother = visible_to(actor).issues()\n") == [1]
    assert managers("Issue._default_manager.get(pk=1)") == [1]


def test_every_module_is_reached_by_a_test() -> None:
    files = {module_name(path): path for path in sources()}
    packages = {name for name, path in files.items() if path.name == "__init__.py"}
    reached = {name for name in REACHED_BY_NAME if name in files}
    assert reached == set(REACHED_BY_NAME), "a reason for a module that is gone"
    for path in (ROOT / "tests").rglob("*.py"):
        reached |= imports(path) & set(files)
    # Registries import these, and tests/parsers, tests/discovery and tests/scanners take each of them.
    plugins = (
        "seamark.intake.parsers.formats.",
        "seamark.intake.discovery.extractors.",
        "seamark.intake.scanners.tools.",
    )
    reached |= {name for name in files if name.startswith(plugins)}
    waiting = list(reached)
    while waiting:
        name = waiting.pop()
        package = name if name in packages else name.rpartition(".")[0]
        parents = {name.rsplit(".", depth)[0] for depth in range(1, name.count(".") + 1)}
        fresh = ((imports(files[name], package) | parents) & set(files)) - reached
        reached |= fresh
        waiting += fresh
    missing = sorted(set(files) - reached)
    assert not missing


def test_reasons_are_needed() -> None:
    """A module that somebody imports needs no reason for being reached by name."""
    imported = set().union(*(imports(path, module_name(path).rpartition(".")[0]) for path in sources()))
    needless = {name for name in REACHED_BY_NAME if name in imported} - {
        "seamark.interfaces.cli.commands.issues_"
    }  # the demo prints issues as it does
    assert not needless


HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"), ("files", "pythonhosted", "org"), ("registry", "npmjs", "org"), ("registry", "yarnpkg", "com"), ("static", "crates", "io"),
        ("index", "crates", "io"), ("proxy", "golang", "org"), ("rubygems", "org"), ("repo", "maven", "apache", "org"), ("repo1", "maven", "org"),
        ("api", "nuget", "org"), ("repo", "packagist", "org"), ("pypi", "python", "org"), ("conda", "anaconda", "org"),
    )
)  # fmt: skip
MACHINE = re.compile("|".join(("/" + "work/(main|shared|[.])", "/" + "root/")))


def test_no_registry_and_no_machine_is_named() -> None:
    found = []
    for path, text in texts():
        found += [f"{path}: {host}" for host in HOSTS if host in text]
        found += [f"{path}: {match[0]}" for match in MACHINE.finditer(text)]
    assert not found


def test_locks_name_no_hosts() -> None:
    locks = [(path, text) for path, text in texts() if path.name.endswith((".lock", "package-lock.json"))]
    assert {Path("requirements/runtime.lock"), Path("requirements/dev.lock")} <= {path for path, _ in locks}
    addresses = re.compile(r"""(?:git\+)?https?://[^\s"']+|--(?:index|extra-index|find-links)[^\s]*""")
    # A package's own page for sponsors is no place that anything is fetched from.
    found = {str(path): sorted(set(addresses.findall(_fetched(text)))) for path, text in locks}
    assert not {path: hosts for path, hosts in found.items() if hosts}


def _fetched(text: str) -> str:
    return re.sub(r'"(?:url|funding|homepage)":\s*"[^"]*"', "", text)


def test_hashes_pin_what_is_installed() -> None:
    for name in ("runtime", "dev"):
        text = (ROOT / "requirements" / f"{name}.lock").read_text("utf-8")
        pins = re.findall(r"^([\w.-]+)(?:\[[^\]]*\])?==\S+", text, re.MULTILINE)
        assert len(pins) > 20
        assert text.count("--hash=sha256:") >= len(pins)
