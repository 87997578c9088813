import pytest
from waiting_insert import second_insert


@pytest.mark.postgresql
@pytest.mark.parametrize(("end", "inserted"), [("COMMIT", 0), ("ROLLBACK", 1)])
def test_the_second_insert_of_a_key_waits_and_then_knows(end, inserted, postgresql):
    assert ["waits", f"inserts {inserted}"] == second_insert(end)
