"""The command line: data on stdout, narration on stderr, exit codes 0, 1, 2, 3 and 130."""
