"""An error in the language of the request that is answered with it."""

from django.utils.translation import gettext

from webapp.live.errors import ErrorBody, UserError


def body(error: UserError) -> ErrorBody:
    message, next = (error.filled(gettext(text)) if text else "" for text in error.templates)
    return {"code": error.code, "message": message, "next": next}


def sentences(error: UserError) -> str:
    """What happened and what to do."""
    words = body(error)
    return " ".join(filter(None, (words["message"], words["next"])))
