"""What is served: users, groups and what the service can do. Only what is kept is published."""

from typing import Annotated, Any, ClassVar, Union

from pydantic import Field
from scim2_models import (
    URN,
    AnyExtension,
    AuthenticationScheme,
    Bulk,
    CaseExact,
    ChangePassword,
    ComplexAttribute,
    ETag,
    ExtensibleStringEnum,
    Extension,
    Filter,
    Mutability,
    Pagination,
    Patch,
    Reference,
    Required,
    Resource,
    ResourceType,
    Returned,
    ScimPolicy,
    ScimProvider,
    ServiceProviderConfig,
    Sort,
    Uniqueness,
)

from seats.directory.states import STATES

MOST_RESULTS = 200
USUAL_RESULTS = 100
MOST_OPERATIONS = 200
MOST_BYTES = 1_000_000
SEAT_URN = "urn:ietf:params:scim:schemas:extension:seatportal:1.0:User"
ENTERPRISE_URN = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User"

type ReadOnly[T] = Annotated[T | None, Mutability.read_only]


class Name(ComplexAttribute):
    """The parts of a name."""

    formatted: str | None = None
    family_name: str | None = None
    given_name: str | None = None


class Email(ComplexAttribute):
    """One address; the primary one, else the first at work, is where the person signs in."""

    class Type(ExtensibleStringEnum):
        """Usual kinds; others are kept too."""

        work = "work"
        home = "home"
        other = "other"

    value: str | None = None
    type: Type | None = None
    primary: bool | None = None


class GroupOfUser(ComplexAttribute):
    """The department, as a group."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = None
    ref: Annotated[Reference["Group"] | None, Mutability.read_only] = Field(
        default=None, serialization_alias="$ref", validation_alias="$ref"
    )
    display: Annotated[str | None, Mutability.read_only] = None


class Entitlement(ComplexAttribute):
    """The seat: its type is `seat`, its value one of seats.directory.states."""

    value: Annotated[str | None, Mutability.read_only, CaseExact.true] = Field(default=None, examples=[*STATES])
    type: Annotated[str | None, Mutability.read_only] = Field(default=None, examples=["seat"])


class User(Resource[AnyExtension]):
    """A person of the account."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:User")

    user_name: Annotated[str | None, Uniqueness.server, Required.true] = None
    name: Name | None = None
    Name: ClassVar[type[ComplexAttribute]] = Name
    display_name: str | None = None
    title: str | None = None
    active: bool | None = None
    emails: list[Email] | None = None
    Emails: ClassVar[type[ComplexAttribute]] = Email
    groups: Annotated[list[GroupOfUser] | None, Mutability.read_only] = None
    Groups: ClassVar[type[ComplexAttribute]] = GroupOfUser
    entitlements: Annotated[list[Entitlement] | None, Mutability.read_only] = None
    Entitlements: ClassVar[type[ComplexAttribute]] = Entitlement


class Manager(ComplexAttribute):
    """Another person of the account."""

    value: Annotated[str | None, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.read_write] = Field(  # type: ignore[type-arg]
        default=None, serialization_alias="$ref", validation_alias="$ref"
    )


class EnterpriseUser(Extension):
    """Of the standard's enterprise extension, what is kept."""

    __schema__ = URN(ENTERPRISE_URN)

    department: str | None = None
    manager: Manager | None = None
    Manager: ClassVar[type[ComplexAttribute]] = Manager


class SeatUser(Extension):
    """What the portal knows of a person. What cannot be written comes only when it is asked for."""

    __schema__ = URN(SEAT_URN)

    region: str | None = None
    state: Annotated[str | None, Mutability.read_only, Returned.request, CaseExact.true] = Field(
        default=None, examples=[*STATES]
    )
    member_id: Annotated[str | None, Mutability.read_only, Returned.request, CaseExact.true] = None


class GroupMember(ComplexAttribute):
    """A person in a department."""

    value: Annotated[str | None, Mutability.immutable, CaseExact.true] = None
    ref: Annotated[Reference["User"] | None, Mutability.immutable] = Field(  # type: ignore[type-arg]
        default=None, serialization_alias="$ref", validation_alias="$ref"
    )
    type: Annotated[str | None, Mutability.immutable] = Field(default=None, examples=["User"])


class Group(Resource[Any]):
    """A department of the account."""

    __schema__ = URN("urn:ietf:params:scim:schemas:core:2.0:Group")

    display_name: Annotated[str | None, Required.true, Uniqueness.server] = None
    members: list[GroupMember] | None = None
    Members: ClassVar[type[ComplexAttribute]] = GroupMember


CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=True, max_operations=MOST_OPERATIONS, max_payload_size=MOST_BYTES),
    filter=Filter(supported=True, max_results=MOST_RESULTS),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=True),
    pagination=Pagination(
        cursor=False,
        index=True,
        default_pagination_method=Pagination.DefaultPaginationMethod.index,
        default_page_size=USUAL_RESULTS,
        max_page_size=MOST_RESULTS,
    ),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Token of a directory connection",
            description="Made under Settings, Directories; sent as Authorization: Bearer.",
            primary=True,
        )
    ],
)

PROVIDER = ScimProvider(
    models=[User, EnterpriseUser, SeatUser, Group],
    resource_types=[
        ResourceType.from_resource(User[Union[EnterpriseUser, SeatUser]]),  # noqa: UP007  as the library reads it
        ResourceType.from_resource(Group),
    ],
    config=CONFIG,
    # Directories send what we do not keep, and Entra reads two rules of the standard its own way.
    policy=ScimPolicy(
        unknown=ScimPolicy.Unknown.ignore,
        remove_value_as_filter=ScimPolicy.RemoveValue.apply,
        unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
    ),
)
