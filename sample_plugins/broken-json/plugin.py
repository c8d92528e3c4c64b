"""Bad JSON: `plugin.json` has a comma after its last field.

The workbench lists the plugin as failed under its folder's name, with the line and column in
`plugin.json`. This file is not run until the comma is gone.
"""

from escalated.hooks import add_action


def on_ticket_created(ticket, user):
    print(f"New ticket: {ticket.reference}")


add_action("ticket_created", on_ticket_created)
