"""garak: attacks on language models that succeeded; the hit log and the full report."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from msgspec import Struct, field

from seamark.intake.parsers.kit import (
    Exchange,
    Finding,
    Item,
    JsonLines,
    Kind,
    ResourceLocation,
    Rule,
    Run,
    Severity,
    UnreadableReport,
    first_line,
    json_lines,
    moment,
    parser,
    variant,
)

INJECTIONS = frozenset(
    {"ansiescape", "dan", "doctor", "encoding", "fitd", "goodside", "gcg", "latentinjection", "phrasing",
     "promptinject", "sata", "smuggling", "suffix", "tap", "visual_jailbreak"}
)  # fmt: skip
"""Families of probes that smuggle instructions into the prompt; the others look at what comes out."""
_PROMPTING, _OUTPUT = 1427, 1426
THRESHOLD = 0.5
"""Score from which on garak counts a hit, unless the run says otherwise."""


class Text(Struct):
    text: str | None = ""


class Turn(Struct):
    role: str = ""
    content: Text | str | None = None


class Conversation(Struct):
    turns: list[Turn] | None = None
    text: str | None = ""


Said = str | Conversation | None


class Hit(Struct):
    probe: str
    detector: str
    goal: str | None = ""
    prompt: Said = None
    output: Said = None
    triggers: list[str] | str | None = None
    score: float | None = None
    run_id: str = ""
    attempt_id: str = ""
    generator: str = ""


@parser(
    "garak",
    title="garak",
    kind=Kind.PENTEST,
    looks=json_lines("probe", "detector", "generator", "attempt_id"),
    made_with="garak --model_type huggingface --model_name <model>   # writes garak.<id>.hitlog.jsonl",
    url="https://docs.garak.ai/garak",
    versions="0.9 to 0.13",
)
def read(hits: JsonLines[Hit]) -> Iterator[Item]:
    yield Run(tool="garak")
    for hit in hits:
        yield _finding(hit)


def _finding(hit: Hit) -> Finding:
    about = _about(hit.probe, hit.goal or "")
    triggers = [hit.triggers] if isinstance(hit.triggers, str) else hit.triggers or []
    lines = (
        ("Detector", hit.detector),
        ("Score", "" if hit.score is None else f"{hit.score:g}"),
        ("Triggers", ", ".join(triggers)),
        ("Attempt", hit.attempt_id),
    )
    return Finding(
        rule=hit.probe,
        title=f"{hit.probe}: {first_line(hit.goal)}" if hit.goal else hit.probe,
        severity=Severity.MEDIUM,
        location=ResourceLocation(resource=hit.generator, type="language model") if hit.generator else None,
        about=about,
        description="\n".join(f"{name}: {text}" for name, text in lines if text),
        cwes=about.cwes,
        exchange=Exchange(_said(hit.prompt), _said(hit.output)),
        tags=(hit.detector,),
    )


@lru_cache(maxsize=1024)
def _about(probe: str, goal: str) -> Rule:
    family = probe.partition(".")[0]
    return Rule(id=probe, title=goal, cwes=(_PROMPTING if family in INJECTIONS else _OUTPUT,), tags=(family,))


def _said(given: Said) -> str:
    """Return what was said, each turn on lines of its own where there are several."""
    if given is None or isinstance(given, str):
        return given or ""
    if not given.turns:
        return given.text or ""
    texts = [
        (turn.role, (turn.content if isinstance(turn.content, str) else turn.content.text) or "")
        for turn in given.turns
        if turn.content is not None
    ]
    return texts[0][1] if len(texts) == 1 else "\n".join(f"{role}: {text}" for role, text in texts)


_HEADS = frozenset({"_config.version", "garak_version"})
"""Keys of which the first line of a full report has one."""


class Entry(Struct):
    sort: str = field(name="entry_type")
    version: str = field(name="garak_version", default="")
    set_version: str = field(name="_config.version", default="")
    start_time: str | None = ""
    end_time: str | None = ""
    run: str | None = ""
    threshold: float | None = field(name="run.eval_threshold", default=None)
    target_type: str | None = field(name="plugins.target_type", default="")
    target_name: str | None = field(name="plugins.target_name", default="")
    model_type: str | None = field(name="plugins.model_type", default="")
    model_name: str | None = field(name="plugins.model_name", default="")
    status: int | None = None
    uuid: str = ""
    probe: str = field(name="probe_classname", default="")
    goal: str | None = ""
    prompt: Said = None
    outputs: list[Said] | None = None
    notes: dict[str, object] | None = None
    scores: dict[str, list[float | None]] | None = field(name="detector_results", default=None)


@variant("garak", looks=json_lines("entry_type", where=lambda probe: bool(_HEADS & probe.keys)))
def read_report(entries: JsonLines[Entry]) -> Iterator[Item]:
    head = Entry(sort="")
    threshold, model, completed, tried = THRESHOLD, "", False, False
    for entry in entries:
        head.version = entry.version or entry.set_version or head.version
        head.start_time = entry.start_time or head.start_time
        if entry.sort == "start_run setup":
            threshold = entry.threshold if entry.threshold is not None else threshold
            kind, name = entry.target_type or entry.model_type, entry.target_name or entry.model_name
            model = " ".join(part for part in (kind, name) if part)
        if entry.sort == "completion":
            completed, head.end_time = True, entry.end_time
        tried = tried or entry.sort == "attempt"
    if not tried and not completed:
        raise UnreadableReport("The report holds no attempt and does not say that the run came to its end")
    yield Run(
        tool="garak",
        version=head.version,
        configuration=model,
        successful=completed,
        started=moment(head.start_time),
        finished=moment(head.end_time),
    )
    for entry in entries:
        # Attempts are written twice: when they are made (1), and when they have been judged (2).
        if entry.sort == "attempt" and entry.status == 2:
            yield from _hits(entry, model, threshold)


def _hits(entry: Entry, model: str, threshold: float) -> Iterator[Finding]:
    outputs = entry.outputs or []
    triggers = (entry.notes or {}).get("triggers")
    named = [text for text in triggers if isinstance(text, str)] if isinstance(triggers, list) else None
    for detector, scores in (entry.scores or {}).items():
        for number, score in enumerate(scores):
            if score is not None and score >= threshold:
                yield _finding(
                    Hit(
                        probe=entry.probe.removeprefix("probes."),
                        detector=detector,
                        goal=entry.goal,
                        prompt=entry.prompt,
                        output=outputs[number] if number < len(outputs) else None,
                        triggers=named,
                        score=score,
                        attempt_id=entry.uuid,
                        generator=model,
                    )
                )
