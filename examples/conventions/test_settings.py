"""What the settings of every system keep."""

import pytest

from conventions.managing import PRODUCTION, SYSTEMS, manage, settings_of

each_system = pytest.mark.parametrize("system", SYSTEMS)


@each_system
@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"SECRET_KEY": ""}, "{0}_ALLOWED_HOSTS is set and {0}_SECRET_KEY is not. Fix: set it."),
        ({"DEBUG": "1"}, "{0}_DEBUG=1 would show settings to strangers. Fix: unset it"),
    ],
    ids=["no key", "debug"],
)
def test_what_others_can_reach_does_not_start_with_unsafe_settings(
    system: str, change: dict[str, str], message: str
):
    ran = manage(system, "check", **(PRODUCTION | change))

    assert 1 == ran.returncode
    assert message.format(system.upper()) in ran.stderr


@each_system
def test_without_any_variable_it_serves_this_machine_only_with_a_key_that_nobody_knows(system: str):
    names = ("ALLOWED_HOSTS", "DEBUG", "SECURE_SSL_REDIRECT", "SECRET_KEY")

    first, second = (settings_of(system, *names) for _ in range(2))

    assert [["localhost", "127.0.0.1", "[::1]"], False, False] == first[:3] == second[:3]
    assert first[3] != second[3]


@each_system
def test_https_is_enforced_in_production_and_believed_of_a_proxy_only_if_told(system: str):
    names = ("SECURE_SSL_REDIRECT", "SECURE_PROXY_SSL_HEADER")

    alone = settings_of(system, *names, **PRODUCTION)
    behind = settings_of(system, *names, **PRODUCTION, BEHIND_TLS_PROXY="1")

    assert [True, None] == alone
    assert [True, ["HTTP_X_FORWARDED_PROTO", "https"]] == behind


@each_system
def test_every_deployment_check_passes_in_production_and_none_is_silenced(system: str):
    asked = ("check", "--deploy", "--fail-level", "WARNING")

    passed = manage(system, *asked, **PRODUCTION)
    failed = manage(system, *asked, **(PRODUCTION | {"SECRET_KEY": "short"}))

    assert (0, True) == (passed.returncode, "no issues (0 silenced)" in passed.stdout)
    assert (1, True) == (failed.returncode, "security.W009" in failed.stderr)


@each_system
def test_migrations_are_complete(system: str):
    ran = manage(system, "makemigrations", "--check", "--dry-run", DATABASE_URL="sqlite://:memory:")

    assert 0 == ran.returncode, ran.stdout
