"""The pages for admins under /admin/: users, products and orders.

Lists are read in a number of statements that does not grow with their length, and searches ask for what an index
finds. Prices and totals of orders are only shown: what somebody has paid is not to be edited.
"""

from typing import ClassVar

from django import forms
from django.contrib import admin
from django.contrib.auth.models import Group
from django.contrib.messages import WARNING
from django.db.models import F, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from shop.accounts.models import User
from shop.accounts.services import change_access
from shop.admin_site import step_up_needed
from shop.caching.services import categories_changed, products_changed
from shop.catalogue.models import Category, Product
from shop.orders.models import Order, OrderItem

admin.site.unregister(Group)  # a user has a role here, and belongs to no group


class SwiftAdmin(admin.ModelAdmin):
    """A list that does not count the whole table, and whose rows are not deleted in passing."""

    show_full_result_count = False
    list_per_page = 50

    def has_delete_permission(self, request: HttpRequest, obj: object = None) -> bool:  # noqa: ARG002
        return False


@admin.register(User)
class UserAdmin(SwiftAdmin):
    """Roles and closed accounts. Passwords are nobody's to see or to set (OWASP ASVS 5.0, 6.4.6)."""

    fields = ("email", "role", "is_active", "created_at", "last_login")
    readonly_fields = ("email", "created_at", "last_login")
    list_display = ("email", "role", "is_active", "created_at")
    list_filter = ("role", "is_active")
    search_fields = ("email__exact",)
    search_help_text = "The whole e-mail address, in lower case"
    ordering = ("-id",)

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_change_permission(request, obj) and (obj is None or obj.pk != request.user.pk)

    def changeform_view(self, request: HttpRequest, *arguments: object, **more: object) -> HttpResponse:
        """Ask for a fresh log-in before anything is changed, as the API does."""
        if request.method == "POST" and (elsewhere := step_up_needed(request)):
            self.message_user(
                request, "Nothing has changed yet. Confirm that it is you, then do it again.", WARNING
            )
            return elsewhere
        return super().changeform_view(request, *arguments, **more)

    def save_model(self, request: HttpRequest, obj: User, form: forms.ModelForm, change: bool) -> None:  # noqa: ARG002
        changes = {name: form.cleaned_data[name] for name in form.changed_data}
        if changes:
            change_access(user_id=obj.pk, admin=request.user, changes=changes, now=timezone.now())


class VersionedForm(forms.ModelForm):
    """A form that is refused where its row has changed since the page was opened, as the API does by `If-Match`."""

    read = forms.IntegerField(widget=forms.HiddenInput, initial=1)

    def __init__(self, *arguments: object, **more: object) -> None:
        super().__init__(*arguments, **more)
        self.initial["read"] = self.instance.version

    def clean(self) -> dict[str, object]:
        cleaned = super().clean()
        if cleaned.get("read") != self.instance.version:
            raise forms.ValidationError("It was changed, or sold, since you opened this page. Open it again.")
        return cleaned


class CatalogueAdmin(SwiftAdmin):
    """Something that the cache of the catalogue keeps, and that somebody else may change meanwhile."""

    form = VersionedForm

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        rows = super().get_queryset(request)
        if request.method == "POST" and request.resolver_match.url_name.endswith("_change"):
            # In the transaction of the change, which nobody comes between once it has looked at the version.
            rows = rows.select_for_update()
        return rows


@admin.register(Category)
class CategoryAdmin(CatalogueAdmin):
    list_display = ("name", "slug")
    search_fields = ("slug__exact",)
    search_help_text = "The whole slug"
    ordering = ("id",)

    def save_model(self, *arguments: object) -> None:
        super().save_model(*arguments)
        categories_changed()


@admin.register(Product)
class ProductAdmin(CatalogueAdmin):
    list_display = ("name", "category", "seller", "price_minor", "currency", "stock", "is_active")
    list_filter = ("is_active", "category")
    list_select_related = ("category", "seller")  # by itself it would leave the seller out, who may be null
    raw_id_fields = ("seller",)
    search_fields = ("slug__exact",)
    search_help_text = "The whole slug"
    ordering = ("-id",)

    def save_model(self, request: HttpRequest, obj: Product, *arguments: object) -> None:
        super().save_model(request, obj, *arguments)
        products_changed([obj.pk])


class OrderItemInline(admin.TabularInline):
    model = OrderItem
    fields = readonly_fields = ("product", "quantity", "price_minor")
    extra = 0
    can_delete = False

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).select_related("product")

    def has_add_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:  # noqa: ARG002
        return False


@admin.register(Order)
class OrderAdmin(SwiftAdmin):
    """Orders to look at. What happens to one is done by the API, which knows the states."""

    fields = readonly_fields = ("customer", "status", "currency", "total_minor", "created_at")
    list_display = ("id", "customer", "status", "total_minor", "currency", "created_at")
    list_filter = ("status",)
    search_fields = ("pk__exact", "customer__email__exact")
    search_help_text = "The number of an order, or the customer's whole e-mail address"
    ordering = ("-id",)
    inlines: ClassVar = [OrderItemInline]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        total = Sum(F("items__quantity") * F("items__price_minor"))
        return super().get_queryset(request).annotate(sum_minor=total)

    @admin.display(description="total, in minor units")
    def total_minor(self, order: Order) -> int:
        return order.sum_minor

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002
        return False

    def has_change_permission(self, request: HttpRequest, obj: Order | None = None) -> bool:  # noqa: ARG002
        return False
