"""SCIM filters as conditions of the ORM. What has no translation is refused, never sieved in Python."""

import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db.models import Q
from scim2_models import InvalidFilterException, ScimFilter
from scim2_models.path import (
    AttrPath,
    CompareOperator,
    Comparison,
    FilterNode,
    FilterVisitor,
    LogicalExpr,
    LogicalOperator,
    Not,
    Present,
    ValuePath,
)

from accounts.directory.places import in_department
from accounts.models import Account, Department
from seats.directory.states import INACTIVE, REMOVED, people_of
from seats.scim.schema import ENTERPRISE_URN, SEAT_URN

LONGEST = 2000
MOST_TERMS = 50
NOBODY = Q(pk__in=())
Op = CompareOperator

# As Entra writes `emails[type eq "work" and value eq "lena@example.com"]`.
_DIALECT = re.compile(r'emails\[([^\[\]]{1,80})\]\.value\s+eq\s+("(?:[^"\\]|\\.)*")', re.IGNORECASE)

# A comparison, or None for `pr`, as a condition.
type Translate = Callable[[Comparison | None], Q]


def as_standard(text: str) -> str:
    """The filter in the standard's grammar."""
    return _DIALECT.sub(r"emails[\1 and value eq \2]", text)


class Unfiltered(InvalidFilterException):
    """A filter that we do not answer."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail=detail)


def condition(scim_filter: ScimFilter[Any] | None, columns: Mapping[str, Translate], *, other_types: bool = False) -> Q:
    """The condition on rows. Raises InvalidFilterException, which says what is not supported.

    other_types: several types are searched at once, and an attribute that this one does not have matches nothing
    (RFC 7644 §3.4.2.1).
    """
    if scim_filter is None:
        return Q()
    if len(scim_filter) > LONGEST:
        raise Unfiltered(f"A filter has {LONGEST} characters at most.")
    return _Translator(columns, other_types=other_types).visit(scim_filter.ast)


class _Translator(FilterVisitor[Q]):
    def __init__(self, columns: Mapping[str, Translate], *, other_types: bool) -> None:
        self.columns = columns
        self.other_types = other_types
        self.terms = 0

    def visit(self, node: FilterNode) -> Q:
        """Count, so that nobody sends a condition without end."""
        self.terms += 1
        if self.terms > MOST_TERMS:
            raise Unfiltered(f"A filter has {MOST_TERMS} terms at most.")
        return super().visit(node)

    def visit_comparison(self, node: Comparison) -> Q:
        return self._column(node.attr_path)(node)

    def visit_present(self, node: Present) -> Q:
        return self._column(node.attr_path)(None)

    def visit_not(self, node: Not) -> Q:
        return ~self.visit(node.expr)

    def visit_logical_expr(self, node: LogicalExpr) -> Q:
        found = self.visit(node.terms[0])
        for term in node.terms[1:]:
            found = found & self.visit(term) if node.op == LogicalOperator.and_ else found | self.visit(term)
        return found

    def visit_value_path(self, node: ValuePath) -> Q:
        if _name(node.attr_path) == "emails" and "emails" in self.columns:
            return Q(emails__contains=[_entry(node.val_filter)])
        if self.other_types:
            return NOBODY
        raise Unfiltered(f"A selection in {node.attr_path} is not supported.")

    def _column(self, path: AttrPath) -> Translate:
        name = _name(path)
        if name in self.columns:
            return self.columns[name]
        if self.other_types:
            return lambda _node: NOBODY
        raise Unfiltered(f"A filter by {path} is not supported. Supported are {', '.join(sorted(self.columns))}.")


def _name(path: AttrPath) -> str:
    name = f"{path.attr}.{path.sub_attr}".lower() if path.sub_attr else path.attr.lower()
    uri = (path.uri or "").lower()
    if uri in (ENTERPRISE_URN.lower(), SEAT_URN.lower()):
        return f"{'seat' if uri == SEAT_URN.lower() else 'enterprise'}:{name}"
    return name


def _entry(node: FilterNode) -> dict[str, Any]:
    """One address that has all of these: `emails[type eq "work" and value eq "lena@example.com"]`."""
    terms = node.terms if isinstance(node, LogicalExpr) and node.op == LogicalOperator.and_ else (node,)
    wanted: dict[str, Any] = {}
    for term in terms:
        if not (isinstance(term, Comparison) and term.op == Op.eq and term.attr_path.sub_attr is None):
            raise Unfiltered("Inside emails[…] only eq, joined by and, is supported.")
        wanted |= _part(term.attr_path.attr.lower(), term.value)
    return wanted


def _part(name: str, value: Any) -> dict[str, Any]:
    if name == "value" and isinstance(value, str):
        return {"key": value.lower()}
    if name == "type" and isinstance(value, str):
        return {"type": value}
    if name == "primary" and isinstance(value, bool):
        return {"primary": value}
    raise Unfiltered(f"A filter by emails.{name} with this value is not supported.")


def text(column: str, *, exact: bool = False) -> Translate:
    """A column of text that is never NULL; empty means absent. exact: upper and lower case differ."""
    i = "" if exact else "i"
    lookups = {
        Op.eq: f"{column}__{i}exact",
        Op.co: f"{column}__{i}contains",
        Op.sw: f"{column}__{i}startswith",
        Op.ew: f"{column}__{i}endswith",
    }
    present = Q(**{f"{column}__isnull": False}) & ~Q(**{column: ""})

    def translate(node: Comparison | None) -> Q:
        if node is None:
            return present
        if node.value is None and node.op in (Op.eq, Op.ne):
            return ~present if node.op == Op.eq else present
        if not isinstance(node.value, str) or node.op not in {*lookups, Op.ne}:
            raise Unfiltered(f"{node.attr_path} {node.op.value} is not supported with this value.")
        if node.op == Op.ne:
            return ~(present & Q(**{lookups[Op.eq]: node.value}))
        return present & Q(**{lookups[node.op]: node.value})

    return translate


def boolean(true: Q) -> Translate:
    """True where the condition holds; always present."""

    def translate(node: Comparison | None) -> Q:
        if node is None:
            return Q()
        if node.op not in (Op.eq, Op.ne):
            raise Unfiltered(f"{node.attr_path} {node.op.value} is not supported.")
        # Entra writes "True" and "False" as text.
        value = node.value.lower() == "true" if isinstance(node.value, str) else bool(node.value)
        return true if value == (node.op == Op.eq) else ~true

    return translate


def moment(column: str) -> Translate:
    """A point in time; always present."""
    lookups = {Op.gt: "gt", Op.ge: "gte", Op.lt: "lt", Op.le: "lte", Op.eq: "exact"}

    def translate(node: Comparison | None) -> Q:
        if node is None:
            return Q()
        try:
            value = node.value if isinstance(node.value, datetime) else datetime.fromisoformat(str(node.value))
        except ValueError as error:
            raise Unfiltered(f"{node.attr_path} is compared with a date and time.") from error
        if node.op not in {*lookups, Op.ne}:
            raise Unfiltered(f"{node.attr_path} {node.op.value} is not supported.")
        at = value if value.tzinfo else value.replace(tzinfo=UTC)
        return ~Q(**{column: at}) if node.op == Op.ne else Q(**{f"{column}__{lookups[node.op]}": at})

    return translate


def _emails(name: str) -> Translate:
    def translate(node: Comparison | None) -> Q:
        if node is None:
            return ~Q(emails=[])
        if node.op not in (Op.eq, Op.ne):
            raise Unfiltered(f"{node.attr_path} {node.op.value} is not supported, only eq and ne.")
        found = Q(emails__contains=[_part(name, node.value)])
        return found if node.op == Op.eq else ~found

    return translate


def _equal(find: Callable[[str], Q]) -> Translate:
    """Only `eq` with an id."""

    def translate(node: Comparison | None) -> Q:
        if node is None or node.op != Op.eq or not isinstance(node.value, str):
            raise Unfiltered("Only eq with an id is supported here.")
        return find(node.value)

    return translate


def user_columns(account: Account) -> dict[str, Translate]:
    """By what an account's people (see people_of) are found."""

    def in_group(key: str) -> Q:
        department = Department.objects.filter(account=account, public_id=key).first()
        return in_department(department.pk) if department else NOBODY

    return _USER | {"groups": _equal(in_group), "groups.value": _equal(in_group)}


def group_columns(account: Account) -> dict[str, Translate]:
    """By what an account's departments are found."""

    def has_member(key: str) -> Q:
        person = people_of(account).filter(public_id=key).first()
        shown = getattr(person, "shown_department_id", None)
        return Q(public_id=shown) if shown else NOBODY

    return _GROUP | {"members": _equal(has_member), "members.value": _equal(has_member)}


_USER: dict[str, Translate] = {
    "id": text("public_id", exact=True),
    "externalid": text("external_id", exact=True),
    "username": text("user_name"),
    "displayname": text("display_name"),
    "name.givenname": text("given_name"),
    "name.familyname": text("family_name"),
    "name.formatted": text("full_name"),
    "title": text("shown_title"),
    "active": boolean(~Q(seat_state__in=(INACTIVE, REMOVED))),
    "emails": _emails("value"),
    "emails.value": _emails("value"),
    "emails.type": _emails("type"),
    "emails.primary": _emails("primary"),
    "meta.created": moment("created_at"),
    "meta.lastmodified": moment("changed_at"),
    "enterprise:department": text("shown_department"),
    "enterprise:manager.value": text("manager__public_id", exact=True),
    "entitlements": text("seat_state", exact=True),
    "entitlements.value": text("seat_state", exact=True),
    "seat:region": text("shown_region"),
    "seat:state": text("seat_state", exact=True),
    "seat:memberid": text("member_id", exact=True),
}
_GROUP: dict[str, Translate] = {
    "id": text("public_id", exact=True),
    "externalid": text("external_id", exact=True),
    "displayname": text("name"),
    "meta.created": moment("created_at"),
}
