"""What can be wrong in a stack's values: each with its whole message, at the value."""

from typing import Protocol

import pytest

from stacks import Stack

ENDPOINTS = "config:\n  model-serving:endpoints:\n    fraud:\n      "
ENTITIES = ENDPOINTS + "served_entities:\n        "
TWO = (
    ENTITIES
    + 'champion: {entity: main.ml.fraud, version: "7"}\n        challenger: {entity: main.ml.fraud, version: "8"}\n      '
)
ONE = ENTITIES + 'champion: {entity: main.ml.fraud, version: "7"}\n      '
PRINCIPALS = "config:\n  model-serving:service_principals:\n    checkout: "


class Files(Protocol):
    """See conftest.py."""

    def write(self, own: str | bytes, base: str | bytes | None = None) -> "Files": ...
    def load(self) -> Stack: ...
    def faults(self) -> list[str]: ...


CASES = {
    "traffic of 101": (
        TWO + "traffic: {champion: 95, challenger: 6}",
        ["7:7 endpoints.fraud.traffic: sums to 101, must be 100", "Change the percentages so that they add up to 100"],
    ),
    "traffic of 99": (
        TWO + "traffic: {champion: 95, challenger: 4}",
        ["7:7 endpoints.fraud.traffic: sums to 99, must be 100", "Change the percentages so that they add up to 100"],
    ),
    "traffic to a missing entity": (
        ONE + "traffic: {champion: 95, challengr: 5}",
        [
            '6:31 endpoints.fraud.traffic.challengr: no served entity is called "challengr"',
            "Served entities here: champion",
        ],
    ),
    "traffic to a misspelt entity": (
        ONE + "traffic: {chapmion: 100, champion: 0}",
        ['6:17 endpoints.fraud.traffic.chapmion: no served entity is called "chapmion"', 'Did you mean "champion"?'],
    ),
    "no traffic between two": (
        TWO.rstrip(),
        [
            "3:5 endpoints.fraud.traffic: several served entities (champion, challenger) and no traffic between them",
            "Write a percentage for each, 100 in all; 0 keeps an entity deployed as a fallback",
        ],
    ),
    "traffic that leaves one out": (
        TWO + "traffic: {champion: 100}",
        [
            '7:7 endpoints.fraud.traffic: served entity "challenger" has no share',
            "Write a percentage for it; `challenger: 0` keeps it deployed as a fallback",
        ],
    ),
    "half a percentage": (
        ONE + "traffic: {champion: 99.5}",
        [
            "6:17 endpoints.fraud.traffic.champion: must be a whole number; found 99.5",
            "Write a whole number, without quotes",
        ],
    ),
    "a percentage in quotes": (
        ONE + "traffic: {champion: '100'}",
        [
            '6:17 endpoints.fraud.traffic.champion: must be a whole number; found "100"',
            "Write a whole number, without quotes",
        ],
    ),
    "a percentage of 150": (
        ONE + "traffic: {champion: 150}",
        ["6:17 endpoints.fraud.traffic.champion: must be at most 100; found 150", "Write a smaller number"],
    ),
    "an endpoint name the API refuses": (
        ONE + "name: -fraud",
        [
            '6:7 endpoints.fraud.name: "-fraud" can\'t name an endpoint',
            "It takes 1 to 63 letters, digits, - and _, and begins and ends with a letter or digit",
        ],
    ),
    "a key that can't be a name": (
        ONE.replace("fraud:\n", "fraud scorer:\n").rstrip(),
        [
            '3:5 endpoints.fraud scorer: "fraud scorer" can\'t name an endpoint, it takes letters, digits, - and _,'
            " the last two only within",
            "Set `name`, or choose another key or `name_prefix`",
        ],
    ),
    "a name too long with its prefix": (
        ONE + f"name: {'x' * 60}\n  model-serving:name_prefix: dev-",
        [
            f'6:7 endpoints.fraud.name: "dev-{"x" * 60}" has 64 characters, name_prefix counted; the name of an endpoint'
            " has at most 63",
            "Set `name`, or choose another key or `name_prefix`",
        ],
    ),
    "two endpoints of one name": (
        ONE + "name: iris\n    iris: {served_entities: {current: {entity: main.ml.iris, version: 2}}}",
        ['7:5 endpoints.iris: "iris" is already the name of endpoint "fraud"', "Give one another name"],
    ),
    "an entity name the API refuses": (
        ENTITIES + "my champion: {entity: main.ml.fraud, version: 7}",
        [
            '5:9 endpoints.fraud.served_entities.my champion: "my champion" can\'t name a served entity',
            "It takes 1 to 63 letters, digits, - and _",
        ],
    ),
    "version on a feature spec": (
        ENTITIES + "features: {feature_spec: main.ml.user_features, version: 1}",
        [
            "5:57 endpoints.fraud.served_entities.features.version: a feature spec has no version",
            "Leave `version` out",
        ],
    ),
    "a feature spec's short name": (
        ENTITIES + "features: {feature_spec: user_features}",
        [
            '5:20 endpoints.fraud.served_entities.features.feature_spec: "user_features" is not the full name of a'
            " feature spec",
            "Write it as catalog.schema.name",
        ],
    ),
    "no version on a model": (
        ENTITIES + "champion: {entity: main.ml.fraud}",
        [
            '5:20 endpoints.fraud.served_entities.champion.entity: no version of model "main.ml.fraud" is chosen',
            'Write `version: "1"`, or an alias as in main.ml.fraud@Champion; a feature spec is written'
            " `feature_spec: main.ml.fraud`",
        ],
    ),
    "a version and an alias": (
        ENTITIES + "champion: {entity: main.ml.fraud@Champion, version: 7}",
        [
            '5:52 endpoints.fraud.served_entities.champion.version: an alias (@Champion) and version "7" both choose'
            " the version",
            "Keep one of the two",
        ],
    ),
    "an alias that is missing": (
        ENTITIES + "champion: {entity: main.ml.fraud@}",
        [
            '5:20 endpoints.fraud.served_entities.champion.entity: "main.ml.fraud@" is not model@Alias',
            "Write it as main.ml.fraud@Champion",
        ],
    ),
    "an alias in the workspace registry": (
        ENTITIES + "champion: {entity: fraud@Champion}",
        [
            '5:20 endpoints.fraud.served_entities.champion.entity: "fraud" has no aliases: only models of Unity Catalog'
            " have, catalog.schema.model",
            "Write its full name, or a `version` instead of the alias",
        ],
    ),
    "a version of 7.0": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 7.0}",
        [
            '5:43 endpoints.fraud.served_entities.champion.version: "7.0" is not a model version',
            'Write a whole number, as in version: "7"',
        ],
    ),
    "a version of 07": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 07}",
        [
            '5:43 endpoints.fraud.served_entities.champion.version: "07" is not a model version',
            'Write a whole number, as in version: "7"',
        ],
    ),
    "both size and concurrency": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 7, workload_size: Small,"
        " min_provisioned_concurrency: 4, max_provisioned_concurrency: 8}",
        [
            "5:55 endpoints.fraud.served_entities.champion.workload_size: workload_size and a provisioned concurrency"
            " range both choose the size",
            "Keep one of the two",
        ],
    ),
    "half a range": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 7, max_provisioned_concurrency: 8}",
        [
            "5:9 endpoints.fraud.served_entities.champion: min_provisioned_concurrency is missing, the other end of the"
            " range is there",
            "Write min_provisioned_concurrency too",
        ],
    ),
    "a range turned round": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 7, min_provisioned_concurrency: 8,"
        " max_provisioned_concurrency: 4}",
        [
            "5:55 endpoints.fraud.served_entities.champion.min_provisioned_concurrency: min_provisioned_concurrency is"
            " 8, more than the maximum of 4",
            "Exchange the two",
        ],
    ),
    "half a secret reference": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 7, environment_vars: {KEY: '{{secrets/scope}}'}}",
        [
            '5:74 endpoints.fraud.served_entities.champion.environment_vars.KEY: "{{secrets/scope}}" looks like a secret'
            " reference and is none",
            "Write it whole, as {{secrets/scope/key}}",
        ],
    ),
    "a number for a text": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 7, environment_vars: {WORKERS: 4}}",
        [
            "5:74 endpoints.fraud.served_entities.champion.environment_vars.WORKERS: must be text; found 4",
            'Write it in quotes: "4"',
        ],
    ),
    "nothing served": (
        ENDPOINTS + "served_entities: {}",
        ["4:7 endpoints.fraud.served_entities: is empty", "Write at least one"],
    ),
    "no served_entities": (
        ENDPOINTS + "route_optimized: true",
        ["3:5 endpoints.fraud.served_entities: is required and missing", "See docs/stack-files.md"],
    ),
    "two kinds of entity": (
        ENTITIES + "champion: {entity: main.ml.fraud, feature_spec: main.ml.user_features, version: 7}",
        [
            "5:9 endpoints.fraud.served_entities.champion: exactly one of entity, feature_spec and external_model is"
            " served; found entity and feature_spec",
            "Keep the one that is meant",
        ],
    ),
    "a permission for an undeclared principal": (
        ONE + "permissions: [{service_principal: checkout, level: CAN_QUERY}]",
        [
            '6:22 endpoints.fraud.permissions[0].service_principal: "checkout" is neither a service principal of this'
            " stack nor an application id",
            "Declared under service_principals: none",
        ],
    ),
    "a permission for a misspelt principal": (
        ONE + "permissions: [{service_principal: chekout, level: CAN_QUERY}]\n"
        "  model-serving:service_principals: {checkout: {display_name: checkout-app}}",
        [
            '6:22 endpoints.fraud.permissions[0].service_principal: "chekout" is neither a service principal of this'
            " stack nor an application id",
            'Did you mean "checkout"?',
        ],
    ),
    "a permission for two": (
        ONE + "permissions: [{user: ann@example.com, group: all, level: CAN_QUERY}]",
        [
            "6:21 endpoints.fraud.permissions[0]: exactly one of service_principal, user and group; found user and group",
            "Write one entry for each",
        ],
    ),
    "two levels for one": (
        ONE + "permissions: [{group: all, level: CAN_VIEW}, {group: all, level: CAN_QUERY}]",
        [
            '6:52 endpoints.fraud.permissions[1]: group "all" has two entries',
            "Keep the one with the level that is meant",
        ],
    ),
    "a level in small letters": (
        ONE + "permissions: [{group: all, level: can_query}]",
        [
            '6:34 endpoints.fraud.permissions[0].level: "can_query" is not one of CAN_VIEW, CAN_QUERY, CAN_MANAGE',
            'Did you mean "CAN_QUERY"?',
        ],
    ),
    "a size that there is not": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 7, workload_size: Tiny}",
        [
            '5:55 endpoints.fraud.served_entities.champion.workload_size: "Tiny" is not one of Small, Medium, Large',
            "Write one of: Small, Medium, Large",
        ],
    ),
    "a list where a map belongs": (
        ENTITIES + "- {entity: main.ml.fraud, version: 7}",
        [
            "4:7 endpoints.fraud.served_entities: must be a map; found a list",
            "A map is `key: value` lines under the key, or {key: value}",
        ],
    ),
    "a map where a list belongs": (
        ONE + "permissions: {group: all, level: CAN_VIEW}",
        [
            "6:7 endpoints.fraud.permissions: must be a list; found a map",
            "A list is `- ` lines under the key, or [first, second]",
        ],
    ),
    "a misspelt field": (
        ONE + "route_optimised: true",
        ['6:7 endpoints.fraud.route_optimised: unknown key "route_optimised"', 'Did you mean "route_optimized"?'],
    ),
    "a field of Databricks' API": (
        ENTITIES + "champion: {entity: main.ml.fraud, version: 7, scale_to_zero_enabled: true}",
        [
            '5:55 endpoints.fraud.served_entities.champion.scale_to_zero_enabled: unknown key "scale_to_zero_enabled"',
            'Did you mean "scale_to_zero"?',
        ],
    ),
    "an unknown field": (
        PRINCIPALS + "{display_name: checkout-app, oauth_secret: {colour: red}}",
        [
            '3:59 service_principals.checkout.oauth_secret.colour: unknown key "colour"',
            "Known keys here: lifetime, generation",
        ],
    ),
    "yes for true": (
        ONE + "protect: yes",
        [
            '6:7 endpoints.fraud.protect: must be true or false; found "yes"',
            "Write true or false, without quotes",
        ],
    ),
    "a misspelt setting": (
        "config:\n  model-serving:endpoint: {}",
        ['2:3 endpoint: unknown key "model-serving:endpoint"', 'Did you mean "model-serving:endpoints"?'],
    ),
    "a misspelt namespace": (
        "config:\n  model_serving:endpoints: {}",
        [
            '2:3 config.model_serving:endpoints: "model_serving:endpoints" is not in the namespace of this project,'
            ' "model-serving"',
            'Did you mean "model-serving:endpoints"?',
        ],
    ),
    "no namespace": (
        "config:\n  endpoints: {}",
        [
            '2:3 config.endpoints: "endpoints" is not in the namespace of this project, "model-serving"',
            'Did you mean "model-serving:endpoints"?',
        ],
    ),
    "a setting beside config": (
        "config: {}\nmodel-serving:endpoints: {}",
        ['2:1 model-serving:endpoints: unknown key "model-serving:endpoints"', "It belongs under `config:`"],
    ),
    "a misspelt config": ("confg: {}", ['1:1 confg: unknown key "confg"', 'Did you mean "config"?']),
    "a principal of no name": (
        PRINCIPALS + "{oauth_secret: true}",
        [
            "3:5 service_principals.checkout: neither display_name, to create one, nor application_id, to look one up",
            "Write one of the two",
        ],
    ),
    "a principal that exists, with a name": (
        PRINCIPALS + "{display_name: x, application_id: 12345678-abcd-1234-abcd-1234567890ab}",
        [
            "3:16 service_principals.checkout.display_name: an existing service principal (application_id) keeps its own"
            " name",
            "Leave display_name out; or application_id, to create a new one",
        ],
    ),
    "an application id that is none": (
        PRINCIPALS + "{application_id: checkout-app}",
        [
            '3:16 service_principals.checkout.application_id: "checkout-app" is not an application id',
            "Write it as Databricks shows it, 12345678-abcd-1234-abcd-1234567890ab",
        ],
    ),
    "a lifetime in days": (
        PRINCIPALS + "{display_name: x, oauth_secret: {lifetime: 90d}}",
        [
            '3:48 service_principals.checkout.oauth_secret.lifetime: "90d" is not a lifetime',
            'Write it in seconds, as in "7776000s" for 90 days',
        ],
    ),
    "a grant on half a name": (
        PRINCIPALS + "{display_name: x, grants: {tables: [users]}}",
        [
            '3:51 service_principals.checkout.grants.tables[0]: "users" is not a full name in Unity Catalog',
            "Write it as catalog.schema.name",
        ],
    ),
    "an endpoint that is not there": (
        PRINCIPALS + "{display_name: x, serves: [fraud]}",
        ['3:42 service_principals.checkout.serves[0]: no endpoint has the key "fraud"', "Endpoints here: none"],
    ),
    "a limit of nothing": (
        ONE + "ai_gateway: {rate_limits: [{key: user}]}",
        [
            "6:34 endpoints.fraud.ai_gateway.rate_limits[0]: limits nothing",
            "Write `calls` or `tokens`, the most that a minute may have",
        ],
    ),
    "a limit of nobody": (
        ONE + "ai_gateway: {rate_limits: [{key: user_group, calls: 1}]}",
        [
            "6:34 endpoints.fraud.ai_gateway.rate_limits[0]: a limit by user_group names whom it limits",
            "Write `principal`",
        ],
    ),
    "two telemetry profiles": (
        ONE + "telemetry_config: {table_names: {logs_table: main.ml.logs}, telemetry_profile_id: abc}",
        [
            "6:67 endpoints.fraud.telemetry_config.telemetry_profile_id: table_names makes a telemetry profile,"
            " telemetry_profile_id names an existing one",
            "Keep one of the two",
        ],
    ),
    "a null that removes nothing": (
        ONE + "description:",
        [
            "6:7 endpoints.fraud.description: has no value; `null` removes what base.yaml says, and that has nothing"
            " here",
            "Give it a value, or leave it out",
        ],
    ),
}


@pytest.mark.parametrize(("written", "told"), CASES.values(), ids=CASES)
def test_a_wrong_value_is_told_at_its_place_with_the_way_out(files: Files, written: str, told: list[str]) -> None:
    message, hint = told
    assert files.write(written).faults() == [f"stacks/Pulumi.dev.yaml:{message}\n    {hint}"]


@pytest.mark.parametrize("version", ["7", '"7"', "'7'"])
def test_a_version_is_a_whole_number_in_quotes_or_not(files: Files, version: str) -> None:
    stack = files.write(ENTITIES + f"champion: {{entity: main.ml.fraud, version: {version}}}").load()
    assert stack.endpoints["fraud"].served_entities["champion"].version == "7"


@pytest.mark.parametrize("text", ["no", "2026-01-01", "1:30", "0x1F", "1_000", "012"])
def test_a_text_that_other_readers_take_for_something_else_stays_as_it_is_written(files: Files, text: str) -> None:
    stack = files.write(f"config:\n  model-serving:default_tags: {{a: {text}}}").load()
    assert stack.default_tags == {"a": text}
