"""An HTTPS server on the loopback that answers as a Kubernetes API does: pages, refusals, forgotten continuations, slowness, cuts."""

from __future__ import annotations

import ipaddress
import json
import re
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

TOKEN = "token-of-a-service-account"
PARAMETERS = {
    "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "pretty", "resourceVersion", "resourceVersionMatch", "sendInitialEvents",
    "timeoutSeconds", "watch",
}  # fmt: skip
"""What the OpenAPI description of Kubernetes lets lists be asked with."""
PATHS = {
    "Pod": "/api/v1/pods", "Service": "/api/v1/services", "Namespace": "/api/v1/namespaces", "Node": "/api/v1/nodes", "Deployment": "/apis/apps/v1/deployments",
    "ReplicaSet": "/apis/apps/v1/replicasets", "StatefulSet": "/apis/apps/v1/statefulsets", "DaemonSet": "/apis/apps/v1/daemonsets", "Job": "/apis/batch/v1/jobs",
    "CronJob": "/apis/batch/v1/cronjobs", "Ingress": "/apis/networking.k8s.io/v1/ingresses", "NetworkPolicy": "/apis/networking.k8s.io/v1/networkpolicies",
}  # fmt: skip
"""The lists over all namespaces, by kind."""
ROUTES = "/apis/gateway.networking.k8s.io/v1/httproutes"


class Authority:
    """Makes certificates."""

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "cluster authority")])
        self._certificate = self._signed(self._name, self._key.public_key(), authority=True)
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM).decode()

    def _signed(
        self, name: x509.Name, key: ec.EllipticCurvePublicKey, *, authority: bool = False, names: tuple[str, ...] = ()
    ) -> x509.Certificate:
        now = datetime.now(UTC)
        made = (
            x509.CertificateBuilder().subject_name(name).issuer_name(self._name).public_key(key).serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
        )  # fmt: skip
        if authority:
            made = made.add_extension(
                x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True
            )
        if names:
            found: list[x509.GeneralName] = [
                x509.IPAddress(ipaddress.ip_address(one)) if one[0].isdigit() else x509.DNSName(one) for one in names
            ]
            made = made.add_extension(x509.SubjectAlternativeName(found), critical=False)
        return made.sign(self._key, hashes.SHA256())

    def pair(self, name: str, *names: str) -> tuple[str, str]:
        """Return a certificate made out to names or addresses, and its key, as PEM."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(
            x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key(), names=names
        )
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return certificate.public_bytes(serialization.Encoding.PEM).decode(), secret.decode()


class Cluster:
    """What the server holds, how it misbehaves, and what it was asked."""

    def __init__(self, objects: list[dict[str, Any]], authority: Authority) -> None:
        self.objects, self.authority = objects, authority
        self.url = ""
        self.token = TOKEN
        self.size = 0
        """Objects of a page, whatever is asked for; 0: as asked."""
        self.refuses: dict[str, int] = {}
        """Status by path."""
        self.times: dict[str, int] = {}
        """How often a path refuses before it answers; without: for ever."""
        self.slow: set[str] = set()
        self.cut: set[str] = set()
        self.forgets: dict[str, int] = {}
        """How often the continuation of a path is forgotten."""
        self.routes: list[dict[str, Any]] | None = None
        """The routes of the Gateway API, None where it is not served."""
        self.wrong: list[str] = []
        """What no client may ask."""
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.people: list[str] = []
        """Whom the client's certificates name."""

    def lists(self, path: str) -> tuple[str, list[dict[str, Any]]] | None:
        """Return the kind and the objects of a list, None where there is no such list."""
        inside = re.fullmatch(r"(/api/v1|/apis/[^/]+/[^/]+)/namespaces/([^/]+)/([a-z]+)", path)
        whole = f"{inside[1]}/{inside[3]}" if inside else path
        if whole == ROUTES and self.routes is not None:
            return "HTTPRoute", self.routes
        kind = next((kind for kind, one in PATHS.items() if one == whole), None)
        if kind is None:
            return None
        return kind, [
            one
            for one in self.objects
            if one["kind"] == kind and (not inside or one["metadata"].get("namespace") == inside[2])
        ]


def status(code: int, message: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure", "message": message, "code": code}


def answer(cluster: Cluster, path: str, asked: dict[str, str]) -> tuple[int, dict[str, Any]]:
    """Return status and body."""
    if path in cluster.refuses and cluster.times.get(path, 1) > 0:
        cluster.times[path] = cluster.times.get(path, 2**31) - 1
        code = cluster.refuses[path]
        return code, status(code, f"{path.rpartition('/')[2]} is forbidden: User cannot list resource")
    if path == "/apis":
        groups = [
            "apps",
            "batch",
            "networking.k8s.io",
            *(["gateway.networking.k8s.io"] if cluster.routes is not None else []),
        ]
        return 200, {
            "kind": "APIGroupList",
            "apiVersion": "v1",
            "groups": [{"name": one, "versions": [{"groupVersion": f"{one}/v1", "version": "v1"}]} for one in groups],
        }
    if one := re.fullmatch(r"/api/v1/namespaces/([^/]+)", path):
        found = next(
            (each for each in cluster.objects if each["kind"] == "Namespace" and each["metadata"]["name"] == one[1]),
            None,
        )
        return (200, found) if found else (404, status(404, "namespaces not found"))
    listed = cluster.lists(path)
    if listed is None:
        return 404, status(404, "the server could not find the requested resource")
    kind, items = listed
    start = int(asked.get("continue", "0").partition("-")[0])
    if start and cluster.forgets.get(path, 0) > 0:
        cluster.forgets[path] -= 1
        return 410, status(410, "The provided continue parameter is too old to display a consistent list result.")
    size = cluster.size or int(asked.get("limit", "0")) or 10**9
    metadata: dict[str, Any] = {"resourceVersion": "4711"}
    if start + size < len(items):
        metadata |= {"continue": f"{start + size}-next", "remainingItemCount": len(items) - start - size}
    # Items of a typed list name neither kind nor version.
    rows = [
        {key: value for key, value in one.items() if key not in {"kind", "apiVersion"}}
        for one in items[start : start + size]
    ]
    group = re.fullmatch(r"/apis/([^/]+/[^/]+)/.*", path)
    return 200, {"kind": f"{kind}List", "apiVersion": group[1] if group else "v1", "metadata": metadata, "items": rows}


@contextmanager
def serving(
    cluster: Cluster, folder: Path, *, name: str = "127.0.0.1", ask_certificate: bool = False
) -> Iterator[None]:
    """Serve a cluster inside the block, with a certificate made out to `name`."""
    certificate, key = cluster.authority.pair("api", name)
    (folder / "server.pem").write_text(certificate + key)
    (folder / "authority.pem").write_text(cluster.authority.pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    if ask_certificate:
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(folder / "authority.pem")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 65536

        def _wrong(self) -> None:
            cluster.wrong.append(f"{self.command} {self.path}")
            self._send(405, status(405, "no"))

        do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = _wrong  # noqa: N815 - the library's names

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            asked = {key: values[0] for key, values in parse_qs(parts.query).items()}
            cluster.asked.append((parts.path, asked))
            if (
                set(asked) - PARAMETERS
                or not asked.get("limit", "1").isdigit()
                or not asked.get("timeoutSeconds", "1").isdigit()
            ):
                cluster.wrong.append(self.path)
            peer = self.connection.getpeercert() if ask_certificate else None  # type: ignore[attr-defined]
            person = dict(pair for group in peer["subject"] for pair in group).get("commonName", "") if peer else ""
            if person:
                cluster.people.append(person)
            if not person and self.headers.get("Authorization") != f"Bearer {cluster.token}":
                self._send(401, status(401, "Unauthorized"))
                return
            code, body = answer(cluster, parts.path, asked)
            self._send(code, body, parts.path)

        def _send(self, code: int, body: dict[str, Any], path: str = "") -> None:
            data = json.dumps(body).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if path in cluster.cut:
                self.wfile.write(data[: len(data) // 2])
                self.close_connection = True
                return
            if path in cluster.slow:
                for at in range(len(data)):
                    self.wfile.write(data[at : at + 1])
                    self.wfile.flush()
                    time.sleep(0.02)
                return
            self.wfile.write(data)

        def handle(self) -> None:
            try:
                super().handle()
            except OSError:
                self.close_connection = True  # whoever has lost patience is gone

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> tuple[Any, Any]:
            connection, address = super().get_request()
            connection.settimeout(10)
            return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

        def handle_error(self, *_: object) -> None:
            """Say nothing of clients that do not trust us."""

    server = Server(("127.0.0.1", 0), Handler)
    cluster.url = f"https://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
