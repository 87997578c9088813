"""Two log-ins at one moment, on PostgreSQL: SQLite in memory has one connection."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from shop.accounts.otp.conftest import Person
from shop.accounts.otp.test_second_factor import log_in


@pytest.mark.django_db(transaction=True)
def test_of_two_log_ins_with_one_code_at_one_moment_one_succeeds(guarded: Person):
    code = guarded.app.code()
    challenges = [guarded.challenge() for _ in range(4)]

    def use(challenge: str) -> int:
        try:
            return log_in(guarded, code, challenge).status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        statuses = sorted(pool.map(use, challenges))

    assert [200, 401, 401, 401] == statuses
