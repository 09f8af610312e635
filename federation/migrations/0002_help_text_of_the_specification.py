from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("federation", "0001_initial")]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="spec",
            field=models.JSONField(help_text="the specification: every field that decides what the run computes"),
        ),
    ]
