"""The core of escalated-workbench: runs wherever plugins run, and knows no front end."""
