from conventions.managing import PRODUCTION, settings_of


def test_in_production_the_cookies_belong_to_this_host_and_travel_over_https_only():
    names = [
        f"{cookie}_COOKIE_{part}"
        for cookie in ("SESSION", "CSRF")
        for part in ("NAME", "SECURE", "DOMAIN", "PATH")
    ]

    kept = settings_of("shop", *names, **PRODUCTION)

    # RFC 6265bis section 4.1.3.2: a browser drops a __Host- cookie that is not Secure, has a Domain or another Path.
    assert ["__Host-sessionid", True, None, "/", "__Host-csrftoken", True, None, "/"] == kept
