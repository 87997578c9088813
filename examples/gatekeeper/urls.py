from conventions.strict import IdConverter
from django.urls import include, path, register_converter

from gatekeeper.api import (
    IncidentListView,
    IncidentView,
    RuleListView,
    RuleView,
    StatsView,
    TopTalkersView,
    UnblockView,
)

register_converter(IdConverter, "id")

api = [
    path("rules/", RuleListView.as_view(), name="rules"),
    path("rules/<id:rule_id>/", RuleView.as_view(), name="rule"),
    path("unblock/", UnblockView.as_view(), name="unblock"),
    path("incidents/", IncidentListView.as_view(), name="incidents"),
    path("incidents/<id:incident_id>/", IncidentView.as_view(), name="incident"),
    path("top-talkers/", TopTalkersView.as_view(), name="top-talkers"),
    path("stats/", StatsView.as_view(), name="stats"),
]
urlpatterns = [path("api/v1/", include(api))]
