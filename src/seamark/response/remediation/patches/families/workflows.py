"""Workflows of GitHub: rights of the token, credentials left behind, commits of actions, and text of strangers in commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import yaml

from seamark.response.remediation.editors.notation.source import Source, Splice, UnsafeEdit
from seamark.response.remediation.editors.notation.yaml_ import child, read_yaml, span, text_of, uses
from seamark.response.remediation.patches.registry import Job, codemod
from seamark.response.remediation.patches.yaml_tree import is_flow, put

FILES: Final = r"(?<=workflows/)[^/]+\.ya?ml|action\.ya?ml"
_EXPRESSION: Final = re.compile(r"\$\{\{\s*(?P<inner>[^{}]+?)\s*\}\}")
_PLAIN: Final = re.compile(r"(?:github|inputs|steps|needs|matrix|env|vars)(?:\.[\w-]+|\.\*)*")
_TOKEN: Final = re.compile(r"GITHUB_TOKEN|github\.token", re.IGNORECASE)


def _steps(root: yaml.Node) -> Iterator[tuple[yaml.Node, yaml.MappingNode]]:
    """Yield jobs and their steps."""
    jobs = child(root, "jobs")
    for job in [value for _, value in jobs.value] if isinstance(jobs, yaml.MappingNode) else [child(root, "runs")]:
        steps = child(job, "steps")
        for each in steps.value if isinstance(steps, yaml.SequenceNode) else ():
            if isinstance(each, yaml.MappingNode) and job is not None:
                yield job, each


def _about(job: Job, node: yaml.Node) -> bool:
    return job.covers(node.start_mark.line + 1, max(node.end_mark.line, node.start_mark.line + 1))


@codemod(
    "workflow-permissions", title="Give the token the right to read only", files=FILES, about=("workflow-permissions",), rules={"zizmor": ("excessive-permissions",)},
    note="A job that writes (packages, comments, releases) needs its own permissions.",
)  # fmt: skip
def permissions(job: Job) -> Iterator[Splice]:
    """Let the token of a workflow read the contents and nothing else, where no step is seen to use it for more."""
    roots = read_yaml(job.source)
    root = roots[0] if roots else None
    said, jobs = child(root, "permissions"), child(root, "jobs")
    if not isinstance(root, yaml.MappingNode) or not isinstance(jobs, yaml.MappingNode):
        raise UnsafeEdit(f"{job.source.path} is no workflow.")
    for name, each in jobs.value:
        if child(each, "permissions") is None and _TOKEN.search(
            job.source.text[each.start_mark.index : each.end_mark.index]
        ):
            raise UnsafeEdit(
                f"{job.source.path} uses its token in the job {name.value}: give that job the rights it needs first."
            )
    if said is None:
        key = next(key for key, value in root.value if value is jobs)
        at = job.source.start_of_line(key.start_mark.index)
        yield job.source.splice(
            at, at, f"permissions:{job.source.newline}  contents: read{job.source.newline}{job.source.newline}"
        )
    elif text_of(said) == "write-all":
        start, end = span(job.source, said)
        yield job.source.splice(start - 1, end, f"{job.source.newline}  contents: read")
    elif isinstance(said, yaml.MappingNode) and any(text_of(value) == "write" for _, value in said.value):
        raise UnsafeEdit(
            f"{job.source.path} names rights to write for all its jobs: move each to the job that needs it."
        )


@codemod(
    "workflow-credentials",
    title="Leave no credentials behind a checkout",
    files=FILES,
    rules={"zizmor": ("artipacked",)},
    note="Steps that push need credentials of their own.",
)
def credentials(job: Job) -> Iterator[Splice]:
    """Keep actions/checkout from storing the token, where no later step of the job uses git with it."""
    roots = read_yaml(job.source)
    for above, step in _steps(roots[0] if roots else yaml.ScalarNode("", "")):
        if not text_of(child(step, "uses")).startswith("actions/checkout@") or not _about(job, step):
            continue
        inside = job.source.text[above.start_mark.index : above.end_mark.index]
        if re.search(
            r"\bgit\s+(?:push|fetch|pull|submodule|lfs)\b|git-auto-commit|create-pull-request|gh-pages", inside
        ):
            raise UnsafeEdit(
                f"{job.source.path} speaks with the repository in a later step, for which the credentials are there."
            )
        yield from put(job.source, roots, step, ("with", "persist-credentials"), "false")


@codemod(
    "workflow-pin",
    title="Pin an action to a commit",
    files=FILES,
    about=("workflow-unpinned",),
    rules={"zizmor": ("unpinned-uses",)},
)
def pin(job: Job) -> Iterator[Splice]:
    """Replace the tag of an action by its commit, which has to be given as `commit:owner/name@tag`."""
    roots = read_yaml(job.source)
    seen: list[yaml.Node] = [
        value
        for _, step in _steps(roots[0] if roots else yaml.ScalarNode("", ""))
        if (value := child(step, "uses")) is not None
    ]
    jobs = child(roots[0] if roots else None, "jobs")
    seen += [
        value
        for _, each in (jobs.value if isinstance(jobs, yaml.MappingNode) else ())
        if (value := child(each, "uses")) is not None
    ]
    for node in seen:
        found = re.fullmatch(r"(?P<name>[\w.-]+/[\w.-]+)(?P<path>/[^@\s]*)?@(?P<ref>\S+)", text_of(node))
        if found is None or re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", found["ref"]) or not _about(job, node):
            continue
        commit = job.need(
            f"commit:{found['name']}@{found['ref']}", f"the commit of {found['name']} {found['ref']} has to be given"
        )
        if not re.fullmatch(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", commit) or uses(roots, node) > 1:
            raise UnsafeEdit(f"{job.source.path} cannot be pinned to {commit!r} on line {node.start_mark.line + 1}.")
        start, end = span(job.source, node)
        at = start + job.source.text[start:end].index("@") + 1
        yield job.source.splice(at, at + len(found["ref"]), commit)
        if "#" not in job.source.text[end : job.source.end_of_line(end)]:
            yield job.source.splice(end, end, f" # {found['ref']}")


@codemod(
    "workflow-injection", title="Hand text to a command in a variable", files=FILES, about=("workflow-injection",), rules={"zizmor": ("template-injection",)},
    note="What is written to GITHUB_ENV or GITHUB_OUTPUT from such a variable still has to be checked for line breaks.",
)  # fmt: skip
def injection(job: Job) -> Iterator[Splice]:
    """Move the expressions of a script into the step's environment, so that the shell does not read them as commands."""
    roots = read_yaml(job.source)
    for above, step in _steps(roots[0] if roots else yaml.ScalarNode("", "")):
        run = child(step, "run")
        if isinstance(run, yaml.ScalarNode) and _about(job, step) and _EXPRESSION.search(run.value):
            yield from _moved(job.source, roots, above, step, run)


def _moved(
    source: Source, roots: list[yaml.Node], above: yaml.Node, step: yaml.MappingNode, run: yaml.ScalarNode
) -> Iterator[Splice]:
    start, end = span(source, run)
    where = f"{source.path} on line {run.start_mark.line + 1}"
    shell = (
        text_of(child(step, "shell"))
        or text_of(child(above, "defaults", "run", "shell"))
        or text_of(child(roots[0], "defaults", "run", "shell"))
    )
    if shell not in {"bash", "sh"} and (shell or not _has_bash(source, child(above, "runs-on"))):
        raise UnsafeEdit(f"{where} may run in another shell than bash.")
    if "<<" in run.value or is_flow(step) or run.style in {"'", '"'} or uses(roots, step) > 1:
        raise UnsafeEdit(f"{where} is written in a way that is not edited.")
    names: dict[str, str] = {}
    environment = child(step, "env")
    taken = (
        {key.value: text_of(value) for key, value in environment.value}
        if isinstance(environment, yaml.MappingNode)
        else {}
    )
    for found in _EXPRESSION.finditer(source.text, start, end):
        inner = found["inner"]
        if not _PLAIN.fullmatch(inner):
            raise UnsafeEdit(f"{where} computes {inner!r} in the command.")
        names.setdefault(inner, _free(inner, names, taken))
        before = source.text[source.start_of_line(found.start()) : found.start()]
        yield source.splice(
            found.start(),
            found.end(),
            _quoted(names[inner], before.removeprefix(before[: len(before) - len(before.lstrip())]), where),
        )
    lines = [f"{name}: ${{{{ {inner} }}}}" for inner, name in names.items() if name not in taken]
    if not lines:
        return
    if isinstance(environment, yaml.MappingNode) and environment.value and not is_flow(environment):
        column, at = (
            environment.value[0][0].start_mark.column,
            source.end_of_line(environment.value[0][1].end_mark.index),
        )
        if environment.value[0][1].start_mark.line != environment.value[0][1].end_mark.line:
            raise UnsafeEdit(f"{where} has an environment that is not edited.")
        yield source.splice(at, at, "".join(f"{source.newline}{' ' * column}{each}" for each in lines))
    elif environment is None:
        # Before `run`, so that the end of a script in block style need not be found.
        key = next(key for key, value in step.value if value is run)
        indent = " " * key.start_mark.column
        written = f"env:{source.newline}" + "".join(f"{indent}  {each}{source.newline}" for each in lines)
        yield source.splice(key.start_mark.index, key.start_mark.index, written + indent)
    else:
        raise UnsafeEdit(f"{where} has an environment that is not edited.")


def _has_bash(source: Source, runs_on: yaml.Node | None) -> bool:
    """Tell whether a job is known to run where bash is the shell: a runner of one's own may be anything."""
    said = source.text[runs_on.start_mark.index : runs_on.end_mark.index] if runs_on is not None else ""
    return "$" not in said and bool(re.search(r"ubuntu|linux|macos", said, re.IGNORECASE))


def _free(inner: str, names: dict[str, str], taken: dict[str, str]) -> str:
    plain = re.sub(r"^(?:github\.event\.|github\.|inputs\.|steps\.|needs\.)", "", inner)
    name = re.sub(r"\W+", "_", plain).strip("_").upper() or "VALUE"
    name = (
        f"VALUE_{name}"
        if name[0].isdigit()
        or name.startswith(("GITHUB_", "RUNNER_"))
        or name in {"PATH", "HOME", "SHELL", "USER", "CI", "BODY", "IFS"}
        else name
    )
    while name in names.values() or (name in taken and re.sub(r"\s", "", taken[name]) != f"${{{{{inner}}}}}"):
        name += "_1"
    return name


def _quoted(name: str, before: str, where: str) -> str:
    """Return a variable as it has to be written behind a piece of a command, so that the shell takes its value as one word."""
    if before.lstrip().startswith("run:"):
        before = before.partition("run:")[2]
    quote = ""
    escaped = False
    for sign in before:
        if escaped:
            escaped = False
        elif sign == "\\" and quote != "'":
            escaped = True
        elif not quote and sign in "\"'":
            quote = sign
        elif sign == quote:
            quote = ""
    if quote == "'":
        raise UnsafeEdit(f"{where} writes an expression between single quotes, where the shell fills in nothing.")
    return f"${{{name}}}" if quote else f'"${{{name}}}"'
