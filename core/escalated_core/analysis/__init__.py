"""What can be read out of recorded firings: who wrote what, what took how long, which match."""
