from django.http import Http404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop.catalogue import services
from shop.catalogue.models import Product
from shop.catalogue.serializers import CategoryOut, ProductOut, ProductPageOut, ProductQuery
from shop.keyset import BadCursor
from shop.problems import invalid
from shop.spec import path_id
from shop.strict import read_query
from shop.views import OpenView

MUG = {
    "id": 1,
    "slug": "blue-mug",
    "name": "Blue mug",
    "category": {"slug": "mugs", "name": "Mugs"},
    "price_minor": 900,
    "currency": "EUR",
    "stock": 40,
}


class ProductListView(OpenView):
    @extend_schema(
        operation_id="listProducts",
        summary="List products",
        description="Products for sale, page by page. A page starts after the last product of the one "
        "before, so products added in between move nothing.",
        tags=["catalogue"],
        parameters=[ProductQuery],
        responses={200: ProductPageOut},
        examples=[
            OpenApiExample("A page", value={"results": [MUG], "next_cursor": None}, response_only=True),
        ],
    )
    def get(self, request: Request) -> Response:
        query = read_query(ProductQuery, request)
        try:
            page = services.list_products(**query)
        except BadCursor as error:
            raise invalid(
                [{"parameter": "cursor", "detail": f"This is {error}, with this ordering."}]
            ) from error
        return Response(ProductPageOut({"results": page.rows, "next_cursor": page.next_cursor}).data)


class ProductView(OpenView):
    @extend_schema(
        operation_id="getProduct",
        summary="Read a product",
        description="One product for sale.",
        tags=["catalogue"],
        parameters=[path_id("product_id", "The id of the product.")],
        responses={200: ProductOut},
        examples=[OpenApiExample("A product", value=MUG, response_only=True)],
    )
    def get(self, request: Request, product_id: int) -> Response:  # noqa: ARG002
        try:
            product = services.get_product(product_id)
        except Product.DoesNotExist as error:
            raise Http404 from error
        return Response(ProductOut(product).data)


class CategoryListView(OpenView):
    @extend_schema(
        operation_id="listCategories",
        summary="List categories",
        description="All categories, by name.",
        tags=["catalogue"],
        responses={200: CategoryOut(many=True)},
        examples=[OpenApiExample("Categories", value=MUG["category"], response_only=True)],
    )
    def get(self, request: Request) -> Response:  # noqa: ARG002
        return Response(CategoryOut(services.list_categories(), many=True).data)
