"""The tables of the photos of a question besides the photo at hand, of photos that are files of a device's folder, and of
small pictures of photos that stay on a device."""

from django.db import models
from django.utils import timezone


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


class FolderPhoto(models.Model):
    """Which file of which device's folder a photo is. The device keeps a copy of it, upright and without metadata, and may drop
    that to make room: then it reads the file again."""

    photo = models.OneToOneField("inference.Photo", primary_key=True, on_delete=models.CASCADE, related_name="file")
    node = models.SlugField(max_length=40)
    folder = models.CharField(max_length=40, help_text="the name of the camera that it is")
    name = models.CharField(max_length=255)
    bytes = models.PositiveBigIntegerField(help_text="of the file")
    modified = models.FloatField(help_text="seconds since 1970")

    class Meta:
        indexes = [models.Index(fields=("node", "folder", "name"), name="photos_of_a_folder")]

    def __str__(self) -> str:
        return f"{self.name} in {self.folder} on {self.node}"


class Thumbnail(models.Model):
    """A small picture of a photo that a device alone has, where an administrator allows these for the device."""

    photo = models.OneToOneField("inference.Photo", primary_key=True, on_delete=models.CASCADE, related_name="thumbnail")
    node = models.SlugField(max_length=40)
    jpeg = models.BinaryField()
    bytes = models.PositiveIntegerField()
    created = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        indexes = [models.Index(fields=("node", "created", "bytes"), name="thumbnails_of_a_node")]

    def __str__(self) -> str:
        return f"{self.bytes} bytes of {self.node}"
