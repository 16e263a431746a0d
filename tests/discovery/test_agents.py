"""Agents' configuration files, and the commits and lines that are known to be theirs.

The names of tools come from `tools.yaml` where a test does not need one in particular.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seamark.core.assets import AssetKind
from seamark.intake.discovery.agents.tools import message_says, tool_of, tools
from seamark.intake.discovery.agents.traces import Trace, read_note, read_traces
from seamark.intake.discovery.agents.written import AiCode, Verdict, find_ai_code
from seamark.intake.discovery.extractors.agents import extract
from seamark.intake.discovery.tree import Tree
from tests.discovery.owners.repository import Repository, numbered

AGENT = "Claude <noreply@anthropic.com>"


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


def asked(repository: Repository) -> AiCode:
    found = find_ai_code(repository.root)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("name", "email", "tool"),
    [
        ("Claude", "noreply@anthropic.com", "Claude"),
        ("Claude Sonnet 4.6 (1M context)", "x@y.example", "Claude"),
        ("copilot-swe-agent[bot]", "198982749+Copilot@users.noreply.github.com", "Copilot"),
        ("Copilot", "175728472+Copilot@users.noreply.github.com", "Copilot"),
        ("Cursor Agent", "cursoragent@cursor.com", "Cursor"),
        ("aider (gpt-4o)", "noreply@aider.chat", "Aider"),
        ("Ada (aider)", "ada@acme.example", "Aider"),
        ("gemini-code-assist[bot]", "x@users.noreply.github.com", "Gemini"),
        ("google-labs-jules[bot]", "x@users.noreply.github.com", "Jules"),
        ("devin-ai-integration[bot]", "x@users.noreply.github.com", "Devin"),
        ("Codex", "codex@openai.com", "Codex"),
        ("Claude Monet", "claude@monet.example", ""),
        ("Jules Verne", "jules@verne.example", ""),
        ("Claude", "claude@acme.example", ""),
        ("Devin", "devin@acme.example", ""),
        ("Jules", "jules@acme.example", ""),
        ("Devin Townsend", "devin@acme.example", ""),
        ("Ada", "ada@cursors.example", ""),
        ("Gemini Ganesan", "g@acme.example", ""),
        ("Amp Ere", "amp@acme.example", ""),
    ],
)
def test_tools_as_authors(name: str, email: str, tool: str) -> None:
    assert tool_of(name, email) == tool


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (f"x\n\nCo-Authored-By: {AGENT}", "names Claude as co-author"),
        (f"x\n\nbody\n\nSigned-off-by: A <a@b.example>\nCo-authored-by: {AGENT}\r\n", "names Claude as co-author"),
        ("x\n\nGenerated-by: some model 1.0\n", "has the trailer Generated-by: some model 1.0"),
        ("x\n\nAI-Assisted: yes", "has the trailer AI-Assisted: yes"),
        (
            "x\n\n\U0001f916 Generated with [Claude Code](https://x.example)\n\nSigned-off-by: a",
            "says that it was made with Claude",
        ),
        ("x\n\nAI-assisted: no", ""),
        ("x\n\nAssisted-by: Ada <a@b.example>", ""),
        ("x\n\nGenerated-by: prose further up\n\nThe end.", ""),
        ("x\n\nCo-authored-by: Ada <ada@acme.example>", ""),
        ("Fix the cursor and the gemini telescope", ""),
        ("", ""),
    ],
)
def test_messages(message: str, why: str) -> None:
    assert message_says(message) == why


@given(st.text(max_size=300))
def test_messages_of_any_sort(message: str) -> None:
    message_says(message)
    read_note(message, "refs/notes/ai")


def test_lines_still_standing(repository: Repository) -> None:
    repository.write("a.py", numbered(1, 10))
    repository.commit()
    repository.write("a.py", numbered(1, 4) + "agent 1\nagent 2\n" + numbered(5, 10))
    theirs = repository.commit(message=f"x\n\nCo-authored-by: {AGENT}")
    repository.write("a.py", "new\n" + numbered(1, 4) + "agent 1\nmended\n" + numbered(5, 10))
    repository.commit()
    repository.git("mv", "a.py", "b.py")
    repository.commit()
    found = asked(repository)
    assert found.commits == {theirs: "the commit names Claude as co-author"}
    assert found.files == ["b.py"]
    assert [line for line in range(1, 14) if found.at("b.py", line).ai] == [6]
    assert found.at("b.py", 6) == Verdict(True, theirs, "the commit names Claude as co-author")
    assert [(first, last) for first, last, _ in found.ranges("b.py")] == [(6, 6)]
    assert found.at("a.py", 6) == found.at("b.py", 99) == found.at("../x", 1) == Verdict(False)


def test_authors_that_are_agents(repository: Repository) -> None:
    repository.write("a.py", numbered(1, 3))
    commit = repository.commit(AGENT)
    found = asked(repository)
    assert found.at("a.py", 2) == Verdict(True, commit, "the author is Claude")
    assert [(first, last) for first, last, _ in found.ranges("a.py")] == [(1, 3)]


def test_notes(repository: Repository) -> None:
    repository.write("a.py", numbered(1, 10))
    logged = repository.commit()
    repository.git(
        "notes", "--ref=ai", "add", "-m", 'a.py\n  abc123 2-3,5\n---\n{"schema_version": "authorship/3.0.0"}', logged
    )
    repository.write("b.py", numbered(1, 3))
    whole = repository.commit()
    repository.git("notes", "--ref=ai-review", "add", "-m", "made by an agent", whole)
    repository.write("c.py", numbered(1, 3))
    repository.git("notes", "--ref=build", "add", "-m", "passed", repository.commit())
    found = asked(repository)
    assert [line for line in range(1, 11) if found.at("a.py", line).ai] == [2, 3, 5]
    assert found.at("a.py", 2).why == "a note in ai says so"
    assert found.at("b.py", 1) == Verdict(True, whole, "a note in ai-review says so")
    assert not found.at("c.py", 1).ai


def test_note_forms() -> None:
    assert read_note("a b.py\n  s1 1-2\n  s2 9\n---\n{}", "refs/notes/ai") == [
        Trace("a note in ai says so", "a b.py", ((1, 2),)), Trace("a note in ai says so", "a b.py", ((9, 9),)),
    ]  # fmt: skip
    assert read_note("---\n{}", "refs/notes/ai") == read_note("", "refs/notes/ai") == []
    assert read_note("x", "refs/notes/ai") == [Trace("a note in ai says so")]


def record(commit: str, **changed: object) -> dict[str, object]:
    conversation = {"contributor": {"type": "ai", "model_id": "m"}, "ranges": [{"start_line": 2, "end_line": 3}, {"start_line": 5, "end_line": 5, "contributor": {"type": "human"}}]}  # fmt: skip
    return {
        "version": "0.1.0", "id": "x", "timestamp": "2026-01-01T00:00:00Z", "vcs": {"type": "git", "revision": commit}, "tool": {"name": "acme"},
        "files": [{"path": "a.py", "conversations": [conversation]}], **changed,
    }  # fmt: skip


def test_agent_traces_follow_their_lines(repository: Repository) -> None:
    repository.write("a.py", numbered(1, 10))
    commit = repository.commit()
    repository.write("a.py", "new\n" + numbered(1, 10))
    rows = [record(commit), record("0" * 40), record(commit, vcs=None), record("--output=x"), {"version": 1}, [1], 7]
    repository.write(".agent-trace/traces.jsonl", "\n".join(map(json.dumps, rows)) + "\n{broken\n\n")
    repository.commit()
    found = asked(repository)
    assert [line for line in range(1, 12) if found.at("a.py", line).ai] == [3, 4]
    assert found.at("a.py", 3) == Verdict(True, commit, "an agent-trace record of acme says so")


def test_all_ranges_of_a_repository(repository: Repository) -> None:
    repository.write("a.py", numbered(1, 6))
    plain = repository.commit()
    repository.write("b.py", numbered(1, 3))
    repository.write("gone.py", numbered(1, 3))
    theirs = repository.commit(AGENT)
    (repository.root / "gone.py").unlink()
    repository.write("agent-trace.json", json.dumps(record(plain)))
    repository.commit()
    found = asked(repository)
    assert found.head == repository.git("rev-parse", "HEAD")
    assert found.files == ["a.py", "b.py", "gone.py"]
    assert [(path, first, last, verdict.commit) for path, first, last, verdict in found.all_ranges()] == [
        ("a.py", 2, 3, plain), ("b.py", 1, 3, theirs),
    ]  # fmt: skip
    assert list(found.all_ranges(seconds=-1)) == []


def test_odd_traces(tmp_path: Path) -> None:
    wide = record(
        "0" * 40,
        files=[
            {
                "path": "a",
                "conversations": [{"contributor": {"type": "ai"}, "ranges": [{"start_line": 1, "end_line": 10**12}]}],
            }
        ],
    )
    (tmp_path / "agent-trace.json").write_text(json.dumps([wide, record("0" * 40)]))
    assert [trace.ranges for _, trace in read_traces(tmp_path)] == [((2, 3),)]
    assert find_ai_code(tmp_path) is None


def test_programs_that_the_repository_names_do_not_run(repository: Repository, tmp_path: Path) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f'#!/bin/sh\ntouch {tmp_path}/sprung\ncat "$1"\n')
    trap.chmod(0o755)
    repository.write(".gitattributes", "* diff=trap filter=trap\n")
    repository.write("a.py", numbered(1, 3))
    repository.commit(AGENT)
    for setting in (
        "diff.trap.textconv",
        "filter.trap.clean",
        "filter.trap.smudge",
        "core.fsmonitor",
        "core.pager",
        "gpg.program",
    ):
        repository.git("config", setting, str(trap))
    repository.git("config", "log.showSignature", "true")
    repository.write("a.py", numbered(1, 4))
    assert asked(repository).at("a.py", 2).ai
    assert not (tmp_path / "sprung").exists()


def configured(tmp_path: Path, files: dict[str, str]) -> dict[str, dict[str, object]]:
    for path, text in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    found = list(extract(Tree(tmp_path, "shop")))
    assert all(each.ref.kind is AssetKind.AGENT_CONFIG and each.origin == "agents" for each in found)
    return {each.ref.key.removeprefix("shop//"): each.facts for each in found}


def test_servers(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        {
            ".mcp.json": json.dumps(
                {
                    "mcpServers": {
                        "local": {"command": "npx", "args": ["-y", "@acme/mcp@1.2", "--token", "s3cret", "--api-key=s3cret", "Zk3".ljust(40, "x")], "env": {"ACME_TOKEN": "s3cret"}, "alwaysAllow": ["read"]},
                        "far": {"type": "http", "url": "https://u:p@mcp.example:8443/x?key=s3cret", "headers": {"Authorization": "Bearer ${env:FAR_TOKEN}"}},
                        "odd": 7, "empty": {},
                    }
                }
            ),
            ".vscode/mcp.json": '{\n // why\n "servers": {"a": {"command": "run", "args": ["//x", "${input:KEY}"],},}, /* end */\n}',
            ".codex/config.toml": 'approval_policy = "never"\n[mcp_servers.b]\ncommand = "b"\n',
            "opencode.json": '{"mcp": {"c": {"type": "local", "command": ["bun", "x"], "environment": {"E": "1"}, "enabled": false}}}',
            "web/mcp.json": '{"unrelated": true}',
        },
    )  # fmt: skip
    assert "s3cret" not in json.dumps(found)
    assert found[".mcp.json"]["servers"] == [
        {"name": "local", "transport": "stdio", "command": "npx -y @acme/mcp@1.2 --token *** --api-key=*** ***", "env": ["ACME_TOKEN"], "auto_approve": True},
        {"name": "far", "transport": "http", "url": "https://mcp.example:8443/x", "env": ["FAR_TOKEN"], "headers": ["Authorization"]},
    ]  # fmt: skip
    assert found[".mcp.json"]["auto_approve"] == ["server local"]
    assert found[".vscode/mcp.json"]["servers"] == [
        {"name": "a", "transport": "stdio", "command": "run //x ${input:KEY}", "env": ["KEY"]}
    ]
    assert (found[".codex/config.toml"]["auto_approve"], found[".codex/config.toml"]["tool"]) == (
        ["approval_policy"],
        "Codex",
    )
    assert found["opencode.json"]["servers"] == [
        {"name": "c", "transport": "stdio", "command": "bun x", "env": ["E"], "disabled": True}
    ]
    assert "web/mcp.json" not in found


def test_instructions_and_settings(tmp_path: Path) -> None:
    found = configured(
        tmp_path,
        {
            "AGENTS.md": "one\ntwo\n",
            "pkg/CLAUDE.md": "x\n",
            ".cursor/rules/style.mdc": "x\n",
            ".github/copilot-instructions.md": "x\n",
            ".claude/settings.json": '{"permissions": {"defaultMode": "bypassPermissions", "allow": ["Bash(*)"]}}',
            ".gemini/settings.json": '{"mcpServers": {"s": {"command": "s", "trust": true}}, "autoAccept": true}',
            ".vscode/settings.json": '{"editor.fontSize": 12}',
            "a/.vscode/settings.json": '{"chat.tools.autoApprove": true}',
            ".aider.conf.yml": "yes-always: true\n",
            "CONVENTIONS.md": "x\n",
            "docs/CONVENTIONS.md": "x\n",
            "src/agents.md": "x\n",
            ".aiexclude": "secret/\n",
        },
    )
    assert set(found) == {
        "AGENTS.md", "pkg/CLAUDE.md", ".cursor/rules/style.mdc", ".github/copilot-instructions.md", ".claude/settings.json", ".gemini/settings.json",
        "a/.vscode/settings.json", ".aider.conf.yml", "CONVENTIONS.md", ".aiexclude",
    }  # fmt: skip
    assert found["AGENTS.md"] == {"config": "instructions", "lines": 2}
    assert found[".claude/settings.json"]["auto_approve"] == ["permissions.defaultMode", "permissions.allow"]
    assert found[".gemini/settings.json"]["auto_approve"] == ["autoAccept", "server s"]
    assert found["a/.vscode/settings.json"]["auto_approve"] == ["chat.tools.autoApprove"]
    assert found[".aider.conf.yml"]["auto_approve"] == ["yes-always"]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"mcpServers": 7}', '{"mcpServers": [1, {"name": {}}]}', '{"servers": {"a": {"command": {"path": 1}, "args": {}, "url": "http://[", "env": [1], "headers": 3}}}', "[" * 9000, "\0", '"' * 9001, "/*" * 9000])  # fmt: skip
def test_spoiled_files_break_nothing(tmp_path: Path, text: str) -> None:
    configured(
        tmp_path,
        dict.fromkeys(
            [".mcp.json", ".claude/settings.json", ".codex/config.toml", ".aider.conf.yml", "opencode.jsonc"], text
        ),
    )


def test_hostile_files_are_read_in_linear_time(tmp_path: Path) -> None:
    begun = time.process_time()
    word = json.dumps({"mcpServers": {"a": {"command": "x" * 300_000, "args": ["y" * 300_000] * 20}}})
    texts = ["/*" * 300_000, '"' + '\\"' * 300_000, '{"a": [' + ",  " * 200_000, word]
    for text in texts:
        configured(tmp_path, {".mcp.json": text})
    assert time.process_time() - begun < 10


def test_the_list_of_tools_is_sound() -> None:
    known = tools()
    assert len({each.name for each in known.files}) == len(known.files)
    assert {each.kind for each in known.files} == {"instructions", "servers", "settings", "ignore"}
    assert all(
        tool_of(name, "someone@acme.example") == "" for name in ("Ada Buoy", "Jean-Claude", "Claudette", "Agent Smith")
    )
