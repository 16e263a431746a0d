"""What shell commands of a pipeline build and deploy."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Final

from seamark.intake.discovery.pipelines.reading import Built, Deployed, Step
from seamark.intake.discovery.tree import joined

LONGEST: Final = 200_000
"""Characters of one step's commands."""
MOST_COMMANDS: Final = 2_000
_EXPRESSION: Final = re.compile(r"\$\{\{([^{}\n]{0,300})\}\}")
_VARIABLE: Final = re.compile(r"\$\{(\w+)(?::?-([^{}]*))?\}|\$(\w+)")
_SPLIT: Final = re.compile(r"\n|&&|\|\||;|(?<!\|)\|(?!\|)|(?<![<>&])&(?![&>])")
_ASSIGNED: Final = re.compile(r"(?:export\s+)?(\w+)=(\S*)")
_WITH_VALUE: Final = frozenset({
    "-t", "--tag", "-f", "--file", "--build-arg", "--target", "--platform", "--cache-from", "--cache-to", "--label", "--network", "--secret", "--progress", "--output", "-o",
    "--build-context", "--add-host", "--ssh", "--iidfile", "--metadata-file", "--builder", "-m", "--memory", "--provenance", "--sbom", "--shm-size", "--isolation", "--layers",
    "--image", "-r", "--registry", "--dockerfile", "--context", "--destination", "-d", "-c", "--format", "--path", "--builder-image", "-B", "--env", "-e",
})  # fmt: skip
_BUILDERS: Final = {
    ("docker", "build"), ("docker", "buildx", "build"), ("docker", "image", "build"), ("podman", "build"), ("buildah", "bud"), ("buildah", "build"), ("nerdctl", "build"),
    ("img", "build"), ("docker", "builder", "build"),
}  # fmt: skip


def fill(text: str, variables: Mapping[str, str]) -> str:
    """Fill in variables that are known: `$NAME`, `${NAME}`, `${NAME:-default}` and `${{ … }}`."""

    def plain(match: re.Match[str]) -> str:
        name = match[1] or match[3]
        return variables.get(name, match[2] if match[2] is not None else match[0])

    for _ in range(3):
        filled = _EXPRESSION.sub(
            lambda match: variables.get(
                re.sub(r"\s+", "", match[1]), "${" + re.sub(r"\W+", "_", match[1].strip()) + "}"
            ),
            text,
        )
        filled = _VARIABLE.sub(plain, filled)
        if filled == text or len(filled) > LONGEST:
            break
        text = filled
    return text[:LONGEST]


def read_commands(step: Step) -> Iterator[Built | Deployed]:
    """Yield what the commands of a step build and deploy. Nothing is run, and what cannot be understood is passed over."""
    text = re.sub(r"\\\n\s*", " ", step.text[:LONGEST])
    variables = dict(step.variables)
    folder, line = step.folder, step.line
    position = 0
    rendered = ""
    """The folder that was rendered last, for the command that takes it from there."""
    for match in [*islice(_SPLIT.finditer(text), MOST_COMMANDS), None]:
        piece = text[position : match.start() if match else len(text)]
        words = _words(fill(piece, variables))
        if match is not None:
            position = match.end()
        while words and (given := _ASSIGNED.fullmatch(words[0])):
            variables[given[1]] = given[2]
            words = words[1:]
        if words[:1] == ["cd"] and len(words) > 1 and "$" not in words[1]:
            folder = joined(folder, words[1])
        while words and words[0] in {
            "sudo",
            "time",
            "exec",
            "command",
            "then",
            "do",
            "else",
            "!",
            "retry",
            "run:",
            "-",
        }:
            words = words[1:]
        if rendering := _rendered(words, folder):
            rendered = rendering
        for each in _read(words, folder):
            each.line = line
            yield each
        if rendered and words[:1] and words[0] in {"kubectl", "oc"} and "apply" in words and "-" in words:
            yield Deployed("kubectl", (rendered,), line=line)
            rendered = ""
        if match is not None and match[0] == "\n":
            line += 1


def _words(piece: str) -> list[str]:
    piece = piece.strip()
    if not piece or piece.startswith("#"):
        return []
    try:
        return shlex.split(piece, comments=True)[:300]
    except ValueError:
        return piece.split()[:300]


def _options(words: list[str]) -> tuple[dict[str, list[str]], list[str]]:
    """Part a command's arguments into options and the rest."""
    options: dict[str, list[str]] = {}
    rest: list[str] = []
    position = 0
    while position < len(words):
        word = words[position]
        position += 1
        if word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            if not equals and name in _WITH_VALUE and position < len(words):
                value = words[position]
                position += 1
            options.setdefault(name, []).append(value)
        else:
            rest.append(word)
    return options, rest


def _first(options: Mapping[str, list[str]], *names: str) -> str:
    return next((value for name in names for value in options.get(name, ()) if value), "")


def _read(words: list[str], folder: str) -> Iterator[Built | Deployed]:
    if not words:
        return
    tool = words[0].rpartition("/")[2]
    head = [tool, *words[1:3]]
    for builder in _BUILDERS:
        if tuple(head[: len(builder)]) == builder:
            yield from _image(words[len(builder) :], folder, tool)
            return
    if tool == "executor" and "kaniko" in words[0]:
        options, _ = _options(words[1:])
        context = _first(options, "--context", "-c").removeprefix("dir://")
        dockerfile = _first(options, "--dockerfile", "-f")
        for image in options.get("--destination", []) or options.get("-d", []) or [""]:
            yield Built(image, _place(folder, context or "."), _place(folder, dockerfile), "kaniko")
    elif tool == "ko" and len(words) > 1 and words[1] in {"build", "publish", "apply"}:
        _, rest = _options(words[2:])
        yield Built("", _place(folder, rest[0] if rest else "."), "", "ko")
    elif tool == "pack" and words[1:2] == ["build"]:
        options, rest = _options(words[2:])
        yield Built(rest[0] if rest else "", _place(folder, _first(options, "--path", "-p") or "."), "", "pack")
    elif tool in {"mvn", "mvnw", "gradle", "gradlew"} and any(
        ("jib" in word and not word.startswith("-")) or "spring-boot:build-image" in word or "bootBuildImage" in word
        for word in words
    ):
        image = next(
            (
                word.partition("=")[2]
                for word in words
                if word.startswith(
                    ("-Dimage=", "-Djib.to.image=", "-Dspring-boot.build-image.imageName=", "--imageName=")
                )
            ),
            "",
        )
        yield Built(image, folder or ".", "", "jib")
    elif tool == "gcloud" and words[1:3] == ["builds", "submit"]:
        options, rest = _options(words[3:])
        if image := _first(options, "--tag", "-t"):
            yield Built(image, _place(folder, rest[0] if rest else "."), "", "gcloud")
    elif tool == "az" and words[1:3] == ["acr", "build"]:
        options, rest = _options(words[3:])
        registry = _first(options, "--registry", "-r")
        image = _first(options, "--image", "-t")
        yield Built(
            f"{registry}.azurecr.io/{image}" if registry and image else image,
            _place(folder, rest[0] if rest else "."),
            _place(folder, _first(options, "--file", "-f")),
            "az",
        )
    else:
        yield from _deployment(tool, words, folder)


def _image(words: list[str], folder: str, tool: str) -> Iterator[Built]:
    options, rest = _options(words)
    context = _place(folder, rest[-1] if rest and "://" not in rest[-1] and rest[-1] != "-" else ".")
    dockerfile = _place(folder, _first(options, "-f", "--file"))
    for image in [*options.get("-t", []), *options.get("--tag", [])] or [""]:
        yield Built(image, context, dockerfile, tool)


def _place(folder: str, path: str) -> str:
    """Return a path of the tree, `.` for its root; empty for none, or one that is not known."""
    if not path or "$" in path:
        return ""
    return joined(folder, path) or ("." if not path.startswith("..") else "")


def _deployment(tool: str, words: list[str], folder: str) -> Iterator[Deployed]:
    sub = words[1:]
    options, rest = _options(sub)
    files = [
        _place(folder, value)
        for name in ("-f", "--filename", "-k", "--kustomize")
        for value in options.get(name, [])
        if value
    ]
    match [tool, *(word for word in rest[:2])]:
        case ["kubectl" | "oc", "apply" | "create" | "replace", *_]:
            given = files or [
                _place(folder, words[at + 1])
                for at, word in enumerate(words[:-1])
                if word in {"-f", "-k", "--filename", "--kustomize"}
            ]
            paths = tuple(each for each in given if each and each.rpartition("/")[2] != "-")
            if paths:
                yield Deployed("kubectl", paths)
        case ["kubectl" | "oc", "set", "image"]:
            for word in rest[2:]:
                name, equals, image = word.partition("=")
                if equals:
                    yield Deployed("kubectl", target=rest[2] if "/" in rest[2] else name, image=image)
        case ["kubectl" | "oc", "rollout", "restart"]:
            yield Deployed("kubectl", target=" ".join(rest[2:3]))
        case ["helm", "upgrade" | "install", *_]:
            chart = next((_place(folder, each) for each in rest[2:] if each.startswith((".", "/")) or "/" in each), "")
            yield Deployed("helm", (chart,) if chart else (), target=rest[1] if len(rest) > 1 else "")
        case ["terraform" | "tofu" | "terragrunt", *_] if "apply" in rest:
            chdir = _first(options, "-chdir")
            yield Deployed(tool, (_place(folder, chdir) if chdir else folder or ".",))
        case ["pulumi", "up" | "update", *_]:
            yield Deployed("pulumi", (_place(folder, _first(options, "-C", "--cwd") or "."),))
        case ["aws", "ecs", "update-service"]:
            yield Deployed("aws ecs", target=_after(words, "--service"))
        case ["aws", "lambda", "update-function-code"]:
            yield Deployed("aws lambda", target=_after(words, "--function-name"), image=_after(words, "--image-uri"))
        case ["aws", "cloudformation", "deploy" | "create-stack" | "update-stack"]:
            path = _place(
                folder, _after(words, "--template-file") or _after(words, "--template-body").removeprefix("file://")
            )
            yield Deployed("aws cloudformation", (path,) if path else (), target=_after(words, "--stack-name"))
        case ["sam", "deploy", *_]:
            path = _place(folder, _after(words, "--template-file") or _after(words, "-t") or "template.yaml")
            yield Deployed("sam", (path,) if path else ())
        case ["serverless" | "sls", "deploy", *_]:
            yield Deployed("serverless", (_place(folder, "serverless.yml"),))
        case ["cdk", "deploy", *_]:
            yield Deployed("cdk", (folder or ".",))
        case ["gcloud", "run", "deploy"] | ["gcloud", "functions", "deploy"]:
            yield Deployed(f"gcloud {rest[0]}", target=rest[2] if len(rest) > 2 else "", image=_after(words, "--image"))
        case ["gcloud", "app", "deploy"]:
            yield Deployed("gcloud app", (folder or ".",))
        case ["az", "webapp" | "containerapp" | "functionapp", *_] if {
            "up",
            "create",
            "update",
            "deploy",
            "config",
        } & set(rest[1:3]):
            yield Deployed(
                f"az {rest[0]}", target=_after(words, "--name") or _after(words, "-n"), image=_after(words, "--image")
            )
        case ["docker", "stack", "deploy"]:
            path = _place(folder, _after(words, "-c") or _after(words, "--compose-file"))
            yield Deployed("docker stack", (path,) if path else (), target=rest[-1])
        case ["skaffold", "run" | "deploy" | "render", *_]:
            yield Deployed("skaffold", (_place(folder, _first(options, "-f", "--filename") or "skaffold.yaml"),))
        case ["argocd", "app", "sync" | "set" | "create"]:
            yield Deployed("argocd", target=rest[2] if len(rest) > 2 else "")
        case (
            ["flyctl" | "fly", "deploy", *_]
            | ["firebase", "deploy", *_]
            | ["vercel", *_]
            | ["netlify", "deploy", *_]
            | ["wrangler", "deploy" | "publish", *_]
        ):
            yield Deployed(tool, (folder or ".",))
        case ["cap" | "kamal", *_] if "deploy" in rest:
            yield Deployed(tool)
        case ["ansible-playbook", *_]:
            path = _place(folder, rest[0]) if rest else ""
            yield Deployed("ansible", (path,) if path else ())
        case _:
            return


def _rendered(words: list[str], folder: str) -> str:
    """Return the folder or file that a command renders manifests from, empty where it does not."""
    if words[:2] == ["kustomize", "build"] or words[:2] == ["kubectl", "kustomize"]:
        return _place(folder, next((each for each in words[2:] if not each.startswith("-")), "."))
    if words[:2] == ["helm", "template"]:
        return _place(folder, next((each for each in words[2:] if "/" in each and not each.startswith("-")), ""))
    if words[:1] in (["envsubst"], ["sed"], ["cat"]):
        file = next((each for each in words[1:] if each.endswith((".yaml", ".yml"))), "")
        return _place(folder, file)
    return ""


def _after(words: list[str], option: str) -> str:
    """Return the value of an option, as `--name value` or `--name=value`."""
    for position, word in enumerate(words):
        if word == option and position + 1 < len(words):
            return words[position + 1]
        if word.startswith(option + "="):
            return word.partition("=")[2]
    return ""
