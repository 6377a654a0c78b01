"""Every rule of the pack, in the order in which they are told."""

from policies.rules.entity_types import supported_entity_types
from policies.rules.route_optimized import route_optimized_create_only

RULES = (route_optimized_create_only, supported_entity_types)
