# Creates three endpoints as somebody did by hand, through the REST API, at $1.
create() {
  curl --silent --show-error --fail --output /dev/null "$2/api/2.0/serving-endpoints" \
    --header "Authorization: Bearer $DATABRICKS_TOKEN" --json "$1"
}

create '{
  "name": "fraud-scorer",
  "route_optimized": true,
  "config": {
    "served_entities": [
      {"name": "champion", "entity_name": "main.ml.fraud", "entity_version": "7", "workload_size": "Medium"},
      {"name": "challenger", "entity_name": "main.ml.fraud", "entity_version": "8", "workload_size": "Small",
       "environment_vars": {"API_KEY": "{{secrets/serving/api-key}}"}}
    ],
    "traffic_config": {"routes": [
      {"served_model_name": "champion", "traffic_percentage": 90},
      {"served_model_name": "challenger", "traffic_percentage": 10}
    ]}
  },
  "tags": [{"key": "team", "value": "risk"}]
}' "$1"

create '{
  "name": "user-features",
  "config": {"served_entities": [
    {"name": "features", "entity_name": "main.ml.user_features", "workload_size": "Small", "scale_to_zero_enabled": true}
  ]}
}' "$1"

create '{
  "name": "chat",
  "config": {"served_entities": [
    {"name": "gpt", "external_model": {"name": "gpt-4o", "provider": "openai", "task": "llm/v1/chat",
     "openai_config": {"openai_api_key": "{{secrets/serving/api-key}}"}}}
  ]}
}' "$1"
