# fails with: killed at point 4, then redelivered: the customer was charged 2 times
"""A look into the ledger, and no key."""


def charge_customer(payment_id, amount_cents, connection, provider):
    query = "SELECT receipt FROM ledger WHERE payment_id = ?"
    found = connection.execute(query, (payment_id,)).fetchone()
    if found:
        return found[0]
    receipt = provider.charge(amount_cents)
    connection.execute(
        "INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (payment_id, amount_cents, receipt)
    )
    return receipt
