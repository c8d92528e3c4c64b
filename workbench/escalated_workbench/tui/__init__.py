"""The terminal interface: panes that render what the workbench returns, and nothing more."""
