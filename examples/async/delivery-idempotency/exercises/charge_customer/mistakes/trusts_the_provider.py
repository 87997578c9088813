# fails with: the provider has forgotten the key and charged again
"""Only the provider's key, and no look into the ledger."""


def charge_customer(payment_id, amount_cents, connection, provider):
    receipt = provider.charge(amount_cents, idempotency_key=payment_id)
    connection.execute(
        "INSERT INTO ledger VALUES (?, ?, ?) ON CONFLICT DO NOTHING", (payment_id, amount_cents, receipt)
    )
    return receipt
