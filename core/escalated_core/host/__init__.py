"""The host: the thread that plugins run on, and the world around them."""
