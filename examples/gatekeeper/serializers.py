from conventions.strict import StrictCharField, StrictIntegerField, StrictSerializer
from rest_framework import serializers

from gatekeeper.addresses import Address, Network, parse_address
from gatekeeper.detection import DETECTORS
from gatekeeper.models import Rule
from gatekeeper.rules import parse_network

LARGEST_PAGE = 100
LONGEST_SECONDS = 366 * 24 * 3600


class Lasting(StrictSerializer):
    """How long a rule holds."""

    lasts_seconds = StrictIntegerField(
        min_value=60,
        max_value=LONGEST_SECONDS,
        allow_null=True,
        help_text="From now on; null for ever, which only an admin may say.",
    )


class RuleIn(Lasting):
    """A new rule."""

    action = serializers.ChoiceField(
        choices=Rule.Action.choices, help_text="`allow` beats every other one, and is for admins."
    )
    network = StrictCharField(
        max_length=43, help_text="A CIDR block without host bits, or one address. Wide ones are for admins."
    )
    reason = StrictCharField(max_length=200, help_text="For whoever finds the rule in a year.")

    def validate_network(self, text: str) -> Network:
        try:
            return parse_network(text)
        except ValueError as error:
            raise serializers.ValidationError(f"This is no network: {error}.") from error


class RuleChange(Lasting):
    """What may change about a rule."""

    reason = StrictCharField(max_length=200, required=False)
    lasts_seconds = StrictIntegerField(
        min_value=60, max_value=LONGEST_SECONDS, allow_null=True, required=False
    )


class PageQuery(StrictSerializer):
    """Where a page starts, and its size."""

    cursor = serializers.CharField(
        required=False, max_length=1000, help_text="`next_cursor` of the page before."
    )
    page_size = serializers.IntegerField(
        min_value=1, max_value=LARGEST_PAGE, default=20, help_text="How many at most."
    )


class RuleQuery(PageQuery):
    """Which rules."""

    action = serializers.ChoiceField(
        choices=Rule.Action.choices, required=False, help_text="Only rules with this action."
    )


class IncidentQuery(PageQuery):
    """Which incidents."""

    kind = serializers.ChoiceField(
        choices=[detector.kind for detector in DETECTORS], required=False, help_text="Only of this kind."
    )
    subject = serializers.CharField(
        required=False,
        max_length=64,
        help_text="Only of this network, account or user, or `log-in` for the site.",
    )


class WindowQuery(StrictSerializer):
    """How far back to look."""

    window_seconds = serializers.IntegerField(
        min_value=60, max_value=7 * 24 * 3600, default=3600, help_text="From now back; at most a week."
    )


class UnblockIn(StrictSerializer):
    """Whom to free."""

    address = StrictCharField(max_length=45, help_text="An address; every rule that holds it is removed.")

    def validate_address(self, text: str) -> Address:
        address = parse_address(text)
        if address is None:
            raise serializers.ValidationError("This is no address.")
        return address


class RuleOut(serializers.Serializer):
    """A rule."""

    id = serializers.IntegerField()
    action = serializers.ChoiceField(choices=Rule.Action.choices)
    network = serializers.CharField()
    reason = serializers.CharField()
    created_by = serializers.CharField(help_text="The name of a token, or `detection`.")
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField(allow_null=True)


class RulePageOut(serializers.Serializer):
    """A page of rules, the newest first."""

    results = RuleOut(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor`; null on the last page."
    )


class IncidentOut(serializers.Serializer):
    """Something that was detected."""

    id = serializers.IntegerField()
    kind = serializers.CharField()
    subject_type = serializers.CharField(
        help_text="`network`, `account` (a digest), `user` (an id) or `site`."
    )
    subject = serializers.CharField()
    window_start = serializers.DateTimeField()
    seen_at = serializers.DateTimeField(help_text="When it was last seen in that window.")
    score = serializers.IntegerField()
    evidence = serializers.DictField(help_text="The counts that crossed the threshold.")
    response = serializers.CharField(help_text="`observe`, `throttle`, `pause` or `block`.")
    forgiven = serializers.BooleanField(help_text="Whether somebody took the response back.")
    alerted_at = serializers.DateTimeField(allow_null=True)


class IncidentPageOut(serializers.Serializer):
    """A page of incidents, the newest first."""

    results = IncidentOut(many=True)
    next_cursor = serializers.CharField(
        allow_null=True, help_text="Send it as `cursor`; null on the last page."
    )


class TalkerOut(serializers.Serializer):
    """A network and what it asked."""

    group = serializers.CharField(help_text="An IPv4 address, or the /64 of an IPv6 address.")
    requests = serializers.IntegerField()
    errors = serializers.IntegerField(help_text="Answers of 400 and above.")
    refused = serializers.IntegerField(help_text="Turned away by a rule.")
    users = serializers.IntegerField(help_text="How many users were logged in.")
    last_at = serializers.DateTimeField()


class StatsOut(serializers.Serializer):
    """How much there was, and how the log of the process that answers is doing."""

    requests = serializers.IntegerField()
    refused = serializers.IntegerField()
    networks = serializers.IntegerField()
    incidents = serializers.IntegerField()
    rules = serializers.DictField(child=serializers.IntegerField(), help_text="Rules that hold, by action.")
    log_waiting = serializers.IntegerField(help_text="Rows of this process that are not written yet.")
    log_dropped = serializers.IntegerField(help_text="Rows that this process had to drop.")


class UnblockOut(serializers.Serializer):
    """What was freed."""

    networks = serializers.ListField(child=serializers.CharField())
