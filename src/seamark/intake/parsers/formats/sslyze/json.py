"""SSLyze: the JSON of versions 3 (commands and their results) and 4 to 6 (results with a status each)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from seamark.intake.parsers.formats.sslyze.checks import Service, findings
from seamark.intake.parsers.kit import Item, Kind, Run, json_object, moment, parser

COMMANDS = {
    "ssl_2_0_cipher_suites": "SSL 2.0",
    "ssl_3_0_cipher_suites": "SSL 3.0",
    "tls_1_0_cipher_suites": "TLS 1.0",
    "tls_1_1_cipher_suites": "TLS 1.1",
    "tls_1_2_cipher_suites": "TLS 1.2",
    "tls_1_3_cipher_suites": "TLS 1.3",
}


class Place(Struct):
    hostname: str
    port: int | None = None
    ip_address: str | None = ""


class Info(Struct):
    server_location: Place


class Result(Struct):
    server_location: Place | None = None
    server_info: Info | None = None
    scan_status: str | None = ""
    connectivity_status: str | None = ""
    connectivity_error_trace: str | None = ""
    scan_result: dict[str, Any] | None = None
    scan_commands_results: dict[str, Any] | None = None
    scan_commands_errors: dict[str, Any] | None = None


class Report(Struct):
    server_scan_results: list[Result]
    sslyze_version: str = ""
    date_scans_started: str | None = ""
    date_scans_completed: str | None = ""
    server_connectivity_errors: list[Any] | None = None
    invalid_server_strings: list[Any] | None = None


@parser(
    "sslyze",
    title="SSLyze",
    kind=Kind.HOST,
    looks=json_object("server_scan_results", "sslyze_version"),
    made_with="sslyze --json_out sslyze.json example.com",
    url="https://nabla-c0d3.github.io/sslyze/documentation/",
    versions="3 to 6",
)
def read(report: Report) -> Iterator[Item]:
    unread = [str(error)[:300] for error in report.server_connectivity_errors or ()]
    unread += [str(error)[:300] for error in report.invalid_server_strings or ()]
    results: list[tuple[Place, dict[str, Any]]] = []
    for result in report.server_scan_results:
        place = result.server_location or (result.server_info.server_location if result.server_info else None)
        given = result.scan_commands_results if result.scan_result is None else result.scan_result
        if place is None or given is None:
            name = place.hostname if place else "a server"
            unread.append(f"{name} was not scanned: {result.connectivity_status or result.scan_status}")
            continue
        results.append((place, _results(given, unread, place.hostname)))
        unread += [f"{place.hostname}: {name} failed" for name in result.scan_commands_errors or ()]
    yield Run(
        tool="SSLyze",
        version=report.sslyze_version,
        successful=False if unread and not results else True if results else None,
        complete=False if unread else None,
        problems=tuple(unread[:50]),
        started=moment(report.date_scans_started),
        finished=moment(report.date_scans_completed),
    )
    for place, commands in results:
        yield from findings(_service(place, commands))


def _results(given: dict[str, Any], unread: list[str], host: str) -> dict[str, dict[str, Any]]:
    """Return the results by command. Since version 4 each stands beside the status of its command."""
    found: dict[str, dict[str, Any]] = {}
    for name, entry in given.items():
        if not isinstance(entry, dict):
            continue
        if "status" in entry and "result" in entry:
            if entry["status"] == "ERROR":
                unread.append(f"{host}: {name} failed ({entry.get('error_reason')})")
            entry = entry["result"]  # noqa: PLW2901 - what stands inside
        if isinstance(entry, dict):
            found[name] = entry
    return found


def _service(place: Place, commands: dict[str, dict[str, Any]]) -> Service:
    def flag(command: str, name: str) -> bool | None:
        value = commands.get(command, {}).get(name)
        return value if isinstance(value, bool) else None

    renegotiation = "session_renegotiation"
    client = flag(renegotiation, "is_vulnerable_to_client_renegotiation_dos")
    return Service(
        host=place.hostname,
        port=place.port,
        address=place.ip_address or "",
        suites={name: _suites(commands.get(command, {})) for command, name in COMMANDS.items()},
        heartbleed=flag("heartbleed", "is_vulnerable_to_heartbleed"),
        ccs=flag("openssl_ccs_injection", "is_vulnerable_to_ccs_injection"),
        robot=str(commands.get("robot", {}).get("robot_result") or ""),
        compression=flag("tls_compression", "supports_compression"),
        fallback=flag("tls_fallback_scsv", "supports_fallback_scsv"),
        secure_renegotiation=flag(renegotiation, "supports_secure_renegotiation"),
        client_renegotiation=flag(renegotiation, "accepts_client_renegotiation") if client is None else client,
        certificate=_certificate(commands.get("certificate_info", {})),
    )


def _suites(result: dict[str, Any]) -> list[str]:
    accepted = result.get("accepted_cipher_suites")
    rows = accepted if isinstance(accepted, list) else []
    suites = [row.get("cipher_suite") for row in rows if isinstance(row, dict)]
    return [str(suite["name"]) for suite in suites if isinstance(suite, dict) and "name" in suite]


def _certificate(result: dict[str, Any]) -> dict[str, str]:
    deployments = result.get("certificate_deployments")
    problems: dict[str, str] = {}
    for each in deployments if isinstance(deployments, list) else ():
        if isinstance(each, dict):
            _problems(each, problems)
    return problems


FLAGS = (
    ("leaf_certificate_subject_matches_hostname", False, "name"),
    ("received_chain_has_valid_order", False, "order"),
    ("verified_chain_has_sha1_signature", True, "sha1"),
    ("verified_chain_has_legacy_symantec_anchor", True, "symantec"),
)


def _problems(deployment: dict[str, Any], problems: dict[str, str]) -> None:
    for name, bad, problem in FLAGS:
        if deployment.get(name) is bad:
            problems.setdefault(problem, "")
    paths = deployment.get("path_validation_results")
    failed = []
    for path in paths if isinstance(paths, list) else ():
        if not isinstance(path, dict):
            continue
        error = path.get("openssl_error_string") or path.get("validation_error")
        if error or path.get("was_validation_successful") is False:
            store = path.get("trust_store")
            by = store.get("name") if isinstance(store, dict) else ""
            failed.append(f"{by}: {error or 'not valid'}")
    if failed:
        problems.setdefault("trust", "\n".join(failed))
