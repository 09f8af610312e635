"""`REDIS_URL`: one Redis, or sentinels that know the master."""

import pytest

from webapp.env import BadSetting
from webapp.redis_access import address
from webapp.redis_access.address import Sentinels

THREE = "sentinel://:p%40ss@a:26379,b,[::1]:26380/isthmus/2?password=own"


def test_the_address_of_a_redis_stays_as_it_is() -> None:
    for url in ("redis://:secret@127.0.0.1:6379/0", "rediss://redis:6379/0?ssl_cert_reqs=required"):
        assert address.sentinels(url) is None
        assert (address.celery_url(url), address.celery_options(url), address.channel_host(url)) == (url, {}, url)


def test_sentinels_are_read_with_the_name_of_their_master() -> None:
    at = address.sentinels(THREE)
    assert at == Sentinels((("a", 26379), ("b", 26379), ("::1", 26380)), "isthmus", 2, password="p@ss", sentinel_password="own")


def test_celery_and_channels_get_them_in_their_own_form() -> None:
    assert address.celery_url(THREE) == (
        "sentinel://:p%40ss@a:26379/2;sentinel://:p%40ss@b:26379/2;sentinel://:p%40ss@[::1]:26380/2"
    )
    options = address.celery_options(THREE)
    assert options["master_name"] == "isthmus" and options["sentinel_kwargs"]["password"] == "own"
    host = address.channel_host(THREE)
    assert isinstance(host, dict) and host["master_name"] == "isthmus" and host["password"] == "p@ss" and host["db"] == 2


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1",
        "127.0.0.1:6379",
        "sentinel:///isthmus",
        "sentinel://a:26379",
        "sentinel://a:x/isthmus",
        "sentinel://a:26379/isthmus/first",
        "sentinel://a:26379/isthmus?db=1",
    ],
)
def test_an_address_that_is_none_is_refused_with_a_sentence(url: str) -> None:
    with pytest.raises(BadSetting, match=r"^REDIS_URL .*\.$"):
        address.sentinels(url)
