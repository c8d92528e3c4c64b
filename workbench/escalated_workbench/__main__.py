"""`python -m escalated_workbench`."""

from escalated_workbench.cli.main import main

if __name__ == "__main__":
    main()
