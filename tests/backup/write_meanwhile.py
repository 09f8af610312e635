"""Run in a process of its own until it is ended: photos come and go, and conversations are written in pairs."""

import itertools

import django


def main() -> None:
    django.setup()
    from inference.photos import store
    from tests.conftest import draw_photo
    from webapp.accounts.models import User
    from webapp.chat.models import Conversation

    owner = User.objects.create_user("writer")
    photos = []
    for number in itertools.count():
        photos.append(store.store(owner, [draw_photo(number, (64, 48))]))
        if number % 3 == 2:
            store.forget(photos.pop(0))
        Conversation.objects.bulk_create([Conversation(owner=owner, title=f"{number} {half}") for half in ("left", "right")])
        print(number, flush=True)


if __name__ == "__main__":
    main()
