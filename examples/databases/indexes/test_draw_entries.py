"""The picture shows what the indexes hold."""

import pytest
from draw_entries import entries_of, picture
from shop_orders import fill


@pytest.mark.postgresql
def test_the_picture_counts_the_entries_that_a_scan_walks(postgresql):
    fill(postgresql)

    walked = {
        columns: sum(entry.walked for entry in entries_of(postgresql, columns))
        for columns in ("status, created_at", "created_at, status")
    }

    assert {"status, created_at": 25, "created_at, status": 12_960} == walked
    assert "walks 12,960 entries, 25 of them match" in picture(postgresql)
