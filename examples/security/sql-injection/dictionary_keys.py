"""Ask the installed Django what it does with crafted keys."""

from django.core.exceptions import FieldError
from django.db.models import Count, FilteredRelation, QuerySet
from orm_models import Product, new_market

ALIAS = 'n" FROM market_product; --'


# --8<-- [start:keys]
def crafted() -> dict[str, object]:
    """Queries whose keys a client chose, as functions to call."""
    products = Product.objects
    return {
        "filter(_connector=…)": lambda: products.filter(
            name="mug", price=1, **{"_connector": ") OR 1=1 OR ("}
        ),
        "annotate(quote in alias)": lambda: products.annotate(**{ALIAS: Count("id")}),
        "annotate(relation, dot)": lambda: products.annotate(**{"a.b": FilteredRelation("seller")}),
        "order_by(semicolon)": lambda: products.order_by("name; --"),
        "order_by(seller__password)": lambda: products.order_by("seller__password"),
        "filter(seller__password__gte)": lambda: products.filter(**{"seller__password__gte": "p"}),
    }


# --8<-- [end:keys]
def answer(query) -> str:
    try:
        result = query()
        rows = len(result) if isinstance(result, QuerySet) else result
    except (FieldError, TypeError, ValueError) as refusal:
        return type(refusal).__name__
    return f"{rows} rows"


if __name__ == "__main__":
    new_market()
    for name, query in crafted().items():
        print(f"{name:30} {answer(query)}")
