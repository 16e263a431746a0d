"""The embedded server by https: real connections, large and slow ones, and certificates that are renewed."""

from __future__ import annotations

import contextlib
import datetime as dt
import http.client
import socket
import ssl
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from waitress.server import create_server

from seamark.core.errors import SeamarkError
from seamark.interfaces.cli.tls import Certificate, serve_tls

from .conftest import Command, Installation
from .test_demo_and_serve import first_line

SERIAL = iter(range(1, 100))


def certificate(folder: Path) -> tuple[Path, Path, int]:
    """Write a certificate for 127.0.0.1 and its key; return both with the serial number."""
    key, number = ec.generate_private_key(ec.SECP256R1()), next(SERIAL)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    day = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(number)
        .not_valid_before(day).not_valid_after(day + dt.timedelta(days=36_500))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )  # fmt: skip
    files = folder / "tls.crt", folder / "tls.key"
    files[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain))
    return *files, number


def echo(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Answer with the request's scheme, address and body."""
    body = environ["wsgi.input"].read()
    start(
        "200 OK",
        [("Content-Type", "text/plain"), ("X-Scheme", environ["wsgi.url_scheme"]), ("X-From", environ["REMOTE_ADDR"])],
    )
    return [body]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[tuple[str, int]]:
    cert, key, _ = certificate(tmp_path)
    server = create_server(echo, host="127.0.0.1", port=0, threads=4, url_scheme="https", map={})
    serve_tls([server], Certificate(cert, key))

    def run() -> None:
        # As in `seamark serve`: closing it takes the socket from under the loop.
        with contextlib.suppress(OSError):
            server.run()

    runs = threading.Thread(target=run, daemon=True)
    runs.start()
    yield "127.0.0.1", server.effective_port
    server.close()
    runs.join(20)
    for channel in list(server.active_channels.values()):
        channel.handle_close()
    server.task_dispatcher.shutdown()


def trusting(folder: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(folder / "tls.crt"))
    context.check_hostname = False
    return context


def connect(address: tuple[str, int], folder: Path) -> http.client.HTTPSConnection:
    return http.client.HTTPSConnection(*address, context=trusting(folder), timeout=20)


@pytest.mark.parametrize("size", [0, 1, 16_384, 16_385, 300_000, 5_000_000])
def test_requests_of_all_sizes_come_back_whole(address: tuple[str, int], tmp_path: Path, size: int) -> None:
    body = bytes(number % 251 for number in range(size))
    connection = connect(address, tmp_path)
    for _ in range(3):
        connection.request("POST", "/", body)
        answer = connection.getresponse()
        assert answer.read() == body
        assert (answer.headers["X-Scheme"], answer.headers["X-From"]) == ("https", "127.0.0.1")
    connection.close()


def test_who_is_slow_or_speaks_no_tls_keeps_nobody_waiting(address: tuple[str, int], tmp_path: Path) -> None:
    silent = socket.create_connection(address)
    plain = socket.create_connection(address)
    plain.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    plain.settimeout(10)
    connection = connect(address, tmp_path)
    connection.request("POST", "/", b"quick")
    assert connection.getresponse().read() == b"quick"
    try:
        told = plain.recv(1000)
    except ConnectionResetError:
        told = b""
    assert b"HTTP/" not in told
    for one in (silent, plain, connection):
        one.close()


def test_many_at_once(address: tuple[str, int], tmp_path: Path) -> None:
    found: list[bool] = []

    def ask(number: int) -> None:
        connection = connect(address, tmp_path)
        body = bytes([number]) * 200_000
        for _ in range(5):
            connection.request("POST", "/", body)
            found.append(connection.getresponse().read() == body)
        connection.close()

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    assert found == [True] * 40


def test_a_renewed_certificate_is_used_and_a_broken_one_is_not(address: tuple[str, int], tmp_path: Path) -> None:
    def serial() -> int:
        with socket.create_connection(address, 20) as raw, _anyone().wrap_socket(raw) as secured:
            shown = secured.getpeercert(binary_form=True)
            assert shown is not None
            return x509.load_der_x509_certificate(shown).serial_number

    def _anyone() -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context

    before = serial()
    renewed = certificate(tmp_path)[2]
    assert before != renewed == serial()
    (tmp_path / "tls.crt").write_text("broken")
    assert serial() == renewed


def test_what_cannot_be_used_is_refused(tmp_path: Path, seamark: Command) -> None:
    cert, key, _ = certificate(tmp_path)
    for pair in ((tmp_path / "none", key), (key, cert)):
        with pytest.raises(SeamarkError, match="cannot be used"):
            Certificate(*pair)
    alone = seamark("serve", "--tls-cert", cert)
    assert (alone.code, "belong together" in alone.err) == (2, True)


def test_serve_by_https(shared_installation: Installation, tmp_path: Path) -> None:
    cert, key, _ = certificate(tmp_path)
    with shared_installation.start(
        "serve", "--port", 0, "--no-worker", "--tls-cert", cert, "--tls-key", key
    ) as process:
        try:
            port = int(first_line(process, r"https://127\.0\.0\.1:(\d+) ")[1])
            connection = connect(("127.0.0.1", port), tmp_path)
            connection.request("GET", "/api/v1/health")
            assert connection.getresponse().status == 200
            connection.close()
            process.terminate()
            process.communicate(timeout=40)
        finally:
            process.kill()
    assert process.returncode == 0
