"""GitLab, Jenkins, Azure, Bitbucket, CircleCI, Drone, Woodpecker, Tekton, Buildkite, Travis, Cloud Build and CodeBuild."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from seamark.intake.discovery.pipelines.reading import (
    MOST,
    Lines,
    Reading,
    Step,
    mapping,
    scanner_of_template,
    scripts,
    strings,
    values_of,
)
from seamark.intake.discovery.tree import Document, Tree

_SECRET_WORD: Final = re.compile(
    r"\$\{?([A-Z][A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|PASSWD|_KEY|CREDENTIALS?|_PAT)[A-Z0-9_]*)\b"
)
_GITLAB_WORDS: Final = frozenset(
    "default include stages variables workflow image services cache before_script after_script pages spec".split()  # noqa: SIM905 - reads better
)


def _common(system: str, documents: list[Document], text: str) -> Reading:
    """Read what all systems that are written in YAML share: commands, images, variables."""
    reading = Reading(system)
    lines = Lines(text)
    for document in documents[:MOST]:
        variables = {
            str(name): str(value)
            for given in islice(values_of(document.value, "variables"), 50)
            for name, value in mapping(given).items()
            if isinstance(value, str | int | float)
        }
        for script in islice(scripts(document.value), MOST):
            if script.strip():
                reading.steps.append(Step(script, lines.of(script), "", variables))
        for image in islice(values_of(document.value, "image"), MOST):
            name = image if isinstance(image, str) else mapping(image).get("name")
            if isinstance(name, str) and name not in reading.images:
                reading.images.append(name)
    reading.secrets = list(dict.fromkeys(_SECRET_WORD.findall(text)))[:MOST]
    return reading


def _gitlab(tree: Tree, path: str) -> Reading | None:
    documents = [each for each in tree.documents(path) if isinstance(each.value, dict)]
    if not documents:
        return None
    text = tree.text(path) or ""
    reading = _common("gitlab-ci", [Document(each.line, _used(each.value, text)) for each in documents], text)
    for document in documents:
        included = document.value.get("include")
        for each in included if isinstance(included, list) else [included]:
            for name in [each] if isinstance(each, str) else strings(mapping(each).get("local")):
                if "://" not in name:
                    reading.includes.append(name.lstrip("/"))
            if (template := mapping(each).get("template")) and (scanner := scanner_of_template(str(template))):
                reading.scanners.append(scanner)
        for name, job in islice(document.value.items(), MOST):
            if not isinstance(job, dict) or name in _GITLAB_WORDS or str(name).startswith("."):
                continue
            if not {"script", "extends", "trigger", "stage", "run"} & job.keys():
                continue
            told: dict[str, Any] = {"name": str(name)}
            if isinstance(job.get("stage"), str):
                told["stage"] = job["stage"]
            _environment(job.get("environment"), told, reading)
            reading.jobs.append(told)
    return reading


def _used(content: dict[str, Any], text: str) -> dict[str, Any]:
    """Leave out the templates that no job of the file names: they do not run."""
    return {
        name: value for name, value in content.items() if not str(name).startswith(".") or text.count(str(name)) > 1
    }


def _environment(given: Any, told: dict[str, Any], reading: Reading) -> None:
    name = given.get("name") if isinstance(given, dict) else given
    if isinstance(name, str):
        told["environment"] = name
        if name not in reading.environments:
            reading.environments.append(name)


_STAGE: Final = re.compile(r"\bstage\s*\(?\s*['\"]([^'\"\n]{1,100})['\"]")
_SHELL: Final = re.compile(r"\b(?:sh|bat|powershell)\s*\(?\s*(?:label:[^,\n]{0,100},\s*)?(?:script:\s*)?('''[\s\S]{0,20000}?'''|\"\"\"[\s\S]{0,20000}?\"\"\"|'[^'\n]*'|\"(?:[^\"\\\n]|\\.)*\")")  # fmt: skip
_CREDENTIALS: Final = re.compile(r"\bcredentials\(\s*['\"]([^'\"]{1,200})|credentialsId:\s*['\"]([^'\"]{1,200})")
_AGENT: Final = re.compile(r"\bimage\s+['\"]([^'\"]{1,200})['\"]|\bdocker\.image\(\s*['\"]([^'\"]{1,200})")
_BUILD: Final = re.compile(r"\bdocker\.build\(\s*[\"']([^\"'\n]{1,300})[\"']\s*(?:,\s*[\"']([^\"'\n]{0,300})[\"'])?")
_TRIGGER: Final = re.compile(r"\b(pollSCM|cron|githubPush|upstream)\b\s*\(")


def _jenkins(tree: Tree, path: str) -> Reading | None:
    text = tree.text(path)
    if text is None or not re.search(r"\b(?:pipeline|node|stage)\b", text):
        return None
    text = re.sub(r"^[ \t]*//[^\n]*", "", text, flags=re.MULTILINE)
    reading = Reading("jenkins")
    reading.jobs = [{"name": name} for name in list(dict.fromkeys(_STAGE.findall(text)))[:MOST]]
    reading.triggers = list(dict.fromkeys(_TRIGGER.findall(text)))
    reading.secrets = list(dict.fromkeys(one or other for one, other in _CREDENTIALS.findall(text)))[:MOST]
    reading.images = list(dict.fromkeys(one or other for one, other in _AGENT.findall(text)))[:MOST]
    variables = dict(re.findall(r"\b([A-Z][A-Z0-9_]*)\s*=\s*['\"]([^'\"\n$]{1,200})['\"]", text, re.MULTILINE))
    for match in islice(_SHELL.finditer(text), MOST):
        script = match[1].strip("'\"")
        reading.steps.append(Step(script.replace('\\"', '"'), text.count("\n", 0, match.start(1)) + 1, "", variables))
    for match in islice(_BUILD.finditer(text), MOST):
        arguments = f"{match[2]} ." if match[2] is None or not match[2] else match[2]
        reading.steps.append(
            Step(f"docker build -t {match[1]} {arguments or '.'}".replace("None ", ""), text.count("\n", 0, match.start()) + 1, "", variables)
        )  # fmt: skip
    return reading


def _azure(tree: Tree, path: str) -> Reading | None:
    documents = [each for each in tree.documents(path) if isinstance(each.value, dict)]
    if not documents or not {"steps", "jobs", "stages", "extends"} & documents[0].value.keys():
        return None
    reading = _common("azure-pipelines", documents, tree.text(path) or "")
    content = documents[0].value
    for word in ("trigger", "pr", "schedules"):
        if content.get(word) not in {None, "none"} if not isinstance(content.get(word), dict | list) else True:
            reading.triggers.append(word)
    for word in ("job", "deployment", "stage"):
        for name in islice(values_of(content, word), MOST):
            if isinstance(name, str):
                reading.jobs.append({"name": name, "kind": word})
    for name in islice(values_of(content, "environment"), MOST):
        _environment(name, {}, reading)
    for name in islice(values_of(content, "task"), MOST):
        if isinstance(name, str):
            task, _, version = name.partition("@")
            told = {"name": task, "version": version, "pinned": False, "line": 1}
            if told not in reading.actions:
                reading.actions.append(told)
    reading.steps += _azure_docker(content)
    return reading


def _azure_docker(content: Any) -> Iterator[Step]:
    """The Docker task builds with its inputs instead of a command."""
    for steps in islice(values_of(content, "steps"), MOST):
        for step in steps if isinstance(steps, list) else ():
            given = mapping(mapping(step).get("inputs"))
            if (
                str(mapping(step).get("task", "")).startswith("Docker@")
                and "build" in str(given.get("command", "")).lower()
            ):
                name = str(given.get("repository") or given.get("imageName") or "")
                file = str(given.get("Dockerfile") or given.get("dockerfile") or "")
                plain = file.replace("$(Build.SourcesDirectory)/", "").replace("**/", "")
                option = f" -f {plain}" if plain and "$" not in plain else ""
                context = str(given.get("buildContext") or (plain.rpartition("/")[0] or "."))
                yield Step(
                    f"docker build -t {name}{option} {context if '$' not in context else '.'}"
                    if name
                    else f"docker build{option} ."
                )


def _listed(system: str, *names: str) -> Callable[[Tree, str], Reading | None]:
    """Make a reader for a system whose jobs are the entries under some keys."""

    def read(tree: Tree, path: str) -> Reading | None:
        documents = [each for each in tree.documents(path) if isinstance(each.value, dict | list)]
        if not documents:
            return None
        reading = _common(system, documents, tree.text(path) or "")
        for document in documents:
            for name in names:
                for value in islice(values_of(document.value, name), MOST):
                    if isinstance(value, dict):
                        reading.jobs += [{"name": str(each)} for each in islice(value, MOST)]
                    elif isinstance(value, list):
                        for each in value[:MOST]:
                            label = (
                                mapping(each).get("name")
                                or mapping(each).get("id")
                                or mapping(each).get("label")
                                or mapping(each).get("stage")
                            )
                            if isinstance(label, str):
                                reading.jobs.append({"name": label})
            for orb in mapping(mapping(document.value).get("orbs")).values():
                if isinstance(orb, str):
                    name, _, version = orb.partition("@")
                    reading.actions.append({"name": name, "version": version, "pinned": False, "line": 1})
            for word in ("deployment", "environment"):
                for value in islice(values_of(document.value, word), MOST):
                    if isinstance(value, str) and value not in reading.environments and system == "bitbucket":
                        reading.environments.append(value)
        for pipe in islice((each for document in documents for each in values_of(document.value, "pipe")), MOST):
            if isinstance(pipe, str):
                name, _, version = pipe.partition(":")
                reading.actions.append({"name": name, "version": version, "pinned": False, "line": 1})
        return reading

    return read


_AZURE_STARTS: Final = re.compile(r"^(?:trigger|pr|resources|pool|schedules):", re.MULTILINE)
_AZURE_WORK: Final = re.compile(r"^(?:stages|jobs|steps|extends):", re.MULTILINE)


def _azure_by_content(tree: Tree, path: str) -> Reading | None:
    """Azure's pipelines may have any name."""
    text = tree.text(path)
    if text is None or len(text) > 200_000 or not (_AZURE_STARTS.search(text) and _AZURE_WORK.search(text)):
        return None
    return _azure(tree, path)


def _tekton(tree: Tree, path: str) -> Reading | None:
    data = tree.data(path)
    if data is None or b"tekton.dev/" not in data:
        return None
    documents = [
        each
        for each in tree.documents(path)
        if str(mapping(each.value).get("apiVersion", "")).startswith("tekton.dev/")
        and mapping(each.value).get("kind") in {"Pipeline", "Task", "PipelineRun", "TaskRun", "ClusterTask"}
    ]
    if not documents:
        return None
    reading = _common("tekton", documents, tree.text(path) or "")
    reading.jobs = [
        {
            "name": str(mapping(mapping(each.value).get("metadata")).get("name", "")),
            "kind": str(mapping(each.value).get("kind")),
        }
        for each in documents
    ]
    return reading


READERS: Final[tuple[tuple[tuple[str, ...], Callable[[Tree, str], Reading | None]], ...]] = (
    ((".gitlab-ci.yml", "*.gitlab-ci.yml"), _gitlab),
    (("Jenkinsfile", "Jenkinsfile.*", "Jenkinsfile-*", "*.jenkinsfile", "*.Jenkinsfile"), _jenkins),
    (("azure-pipelines*.yml", "azure-pipelines*.yaml", ".azure-pipelines/*.y*ml", ".azure/pipelines/*.y*ml", ".azdo/pipelines/*.y*ml"), _azure),
    (("ci.y*ml", "cd.y*ml", "build.y*ml", "release.y*ml", "*pipeline*.y*ml", "pipelines/*.y*ml", "eng/*.y*ml", "ci/*.y*ml"), _azure_by_content),
    (("bitbucket-pipelines.yml",), _listed("bitbucket", "step", "pipelines")),
    ((".circleci/config.yml",), _listed("circleci", "jobs")),
    ((".drone.yml", ".drone.yaml"), _listed("drone", "steps")),
    ((".woodpecker.yml", ".woodpecker.yaml", ".woodpecker/*.y*ml"), _listed("woodpecker", "steps", "pipeline")),
    ((".buildkite/pipeline*.y*ml", "buildkite.yml"), _listed("buildkite", "steps")),
    ((".travis.yml",), _listed("travis", "jobs", "stages")),
    (("cloudbuild*.yaml", "cloudbuild*.yml"), _listed("cloud-build", "steps")),
    (("buildspec*.yml", "buildspec*.yaml"), _listed("codebuild", "phases")),
    ((".semaphore/*.y*ml",), _listed("semaphore", "blocks")),
    (("appveyor.yml", ".appveyor.yml"), _listed("appveyor")),
)  # fmt: skip
TEKTON: Final = _tekton
