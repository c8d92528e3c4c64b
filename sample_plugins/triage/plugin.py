"""A chain of four filters on one hook.

`ticket_data` hands a dictionary from callback to callback, lowest priority number first; each
returns what the next one receives. Three of them change a copy and return it. `tag_vip` changes the
list of tags in place instead: the list it appends to is the caller's own, and the workbench marks
the step.
"""

import re

from escalated.hooks import on_filter

REPLY_PREFIXES = re.compile(r"^(?:(?:re|fw|fwd):\s*)+", re.IGNORECASE)
WORDS_BY_PRIORITY = {
    "urgent": {"urgent", "outage", "down", "fire", "emergency"},
    "high": {"broken", "cannot", "error", "failed", "fails", "spam"},
}
VIP_DOMAINS = {"example.com", "example.org"}


@on_filter("ticket_data", priority=5)
def normalise(data, ticket):
    """Take superfluous space and reply prefixes off the subject."""
    subject = " ".join((data.get("subject") or "").split())
    return {**data, "subject": REPLY_PREFIXES.sub("", subject)}


@on_filter("ticket_data", priority=10)
def detect_urgency(data, ticket):
    """Set the priority if the subject has a word for it."""
    words = set(re.findall(r"\w+", (data.get("subject") or "").lower()))
    for priority, telling in WORDS_BY_PRIORITY.items():
        if words & telling:
            return {**data, "priority": priority}
    return data


@on_filter("ticket_data", priority=15)
def tag_vip(data, ticket):
    """Tag tickets of important customers, in place."""
    requester = getattr(ticket, "requester", None)
    domain = requester.email.rpartition("@")[2].lower() if requester else ""
    if domain in VIP_DOMAINS:
        tags = data.setdefault("tags", [])
        if "vip" not in tags:
            tags.append("vip")
    return data


@on_filter("ticket_data", priority=20)
def round_up(data, ticket):
    """Leave a summary of the triage in the metadata."""
    facts = [data.get("priority") or "no priority", *(data.get("tags") or [])]
    summary = f"{data.get('subject') or 'no subject'} ({', '.join(facts)})"
    return {**data, "metadata": {**(data.get("metadata") or {}), "triage_summary": summary}}
