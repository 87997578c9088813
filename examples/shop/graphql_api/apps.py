from django.apps import AppConfig


class GraphQLConfig(AppConfig):
    name = "shop.graphql_api"
