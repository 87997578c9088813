# fails with: the customer was never charged, and the message is gone
"""The row first, and the charge after it."""


def charge_customer(payment_id, amount_cents, connection, provider):
    claimed = connection.execute(
        "INSERT INTO ledger VALUES (?, ?, NULL) ON CONFLICT DO NOTHING", (payment_id, amount_cents)
    ).rowcount
    if claimed:
        receipt = provider.charge(amount_cents, idempotency_key=payment_id)
        connection.execute("UPDATE ledger SET receipt = ? WHERE payment_id = ?", (receipt, payment_id))
    query = "SELECT receipt FROM ledger WHERE payment_id = ?"
    return connection.execute(query, (payment_id,)).fetchone()[0]
