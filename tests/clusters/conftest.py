"""The example's cluster, live."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seamark.intake.connectors.clusters.access import Access
from seamark.intake.connectors.clusters.api import Api
from tests.dumps.harbour import objects

from .apiserver import TOKEN, Authority, Cluster, serving


@pytest.fixture(scope="session")
def authority() -> Authority:
    return Authority()


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.upper() in {"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"}:
            monkeypatch.delenv(name)


@pytest.fixture
def cluster(authority: Authority, tmp_path: Path) -> Iterator[Cluster]:
    """Serve the example's cluster for one test; nothing that no client may ask was asked."""
    served = Cluster(objects(), authority)
    with serving(served, tmp_path):
        yield served
    assert served.wrong == []


@pytest.fixture
def api(cluster: Cluster) -> Iterator[Callable[..., Api]]:
    """Return a function that opens the API, with access or limits of its own."""
    opened: list[Api] = []

    def make(*, patience: float = 20.0, **access: str) -> Api:
        way = Access(**{"server": cluster.url, "authority": cluster.authority.pem, "token": TOKEN, **access})
        opened.append(Api(way.checked(), patience=patience, pause=0.0, sleep=lambda _: None))
        return opened[-1]

    yield make
    for one in opened:
        one.__exit__()
