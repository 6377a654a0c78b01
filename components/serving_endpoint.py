"""A serving endpoint with its served entities, traffic, settings and permissions as one component."""

import functools
import os
from typing import Any

import pulumi

from model_serving.components.args import ServingEndpointArgs
from model_serving.components.deployment.endpoint_url import endpoint_url
from model_serving.components.deployment.failure_hooks import failure_hooks
from model_serving.components.deployment.lost_updates import lost_update_hooks
from model_serving.components.endpoint_settings.resource import EndpointSettings
from model_serving.components.guard.existing_endpoint_hook import existing_endpoint_hook
from model_serving.components.guard.immutable_field_changes import replace_on_changes
from model_serving.components.guard.immutable_fields_hook import (
    endpoint_hooks,
    register_immutable_fields_hook,
    without_dependencies,
)
from model_serving.components.guard.protected_children_hook import register_protected_children_hook
from model_serving.components.inputs import EndpointInputs, endpoint_inputs
from model_serving.components.preflight.component_preflight import after_preflight
from model_serving.components.providers import default_settings, explicit_host, explicit_settings
from model_serving.components.resources import ModelServing, Permissions
from model_serving.databricks.resource_types import SERVING_ENDPOINT_COMPONENT


class ServingEndpoint(pulumi.ComponentResource):
    """A serving endpoint and who may do what with it.

    Children: `<name>` (the endpoint), `<name>-settings` where it has an AI gateway, notifications or telemetry, and
    `<name>-permissions` where permissions are declared. `retain_on_delete` of the component's options holds
    for all of them, `protect` for the endpoint.
    """

    endpoint_id: pulumi.Output[str]
    """The endpoint's id, 32 hexadecimal digits: the key of its permissions and of authorization details."""

    endpoint_name: pulumi.Output[str]

    url: pulumi.Output[str | None]
    """Where requests are sent. A route-optimized endpoint has a URL of its own, which takes OAuth tokens only.

    None while the workspace doesn't have that URL yet.
    """

    route_optimized: pulumi.Output[bool]

    def __init__(self, name: str, args: ServingEndpointArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(SERVING_ENDPOINT_COMPONENT, name, None, opts)
        self._workspace = explicit_settings(self)
        retained = opts.retain_on_delete if opts else None
        self._options = pulumi.ResourceOptions(parent=self, retain_on_delete=retained)
        inputs = endpoint_inputs(after_preflight(name, args, self._workspace))
        endpoint = self._endpoint(name, args, inputs)
        self.endpoint_id = endpoint.output("servingEndpointId")
        self.endpoint_name = endpoint.output("name")
        self.route_optimized = endpoint.output("routeOptimized").apply(bool)
        self.url = self._url(args, endpoint)
        self._attach(name, args.name, inputs, endpoint)
        self.register_outputs(
            {
                "endpointId": self.endpoint_id,
                "name": self.endpoint_name,
                "url": self.url,
                "routeOptimized": self.route_optimized,
            }
        )

    def _endpoint(self, name: str, args: ServingEndpointArgs, inputs: EndpointInputs) -> ModelServing:
        options = pulumi.ResourceOptions(
            # Another program may have declared these here. The provider panics where aiGateway is taken away, and
            # drops changes of the others: EndpointSettings has them now.
            ignore_changes=["aiGateway", "emailNotifications", "rateLimits", "telemetryConfig"],
            hooks=self._hooks(name, args, inputs),
            # `pulumi import` can't give it a parent that the state doesn't have yet: then it stands alone there.
            aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)],
            import_=args.name if args.adopt else None,
            # The name is the endpoint's key: another one of that name can't be created beside it.
            delete_before_replace=True,
            replace_on_changes=replace_on_changes() if args.replace_id else None,
        )
        endpoint = ModelServing(name, inputs.model_serving, pulumi.ResourceOptions.merge(self._options, options))
        register_immutable_fields_hook().track(name, endpoint.output("servingEndpointId"))
        return endpoint

    def _hooks(self, name: str, args: ServingEndpointArgs, inputs: EndpointInputs) -> pulumi.ResourceHookBinding:
        """Refusals come first: they leave the live endpoint as it is."""
        settings = self._workspace or pulumi.Output.from_input(default_settings())
        bindings = [endpoint_hooks(name, inputs.model_serving, args.replace_id)]
        bindings += [existing_endpoint_hook(name, settings, args.replace_id)] if args.preflight else []
        bindings += [lost_update_hooks(name, settings), failure_hooks(name, settings)]
        return functools.reduce(pulumi.ResourceHookBinding.merge, bindings)

    def _attach(self, name: str, endpoint_name: str, inputs: EndpointInputs, endpoint: ModelServing) -> None:
        """What goes with the endpoint. Where that is protected, this may still change and go.

        Deleted with the component, not with the endpoint: when engine 3.260.0 replaces what `deleted_with`
        names, it deletes these first, before the hook of the endpoint can refuse (3.220.0 does not).
        """
        attached = pulumi.ResourceOptions(
            depends_on=endpoint,
            deleted_with=self,
            protect=False,
            hooks=register_protected_children_hook().binding(),
            # `--replace` of these by themselves: created first, they would be taken away by the deletion that follows.
            delete_before_replace=True,
        )
        opts = pulumi.ResourceOptions.merge(self._options, attached)
        children: list[pulumi.CustomResource] = []
        endpoint_id = without_dependencies(self.endpoint_id)
        if inputs.settings:
            where = {"endpointId": endpoint_id, "endpointName": endpoint_name, "workspace": self._workspace}
            children.append(EndpointSettings(f"{name}-settings", {**where, **inputs.settings}, opts))
        if inputs.access_controls:
            access = {"servingEndpointId": endpoint_id, "accessControls": inputs.access_controls}
            children.append(Permissions(f"{name}-permissions", access, opts))
        for child in children if self._protect else ():
            register_protected_children_hook().protect(child._name, endpoint_name, child.id)  # noqa: SLF001  no public name

    def _url(self, args: ServingEndpointArgs, endpoint: ModelServing) -> pulumi.Output[str | None]:
        settings = pulumi.Output.unsecret(self._workspace) if self._workspace else default_settings()
        known: pulumi.Output[dict[str, Any]] = pulumi.Output.all(
            name=self.endpoint_name,
            route_optimized=self.route_optimized,
            own_url=endpoint.output("endpointUrl"),
            host=self._host(args),
            settings=settings,
        )
        return known.apply(lambda values: endpoint_url(**values))

    def _host(self, args: ServingEndpointArgs) -> pulumi.Input[str | None]:
        if args.host:
            return args.host
        return explicit_host(self) or default_settings().get("host") or os.environ.get("DATABRICKS_HOST")
