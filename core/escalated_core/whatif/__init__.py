"""What if: callbacks muted, moved or answered for, laid over the hooks and never written down."""
