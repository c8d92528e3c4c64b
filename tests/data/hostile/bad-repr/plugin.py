"""Hook: filter `user_permissions`. Returns an object that raises whichever way one looks at it."""

from escalated.hooks import add_filter


class Untouchable:
    @property
    def __dict__(self):
        raise RuntimeError("__dict__")

    def __repr__(self):
        raise RuntimeError("__repr__")

    def __str__(self):
        raise RuntimeError("__str__")

    def __eq__(self, other):
        raise RuntimeError("__eq__")

    def __hash__(self):
        raise RuntimeError("__hash__")

    def __bool__(self):
        raise RuntimeError("__bool__")

    def __len__(self):
        raise RuntimeError("__len__")

    def __iter__(self):
        raise RuntimeError("__iter__")

    def __getattr__(self, name):
        raise RuntimeError(name)


def replace(permissions, user):
    return Untouchable()


add_filter("user_permissions", replace)
