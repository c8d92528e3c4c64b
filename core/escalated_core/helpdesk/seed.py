"""The people, tickets and conversations that a fresh world starts with.

The same seed sows the same world on any day: it ends at `EPOCH`, and nothing asks the clock.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any, Final

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import Group, Permission, User
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import Coalesce
from faker import Faker

from escalated_core.helpdesk.models import Comment, Department, Tag, Ticket
from escalated_core.helpdesk.words import Case, texts

EPOCH: Final = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
"""The moment at which a seeded world stands still."""
PASSWORD: Final = "password"
"""Everybody's."""
AGENTS, CUSTOMERS, TICKETS, GUESTS = 4, 12, 30, 2

Status = Ticket.Status

_STATUSES: Final = {
    Status.OPEN: 7,
    Status.IN_PROGRESS: 6,
    Status.WAITING_ON_CUSTOMER: 4,
    Status.WAITING_ON_AGENT: 3,
    Status.ESCALATED: 2,
    Status.RESOLVED: 4,
    Status.CLOSED: 3,
    Status.REOPENED: 1,
}
_TOLD: Final = {
    Status.OPEN: 0,
    Status.WAITING_ON_CUSTOMER: 1,
    Status.WAITING_ON_AGENT: 2,
    Status.IN_PROGRESS: 3,
    Status.ESCALATED: 3,
    Status.RESOLVED: 4,
    Status.CLOSED: 4,
    Status.REOPENED: 5,
}
"""How far a conversation has come: question, answer, internal note, solution, complaint."""
_FIRST_RESPONSE_HOURS: Final = {"low": 24, "medium": 8, "high": 4, "urgent": 2, "critical": 1}
_RESOLUTION_HOURS: Final = {"low": 120, "medium": 72, "high": 24, "urgent": 8, "critical": 4}
_UNUSUAL_NAMES: Final = (("Zoë", "Ångström-O'Neill"), ("ליאור", "כהן"))


def sow(seed: int) -> None:
    """Fill the empty tables of the current database."""
    words = texts()
    random = Random(seed)
    users = _people(seed)
    Department.objects.bulk_create(
        Department(pk=pk, **data) for pk, data in enumerate(words["departments"], 1)
    )
    Tag.objects.bulk_create(Tag(pk=pk, **data) for pk, data in enumerate(words["tags"], 1))
    cases = _cases(words["cases"], random)
    tickets = _tickets(cases, users, random)
    comments: list[Comment] = []
    complaint = ["customer", words["reopening"]]
    for ticket, case in zip(tickets, cases, strict=True):
        ticket.metadata = random.choice(words["metadata"])
        comments += _conversation(ticket, [*case["comments"], complaint], random)
    for pk, comment in enumerate(comments, 1):
        comment.pk = pk
    _save(tickets, cases, comments)


def _people(seed: int) -> list[User]:
    """The agents first, then the admin, then the customers."""
    faker = Faker("en_US", providers=["faker.providers.person"])
    faker.seed_instance(seed)
    ours = AGENTS + 1
    names: dict[tuple[str, str], None] = {}
    while len(names) < ours + CUSTOMERS - len(_UNUSUAL_NAMES):
        names[faker.first_name(), faker.last_name()] = None
    password = make_password(PASSWORD, salt="helpdesk")
    users: list[User] = []
    for pk, (first, last) in enumerate([*names, *_UNUSUAL_NAMES], 1):
        username = f"{first}.{last}".lower() if f"{first}{last}".isascii() else f"customer.{pk}"
        users.append(
            User(
                pk=pk,
                username=username,
                first_name=first,
                last_name=last,
                email=f"{username}@{'support.example.com' if pk <= ours else 'example.org'}",
                password=password,
                is_staff=pk <= ours,
                is_superuser=pk == ours,
                date_joined=EPOCH - timedelta(days=400 - 20 * pk),
            )
        )
    User.objects.bulk_create(users)
    group = Group.objects.create(name="agents")
    group.user_set.set(users[:ours])
    group.permissions.set(Permission.objects.filter(content_type__app_label="escalated"))
    return users


def _cases(cases: list[Case], random: Random) -> list[Case]:
    """Those that belong into every world, and as many others as there is room for."""
    always = [case for case in cases if case.get("always")]
    others = [case for case in cases if not case.get("always")]
    chosen = always + random.sample(others, TICKETS - len(always))
    random.shuffle(chosen)
    return chosen


def _tickets(cases: list[Case], users: list[User], random: Random) -> list[Ticket]:
    """One unsaved ticket per case, oldest first; the older ones tend to be finished."""
    ages = sorted(random.sample(range(40, 21 * 24 * 60), TICKETS), reverse=True)
    statuses = [status for status, count in _STATUSES.items() for _ in range(count)]
    statuses.sort(key=lambda status: random.random() - (_TOLD[status] >= 4) / 2)
    guests = random.sample(range(1, TICKETS + 1), GUESTS)
    departments = {department.slug: department for department in Department.objects.all()}
    tickets: list[Ticket] = []
    for pk, (case, age, status) in enumerate(zip(cases, ages, statuses, strict=True), 1):
        customer = random.choice(users[AGENTS + 1 :])
        agent = random.choice(users[:AGENTS])
        waits_for_anybody = status == Status.OPEN and random.random() < 0.6
        ticket = Ticket(
            pk=pk,
            reference=f"ESC-{pk:05}",
            subject=case["subject"],
            description=case["description"],
            status=status.value,
            priority=case["priority"],
            ticket_type=case["type"],
            channel=case["channel"],
            requester=None if pk in guests else customer,
            assigned_to=None if waits_for_anybody else agent,
            department=departments[case["department"]],
        )
        if pk in guests:
            ticket.guest_name, ticket.guest_email = "Sam Visitor", f"guest{pk}@example.net"
        set_times(ticket, EPOCH - timedelta(minutes=age))
        tickets.append(ticket)
    return tickets


def set_times(ticket: Ticket, created: datetime) -> None:
    """When a new ticket came in, and until when it is to be answered and resolved."""
    ticket.created_at = created
    hours = _FIRST_RESPONSE_HOURS[ticket.priority]
    ticket.first_response_due_at = created + timedelta(hours=hours)
    ticket.resolution_due_at = created + timedelta(hours=_RESOLUTION_HOURS[ticket.priority])


def _conversation(ticket: Ticket, lines: list[list[str]], random: Random) -> list[Comment]:
    """The unsaved comments of a ticket, as far as its status says; dates the ticket with them."""
    status = Status(ticket.status)
    lines = lines[: _TOLD[status]]
    age = EPOCH - ticket.created_at
    span = min(age * 0.8, timedelta(days=4)).total_seconds()
    moments = sorted(random.uniform(0.02, 1) * span for _ in lines)
    comments: list[Comment] = []
    for (role, body), seconds in zip(lines, moments, strict=True):
        comments.append(
            Comment(
                ticket=ticket,
                author=ticket.requester if role == "customer" else ticket.assigned_to,
                body=body,
                is_internal_note=role == "note",
                created_at=ticket.created_at + timedelta(seconds=int(seconds)),
            )
        )
    if comments:
        ticket.first_response_at = comments[0].created_at
    if status in (Status.RESOLVED, Status.CLOSED):
        ticket.resolved_at = comments[-1].created_at
    if status == Status.CLOSED:
        wait = (EPOCH - comments[-1].created_at).total_seconds() / 2
        ticket.closed_at = comments[-1].created_at + timedelta(seconds=int(wait))
    return comments


def _save(tickets: list[Ticket], cases: list[Case], comments: list[Comment]) -> None:
    Ticket.objects.bulk_create(tickets)
    Comment.objects.bulk_create(comments)
    tags = {tag.slug: tag.pk for tag in Tag.objects.all()}
    link: Any = Ticket.tags.through
    link.objects.bulk_create(
        link(ticket_id=ticket.pk, tag_id=tags[slug])
        for ticket, case in zip(tickets, cases, strict=True)
        for slug in case["tags"]
    )
    # Saving set `updated_at` to now.
    Comment.objects.update(updated_at=F("created_at"))
    told = Comment.objects.filter(ticket=OuterRef("pk")).order_by("-created_at")
    last = Subquery(told.values("created_at")[:1])
    Ticket.objects.update(updated_at=Coalesce("closed_at", last, "created_at"))
