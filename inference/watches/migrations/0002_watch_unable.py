from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("watches", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="watch",
            name="unable",
            field=models.CharField(blank=True, help_text="why its device cannot evaluate it now, in its words", max_length=300),
        ),
    ]
