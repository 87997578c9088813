# fails with: the worker takes that for done
"""An error that nobody sees."""


def charge_customer(payment_id, amount_cents, connection, provider):
    query = "SELECT receipt FROM ledger WHERE payment_id = ?"
    found = connection.execute(query, (payment_id,)).fetchone()
    if found:
        return found[0]
    try:
        receipt = provider.charge(amount_cents, idempotency_key=payment_id)
    except Exception:
        return None
    connection.execute(
        "INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (payment_id, amount_cents, receipt)
    )
    return receipt
