import django.utils.timezone
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('inference', '0015_sums_of_earlier_calls'),
    ]

    operations = [
        migrations.AlterField('modelcall', 'created', models.DateTimeField(
            default=django.utils.timezone.now, editable=False, help_text='when it ended; of an hour, when that began')),
        migrations.AlterField('modelcall', 'ms', models.FloatField(help_text='of all its calls together')),
        migrations.AddField('modelcall', 'calls', models.PositiveIntegerField(
            default=1, editable=False, help_text='that the row stands for')),
        migrations.AddField('modelcall', 'watch', models.PositiveBigIntegerField(
            blank=True, help_text='primary key of the watch that looked', null=True)),
        migrations.AddConstraint('modelcall', models.UniqueConstraint(
            condition=models.Q(('origin', 'looks')), fields=('watch', 'purpose', 'created'), name='one_sum_of_looks_an_hour')),
    ]
