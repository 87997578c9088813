from typing import ClassVar

from django.db import models


class Rule(models.Model):
    """What happens to requests from one network, until it expires. Write by `gatekeeper.rules` only."""

    class Action(models.TextChoices):
        ALLOW = "allow"  # beats every other rule, and is never detected
        THROTTLE = "throttle"  # a small bucket
        PAUSE = "pause"  # 429 until it expires
        BLOCK = "block"  # 403

    action = models.CharField(max_length=8, choices=Action)
    network = models.CharField(max_length=43)  # CIDR, in the one way that Python writes it
    reason = models.CharField(max_length=200)
    created_by = models.CharField(max_length=80)  # the name of a token, or `detection`
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(action__in=["allow", "throttle", "pause", "block"]),
                name="rule_action_known",
            ),
            models.UniqueConstraint(fields=["network", "action"], name="rule_once_for_a_network"),
        ]
        indexes: ClassVar = [models.Index("expires_at", name="rule_by_expiry")]

    def __str__(self) -> str:
        return f"{self.action} {self.network}"


class Revision(models.Model):
    """One row that counts the changes of the rules, so that a process sees by one number that it must read them."""

    number = models.PositiveBigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.number)


class LoggedRequest(models.Model):
    """One request that was answered. No body, no query string, no header."""

    at = models.DateTimeField()
    address = models.GenericIPAddressField()
    group = models.CharField(max_length=43)  # whom it counts for: `addresses.group_of`
    method = models.CharField(max_length=10)
    path = models.CharField(max_length=200)
    status = models.PositiveSmallIntegerField()
    milliseconds = models.PositiveIntegerField()
    user = models.CharField(max_length=64, blank=True)  # the id as text, whatever model the project has
    account = models.CharField(
        max_length=16, blank=True
    )  # a digest of the name that somebody tried to log in with
    refused = models.BooleanField(default=False)  # by the gatekeeper itself, so that it is no evidence
    country = models.CharField(max_length=2, blank=True)
    latitude = models.FloatField(null=True)
    longitude = models.FloatField(null=True)
    is_anonymous = models.BooleanField(default=False)

    class Meta:
        indexes: ClassVar = [
            models.Index("at", name="request_by_time"),
            models.Index("group", "at", name="request_by_group"),
            models.Index("user", "at", name="request_by_user", condition=~models.Q(user="")),
            models.Index("account", "at", name="request_by_account", condition=~models.Q(account="")),
            # A day of log-ins, without reading a day of requests.
            models.Index("at", name="request_by_login", condition=~models.Q(account="")),
            models.Index("is_anonymous", "at", name="request_by_anonymity"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status}"


class Incident(models.Model):
    """Something that was detected: one row for a kind, a subject and a window, however often it is seen again."""

    kind = models.CharField(max_length=20)
    subject_type = models.CharField(max_length=8)  # `network`, `account`, `user` or `site`
    subject = models.CharField(max_length=64)
    window_start = models.DateTimeField()
    seen_at = models.DateTimeField()
    score = models.PositiveIntegerField()
    evidence = models.JSONField(default=dict)
    response = models.CharField(max_length=8, default="observe")
    forgiven = models.BooleanField(default=False)  # somebody took the response back
    alerted_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["kind", "subject", "window_start"], name="incident_once_in_a_window"
            ),
        ]
        indexes: ClassVar = [
            models.Index("subject", "seen_at", name="incident_by_subject"),
            models.Index("seen_at", "id", name="incident_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} by {self.subject}"


class ApiToken(models.Model):
    """Who may use the admin API. Only a digest of the token is kept."""

    class Role(models.TextChoices):
        VIEWER = "viewer"
        OPERATOR = "operator"
        ADMIN = "admin"

    name = models.CharField(max_length=80, unique=True)
    role = models.CharField(max_length=8, choices=Role)
    digest = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name
