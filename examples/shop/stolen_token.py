"""Somebody copies a refresh token: see who notices, and what is left of it for the thief."""

from conventions.throwaway import throwaway


class Device:
    """A program that keeps two tokens, renews them and prints what it is answered."""

    def __init__(self, name: str, tokens: dict[str, str]) -> None:
        self.name = name
        self.tokens = tokens

    def look(self) -> None:
        answer = client().get("/api/v1/session/", headers=self.headers())
        print(f"{self.name:<8} looks           {answer.status_code}")

    def renew(self) -> None:
        body = {"refresh": self.tokens["refresh"]}
        answer = client().post("/api/v1/users/refresh/", body, content_type="application/json")
        print(
            f"{self.name:<8} renews          {answer.status_code}  {answer.json().get('title', '')}".rstrip()
        )
        if answer.status_code == 200:
            self.tokens = answer.json()

    def log_out(self) -> None:
        answer = client().post("/api/v1/users/logout/", headers=self.headers())
        print(f"{self.name:<8} logs out        {answer.status_code}")

    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.tokens['access']}"}


def client() -> object:
    from django.test import Client

    return Client(SERVER_NAME="localhost")


# --8<-- [start:theft]
def theft(log_in: object) -> None:
    """The thief renews first, so the owner is the one who comes with a used token."""
    phone = Device("phone", log_in())
    laptop = Device("laptop", log_in())
    thief = Device("thief", dict(phone.tokens))
    thief.look()
    thief.renew()
    thief.look()
    phone.renew()
    thief.look()
    thief.renew()
    phone.look()
    laptop.look()
    laptop.log_out()
    laptop.look()
    laptop.renew()


# --8<-- [end:theft]

if __name__ == "__main__":
    with throwaway("shop"):
        from shop.accounts.models import User

        ada = {"email": "ada@example.com", "password": "correct horse battery"}
        User.objects.create_user(**ada)
        theft(lambda: client().post("/api/v1/users/login/", ada, content_type="application/json").json())
