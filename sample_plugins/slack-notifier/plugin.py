import logging
import requests
from django.conf import settings
from escalated.hooks import add_action

logger = logging.getLogger(__name__)

def on_activate():
    """Called when plugin is activated"""
    logger.info("Slack Notifier plugin activated")

def on_ticket_created(ticket):
    """Send Slack notification when a ticket is created"""
    webhook_url = getattr(settings, "SLACK_WEBHOOK_URL", None)
    if not webhook_url:
        logger.warning("SLACK_WEBHOOK_URL not configured")
        return

    try:
        response = requests.post(webhook_url, json={
            "text": f"New ticket *{ticket.reference}*: {ticket.subject}",
            "attachments": [{
                "color": "good",
                "fields": [
                    {"title": "Priority", "value": ticket.priority, "short": True},
                    {"title": "Status", "value": ticket.status, "short": True}
                ]
            }]
        }, timeout=5)
        response.raise_for_status()
        logger.info(f"Slack notification sent for ticket {ticket.reference}")
    except requests.RequestException as e:
        logger.error(f"Failed to send Slack notification: {e}")

def on_uninstall():
    """Called when plugin is being uninstalled"""
    logger.info("Slack Notifier plugin uninstalled")

# Register hooks
add_action("plugin_activated_slack-notifier", on_activate)
add_action("ticket_created", on_ticket_created)
add_action("plugin_uninstalling_slack-notifier", on_uninstall)
