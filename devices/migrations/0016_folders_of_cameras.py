from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("devices", "0015_agent_rollouts")]

    operations = [
        migrations.AddField(
            model_name="camerarule",
            name="folder",
            field=models.BooleanField(
                default=False, help_text="whether those may ask about all photos of the folder that it is"
            ),
        )
    ]
