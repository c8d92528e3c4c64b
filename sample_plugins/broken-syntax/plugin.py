"""A syntax error: the `def` below lacks its colon.

The workbench lists the plugin as failed, with the file, the line and a caret where the parser
stopped. Nothing of it is registered and no other plugin is affected. Add the colon and save: the
plugin loads and is activated.
"""

from escalated.hooks import add_action


def on_ticket_created(ticket, user)
    print(f"New ticket: {ticket.reference}")


add_action("ticket_created", on_ticket_created)
