"""All settings that an operator can make, in one table: the docs and the start-up check come from it."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import platformdirs

from seamark.core.errors import InvalidSetting


class Option(NamedTuple):
    """One setting. It is read from the environment variable `name`, or from the file that `name`_FILE names."""

    name: str
    type: type
    default: Any
    sentence: str
    secret: bool = False


OPTIONS: tuple[Option, ...] = (
    Option(
        "SEAMARK_HOME",
        Path,
        None,
        "Directory for the embedded database and generated keys; by default the platform's user data directory.",
    ),
    Option(
        "SEAMARK_DATABASE_URL",
        str,
        "",
        "`postgresql://user:password@host/name` or `sqlite:///path`; by default a SQLite file in SEAMARK_HOME.",
        secret=True,
    ),
    Option(
        "SEAMARK_SECRET_KEY",
        str,
        "",
        "Key for sessions and for the digests of secrets; by default generated once and kept in SEAMARK_HOME.",
        secret=True,
    ),
    Option(
        "SEAMARK_ALLOWED_HOSTS",
        list,
        ["127.0.0.1", "localhost", "[::1]"],
        "Host names under which the server may be reached, separated by commas.",
    ),
    Option(
        "SEAMARK_PUBLIC_URL",
        str,
        "",
        "The address that people use, such as `https://seamark.example`; turns on secure cookies where it is https.",
    ),
    Option(
        "SEAMARK_TRUSTED_PROXIES",
        int,
        0,
        "How many proxies in front of the server add to X-Forwarded-For; 0 where clients connect directly.",
    ),
    Option("SEAMARK_UPLOAD_LIMIT", int, 2048, "Largest report that may be uploaded, in megabytes."),
    Option(
        "SEAMARK_MAPPINGS",
        Path,
        None,
        "Folder of mapping files (`*.yaml`), each of which is a format of its own; read once, at the start.",
    ),
    Option(
        "SEAMARK_FEED_MIRROR",
        str,
        "",
        "Address of a folder with the files of the feeds, for `seamark intel update`; by default each publisher's own.",
    ),
    Option("SEAMARK_DEBUG", bool, False, "Django's debug pages. Never in production."),
)

_TRUE, _FALSE = {"1", "true", "yes", "on"}, {"0", "false", "no", "off", ""}


def read_options(environment: Mapping[str, str]) -> dict[str, Any]:
    """Return the value of every option. Raises `InvalidSetting`, naming what is allowed."""
    values = {option.name: _read(option, environment) for option in OPTIONS}
    if values["SEAMARK_HOME"] is None:
        values["SEAMARK_HOME"] = Path(platformdirs.user_data_dir("seamark", appauthor=False))
    return values


def _read(option: Option, environment: Mapping[str, str]) -> Any:
    text = environment.get(option.name)
    named = environment.get(f"{option.name}_FILE")
    if text is None and named:
        try:
            text = Path(named).read_text("utf-8").strip()
        except (OSError, UnicodeError) as error:
            raise InvalidSetting(f"{option.name}_FILE cannot be read: {error}") from None
    if text is None or (text == "" and option.type is not bool):
        return option.default
    if option.type is bool:
        if text.strip().lower() not in _TRUE | _FALSE:
            raise InvalidSetting(f"{option.name} is {text!r}; allowed are true and false")
        return text.strip().lower() in _TRUE
    if option.type is int:
        try:
            return int(text)
        except ValueError:
            raise InvalidSetting(f"{option.name} is {text!r}; it must be a whole number") from None
    if option.type is list:
        return [part.strip() for part in text.split(",") if part.strip()]
    return Path(text).expanduser() if option.type is Path else text


def secret_key(home: Path, given: str) -> str:
    """Return the given key, or the one kept in `home`, made at the first call and readable by its owner only."""
    if given:
        return given
    path = home / "secret.key"
    try:
        return path.read_text("utf-8").strip()
    except FileNotFoundError:
        pass
    except (OSError, UnicodeError) as error:
        raise InvalidSetting(f"The key in {path} cannot be read: {error}") from None
    try:
        home.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, draft = tempfile.mkstemp(prefix="secret.", dir=home)
    except OSError as error:
        raise InvalidSetting(f"SEAMARK_HOME ({home}) cannot be written: {error}; name another directory") from None
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secrets.token_urlsafe(48))
    # The key appears whole or not at all: another process that starts now may win, and both then read the same.
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        Path(draft).unlink()
    return path.read_text("utf-8").strip()
