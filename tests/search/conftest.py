"""People, photos and vectors for the search."""

import uuid
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from django.contrib.auth import get_user_model

from inference.engine.mean_token import space
from inference.models import Photo
from inference.search import memory, naming
from inference.search.indexes.index import index
from inference.search.models import PhotoVector

Stored = Callable[..., Photo]


@pytest.fixture
def ana(db: None) -> Any:
    return get_user_model().objects.create_user("ana", password="-")


@pytest.fixture
def ben(db: None) -> Any:
    return get_user_model().objects.create_user("ben", password="-")


@pytest.fixture
def stored() -> Stored:
    """Stores a photo's row with a vector, a random one unless it is given."""
    dice = np.random.default_rng(7)

    def store(owner: Any, vector: Any = None, names: Any = ()) -> Photo:
        facts = {"width": 8, "height": 8, "bytes": 1, "source_format": "jpeg", "source_bytes": 1}
        photo = Photo.objects.create(id=uuid.uuid4(), owner=owner, **facts)
        values = dice.normal(size=space.SIZE) if vector is None else vector
        data = space.quantised(np.asarray(values, np.float32))
        row = PhotoVector(photo=photo, owner=owner, space=memory.space_name(), vector=data, names=list(names))
        row.likeliest = naming.likeliest(row.names)
        index().put([row])
        return photo

    return store
