"""The JSON Schema of policies and the page on their facts, for editors and readers: both come from the structs."""

from __future__ import annotations

from typing import Any

import msgspec

from seamark.governance.policy import shapes
from seamark.governance.policy.facts import GROUPS, SUBJECTS, Facts
from seamark.governance.policy.model import Document, Example, Metadata, Selector, Sla, Spec, Triage


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a policy, with the facts of its examples."""
    schemas, components = msgspec.json.schema_components([Document, Facts], ref_template="#/$defs/{name}")
    del components["Facts"]["properties"]["waived"]
    components["Example"]["properties"]["facts"] = schemas[1]
    for name, kind in GROUPS.items():
        for field, part in components[kind.__name__]["properties"].items():
            part["description"] = shapes.sentences(kind)[field]
            if field == "severity":
                # Examples may say it in words.
                words = ["info", "low", "medium", "high", "critical"]
                components[kind.__name__]["properties"][field] = {
                    "anyOf": [part, {"enum": words}], "description": part["description"],
                }  # fmt: skip
        components["Facts"]["properties"][name]["description"] = shapes.kind_sentence(kind)
    for part in (Metadata, Selector, Spec, Sla, Triage, Example):
        names = dict(zip(part.__struct_fields__, part.__struct_encode_fields__, strict=True))
        for field, sentence in shapes.sentences(part).items():
            components[part.__name__]["properties"][names[field]]["description"] = sentence
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Seamark policy", **schemas[0], "$defs": components,
    }  # fmt: skip


def facts_table() -> list[str]:
    """Return the facts as a Markdown section a group."""
    lines = []
    for name in SUBJECTS:
        kind = GROUPS[name]
        lines += [f"### {name}", "", shapes.kind_sentence(kind), "", "| fact | type | meaning |", "|---|---|---|"]
        for field, shape in shapes.fields(kind).items():
            sentence = shapes.sentences(kind)[field]
            choices = f" One of {', '.join(f'`{word}`' for word in shape.choices)}." if shape.choices else ""
            lines.append(f"| `{name}.{field}` | {shape.words} | {sentence}{choices} |")
        lines.append("")
    return lines
