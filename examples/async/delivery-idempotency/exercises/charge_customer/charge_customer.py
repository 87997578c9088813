"""Make `charge_customer` safe to run any number of times, and to be killed anywhere.

The message carries `payment_id` and `amount_cents`; a redelivery carries the same.
Return the provider's receipt, the same one in every run.

`provider.charge(amount_cents, idempotency_key=…)` takes the money and returns a receipt.
For a key of the last 24 hours it takes nothing and returns that receipt again.
It raises `ProviderDown` when it took nothing: let the worker see that.

`connection` is a `sqlite3` connection that commits each statement by itself, to this table:

    CREATE TABLE ledger (payment_id TEXT PRIMARY KEY, amount_cents INTEGER, receipt TEXT)

A row in it says: this payment was charged, and here is its receipt.
"""


def charge_customer(payment_id, amount_cents, connection, provider):
    receipt = provider.charge(amount_cents)
    connection.execute("INSERT INTO ledger VALUES (?, ?, ?)", (payment_id, amount_cents, receipt))
    return receipt
