"""Floor 3. What scenario.toml, judge.toml and report.toml may say, as JSON Schemas for editors, made from the models.

A schema knows keys, types and ranges. What one key says of another is found when the files are loaded. Prints nothing.
"""

import json
from collections.abc import Mapping
from typing import Any

from report.judgement import Sheet
from report.models import Model
from report.scenario import BOUNDS
from report.settings import Settings
from report.spec import Assignment

FOLDER = "assignments/schema"
_MODELS: Mapping[str, type[Model]] = {"scenario": Assignment, "judge": Sheet, "report": Settings}
_DRAFT = "https://json-schema.org/draft/2020-12/schema"


def files() -> dict[str, bytes]:
    """Every schema, by its path from the repository's root."""
    return {
        f"{FOLDER}/{kind}.schema.json": (json.dumps(made, indent=2, ensure_ascii=False) + "\n").encode()
        for kind, made in schemas().items()
    }


def schemas() -> dict[str, dict[str, Any]]:
    """Every schema, by the kind of file that it is of."""
    return {kind: _schema(model) for kind, model in _MODELS.items()}


def _schema(model: type[Model]) -> dict[str, Any]:
    made: dict[str, Any] = _of_toml(model.model_json_schema())
    for name, part in [(model.__name__, made), *made.get("$defs", {}).items()]:
        _as_written(name, part)
    return {"$schema": _DRAFT, "$comment": "Made by: invoke schema. Every key: assignments/README.md"} | made


def _as_written(name: str, part: dict[str, Any]) -> None:
    """Makes a model's schema that of its table in a file, where the file says less, or one of several."""
    keys = part.get("properties", {})
    if set(BOUNDS) <= set(keys):
        part["oneOf"] = [{"required": [bound]} for bound in BOUNDS]
    if name == "Assignment":  # its place says these
        part["properties"] = {key: value for key, value in keys.items() if key not in ("name", "folder")}
        part["required"] = [key for key in part["required"] if key in part["properties"]]
    elif name == "Server":  # judge.toml says how one with a mistake is started
        part["anyOf"] = [{"required": [key]} for key in (*part.pop("required"), "mistake")]
    elif name == "Scenario":
        part["oneOf"] = [{"required": ["clients"]}, {"required": ["arrival"]}]
    elif name == "Probe":  # one that is common says the rest
        part.pop("required")


def _of_toml(value: Any) -> Any:
    """The schema without null, which TOML does not have; where names of a certain form are keys, no others are."""
    if isinstance(value, list):
        return [_of_toml(item) for item in value if item != {"type": "null"}]
    if not isinstance(value, dict):
        return value
    kept = {key: _of_toml(item) for key, item in value.items() if not (key == "default" and item is None)}
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    one = kept.get("anyOf", [])
    return {key: item for key, item in kept.items() if key != "anyOf"} | one[0] if len(one) == 1 else kept
