import os
import subprocess
import sys
from pathlib import Path

import pytest

MANAGE = Path(__file__).with_name("manage.py")
PRODUCTION = {
    "SHOP_ALLOWED_HOSTS": "shop.example.com",
    "SHOP_SECRET_KEY": "an example of fifty characters, in no way a secret: 0123456789",
    "SHOP_DATABASE_URL": "postgresql://shop@db.example.com/shop",
}


def manage(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("SHOP_", "DJANGO_"))
    }
    return subprocess.run(
        [sys.executable, str(MANAGE), *arguments],
        env=inherited | variables,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SHOP_SECRET_KEY": ""}, "SHOP_ALLOWED_HOSTS is set and SHOP_SECRET_KEY is not. Fix: set it."),
        ({"SHOP_DEBUG": "1"}, "SHOP_DEBUG=1 would show settings to strangers. Fix: unset it"),
    ],
)
def test_a_shop_that_others_can_reach_does_not_start_with_unsafe_settings(
    change: dict[str, str], message: str
):
    ran = manage("check", **(PRODUCTION | change))

    assert 1 == ran.returncode
    assert message in ran.stderr


def test_without_any_variable_the_shop_serves_this_machine_only_with_a_key_that_nobody_knows():
    program = (
        "from django.conf import settings as s; import json;"
        "print(json.dumps([s.ALLOWED_HOSTS, s.DEBUG, s.SECURE_SSL_REDIRECT, s.SECRET_KEY]))"
    )

    first, second = (manage("shell", "--no-imports", "-c", program).stdout for _ in range(2))

    assert first.startswith('[["localhost", "127.0.0.1", "[::1]"], false, false, ')
    assert first != second


def test_migrations_are_complete():
    ran = manage("makemigrations", "--check", "--dry-run", SHOP_DATABASE_URL="sqlite://:memory:")

    assert 0 == ran.returncode, ran.stdout


def test_https_is_enforced_in_production_only_and_believed_of_a_proxy_only_if_told():
    program = "from django.conf import settings as s; print(s.SECURE_SSL_REDIRECT, s.SECURE_PROXY_SSL_HEADER)"

    alone = manage("shell", "--no-imports", "-c", program, **PRODUCTION).stdout
    behind = manage("shell", "--no-imports", "-c", program, **PRODUCTION, SHOP_BEHIND_TLS_PROXY="1").stdout

    assert "True None" == alone.strip()
    assert "True ('HTTP_X_FORWARDED_PROTO', 'https')" == behind.strip()


def test_in_production_the_cookies_belong_to_this_host_and_travel_over_https_only():
    program = (
        "from django.conf import settings as s; print(s.SESSION_COOKIE_NAME, s.SESSION_COOKIE_SECURE,"
        "s.SESSION_COOKIE_DOMAIN, s.SESSION_COOKIE_PATH, s.CSRF_COOKIE_NAME, s.CSRF_COOKIE_SECURE,"
        "s.CSRF_COOKIE_DOMAIN, s.CSRF_COOKIE_PATH)"
    )

    printed = manage("shell", "--no-imports", "-c", program, **PRODUCTION).stdout

    # RFC 6265bis section 4.1.3.2: a browser drops a __Host- cookie that is not Secure, has a Domain or another Path.
    assert "__Host-sessionid True None / __Host-csrftoken True None /" == printed.strip()
