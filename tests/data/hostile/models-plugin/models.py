"""Settings kept in the database; the app label is left to the host."""

from django.db import models


class PluginSettings(models.Model):
    key = models.CharField(max_length=100, unique=True)
    value = models.TextField()

    def __str__(self):
        return self.key
