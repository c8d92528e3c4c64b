"""The trace: what every callback received, changed, said and cost."""
