#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
"""Validates each line of standard input against docs/event.schema.json.

Exit status: 0 all lines are valid, 1 some are not or there is none, 2 wrong usage.
"""
import json
import os
import sys

import jsonschema

MAX_SHOWN = 10
DEFAULT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/event.schema.json")


def reject(text):
    raise ValueError(f"{text} is not JSON")


def no_duplicates(pairs):
    """Python and JSON Schema both overlook a key that comes twice."""
    keys = dict(pairs)
    if len(keys) != len(pairs):
        raise ValueError("a key occurs twice")
    return keys


def problems(line, validator):
    if not line.endswith("\n"):
        yield "the line is cut short"
    try:
        record = json.loads(line, parse_constant=reject, object_pairs_hook=no_duplicates)
    except ValueError as error:
        yield str(error)
        return
    for error in validator.iter_errors(record):
        yield f"{error.json_path}: {error.message}"


def main():
    if len(sys.argv) > 2 or sys.argv[1:2] in (["-h"], ["--help"]):
        print("usage: validate.py [SCHEMA] < EVENTS", file=sys.stderr)
        return 2
    with open(sys.argv[1] if len(sys.argv) == 2 else DEFAULT, encoding="utf-8") as file:
        schema = json.load(file)
    cls = jsonschema.validators.validator_for(schema)
    cls.check_schema(schema)
    validator = cls(schema)

    lines = bad = 0
    for lines, line in enumerate(sys.stdin, 1):
        found = list(problems(line, validator))
        bad += bool(found)
        if found and bad <= MAX_SHOWN:
            print(f"line {lines}: {line.rstrip()}")
            for text in found:
                print(f"  {text}")
    print(f"{lines} lines, {bad} invalid")
    return 1 if bad or not lines else 0


if __name__ == "__main__":
    sys.exit(main())
