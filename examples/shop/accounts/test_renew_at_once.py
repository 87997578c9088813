"""Two programs that renew with one refresh token at one moment: PostgreSQL lets them, SQLite has one writer."""

import threading

import pytest
from django.db import connection

from shop.accounts.models import TokenFamily, User
from shop.accounts.services import BadToken, Tokens, log_in, renew
from shop.conftest import PASSWORD


@pytest.mark.django_db(transaction=True)
def test_of_eight_renewals_with_one_token_at_one_moment_one_is_answered_and_the_family_ends(customer: User):
    refresh = log_in(email=customer.email, password=PASSWORD).refresh
    barrier, answers = threading.Barrier(8), []

    def renew_once() -> None:
        barrier.wait()
        try:
            answers.append(renew(refresh=refresh))
        except BadToken:
            answers.append(None)
        finally:
            connection.close()

    threads = [threading.Thread(target=renew_once) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (8, 1) == (len(answers), sum(isinstance(answer, Tokens) for answer in answers))
    assert TokenFamily.objects.get().ended_at is not None
