"""Type codes of an authenticator app at chosen times, and see which are accepted, and how often one may guess."""

import random
from datetime import UTC, datetime

from conventions.throwaway import throwaway

SECRET = b"12345678901234567890"  # of the vectors in RFC 6238; the shop makes its own, at random


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def app(seconds: int) -> str:
    """What the app shows when its clock says `seconds`."""
    from django_otp.oath import hotp

    return f"{hotp(SECRET, seconds // 30):06}"


# --8<-- [start:type_code]
def type_code(user_id: int, code: str, seconds: int) -> str:
    """What the shop says to `code` when its own clock says `seconds`."""
    from shop.accounts.otp import services

    try:
        services.check(user_id=user_id, code=code, now=at(seconds))
    except services.WrongCode:
        return "refused"
    except services.TooManyTries as error:
        return f"not looked at, wait {error.decision.retry_after_seconds} s"
    return "accepted"


# --8<-- [end:type_code]

# The clock of the shop, that of the app, and what it is about.
TYPED = [
    (59, 59, "the code of now"),
    (59, 59, "the same code again"),
    (119, 89, "the app is 30 s slow"),
    (119, 149, "the app is 30 s fast"),
    (1199, 1139, "the app is 60 s slow"),
    (1199, 1259, "the app is 60 s fast"),
    (1199, 1199, "the code of now"),
]


def main() -> None:
    from django.conf import settings

    from shop.accounts.models import User
    from shop.accounts.otp import services

    settings.RATE_LIMITED = True  # off in a throwaway shop
    ada = User.objects.create_user("ada@example.com", "correct horse battery")
    services.enrol(user=ada, secret=SECRET, now=at(0))
    dice = random.Random(7)  # noqa: S311 - the shop takes `secrets`
    codes = services.confirm(user=ada, code=app(0), now=at(0), random_bytes=dice.randbytes)
    print("shop's clock  app's clock  code")
    for shop_seconds, app_seconds, what in TYPED:
        code = app(app_seconds)
        answer = type_code(ada.pk, code, shop_seconds)
        print(f"{shop_seconds:10} s {app_seconds:10} s  {code}  {what}: {answer}")
    print("\nat 5000 s")
    for number in range(1, 7):
        print(f"  guess {number}: {type_code(ada.pk, '000000', 5000)}")
    print(f"  the right code: {type_code(ada.pk, app(5000), 5000)}")
    print(f"  the right code of 300 s later: {type_code(ada.pk, app(5300), 5300)}")
    print(f"\na recovery code, {codes[0]}")
    print(f"  {type_code(ada.pk, codes[0], 9000)}, and again {type_code(ada.pk, codes[0], 9000)}")


if __name__ == "__main__":
    with throwaway("shop"):
        main()
