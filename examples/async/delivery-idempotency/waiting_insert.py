"""Insert one key from two transactions, and see what the second does while the first is open."""

import psycopg
import servers

INSERT = "INSERT INTO charges VALUES ('payment-7') ON CONFLICT DO NOTHING"


def second_insert(first_ends_with: str) -> list[str]:
    with servers.postgresql_url() as url, psycopg.connect(url) as first, psycopg.connect(url) as second:
        first.execute("CREATE TABLE charges (payment_id text PRIMARY KEY)")
        first.commit()
        first.execute(INSERT)

        second.execute("SET lock_timeout = '200ms'")  # instead of waiting for ever
        second.commit()
        try:
            second.execute(INSERT)
            seen = ["does not wait"]
        except psycopg.errors.LockNotAvailable:
            seen = ["waits"]
        second.rollback()

        first.execute(first_ends_with)
        return [*seen, f"inserts {second.execute(INSERT).rowcount}"]


if __name__ == "__main__":
    for end in ("COMMIT", "ROLLBACK"):
        print(f"first: {end + ',':10} second: {', then '.join(second_insert(end))}")
