"""Filter products by the parameters of a request, through a list of what may be asked."""

from django.db.models import QuerySet
from orm_models import Product

# fmt: off
# --8<-- [start:allowed]
FILTERS = {
    "name": "name__icontains",
    "max_price": "price__lte",
    "seller": "seller__name",
}


class UnknownFilter(ValueError):
    """Not on the list: a web view answers 400."""


def products(parameters: dict[str, str]) -> QuerySet:
    unknown = parameters.keys() - FILTERS.keys()
    if unknown:
        raise UnknownFilter(", ".join(sorted(unknown)))
    lookups = {
        FILTERS[name]: text
        for name, text in parameters.items()
    }
    return Product.objects.filter(**lookups)


# --8<-- [end:allowed]
# fmt: on
