"""Sessions in files: recorded firings that can be looked at without any plugin."""
