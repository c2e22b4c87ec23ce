"""Where the protocol leaves us a choice."""

import json
from http import HTTPStatus
from typing import Any

from scim2_models import Context, PatchOp, Resource, ResourceType, ResponseParameters, SearchRequest
from scim2_server.conditions import Conditions
from scim2_server.handler import ScimHandler
from scim2_server.responses import ScimResponse
from scim2_server.service import ScimService
from scim2_server.storage import SearchPage

from seats.scim.schema import ENTERPRISE_URN, PROVIDER, EnterpriseUser, Group, SeatUser, User
from seats.scim.storage import AccountStorage

MANAGER = f"{ENTERPRISE_URN}:manager".lower()


class Service(ScimService):
    """A change of a user is answered with the user, so that the directory sees at once who waits and who stays out."""

    def read_patch(self, resource_type: ResourceType, body: bytes, content_type: str | None) -> "PatchOp[Any]":
        """Entra names a manager by the bare id, where the standard has an object with `value`."""
        sent = self.decode_body(body, content_type)
        operations = sent.get("Operations") if isinstance(sent, dict) else None
        for operation in operations if isinstance(operations, list) else ():
            if not isinstance(operation, dict):
                continue
            path, value = operation.get("path"), operation.get("value")
            if isinstance(value, str) and isinstance(path, str) and path.lower() == MANAGER:
                operation["value"] = {"value": value}
        return super().read_patch(resource_type, json.dumps(sent).encode(), content_type)

    def search_response(
        self,
        base_url: str,
        resource_types: list[ResourceType],
        page: SearchPage,
        search_request: SearchRequest[Any],
    ) -> ScimResponse:
        """The library writes each resource twice, and the second time forgets what comes only when it is asked for."""
        answer = super().search_response(base_url, resource_types, page, search_request)
        if search_request.attributes and page.resources and isinstance(answer.body, dict):
            answer.body["Resources"] = [
                self.publish(base_url, resource).model_dump(
                    scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=search_request
                )
                for resource in page.resources
            ]
        return answer

    def patch_response(
        self, base_url: str, resource: Resource[Any], response_parameters: ResponseParameters[Any]
    ) -> ScimResponse:
        """A group may have thousands of members, so it is answered without a body."""
        if isinstance(resource, Group):
            return super().patch_response(base_url, resource, response_parameters)
        published = self.publish(base_url, resource)
        return self.resource_response(
            published, Context.RESOURCE_REPLACEMENT_RESPONSE, response_parameters, HTTPStatus.OK
        )


class Handler(ScimHandler):
    """Answers with what a reader sees, also where nothing had to be changed."""

    storage: AccountStorage

    def replace_resource(
        self,
        resource_type: ResourceType,
        current: Resource[Any],
        replacement: Resource[Any],
        conditions: Conditions,
    ) -> Resource[Any]:
        """A PUT that is silent on title, department and region leaves them: groups and the portal set them too."""
        if isinstance(replacement, User) and isinstance(current, User):
            if replacement.title is None:
                replacement.title = current.title
            if replacement.active is None:
                replacement.active = current.active
            for extension, field in ((EnterpriseUser, "department"), (SeatUser, "region")):
                before, after = current[extension], replacement[extension]
                if after is None:
                    replacement[extension] = before
                elif before is not None and getattr(after, field) is None:
                    setattr(after, field, getattr(before, field))
        super().replace_resource(resource_type, current, replacement, conditions)
        return self.storage.shown(resource_type, str(current.id))

    def patch_resource(
        self, resource_type: ResourceType, resource_id: str, patch_op: "PatchOp[Any]", conditions: Conditions
    ) -> Resource[Any]:
        """As above."""
        super().patch_resource(resource_type, resource_id, patch_op, conditions)
        return self.storage.shown(resource_type, resource_id)


SERVICE = Service(PROVIDER)
