"""Hooks: who listens to what, in which order, and how a hook is fired."""
