"""A plugin with a face and hooks of its own.

It adds a menu item, a dashboard widget and a component on the ticket page. When a ticket is
resolved it fires two hooks named after itself, so that other plugins can take part:

    add_filter("billing_tax_rate", lambda rate, invoice: 0.07)
    add_action("billing_invoice_created", send_by_mail)
"""

import logging

from escalated.hooks import add_action, apply_filters, do_action
from escalated.plugin_ui_service import (
    add_page_component,
    register_dashboard_widget,
    register_menu_item,
)

logger = logging.getLogger(__name__)


def on_ticket_status_changed(ticket, old_status, new_status):
    """Write an invoice once the ticket is resolved."""
    if new_status != "resolved" or old_status == "resolved":
        return

    # Imported when first needed: loading the plugin stays quick.
    from .invoices import create_invoice

    invoice = create_invoice(ticket)
    invoice.tax_rate = apply_filters("billing_tax_rate", 0.19, invoice)
    do_action("billing_invoice_created", invoice)


def log_invoice(invoice):
    """Log what was invoiced; runs like any other plugin's callback on this hook."""
    logger.info("Invoice %s: %.2f with tax", invoice.number, invoice.total_cents / 100)


add_action("ticket_status_changed", on_ticket_status_changed)
add_action("billing_invoice_created", log_invoice)

register_menu_item(
    {
        "label": "Billing",
        "url": "/support/admin/billing",
        "icon": "credit-card",
        "section": "admin",
        "priority": 50,
    }
)

register_dashboard_widget(
    {
        "id": "billing-summary",
        "label": "Billing Summary",
        "component": "BillingSummaryWidget",
        "section": "agent",
        "priority": 10,
    }
)

add_page_component(
    "ticket-detail",
    "sidebar",
    {
        "component": "BillingInfo",
        "props": {"show_total": True},
        "priority": 10,
    },
)
