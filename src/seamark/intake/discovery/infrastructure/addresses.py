"""Addresses in variables and commands: which service, data store or bucket a program is pointed at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

_ENGINES: Final = {
    "postgres": "postgresql", "postgresql": "postgresql", "pgsql": "postgresql", "psql": "postgresql", "postgis": "postgresql", "mysql": "mysql", "mysql2": "mysql", "trilogy": "mysql",
    "mariadb": "mariadb", "mongodb": "mongodb", "redis": "redis", "rediss": "redis", "valkey": "valkey", "valkeys": "valkey", "amqp": "rabbitmq", "amqps": "rabbitmq", "kafka": "kafka", "nats": "nats",
    "clickhouse": "clickhouse", "clickhouses": "clickhouse", "cassandra": "cassandra", "sqlserver": "mssql", "mssql": "mssql", "oracle": "oracle", "cockroachdb": "cockroachdb", "memcached": "memcached", "memcache": "memcached",
    "neo4j": "neo4j", "neo4js": "neo4j", "bolt": "neo4j", "couchdb": "couchdb", "couchbase": "couchbase", "couchbases": "couchbase", "elasticsearch": "elasticsearch", "opensearch": "opensearch", "influxdb": "influxdb",
    "rethinkdb": "rethinkdb", "s3": "s3", "s3a": "s3", "s3n": "s3", "gs": "gcs", "pulsar": "pulsar", "activemq": "activemq",
}  # fmt: skip
"""Engines by the scheme of the address, what stands after `+` left out."""
_NO_DATABASE: Final = frozenset(
    {"redis", "valkey", "rabbitmq", "kafka", "nats", "memcached", "s3", "gcs", "pulsar", "activemq"}
)
_PORTS: Final = {"postgresql": 5432, "mysql": 3306, "mariadb": 3306, "mongodb": 27017, "redis": 6379, "valkey": 6379, "rabbitmq": 5672, "mssql": 1433, "clickhouse": 9000}  # fmt: skip
_ADDRESS: Final = re.compile(
    r"(?<![A-Za-z0-9+.-])(?:jdbc:|r2dbc:(?:pool:)?)?([a-z][a-z0-9]{0,19})(?:\+[a-z0-9_]{1,30})?://([^\s\"'`<>|)\\]{1,500})"
)
_PAIR: Final = re.compile(r"(?:^|[;\s])\s*([A-Za-z ]{2,20}?)\s*=\s*([^;\s]{1,200})")
_HOST: Final = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,251}[A-Za-z0-9])?")
_PLACE: Final = re.compile(r"([A-Za-z0-9_][A-Za-z0-9._-]{0,251})(?::([0-9]{1,5}))?(?:/[^\s]{0,200})?")
_SERVER_KEYS: Final = frozenset({"host", "server", "data source", "addr", "address", "network address"})
_LONGEST: Final = 20_000


class Address(Struct, frozen=True):
    """A place that a program talks to. `engine` is set where the address itself says that a data store is there."""

    scheme: str
    host: str
    port: int = 0
    database: str = ""
    engine: str = ""

    @property
    def key(self) -> str:
        """The natural key of a data store that is known by its address only: credentials left out, the port always said."""
        if self.engine == "s3":
            return f"arn:aws:s3:::{self.host}"
        port = self.port or _PORTS.get(self.engine, 0)
        scheme = "gs" if self.engine == "gcs" else self.engine
        return f"{scheme}://{self.host}" + (f":{port}" if port else "") + (f"/{self.database}" if self.database else "")


def read_addresses(text: str) -> Iterator[Address]:
    """Yield the addresses that a text holds: URLs of every scheme, JDBC, and `Server=…;Database=…` strings."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST]
    seen = False
    for match in _ADDRESS.finditer(text):
        seen = True
        yield from _of_url(match[1], match[2])
    if not seen and "=" in text:
        pairs = {key.strip().lower(): value for key, value in _PAIR.findall(text)}
        server = next((pairs[key] for key in pairs if key in _SERVER_KEYS), "")
        database = pairs.get("database") or pairs.get("dbname") or pairs.get("initial catalog") or ""
        if server and (database or "port" in pairs):
            host, _, port = server.removeprefix("tcp:").replace(",", ":").partition(":")
            port = port or pairs.get("port", "")
            if _HOST.fullmatch(host):
                yield Address("", host.lower(), _number(port), database, _by_port(_number(port)))


def _of_url(scheme: str, rest: str) -> Iterator[Address]:
    engine = _ENGINES.get(scheme, "")
    place, _, path = rest.partition("?")[0].partition("#")[0].partition("/")
    place, _, options = place.rpartition("@")[2].partition(";")
    database = path.partition("/")[0] if engine and engine not in _NO_DATABASE else ""
    if engine == "mssql" and not database:
        database = next(
            (each.partition("=")[2] for each in options.split(";") if each.lower().startswith("database")), ""
        )
    for each in place.split(",")[:10]:
        host, _, port = each.partition(":")
        if _HOST.fullmatch(host):
            yield Address(scheme, host.lower(), _number(port), database if _HOST.fullmatch(database) else "", engine)


def read_place(text: str) -> Address | None:
    """Return the host, with a port or path perhaps, that a whole text is; None where it is anything else."""
    match = _PLACE.fullmatch(text.strip()) if len(text) < 500 else None
    return Address("", match[1].lower(), _number(match[2] or "")) if match else None


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


def _by_port(port: int) -> str:
    return next((engine for engine, each in _PORTS.items() if each == port and port), "")


def is_public_name(host: str) -> bool:
    """Tell whether a host name can be meant for the internet: not one of a local network, a cluster, or without a domain."""
    name = host.lower().removeprefix("*.").rstrip(".")
    if "." not in name or not _HOST.fullmatch(name) or all(part.isdigit() for part in name.split(".")):
        return False
    last = name.rpartition(".")[2]
    return last not in {"local", "localhost", "internal", "intranet", "lan", "home", "corp", "svc", "test", "invalid", "localdomain"} and not name.endswith((".nip.io", ".sslip.io", ".localtest.me", ".lvh.me"))  # fmt: skip
