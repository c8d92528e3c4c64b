"""Immutable pictures of values, what differs between two, and how they are written as JSON."""
