from django.db import migrations

from webapp.chat.library.folding import fold


def fold_titles(apps, schema_editor):
    conversations = apps.get_model("chat", "Conversation").objects
    for conversation in conversations.only("title").iterator():
        conversations.filter(pk=conversation.pk).update(folded_title=fold(conversation.title))


class Migration(migrations.Migration):

    dependencies = [
        ('chat', '0002_conversations_as_people_know_them'),
    ]

    operations = [
        migrations.RunPython(fold_titles, migrations.RunPython.noop),
    ]
