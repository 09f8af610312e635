"""The table of the photos of a question besides the photo at hand."""

from django.db import models


class QuestionPhotos(models.Manager["QuestionPhoto"]):
    """Read with the photos themselves."""

    def get_queryset(self) -> "models.QuerySet[QuestionPhoto]":
        return super().get_queryset().select_related("photo")


class QuestionPhoto(models.Model):
    """A photo of a question besides the photo at hand, `Turn.photo`, which is its last one. The row stays when the photo is
    deleted, so that the other photos keep their numbers."""

    turn = models.ForeignKey("inference.Turn", on_delete=models.CASCADE, related_name="other_photos")
    photo = models.ForeignKey("inference.Photo", null=True, on_delete=models.SET_NULL, related_name="question_photos")
    position = models.PositiveSmallIntegerField(help_text="1 is the first photo of the question")

    objects = QuestionPhotos()

    class Meta:
        ordering = ("position",)
        constraints = [models.UniqueConstraint(fields=("turn", "position"), name="one_photo_per_position")]

    def __str__(self) -> str:
        return f"photo {self.position} of question {self.turn_id}"
