"""Every rule of the pack, in the order of the documentation."""

from model_serving.policies.rules.access import (
    no_manage_for_everyone,
    optimized_callers_use_oauth,
    production_names_its_callers,
)
from model_serving.policies.rules.aliases import aliases_named, aliases_stay
from model_serving.policies.rules.capacity import enough_capacity
from model_serving.policies.rules.compute import gpu_where_allowed, production_stays_warm
from model_serving.policies.rules.creators import runs_as_declared, serving_principals_exist
from model_serving.policies.rules.dropped_changes import no_silently_dropped_changes
from model_serving.policies.rules.entity_types import supported_entity_types
from model_serving.policies.rules.limits import serving_limits
from model_serving.policies.rules.live_state import endpoints_serve
from model_serving.policies.rules.optimization_choice import route_optimization_choice
from model_serving.policies.rules.plaintext_secrets import secrets_by_reference
from model_serving.policies.rules.production import (
    production_is_protected,
    production_pins_versions,
    production_runs_as_a_service_principal,
    required_tags,
)
from model_serving.policies.rules.quotas import endpoint_quota
from model_serving.policies.rules.request_forms import same_requests
from model_serving.policies.rules.rollouts import rollout_can_be_staged, rollout_in_steps
from model_serving.policies.rules.route_optimized import route_optimized_create_only
from model_serving.policies.rules.secret_expiry import secrets_last
from model_serving.policies.rules.setting_faults import policy_settings
from model_serving.policies.rules.stop_supported import stop_supported
from model_serving.policies.rules.traffic import traffic_adds_up, traffic_jump
from model_serving.policies.rules.undeclared_access import (
    no_undeclared_permissions,
    permissions_declared,
    permissions_readable,
)
from model_serving.policies.rules.waiver_faults import waivers

RULES = (
    policy_settings,
    waivers,
    route_optimized_create_only,
    route_optimization_choice,
    supported_entity_types,
    serving_limits,
    endpoint_quota,
    traffic_adds_up,
    traffic_jump,
    same_requests,
    enough_capacity,
    rollout_in_steps,
    rollout_can_be_staged,
    endpoints_serve,
    stop_supported,
    secrets_by_reference,
    no_manage_for_everyone,
    optimized_callers_use_oauth,
    permissions_declared,
    no_undeclared_permissions,
    permissions_readable,
    serving_principals_exist,
    runs_as_declared,
    aliases_stay,
    aliases_named,
    secrets_last,
    gpu_where_allowed,
    required_tags,
    no_silently_dropped_changes,
    production_stays_warm,
    production_is_protected,
    production_names_its_callers,
    production_pins_versions,
    production_runs_as_a_service_principal,
)
