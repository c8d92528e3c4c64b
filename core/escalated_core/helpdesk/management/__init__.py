"""Management commands of the help desk."""
