"""Files that configure AI coding agents: instructions, settings, and the MCP servers that they may start."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from seamark.core.assets import AssetKind, Found
from seamark.intake.discovery.agents.tools import ConfigFile, tools
from seamark.intake.discovery.registry import extractor
from seamark.intake.discovery.tree import Tree, folder_of, joined

ORIGIN: Final = "agents"
MOST_SERVERS: Final = 200
MOST_WORDS, LONGEST_WORD = 100, 500
"""Of a server's command."""
_COMMENT: Final = re.compile(r'("(?:[^"\\]++|\\.)*+"?)|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)
_COMMA: Final = re.compile(r'("(?:[^"\\]++|\\.)*+"?)|,(?=\s*[}\]])', re.DOTALL)
_REFERENCE: Final = re.compile(r"\$\{(?:env:|input:)?([A-Za-z_][\w-]{0,100})[^}]{0,100}\}")
_SECRET: Final = re.compile(r"(?i)(key|token|secret|passw|auth|credential|bearer)")
_LONG: Final = re.compile(r"[A-Za-z0-9_\-+/=.]{24,}")


@extractor(ORIGIN, title="Configuration of AI coding agents and MCP servers")
def extract(tree: Tree) -> Iterator[Found]:
    """Yield each configuration file with its servers, what they start or call, and whether agents act without asking."""
    for path in tree.files:
        yield from _found(tree, path)
    # Folders that the tree does not list, by the names that are known.
    for each in tools().files:
        if "/" in each.name and "*" not in each.name and not tree.has(each.name) and tree.data(each.name) is not None:
            yield from _found(tree, each.name)


def _found(tree: Tree, path: str) -> Iterator[Found]:
    file = _kind_of(path)
    if file is None or (file.beside and tree.data(joined(folder_of(path), file.beside)) is None):
        return
    facts: dict[str, Any] = {"config": file.kind, "tool": file.tool}
    if file.kind in {"servers", "settings"}:
        told = _read(tree, path)
        servers = list(_servers(told))[:MOST_SERVERS]
        approving = _approving(told)
        if (file.only == "servers" and not servers) or (file.only == "approving" and not approving and not servers):
            return
        # A server that asks for nothing is as telling as a setting.
        trusted = [server["name"] for server in servers if server.get("auto_approve")]
        facts |= {"servers": servers, "auto_approve": approving + [f"server {name}" for name in trusted]}
    elif file.kind == "instructions":
        facts["lines"] = (tree.text(path) or "").count("\n")
    yield Found(
        ref=tree.ref(AssetKind.AGENT_CONFIG, path),
        origin=ORIGIN,
        at=f"{path}:1",
        facts={name: value for name, value in facts.items() if value},
    )


def _kind_of(path: str) -> ConfigFile | None:
    name = path.rpartition("/")[2]
    for each in tools().files:
        if "/" in each.name:
            if fnmatchcase(path, each.name) or fnmatchcase(path, f"*/{each.name}"):
                return each
        elif each.name == name:
            return each
    return None


def _read(tree: Tree, path: str) -> dict[str, Any]:
    """Return what a JSON (with comments), TOML or YAML file says, nothing where it is broken, which is told as trouble."""
    if path.endswith((".yaml", ".yml")):
        documents = tree.documents(path)
        value: Any = documents[0].value if documents else {}
    else:
        text = tree.text(path) or ""
        try:
            if path.endswith(".toml"):
                value = tomllib.loads(text)
            else:
                bare = _COMMA.sub(lambda found: found[1] or "", _COMMENT.sub(lambda found: found[1] or " ", text))
                value = msgspec.json.decode(bare) if bare.strip() else {}
        except (tomllib.TOMLDecodeError, msgspec.DecodeError, RecursionError):
            tree.trouble(path, "is not valid JSON" if not path.endswith(".toml") else "is not valid TOML")
            return {}
    return value if isinstance(value, dict) else {}


def _servers(told: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for key in tools().server_keys:
        servers = told.get(key)
        if isinstance(servers, list):
            servers = {
                str(each.get("name", index)): each for index, each in enumerate(servers) if isinstance(each, dict)
            }
        for name, server in servers.items() if isinstance(servers, dict) else ():
            if isinstance(server, dict) and (plain := _server(str(name), server)):
                yield plain


def _server(name: str, told: dict[str, Any]) -> dict[str, Any]:
    """Return a server's facts without any value that may be a secret; nothing for what is no server."""
    command = told.get("command")
    if isinstance(command, dict):  # one editor nests path and arguments
        told, command = {**told, "args": command.get("args"), "env": command.get("env")}, command.get("path")
    words = (
        [str(word) for word in command] if isinstance(command, list) else [command] if isinstance(command, str) else []
    )
    words += [str(word) for word in told["args"]] if isinstance(told.get("args"), list) else []
    words = [word[:LONGEST_WORD] for word in words[:MOST_WORDS]]
    url = next((told[key] for key in ("url", "serverUrl", "httpUrl", "endpoint") if isinstance(told.get(key), str)), "")
    if not words and not url:
        return {}
    variables = [each for key in ("env", "environment") if isinstance(told.get(key), dict) for each in told[key]]
    headers = told.get("headers")
    asked = [*_REFERENCE.findall(" ".join(words)), *_REFERENCE.findall(url)]
    asked += (
        [found for value in headers.values() for found in _REFERENCE.findall(str(value))]
        if isinstance(headers, dict)
        else []
    )
    facts = {
        "name": name[:200], "transport": "http" if url else "stdio", "command": " ".join(_masked(words))[:1_000], "url": _address(url),
        "env": sorted({str(each)[:200] for each in [*variables, *asked]}), "headers": sorted(str(each) for each in headers) if isinstance(headers, dict) else [],
        "auto_approve": any(told.get(key) not in (None, False, [], {}, "", "prompt") for key in tools().server_approving),
        "disabled": told.get("disabled") is True or told.get("enabled") is False,
    }  # fmt: skip
    return {key: value for key, value in facts.items() if value}


def _masked(words: list[str]) -> list[str]:
    found, secret = [], False
    for word in words:
        flag, equals, value = word.partition("=")
        if secret and not word.startswith("-") and not _REFERENCE.search(word):
            found.append("***")
        elif equals and _SECRET.search(flag) and not _REFERENCE.search(value):
            found.append(f"{flag}=***")
        else:
            # A URL or a package keeps its name; what looks like a key does not.
            found.append(
                _address(word) if "://" in word else word if "/" in word or "@" in word else _LONG.sub(_hidden, word)
            )
        secret = word.startswith("-") and not equals and bool(_SECRET.search(word))
    return found


def _hidden(found: re.Match[str]) -> str:
    """Return a long word as it is where it has no digit, as names have none."""
    return "***" if any(char.isdigit() for char in found[0]) else found[0]


def _address(url: str) -> str:
    """Return an address without credentials and query."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    return f"{parts.scheme}://{host}{port}{parts.path}" if host else ""


def _approving(told: dict[str, Any]) -> list[str]:
    """Return the settings by which an agent acts without asking."""
    found = []
    for each in tools().approving:
        value = told.get(each.key, _inner(told, each.key))
        if (
            value in (None, False, "", [], {})
            if not each.values
            else not any(value is known or value == known for known in each.values)
        ):
            continue
        found.append(each.key)
    return found


def _inner(told: dict[str, Any], key: str) -> Any:
    value: Any = told
    for word in key.split("."):
        value = value.get(word) if isinstance(value, dict) else None
    return value
