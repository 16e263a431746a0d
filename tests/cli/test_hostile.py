"""Every command, with arguments that nobody means well with: a sentence and an exit code, never a traceback."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from seamark.interfaces.cli import server
from seamark.interfaces.cli.main import COMMANDS, main
from seamark.store.models import Application, User

from .conftest import Command

HOSTILE = {
    "nothing": "",
    "a blank": " ",
    "a dash": "-",
    "two dashes": "--",
    "an option": "--nonsense=1",
    "SQL": "'; DROP TABLE store_issue; --",
    "a template": "%s%n{0}{{7*7}}$(id)`id`",
    "a path": "../../../../etc/shadow",
    "a directory": ".",
    "a device": "/dev/full",
    "a long word": "A" * 100_000,
    "many signs": "🦭" * 300,
    "a broken name": "caf\udce9",
    "an escape": "\x1b[31m\x1b]0;title\x07",
    "lines": "a\nb\r\nc\u2028d",
    "the other direction": "\u202egnp.exe",
    "a big number": "9" * 400,
    "a negative number": "-1",
    "a float": "1e999",
    "an Arabic number": "١٢٣",
    "a superscript": "²",
    "a quotation mark": '"',
    "a query": 'state:any severity:high,,, -tool:"x" sort:-nothing age:>99999999999999d',
    "brackets": "[" * 3000,
    "an e-mail": "mia@example.com",
}  # fmt: skip


def commands() -> Iterator[list[str]]:
    """Yield the words of every command, those inside groups among them."""
    context = click.Context(main)
    for name in main.list_commands(context):
        found = main.get_command(context, name)
        if isinstance(found, click.Group):
            yield from ([name, inner] for inner in found.list_commands(click.Context(found)))
        else:
            yield [name]


def options(words: list[str]) -> list[click.Parameter]:
    found: click.Command | None = main
    for word in words:
        assert isinstance(found, click.Group)
        found = found.get_command(click.Context(found), word)
    assert found is not None
    return found.params


@pytest.fixture(autouse=True)
def nothing_runs_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers and workers end at once."""
    from seamark.interfaces.cli.commands import serve_
    from seamark.pipeline import worker

    monkeypatch.setattr(server, "serve", lambda *_, **__: None)
    monkeypatch.setattr(serve_, "serve", lambda *_, **__: None)
    monkeypatch.setattr(worker.Worker, "run", lambda _: None)


def test_all_commands_are_walked() -> None:
    walked = list(commands())
    assert {words[0] for words in walked} == set(COMMANDS)
    assert ["user", "token"] in walked
    assert ["intel", "import"] in walked


def is_answer(code: int, out: str, err: str) -> bool:
    """Tell whether this is how a command may end."""
    spoken = out + err
    fair = code in {0, 1, 2, 3} and bool(code == 0 or err.strip())
    return fair and "Traceback" not in spoken and "mistake in Seamark" not in spoken and "\x1b" not in spoken


@pytest.mark.django_db
@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words in commands()])
def test_hostile_arguments(words: list[str], seamark: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    failures = []
    parameters = options(words)
    needed = [
        part for one in parameters if isinstance(one, click.Option) and one.required for part in (one.opts[0], "shop")
    ]
    places = [words + needed]
    places += [
        [
            *words,
            *needed,
            *(["x"] if any(isinstance(other, click.Argument) for other in parameters) else []),
            one.opts[0],
        ]
        for one in parameters
        if isinstance(one, click.Option) and not one.is_flag
    ]
    for place in places:
        for what, value in HOSTILE.items():
            code, out, err = seamark(*place, value)
            if not is_answer(code, out, err):
                failures.append((place, what, code, err[-300:]))
    assert not failures
    assert User.objects.count() <= 20
    assert not Application.objects.filter(name__contains="\x1b").exists()


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words in commands()])
def test_wrong_words_give_the_usage(words: list[str], seamark: Command) -> None:
    result = seamark(*words, "--no-such-option")
    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"Usage: seamark {' '.join(words)}")
    assert "No such option" in result.err


@pytest.mark.parametrize("words", [pytest.param(words, id=" ".join(words)) for words in commands()])
def test_help(words: list[str], seamark: Command) -> None:
    result = seamark(*words, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: seamark {' '.join(words)}")
    unexplained = [one.name for one in options(words) if isinstance(one, click.Option) and not one.help]
    assert not unexplained


@pytest.mark.parametrize(
    "words", [["read"], ["import"], ["import", "x.json"], ["show"], ["user", "add"], ["user"], ["completion"], []]
)
def test_missing_words_give_the_usage(words: list[str], seamark: Command) -> None:
    result = seamark(*words)
    assert (result.code, result.out) == (2, "")
    assert re.match(r"Usage: seamark", result.err)


def test_misspelt_command(seamark: Command) -> None:
    result = seamark("isues")
    assert result.code == 2
    assert "No such command 'isues'. Did you mean 'issues'?" in result.err
