"""What a plugin is: its manifest, where it is found, how it is loaded and what becomes of it."""
