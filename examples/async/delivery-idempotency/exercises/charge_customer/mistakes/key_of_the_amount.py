# fails with: the key must tell them apart
"""A key that two payments share."""


def charge_customer(payment_id, amount_cents, connection, provider):
    query = "SELECT receipt FROM ledger WHERE payment_id = ?"
    found = connection.execute(query, (payment_id,)).fetchone()
    if found:
        return found[0]
    receipt = provider.charge(amount_cents, idempotency_key=f"charge-{amount_cents}")
    connection.execute(
        "INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (payment_id, amount_cents, receipt)
    )
    return receipt
