"""Django's objects. Looking at none of them may send a query, or evaluate what is lazy.

Each function makes one kind, with the help desk at hand; `methods.py` says what the witness is.
"""

import datetime


def _tickets():
    from escalated_core.helpdesk.models import Ticket

    return Ticket.objects


def _loud_ticket(w, **members):
    """A ticket of a proxy class, which `w` leaves out of the registry afterwards."""
    from django.apps import apps

    from escalated_core.helpdesk.models import Ticket

    meta = type("Meta", (), {"proxy": True, "app_label": Ticket._meta.app_label})
    name = f"Loud{len(apps.all_models[Ticket._meta.app_label])}"
    kind = type(name, (Ticket,), {"Meta": meta, "__module__": __name__, **members})
    w.after.callback(apps.clear_cache)
    w.after.callback(apps.all_models[Ticket._meta.app_label].pop, name.lower())
    return kind.objects.get(pk=1)


def saved_model(w):
    """A ticket: its relations and properties would be fetched if anybody looked."""
    return _tickets().get(pk=1)


def deferred_model(w):
    """A ticket with two of its fields loaded; the others cost a query each."""
    one = _tickets().only("subject").get(pk=1)
    w.check("nothing was loaded", lambda: len(one.get_deferred_fields()) > 10)
    return one


def model_without_anything(w):
    """A ticket with all but its key deferred."""
    one = _tickets().only("pk").get(pk=1)
    w.check("nothing was loaded", lambda: "subject" not in vars(one))
    return one


def unsaved_model(w):
    """A ticket that is in no database and has no key."""
    from escalated_core.helpdesk.models import Ticket

    return Ticket(subject="new", requester_id=999_999)


def model_with_a_broken_text(w):
    """A model whose `__str__`, `__eq__` and `__hash__` raise."""
    names = ("__str__", "__repr__", "__eq__", "__hash__", "__reduce__", "__getstate__")
    return _loud_ticket(w, **{n: w.trap(n) for n in names})


def model_with_querying_properties(w):
    """A model with properties that send queries when they are read."""

    def ask(self):
        w.ran("property")
        return self.comments.count()

    from django.utils.functional import cached_property

    return _loud_ticket(w, count=property(ask), once=cached_property(ask))


def model_in_a_circle(w):
    """A ticket that holds itself, and somebody who holds it."""
    w.marks = {"cycle"}
    one = _tickets().select_related("requester").get(pk=1)
    one.metadata = {"ticket": one}
    return one


def model_with_odd_fields(w):
    """A ticket whose fields hold what no field can."""
    one = _tickets().get(pk=1)
    one.pk = type("Loud", (), {n: w.trap(n) for n in ("__repr__", "__str__", "__format__")})()
    one.subject, one.description = object(), iter([1])
    return one


def model_class(w):
    """A model's class, its options and one of its fields."""
    from escalated_core.helpdesk.models import Ticket

    return [Ticket, Ticket._meta.get_field("subject")]


def unevaluated_queryset(w):
    """A queryset that nobody has iterated over."""
    one = _tickets().filter(status="open")
    w.check("it is not evaluated", lambda: one._result_cache is None)
    return one


def evaluated_queryset(w):
    """A queryset with its rows in hand."""
    one = _tickets().all()
    count = len(one)
    w.check("the rows are there", lambda: len(one._result_cache) == count)
    return one


def prefetched(w):
    """Tickets with their comments and tags prefetched."""
    one = _tickets().prefetch_related("comments", "tags").get(pk=1)
    return [one, one.comments.all()]


def lazily_prefetched(w):
    """A queryset with prefetches that are still to come."""
    one = _tickets().prefetch_related("comments").select_related("requester")[:5]
    w.check("it is not evaluated", lambda: one._result_cache is None)
    return one


def querysets_of_another_app(w):
    """Querysets of users and of content types, as values, as rows and combined."""
    from django.contrib.auth.models import User
    from django.db.models import Count

    users = User.objects.all()
    made = [users.values_list("id", flat=True), users.dates("date_joined", "day"), users.none()]
    made += [users.annotate(n=Count("groups")), users.union(users), users.reverse()]
    w.check("none is evaluated", lambda: all(each._result_cache is None for each in made))
    return made


def impossible_queryset(w):
    """Querysets that have no SQL, or none that can be written out."""
    tickets = _tickets()
    return [tickets.filter(pk__in=[]), tickets.raw("SELECT 1"), tickets.none()]


def queryset_with_loud_values(w):
    """A queryset filtered by an object whose text must not be asked for."""
    names = ("__repr__", "__str__", "__format__")
    loud = type("LoudText", (str,), {n: w.trap(n, str) for n in names})
    return _tickets().filter(subject=loud("x"))


def querysets_of_every_shape(w):
    """Querysets over JSON, dates, windows, subqueries and locks, whose SQL takes most to write."""
    from django.db.models import Exists, OuterRef, Window
    from django.db.models.functions import RowNumber, TruncDay

    from escalated_core.helpdesk.models import Comment

    tickets = _tickets()
    inner = Comment.objects.filter(ticket=OuterRef("pk"))
    made = [
        tickets.filter(metadata__a__b=1),
        tickets.annotate(day=TruncDay("created_at"), n=Window(RowNumber())),
        tickets.filter(Exists(inner), requester__email__iregex="a"),
        tickets.select_for_update().distinct().order_by("?"),
        tickets.extra(where=["1=1"]),
        inner,
    ]
    w.check("none is evaluated", lambda: all(each._result_cache is None for each in made))
    return made


def queryset_with_a_loud_expression(w):
    """A queryset with a function whose SQL is written by the plugin itself, which fails at it."""
    from django.db.models import Func

    w.allowed = {"as_sql"}
    loud = type("Loud", (Func,), {"as_sql": w.trap("as_sql")})
    return _tickets().order_by(loud("subject"))


def queryset_of_its_own_class(w):
    """A queryset of a class whose every method raises."""
    from django.db.models import QuerySet

    from escalated_core.helpdesk.models import Ticket

    names = ("__iter__", "__len__", "__bool__", "__repr__", "__getitem__", "__deepcopy__", "count")
    return type("Loud", (QuerySet,), {n: w.trap(n) for n in names})(Ticket)


def queryset_iterator(w):
    """Rows on their way out of the database."""
    one = _tickets().iterator()
    w.after.callback(one.close)
    return one


def managers(w):
    """A manager, and related ones of a ticket."""
    from django.contrib.auth.models import Group

    one = _tickets().get(pk=1)
    return [_tickets(), one.comments, one.tags, Group.objects]


def expressions(w):
    """F, Q, Case, Subquery, Prefetch and aggregates."""
    from django.db.models import Case, Count, F, Prefetch, Q, Subquery, Value, When

    inner = _tickets().filter(pk=1)
    w.check("the subquery is not evaluated", lambda: inner._result_cache is None)
    case = Case(When(Q(a=1), then=Value("x")), default=F("b"))
    return [F("a") + 1, Q(a=1) | ~Q(b=2), case, Count("id"), Subquery(inner), Prefetch("tags")]


def lazy_object(w):
    """A SimpleLazyObject that would fetch a ticket."""
    from django.utils.functional import SimpleLazyObject, empty

    def fetch():
        w.ran("the lazy object")
        return _tickets().get(pk=1)

    one = SimpleLazyObject(fetch)
    w.check("it is not evaluated", lambda: object.__getattribute__(one, "_wrapped") is empty)
    return one


def lazy_texts(w):
    """Translations and other lazy values, which run when they are read."""
    from django.utils.functional import lazystr
    from django.utils.safestring import mark_safe
    from django.utils.text import format_lazy
    from django.utils.translation import gettext_lazy

    loud = type("Loud", (), {n: w.trap(n) for n in ("__str__", "__repr__")})()
    return [gettext_lazy("text"), lazystr(loud), format_lazy("{}", loud), mark_safe("<b>")]


def requests(w):
    """A request with a lazy user, and its parameters."""
    from django.http import HttpRequest, QueryDict
    from django.utils.functional import SimpleLazyObject

    request = HttpRequest()
    request.user = SimpleLazyObject(w.trap("user"))
    request.GET = QueryDict("a=1&a=2")
    return request


def forms(w):
    """A form that was not validated."""
    from django import forms as django_forms

    form = type("Form", (django_forms.Form,), {"clean": w.trap("clean")})({"a": "1"})
    w.check("it was not validated", lambda: form._errors is None)
    return form


def connections(w):
    """The database's connection, a cursor's wrapper and the settings."""
    from django.conf import settings
    from django.db import connection, connections

    return [connection, connections, settings]


def aware_moment(w):
    """What Django makes of now, and a duration."""
    from django.utils import timezone

    return [timezone.now(), timezone.get_current_timezone(), datetime.timedelta(1)]
