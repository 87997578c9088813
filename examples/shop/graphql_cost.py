"""Ask the shop in GraphQL: what an operation is said to cost, and how many statements it runs."""

from conventions.throwaway import throwaway

# --8<-- [start:operations]
OPERATIONS = {
    "one product": '{ product(id: "1") { name price category { name } } }',
    "20 products and their categories": "{ products { results { name category { name } } } }",
    "6 categories, 3 products of each": "{ categories { name products(first: 3) { name } } }",
    "6 categories, 9 products of each": "{ categories { name products(first: 9) { name } } }",
    "100 products of each, three fields": "{ categories { products(first: 100) { name slug price } } }",
    "the same list 60 times": "{ " + " ".join(f"a{n}: categories {{ name }}" for n in range(60)) + " }",
}
# --8<-- [end:operations]

if __name__ == "__main__":
    with throwaway("shop"):
        from django.db import connection
        from django.test import Client
        from django.test.utils import CaptureQueriesContext
        from graphql import parse

        from shop.graphql_api.cost import Sizes
        from shop.management.commands.seed import seed

        seed()
        client = Client(SERVER_NAME="localhost")
        print(f"{'':<36} {'cost':>5} {'statements':>11}  answer")
        for name, query in OPERATIONS.items():
            cost = Sizes(parse(query), {}).largest().cost
            with CaptureQueriesContext(connection) as ran:
                answer = client.post("/graphql/", {"query": query}, content_type="application/json").json()
            said = answer["errors"][0]["extensions"]["code"] if "errors" in answer else "data"
            print(f"{name:<36} {cost:>5} {len(ran):>11}  {said}")
