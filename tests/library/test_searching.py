"""Searching the library over HTTP: one's own photos alone, within the filters, with a reason for each."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
from django.test import Client, override_settings
from django.utils import timezone

from inference.engine.mean_token import space
from inference.models import Photo
from inference.search import counts, memory, naming, relevance
from inference.search.indexes.index import index
from inference.search.models import PhotoVector
from inference.search.text import bundled_text
from tests.library.conftest import LIBRARY, ids, post

Indexed = Callable[..., Photo]
Vector = Sequence[float] | np.typing.NDArray[np.float32]


@pytest.fixture
def indexed(add: Callable[..., Photo]) -> Indexed:
    """A photo that looks exactly like some words."""

    def make(day: int, words: str, names: Sequence[Any] = (), **fields: Any) -> Photo:
        photo = add(day, **fields)
        remember(photo, bundled_text().unit(words), names)
        return photo

    return make


def remember(photo: Photo, vector: Vector, names: Sequence[Any] = ()) -> None:
    data = space.quantised(np.asarray(vector, np.float32))
    row = PhotoVector(photo=photo, owner_id=photo.owner_id, space=memory.space_name(), vector=data, names=list(names))
    row.likeliest = naming.likeliest(row.names)
    index().put([row])


def find(client: Client, words: str = "a dog", **query: Any) -> Any:
    return client.get(f"{LIBRARY}/search", {"q": words, **query})


def alike(client: Client, photo: Photo, **query: Any) -> Any:
    return client.get(f"{LIBRARY}/photos/{photo.pk}/alike", query)


def test_what_fits_comes_best_first_with_its_reason(api: Client, indexed: Indexed, add: Any) -> None:
    looks = indexed(1, "a dog")
    shows = indexed(2, "a dog", [["golden retriever", 0.9]])
    add(3)
    answer = find(api, "Zeig mir Fotos mit einem Hund").json()
    assert answer["about"].endswith("dog") and (answer["searched"], answer["waiting"], answer["nearest"]) == (2, 1, [])
    assert [item["id"] for item in answer["items"]] == [str(shows.pk), str(looks.pk)]
    assert [item["why"]["names"] for item in answer["items"]] == [["dog"], []]
    assert all(item["why"]["distance"] > 3 for item in answer["items"]) and answer["items"][0]["url"]


def test_a_photo_with_the_name_is_found_however_many_are_nearer(api: Client, indexed: Indexed, add: Any) -> None:
    for _ in range(4):
        indexed(1, "a dog")
    far, other = add(2), add(3)
    remember(far, -bundled_text().unit("a dog"), [["pug", 0.9]])
    remember(other, -bundled_text().unit("a dog"), [["pug", 0.2], ["Egyptian cat", 0.1]])
    answer = find(api, limit=2).json()
    assert str(far.pk) in ids(find(api)) and str(other.pk) not in ids(find(api)) and len(answer["items"]) == 2
    assert ids(find(api, words="un chien", until="2026-11-02T00:00:00Z")).count(str(far.pk)) == 0  # beyond the filter
    assert str(far.pk) in ids(api.get(f"{LIBRARY}/search", {"q": "chien"}, headers={"Accept-Language": "fr"}))


def test_the_fewer_photos_the_nearer_one_counts_as_near(api: Client, add: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Snow is no class of the classifier; "a dog" is, and is left to its names."""
    photo, stands_out = add(1), 2.8
    for words, ways in (("snow", [True, False]), ("a dog", [False, False])):
        vector = bundled_text().unit(words)
        scale = relevance.of(vector)
        cosine = scale.mean + stands_out * scale.deviation
        aside = np.roll(vector, 1) - (np.roll(vector, 1) @ vector) * vector
        remember(photo, cosine * vector + (1 - cosine**2) ** 0.5 * aside / np.linalg.norm(aside))
        for shown, searched in zip(ways, (18, 2000), strict=True):
            monkeypatch.setattr(counts, "of_person", lambda owner, many=searched: counts.Counts(many, 0))
            answer = find(api, words=words).json()
            assert (bool(answer["items"]), bool(answer["nearest"])) == (shown, not shown), (words, searched)


def test_where_nothing_fits_the_nearest_are_offered(api: Client, indexed: Indexed, add: Any) -> None:
    far = add(1)
    remember(far, -bundled_text().unit("a dog"))
    answer = find(api).json()
    assert (answer["items"], [item["id"] for item in answer["nearest"]]) == ([], [str(far.pk)])


def test_photos_of_others_and_hidden_ones_are_never_found(
    api: Client, indexed: Indexed, colleague: Any, client_of: Any
) -> None:
    own, hidden = indexed(1, "a dog"), indexed(2, "a dog", hidden_at=timezone.now())
    theirs = indexed(3, "a dog", person=colleague)
    assert ids(find(api)) == [str(own.pk)] and find(api).json()["searched"] == 1
    assert ids(alike(api, own)) == [] and alike(api, own).json()["nearest"] == []
    for foreign in (hidden, theirs):
        assert alike(api, foreign).status_code == 404
    other = client_of(colleague)
    assert ids(find(other)) == [str(theirs.pk)] and alike(other, own).status_code == 404
    post(api, "/delete", photos=[str(own.pk)])
    assert (ids(find(api)), find(api).json()["searched"]) == ([], 0)


def test_filters_bound_what_is_found(api: Client, indexed: Indexed, colleague: Any) -> None:
    plain, liked = indexed(1, "a dog"), indexed(2, "a dog", favourite=True)
    far = indexed(3, "a dog", placed={"jetson-a": {}})
    album = post(api, "/albums", name="Dogs").json()["id"]
    post(api, f"/albums/{album}/photos", add=[str(plain.pk), str(liked.pk)])
    expected: list[tuple[dict[str, str], set[Photo]]] = [
        ({"favourites": "true"}, {liked}),
        ({"unasked": "true"}, {plain, liked, far}),
        ({"album": album}, {plain, liked}),
        ({"device": "jetson-a"}, {far}),
        ({"device": "' OR 1=1 --"}, set()),
        ({"since": "2026-11-03T00:00:00Z"}, {far}),
        ({"until": "2026-11-02T00:00:00Z", "album": album}, {plain}),
    ]
    for filters, photos in expected:
        answer = find(api, **filters)
        assert set(ids(answer)) == {str(photo.pk) for photo in photos}, filters
        assert answer.json()["searched"] == len(photos), filters
        assert set(ids(alike(api, plain, **filters))) == {str(photo.pk) for photo in photos - {plain}}, filters
    assert len(ids(find(api, limit=2))) == 2
    for wrong in ({"limit": 0}, {"limit": 501}, {"album": "dogs"}, {"since": "2026-11-02"}):
        assert find(api, **wrong).status_code == 422


def test_photos_like_an_example(api: Client, indexed: Indexed, add: Any) -> None:
    one, two, other, waits = indexed(1, "a dog"), indexed(2, "a dog"), add(3), add(4)
    remember(other, -bundled_text().unit("a dog"))
    answer = alike(api, one).json()
    assert [item["id"] for item in answer["items"]] == [str(two.pk)] and answer["about"] == ""
    assert answer["items"][0]["why"] == {
        "names": [],
        "distance": pytest.approx(1, abs=0.02),
        "closeness": "very close",
    }
    assert [item["id"] for item in alike(api, other).json()["nearest"]] == [str(one.pk), str(two.pk)]
    refused = alike(api, waits)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_indexed") and refused.json()["error"]["next"]


def test_a_vector_of_another_space_is_not_compared(api: Client, indexed: Indexed) -> None:
    photo = indexed(1, "a dog")
    PhotoVector.objects.update(space="another")
    answer = find(api).json()
    assert (answer["items"], answer["nearest"], answer["searched"], answer["waiting"]) == ([], [], 0, 1)
    assert alike(api, photo).status_code == 409


@pytest.mark.parametrize("words", ["", "   ", "???", "show me my photos", "\0"])
def test_without_words_about_a_photo_it_says_what_to_type(api: Client, words: str) -> None:
    answer = find(api, words)
    assert (answer.status_code, answer.json()["error"]["code"]) in {(400, "no_words"), (422, "unsupported_character")}
    assert answer.json()["error"]["next"]
    assert api.get(f"{LIBRARY}/search").json()["error"]["code"] == "no_words"


@pytest.mark.parametrize(
    "words", ["'; DROP TABLE inference_photo; --", "%' OR '1'='1", "<script>alert(1)</script> dog", "dog " * 500]
)
def test_any_text_is_only_words(api: Client, indexed: Indexed, words: str) -> None:
    indexed(1, "a dog")
    answer = find(api, words)
    assert answer.status_code == 200 and Photo.objects.count() == 1 and "<" not in answer.json()["about"]


def test_more_text_than_is_read_is_refused(api: Client) -> None:
    assert find(api, "d" * 2001).status_code == 422


def test_switched_off_it_says_so_and_the_page_offers_no_search(api: Client, indexed: Indexed) -> None:
    photo = indexed(1, "a dog")
    assert '"search": true' in api.get("/library/").content.decode()
    with override_settings(SEARCH=False):
        for answer in (find(api), alike(api, photo)):
            assert (answer.status_code, answer.json()["error"]["code"]) == (409, "search_off")
            assert "ISTHMUS_SEARCH" in answer.json()["error"]["next"]
        assert '"search": false' in api.get("/library/").content.decode()


def test_a_stranger_finds_nothing(stranger: Client, indexed: Indexed) -> None:
    photo = indexed(1, "a dog")
    assert find(stranger).status_code == 401 and alike(stranger, photo).status_code == 401
