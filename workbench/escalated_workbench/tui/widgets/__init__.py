"""One pane a file, with its look and its messages inside."""
