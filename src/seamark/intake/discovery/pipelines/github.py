"""GitHub Actions' workflows; Gitea's and Forgejo's are of the same form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, product
from typing import Any, Final

from seamark.intake.discovery.pipelines.commands import fill
from seamark.intake.discovery.pipelines.reading import (
    MOST,
    Built,
    Deployed,
    Lines,
    Reading,
    Step,
    mapping,
    scanner_of_action,
    strings,
)
from seamark.intake.discovery.tree import joined

PATTERNS: Final = (
    ".github/workflows/*.yml",
    ".github/workflows/*.yaml",
    ".gitea/workflows/*.y*ml",
    ".forgejo/workflows/*.y*ml",
)
_SECRET: Final = re.compile(r"\$\{\{[^{}]{0,300}?\bsecrets\.(\w+)")
_ALL_SECRETS: Final = re.compile(r"toJSON\(\s*secrets\s*\)", re.IGNORECASE)
_PINNED: Final = re.compile(r"[0-9a-f]{40}|sha256:[0-9a-f]{64}")
_MOST_COMBINATIONS: Final = 200


def read(document: Any, text: str) -> Reading | None:
    """Return what a workflow says, None where it is none."""
    content: dict[Any, Any] = mapping(document)
    jobs = mapping(content.get("jobs"))
    if not jobs:
        return None
    lines = Lines(text)
    events = content.get("on", content.get(True))  # YAML 1.1 takes `on` for a truth value
    reading = Reading("github-actions", name=str(content.get("name") or "")[:200])
    reading.triggers = strings(events) or [str(each) for each in mapping(events)]
    reading.permissions = content.get("permissions") if isinstance(content.get("permissions"), dict | str) else None
    reading.secrets = list(dict.fromkeys(_SECRET.findall(text)))
    if _ALL_SECRETS.search(text):
        reading.secrets.append("*")
    given: dict[str, str] = {}
    for kind in ("workflow_call", "workflow_dispatch"):
        inputs = mapping(mapping(mapping(events).get(kind)).get("inputs"))
        given |= {
            f"inputs.{name}": str(each["default"])
            for name, each in inputs.items()
            if isinstance(each, dict) and "default" in each
        }
    variables = _variables(content.get("env"), given)
    folder = _run_folder(content)
    for name, job in islice(jobs.items(), MOST):
        if isinstance(job, dict):
            _job(str(name), job, variables, folder, lines, reading)
    return reading


def _variables(env: Any, before: dict[str, str]) -> dict[str, str]:
    found = dict(before)
    for name, value in mapping(env).items():
        if isinstance(value, str | int | float):
            filled = fill(str(value), found)
            found[str(name)] = found[f"env.{name}"] = filled
    return found


def _run_folder(node: dict[str, Any]) -> str:
    given = mapping(mapping(node.get("defaults")).get("run")).get("working-directory")
    return joined("", given) if isinstance(given, str) and "$" not in given else ""


def _job(
    name: str, job: dict[str, Any], variables: dict[str, str], folder: str, lines: Lines, reading: Reading
) -> None:
    told: dict[str, Any] = {"name": name}
    runner = job.get("runs-on")
    runners = strings(runner) or strings(mapping(runner).get("labels"))
    if runners:
        told["runs_on"] = runners if len(runners) > 1 else runners[0]
        reading.runners += [each for each in runners if each not in reading.runners]
    environment = job.get("environment")
    environment = environment.get("name") if isinstance(environment, dict) else environment
    if isinstance(environment, str):
        told["environment"] = environment
        if environment not in reading.environments:
            reading.environments.append(environment)
    if isinstance(job.get("permissions"), dict | str):
        told["permissions"] = job["permissions"]
    if needs := strings(job.get("needs")):
        told["needs"] = needs
    if isinstance(job.get("uses"), str):
        told["uses"] = job["uses"]
        _action(job["uses"], lines.of(job["uses"]), reading)
        if job["uses"].startswith("./"):
            reading.includes.append(job["uses"][2:])
    for each in [job.get("container"), *mapping(job.get("services")).values()]:
        image = each.get("image") if isinstance(each, dict) else each
        if isinstance(image, str) and image not in reading.images:
            reading.images.append(image)
    reading.jobs.append(told)
    inner = _run_folder(job) or folder
    combinations = list(_matrix(mapping(mapping(job.get("strategy")).get("matrix")))) or [{}]
    steps = job.get("steps")
    for step in islice(steps if isinstance(steps, list) else (), MOST):
        if isinstance(step, dict):
            _step(step, combinations, _variables(job.get("env"), variables), inner, lines, reading)


def _step(
    step: dict[str, Any], combinations: list[dict[str, str]], variables: dict[str, str], folder: str, lines: Lines, reading: Reading
) -> None:  # fmt: skip
    run, used = step.get("run"), step.get("uses")
    line = lines.of(run) if isinstance(run, str) else lines.of(used) if isinstance(used, str) else 1
    if isinstance(used, str):
        _action(used, line, reading)
    given = step.get("working-directory")
    seen: set[str] = set()
    for combination in combinations:
        known = _variables(step.get("env"), {**variables, **combination})
        if isinstance(run, str):
            where = fill(given, known) if isinstance(given, str) else ""
            inner = joined("", where) if where and "$" not in where else "" if where else folder
            text = fill(run, known)
            if (key := f"{inner}\n{text}") not in seen:
                seen.add(key)
                reading.steps.append(Step(text, line, inner, known))
        elif isinstance(used, str):
            _built_by_action(used.partition("@")[0].lower(), mapping(step.get("with")), known, line, reading)


def _action(used: str, line: int, reading: Reading) -> None:
    name, at, version = used.partition("@")
    told = {"name": name, "version": version, "pinned": bool(_PINNED.fullmatch(version)), "line": line}
    if not used.startswith("./") and at and told not in reading.actions:
        reading.actions.append(told)
    scanner = scanner_of_action(name)
    if scanner and scanner not in reading.scanners:
        reading.scanners.append(scanner)


def _built_by_action(
    action: str, given: dict[str, Any], variables: dict[str, str], line: int, reading: Reading
) -> None:
    words = {str(key): fill(value, variables) if isinstance(value, str) else str(value) for key, value in given.items()}

    def place(word: str) -> str:
        value = words.get(word, "")
        return "" if "$" in value or "://" in value else joined("", value) or ("." if value else "")

    if action in {
        "docker/build-push-action",
        "redhat-actions/buildah-build",
        "elgohr/publish-docker-github-action",
        "whoan/docker-build-with-cache-action",
    }:
        tags = re.split(
            r"[\s,]+", words.get("tags") or words.get("image") or words.get("image_name") or words.get("name") or ""
        )
        file = place("file") or place("dockerfile") or place("containerfiles")
        for tag in [each for each in tags if each] or [""]:
            reading.built.append(Built(tag, place("context") or ".", file, "docker", line))
    elif action.startswith(("azure/webapps-deploy", "azure/container-apps-deploy", "azure/functions-action")):
        reading.deployed.append(
            Deployed("az", target=words.get("app-name", ""), image=words.get("images", ""), line=line)
        )
    elif action == "azure/k8s-deploy":
        paths = tuple(joined("", each) for each in words.get("manifests", "").split() if "$" not in each)
        reading.deployed.append(Deployed("kubectl", paths, line=line))
    elif action == "google-github-actions/deploy-cloudrun":
        reading.deployed.append(
            Deployed("gcloud run", target=words.get("service", ""), image=words.get("image", ""), line=line)
        )
    elif action == "aws-actions/amazon-ecs-deploy-task-definition":
        path = place("task-definition")
        reading.deployed.append(
            Deployed("aws ecs", (path,) if path else (), target=words.get("service", ""), line=line)
        )
    elif action == "aws-actions/aws-cloudformation-github-deploy":
        path = place("template")
        reading.deployed.append(
            Deployed("aws cloudformation", (path,) if path else (), target=words.get("name", ""), line=line)
        )


def _matrix(matrix: dict[str, Any]) -> Iterator[dict[str, str]]:
    """Yield what a job's matrix sets its variables to, one combination after the other."""
    axes = [
        (name, value)
        for name, value in matrix.items()
        if name not in {"include", "exclude"} and isinstance(value, list)
    ]
    values = [[_flat(f"matrix.{name}", each) for each in value[:_MOST_COMBINATIONS]] for name, value in axes]
    base = [
        {key: text for part in parts for key, text in part.items()} for parts in islice(product(*values), _MOST_COMBINATIONS)
    ] if axes else []  # fmt: skip
    included = matrix.get("include")
    extra = [
        {key: text for name, value in each.items() for key, text in _flat(f"matrix.{name}", value).items()}
        for each in (included[:_MOST_COMBINATIONS] if isinstance(included, list) else ())
        if isinstance(each, dict)
    ]
    for combination in base:
        # An entry of `include` adds to the combinations that it agrees with.
        for more in extra:
            shared = combination.keys() & more.keys()
            if shared and all(combination[key] == more[key] for key in shared):
                combination.update(more)
        yield combination
    for more in extra:
        if not any(all(each.get(key) == value for key, value in more.items()) for each in base):
            yield more


def _flat(name: str, value: Any, depth: int = 0) -> dict[str, str]:
    if isinstance(value, dict) and depth < 4:
        return {
            key: text
            for inner, each in value.items()
            for key, text in _flat(f"{name}.{inner}", each, depth + 1).items()
        }
    return {name: str(value)} if isinstance(value, str | int | float) else {}
