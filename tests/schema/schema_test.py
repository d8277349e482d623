"""The JSON Schema for editors: the loader's keys and no others, and every example valid.

KNOWN_KEYS names the program that prints the loader's keys.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import unittest

import jsonschema
import yaml

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCHEMA = json.loads((ROOT / "procfiles/schema/procfile.schema.json").read_text())


class CoreLoader(yaml.SafeLoader):
    """Scalars as YAML 1.2 has them, and so editors: `no` is a text."""


CoreLoader.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()}
CoreLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))


def resolved(schema):
    while isinstance(schema, dict) and "$ref" in schema:
        schema = SCHEMA["definitions"][schema["$ref"].removeprefix("#/definitions/")]
    return schema


def key_paths(schema, path=()):
    """The path of every key that the schema knows; `*` stands for names of the user's own."""
    schema = resolved(schema)
    if not isinstance(schema, dict):
        return
    for name, below in schema.get("properties", {}).items():
        yield path + (name,)
        yield from key_paths(below, path + (name,))
    if isinstance(schema.get("additionalProperties"), dict):
        yield from key_paths(schema["additionalProperties"], path + ("*",))
    if "items" in schema:
        yield from key_paths(schema["items"], path + ("*",))
    for form in ("allOf", "anyOf", "oneOf"):
        for below in schema.get(form, []):
            yield from key_paths(below, path)


def is_of(path, pattern):
    return len(path) == len(pattern) and all(want in ("*", have) for have, want in zip(path, pattern))


def examples():
    files = sorted((ROOT / "procfiles/examples").rglob("*.yml"))
    assert len(files) > 10, files
    return [file for file in files if file.name != "process-compose.override.yml"]  # a part of the file beside it


def described(schema):
    schema = resolved(schema)
    if "description" in schema:
        return True
    return any(described(below) for below in schema.get("allOf", []))


class Keys(unittest.TestCase):
    def setUp(self):
        lines = subprocess.run([os.environ["KNOWN_KEYS"]], capture_output=True, text=True, check=True).stdout.split()
        self.known = [tuple(line.split(".")) for line in lines]
        self.schema = set(key_paths(SCHEMA))

    def test_the_schema_has_every_key_of_the_loader(self):
        missing = [".".join(pattern) for pattern in self.known
                   if not any(is_of(path, pattern) for path in self.schema)]
        self.assertEqual(missing, [])

    def test_the_schema_has_no_other_key(self):
        strange = [".".join(path) for path in sorted(self.schema)
                   if not any(is_of(path, pattern) for pattern in self.known)]
        self.assertEqual(strange, [])


class Schema(unittest.TestCase):
    def test_is_a_schema(self):
        jsonschema.Draft7Validator.check_schema(SCHEMA)

    def test_every_map_knows_its_keys(self):
        """A map that takes any key would let a slip pass."""
        def walk(schema, where):
            if isinstance(schema, dict):
                if "properties" in schema:
                    self.assertIs(schema.get("additionalProperties"), False, where)
                    self.assertEqual(schema.get("patternProperties"), {"^x-": True}, where)
                for key, below in schema.items():
                    walk(below, f"{where}/{key}")
            elif isinstance(schema, list):
                for number, below in enumerate(schema):
                    walk(below, f"{where}/{number}")
        walk(SCHEMA, "#")

    def test_every_key_is_described(self):
        def walk(schema, where):
            schema = resolved(schema)
            for name, below in schema.get("properties", {}).items() if isinstance(schema, dict) else ():
                self.assertTrue(described(below), f"{where}.{name}")
                walk(below, f"{where}.{name}")
        walk(SCHEMA, "")
        for name, schema in SCHEMA["definitions"].items():
            walk(schema, name)


class Examples(unittest.TestCase):
    def problems(self, text):
        validator = jsonschema.Draft7Validator(SCHEMA)
        return [f"{'.'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                for error in validator.iter_errors(yaml.load(text, CoreLoader))]

    def test_every_example_is_valid(self):
        for file in examples():
            with self.subTest(file=str(file.relative_to(ROOT))):
                self.assertEqual(self.problems(file.read_text()), [])

    def test_what_is_wrong_is_refused(self):
        for wrong in ("processes: {web: {comand: a}}",
                      "process: {web: {command: a}}",
                      "processes: [web]",
                      "processes: {web: {command: a, replicas: many}}",
                      "processes: {web: {command: a, replicas: 0}}",
                      "processes: {web: {command: a, entrypoint: [b]}}",
                      "processes: {web: {description: nothing to run}}",
                      "processes: {web: {command: a, availability: {restart: sometimes}}}",
                      "processes: {web: {command: a, shutdown: {timeout: soon}}}",
                      "processes: {web: {command: a, shutdown: {signal: 65}}}",
                      "processes: {web: {command: a, depends_on: {db: {condition: up}}}}",
                      "processes: {web: {command: a, readiness_probe: {http_get: {port: 70000}}}}",
                      "processes: {web: {command: a, is_tty: maybe}}",
                      "processes: {'a name': {command: a}}",
                      "{hub: {policy: [{object: a}]}, processes: {web: {command: a}}}",
                      "{hub: {policy: [{deny: call, allow: call}]}, processes: {web: {command: a}}}",
                      "{hub: {policy: [{deny: read}]}, processes: {web: {command: a}}}",
                      "{hub: {strict: maybe}, processes: {web: {command: a}}}",
                      "{name: shop}"):
            with self.subTest(wrong=wrong):
                self.assertNotEqual(self.problems(wrong), [])

    def test_what_people_write_is_valid(self):
        for right in ("processes: {web: {command: a, replicas: auto}}",
                      "processes: {web: {command: a, replicas: '${N:-2}', environment: , depends_on: ~}}",
                      "processes: {web: {command: a, availability: {restart: no, backoff_seconds: 2}}}",
                      "processes: {web: {command: a, availability: {restart: on-failure, backoff: 1h30m}}}",
                      "processes: {web: {entrypoint: [a, -x, 80], shutdown: {signal: INT, timeout: 1.5s}}}",
                      "processes: {web: {command: a, environment: {PORT: 80, DEBUG: true}}}",
                      "processes: {web: {command: a, readiness_probe: {http_get: {port: '8080'}}}}",
                      "{x-shared: &s {command: a}, processes: {web: {<<: *s, x-owner: me}}}",
                      "processes: {web: {command: a, liveness_probe: {hub: {}, period: 2s}}}",
                      "{hub: {policy: [{deny: call, object: a, process: ['-', b]}, {allow: any, user: 0}],"
                      " allow_uids: 1000, strict: yes}, processes: {web: {command: a}}}",
                      "{version: '0.5', processes: {web: {command: a, namespace: [a, b]}}}"):
            with self.subTest(right=right):
                self.assertEqual(self.problems(right), [])


if __name__ == "__main__":
    sys.exit(unittest.main())
