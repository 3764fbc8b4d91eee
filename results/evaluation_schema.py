"""The JSON Schema of what `rig evaluate --json` writes, made from the outcomes themselves.

`python -m results.evaluation_schema` prints it; docs/evaluation.schema.json is that.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from pydantic import TypeAdapter

from results.bolus_outcome import BOLUS_OUTCOME_SCHEMA, BolusOutcome
from results.foreign.evaluate import EVALUATION_SCHEMA
from results.measured.outcome import MEASURED_OUTCOME_SCHEMA, MeasuredOutcome
from results.occlusion.outcome import OCCLUSION_OUTCOME_SCHEMA, OcclusionOutcome
from results.outcome import FLOW_OUTCOME_SCHEMA, FlowOutcome

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_OUTCOMES = {
    FLOW_OUTCOME_SCHEMA: FlowOutcome,
    BOLUS_OUTCOME_SCHEMA: BolusOutcome,
    MEASURED_OUTCOME_SCHEMA: MeasuredOutcome,
    OCCLUSION_OUTCOME_SCHEMA: OcclusionOutcome,
}
_SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_COUNT = {"type": "integer", "minimum": 0}
_LEFT_OUT = {
    "type": "object",
    "properties": {"line": _COUNT, "reason": {"type": "string"}, "after_s": {"type": ["number", "null"]}},
    "required": ["line", "reason", "after_s"],
}
_FILE = {
    "type": "object",
    "properties": {
        "sha256": _SHA256,
        "rows": _COUNT,
        "rows_used": _COUNT,
        "rows_left_out": _COUNT,
        "rows_left_out_listed": {"type": "array", "items": _LEFT_OUT},
    },
    "required": ["sha256"],
}


def evaluation_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of an evaluation's record; keys it does not name are allowed."""
    definitions: dict[str, Any] = {"file": _FILE}
    outcomes = []
    for version, outcome in _OUTCOMES.items():
        made = TypeAdapter(outcome).json_schema(mode="serialization")
        definitions |= _as_written(made.pop("$defs", {}))
        made["properties"]["schema"] = {"const": version}
        definitions[outcome.__name__] = _as_written(made)
        outcomes.append({"$ref": f"#/$defs/{outcome.__name__}"})
    file = {"anyOf": [{"$ref": "#/$defs/file"}, {"type": "null"}]}
    reason = {"type": "object", "properties": {"reason": {"type": "string"}}, "required": ["reason"]}
    properties: dict[str, Any] = {
        "schema": {"const": EVALUATION_SCHEMA},
        "kind": {"type": "string"},
        "source": {"type": "string"},
        "conditions": {"type": ["object", "null"]},
        "file": file,
        "air_file": file,
        "reference_file": file,
        "pressure_file": file,
        "refusal": {"anyOf": [reason, {"type": "null"}]},
        "outcome": {"anyOf": [*outcomes, {"type": "null"}]},
    }
    return {
        "$schema": _DIALECT,
        "title": EVALUATION_SCHEMA,
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "oneOf": [{"properties": {"refusal": {"type": "null"}}}, {"properties": {"outcome": {"type": "null"}}}],
        "$defs": definitions,
    }


def _as_written(schema: Any) -> Any:
    """Return a schema for what a record holds: every field, and null for what is not a finite number."""
    if isinstance(schema, list):
        return [_as_written(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") == "number":
        return {"type": ["number", "null"]}
    made = {key: _as_written(value) for key, value in schema.items() if key not in ("default", "title")}
    if schema.get("type") == "object" and "properties" in schema:
        made["properties"] = {key: _as_written(value) for key, value in schema["properties"].items()}
        made["required"] = list(schema["properties"])
    return made


def main() -> None:
    """Print the schema."""
    sys.stdout.write(json.dumps(evaluation_schema(), indent=2) + "\n")


if __name__ == "__main__":
    main()
