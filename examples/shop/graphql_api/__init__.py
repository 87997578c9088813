"""The shop in GraphQL: the same services as the REST API, asked for by a query language."""
