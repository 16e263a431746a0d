"""The deploy gate: whole answers of the admission webhook, asked for the first time and while nothing has changed."""

from __future__ import annotations

import json
import time
from hashlib import sha256
from typing import Any

from benchmarks.bench import Bench, Figure, figure
from benchmarks.measurements.lists import fill, percentile
from benchmarks.watch import Sample

WARM = 50
"""How often each image is asked about again."""


def ask(repeats: int) -> Sample:
    """Time reviews of a Deployment for each scanned image, from the request to the last byte, without the network."""
    from django.test import Client

    from seamark.pipeline.people import make_token
    from seamark.store.models import Scan, User

    images = {}
    for scan in Scan.objects.filter(stream__asset__kind="image").select_related("stream__asset").order_by("id"):
        digest = f"sha256:{sha256(str(scan.pk).encode()).hexdigest()}"
        Scan.objects.filter(pk=scan.pk).update(image_digest=digest)
        images[scan.stream.asset.key] = f"{scan.stream.asset.key}@{digest}"
    token = make_token(User.objects.get(username="everything"), "benchmark", scopes=("import",))
    client = Client(HTTP_HOST="localhost", headers={"Authorization": f"Bearer {token}"})
    cold, warm, judged = [], [], 0

    def review(body: bytes) -> tuple[float, dict[str, Any]]:
        start = time.perf_counter()
        answer = client.post("/admission/v1/validate/prod", body, content_type="application/json")
        took = (time.perf_counter() - start) * 1000
        told = answer.json()["response"]
        if told.get("auditAnnotations", {}).get("outcome") is None:
            raise RuntimeError(f"A review was answered with {answer.status_code}: {told}")
        return took, told

    # The policies are taken over, and the code is loaded, once in a server's life.
    review(_review("busybox@sha256:" + "0" * 64))
    for image in images.values():
        body = _review(image)
        cold.append(review(body)[0])
        times = [review(body) for _ in range(repeats)]
        warm += [took for took, _ in times]
        judged += not times[0][1]["allowed"]
    return {"cold": cold, "warm": warm, "images": len(images), "refused": judged}


def _review(image: str) -> bytes:
    template = {"spec": {"containers": [{"name": "main", "image": image}]}}
    value = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "orders"},
        "spec": {"template": template},
    }
    request = {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": {"group": "apps", "version": "v1", "kind": "Deployment"}, "operation": "CREATE",
        "name": "orders", "namespace": "shop", "object": value, "oldObject": None, "dryRun": False,
    }  # fmt: skip
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}).encode()


def figures(bench: Bench) -> list[Figure]:
    """Return the lines of the deploy gate."""
    found = []
    for databases in bench.databases:
        with databases.fresh() as url:
            bench.sample(fill, database=url, count=bench.size)
            runs = [bench.sample(ask, database=url, repeats=WARM) for _ in range(bench.runs)]
        note = f"{runs[0]['images']} images, {runs[0]['refused']} refused"
        for name in ("warm", "cold"):
            pooled = [one for run in runs for one in run[name]]
            found += [
                figure(f"deploy.{name}", bench.size, [percentile(pooled, 0.95)], database=databases.name, note=note),
                figure(f"deploy.{name}.typical", bench.size, [percentile(pooled, 0.5)], database=databases.name),
            ]
    return found
