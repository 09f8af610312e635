from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inference', '0011_slots_of_photos'),
    ]

    operations = [
        migrations.AddField(
            model_name='turn',
            name='background',
            field=models.BooleanField(default=False, help_text="nobody waits for this one: everybody's others go first"),
        ),
        migrations.AddField(
            model_name='turn',
            name='given_plan',
            field=models.JSONField(blank=True, help_text='made before, for many turns; the question is not planned', null=True),
        ),
    ]
