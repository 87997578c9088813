import uuid
from typing import ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac


class Role(models.TextChoices):
    """What a user is to the shop; each has one role."""

    ADMIN = "admin"
    SELLER = "seller"
    CUSTOMER = "customer"


class UserManager(BaseUserManager):
    """Finds and makes users by e-mail address, ignoring case."""

    @classmethod
    def normalize_email(cls, email: str) -> str:
        return email.lower()

    def get_by_natural_key(self, username: str) -> "User":
        return self.get(email=self.normalize_email(username))

    def create_user(self, email: str, password: str | None, role: Role = Role.CUSTOMER) -> "User":
        """Store a user with a hashed password; with None no password opens the account.

        Raises `IntegrityError` where the address is taken.
        """
        user = self.model(email=self.normalize_email(email), role=role)
        user.set_password(password)
        user.save(using=self._db, force_insert=True)
        return user

    def create_superuser(self, email: str, password: str) -> "User":
        """What `manage.py createsuperuser` calls: the first admin of a new shop."""
        return self.create_user(email, password, Role.ADMIN)


class User(AbstractBaseUser):
    """Who can log in: an e-mail address, kept in lower case, the hash of a password, and a role."""

    email = models.EmailField(unique=True)
    role = models.CharField(max_length=10, choices=Role, default=Role.CUSTOMER)
    is_active = models.BooleanField(default=True)
    # Goes up to end every session that began with the number before.
    generation = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(default=timezone.now)

    objects = UserManager()
    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        constraints: ClassVar = [
            # With this, the unique index on the column as it stands is unique ignoring case.
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_in_lower_case"),
            models.CheckConstraint(
                condition=models.Q(role__in=["admin", "seller", "customer"]), name="user_role_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.email

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        # Django compares this with what the session began with, so a new password and a new generation end it.
        salt, secret_value = "shop.accounts.session", f"{self.generation}:{self.password}"
        return salted_hmac(salt, secret_value, secret=secret, algorithm="sha256").hexdigest()

    @property
    def is_staff(self) -> bool:
        """Whether Django's admin lets this user in."""
        return self.role == Role.ADMIN

    def has_perm(self, perm: str, obj: object = None) -> bool:  # noqa: ARG002
        """What Django's admin asks before each page: an admin may do everything there, others nothing."""
        return self.is_active and self.is_staff

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002
        """What Django's admin asks before it lists an app."""
        return self.is_active and self.is_staff


class TokenFamily(models.Model):
    """All tokens that descend from one log-in. Of its refresh tokens only the newest may be used, once."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="token_families")
    newest = models.CharField(max_length=32)  # the `jti` of the refresh token, which alone opens nothing
    began_at = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "token families"

    def __str__(self) -> str:
        return f"token family {self.pk}"


class EmailChange(models.Model):
    """An address that a user wants instead of the present one, until it is confirmed; one for each user.

    Its id is part of every token that was mailed for it, so a new wish ends the tokens of the one before.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="email_change")
    email = models.EmailField()
    by_second_factor = models.BooleanField()  # then the present address need not agree
    asked_at = models.DateTimeField(db_index=True)
    current_agreed_at = models.DateTimeField(null=True)
    new_agreed_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"another address for user {self.user_id}"
