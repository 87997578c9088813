"""Take requests literally: no converted types, no ignored fields.

A field that is silently ignored, or a `0` that becomes `"0"`, hides the client's mistake until it costs more.
"""

import codecs
import json
from collections.abc import Mapping

from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ParseError, ValidationError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request

from conventions.problems import invalid, pointed

LARGEST_ID = 10**18 - 1  # 18 digits: always inside a database's 64 bits


class IdConverter:
    """The number of a thing in an address, without leading zeros, so that each thing has one address."""

    regex = "[1-9][0-9]{0,17}"

    def to_python(self, value: str) -> int:
        return int(value)

    def to_url(self, value: int) -> str:
        return str(value)


class StrictJSONParser(JSONParser):
    """Reads JSON (RFC 8259).

    Raises `ParseError` for a body that is no JSON in UTF-8, nests too deep to read, or names a member twice.
    """

    def parse(self, stream: object, *_: object, **__: object) -> object:
        try:
            text = codecs.decode(stream.read(), "utf-8")
            return json.loads(text, parse_constant=_not_json, object_pairs_hook=_once_each)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON that can be read: {error}.") from error


def _not_json(name: str) -> None:
    raise ValueError(f"{name} is no JSON value")


def _once_each(members: list[tuple[str, object]]) -> dict[str, object]:
    if len(dict(members)) < len(members):
        raise ValueError("a member is named twice")
    return dict(members)


class StrictCharField(serializers.CharField):
    """Text only: a number is not turned into text."""

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictSlugField(StrictCharField, serializers.SlugField):
    """Text only, of ASCII letters, digits, `-` and `_`."""


class StrictEmailField(StrictCharField, serializers.EmailField):
    """Text only, and an e-mail address in ASCII; an international domain is written in its `xn--` form.

    Lower case means the same for ASCII in Python and in every database, and it keeps the length.
    """

    def to_internal_value(self, data: object) -> str:
        if isinstance(data, str) and not data.isascii():
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictIntegerField(serializers.IntegerField):
    """A JSON number without a fraction: neither text nor true."""

    def to_internal_value(self, data: object) -> int:
        if isinstance(data, bool) or not isinstance(data, int | float):
            self.fail("invalid")
        if isinstance(data, float) and not data.is_integer():
            self.fail("invalid")
        return super().to_internal_value(int(data))


class StrictBooleanField(serializers.BooleanField):
    """A JSON true or false: neither text nor a number."""

    def to_internal_value(self, data: object) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class StrictSerializer(serializers.Serializer):
    """Refuses members that it does not know, so that a misspelt or forbidden one is not ignored."""

    def to_internal_value(self, data: object) -> dict[str, object]:
        if isinstance(data, Mapping):
            unknown = sorted(set(data) - set(self.fields))
            if unknown:
                known = ", ".join(self.fields)
                raise ValidationError(
                    {
                        name: [ErrorDetail(f"Not a field here. The fields are: {known}.", "unknown")]
                        for name in unknown
                    }
                )
        return super().to_internal_value(data)


def read_query(serializer_class: type[StrictSerializer], request: Request) -> dict[str, object]:
    """The valid query parameters of `request`. Raises `Problem` (400) that names each faulty one."""
    twice = [name for name, values in request.query_params.lists() if len(values) > 1]
    if twice:
        raise invalid([{"parameter": name, "detail": "Given more than once."} for name in sorted(twice)])
    serializer = serializer_class(data=request.query_params.dict())
    if not serializer.is_valid():
        raise invalid(
            [
                {"parameter": fault["pointer"].removeprefix("#/"), "detail": fault["detail"]}
                for fault in pointed(serializer.errors)
            ]
        )
    return serializer.validated_data
