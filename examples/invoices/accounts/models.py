from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower


class Role(models.TextChoices):
    """What a user may do; each has one role."""

    ACCOUNTANT = "accountant"
    CLERK = "clerk"
    VIEWER = "viewer"


class UserManager(BaseUserManager):
    """Finds and makes users by e-mail address, ignoring case."""

    @classmethod
    def normalize_email(cls, email: str) -> str:
        return email.lower()

    def get_by_natural_key(self, username: str) -> "User":
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str, role: Role = Role.VIEWER) -> "User":
        """Store a user with a hashed password. Raises `IntegrityError` where the address is taken."""
        user = self.model(email=self.normalize_email(email), role=role)
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        return user

    def create_superuser(self, email: str, password: str, role: Role) -> "User":
        """What `manage.py createsuperuser --role ROLE` calls: the way to make a user, of any role."""
        return self.create_user(email, password, role)


class User(AbstractBaseUser):
    """Who can log in: an e-mail address, kept in lower case, the hash of a password, and a role."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.VIEWER)
    is_active = models.BooleanField(default=True)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["role"]

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_in_lower_case"),
            models.CheckConstraint(
                condition=models.Q(role__in=["accountant", "clerk", "viewer"]), name="user_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.email
