from shop.every_order_of_two_buyers import check_then_save, conditional_update, orders


def test_check_then_save_keeps_the_promise_only_where_the_second_buyer_looks_after_the_first_has_saved():
    for path in orders(check_then_save):
        looks = [place for place, (_, label) in enumerate(path.steps) if label == "SELECT stock"]
        saves = [place for place, (_, label) in enumerate(path.steps) if label.startswith("UPDATE")]

        assert bool(path.fault) == (looks[1] < saves[0])


def test_check_then_save_leaves_a_stock_of_zero_however_many_it_sold():
    paths = orders(check_then_save)

    assert {(1, 0), (2, 0)} == {(path.state.orders, path.state.stock) for path in paths}


def test_one_conditional_update_sells_the_mug_once_in_every_order():
    paths = orders(conditional_update)

    assert not any(path.fault for path in paths)
    assert {(1, 0)} == {(path.state.orders, path.state.stock) for path in paths}
