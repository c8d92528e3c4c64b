"""A module both plugins have."""

OWNER = "name-clash-a"
