"""Recorded firings run again: their arguments made anew, and two runs compared."""
