"""All settings that an operator can make, in one table: the docs and the start-up check come from it."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

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
        "SEAMARK_RATE_LIMIT",
        int,
        3000,
        "Requests that one API token may make in a minute, counted by all servers together; 0 for no limit.",
    ),
    Option(
        "SEAMARK_MAPPINGS",
        Path,
        None,
        "Folder of mapping files (`*.yaml`), each of which is a format of its own; read once, at the start.",
    ),
    Option(
        "SEAMARK_REGISTRIES",
        str,
        "",
        "Where package registries are, as `npm=https://npm.acme.example,pypi=https://pypi.acme.example/simple`; others are looked for where "
        "their own tools are configured. Only `seamark fix --online` asks them.",
    ),
    Option(
        "SEAMARK_FEED_MIRROR",
        str,
        "",
        "Address of a folder with the files of the feeds, for `seamark intel update`; by default each publisher's own.",
    ),
    Option(
        "SEAMARK_CSAF_PROVIDERS",
        list,
        [],
        "Vendors whose advisories and VEX `seamark intel update` fetches, separated by commas, each `NAME=https://…` (its "
        "provider-metadata.json, or its site) or `NAME=FOLDER`.",
    ),
    Option(
        "SEAMARK_INTERNAL_HOSTS",
        list,
        [],
        "Hosts inside your network (`gitlab.corp.example`, `host:port`), separated by commas, that the server may call: webhooks and "
        "connections, the keys of identity tokens, vendors' advisories. Others have to have public addresses.",
    ),
    Option(
        "SEAMARK_LEDGER_KEY",
        str,
        "",
        "Key that signs the ledger's checkpoints, as `seamark ledger key` makes it; without one nothing is signed.",
        secret=True,
    ),
    Option(
        "SEAMARK_WAIVER_DAYS",
        list,
        ["14", "30", "90", "180", "180"],
        "The most days that a waiver may last, for the priorities P0 to P4; bundles of policies may set less.",
    ),
    Option(
        "SEAMARK_RULES_NEED_APPROVAL",
        bool,
        False,
        "Whether a triage rule acts only after a second person has approved that version of it.",
    ),
    Option(
        "SEAMARK_FACTS_EXPORT",
        str,
        "",
        "Where the day's facts go as Parquet each night: a folder or the address of an object storage; empty: nowhere.",
    ),
    Option(
        "SEAMARK_ENCRYPTION_KEYS",
        list,
        [],
        "Keys that seal secrets in the database, separated by commas: the first seals, all open; by default made of SEAMARK_SECRET_KEY.",
        secret=True,
    ),
    Option(
        "SEAMARK_MAIL_URL",
        str,
        "",
        "`smtp://user:password@host:587` (STARTTLS), `smtps://…:465` or `smtp-plain://…:25`; without one no mail is sent.",
        secret=True,
    ),
    Option("SEAMARK_MAIL_FROM", str, "seamark@localhost", "The sender of mails."),
    Option(
        "SEAMARK_LOCAL_LOGIN",
        bool,
        True,
        "Whether people log in with a password or passkey kept here, beside single sign-on.",
    ),
    Option(
        "SEAMARK_SECOND_FACTOR",
        list,
        [],
        "Roles whose holders must have a second factor, separated by commas, such as `admin,approver`.",
    ),
    Option("SEAMARK_SSO", Path, None, "TOML file with providers of single sign-on, beside those in the database."),
    Option(
        "SEAMARK_BREACHED_PASSWORDS",
        Path,
        None,
        "File of SHA-1 sums of passwords that are known to attackers, sorted, one a line; such a password is refused.",
    ),
    Option(
        "SEAMARK_TERRAFORM_KEY",
        str,
        "",
        "Key that Terraform signs the requests of its run tasks with; without one they are refused.",
        secret=True,
    ),
    Option(
        "SEAMARK_TERRAFORM_HOST",
        str,
        "app.terraform.io",
        "The only host that results of run tasks are sent to: that of HCP Terraform or of your own Terraform Enterprise.",
    ),
    Option(
        "SEAMARK_POLICY_TOKEN",
        str,
        "",
        "Access token that may read the git repositories of policy bundles; it is sent over https only.",
        secret=True,
    ),
    Option(
        "SEAMARK_POLICY_SYNC",
        int,
        5,
        "Minutes between two looks of the worker at the bundles of policies; 0 leaves them to `seamark policy sync`.",
    ),
    Option(
        "SEAMARK_OFFICE_HOURS",
        str,
        "",
        "Address where developers ask the security team, shown beside the articles of the knowledge base: https:// or mailto:.",
    ),
    Option(
        "SEAMARK_MODEL_URL",
        str,
        "",
        "Address of an OpenAI-compatible endpoint, up to and without `/chat/completions`, that may be asked for suggestions; without one no "
        "model is asked. An endpoint inside your network is named in SEAMARK_INTERNAL_HOSTS as well.",
    ),
    Option("SEAMARK_MODEL_NAME", str, "", "The model that is asked, as its endpoint calls it."),
    Option("SEAMARK_MODEL_KEY", str, "", "Key of that endpoint, where it wants one.", secret=True),
    Option("SEAMARK_MODEL_SECONDS", int, 60, "Seconds that the model has for an answer."),
    Option("SEAMARK_MODEL_CALLS", int, 50, "How often the model is asked in a day (UTC), at most."),
    Option(
        "SEAMARK_MODEL_TOKENS",
        int,
        500_000,
        "Tokens that the model uses in a day (UTC), after which it is asked no more.",
    ),
    Option("SEAMARK_MODEL_LINES", int, 120, "Lines of the file around a finding that the model is shown, 400 at most."),
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


def waiver_days(given: list[str]) -> tuple[int, ...]:
    """Return the most days of a waiver by priority. Raises `InvalidSetting`."""
    if len(given) != 5 or not all(part.isascii() and part.isdigit() and 0 < int(part) <= 3650 for part in given):
        raise InvalidSetting("SEAMARK_WAIVER_DAYS is five numbers of days, for P0 to P4, such as 14,30,90,180,180")
    return tuple(int(part) for part in given)


def check_model(options: Mapping[str, Any]) -> None:
    """Refuse settings of a model that do not fit together. Raises `InvalidSetting`."""
    if bool(options["SEAMARK_MODEL_URL"]) != bool(options["SEAMARK_MODEL_NAME"]):
        raise InvalidSetting("SEAMARK_MODEL_URL and SEAMARK_MODEL_NAME belong together; without both no model is asked")
    bounds = {"SECONDS": 600, "CALLS": 100_000, "TOKENS": 10**9, "LINES": 400}
    for name, most in bounds.items():
        if not 1 <= options[f"SEAMARK_MODEL_{name}"] <= most:
            raise InvalidSetting(f"SEAMARK_MODEL_{name} is between 1 and {most:,}")


def mail_settings(url: str) -> dict[str, Any]:
    """Return Django's settings for sending mail by SMTP. Raises `InvalidSetting`; the message tells no password."""
    parts = urlsplit(url)
    ports = {"smtp": 587, "smtps": 465, "smtp-plain": 25}
    try:
        port = parts.port or ports[parts.scheme]
    except (KeyError, ValueError):
        raise InvalidSetting(
            "SEAMARK_MAIL_URL starts with smtp://, smtps:// or smtp-plain://, then host:port"
        ) from None
    if not parts.hostname:
        raise InvalidSetting("SEAMARK_MAIL_URL names no host")
    return {
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": port,
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_TLS": parts.scheme == "smtp",
        "EMAIL_USE_SSL": parts.scheme == "smtps",
    }


ROLES = ("viewer", "developer", "analyst", "approver", "auditor", "admin")


def second_factor_roles(given: list[str]) -> frozenset[str]:
    """Return the roles that need a second factor. Raises `InvalidSetting`."""
    if unknown := sorted(set(given) - set(ROLES)):
        raise InvalidSetting(f"SEAMARK_SECOND_FACTOR knows no role {unknown[0]!r}; roles are {', '.join(ROLES)}")
    return frozenset(given)


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
