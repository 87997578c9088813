from django.urls import path

from shop.graphql_api.views import GraphQLView

urlpatterns = [path("graphql/", GraphQLView.as_view())]
