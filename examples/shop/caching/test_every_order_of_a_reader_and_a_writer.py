from schedules import explore

from shop.caching.every_order_of_a_reader_and_a_writer import (
    Shop,
    killer,
    next_reader_is_right,
    price,
    reader,
    reader_of_versions,
    version,
    writer,
    writer_of_versions,
)


def faults(paths: list) -> set[str]:
    return {path.fault for path in paths if path.fault}


def test_a_deleted_key_can_come_back_old():
    paths = explore(Shop, {"reader": reader, "writer": writer}, next_reader_is_right(price))

    assert (6, 1) == (len(paths), sum(bool(path.fault) for path in paths))
    assert {"the shop shows 9, the database has 8"} == faults(paths)


def test_a_deleted_version_never_does_unless_the_writer_dies_before_it():
    scripts = {"reader": reader_of_versions, "writer": writer_of_versions}

    whole = explore(Shop, scripts, next_reader_is_right(version))
    killed = explore(Shop, scripts | {"power cut": killer}, next_reader_is_right(version))

    assert (10, set()) == (len(whole), faults(whole))
    assert {"the shop shows 9, the database has 8"} == faults(killed)
    for path in killed:
        done = {label for _, label in path.steps}
        assert not path.fault or "delete the version" not in done
