"""A missing main file: the manifest says `main.py`, the code is here in `plugin.py`.

The workbench lists the plugin as failed, pointing at the line of `main_file` in `plugin.json`.
Rename this file or correct the manifest.
"""

from escalated.hooks import add_action


def on_ticket_created(ticket, user):
    print(f"New ticket: {ticket.reference}")


add_action("ticket_created", on_ticket_created)
