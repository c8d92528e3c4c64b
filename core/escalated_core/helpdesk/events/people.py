"""What people write and do, and what is imported."""

from __future__ import annotations

import logging
from typing import Any, Final

from django.contrib.auth.models import Group, User
from django.utils.text import slugify

from escalated_core.helpdesk.events.happening import Happening
from escalated_core.helpdesk.events.tickets import transition
from escalated_core.helpdesk.models import Comment, ImportJob, Ticket

logger = logging.getLogger("escalated.import")

Status = Ticket.Status

_ANSWERED: Final = (
    Status.OPEN,
    Status.IN_PROGRESS,
    Status.WAITING_ON_AGENT,
    Status.REOPENED,
)
"""From where an agent's answer makes a ticket wait for its customer."""


def answer(happening: Happening) -> None:
    ticket = happening.ticket
    author = happening.value("author", lambda: ticket.assigned_to or happening.scene.agent)
    comment = _written(happening, ticket, author, "Thank you, we are looking into it.", False)
    if happening.is_published:
        _wait(happening, author)
    happening.action("comment_created", comment=comment, ticket=ticket)
    if happening.is_published:
        _respond(happening, author)
    happening.action("reply_created", reply=comment, ticket=ticket, user=author)


def _respond(happening: Happening, author: User | None) -> None:
    """Note when a ticket was first answered: by its agent, as the published package has it."""
    ticket = happening.ticket
    is_agent = author is not None and (
        author == ticket.assigned_to if happening.is_published else author.is_staff
    )
    if is_agent and ticket.first_response_at is None:
        ticket.first_response_at = happening.now
        ticket.save()


def _wait(happening: Happening, author: User | None) -> None:
    """Whose turn it is after an answer, as the published package has it."""
    ticket, old = happening.ticket, happening.ticket.status
    if author is None:
        if old == str(Status.WAITING_ON_CUSTOMER):
            transition(happening, None, Status.OPEN)
    elif author == ticket.requester:
        if old == str(Status.WAITING_ON_CUSTOMER):
            transition(happening, author, Status.WAITING_ON_AGENT)
    elif old in _ANSWERED:
        transition(happening, author, Status.WAITING_ON_CUSTOMER)


def note(happening: Happening) -> None:
    ticket = happening.ticket
    author = happening.value("author", lambda: happening.scene.agent)
    comment = _written(happening, ticket, author, "Called the customer: nobody answered.", True)
    happening.action("comment_created", comment=comment, ticket=ticket)
    happening.action("internal_note_added", reply=comment, ticket=ticket, user=author)


def _written(
    happening: Happening, ticket: Ticket, author: User | None, usual: str, is_note: bool
) -> Comment:
    body = happening.value("body", lambda: usual)
    comment = Comment(ticket=ticket, author=author, body=body, is_internal_note=is_note)
    comment.created_at = happening.now
    comment.body = happening.filter("comment_content", body, str, comment=comment)
    comment.save()
    happening.made = comment
    if not (is_note or happening.is_published):
        _respond(happening, author)
    return comment


def correct(happening: Happening) -> None:
    comment = happening.scene.comment
    body = happening.value("body", lambda: f"{comment.body} (corrected)")
    comment.body = body
    comment.body = happening.filter("comment_content", body, str, comment=comment)
    comment.save()
    happening.action("comment_updated", comment=comment)


def enrol(happening: Happening) -> None:
    name = happening.value("name", lambda: f"New Customer{User.objects.count() + 1}")
    first, _, last = name.partition(" ")
    slug = slugify(name).replace("-", ".") or f"customer.{User.objects.count() + 1}"
    email = happening.value("email", lambda: f"{slug}@example.org")
    role = happening.value("role", lambda: "customer")
    user = User.objects.create_user(
        _free(email.partition("@")[0] or slug), email, first_name=first, last_name=last
    )
    user.is_staff, user.is_superuser = role != "customer", role == "admin"
    user.save()
    happening.made = user
    if role != "customer":
        user.groups.set(Group.objects.filter(name="agents"))
    happening.action("user_created", user=user)


def _free(name: str) -> str:
    """A username that nobody has."""
    taken = set(User.objects.filter(username__startswith=name).values_list("username", flat=True))
    found, number = name, 2
    while found in taken:
        found, number = f"{name}.{number}", number + 1
    return found


def log_in(happening: Happening) -> None:
    user = happening.given.get("user") or happening.scene.agent
    user.last_login = happening.now
    user.save(update_fields=["last_login"])
    happening.action("user_login", user=user)


def log_out(happening: Happening) -> None:
    happening.action("user_logout", user=happening.given.get("user") or happening.scene.agent)


def permissions(happening: Happening) -> None:
    user = happening.value("user", lambda: happening.scene.agent)
    allowed = sorted(user.get_all_permissions())
    found = happening.filter("user_permissions", allowed, (list, tuple, set, frozenset), user=user)
    set(found)


def run_import(happening: Happening) -> None:
    platform = happening.value("platform", lambda: "zendesk")
    job = ImportJob.objects.create(user=happening.user, platform=platform)
    if happening.is_heard("import.run_async"):
        # Who listens runs the import.
        happening.action("import.run_async", job=job)
        return
    adapters = happening.filter("import.adapters", [], list)
    is_known = not happening.is_published or _has_adapter(adapters, platform)
    job.status = (ImportJob.Status.COMPLETED if is_known else ImportJob.Status.FAILED).value
    job.completed_at = happening.now if is_known else None
    job.save()
    if is_known:
        happening.action("import.completed", job=job)


def _has_adapter(adapters: list[Any], platform: str) -> bool:
    # The published package catches what its adapters raise: the import has failed, no more.
    try:
        return any(adapter.name() == platform for adapter in adapters)
    except Exception:
        logger.exception("The import from %s failed.", platform)
        return False
