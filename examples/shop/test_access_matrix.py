"""Every operation of the specification stands in the access matrix, and every cell is what the shop answers."""

import pytest

import shop.access_matrix as matrix
from shop.access_matrix import ASKERS, cells, new_world, operations, status_of

CELLS = list(cells())


def missing(known: set[str]) -> str:
    """What to do for each operation of the specification that is not among `known`; empty where all are."""
    return "\n".join(
        f"{operation} ({method} {path}) is not in the access matrix. Fix: in examples/shop/access_matrix.py add "
        f'a line "{operation}" with six statuses to MATRIX, in the order {ASKERS}, and what it needs to ASKS.'
        for operation, (method, path) in operations().items()
        if operation not in known
    )


def test_every_operation_of_the_specification_is_in_the_matrix_and_no_other():
    known = {operation for operation, _, _ in CELLS}

    assert not missing(known), missing(known)
    assert known == set(operations())
    assert len(CELLS) == len({cell[:2] for cell in CELLS}), "an operation stands in MATRIX twice"
    assert set(matrix.ASKS) <= known


def test_an_operation_without_a_line_is_named_with_what_to_add():
    fault = missing(set(operations()) - {"getOrder"})

    assert fault.startswith("getOrder (GET /api/v1/orders/{order_id}/) is not in the access matrix. Fix: in")
    assert 1 == len(fault.splitlines())


@pytest.mark.parametrize("operation", dict.fromkeys(operation for operation, _, _ in CELLS))
def test_each_cell_is_what_the_shop_answers(operation: str, db: None):
    world = new_world()
    expected = {asker: status for name, asker, status in CELLS if name == operation}

    assert expected == {asker: status_of(world, operation, asker) for asker in expected}


def test_the_matrix_is_large_enough_to_mean_something(capsys: pytest.CaptureFixture):
    print(f"{len(CELLS)} cells of {len(operations())} operations")

    assert len(CELLS) >= 4 * len(operations())
    assert {401, 403, 404} <= {status for _, _, status in CELLS}


def test_a_door_left_open_is_a_wrong_cell(db: None, monkeypatch: pytest.MonkeyPatch):
    from shop.accounts.api import UserView
    from shop.roles import LOGGED_IN

    monkeypatch.setattr(UserView, "roles", {"get": LOGGED_IN, "patch": LOGGED_IN})

    assert 200 == status_of(new_world(), "changeUser", ("customer", "another's"))
