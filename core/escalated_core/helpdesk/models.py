"""Tickets, comments, departments and tags, with the field names of escalated-django.

Users are Django's own `auth.User`: customers are plain, agents are staff and in the group
`agents`, admins are superusers besides.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import models
from django.utils import timezone


class Department(models.Model):
    name = models.CharField(max_length=255)
    slug = models.SlugField(max_length=255, unique=True)
    description = models.TextField(blank=True, default="")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Tag(models.Model):
    name = models.CharField(max_length=100)
    slug = models.SlugField(max_length=100, unique=True)
    color = models.CharField(max_length=7, default="#6b7280")

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Ticket(models.Model):
    """A request for help; `requester` is None for guests, who have a name and an e-mail only."""

    class Status(models.TextChoices):
        OPEN = "open", "Open"
        IN_PROGRESS = "in_progress", "In Progress"
        WAITING_ON_CUSTOMER = "waiting_on_customer", "Waiting on Customer"
        WAITING_ON_AGENT = "waiting_on_agent", "Waiting on Agent"
        ESCALATED = "escalated", "Escalated"
        RESOLVED = "resolved", "Resolved"
        CLOSED = "closed", "Closed"
        REOPENED = "reopened", "Reopened"

    class Priority(models.TextChoices):
        LOW = "low", "Low"
        MEDIUM = "medium", "Medium"
        HIGH = "high", "High"
        URGENT = "urgent", "Urgent"
        CRITICAL = "critical", "Critical"

    class TicketType(models.TextChoices):
        QUESTION = "question", "Question"
        PROBLEM = "problem", "Problem"
        INCIDENT = "incident", "Incident"
        TASK = "task", "Task"

    reference = models.CharField(max_length=20, unique=True, editable=False)
    subject = models.CharField(max_length=500)
    description = models.TextField()
    status = models.CharField(max_length=30, choices=Status.choices, default=Status.OPEN)
    priority = models.CharField(max_length=20, choices=Priority.choices, default=Priority.MEDIUM)
    ticket_type = models.CharField(
        max_length=50, choices=TicketType.choices, default=TicketType.QUESTION
    )
    channel = models.CharField(max_length=50, default="web")
    requester = models.ForeignKey(
        User, models.CASCADE, null=True, blank=True, related_name="escalated_requester_tickets"
    )
    guest_name = models.CharField(max_length=255, null=True, blank=True)
    guest_email = models.EmailField(null=True, blank=True)
    assigned_to = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="escalated_assigned_tickets"
    )
    department = models.ForeignKey(
        Department, models.SET_NULL, null=True, blank=True, related_name="tickets"
    )
    tags: models.ManyToManyField[Tag, Any] = models.ManyToManyField(
        Tag, related_name="tickets", blank=True
    )
    metadata = models.JSONField(null=True, blank=True)
    first_response_at = models.DateTimeField(null=True, blank=True)
    first_response_due_at = models.DateTimeField(null=True, blank=True)
    resolution_due_at = models.DateTimeField(null=True, blank=True)
    sla_first_response_breached = models.BooleanField(default=False)
    sla_resolution_breached = models.BooleanField(default=False)
    resolved_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("-created_at",)

    def __str__(self) -> str:
        return f"[{self.reference}] {self.subject}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save; a new ticket gets the next reference (`ESC-00031`)."""
        self.refer()
        super().save(*args, **kwargs)

    def refer(self) -> None:
        """Give a new ticket the next reference."""
        if not self.reference:
            last = Ticket.objects.aggregate(last=models.Max("pk"))["last"] or 0
            self.reference = f"ESC-{last + 1:05}"

    @property
    def is_open(self) -> bool:
        return self.status not in (self.Status.RESOLVED, self.Status.CLOSED)

    @property
    def is_guest(self) -> bool:
        return self.requester is None and bool(self.guest_email)

    @property
    def requester_name(self) -> str:
        if self.requester is not None:
            return self.requester.get_full_name() or self.requester.username
        return self.guest_name or "Guest"

    @property
    def requester_email(self) -> str:
        if self.requester is not None:
            return self.requester.email
        return self.guest_email or ""


class Comment(models.Model):
    """A public answer or an internal note; `author` is None when a guest wrote it."""

    ticket = models.ForeignKey(Ticket, models.CASCADE, related_name="comments")
    author = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="escalated_comments"
    )
    body = models.TextField()
    is_internal_note = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ("created_at", "pk")

    def __str__(self) -> str:
        return f"Comment on {self.ticket.reference} by {self.author or 'a guest'}"


class ImportJob(models.Model):
    """Tickets that come, or have come, from another platform."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        COMPLETED = "completed", "Completed"
        FAILED = "failed", "Failed"

    user = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="escalated_import_jobs"
    )
    platform = models.CharField(max_length=100)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.PENDING)
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    def __str__(self) -> str:
        return f"Import from {self.platform}"
