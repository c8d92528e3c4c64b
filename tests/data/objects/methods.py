"""Objects and classes whose own methods misbehave: none of them may run while one is looked at.

Each function makes one kind. It is given a witness: `w.trap(name)` makes a method that tells the
witness when it runs and then raises, `w.check(text, question)` has something asked afterwards.
"""

import abc
import sys
import types
from unittest import mock


def repr_raises(w):
    """`__repr__` raises, `__str__` exits."""
    return type("Loud", (), {"__repr__": w.trap("__repr__"), "__str__": w.trap("__str__")})()


def repr_is_no_text(w):
    """`__repr__` and `__str__` give an integer, after they were counted."""

    class Loud:
        def __repr__(self):
            w.ran("__repr__")
            return 5

        __str__ = __repr__

    return Loud()


def repr_never_ends(w):
    """`__repr__` loops for ever."""

    class Loop:
        def __repr__(self):
            w.ran("__repr__")
            while True:
                pass

    return Loop()


def format_raises(w):
    """`__format__` and `__bytes__` raise."""
    return type("Loud", (), {n: w.trap(n) for n in ("__format__", "__bytes__")})()


def eq_raises(w):
    """`__eq__` and `__ne__` raise: comparing it with anything fails."""
    names = ("__eq__", "__ne__", "__lt__", "__gt__", "__le__", "__ge__")
    return type("Loud", (), {**{n: w.trap(n) for n in names}, "__hash__": object.__hash__})()


def eq_is_always_true(w):
    """Equal to everything, so a changed value would seem unchanged."""

    class Same:
        def __eq__(self, other):
            w.ran("__eq__")
            return True

        __hash__ = object.__hash__

    return Same()


def eq_gives_an_array(w):
    """`==` gives something that has no truth, as arrays do."""

    class Truthless:
        def __bool__(self):
            w.ran("__bool__")
            raise ValueError("The truth value of an array is ambiguous.")

    class Array:
        __hash__ = None

        def __eq__(self, other):
            w.ran("__eq__")
            return Truthless()

    return Array()


def hash_raises(w):
    """`__hash__` raises, though the type says that it can be hashed."""
    return type("Loud", (), {"__hash__": w.trap("__hash__")})()


def hash_is_another_each_time(w):
    """Hashes differently each time it is asked."""

    class Restless:
        count = 0

        def __hash__(self):
            w.ran("__hash__")
            Restless.count += 1
            return Restless.count

    return Restless()


def dict_is_a_property(w):
    """`__dict__` is a property with side effects."""
    return type("Loud", (), {"__dict__": property(w.trap("__dict__"))})()


def dict_is_a_subclass(w):
    """The instance's `__dict__` is a dict with methods of its own."""
    names = ("__iter__", "items", "keys", "values", "__getitem__", "__len__", "__contains__")
    one = types.SimpleNamespace()
    loud = type("LoudDict", (dict,), {n: w.trap(n, dict) for n in names})(x=1)
    plain = type("Plain", (), {})()
    plain.__dict__ = loud
    one.inner = plain
    return one


def dict_has_odd_keys(w):
    """The instance's `__dict__` has keys that are no strings."""
    one = type("Odd", (), {})()
    one.__dict__[1] = "one"
    one.__dict__[(2, 3)] = "two"
    return one


def attribute_names_are_loud(w):
    """The names in the instance's `__dict__` are strings of a class of their own."""
    names = ("__eq__", "__repr__", "__str__", "__format__", "__len__", "startswith")
    loud = type("LoudName", (str,), {n: w.trap(n, str) for n in names} | {"__hash__": str.__hash__})
    one = type("Odd", (), {})()
    one.__dict__[loud("x")] = 1
    return one


def class_is_a_lie(w):
    """`__class__` claims to be a list, with side effects."""

    def lie(self):
        w.ran("__class__")
        return list

    return type("Liar", (), {"__class__": property(lie)})()


def class_changes(w):
    """`__class__` raises when it is asked for."""
    return type("Loud", (), {"__class__": property(w.trap("__class__"))})()


def getattribute_raises(w):
    """Every attribute is refused, `__dict__` and `__class__` included."""
    return type("Loud", (), {"__getattribute__": w.trap("__getattribute__"), "hidden": 1})()


def getattr_answers_everything(w):
    """Has every attribute that anybody asks for, each a new one of these."""

    class Yes:
        def __getattr__(self, name):
            w.ran(f"__getattr__({name})")
            return Yes()

        def __call__(self, *_):
            w.ran("__call__")
            return self

    return Yes()


def sizes_lie(w):
    """`__len__` is negative and `__sizeof__` huge."""

    class Sizes:
        def __len__(self):
            w.ran("__len__")
            return -1

        def __sizeof__(self):
            w.ran("__sizeof__")
            return 2**80

        __length_hint__ = __len__

    return Sizes()


def iterates_for_ever(w):
    """Iterating over it never ends."""

    class Endless:
        def __iter__(self):
            w.ran("__iter__")
            while True:
                yield self

        def __getitem__(self, index):
            w.ran("__getitem__")
            return self

        def __contains__(self, item):
            w.ran("__contains__")
            raise RuntimeError

    return Endless()


def bool_raises(w):
    """Has no truth."""
    return type("Loud", (), {"__bool__": w.trap("__bool__")})()


def copying_exits(w):
    """Copying or pickling it ends the process."""
    names = ("__copy__", "__deepcopy__", "__reduce__", "__reduce_ex__", "__getstate__")
    return type("Loud", (), {n: w.trap(n) for n in names})()


def numbers_raise(w):
    """Claims to be a number, an index and a path, and raises as each."""
    names = ("__int__", "__float__", "__index__", "__complex__", "__fspath__", "__round__")
    return type("Loud", (), {n: w.trap(n) for n in names})()


def array_protocol(w):
    """What array libraries ask an object for, with side effects."""
    names = ("__array__", "__array_interface__", "__array_struct__", "__array_ufunc__")
    members = {n: property(w.trap(n)) for n in names}
    return type("ndarray", (), {**members, "dtype": property(w.trap("dtype")), "shape": (2, 2)})()


def slots_are_unset(w):
    """Slots of two classes, one of them never set."""
    base = type("Base", (), {"__slots__": ("a", "unset")})
    one = type("Derived", (base,), {"__slots__": ("b", "_c")})()
    one.a, one.b, one._c = 1, [2], {"c": 3}
    return one


def slots_hide_descriptors(w):
    """A slot is covered by a property with side effects in a subclass."""
    base = type("Base", (), {"__slots__": ("a",)})
    one = type("Derived", (base,), {"__slots__": (), "a": property(w.trap("a"))})()
    base.__dict__["a"].__set__(one, 1)
    return one


def descriptors_have_effects(w):
    """Attributes are descriptors that change the object when they are read."""

    class Spoiling:
        def __get__(self, instance, owner):
            w.ran("__get__")
            if instance is not None:
                instance.__dict__["spoilt"] = True
            return 1

        def __set__(self, instance, value):
            w.ran("__set__")

    one = type("Trapped", (), {"a": Spoiling(), "b": property(w.trap("b"))})()
    w.check("it was not spoilt", lambda: "spoilt" not in vars(one))
    return one


def resurrects(w):
    """`__del__` brings it back."""
    kept = []

    class Undead:
        def __del__(self):
            kept.append(self)
            kept.clear()

    return Undead()


def callable_object(w):
    """Can be called, with side effects."""
    return type("Loud", (), {"__call__": w.trap("__call__")})()


def protocols_raise(w):
    """Context manager, awaitable and buffer at once, each with side effects."""
    names = ("__enter__", "__exit__", "__await__", "__aiter__", "__anext__", "__next__")
    return type("Loud", (), {n: w.trap(n) for n in names})()


def everything_is_a_trap(w):
    """Every special method that looking might want raises."""
    names = [n for n in dir(mock.MagicMock()) if n.startswith("__") and n not in _KEPT]
    return type("Loud", (), {n: w.trap(n) for n in names})()


_KEPT = {"__class__", "__init__", "__new__", "__init_subclass__", "__subclasshook__", "__del__"} | {
    *("__dict__", "__module__", "__doc__", "__weakref__", "__setattr__", "__delattr__")
}


def _meta(w, *names, **members):
    return type("Meta", (type,), {**{n: w.trap(n, type) for n in names}, **members})


def metaclass_checks(w):
    """`isinstance` and `issubclass` against its class run code."""
    return _meta(w, "__instancecheck__", "__subclasscheck__")("Loud", (), {})()


def metaclass_attributes(w):
    """Reading any attribute of its class runs code."""
    return _meta(w, "__getattribute__", "__getattr__")("Loud", (), {"a": 1})()


def metaclass_identity(w):
    """Its class cannot be hashed, compared, written out or called."""
    names = ("__hash__", "__eq__", "__ne__", "__repr__", "__str__", "__call__", "__dir__")
    meta = _meta(w, *names)
    return object.__new__(meta("Loud", (), {}))


def metaclass_names(w):
    """The name and the bases of its class are properties with side effects."""
    names = ("__name__", "__module__", "__mro__", "__bases__", "__dict__", "__flags__")
    return type("Meta", (type,), {n: property(w.trap(n)) for n in names})("Loud", (), {})()


def mro_is_another(w):
    """The class makes its own order of bases, without `object` in its place."""

    class Meta(type):
        def mro(cls):
            return [cls, _Mixin, object]

    return Meta("Odd", (), {})()


class _Mixin:
    __slots__ = ()


def mro_is_shadowed(w):
    """`__mro__`, `__bases__` and `__name__` are attributes of the class, and nonsense."""
    members = {n: w.trap(n) for n in ("__mro__", "__bases__", "__name__", "__subclasses__")}
    return type("Odd", (), members)()


def class_itself(w):
    """Not an instance but the class, of a metaclass that must not run."""
    meta = _meta(w, "__getattribute__", "__repr__", "__hash__", "__eq__", "__call__")
    return meta("Loud", (), {})


def module_name_is_loud(w):
    """The class says that its module is an object with a `__str__` of its own."""
    loud = type("Loud", (), {n: w.trap(n) for n in ("__str__", "__repr__", "__format__", "__eq__")})
    return type("Odd", (), {"__module__": loud()})()


def class_name_is_loud(w):
    """The class's name is a string with a `__format__` of its own."""
    names = ("__str__", "__repr__", "__format__", "rpartition", "__len__", "__add__")
    loud = type("LoudName", (str,), {n: w.trap(n, str) for n in names})
    return type(loud("Odd"), (), {"__qualname__": loud("Odd")})()


def class_name_is_huge(w):
    """The class's name has a million characters."""
    return type("x" * 1_000_000, (), {})()


def abstract_base(w):
    """An abstract base whose subclass hook runs code."""
    hook = classmethod(w.trap("__subclasshook__"))
    return abc.ABCMeta("Loud", (), {"__subclasshook__": hook})()


def looks_like_a_named_tuple(w):
    """Has `_fields` and `_asdict`, which raise, and is no tuple."""
    members = {n: property(w.trap(n)) for n in ("_fields", "_asdict", "_replace", "_meta")}
    return type("Fake", (tuple,), members)((1, 2))


def looks_like_a_dataclass(w):
    """Has `__dataclass_fields__` of a dict class of its own."""
    names = ("__iter__", "items", "keys", "values", "__getitem__", "__len__", "__contains__")
    loud = type("LoudDict", (dict,), {n: w.trap(n, dict) for n in names})
    return type("Fake", (), {"__dataclass_fields__": loud(x=1), "x": 2})()


def looks_like_a_snapshot(w):
    """Named and shaped like a picture, with a `value` that raises."""
    names = ("value", "fields", "text", "of", "kind")
    return type("ObjectSnapshot", (), {n: property(w.trap(n)) for n in names})()


def mock_object(w):
    """A Mock: has every attribute, and remembers each that was asked for."""
    one = mock.Mock()
    w.check("it was asked for nothing", lambda: one.mock_calls == [] and not one._mock_children)
    return one


def magic_mock(w):
    """A MagicMock: supports every protocol, and remembers each use."""
    one = mock.MagicMock()
    w.check("it was not used", lambda: one.mock_calls == [])
    return one


def module_without_name(w):
    """A module that has no name but a `__getattr__`."""
    one = types.ModuleType("odd")
    del one.__name__
    one.__getattr__ = w.trap("__getattr__")
    return one


def module_with_a_loud_name(w):
    """A module whose name is an object with a `__format__` of its own."""
    one = types.ModuleType("odd")
    one.__name__ = type("Loud", (), {n: w.trap(n) for n in ("__str__", "__repr__", "__format__")})()
    return one


def module_of_its_own_class(w):
    """A module whose class has attributes with side effects."""
    members = {"__getattr__": w.trap("__getattr__"), "a": property(w.trap("a"))}
    return type("Lazy", (types.ModuleType,), members)("lazy")


def module_object(w):
    """An ordinary, large module."""
    return sys


def function_with_a_loud_module(w):
    """A function that says its module is an object with a `__format__` of its own."""

    def function():
        w.ran("function")

    loud = type("Loud", (), {n: w.trap(n) for n in ("__str__", "__repr__", "__format__")})
    function.__module__ = loud()
    return function


def method_of_a_loud_object(w):
    """A bound method of an object and of a function that must not be looked at."""
    members = {n: w.trap(n) for n in ("__repr__", "__eq__", "__getattribute__", "__call__")}
    loud = type("Loud", (), members)
    return types.MethodType(loud(), loud())
