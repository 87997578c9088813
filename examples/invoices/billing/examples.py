"""What the specification shows as examples; a test holds each to its schema."""

CUSTOMER = {
    "name": "Łódź Lamps",
    "tax_id": "PL5260250274",
    "street": "ulica Piotrkowska 1",
    "postal_code": "90-001",
    "city": "Łódź",
    "country": "PL",
}
CUSTOMER_OUT = CUSTOMER | {"id": 1}
SELLER = {
    "name": "Nexus Mugs",
    "tax_id": "DE123456789",
    "street": "Kastanienallee 5",
    "postal_code": "10435",
    "city": "Berlin",
    "country": "DE",
}
ISSUER_OUT = SELLER | {"id": 1, "code": "NEX", "rounding": "per_rate", "days_to_pay": 14}
ACCOUNT = {"issuer_id": 1, "currency": "EUR", "open_minor": 2142, "credit_minor": 0}
LINE = {
    "description": "Blue mug",
    "quantity_thousandths": 2000,
    "unit_price_minor": 900,
    "tax_rate_basis_points": 1900,
}
DRAFT = {"customer_id": 1, "currency": "EUR", "lines": [LINE]}
NEW_DRAFT = {"issuer_id": 1} | DRAFT
LINE_OUT = LINE | {"id": 1, "position": 1, "credits_line_id": None, "net_minor": 1800, "tax_minor": 342}
DRAFT_OUT = {
    "id": 1,
    "kind": "invoice",
    "number": None,
    "state": "draft",
    "version": 1,
    "corrects_id": None,
    "issuer_id": 1,
    "customer_id": 1,
    "currency": "EUR",
    "rounding": "per_rate",
    "issued_on": None,
    "due_on": None,
    "seller": None,
    "buyer": None,
    "lines": [LINE_OUT],
    "net_minor": 1800,
    "tax_minor": 342,
    "total_minor": 2142,
    "credited_minor": 0,
    "paid_minor": 0,
    "balance_minor": 0,
    "content_hash": None,
}
ISSUED_OUT = DRAFT_OUT | {
    "number": "NEX-2026-00001",
    "state": "issued",
    "version": 2,
    "issued_on": "2026-03-02",
    "due_on": "2026-03-16",
    "seller": SELLER,
    "buyer": CUSTOMER,
    "balance_minor": 2142,
    "content_hash": "3f0a377ba0a4a460ecb616f6507ce0d8cfa3e704025d4fda3ed0c5ca05468728",
}
NOTE_OUT = ISSUED_OUT | {
    "id": 2,
    "kind": "credit_note",
    "number": "NEX-CN-2026-00001",
    "corrects_id": 1,
    "lines": [
        LINE_OUT
        | {"id": 2, "credits_line_id": 1, "quantity_thousandths": 1000, "net_minor": 900, "tax_minor": 171}
    ],
    "net_minor": 900,
    "tax_minor": 171,
    "total_minor": 1071,
    "balance_minor": 0,
}
CREDIT = {"lines": [{"line_id": 1, "quantity_thousandths": 1000}]}
PAYMENT = {
    "customer_id": 1,
    "issuer_id": 1,
    "currency": "EUR",
    "amount_minor": 2500,
    "received_on": "2026-03-09",
    "reference": "NEX-2026-00001, thank you",
}
PAYMENT_OUT = {
    "id": 1,
    **PAYMENT,
    "rest_minor": 358,
    "allocations": [{"invoice_id": 1, "amount_minor": 2142}],
}
