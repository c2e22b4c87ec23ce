"""What a body may hold: known fields only, and each of its JSON type. Nothing is guessed or converted."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers


class Text(serializers.CharField):
    """A JSON string. Numbers are not taken for text."""

    def __init__(self, **kwargs: Any) -> None:
        # Said in the schema too, so that generated clients know it.
        if not kwargs.get("allow_blank"):
            kwargs.setdefault("min_length", 1)
        super().__init__(**kwargs)

    def to_internal_value(self, data: Any) -> str:
        """Refuse every other JSON type."""
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class WholeNumber(serializers.IntegerField):
    """A JSON number without decimals. `"2"` and `2.0` are refused, so that a wrong client is found early."""

    def to_internal_value(self, data: Any) -> int:
        """Refuse every other JSON type; in Python, true and false are numbers too."""
        if isinstance(data, bool) or not isinstance(data, int):
            self.fail("invalid")
        return int(super().to_internal_value(data))


class Exact(serializers.DecimalField):
    """A number with two decimals at most, as a JSON string: `"12.50"`. Binary numbers would lose digits."""

    default_error_messages = {"text": _('Send the number as text, such as "12.50".')}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_digits=14, decimal_places=2, **kwargs)

    def to_internal_value(self, data: Any) -> Decimal:
        """Refuse every other JSON type."""
        if not isinstance(data, str):
            self.fail("text")
        return Decimal(super().to_internal_value(data))


class YesNo(serializers.BooleanField):
    """A JSON true or false. `"no"` and 1 are refused."""

    def to_internal_value(self, data: Any) -> bool:
        """Refuse every other JSON type."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Moment(serializers.DateTimeField):
    """A point in time, always written in UTC."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(default_timezone=UTC, **kwargs)

    def to_representation(self, value: Any) -> str:
        """`2026-04-16T12:00:00Z`; also from text that a JSON column keeps."""
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return str(moment.astimezone(UTC).isoformat()).removesuffix("+00:00") + "Z"


class Day(serializers.DateField):
    """A calendar day, within the years in which Python and PostgreSQL can compute."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            validators=[MinValueValidator(date(1970, 1, 1)), MaxValueValidator(date(2999, 12, 31))], **kwargs
        )


class Input(serializers.Serializer[Any]):
    """A body or a query string. A field that nobody knows is an error: a typing mistake must not pass silently."""

    default_error_messages = {"unknown": _("This field is not known here.")}

    def to_internal_value(self, data: Any) -> Any:
        """Collect the unknown fields together with what is wrong in the known ones."""
        errors: dict[str, Any] = {}
        if isinstance(data, Mapping):
            unknown = [str(name) for name in data if name not in self.fields]
            errors = {name: [self.error_messages["unknown"]] for name in unknown}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as error:
            raise serializers.ValidationError({**errors, **error.detail}) from error  # type: ignore[dict-item]
        if errors:
            raise serializers.ValidationError(errors)
        return values


class PageQuery(Input):
    """Which page of a list."""

    limit = serializers.CharField(required=False, help_text="Rows per page, 1 to 200; 50 when not given.")
    cursor = serializers.CharField(required=False, help_text="From the links next and previous.")


class DaysQuery(PageQuery):
    """A page of what lies between two days of the account, both included."""

    default_error_messages = {"backwards": _("The last day lies before the first.")}

    def get_fields(self) -> dict[str, Any]:
        """`from` is a word of Python, so it cannot be written as an attribute."""
        days = {"from": "The first day, such as 2026-04-01.", "to": "The last day."}
        return {
            **{name: Day(required=False, help_text=text) for name, text in days.items()},
            **super().get_fields(),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """The last day does not lie before the first."""
        if "from" in attrs and "to" in attrs and attrs["to"] < attrs["from"]:
            raise serializers.ValidationError({"to": self.error_messages["backwards"]})
        return attrs


def checked(shape: type[Input], data: Any) -> dict[str, Any]:
    """The values of a body or query string. Raises ValidationError, which names each field."""
    serializer = shape(data=data)
    serializer.is_valid(raise_exception=True)
    return dict(serializer.validated_data)
