from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("tokens", "0012_factors"),
    ]

    operations = [
        migrations.AddField(
            model_name="user",
            name="time_zone",
            field=models.CharField(blank=True, db_default="", default="", max_length=40),
        ),
    ]
