import pytest
import servers
from real_readers import aside, django, drive, lock, sent


@pytest.fixture
def redis_url(redis):
    with servers.redis_url() as url:
        sent.clear()
        yield url


@pytest.mark.redis
def test_50_threads_that_miss_query_50_times(redis_url):
    assert 50 == aside(redis_url)
    assert (50, 50) == (sent["GET"], sent["SET"])


@pytest.mark.redis
def test_get_or_set_of_django_does_not_help(redis_url):
    assert 50 == django(redis_url)
    assert (100, 50) == (sent["GET"], sent["SET"])


@pytest.mark.redis
def test_of_50_threads_one_gets_the_lock_and_queries(redis_url):
    assert 1 == lock(redis_url)


def test_a_coroutine_that_pauses_is_not_driven():
    from virtual_clock import VirtualClock

    with pytest.raises(RuntimeError, match="it paused"):
        drive(VirtualClock().sleep(1))
