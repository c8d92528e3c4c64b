"""Stopping between the callbacks of a chain, and changing what comes next."""
