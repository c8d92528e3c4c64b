"""The embedded help desk: a small real Django application in a private SQLite file.

`world.World` opens and closes it; nothing here imports Django before a world is opened.
"""
