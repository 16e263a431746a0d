"""What our SCIM service says of itself (RFC 7643, 5 to 7)."""

from __future__ import annotations

from typing import Any, Final

from seamark.governance.access.scim.directory import GROUP, USER

MOST: Final = 200
_CONFIG: Final = "urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig"
_TYPE: Final = "urn:ietf:params:scim:schemas:core:2.0:ResourceType"
_SCHEMA: Final = "urn:ietf:params:scim:schemas:core:2.0:Schema"


def config(root: str) -> dict[str, Any]:
    """Return what of SCIM is supported."""
    no = {"supported": False}
    return {
        "schemas": [_CONFIG], "documentationUri": "", "patch": {"supported": True},
        "bulk": {**no, "maxOperations": 0, "maxPayloadSize": 0}, "filter": {"supported": True, "maxResults": MOST},
        "changePassword": no, "sort": no, "etag": {"supported": True},
        "authenticationSchemes": [
            {
                "type": "oauthbearertoken", "name": "API token", "primary": True,
                "description": "A token of a service account, with the scope admin: Authorization: Bearer smk_…",
            }
        ],
        "meta": {"resourceType": "ServiceProviderConfig", "location": f"{root}/ServiceProviderConfig"},
    }  # fmt: skip


def resource_types(root: str) -> list[dict[str, Any]]:
    """Return the sorts of resources."""
    return [
        {
            "schemas": [_TYPE], "id": name, "name": name, "endpoint": f"/{name}s", "description": words, "schema": schema,
            "meta": {"resourceType": "ResourceType", "location": f"{root}/ResourceTypes/{name}"},
        }
        for name, words, schema in (("User", "A person", USER), ("Group", "A group of people", GROUP))
    ]  # fmt: skip


def schemas(root: str) -> list[dict[str, Any]]:
    """Return the attributes of resources."""
    value = _attribute("value", "What it is")
    person = [
        _attribute("userName", "The name that a person logs in by", required=True, uniqueness="server"),
        _attribute("name", "First and last name", type="complex", subAttributes=[
            _attribute("givenName", "First name"), _attribute("familyName", "Last name"), _attribute("formatted", "Both", mutability="readOnly"),
        ]),
        _attribute("displayName", "The name that is shown", mutability="readOnly"),
        _attribute("emails", "Addresses of mail, of which one is kept", type="complex", multiValued=True, subAttributes=[
            value, _attribute("type", "What it is for"), _attribute("primary", "Whether it is the one that is kept", type="boolean"),
        ]),
        _attribute("active", "Whether the account is on; off ends its sessions and tokens", type="boolean"),
        _attribute("groups", "The groups of a person", type="complex", multiValued=True, mutability="readOnly", subAttributes=[value]),
        _attribute("externalId", "What the directory calls the person", caseExact=True),
    ]  # fmt: skip
    group = [
        _attribute("displayName", "The group's name", required=True, uniqueness="server"),
        _attribute("members", "The people in it", type="complex", multiValued=True, subAttributes=[value]),
        _attribute("externalId", "What the directory calls the group", caseExact=True),
    ]
    return [
        {
            "schemas": [_SCHEMA], "id": schema, "name": name, "description": words, "attributes": attributes,
            "meta": {"resourceType": "Schema", "location": f"{root}/Schemas/{schema}"},
        }
        for schema, name, words, attributes in ((USER, "User", "A person", person), (GROUP, "Group", "A group of people", group))
    ]  # fmt: skip


def _attribute(name: str, description: str, **more: Any) -> dict[str, Any]:
    told = {
        "name": name, "type": "string", "multiValued": False, "description": description, "required": False, "caseExact": False,
        "mutability": "readWrite", "returned": "default", "uniqueness": "none",
    }  # fmt: skip
    return {**told, **more}
