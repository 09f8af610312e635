"""The vectors of photos. Only they leave a device whose photos stay there."""

from django.conf import settings
from django.db import models

from inference.models import Photo

FIELDS = ("space", "vector", "names", "likeliest", "made")  # that change when a vector is made again


class PhotoVector(models.Model):
    """Of one photo, in the space that `space` names: vectors of another space are made again."""

    photo = models.OneToOneField(Photo, primary_key=True, on_delete=models.CASCADE, related_name="vector")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE)
    space = models.CharField(max_length=16)
    vector = models.BinaryField(help_text="as inference.engine.mean_token.space.quantised")
    names = models.JSONField(default=list, help_text="what the classifier saw: [name, probability], best first")
    likeliest = models.SmallIntegerField(null=True, help_text="class of the first name; empty: no classifier looked")
    made = models.DateTimeField(auto_now=True)

    class Meta:
        indexes = [
            models.Index(fields=("owner", "space", "made"), name="vectors_by_owner_and_space"),
            models.Index(fields=("owner", "likeliest"), name="vectors_by_likeliest_name"),
        ]

    def __str__(self) -> str:
        return f"vector of {self.photo_id}"
