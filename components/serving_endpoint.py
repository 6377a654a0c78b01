"""A serving endpoint with its served entities, traffic, settings and permissions as one component."""

import functools
import os
from typing import Any

import pulumi

from model_serving.components.adoption.adoption import Adoption, nothing_adopted
from model_serving.components.adoption.live_permissions import imports_live_permissions
from model_serving.components.args import ServingEndpointArgs
from model_serving.components.deployment.endpoint_url import endpoint_url
from model_serving.components.deployment.failure_hooks import failure_hooks
from model_serving.components.deployment.lost_updates import lost_update_hooks
from model_serving.components.endpoint_access.provider import GRANTED
from model_serving.components.endpoint_access.resource import EndpointAccess
from model_serving.components.endpoint_settings.resource import EndpointSettings
from model_serving.components.endpoint_stop.provider import STOPPED
from model_serving.components.endpoint_stop.resource import EndpointStop
from model_serving.components.guard.existing_endpoint_hook import existing_endpoint_hook
from model_serving.components.guard.immutable_field_changes import replace_on_changes
from model_serving.components.guard.immutable_fields_hook import (
    endpoint_hooks,
    register_immutable_fields_hook,
    without_dependencies,
)
from model_serving.components.guard.protected_children_hook import register_protected_children_hook
from model_serving.components.guard.quiet_predecessor_hook import register_quiet_predecessor_hook
from model_serving.components.inputs import EndpointInputs, endpoint_inputs
from model_serving.components.preflight.component_preflight import after_preflight
from model_serving.components.providers import default_settings, explicit_host, explicit_settings
from model_serving.components.resources import ModelServing, Permissions
from model_serving.components.rollout_record.resource import KeptRollout, RolloutRecord, RolloutStep
from model_serving.contract.replacement import DeclaredPlace
from model_serving.databricks.resource_types import IS_PREDECESSOR, SERVING_ENDPOINT_COMPONENT


class ServingEndpoint(pulumi.ComponentResource):
    """A serving endpoint with its settings and permissions.

    Children: `<name>` (the endpoint), `<name>-settings` if it has an AI gateway, notifications or telemetry,
    `<name>-permissions` if permissions are declared, an empty list too, and `<name>-stop` if it is stopped.
    `retain_on_delete` of the component's options applies to all of them, `protect` to the endpoint. An endpoint of a
    stack file that declares a rollout also has `<name>-rollout` and `<name>-rollout-step`, which keep its history in
    Pulumi's state.
    """

    endpoint_id: pulumi.Output[str]
    """The endpoint's id, 32 hexadecimal digits: the key of its permissions and of authorization details."""

    endpoint_name: pulumi.Output[str]
    """The endpoint's name in the workspace."""

    url: pulumi.Output[str | None]
    """The URL for requests. A route-optimized endpoint has its own, which accepts OAuth tokens only.

    None while the workspace does not have that URL.
    """

    route_optimized: pulumi.Output[bool]
    """Whether the endpoint is route optimized."""

    def __init__(
        self,
        name: str,
        args: ServingEndpointArgs,
        opts: pulumi.ResourceOptions | None = None,
        *,
        rollout: KeptRollout | None = None,
        adoption: Adoption | None = None,
        place: DeclaredPlace | None = None,
    ) -> None:
        """`rollout` is what a stack's program gives an endpoint whose stack file declares a rollout.

        `adoption` is what it takes over of a live endpoint, which must be declared as it is. `place` is where
        stack files declare it: the state says whether it is a predecessor, and neither that nor its successor is
        deleted while it is called.
        """
        declared: dict[str, Any] = {"rollout": dict(rollout.declared)} if rollout and rollout.declared else {}
        declared |= {IS_PREDECESSOR: True} if place and place.is_predecessor else {}
        super().__init__(SERVING_ENDPOINT_COMPONENT, name, declared or None, opts)
        self._workspace = explicit_settings(self)
        retained = opts.retain_on_delete if opts else None
        self._options = pulumi.ResourceOptions(parent=self, retain_on_delete=retained)
        # A stack's program imports an endpoint alone where its creation got no answer: it has had its preflight.
        self._adoption = adoption or (Adoption() if args.adopt and args.preflight else None)
        self._imports = self._adoption is not None or args.adopt
        self._place = place
        inputs = endpoint_inputs(after_preflight(name, args, self._workspace))
        record = RolloutRecord(f"{name}-rollout", args.name, rollout, self._state_only()) if rollout else None
        endpoint = self._endpoint(name, args, inputs, record)
        self.endpoint_id = endpoint.output("servingEndpointId")
        self.endpoint_name = endpoint.output("name")
        self.route_optimized = endpoint.output("routeOptimized").apply(bool)
        self.url = self._url(args, endpoint)
        self._attach(name, args, inputs, endpoint)
        if rollout:
            RolloutStep(f"{name}-rollout-step", args.name, rollout, self._state_only(endpoint))
        self.register_outputs(
            {
                "endpointId": self.endpoint_id,
                "name": self.endpoint_name,
                "url": self.url,
                "routeOptimized": self.route_optimized,
            }
        )

    def _state_only(self, after: ModelServing | None = None) -> pulumi.ResourceOptions:
        """The options of a resource that is in Pulumi's state only: there is nothing to retain."""
        return pulumi.ResourceOptions(parent=self, depends_on=after)

    def _endpoint(
        self, name: str, args: ServingEndpointArgs, inputs: EndpointInputs, record: RolloutRecord | None
    ) -> ModelServing:
        options = pulumi.ResourceOptions(
            depends_on=record,
            # EndpointSettings writes these. The state may have them from a program without it: the provider panics if
            # aiGateway is removed, and drops changes of the others.
            ignore_changes=["aiGateway", "emailNotifications", "rateLimits", "telemetryConfig"],
            hooks=self._hooks(name, args, inputs),
            # `pulumi import` cannot set a parent that is not in the state: an imported endpoint has none.
            aliases=[pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE)],
            import_=args.name if self._imports else None,
            # Names are unique: the replacement cannot be created while the old endpoint exists.
            delete_before_replace=True,
            replace_on_changes=replace_on_changes() if args.replace_id else None,
        )
        endpoint = ModelServing(name, inputs.model_serving, pulumi.ResourceOptions.merge(self._options, options))
        register_immutable_fields_hook().track(name, endpoint.output("servingEndpointId"))
        return endpoint

    def _hooks(self, name: str, args: ServingEndpointArgs, inputs: EndpointInputs) -> pulumi.ResourceHookBinding:
        """The endpoint's hooks. Those that refuse come first, and leave the live endpoint unchanged."""
        settings = self._workspace or pulumi.Output.from_input(default_settings())
        bindings = [endpoint_hooks(name, inputs.model_serving, args.replace_id, self._place)]
        bindings += [existing_endpoint_hook(name, settings, args.replace_id)] if args.preflight else []
        bindings += self._retirement_hooks()
        bindings += [lost_update_hooks(name, settings), failure_hooks(name, settings)]
        return functools.reduce(pulumi.ResourceHookBinding.merge, bindings)

    def _retirement_hooks(self) -> list[pulumi.ResourceHookBinding]:
        """The hooks of an endpoint in a migration and of its children: none of them is deleted while it is called."""
        return [register_quiet_predecessor_hook().binding()] if self._place and self._place.in_migration else []

    def _attach(self, name: str, args: ServingEndpointArgs, inputs: EndpointInputs, endpoint: ModelServing) -> None:
        """Register settings and permissions. They can be changed and removed while the endpoint is protected.

        They are deleted with the component, not with the endpoint: when engine 3.260.0 replaces what `deleted_with`
        names, it deletes these first, before the endpoint's hook can refuse (3.220.0 does not).
        """
        hook = register_protected_children_hook()
        hooks = [hook.binding(), *self._retirement_hooks()]
        options = pulumi.ResourceOptions(
            depends_on=endpoint,
            deleted_with=self,
            protect=False,
            hooks=functools.reduce(pulumi.ResourceHookBinding.merge, hooks),
            # If `--replace` names one of these, deleting the old one last would remove what the new one has written.
            delete_before_replace=True,
        )
        opts = pulumi.ResourceOptions.merge(self._options, options)
        children: list[pulumi.CustomResource] = []
        endpoint_id = without_dependencies(self.endpoint_id)
        target = {"endpointId": endpoint_id, "endpointName": args.name, "workspace": self._workspace}
        adopted = self._adoption.adopted if self._adoption else nothing_adopted
        if inputs.settings:
            settings = {**target, **inputs.settings, **adopted(*inputs.settings)}
            children.append(EndpointSettings(f"{name}-settings", settings, opts))
        if inputs.access_controls:
            access = {"servingEndpointId": endpoint_id, "accessControls": inputs.access_controls}
            imported = pulumi.ResourceOptions.merge(opts, self._imported_permissions())
            children.append(Permissions(f"{name}-permissions", access, imported))
        elif inputs.access_controls is not None:
            keeper = {"deployer": args.deployer} if args.deployer else {}
            empty = {**target, **keeper, **adopted(GRANTED)}
            children.append(EndpointAccess(f"{name}-permissions", empty, opts))
        if args.stopped:
            # Last: a setting may need an endpoint that runs.
            last = pulumi.ResourceOptions(
                depends_on=[endpoint, *children],
                retain_on_delete=False,  # it is retained with the component; else, deleting it starts the endpoint
            )
            last = pulumi.ResourceOptions.merge(opts, last)
            stop = {**target, **adopted(STOPPED)}
            children.append(EndpointStop(f"{name}-stop", stop, inputs.model_serving["config"], last))
        for child in children if self._protect else ():
            hook.protect(child._name, args.name, child.id)  # noqa: SLF001  no public name

    def _imported_permissions(self) -> pulumi.ResourceOptions | None:
        """The options that import the permissions of an adopted endpoint."""
        if self._adoption is None:
            return None
        if self._adoption.permissions_id:
            # They are as declared. The provider's read leaves out the caller's own entry, which is no change.
            return pulumi.ResourceOptions(import_=self._adoption.permissions_id, ignore_changes=[GRANTED])
        settings = self._workspace or pulumi.Output.from_input(default_settings())
        return (
            None
            if self._adoption.endpoint_id
            else pulumi.ResourceOptions(transforms=[imports_live_permissions(self.endpoint_id, settings)])
        )

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
