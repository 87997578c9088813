import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from shop.accounts.models import User
from shop.catalogue.models import Category, Product
from shop.conftest import ApiClient
from shop.management.commands.seed import CUSTOMERS


def contents() -> list[tuple]:
    return list(
        Product.objects.order_by("slug").values_list("slug", "category__slug", "price_minor", "stock")
    )


@pytest.mark.django_db
def test_seeding_twice_leaves_the_same_shop(capsys: pytest.CaptureFixture):
    call_command("seed")
    once = contents()
    Product.objects.filter(slug="blue-mug").update(stock=0)
    call_command("seed")

    assert (60, 6, 2) == (Product.objects.count(), Category.objects.count(), User.objects.count())
    assert once != contents(), "what was sold since stays sold"
    assert len(once) == len(set(once))
    assert "customer ada@example.com, password: correct horse battery" in capsys.readouterr().out


def test_a_seeded_customer_can_log_in(anybody: ApiClient):
    call_command("seed", verbosity=0)

    for email, password in CUSTOMERS:
        assert (
            200
            == anybody.post_json("/api/v1/users/login/", {"email": email, "password": password}).status_code
        )


@pytest.mark.django_db
def test_known_passwords_are_not_put_into_a_shop_that_others_can_reach(settings: object):
    settings.PUBLIC = True

    with pytest.raises(CommandError, match="SHOP_ALLOWED_HOSTS is set"):
        call_command("seed")
    assert not User.objects.exists()
