from functools import partial

from every_order import cache_aside, locked, orders


def test_without_a_lock_only_the_two_orders_without_overlap_run_one_query():
    paths = orders(cache_aside)

    kept = {tuple(name for name, _ in path.steps) for path in paths if not path.fault}

    assert 20 == len(paths)
    assert {("A", "A", "A", "B"), ("B", "B", "B", "A")} == kept


def test_a_lock_with_one_look_queries_twice_when_a_reader_missed_before_the_value_was_stored():
    paths = orders(partial(locked, look_again=False))

    broken = [path for path in paths if path.fault]

    assert broken
    assert {"2 queries"} == {path.fault for path in broken}
    for path in broken:
        labels = [label for _, label in path.steps]
        second_miss = max(place for place, label in enumerate(labels) if label == "GET")
        assert second_miss < labels.index("SET") < labels.index("DEL lock")
        assert "SET NX lock" == labels[labels.index("DEL lock") + 1]


def test_a_lock_with_a_second_look_runs_one_query_in_every_order():
    paths = orders(partial(locked, look_again=True))

    assert len(paths) > 56
    assert not any(path.fault for path in paths)
    assert {(1, False)} == {(path.state.queries, path.state.lock) for path in paths}
