"""Files that are no stack files: each is expected with its place and a way out, and takes no time to refuse."""

import pytest

from tests.support.stack_files import StackFiles

OWN = "stacks/Pulumi.dev.yaml"
SHAPE = "\n    Begin it with `config:`, with `model-serving:endpoints:` under it"
QUOTES = "\n    Quote a value that begins with @, %, &, * or `, or that contains `: ` or ` #`"
INDENT = "\n    Indent with spaces"
ONE_OF_TWO = "\n    Keep one of the two"
WRITE_OUT = "\n    Write the values out"


def laughs(levels: int) -> str:
    """Anchors of nine values each, every one nine times the one before it."""
    lines = ["  a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"  a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, levels)]
    return "\n".join(["config:", *lines])


def merged_laughs(levels: int) -> str:
    """The same with `<<`, where each map takes over the nine times repeated one before it."""
    lines = ["  a0: &a0 {k0: x}"]
    lines += [f"  a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}], k{n}: x}}" for n in range(1, levels)]
    return "\n".join(["config:", *lines])


def nested_anchors(levels: int) -> str:
    lines = ["  a0: &a0 [x]", *(f"  a{n}: &a{n} [*a{n - 1}]" for n in range(1, levels))]
    return "\n".join(["config:", *lines])


CASES = {
    "empty": ("", [f"{OWN}:1:1: the file is empty\n    Begin it with `config:`; see docs/stack-files.md"]),
    "only a comment": (
        "# later\n",
        [f"{OWN}:1:1: the file is empty\n    Begin it with `config:`; see docs/stack-files.md"],
    ),
    "a word": ("hello", [f'{OWN}:1:1: a stack file is a map; found "hello"{SHAPE}']),
    "a list": ("- config", [f"{OWN}:1:1: a stack file is a map; found a list{SHAPE}"]),
    "null": ("~", [f"{OWN}:1:1: a stack file is a map; found null{SHAPE}"]),
    "config as a list": ("config: []", [f"{OWN}:1:1 config: must be a map of settings; found a list{SHAPE}"]),
    "endpoints as a list": (
        "config:\n  model-serving:endpoints: []",
        [
            (
                f"{OWN}:2:3 endpoints: must be a map; found a list\n"
                "    A map is `key: value` lines under the key, or {key: value}"
            )
        ],
    ),
    "tab": ("config:\n\tmodel-serving:endpoints: {}", [f"{OWN}:2:1: a tab is used where YAML requires spaces{INDENT}"]),
    "tab among spaces": (
        "config:\n  a:b: c\n\td:e: f",
        [f"{OWN}:3:1: a tab is used where YAML requires spaces{INDENT}"],
    ),
    "duplicate setting": (
        "config:\n  model-serving:endpoints: {}\n  model-serving:endpoints: {}",
        [f'{OWN}:3:3 endpoints: "model-serving:endpoints" is a duplicate key; the first is on line 2{ONE_OF_TWO}'],
    ),
    "duplicate key": (
        "config:\n  model-serving:default_tags:\n    team: risk\n    team: fraud",
        [f'{OWN}:4:5 default_tags.team: "team" is a duplicate key; the first is on line 3{ONE_OF_TWO}'],
    ),
    "two entities of one name": (
        (
            "config:\n  model-serving:endpoints:\n    fraud:\n      served_entities:\n"
            '        champion: {entity: main.ml.fraud, version: "7"}\n'
            '        champion: {entity: main.ml.fraud, version: "8"}'
        ),
        [
            f'{OWN}:6:9 endpoints.fraud.served_entities.champion: "champion" is a duplicate key; the first is on line 5'
            + ONE_OF_TWO
        ],
    ),
    "keys that are not text": (
        "config:\n  model-serving:default_tags: {7: a, true: b, 1.5: c, ~: d, [x]: e}",
        [
            f'{OWN}:2:32 default_tags: the key 7 is not text\n    Write it in quotes: "7"',
            f'{OWN}:2:38 default_tags: the key true is not text\n    Write it in quotes: "true"',
            f'{OWN}:2:47 default_tags: the key 1.5 is not text\n    Write it in quotes: "1.5"',
            f'{OWN}:2:55 default_tags: the key ~ is not text\n    Write it in quotes: "~"',
            f"{OWN}:2:61 default_tags: a map or a list can't be a key\n    A key is one word",
        ],
    ),
    "two documents": (
        "config: {}\n---\nconfig: {}",
        [f"{OWN}:2:1: a second document begins here; a stack file is one document\n    Remove the `---`"],
    ),
    "latin-1": (
        "config:\n  a:b: café".encode("latin-1"),
        [f"{OWN}:2:11: the file is not UTF-8 text from here on\n    Save it as UTF-8"],
    ),
    "utf-16": (
        "config: {}".encode("utf-16"),
        [f"{OWN}:1:1: the file is not UTF-8 text from here on\n    Save it as UTF-8"],
    ),
    "control character": (
        "config:\n  a:b: é\x07",
        [f"{OWN}:2:9: YAML can't contain a control character\n    Remove it"],
    ),
    "unclosed quote": (
        "config:\n  a:b: 'c\n",
        [
            (
                f"{OWN}:3:1: not valid YAML: found unexpected end of stream"
                f" (while scanning a quoted scalar that begins on line 2){QUOTES}"
            )
        ],
    ),
    "second colon": (
        "config:\n  a:b: c: d",
        [f"{OWN}:2:9: not valid YAML: mapping values are not allowed in this context{QUOTES}"],
    ),
    "unknown anchor": ("config: *shared", [f"{OWN}:1:9: not valid YAML: found undefined alias{QUOTES}"]),
    "foreign tag": (
        "config:\n  model-serving:name_prefix: !!python/name:os.system x",
        [
            (
                f'{OWN}:2:30 name_prefix: "x" does not match its tag tag:yaml.org,2002:python/name:os.system'
                "\n    Remove the tag"
            )
        ],
    ),
    "10 MB": (
        "# " + "x" * 10_000_000,
        [
            (
                f"{OWN}:1:1: the file has 10,000,002 bytes; at most 1,000,000 are allowed"
                "\n    Move the large values out of it"
            )
        ],
    ),
    "billion laughs": (laughs(12), [f"{OWN}:2:12: anchors expand to more than 100,000 values{WRITE_OUT}"]),
    "merged laughs": (
        merged_laughs(1000),
        [f"{OWN}:142:9: anchors expand to more than 100,000 values{WRITE_OUT}"],
    ),
    "anchors nested in anchors": (
        nested_anchors(2000),
        [f"{OWN}:2:7: anchors expand to more than 40 nested maps and lists{WRITE_OUT}"],
    ),
    "anchor in itself": (
        "config:\n  model-serving:default_tags: &tags {a: *tags}",
        [f"{OWN}:2:31 default_tags.a: an anchor contains itself{WRITE_OUT}"],
    ),
    "merge of a word": (
        "config:\n  model-serving:default_tags: {<<: shared}",
        [f"{OWN}:2:36 default_tags: `<<` takes another map\n    Write an alias to one, as in `<<: *name`"],
    ),
    "deep lists": (
        "[" * 500_000,
        [f"{OWN}:1:41: more than 40 nested maps and lists\n    A stack file needs at most ten"],
    ),
    "deep maps": (
        "\n".join(" " * n + "a:" for n in range(1000)),
        [f"{OWN}:41:41: more than 40 nested maps and lists\n    A stack file needs at most ten"],
    ),
}


@pytest.mark.parametrize(("written", "faults"), CASES.values(), ids=CASES)
def test_unreadable_files_are_reported_with_location(
    files: StackFiles, written: str | bytes, faults: list[str]
) -> None:
    assert files.write(written).faults() == faults
