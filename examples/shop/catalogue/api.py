from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import ClassVar

from conventions.conditions import (
    READ_ANSWERS,
    READ_PARAMETERS,
    WRITE_ANSWERS,
    WRITE_PARAMETERS,
    etag,
    is_known,
    require_match,
    stale,
    tag_parameters,
)
from conventions.keyset import BadCursor, Page, bad_cursor
from conventions.permissions import check_fields
from conventions.problems import Problem, invalid
from conventions.spec import path_id, problem_response
from conventions.strict import read_query
from conventions.views import TokenView
from django.http import Http404
from django.urls import reverse
from django.utils.http import http_date
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from shop.catalogue import services
from shop.catalogue.models import Category, Product
from shop.catalogue.serializers import (
    CategoryIn,
    CategoryOut,
    ProductIn,
    ProductOut,
    ProductOutV2,
    ProductPageOut,
    ProductPageOutV2,
    ProductQuery,
)
from shop.roles import ADMIN, EVERYBODY, SELLER

MUG = {
    "id": 1,
    "slug": "blue-mug",
    "name": "Blue mug",
    "category": {"slug": "mugs", "name": "Mugs"},
    "price_minor": 900,
    "currency": "EUR",
    "stock": 40,
}
MUG_V2 = {
    "id": 1,
    "slug": "blue-mug",
    "name": "Blue mug",
    "category": {"slug": "mugs", "name": "Mugs"},
    "seller_id": None,
    "price": {"amount_minor": 900, "currency": "EUR"},
    "availability": "in_stock",
}
NEW_MUG = {
    "slug": "tin-mug",
    "name": "Tin mug",
    "category": "mugs",
    "price_minor": 1200,
    "currency": "EUR",
    "stock": 12,
}
# Anybody may keep an answer of the catalogue, and asks every time whether it still holds (RFC 9111 section 5.2.2).
ASK_EVERY_TIME = "public, no-cache"
# --8<-- [start:deprecation]
DEPRECATED_AT = datetime(2026, 7, 1, tzinfo=UTC)
SUNSET_AT = datetime(2027, 7, 1, tzinfo=UTC)


def superseded(request: Request) -> dict[str, str]:
    """What version 1 says of itself: RFC 9745, RFC 8594, and the relation of RFC 5829."""
    successor = request.path.replace("/api/v1/", "/api/v2/", 1)
    return {
        "Deprecation": f"@{int(DEPRECATED_AT.timestamp())}",
        "Sunset": http_date(SUNSET_AT.timestamp()),
        "Link": f'<{successor}>; rel="successor-version"',
    }


# --8<-- [end:deprecation]
SUPERSEDED = [
    OpenApiParameter(
        "Deprecation",
        str,
        "header",
        response=[200, 304],
        description="Since when version 2 is the one to use: seconds since 1970 after an `@` (RFC 9745).",
    ),
    OpenApiParameter(
        "Sunset", str, "header", response=[200, 304], description="When this version may end (RFC 8594)."
    ),
    OpenApiParameter(
        "Link", str, "header", response=[200, 304], description="The same in version 2: `successor-version`."
    ),
]
LOCATION = OpenApiParameter("Location", str, "header", response=[201], description="Where it can be read.")
PRODUCT_ID = path_id("product_id", "The id of the product.")
CATEGORY_SLUG = OpenApiParameter(
    "slug",
    {"type": "string", "pattern": "^[A-Za-z0-9_-]{1,80}$"},
    "path",
    description="The slug of the category.",
    examples=[OpenApiExample("Mugs", value="mugs")],
)
NOT_YOURS = problem_response(
    "The product is somebody else's, or a field is not yours to set: then `errors` names it.",
    kind="not-yours",
    title="This is not yours to do",
)
SLUG_TAKEN = problem_response(
    "Another one has this slug (or, of categories, this name). Nothing has changed.",
    kind="slug-taken",
    title="The slug is taken",
)
CATEGORY_IN_USE = problem_response(
    "Products are in the category, perhaps some that are not for sale any more.",
    kind="category-in-use",
    title="The category has products",
)
# Who may say what of a product.
FIELDS = dict.fromkeys(NEW_MUG, frozenset({SELLER, ADMIN})) | {"seller_id": frozenset({ADMIN})}


def product_tag(product: Product, version: int) -> str:
    """The entity tag of a product in a version of the API; its category's name is part of the answer."""
    return etag(version, product.version, product.category.version)


def answer(
    request: Request, tag: str, serializer: type, shown: object, *, headers: dict[str, str], **options: object
) -> Response:
    """200 with what `serializer` makes of `shown`, or 304 before it makes anything."""
    headers = {"ETag": tag, "Cache-Control": ASK_EVERY_TIME, **headers}
    if is_known(request, tag):
        return Response(status=304, headers=headers)
    return Response(serializer(shown, **options).data, headers=headers)


def page_of_products(request: Request) -> tuple[Page, list[object]]:
    """A page, and what its entity tag is made of."""
    query = read_query(ProductQuery, request)
    try:
        page = services.list_products(**query)
    except BadCursor as error:
        raise bad_cursor(error) from error
    versions = [f"{row.pk}-{row.version}-{row.category.version}" for row in page.rows]
    return page, [*versions, page.next_cursor]


class ProductListView(TokenView):
    roles: ClassVar = {"get": EVERYBODY, "post": {SELLER, ADMIN}}

    @extend_schema(
        operation_id="listProducts",
        summary="List products",
        description="Products for sale, page by page. A page starts after the last product of the one "
        "before, so products added in between move nothing.",
        tags=["catalogue"],
        deprecated=True,
        parameters=[ProductQuery, *READ_PARAMETERS, *SUPERSEDED],
        responses={200: ProductPageOut, **READ_ANSWERS},
        examples=[
            OpenApiExample("A page", value={"results": [MUG], "next_cursor": None}, response_only=True),
        ],
    )
    def get(self, request: Request) -> Response:
        page, versions = page_of_products(request)
        shown = {"results": page.rows, "next_cursor": page.next_cursor}
        return answer(request, etag(1, *versions), ProductPageOut, shown, headers=superseded(request))

    @extend_schema(
        operation_id="createProduct",
        summary="Add a product",
        description="For sellers, whose product it then is, and for admins.",
        tags=["catalogue"],
        parameters=[LOCATION, *tag_parameters(201)],
        request=ProductIn,
        responses={201: ProductOut, 403: NOT_YOURS, 409: SLUG_TAKEN},
        examples=[
            OpenApiExample("A tin mug", value=NEW_MUG, request_only=True),
            OpenApiExample("Added", value=MUG, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        fields = read_product(request)
        with saying_what_is_wrong():
            product = services.create_product(user=request.user, fields=fields)
        place = reverse("product", kwargs={"product_id": product.pk})
        headers = {"Location": place, "ETag": product_tag(product, 1)}
        return Response(ProductOut(product).data, status=201, headers=headers)


class ProductView(TokenView):
    roles: ClassVar = {
        "get": EVERYBODY,
        "put": {SELLER, ADMIN},
        "patch": {SELLER, ADMIN},
        "delete": {SELLER, ADMIN},
    }

    @extend_schema(
        operation_id="getProduct",
        summary="Read a product",
        description="One product for sale.",
        tags=["catalogue"],
        deprecated=True,
        parameters=[PRODUCT_ID, *READ_PARAMETERS, *SUPERSEDED],
        responses={200: ProductOut, **READ_ANSWERS},
        examples=[OpenApiExample("A product", value=MUG, response_only=True)],
    )
    def get(self, request: Request, product_id: int) -> Response:
        with saying_what_is_wrong():
            product = services.get_product(product_id)
        return answer(request, product_tag(product, 1), ProductOut, product, headers=superseded(request))

    @extend_schema(
        operation_id="replaceProduct",
        summary="Change a product whole",
        description="For its seller and for admins. Every sale is a change too, since it takes from the stock.",
        tags=["catalogue"],
        parameters=[PRODUCT_ID, *WRITE_PARAMETERS, *tag_parameters(200)],
        request=ProductIn,
        responses={200: ProductOut, 403: NOT_YOURS, 409: SLUG_TAKEN, **WRITE_ANSWERS},
        examples=[
            OpenApiExample("A tin mug", value=NEW_MUG, request_only=True),
            OpenApiExample("Changed", value=MUG, response_only=True),
        ],
    )
    def put(self, request: Request, product_id: int) -> Response:
        return self._change(request, product_id, partial=False)

    @extend_schema(
        operation_id="changeProduct",
        summary="Change parts of a product",
        description="For its seller and for admins. What is not sent stays as it is.",
        tags=["catalogue"],
        parameters=[PRODUCT_ID, *WRITE_PARAMETERS, *tag_parameters(200)],
        request=ProductIn(partial=True),
        responses={200: ProductOut, 403: NOT_YOURS, 409: SLUG_TAKEN, **WRITE_ANSWERS},
        examples=[
            OpenApiExample("Another price", value={"price_minor": 1100}, request_only=True),
            OpenApiExample("Changed", value=MUG, response_only=True),
        ],
    )
    def patch(self, request: Request, product_id: int) -> Response:
        return self._change(request, product_id, partial=True)

    def _change(self, request: Request, product_id: int, *, partial: bool) -> Response:
        fields = read_product(request, partial=partial)
        with saying_what_is_wrong():
            product = services.change_product(
                product_id, user=request.user, fields=fields, version=self._version(request, product_id)
            )
        return Response(ProductOut(product).data, headers={"ETag": product_tag(product, 1)})

    @extend_schema(
        operation_id="archiveProduct",
        summary="Take a product out of the catalogue",
        description="For its seller and for admins. Orders keep it.",
        tags=["catalogue"],
        parameters=[PRODUCT_ID, *WRITE_PARAMETERS],
        request=None,
        responses={204: OpenApiResponse(description="It is not for sale any more."), 403: NOT_YOURS}
        | WRITE_ANSWERS,
    )
    def delete(self, request: Request, product_id: int) -> Response:
        with saying_what_is_wrong():
            services.archive_product(
                product_id, user=request.user, version=self._version(request, product_id)
            )
        return Response(status=204)

    @staticmethod
    def _version(request: Request, product_id: int) -> int | None:
        """The version that the writer has read, if it is still the product's; None for any."""
        product = services.get_product(product_id)
        return product.version if require_match(request, product_tag(product, 1)) else None


class ProductListViewV2(TokenView):
    roles: ClassVar = {"get": EVERYBODY}

    @extend_schema(
        operation_id="listProductsV2",
        summary="List products",
        description="As in version 1, with the price as one thing, and availability in place of the stock.",
        tags=["catalogue"],
        parameters=[ProductQuery, *READ_PARAMETERS],
        responses={200: ProductPageOutV2, **READ_ANSWERS},
        examples=[
            OpenApiExample("A page", value={"results": [MUG_V2], "next_cursor": None}, response_only=True),
        ],
    )
    def get(self, request: Request) -> Response:
        page, versions = page_of_products(request)
        shown = {"results": page.rows, "next_cursor": page.next_cursor}
        return answer(request, etag(2, *versions), ProductPageOutV2, shown, headers={})


class ProductViewV2(TokenView):
    roles: ClassVar = {"get": EVERYBODY}

    @extend_schema(
        operation_id="getProductV2",
        summary="Read a product",
        description="One product for sale. It is changed in version 1.",
        tags=["catalogue"],
        parameters=[PRODUCT_ID, *READ_PARAMETERS],
        responses={200: ProductOutV2, **READ_ANSWERS},
        examples=[OpenApiExample("A product", value=MUG_V2, response_only=True)],
    )
    def get(self, request: Request, product_id: int) -> Response:
        with saying_what_is_wrong():
            product = services.get_product(product_id)
        return answer(request, product_tag(product, 2), ProductOutV2, product, headers={})


class CategoryListView(TokenView):
    roles: ClassVar = {"get": EVERYBODY, "post": {ADMIN}}

    @extend_schema(
        operation_id="listCategories",
        summary="List categories",
        description="All categories, by name.",
        tags=["catalogue"],
        parameters=READ_PARAMETERS,
        responses={200: CategoryOut(many=True), **READ_ANSWERS},
        examples=[OpenApiExample("Categories", value=MUG["category"], response_only=True)],
    )
    def get(self, request: Request) -> Response:
        categories = services.list_categories()
        tag = etag(*(f"{category.pk}-{category.version}" for category in categories))
        return answer(request, tag, CategoryOut, categories, headers={}, many=True)

    @extend_schema(
        operation_id="createCategory",
        summary="Add a category",
        description="For admins.",
        tags=["catalogue"],
        parameters=[LOCATION, *tag_parameters(201)],
        request=CategoryIn,
        responses={201: CategoryOut, 409: SLUG_TAKEN},
        examples=[
            OpenApiExample("Hats", value={"slug": "hats", "name": "Hats"}, request_only=True),
            OpenApiExample("Added", value={"slug": "hats", "name": "Hats"}, response_only=True),
        ],
    )
    def post(self, request: Request) -> Response:
        form = CategoryIn(data=request.data)
        form.is_valid(raise_exception=True)
        with saying_what_is_wrong():
            category = services.create_category(**form.validated_data)
        place = reverse("category", kwargs={"slug": category.slug})
        headers = {"Location": place, "ETag": etag(category.version)}
        return Response(CategoryOut(category).data, status=201, headers=headers)


class CategoryView(TokenView):
    roles: ClassVar = {"get": EVERYBODY, "put": {ADMIN}, "patch": {ADMIN}, "delete": {ADMIN}}

    @extend_schema(
        operation_id="getCategory",
        summary="Read a category",
        description="One category.",
        tags=["catalogue"],
        parameters=[CATEGORY_SLUG, *READ_PARAMETERS],
        responses={200: CategoryOut, **READ_ANSWERS},
        examples=[OpenApiExample("Mugs", value=MUG["category"], response_only=True)],
    )
    def get(self, request: Request, slug: str) -> Response:
        with saying_what_is_wrong():
            category = services.get_category(slug)
        return answer(request, etag(category.version), CategoryOut, category, headers={})

    @extend_schema(
        operation_id="replaceCategory",
        summary="Change a category whole",
        description="For admins.",
        tags=["catalogue"],
        parameters=[CATEGORY_SLUG, *WRITE_PARAMETERS, *tag_parameters(200)],
        request=CategoryIn,
        responses={200: CategoryOut, 409: SLUG_TAKEN, **WRITE_ANSWERS},
        examples=[OpenApiExample("Mugs", value=MUG["category"])],
    )
    def put(self, request: Request, slug: str) -> Response:
        return self._change(request, slug, partial=False)

    @extend_schema(
        operation_id="changeCategory",
        summary="Change the name or the slug of a category",
        description="For admins.",
        tags=["catalogue"],
        parameters=[CATEGORY_SLUG, *WRITE_PARAMETERS, *tag_parameters(200)],
        request=CategoryIn(partial=True),
        responses={200: CategoryOut, 409: SLUG_TAKEN, **WRITE_ANSWERS},
        examples=[
            OpenApiExample("Another name", value={"name": "Mugs and cups"}, request_only=True),
            OpenApiExample("Changed", value=MUG["category"], response_only=True),
        ],
    )
    def patch(self, request: Request, slug: str) -> Response:
        return self._change(request, slug, partial=True)

    def _change(self, request: Request, slug: str, *, partial: bool) -> Response:
        form = CategoryIn(data=request.data, partial=partial)
        form.is_valid(raise_exception=True)
        with saying_what_is_wrong():
            category = services.change_category(
                slug, fields=form.validated_data, version=self._version(request, slug)
            )
        return Response(CategoryOut(category).data, headers={"ETag": etag(category.version)})

    @extend_schema(
        operation_id="deleteCategory",
        summary="Delete a category",
        description="For admins; only one without products.",
        tags=["catalogue"],
        parameters=[CATEGORY_SLUG, *WRITE_PARAMETERS],
        request=None,
        responses={204: OpenApiResponse(description="It is gone."), 409: CATEGORY_IN_USE, **WRITE_ANSWERS},
    )
    def delete(self, request: Request, slug: str) -> Response:
        with saying_what_is_wrong():
            services.delete_category(slug, version=self._version(request, slug))
        return Response(status=204)

    @staticmethod
    def _version(request: Request, slug: str) -> int | None:
        category = services.get_category(slug)
        return category.version if require_match(request, etag(category.version)) else None


def read_product(request: Request, *, partial: bool = False) -> dict[str, object]:
    """The valid fields of the body that the user's role may set."""
    form = ProductIn(data=request.data, partial=partial)
    form.is_valid(raise_exception=True)
    check_fields(form.validated_data, FIELDS, request.user.role)
    return form.validated_data


@contextmanager
def saying_what_is_wrong() -> Iterator[None]:
    """Turn what a service refuses into a problem document."""
    try:
        yield
    except (Product.DoesNotExist, Category.DoesNotExist) as error:
        raise Http404 from error
    except services.Stale as error:
        raise stale() from error
    except services.NotTheirs as error:
        raise Problem(
            status=403,
            kind="not-yours",
            title="This is not yours to do",
            detail="The product is another seller's.",
        ) from error
    except services.SlugTaken as error:
        raise Problem(
            status=409,
            kind="slug-taken",
            title="The slug is taken",
            detail="Another one has this slug, or of categories this name. Nothing has changed.",
        ) from error
    except services.CategoryInUse as error:
        raise Problem(
            status=409,
            kind="category-in-use",
            title="The category has products",
            detail="Products are in it, perhaps some that are not for sale any more. Nothing was deleted.",
        ) from error
    except services.UnknownCategory as error:
        raise invalid(
            [{"pointer": "#/category", "detail": "There is no category with this slug."}]
        ) from error
    except services.UnknownSeller as error:
        raise invalid([{"pointer": "#/seller_id", "detail": "There is no seller with this id."}]) from error
